// The pipeline text of mlir-opt: anchors, nesting, blanks, bare flags, dashes or underscores.
// RUN: tt-opt %s --pass-pipeline='builtin.module(canonicalize)' | filecheck %s
// RUN: tt-opt %s --pass-pipeline=' builtin.module( func.func( cse , canonicalize ), any(dce) ) ' | filecheck %s
// RUN: tt-opt %s --pass-pipeline='canonicalize, cse' | filecheck %s
// RUN: tt-opt %s -p canonicalize,cse | filecheck %s
// RUN: tt-opt %s --pass-pipeline='builtin.module()' | filecheck %s --check-prefix=SAME

// CHECK-NOT: arith.addi
// CHECK: func.return
// SAME: arith.addi
func.func @dead(%x: i32) {
  %y = arith.addi %x, %x : i32
  func.return
}
