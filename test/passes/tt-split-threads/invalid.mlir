// RUN: tt-opt %s -p tt-split-threads --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:1: error: kernel 'f' has no 'tt.abi'
// CHECK-NEXT: note: run tt-grid-to-persistent first
func.func @f() {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: kernel 'f' has no 'tt.partition'
// CHECK-NEXT: note: run tt-partition-work first
func.func @f() attributes {tt.abi = #tt.abi<>} {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: kernel 'f' has no 'tt.config'
// CHECK-NEXT: note: run tt-lower-memory first
func.func @f() attributes {tt.abi = #tt.abi<>, tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>} {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: kernel 'f' has no 'tt.arch'
// CHECK-NEXT: note: run tt-partition-work first
func.func @f() attributes {tt.abi = #tt.abi<>, tt.config = #tt.compute_config<"HiFi4", dst32 false, full_sync false>, tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>} {
  func.return
}
