builtin.module {
  func.func @flat_grid(%X: memref<256x384xbf16> {tt.name = "X"}, %Y: memref<256x384xbf16> {tt.name = "Y"}) {
    %c0 = arith.constant 0 : index
    %c24 = arith.constant 24 : index
    %c1 = arith.constant 1 : index
    %c6 = arith.constant 6 : index
    %c64 = arith.constant 64 : index
    "scf.parallel"(%c0, %c24, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
    ^bb0(%bx: index):
      %tile = memref.alloc() {tt.name = "tile"} : memref<64x64xbf16, 1 : i64>
      %row = arith.floordivsi %bx, %c6 : index
      %0 = arith.muli %row, %c64 : index
      %column = arith.remsi %bx, %c6 : index
      %1 = arith.muli %column, %c64 : index
      %X_view = memref.subview %X[%0, %1] [64, 64] [1, 1] : memref<256x384xbf16> to memref<64x64xbf16, strided<[384, 1], offset: ?>>
      linalg.copy ins(%X_view : memref<64x64xbf16, strided<[384, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
      %Y_view = memref.subview %Y[%0, %1] [64, 64] [1, 1] : memref<256x384xbf16> to memref<64x64xbf16, strided<[384, 1], offset: ?>>
      linalg.copy ins(%tile : memref<64x64xbf16, 1 : i64>) outs(%Y_view : memref<64x64xbf16, strided<[384, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index) -> ()
    func.return
  }
}
