// RUN: tt-opt %s -p tt-tensorize --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 's' asks for no circular buffer
// CHECK-NEXT: note: run tt-propagate-layout first
func.func @no_request(%X: memref<32x32xbf16>) {
  %s = memref.alloc() : memref<32x32xbf16, 1 : i64>
  linalg.copy ins(%X : memref<32x32xbf16>) outs(%s : memref<32x32xbf16, 1 : i64>)
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: a part of an on-chip buffer is written
// CHECK-NEXT: note: write the whole buffer
func.func @part_written(%X: memref<32x32xbf16>) {
  %s = memref.alloc() {tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<64x32xbf16, 1 : i64>
  %part = memref.subview %s[0, 0] [32, 32] [1, 1] : memref<64x32xbf16, 1 : i64> to memref<32x32xbf16, strided<[32, 1]>, 1 : i64>
  linalg.copy ins(%X : memref<32x32xbf16>) outs(%part : memref<32x32xbf16, strided<[32, 1]>, 1 : i64>)
  func.return
}

// -----

// CHECK: invalid.mlir:[[#]]:3: error: 'memref.subview' uses a part of an on-chip buffer
func.func @part_read(%X: memref<32x32xbf16>) {
  %s = memref.alloc() {tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<64x32xbf16, 1 : i64>
  %part = memref.subview %s[0, 0] [32, 32] [1, 1] : memref<64x32xbf16, 1 : i64> to memref<32x32xbf16, strided<[32, 1]>, 1 : i64>
  linalg.copy ins(%part : memref<32x32xbf16, strided<[32, 1]>, 1 : i64>) outs(%X : memref<32x32xbf16>)
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: the value of a fill is not constant
// CHECK-NEXT: note: expected a float constant
func.func @unknown_fill(%X: memref<32x32xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%X : memref<32x32xf32>)
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:5: error: 'math.acos' has no tile function
// CHECK-NEXT: note: docs/functions.md lists the functions there are
func.func @unknown_function(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<32x32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = math.acos %x : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// The product of 0 and 1 stands for a conjunction, not for the bits of integers.
// CHECK:      invalid.mlir:[[#]]:5: error: 'arith.andi' has no tile function
// CHECK-NEXT: note: docs/functions.md lists the functions there are
func.func @bits(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<32x32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %i = linalg.index 0 : index
    %c7 = arith.constant 7 : index
    %low = arith.andi %i, %c7 : index
    %n = arith.index_cast %low : index to i32
    %s = arith.sitofp %n : i32 to f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:5: error: a comparison of floats that is always true or always false has no tile function
// CHECK-NEXT: note: write the value itself
func.func @always(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<32x32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %c = arith.cmpf true, %x, %x : f32
    %s = arith.select %c, %x, %y : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: access (d0, d1) -> (d0, 1) has no tile form
// CHECK-NEXT: note: expected whole rows
func.func @second_column(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, 1)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<32x32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = math.exp %x : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK: invalid.mlir:[[#]]:3: error: input 0 is read by (d0, d1) -> (d0, d0), which has no tile form
func.func @diagonal(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<32x32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = math.exp %x : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: an elementwise operation over 3 dimensions has no tile form
// CHECK-NEXT: note: expected one or two dimensions that are not 1
func.func @solid(%X: memref<32x32x32xf32>, %Y: memref<32x32x32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%X : memref<32x32x32xf32>) outs(%Y : memref<32x32x32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = math.exp %x : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// A product over a row.
// CHECK:      invalid.mlir:[[#]]:3: error: this reduction has no tile form
// CHECK-NEXT: note: supported: sums, maxima and minima
func.func @running_product(%X: memref<32x32xf32>, %Y: memref<32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = arith.mulf %x, %y : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK: invalid.mlir:[[#]]:3: error: the accumulator of a reduction is used more than once
func.func @doubled(%X: memref<32x32xf32>, %Y: memref<32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %d = arith.addf %x, %y : f32
    %s = arith.addf %d, %y : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: a reduction over several dimensions
// CHECK-NEXT: note: reduce one at a time
func.func @to_a_scalar(%X: memref<32x32xf32>, %Y: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%X : memref<32x32xf32>) outs(%Y : memref<f32>) {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %y, %x : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK: invalid.mlir:[[#]]:3: error: a reduction reads no whole block
func.func @spread_vector(%X: memref<32x32xf32>, %V: memref<32xf32>, %Y: memref<32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%V, %X : memref<32xf32>, memref<32x32xf32>) outs(%Y : memref<32xf32>) {
  ^bb0(%x: f32, %unread: f32, %y: f32):
    %s = arith.addf %y, %x : f32
    linalg.yield %s : f32
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: not a matrix product: inputs ['M', 'K'] and ['K', 'M'], output ['M', 'N']
// CHECK-NEXT: note: expected (M, K) or (K, M), (K, N) or (N, K), and (M, N)
func.func @no_product(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%X, %X : memref<32x32xf32>, memref<32x32xf32>) outs(%Y : memref<32x32xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    linalg.yield %z : f32
  }
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 's' may be read before it is written
// CHECK-NEXT: note: fill, clear or copy into it first
func.func @unwritten(%X: memref<32x32xbf16>) {
  %s = memref.alloc() {tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<32x32xbf16, 1 : i64>
  linalg.copy ins(%s : memref<32x32xbf16, 1 : i64>) outs(%X : memref<32x32xbf16>)
  func.return
}

// -----

// Written in the loop only, which may not run.
// CHECK: invalid.mlir:[[#]]:3: error: on-chip buffer 's' may be read before it is written
func.func @after_loop(%X: memref<32x32xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = memref.alloc() {tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<32x32xbf16, 1 : i64>
  scf.for %i = %c0 to %n step %c1 {
    linalg.copy ins(%X : memref<32x32xbf16>) outs(%s : memref<32x32xbf16, 1 : i64>)
  }
  linalg.copy ins(%s : memref<32x32xbf16, 1 : i64>) outs(%X : memref<32x32xbf16>)
  func.return
}

// -----

// What a branch loads cannot be told apart from what was there before, so nobody may read it later.
// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 's' may be read before it is written
// CHECK-NEXT: note: fill, clear or copy into it first
func.func @sometimes(%X: memref<32x32xbf16>, %c: i1) {
  %s = memref.alloc() {tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<32x32xbf16, 1 : i64>
  scf.if %c {
    linalg.copy ins(%X : memref<32x32xbf16>) outs(%s : memref<32x32xbf16, 1 : i64>)
  }
  linalg.copy ins(%s : memref<32x32xbf16, 1 : i64>) outs(%X : memref<32x32xbf16>)
  func.return
}

// -----

// The next iteration reads what an iteration may have loaded.
// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 's' holds nothing certain after an iteration
// CHECK-NEXT: note: write it in every iteration, not under a condition, before it is read
func.func @loaded_sometimes(%X: memref<32x32xbf16>, %Y: memref<32x32xbf16>, %n: index, %c: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = memref.alloc() {tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<32x32xbf16, 1 : i64>
  linalg.copy ins(%X : memref<32x32xbf16>) outs(%s : memref<32x32xbf16, 1 : i64>)
  scf.for %i = %c0 to %n step %c1 {
    linalg.copy ins(%s : memref<32x32xbf16, 1 : i64>) outs(%Y : memref<32x32xbf16>)
    scf.if %c {
      linalg.copy ins(%X : memref<32x32xbf16>) outs(%s : memref<32x32xbf16, 1 : i64>)
    }
  }
  func.return
}
