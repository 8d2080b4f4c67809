builtin.module {
  func.func @batch_axes(%X: memref<2x128x4x64xbf16> {tt.name = "X"}, %Y: memref<2x128x4x64xf32> {tt.name = "Y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    "scf.parallel"(%c0, %c0, %c0, %c2, %c4, %c2, %c1, %c1, %c1) <{operandSegmentSizes = array<i32: 3, 3, 3, 0>}> ({
    ^bb0(%bx: index, %by: index, %bz: index):
      %tile = memref.alloc() {tt.name = "tile"} : memref<64x64xbf16, 1 : i64>
      %local = memref.alloc() {tt.name = "local"} : memref<64x64xf32, 2 : i64>
      %0 = arith.muli %bx, %c64 : index
      %X_view = memref.subview %X[%bz, %0, %by, %c0] [1, 64, 1, 64] [1, 1, 1, 1] : memref<2x128x4x64xbf16> to memref<64x64xbf16, strided<[256, 1], offset: ?>>
      linalg.copy ins(%X_view : memref<64x64xbf16, strided<[256, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%tile : memref<64x64xbf16, 1 : i64>) outs(%local : memref<64x64xf32, 2 : i64>) {
      ^bb0(%1: bf16, %2: f32):
        %3 = arith.extf %1 : bf16 to f32
        linalg.yield %3 : f32
      }
      %Y_view = memref.subview %Y[%bz, %0, %by, %c0] [1, 64, 1, 64] [1, 1, 1, 1] : memref<2x128x4x64xf32> to memref<64x64xf32, strided<[256, 1], offset: ?>>
      linalg.copy ins(%local : memref<64x64xf32, 2 : i64>) outs(%Y_view : memref<64x64xf32, strided<[256, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index, index, index, index, index, index, index) -> ()
    func.return
  }
}
