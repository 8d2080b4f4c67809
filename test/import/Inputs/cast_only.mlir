builtin.module {
  func.func @cast_only(%X: memref<256x128xf32> {tt.name = "X"}, %Y: memref<256x128xbf16> {tt.name = "Y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    "scf.parallel"(%c0, %c0, %c2, %c4, %c1, %c1) <{operandSegmentSizes = array<i32: 2, 2, 2, 0>}> ({
    ^bb0(%bx: index, %by: index):
      %block = memref.alloc() {tt.name = "block"} : memref<64x64xf32, 2 : i64>
      %0 = arith.muli %by, %c64 : index
      %1 = arith.muli %bx, %c64 : index
      %X_view = memref.subview %X[%0, %1] [64, 64] [1, 1] : memref<256x128xf32> to memref<64x64xf32, strided<[128, 1], offset: ?>>
      linalg.copy ins(%X_view : memref<64x64xf32, strided<[128, 1], offset: ?>>) outs(%block : memref<64x64xf32, 2 : i64>)
      %Y_view = memref.subview %Y[%0, %1] [64, 64] [1, 1] : memref<256x128xbf16> to memref<64x64xbf16, strided<[128, 1], offset: ?>>
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%block : memref<64x64xf32, 2 : i64>) outs(%Y_view : memref<64x64xbf16, strided<[128, 1], offset: ?>>) {
      ^bb0(%2: f32, %3: bf16):
        %4 = arith.truncf %2 : f32 to bf16
        linalg.yield %4 : bf16
      }
      scf.reduce
    }) : (index, index, index, index, index, index) -> ()
    func.return
  }
}
