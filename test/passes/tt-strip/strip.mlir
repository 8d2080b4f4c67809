// Without our annotations a program is plain upstream IR.
// RUN: tt-opt %s -p tt-strip | filecheck %s
// RUN: tt-opt %s -p tt-infer-layout,tt-propagate-layout,tt-partition-work,tt-strip | filecheck %s
// RUN: tt-opt %s -p tt-infer-layout,tt-propagate-layout,tt-partition-work,tt-grid-to-persistent,tt-strip | filecheck %s --check-prefix=CORE

// CHECK-NOT: tt.
// CHECK:     func.func @copy(%X: memref<128x64xbf16>, %Y: memref<128x64xbf16> {bufferization.writable = true}) attributes {note = "kept"} {
// CHECK-NOT: tt.
// CHECK:     scf.parallel
// CHECK:     memref.alloc() : memref<64x64xbf16, 1 : i64>
// CHECK-NOT: tt.
// CORE-NOT:  tt.
// CORE:      func.func @copy(%X: memref<128x64xbf16>, %Y: memref<128x64xbf16> {bufferization.writable = true}, %start_id: index, %count: index) attributes {note = "kept"} {
// CORE-NOT:  tt.
func.func @copy(%X: memref<128x64xbf16> {tt.name = "X"}, %Y: memref<128x64xbf16> {tt.name = "Y", bufferization.writable = true}) attributes {tt.arch = "wormhole", note = "kept"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%row) = (%c0) to (%c2) step (%c1) {
    %tile = memref.alloc() {tt.name = "tile"} : memref<64x64xbf16, 1 : i64>
    %m = arith.muli %row, %c64 : index
    %x = memref.subview %X[%m, 0] [64, 64] [1, 1] : memref<128x64xbf16> to memref<64x64xbf16, strided<[64, 1], offset: ?>>
    linalg.copy ins(%x : memref<64x64xbf16, strided<[64, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
    %y = memref.subview %Y[%m, 0] [64, 64] [1, 1] : memref<128x64xbf16> to memref<64x64xbf16, strided<[64, 1], offset: ?>>
    scf.for %i = %c0 to %c1 step %c1 {
      linalg.copy ins(%tile : memref<64x64xbf16, 1 : i64>) outs(%y : memref<64x64xbf16, strided<[64, 1], offset: ?>>)
    } {tt.num_stages = 2 : i64}
  }
  func.return
}
