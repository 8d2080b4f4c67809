// RUN: tt-opt %s -p tt-infer-layout --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:1: error: tensor 'bias' of 'vector' has rank 1
// CHECK-NEXT: note: tensors need at least two dimensions; give a vector the shape (1, N)
func.func @vector(%b: memref<64xbf16> {tt.name = "bias"}) {
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
