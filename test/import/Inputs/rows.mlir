builtin.module {
  func.func @rows(%X: memref<4x64xbf16> {tt.name = "X"}, %Y: memref<4x64xf32> {tt.name = "Y"}) {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c1 = arith.constant 1 : index
    "scf.parallel"(%c0, %c4, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
    ^bb0(%bx: index):
      %vector = memref.alloc() {tt.name = "vector"} : memref<64xbf16, 1 : i64>
      %row = memref.alloc() {tt.name = "row"} : memref<1x64xbf16, 1 : i64>
      %local = memref.alloc() {tt.name = "local"} : memref<64xf32, 2 : i64>
      %X_view = memref.subview %X[%bx, %c0] [1, 64] [1, 1] : memref<4x64xbf16> to memref<64xbf16, strided<[1], offset: ?>>
      linalg.copy ins(%X_view : memref<64xbf16, strided<[1], offset: ?>>) outs(%vector : memref<64xbf16, 1 : i64>)
      %X_view_1 = memref.subview %X[%bx, %c0] [1, 64] [1, 1] : memref<4x64xbf16> to memref<1x64xbf16, strided<[64, 1], offset: ?>>
      linalg.copy ins(%X_view_1 : memref<1x64xbf16, strided<[64, 1], offset: ?>>) outs(%row : memref<1x64xbf16, 1 : i64>)
      %X_view_2 = memref.subview %X[%bx, %c0] [1, 64] [1, 1] : memref<4x64xbf16> to memref<1x64xbf16, strided<[64, 1], offset: ?>>
      linalg.copy ins(%X_view_2 : memref<1x64xbf16, strided<[64, 1], offset: ?>>) outs(%row : memref<1x64xbf16, 1 : i64>)
      %row_view = memref.subview %row[0, 0] [1, 64] [1, 1] : memref<1x64xbf16, 1 : i64> to memref<64xbf16, strided<[1]>, 1 : i64>
      linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%row_view : memref<64xbf16, strided<[1]>, 1 : i64>) outs(%local : memref<64xf32, 2 : i64>) {
      ^bb0(%0: bf16, %1: f32):
        %2 = arith.extf %0 : bf16 to f32
        linalg.yield %2 : f32
      }
      %Y_view = memref.subview %Y[%bx, %c0] [1, 64] [1, 1] : memref<4x64xf32> to memref<64xf32, strided<[1], offset: ?>>
      linalg.copy ins(%local : memref<64xf32, 2 : i64>) outs(%Y_view : memref<64xf32, strided<[1], offset: ?>>)
      scf.reduce
    }) : (index, index, index) -> ()
    func.return
  }
}
