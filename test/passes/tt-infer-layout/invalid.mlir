// RUN: tt-opt %s -p tt-infer-layout --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:1: error: tensor 'bias' of 'element' has rank 0
// CHECK-NEXT: note: tensors need at least one dimension
func.func @element(%b: memref<bf16> {tt.name = "bias"}) {
  func.return
}

// -----

// Blocks over different dimensions of one tensor.
// CHECK:      invalid.mlir:[[#]]:3: error: tensor 'X' is read or written in blocks of dimensions 0 and 1 here, but in blocks of dimensions 0 and 2 at invalid.mlir:{{[0-9]+}}:3
// CHECK-NEXT: note: a tensor is cut into tiles in one way: use blocks over the same dimensions, or give the kernel the tensor twice
func.func @two_ways(%X: memref<64x64x64xbf16> {tt.name = "X"}) {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %v = memref.subview %X[%c0, %c5, %c0] [32, 1, 32] [1, 1, 1] : memref<64x64x64xbf16> to memref<32x32xbf16, strided<[4096, 1], offset: ?>>
  %w = memref.subview %X[%c0, %c0, %c5] [32, 32, 1] [1, 1, 1] : memref<64x64x64xbf16> to memref<32x32xbf16, strided<[4096, 64], offset: ?>>
  func.return
}

// -----

// A vector of a matrix that is also read in blocks: a stored tile would overwrite its neighbours.
// CHECK: invalid.mlir:[[#]]:3: error: tensor 'X' is read or written in row vectors along dimension 1 here, but in blocks of dimensions 0 and 1 at invalid.mlir:{{[0-9]+}}:3
func.func @row_of_a_matrix(%X: memref<64x64xbf16> {tt.name = "X"}) {
  %c0 = arith.constant 0 : index
  %v = memref.subview %X[%c0, %c0] [32, 64] [1, 1] : memref<64x64xbf16> to memref<32x64xbf16, strided<[64, 1], offset: ?>>
  %w = memref.subview %X[%c0, %c0] [1, 64] [1, 1] : memref<64x64xbf16> to memref<64xbf16, strided<[1], offset: ?>>
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: the block of 'X' extends over dimensions [0, 1, 2]
// CHECK-NEXT: note: a block has rows and columns; make its other extents 1
func.func @solid(%X: memref<64x64x64xbf16> {tt.name = "X"}) {
  %c0 = arith.constant 0 : index
  %v = memref.subview %X[%c0, %c0, %c0] [32, 32, 32] [1, 1, 1] : memref<64x64x64xbf16> to memref<32x32x32xbf16, strided<[4096, 64, 1], offset: ?>>
  func.return
}

// -----

// A vector that is added to rows and to columns.
// CHECK:      invalid.mlir:[[#]]:3: error: 'w' is a row vector here, but another use makes it a column vector
// CHECK-NEXT: note: 'w' is a column vector at invalid.mlir:{{[0-9]+}}:3
// CHECK-NEXT: note: use two buffers, each filled from a tensor of its own
func.func @both(%W: memref<64xf32>, %Y: memref<64x64xf32>) {
  %w = memref.alloc() {tt.name = "w"} : memref<64xf32, 1 : i64>
  %x = memref.alloc() {tt.name = "x"} : memref<64x64xf32, 1 : i64>
  linalg.copy ins(%W : memref<64xf32>) outs(%w : memref<64xf32, 1 : i64>)
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%w : memref<64xf32, 1 : i64>) outs(%x : memref<64x64xf32, 1 : i64>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%w : memref<64xf32, 1 : i64>) outs(%x : memref<64x64xf32, 1 : i64>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  func.return
}

// -----

// The same vector of a tensor in two buffers: the tensor has one form.
// CHECK:      invalid.mlir:[[#]]:3: error: 'row' is a row vector here, but another use makes it a column vector
// CHECK-NEXT: note: 'col' is a column vector at invalid.mlir:{{[0-9]+}}:3
func.func @one_tensor(%W: memref<64xf32>, %Y: memref<64x64xf32>) {
  %row = memref.alloc() {tt.name = "row"} : memref<64xf32, 1 : i64>
  %col = memref.alloc() {tt.name = "col"} : memref<64xf32, 1 : i64>
  %x = memref.alloc() {tt.name = "x"} : memref<64x64xf32, 1 : i64>
  linalg.copy ins(%W : memref<64xf32>) outs(%row : memref<64xf32, 1 : i64>)
  linalg.copy ins(%W : memref<64xf32>) outs(%col : memref<64xf32, 1 : i64>)
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%col, %row : memref<64xf32, 1 : i64>, memref<64xf32, 1 : i64>) outs(%x : memref<64x64xf32, 1 : i64>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    linalg.yield %a : f32
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: tensor 'X' has a dynamic or empty dimension
// CHECK-NEXT: note: use static shapes
func.func @dynamic(%X: memref<?x64xbf16>) {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: tensor 'X' has a dynamic or empty dimension
func.func @empty(%X: memref<0x64xbf16>) {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: tensor 'X' has unsupported element type i32
// CHECK-NEXT: note: supported: bf16, f16, f32
func.func @integers(%X: memref<64x64xi32>) {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: the layout of 'X' does not fit its shape: 1 axis labels for a tensor of rank 2
// CHECK-NEXT: note: axes labels each dimension or none; tiled names two of them, or one and _
func.func @labels(%X: memref<64x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M"], by "user">}) {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: the layout of 'X' does not fit its shape: tiled [2, 3] for a tensor of rank 2
func.func @tiled(%X: memref<64x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [2, 3], by "user">}) {
  func.return
}

// -----

// Labels for all dimensions are right.
// CHECK: func.func @labelled
// CHECK-SAME: axes ["M", "K"]
func.func @labelled(%X: memref<64x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "user">}) {
  func.return
}
