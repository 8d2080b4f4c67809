// RUN: tt-opt %s -p 'tt-block{block-m=48}' --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:3: error: block-m of 48 does not divide an axis of 64
// CHECK-NEXT: note: accepted: divisors of 64
func.func @size(%A: memref<64x96xf32>, %B: memref<64x96xf32>) {
  linalg.copy ins(%A : memref<64x96xf32>) outs(%B : memref<64x96xf32>)
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:5: error: the load of an element is no part of an operation on tiles: an iteration reads elements of 'A' that others write
// CHECK-NEXT: note: expected a loop nest that is
func.func @recurrence(%A: memref<64xf32> {tt.name = "A"}) {
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c1 to %c64 step %c1 {
    %j = arith.subi %i, %c1 : index
    %a = memref.load %A[%j] : memref<64xf32>
    memref.store %a, %A[%i] : memref<64xf32>
  }
  func.return
}

// -----

// CHECK: error: the load of an element is no part of an operation on tiles: all iterations of 'k' store to the same elements of 'B' without adding to
func.func @last_value(%A: memref<96x64xf32> {tt.name = "A"}, %B: memref<96xf32> {tt.name = "B"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  scf.for %i = %c0 to %c96 step %c1 {
    scf.for %k = %c0 to %c64 step %c1 {
      %a = memref.load %A[%i, %k] : memref<96x64xf32>
      memref.store %a, %B[%i] : memref<96xf32>
    }
  }
  func.return
}

// -----

// CHECK: error: the store of an element is no part of an operation on tiles: it is in no loop
func.func @single(%A: memref<96xf32>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  memref.store %one, %A[%c0] : memref<96xf32>
  func.return
}

// -----

// CHECK: error: the load of an element is no part of an operation on tiles: index 0 of 'A' is not one loop variable, perhaps shifted
func.func @doubled(%A: memref<96xf32> {tt.name = "A"}, %B: memref<48xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c48 = arith.constant 48 : index
  scf.for %i = %c0 to %c48 step %c1 {
    %j = arith.muli %i, %c2 : index
    %a = memref.load %A[%j] : memref<96xf32>
    memref.store %a, %B[%i] : memref<48xf32>
  }
  func.return
}

// -----

// CHECK: error: a part of 'A' is used by itself, which is not cut into blocks
func.func @part(%A: memref<96x96xf32> {tt.name = "A"}, %B: memref<48x96xf32>) {
  %view = memref.subview %A[0, 0] [48, 96] [1, 1] : memref<96x96xf32> to memref<48x96xf32, strided<[96, 1]>>
  linalg.copy ins(%view : memref<48x96xf32, strided<[96, 1]>>) outs(%B : memref<48x96xf32>)
  func.return
}

// -----

// A buffer in between that is read turned: its blocks would be needed in two places.

// CHECK: error: 'T' would be needed in two different blocks at once
func.func @turned_sum(%A: memref<96x96xf32> {tt.name = "A"}, %B: memref<96x96xf32> {tt.name = "B"}) {
  %T = memref.alloc() {tt.name = "T"} : memref<96x96xf32>
  linalg.copy ins(%A : memref<96x96xf32>) outs(%T : memref<96x96xf32>)
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%T, %T : memref<96x96xf32>, memref<96x96xf32>) outs(%B : memref<96x96xf32>) {
  ^bb0(%x: f32, %y: f32, %b: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK: error: 'scf.for' stands outside of a launch grid
func.func @loop(%A: memref<96x96xf32>, %B: memref<96x96xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    linalg.copy ins(%A : memref<96x96xf32>) outs(%B : memref<96x96xf32>)
  }
  func.return
}
