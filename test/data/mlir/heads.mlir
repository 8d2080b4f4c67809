// O = Q for (batch, sequence, head, dim) tensors.
func.func @heads(%Q: memref<2x64x3x96xbf16> {tt.name = "Q"}, %O: memref<2x64x3x96xbf16> {tt.name = "O"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%s, %h, %b) = (%c0, %c0, %c0) to (%c2, %c3, %c2) step (%c1, %c1, %c1) {
    %q = memref.alloc() {tt.name = "q"} : memref<32x96xbf16, 1 : i64>
    %m = arith.muli %s, %c32 : index
    %from = memref.subview %Q[%b, %m, %h, 0] [1, 32, 1, 96] [1, 1, 1, 1] : memref<2x64x3x96xbf16> to memref<32x96xbf16, strided<[288, 1], offset: ?>>
    linalg.copy ins(%from : memref<32x96xbf16, strided<[288, 1], offset: ?>>) outs(%q : memref<32x96xbf16, 1 : i64>)
    %to = memref.subview %O[%b, %m, %h, 0] [1, 32, 1, 96] [1, 1, 1, 1] : memref<2x64x3x96xbf16> to memref<32x96xbf16, strided<[288, 1], offset: ?>>
    linalg.copy ins(%q : memref<32x96xbf16, 1 : i64>) outs(%to : memref<32x96xbf16, strided<[288, 1], offset: ?>>)
  }
  func.return
}
