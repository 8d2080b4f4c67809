// RUN: tt-opt %s -p tt-raise --split-input-file --verify-levels | filecheck %s

// The product in the order k, i, j, with its start in the first iteration of the outermost loop.

// CHECK-LABEL: @first_iteration
// CHECK-NEXT:    %zero
// CHECK-NEXT:    linalg.fill ins(%zero : f32) outs(%C
// CHECK-NEXT:    linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A, %B
// CHECK-NOT:     scf.for
func.func @first_iteration(%A: memref<64x32xf32>, %B: memref<32x96xf32>, %C: memref<64x96xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %zero = arith.constant 0.0 : f32
  scf.for %k = %c0 to %c32 step %c1 {
    scf.for %i = %c0 to %c64 step %c1 {
      scf.for %j = %c0 to %c96 step %c1 {
        %first = arith.cmpi eq, %k, %c0 : index
        scf.if %first {
          memref.store %zero, %C[%i, %j] : memref<64x96xf32>
        }
        %b = memref.load %B[%k, %j] : memref<32x96xf32>
        %a = memref.load %A[%i, %k] : memref<64x32xf32>
        %p = arith.mulf %b, %a : f32
        %c = memref.load %C[%i, %j] : memref<64x96xf32>
        %s = arith.addf %p, %c : f32
        memref.store %s, %C[%i, %j] : memref<64x96xf32>
      }
    }
  }
  func.return
}

// -----

// A scalar per row, summed and used in the row: a buffer of one element per row.

// CHECK-LABEL: @scalar
// CHECK:         %acc = memref.alloc() {tt.name = "acc"} : memref<64xf32>
// CHECK-NEXT:    linalg.fill ins(%zero : f32) outs(%acc
// CHECK-NEXT:    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%A
// CHECK:         linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%A, %acc
// CHECK-NOT:     scf.for
func.func @scalar(%A: memref<64x96xf32>, %B: memref<64x96xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %zero = arith.constant 0.0 : f32
  %acc = memref.alloc() {tt.name = "acc"} : memref<1xf32>
  scf.for %i = %c0 to %c64 step %c1 {
    memref.store %zero, %acc[%c0] : memref<1xf32>
    scf.for %k = %c0 to %c96 step %c1 {
      %a = memref.load %A[%i, %k] : memref<64x96xf32>
      %t = memref.load %acc[%c0] : memref<1xf32>
      %s = arith.addf %t, %a : f32
      memref.store %s, %acc[%c0] : memref<1xf32>
    }
    scf.for %k = %c0 to %c96 step %c1 {
      %a = memref.load %A[%i, %k] : memref<64x96xf32>
      %t = memref.load %acc[%c0] : memref<1xf32>
      %q = arith.divf %a, %t : f32
      memref.store %q, %B[%i, %k] : memref<64x96xf32>
    }
  }
  func.return
}

// -----

// Loops over blocks and in them are one dimension; a condition that holds for some iterations bounds
// the loop.

// CHECK-LABEL: @blocks_and_bounds
// CHECK:         %[[VIEW:.*]] = memref.subview %B[0, 0] [64, 90] [1, 1]
// CHECK-NEXT:    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%{{.*}} : memref<90x64xf32{{.*}}) outs(%[[VIEW]]
// CHECK:           math.exp
// CHECK-NOT:     scf
func.func @blocks_and_bounds(%A: memref<96x64xf32>, %B: memref<64x96xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %c90 = arith.constant 90 : index
  %c96 = arith.constant 96 : index
  scf.for %j = %c0 to %c96 step %c1 {
    scf.for %io = %c0 to %c2 step %c1 {
      scf.for %ii = %c0 to %c32 step %c1 {
        %inside = arith.cmpi slt, %j, %c90 : index
        scf.if %inside {
          %base = arith.muli %io, %c32 : index
          %i = arith.addi %base, %ii : index
          %a = memref.load %A[%j, %i] : memref<96x64xf32>
          %e = math.exp %a : f32
          memref.store %e, %B[%i, %j] : memref<64x96xf32>
        }
      }
    }
  }
  func.return
}

// -----

// In a launch grid, on a block on chip: the loop over steps stays, the nest in it is a product.

// CHECK-LABEL: @in_a_grid
// CHECK:         scf.for %ko
// CHECK-NEXT:      arith.muli
// CHECK-NEXT:      memref.subview
// CHECK-NEXT:      linalg.copy
// CHECK-NEXT:      linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]} ins(%s, %s
// CHECK-NOT:     memref.load
func.func @in_a_grid(%A: memref<64x256xf32>, %B: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%g) = (%c0) to (%c1) step (%c1) {
    %s = memref.alloc() : memref<64x64xf32, 1 : i64>
    %f = memref.alloc() : memref<64x64xf32, 2 : i64>
    linalg.fill ins(%zero : f32) outs(%f : memref<64x64xf32, 2 : i64>)
    scf.for %ko = %c0 to %c4 step %c1 {
      %at = arith.muli %ko, %c64 : index
      %view = memref.subview %A[0, %at] [64, 64] [1, 1] : memref<64x256xf32> to memref<64x64xf32, strided<[256, 1], offset: ?>>
      linalg.copy ins(%view : memref<64x64xf32, strided<[256, 1], offset: ?>>) outs(%s : memref<64x64xf32, 1 : i64>)
      scf.for %i = %c0 to %c64 step %c1 {
        scf.for %k = %c0 to %c64 step %c1 {
          scf.for %j = %c0 to %c64 step %c1 {
            %c = memref.load %f[%i, %j] : memref<64x64xf32, 2 : i64>
            %a = memref.load %s[%i, %k] : memref<64x64xf32, 1 : i64>
            %b = memref.load %s[%k, %j] : memref<64x64xf32, 1 : i64>
            %p = arith.mulf %a, %b : f32
            %t = arith.addf %c, %p : f32
            memref.store %t, %f[%i, %j] : memref<64x64xf32, 2 : i64>
          }
        }
      }
    }
    linalg.copy ins(%f : memref<64x64xf32, 2 : i64>) outs(%B : memref<64x64xf32>)
    scf.reduce
  }
  func.return
}
