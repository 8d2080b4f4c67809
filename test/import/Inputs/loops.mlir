builtin.module {
  func.func @loops(%X: memref<256x128xf16> {tt.name = "X"}, %Y: memref<256x128xf16> {tt.name = "Y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c128 = arith.constant 128 : index
    %c32 = arith.constant 32 : index
    "scf.parallel"(%c0, %c2, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
    ^bb0(%bx: index):
      %tile = memref.alloc() {tt.name = "tile"} : memref<32x32xf16, 1 : i64>
      %local = memref.alloc() {tt.name = "local"} : memref<32x32xf16, 2 : i64>
      scf.for %_tmp = %c0 to %c4 step %c1 {
        scf.for %j = %c0 to %c4 step %c1 {
          %0 = arith.muli %bx, %c128 : index
          %1 = arith.muli %_tmp, %c32 : index
          %i = arith.addi %0, %1 : index
          %column = arith.muli %j, %c32 : index
          %X_view = memref.subview %X[%i, %column] [32, 32] [1, 1] : memref<256x128xf16> to memref<32x32xf16, strided<[128, 1], offset: ?>>
          linalg.copy ins(%X_view : memref<32x32xf16, strided<[128, 1], offset: ?>>) outs(%tile : memref<32x32xf16, 1 : i64>)
          linalg.copy ins(%tile : memref<32x32xf16, 1 : i64>) outs(%local : memref<32x32xf16, 2 : i64>)
          %Y_view = memref.subview %Y[%i, %column] [32, 32] [1, 1] : memref<256x128xf16> to memref<32x32xf16, strided<[128, 1], offset: ?>>
          linalg.copy ins(%local : memref<32x32xf16, 2 : i64>) outs(%Y_view : memref<32x32xf16, strided<[128, 1], offset: ?>>)
        } {tt.unroll}
      }
      scf.reduce
    }) : (index, index, index) -> ()
    func.return
  }
}
