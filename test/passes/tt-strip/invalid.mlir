// RUN: tt-opt %s -p tt-strip --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:3: error: 'tt.noc.read_barrier' cannot be stripped
// CHECK-NEXT: note: tt-strip takes programs at level tile or core
func.func @f() {
  tt.noc.read_barrier
  func.return
}

// -----

// A value of one of our types would be left behind.
// CHECK: invalid.mlir:[[#]]:3: error: 'tt.compute.fill' cannot be stripped
func.func @f() {
  %a = tt.compute.fill 0.0 request <0, "a", stages 1, by "user"> : !tt.layout.block<1x1, tile<32x32, bf16>>
  func.return
}
