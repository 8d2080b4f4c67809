// RUN: tt-opt %s -p tt-grid-to-persistent --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:1: error: kernel 'f' has no partition
// CHECK-NEXT: note: run tt-partition-work first
func.func @f() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: parameter 'X' has no layout
// CHECK-NEXT: note: run tt-infer-layout first
func.func @f(%X: memref<32x32xbf16>) attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: the scalar parameter 'flag' has type i8
// CHECK-NEXT: note: supported: f32, bf16, f16, i32 and i64
func.func @f(%0: i8 {tt.name = "flag"}) attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
  }
  func.return
}
