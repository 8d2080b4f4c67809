
func.func @add(%X: memref<256x128xbf16> {tt.name = "X"}, %Y: memref<256x128xbf16> {tt.name = "Y"}, %Z: memref<256x128xbf16> {tt.name = "Z"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %steps = arith.constant 7 : index
  %rows = arith.constant 8 : index
  %cols = arith.constant 4 : index
  %bm = arith.constant 32 : index
  %bn = arith.constant 32 : index
  %tile = arith.constant 32 : index
  scf.parallel (%by, %bx) = (%c0, %c0) to (%rows, %cols) step (%c1, %c1) {
    %m = arith.muli %by, %bm : index
    %n = arith.muli %bx, %bn : index
    %X_view = memref.subview %X[%m, %n] [32, 32] [1, 1] : memref<256x128xbf16> to memref<32x32xbf16, strided<[128, 1], offset: ?>>
    %Y_view = memref.subview %Y[%m, %n] [32, 32] [1, 1] : memref<256x128xbf16> to memref<32x32xbf16, strided<[128, 1], offset: ?>>
    %Z_view = memref.subview %Z[%m, %n] [32, 32] [1, 1] : memref<256x128xbf16> to memref<32x32xbf16, strided<[128, 1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%X_view, %Y_view : memref<32x32xbf16, strided<[128, 1], offset: ?>>, memref<32x32xbf16, strided<[128, 1], offset: ?>>) outs(%Z_view : memref<32x32xbf16, strided<[128, 1], offset: ?>>) {
    ^bb0(%x: bf16, %y: bf16, %z: bf16):
      %sum = arith.addf %x, %y : bf16
      linalg.yield %sum : bf16
    }
    scf.reduce
  }
  func.return
}
