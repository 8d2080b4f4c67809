// W = V, row by row.
func.func @vectors(%V: memref<4x128xf32> {tt.name = "V"}, %W: memref<4x128xf32> {tt.name = "W"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%x, %y) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %v = memref.alloc() {tt.name = "v"} : memref<64xf32, 1 : i64>
    %n = arith.muli %x, %c64 : index
    %from = memref.subview %V[%y, %n] [1, 64] [1, 1] : memref<4x128xf32> to memref<64xf32, strided<[1], offset: ?>>
    linalg.copy ins(%from : memref<64xf32, strided<[1], offset: ?>>) outs(%v : memref<64xf32, 1 : i64>)
    %to = memref.subview %W[%y, %n] [1, 64] [1, 1] : memref<4x128xf32> to memref<64xf32, strided<[1], offset: ?>>
    linalg.copy ins(%v : memref<64xf32, 1 : i64>) outs(%to : memref<64xf32, strided<[1], offset: ?>>)
  }
  func.return
}
