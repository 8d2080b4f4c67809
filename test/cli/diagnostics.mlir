// Errors are located, one per input section, and the other sections still go through.
// RUN: not tt-opt %s --split-input-file 2>&1 >/dev/null | filecheck %s
// RUN: tt-opt %s --split-input-file --verify-diagnostics | filecheck %s --check-prefix=ALL
// RUN: not tt-opt %s --split-input-file -o %t.out.mlir 2>/dev/null
// RUN: not ls %t.out.mlir

// ALL: func.func @good
func.func @good() {
  func.return
}

// -----

// CHECK: diagnostics.mlir:17:{{[0-9]+}}: error:
// ALL: diagnostics.mlir:17:{{[0-9]+}}: error:
func.func @parse(%x: i32) {
  %y = arith.addi %x, : i32
}

// -----

// ALL: diagnostics.mlir:25:{{[0-9]+}}: error: 'scf.for': Expected induction var to be same type
// ALL-NEXT: note: see: "scf.for"
func.func @verify(%x: index) {
  "scf.for"(%x, %x, %x) ({
  ^bb0(%i: i32):
    scf.yield
  }) : (index, index, index) -> ()
  func.return
}

// -----

// ALL: diagnostics.mlir:36:3: error: operation 'no.such_op' is not registered
func.func @unregistered() {
  "no.such_op"() : () -> ()
  func.return
}

// -----

// ALL: func.func @also_good
func.func @also_good() {
  func.return
}
