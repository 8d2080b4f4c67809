// RUN: not tt-opt %s --split-input-file -t metalium-reader 2>&1 | filecheck %s

// CHECK: errors.mlir:[[#]]:1: error: this target prints a module with one tt.program, found 0
// CHECK: note: lower the kernel to METALIUM first
builtin.module {
  func.func @gemm() {
    func.return
  }
}
