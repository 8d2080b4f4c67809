// RUN: tt-opt %s -p tt-pad-tiles --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 's' of shape (48,) is not made of whole 32x32 tiles
// CHECK-NEXT: note: make its extent a multiple of 32
func.func @vector() {
  %s = memref.alloc() : memref<48xbf16, 1 : i64>
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 's' of shape (32, 32, 64) has more than two dimensions
// CHECK-NEXT: note: expected rows and columns; other extents must be 1
func.func @solid() {
  %s = memref.alloc() : memref<32x32x64xbf16, 1 : i64>
  func.return
}

// -----

// A vector whose position is no multiple of a tile.
// CHECK: invalid.mlir:[[#]]:3: error: a block of 'A' does not start and end on 32x32 tiles in dimension 1
func.func @between_vectors(%A: memref<4x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [_, 1], by "default">}) {
  %c3 = arith.constant 3 : index
  %v = memref.subview %A[%c3, 16] [1, 32] [1, 1] : memref<4x64xbf16> to memref<32xbf16, strided<[1], offset: ?>>
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 'A_shared' of shape (48, 64) is not made of whole 32x32 tiles
// CHECK-NEXT: note: make both extents multiples of 32
func.func @half_a_tile() {
  %s = memref.alloc() {tt.name = "A_shared"} : memref<48x64xbf16, 1 : i64>
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: the position of a block of 'A' in dimension 0 has no known bounds
// CHECK-NEXT: note: expected arithmetic on grid indices, loop indices and constants
func.func @unknown(%A: memref<64x64xbf16>, %n: index) {
  %v = memref.subview %A[%n, 0] [32, 32] [1, 1] : memref<64x64xbf16> to memref<32x32xbf16, strided<[64, 1], offset: ?>>
  func.return
}

// -----

// An index is no block that could be clipped.
// CHECK:      invalid.mlir:[[#]]:5: error: index 3 is outside dimension 0 of 'A' (extent 3)
// CHECK-NEXT: note: an extent of 1 is an index, not a block; make the grid or the loop end there
func.func @no_such_plane(%A: memref<3x64x64xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %v = memref.subview %A[%i, 0, 0] [1, 64, 64] [1, 1, 1] : memref<3x64x64xbf16> to memref<64x64xbf16, strided<[64, 1], offset: ?>>
  }
  func.return
}

// -----

// The second copy would load what the first has stored behind row 49 of the last tile.
// CHECK:      invalid.mlir:[[#]]:3: error: 'A' has dimensions that are not multiples of 32 and is loaded after it is stored at {{.*}}: what is stored to the padding of its last tiles would be loaded
// CHECK-NEXT: note: keep the block on chip, or make the dimensions multiples of 32
func.func @stored_padding(%A: memref<50x64xbf16>, %B: memref<50x64xbf16>) {
  %s = memref.alloc() : memref<64x64xbf16, 1 : i64>
  %v = memref.subview %A[0, 0] [64, 64] [1, 1] : memref<50x64xbf16> to memref<64x64xbf16, strided<[64, 1]>>
  %w = memref.subview %B[0, 0] [64, 64] [1, 1] : memref<50x64xbf16> to memref<64x64xbf16, strided<[64, 1]>>
  linalg.copy ins(%s : memref<64x64xbf16, 1 : i64>) outs(%v : memref<64x64xbf16, strided<[64, 1]>>)
  linalg.copy ins(%v : memref<64x64xbf16, strided<[64, 1]>>) outs(%w : memref<64x64xbf16, strided<[64, 1]>>)
  func.return
}

// -----

// A loop makes the load come after the store.
// CHECK: invalid.mlir:[[#]]:5: error: 'A' has dimensions that are not multiples of 32 and is loaded after it is stored
func.func @stored_in_a_loop(%A: memref<50x64xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %s = memref.alloc() : memref<64x64xbf16, 1 : i64>
  %v = memref.subview %A[0, 0] [64, 64] [1, 1] : memref<50x64xbf16> to memref<64x64xbf16, strided<[64, 1]>>
  scf.for %i = %c0 to %c2 step %c1 {
    linalg.copy ins(%v : memref<64x64xbf16, strided<[64, 1]>>) outs(%s : memref<64x64xbf16, 1 : i64>)
    linalg.copy ins(%s : memref<64x64xbf16, 1 : i64>) outs(%v : memref<64x64xbf16, strided<[64, 1]>>)
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: a block of 32 starts before dimension 1 of 'A' (extent 64): at -32
// CHECK-NEXT: note: blocks may reach beyond a tensor's end, not before its start
func.func @below_zero(%A: memref<64x64xbf16>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %m = arith.subi %c0, %c32 : index
  %v = memref.subview %A[0, %m] [32, 32] [1, 1] : memref<64x64xbf16> to memref<32x32xbf16, strided<[64, 1], offset: ?>>
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:5: error: a block of 'A' does not start and end on 32x32 tiles in dimension 1
// CHECK-NEXT: note: make its position and extent multiples of 32
func.func @between_tiles(%A: memref<64x64xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  scf.for %i = %c0 to %c2 step %c1 {
    %m = arith.muli %i, %c16 : index
    %v = memref.subview %A[0, %m] [32, 32] [1, 1] : memref<64x64xbf16> to memref<32x32xbf16, strided<[64, 1], offset: ?>>
  }
  func.return
}

// -----

// CHECK: invalid.mlir:[[#]]:3: error: a block of 'A' does not start and end on 32x32 tiles in dimension 0
func.func @part_of_a_tile(%A: memref<64x64xbf16>) {
  %v = memref.subview %A[32, 0] [16, 32] [1, 1] : memref<64x64xbf16> to memref<16x32xbf16, strided<[64, 1], offset: 2048>>
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: a part of an on-chip buffer is not supported
// CHECK-NEXT: note: use the whole buffer
func.func @part_of_a_buffer() {
  %s = memref.alloc() : memref<64x64xbf16, 1 : i64>
  %v = memref.subview %s[0, 0] [32, 32] [1, 1] : memref<64x64xbf16, 1 : i64> to memref<32x32xbf16, strided<[64, 1]>, 1 : i64>
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: the block of 'A' extends over dimensions [0, 2]; tiled are [1, 2]
// CHECK-NEXT: note: make the block's other extents 1, or tile the tensor along its dimensions
func.func @outer_rows(%A: memref<64x4x64xbf16>) {
  %v = memref.subview %A[0, 1, 0] [32, 1, 32] [1, 1, 1] : memref<64x4x64xbf16> to memref<32x32xbf16, strided<[256, 1], offset: 64>>
  func.return
}
