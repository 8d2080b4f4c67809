// Dumps and timing go to stderr and leave stdout to the result.
// RUN: tt-opt %s -p canonicalize,cse --mlir-print-ir-after-all 2>&1 >/dev/null | filecheck %s --check-prefix=AFTER
// RUN: tt-opt %s -p canonicalize,cse --print-ir-before-all 2>&1 >/dev/null | filecheck %s --check-prefix=BEFORE
// RUN: tt-opt %s -p canonicalize,cse --mlir-print-ir-after-all --timing 2>/dev/null | tt-opt | filecheck %s --check-prefix=OUT
// RUN: tt-opt %s -p canonicalize,cse --mlir-timing 2>&1 >/dev/null | filecheck %s --check-prefix=TIME

// AFTER: IR Dump After canonicalize
// AFTER: func.func @f
// AFTER: IR Dump After cse
// AFTER: func.func @f
// BEFORE: IR Dump Before canonicalize
// BEFORE: IR Dump Before cse
// OUT-NOT: IR Dump
// OUT: func.func @f
// TIME: Execution time report
// TIME-DAG: (parse)
// TIME-DAG: (verify)
// TIME-DAG: canonicalize
// TIME-DAG: cse
// TIME-DAG: (print)
// TIME: Total
func.func @f() {
  func.return
}
