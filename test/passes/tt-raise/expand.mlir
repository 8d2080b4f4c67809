// RUN: tt-opt %s -p tt-raise --split-input-file --verify-levels | filecheck %s

// Columns times rows, one at a time, as T.Parallel loops around a serial one are imported: a product.

// CHECK-LABEL: @columns_and_rows
// CHECK-NOT:     scf.for
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : memref<32x64xf32, 1 : i64>, memref<64x32xf32, 1 : i64>) outs(%c
// CHECK-NOT:     memref.subview
func.func @columns_and_rows() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %a = memref.alloc() : memref<32x64xf32, 1 : i64>
  %b = memref.alloc() : memref<64x32xf32, 1 : i64>
  %c = memref.alloc() : memref<32x32xf32, 2 : i64>
  scf.for %k = %c0 to %c64 step %c1 {
    %column = memref.subview %a[0, %k] [32, 1] [1, 1] : memref<32x64xf32, 1 : i64> to memref<32xf32, strided<[64], offset: ?>, 1 : i64>
    %row = memref.subview %b[%k, 0] [1, 32] [1, 1] : memref<64x32xf32, 1 : i64> to memref<32xf32, strided<[1], offset: ?>, 1 : i64>
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%column, %row : memref<32xf32, strided<[64], offset: ?>, 1 : i64>, memref<32xf32, strided<[1], offset: ?>, 1 : i64>) outs(%c : memref<32x32xf32, 2 : i64>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    }
  }
  func.return
}

// -----

// Whole matrices of a tensor, one at a time: they have a form on tiles and stay.

// CHECK-LABEL: @matrices
// CHECK:         scf.for
// CHECK:           memref.subview
// CHECK:           linalg.copy
func.func @matrices(%A: memref<4x32x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %a = memref.alloc() : memref<32x64xf32, 1 : i64>
  scf.for %n = %c0 to %c4 step %c1 {
    %view = memref.subview %A[%n, 0, 0] [1, 32, 64] [1, 1, 1] : memref<4x32x64xf32> to memref<32x64xf32, strided<[64, 1], offset: ?>>
    linalg.copy ins(%view : memref<32x64xf32, strided<[64, 1], offset: ?>>) outs(%a : memref<32x64xf32, 1 : i64>)
  }
  func.return
}
