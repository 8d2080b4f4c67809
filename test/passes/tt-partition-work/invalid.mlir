// RUN: tt-opt %s -p tt-partition-work --split-input-file --verify-diagnostics | filecheck %s
// RUN: not tt-opt %s -p 'tt-partition-work{arch=hopper}' --split-input-file 2>&1 | filecheck %s --check-prefix=ARCH

// ARCH: error: unknown architecture 'hopper', expected one of wormhole, blackhole, grayskull

// CHECK:      invalid.mlir:[[#]]:1: error: kernel 'no_grid' has no launch grid
// CHECK-NEXT: note: expected one scf.parallel (T.Kernel) at the top of the function
func.func @no_grid() {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: the launch grid of 'dynamic' is not static
// CHECK-NEXT: note: each axis must run from 0 to a constant in steps of 1
func.func @dynamic(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
  }
  func.return
}

// -----

// CHECK: invalid.mlir:[[#]]:3: error: the launch grid of 'from_one' is not static
func.func @from_one() {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.parallel (%i) = (%c1) to (%c4) step (%c1) {
  }
  func.return
}

// -----

// CHECK: invalid.mlir:[[#]]:1: error: kernel 'reads_only' writes no tensor
func.func @reads_only(%A: memref<32x32xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    %s = memref.alloc() : memref<32x32xbf16, 1 : i64>
    linalg.copy ins(%A : memref<32x32xbf16>) outs(%s : memref<32x32xbf16, 1 : i64>)
  }
  func.return
}
