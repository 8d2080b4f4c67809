// Y = X * scale[1] of the row * a + bias of the column.
func.func @forms(%X: memref<64x96xf32> {tt.name = "X"}, %a: f32 {tt.name = "a"}, %bias: memref<96xf32> {tt.name = "bias"}, %scale: memref<2x64xf32> {tt.name = "scale"}, %Y: memref<64x96xf32> {tt.name = "Y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%y) = (%c0) to (%c2) step (%c1) {
    %x = memref.alloc() {tt.name = "x"} : memref<32x96xf32, 1 : i64>
    %b = memref.alloc() {tt.name = "b"} : memref<96xf32, 1 : i64>
    %s = memref.alloc() {tt.name = "s"} : memref<32xf32, 1 : i64>
    %m = arith.muli %y, %c32 : index
    %from = memref.subview %X[%m, 0] [32, 96] [1, 1] : memref<64x96xf32> to memref<32x96xf32, strided<[96, 1], offset: ?>>
    linalg.copy ins(%from : memref<32x96xf32, strided<[96, 1], offset: ?>>) outs(%x : memref<32x96xf32, 1 : i64>)
    linalg.copy ins(%bias : memref<96xf32>) outs(%b : memref<96xf32, 1 : i64>)
    %part = memref.subview %scale[%c1, %m] [1, 32] [1, 1] : memref<2x64xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.copy ins(%part : memref<32xf32, strided<[1], offset: ?>>) outs(%s : memref<32xf32, 1 : i64>)
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%b, %s : memref<96xf32, 1 : i64>, memref<32xf32, 1 : i64>) outs(%x : memref<32x96xf32, 1 : i64>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %1 = arith.mulf %o, %q : f32
      %2 = arith.mulf %1, %a : f32
      %3 = arith.addf %2, %p : f32
      linalg.yield %3 : f32
    }
    %to = memref.subview %Y[%m, 0] [32, 96] [1, 1] : memref<64x96xf32> to memref<32x96xf32, strided<[96, 1], offset: ?>>
    linalg.copy ins(%x : memref<32x96xf32, 1 : i64>) outs(%to : memref<32x96xf32, strided<[96, 1], offset: ?>>)
  }
  func.return
}
