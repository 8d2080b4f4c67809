builtin.module {
  func.func @fills(%Y: memref<64x64xf16> {tt.name = "Y"}, %Z: memref<64x64xf16> {tt.name = "Z"}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %cst = arith.constant 0xfc00 : f16
    %cst_1 = arith.constant 0x7c00 : f16
    %cst_2 = arith.constant 3.000000e+00 : f16
    %cst_3 = arith.constant 5.000000e-01 : f16
    "scf.parallel"(%c0, %c1, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
    ^bb0(%bx: index):
      %local = memref.alloc() {tt.name = "local"} : memref<64x64xf16, 2 : i64>
      %tile = memref.alloc() {tt.name = "tile"} : memref<64x64xf16, 1 : i64>
      linalg.fill ins(%cst : f16) outs(%local : memref<64x64xf16, 2 : i64>)
      %Y_view = memref.subview %Y[%c0, %c0] [64, 64] [1, 1] : memref<64x64xf16> to memref<64x64xf16, strided<[64, 1], offset: ?>>
      linalg.copy ins(%local : memref<64x64xf16, 2 : i64>) outs(%Y_view : memref<64x64xf16, strided<[64, 1], offset: ?>>)
      linalg.fill ins(%cst_1 : f16) outs(%local : memref<64x64xf16, 2 : i64>)
      %local_view = memref.subview %local[0, 0] [32, 64] [1, 1] : memref<64x64xf16, 2 : i64> to memref<32x64xf16, strided<[64, 1]>, 2 : i64>
      linalg.fill ins(%cst_2 : f16) outs(%local_view : memref<32x64xf16, strided<[64, 1]>, 2 : i64>)
      linalg.fill ins(%cst_3 : f16) outs(%tile : memref<64x64xf16, 1 : i64>)
      %Z_view = memref.subview %Z[%c0, %c0] [64, 64] [1, 1] : memref<64x64xf16> to memref<64x64xf16, strided<[64, 1], offset: ?>>
      linalg.copy ins(%tile : memref<64x64xf16, 1 : i64>) outs(%Z_view : memref<64x64xf16, strided<[64, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index) -> ()
    func.return
  }
}
