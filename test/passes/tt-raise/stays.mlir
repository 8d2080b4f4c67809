// RUN: tt-opt %s -p tt-raise --split-input-file | filecheck %s

// What would compute something else as one operation stays as it is.

// An iteration reads what the one before has written.

// CHECK-LABEL: @recurrence
// CHECK:         scf.for
// CHECK:           memref.load %A
// CHECK:           memref.store
func.func @recurrence(%A: memref<64xf32>) {
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c1 to %c64 step %c1 {
    %j = arith.subi %i, %c1 : index
    %a = memref.load %A[%j] : memref<64xf32>
    %b = arith.addf %a, %a : f32
    memref.store %b, %A[%i] : memref<64xf32>
  }
  func.return
}

// -----

// The second statement reads what the first writes in a later iteration: one loop stays one.

// CHECK-LABEL: @reads_ahead
// CHECK:         scf.for
// CHECK:           memref.store %{{.*}}, %B
// CHECK:           memref.store %{{.*}}, %C
// CHECK-NOT:     scf.for
func.func @reads_ahead(%A: memref<64xf32>, %B: memref<64xf32>, %C: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c63 = arith.constant 63 : index
  scf.for %i = %c0 to %c63 step %c1 {
    %a = memref.load %A[%i] : memref<64xf32>
    memref.store %a, %B[%i] : memref<64xf32>
    %j = arith.addi %i, %c1 : index
    %b = memref.load %B[%j] : memref<64xf32>
    memref.store %b, %C[%i] : memref<64xf32>
  }
  func.return
}

// -----

// Values loaded before a store and stored after it: an exchange, not two copies.

// CHECK-LABEL: @exchange
// CHECK:         scf.for
// CHECK-COUNT-2: memref.load
// CHECK-COUNT-2: memref.store
// CHECK-NOT:     scf.for
func.func @exchange(%A: memref<64xf32>, %B: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c0 to %c64 step %c1 {
    %a = memref.load %A[%i] : memref<64xf32>
    %b = memref.load %B[%i] : memref<64xf32>
    memref.store %b, %A[%i] : memref<64xf32>
    memref.store %a, %B[%i] : memref<64xf32>
  }
  func.return
}

// -----

// The last iteration's value would be stored: no sum, no maximum.

// CHECK-LABEL: @last_value
// CHECK:         scf.for %k
// CHECK:           memref.store
// CHECK-NOT:     linalg
func.func @last_value(%A: memref<64x32xf32>, %B: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %c32 step %c1 {
    scf.for %i = %c0 to %c64 step %c1 {
      %a = memref.load %A[%i, %k] : memref<64x32xf32>
      memref.store %a, %B[%i] : memref<64xf32>
    }
  }
  func.return
}

// -----

// What is added to was loaded before the start: the start is no start.

// CHECK-LABEL: @late_start
// CHECK:         scf.for
// CHECK:           memref.load %B
// CHECK:           scf.if
// CHECK-NOT:     linalg
func.func @late_start(%A: memref<64x32xf32>, %B: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %c64 step %c1 {
    scf.for %k = %c0 to %c32 step %c1 {
      %b = memref.load %B[%i] : memref<64xf32>
      %first = arith.cmpi eq, %k, %c0 : index
      scf.if %first {
        memref.store %zero, %B[%i] : memref<64xf32>
      }
      %a = memref.load %A[%i, %k] : memref<64x32xf32>
      %s = arith.addf %b, %a : f32
      memref.store %s, %B[%i] : memref<64xf32>
    }
  }
  func.return
}
