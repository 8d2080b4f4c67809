// Blocks that reach beyond their tensor say so per dimension; others do not change.
// RUN: tt-opt %s -p tt-pad-tiles --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-pad-tiles,tt-strip | filecheck %s --check-prefix=STRIP

// STRIP-NOT: tt.

// CHECK-LABEL: func.func @blocks
func.func @blocks(%A: memref<250x100xbf16>, %T: memref<3x70x1xf32>, %V: memref<3x100xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 1], by "default">}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  scf.parallel (%row, %batch) = (%c0, %c0) to (%c4, %c3) step (%c1, %c1) {
    %m = arith.muli %row, %c64 : index
    %n = arith.muli %row, %c96 : index

    // Rows 192 to 255 of 250 are on the last two tiles; columns 0 to 127 of 100 on four.
    // CHECK: %inside = memref.subview %A[%m, 0] [64, 128] [1, 1] : memref
    %inside = memref.subview %A[%m, 0] [64, 128] [1, 1] : memref<250x100xbf16> to memref<64x128xbf16, strided<[100, 1], offset: ?>>

    // The fourth block of 96 rows starts at 288.
    // CHECK: %rows = memref.subview %A[%n, 0] [96, 64] [1, 1] {tt.clip = ["outside", "inside"]} : memref
    %rows = memref.subview %A[%n, 0] [96, 64] [1, 1] : memref<250x100xbf16> to memref<96x64xbf16, strided<[100, 1], offset: ?>>

    // CHECK: %both = memref.subview %A[%m, 96] [96, 64] [1, 1] {tt.clip = ["edge", "edge"]} : memref
    %both = memref.subview %A[%m, 96] [96, 64] [1, 1] : memref<250x100xbf16> to memref<96x64xbf16, strided<[100, 1], offset: ?>>

    // An outer dimension, and one of a single element that is a block of 32.
    // CHECK: %plane = memref.subview %T[%batch, 64, 0] [1, 64, 32] [1, 1, 1] {tt.clip = ["inside", "edge", "inside"]} : memref
    %plane = memref.subview %T[%batch, 64, 0] [1, 64, 32] [1, 1, 1] : memref<3x70x1xf32> to memref<64x32xf32, strided<[1, 1], offset: ?>>

    // CHECK: %vector = memref.subview %V[%batch, 64] [1, 96] [1, 1] {tt.clip = ["inside", "edge"]} : memref
    %vector = memref.subview %V[%batch, 64] [1, 96] [1, 1] : memref<3x100xf32> to memref<96xf32, strided<[1], offset: ?>>
  }
  func.return
}
