// scf.parallel is read in MLIR's form and in the generic one, and printed in MLIR's.
// RUN: ROUNDTRIP
// RUN: GENERIC_ROUNDTRIP
// RUN: tt-opt %s --print-op-generic | %mlir-opt --mlir-print-op-generic | tt-opt | filecheck %s --check-prefix=BACK
// RUN: tt-opt %s | tt-opt | filecheck %s
// RUN: tt-opt %s | %mlir-opt | filecheck %s --check-prefix=MLIR

// CHECK:      scf.parallel (%i, %j) = (%a, %a) to (%b, %b) step (%c, %c) {
// CHECK:        arith.muli
// CHECK:        scf.reduce
// CHECK-NEXT: } {tag = "grid"}
// CHECK-GENERIC:      "scf.parallel"(%a, %a, %b, %b, %c, %c) <{operandSegmentSizes = array<i32: 2, 2, 2, 0>}> ({
// CHECK-GENERIC-NEXT: ^bb{{[0-9]+}}(%i: index, %j: index):
// MLIR: scf.parallel (%{{.*}}, %{{.*}}) = (%{{.*}}, %{{.*}}) to
// BACK: scf.parallel (%{{.*}}, %{{.*}}) = (%{{.*}}, %{{.*}}) to (%{{.*}}, %{{.*}}) step (%{{.*}}, %{{.*}}) {
func.func @grid(%a: index, %b: index, %c: index) {
  scf.parallel (%i, %j) = (%a, %a) to (%b, %b) step (%c, %c) {
    %0 = arith.addi %i, %j : index
    %1 = arith.muli %0, %0 : index
  } {tag = "grid"}
  func.return
}

// CHECK: %r = scf.parallel (%i) = (%a) to (%b) step (%c) init (%x) -> (f32) {
// CHECK: scf.reduce(%x : f32)
// MLIR: scf.parallel (%{{.*}}) = (%{{.*}}) to (%{{.*}}) step (%{{.*}}) init (%{{.*}}) -> f32
func.func @sum(%a: index, %b: index, %c: index, %x: f32) -> f32 {
  %r = scf.parallel (%i) = (%a) to (%b) step (%c) init (%x) -> f32 {
    scf.reduce(%x : f32) {
    ^bb0(%p: f32, %q: f32):
      %s = arith.addf %p, %q : f32
      scf.reduce.return %s : f32
    }
  }
  func.return %r : f32
}
