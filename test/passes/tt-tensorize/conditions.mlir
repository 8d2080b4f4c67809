// Buffers that are written under conditions and in loops.
// RUN: tt-opt %s -p tt-tensorize --split-input-file | filecheck %s

#x = #tt.cb.request<0, "x", stages 2, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
!x = memref<32x32xf32, 1 : i64>
#same = affine_map<(i, j) -> (i, j)>

// A conditional update of a block is computed always and selected, by a uniform mask.
// CHECK-LABEL: func.func @selected
// CHECK:      %x = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %x_1 = scf.for %k = %{{.*}} to %n step %{{.*}} iter_args(%x_2 = %x) -> (!tt.layout.block<1x1, tile<32x32, f32>>) {
// CHECK:        %c = arith.cmpi sgt, %k, %{{.*}} : index
// CHECK:        %x_3 = tt.compute.map %x_2 broadcast ["none"] over 1 by 1 request <0, "x", stages 2, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:        ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:          %[[V0:.*]] = tt.compute.apply "exp" %p
// CHECK:          tt.compute.yield %[[V0]]
// CHECK:        %[[V1:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:        %[[V2:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:        %[[V3:.*]] = arith.select %c, %[[V1]], %[[V2]] : f32
// CHECK:        %x_4 = tt.compute.map %x_3, %x_2 broadcast ["none", "none"] over 1 by 1 request <0, "x", stages 2, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>>, !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:        ^bb0(%[[V4:.*]]: !tt.layout.tile<32x32, f32>, %[[V5:.*]]: !tt.layout.tile<32x32, f32>):
// CHECK:          %[[V6:.*]] = tt.compute.splat %[[V3]]
// CHECK:          %[[V7:.*]] = tt.compute.apply "where" %[[V6]], %[[V4]], %[[V5]]
// CHECK:          tt.compute.yield %[[V7]]
// CHECK:        scf.yield %x_4
// CHECK:      tt.noc.store_block %x_1, %Y[%{{.*}}, %{{.*}}]
func.func @selected(%X: memref<32x32xf32>, %Y: memref<32x32xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() {tt.cb = #x} : !x
  linalg.copy ins(%X : memref<32x32xf32>) outs(%x : !x)
  scf.for %k = %c0 to %n step %c1 {
    %c = arith.cmpi sgt, %k, %c1 : index
    scf.if %c {
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%x : !x) outs(%x : !x) {
    ^bb0(%p: f32, %o: f32):
      %1 = math.exp %p : f32
      linalg.yield %1 : f32
    }
    }
  }
  linalg.copy ins(%x : !x) outs(%Y : memref<32x32xf32>)
  func.return
}

// -----

#x = #tt.cb.request<0, "x", stages 2, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
!x = memref<32x32xf32, 1 : i64>
#same = affine_map<(i, j) -> (i, j)>

// Either branch writes.
// CHECK-LABEL: func.func @both_branches
// CHECK:      %x = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %x_1 = scf.for %k = %{{.*}} to %n step %{{.*}} iter_args(%x_2 = %x) -> (!tt.layout.block<1x1, tile<32x32, f32>>) {
// CHECK:        %c = arith.cmpi sgt, %k, %{{.*}} : index
// CHECK:        %x_3 = tt.compute.map %x_2 broadcast ["none"] over 1 by 1 request <0, "x", stages 2, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:        ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:          %[[V0:.*]] = tt.compute.apply "exp" %p
// CHECK:          tt.compute.yield %[[V0]]
// CHECK:        %[[V1:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:        %[[V2:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:        %[[V3:.*]] = arith.select %c, %[[V1]], %[[V2]] : f32
// CHECK:        %cst = arith.constant 0.000000e+00 : f32
// CHECK:        %x_4 = tt.compute.map %x_3 broadcast ["none"] over 1 by 1 request <0, "x", stages 2, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:        ^bb0(%[[V4:.*]]: !tt.layout.tile<32x32, f32>):
// CHECK:          %[[V5:.*]] = tt.compute.splat %cst
// CHECK:          %[[V6:.*]] = tt.compute.splat %[[V3]]
// CHECK:          %[[V7:.*]] = tt.compute.apply "where" %[[V6]], %[[V4]], %[[V5]]
// CHECK:          tt.compute.yield %[[V7]]
// CHECK:        scf.yield %x_4
// CHECK:      tt.noc.store_block %x_1, %Y[%{{.*}}, %{{.*}}]
func.func @both_branches(%X: memref<32x32xf32>, %Y: memref<32x32xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() {tt.cb = #x} : !x
  linalg.copy ins(%X : memref<32x32xf32>) outs(%x : !x)
  scf.for %k = %c0 to %n step %c1 {
    %c = arith.cmpi sgt, %k, %c1 : index
    scf.if %c {
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%x : !x) outs(%x : !x) {
    ^bb0(%p: f32, %o: f32):
      %1 = math.exp %p : f32
      linalg.yield %1 : f32
    }
    } else {
      linalg.fill ins(%zero : f32) outs(%x : !x)
    }
  }
  linalg.copy ins(%x : !x) outs(%Y : memref<32x32xf32>)
  func.return
}

// -----

#x = #tt.cb.request<0, "x", stages 2, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
!x = memref<32x32xf32, 1 : i64>
#same = affine_map<(i, j) -> (i, j)>

// A branch that only reads stays a branch; the loop carries what the map makes.
// CHECK-LABEL: func.func @read_in_branch
// CHECK:      %x = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %x_1 = scf.for %k = %{{.*}} to %n step %{{.*}} iter_args(%x_2 = %x) -> (!tt.layout.block<1x1, tile<32x32, f32>>) {
// CHECK:        %c = arith.cmpi sgt, %k, %{{.*}} : index
// CHECK:        scf.if %c {
// CHECK:          tt.noc.store_block %x_2, %Y[%{{.*}}, %{{.*}}]
// CHECK:        %x_3 = tt.compute.map %x_2 broadcast ["none"] over 1 by 1 request <0, "x", stages 2, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:        ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:          %[[V0:.*]] = tt.compute.apply "exp" %p
// CHECK:          tt.compute.yield %[[V0]]
// CHECK:        scf.yield %x_3
// CHECK:      tt.noc.store_block %x_1, %Y[%{{.*}}, %{{.*}}]
func.func @read_in_branch(%X: memref<32x32xf32>, %Y: memref<32x32xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() {tt.cb = #x} : !x
  linalg.copy ins(%X : memref<32x32xf32>) outs(%x : !x)
  scf.for %k = %c0 to %n step %c1 {
    %c = arith.cmpi sgt, %k, %c1 : index
    scf.if %c {
      linalg.copy ins(%x : !x) outs(%Y : memref<32x32xf32>)
    }
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%x : !x) outs(%x : !x) {
    ^bb0(%p: f32, %o: f32):
      %1 = math.exp %p : f32
      linalg.yield %1 : f32
    }
  }
  linalg.copy ins(%x : !x) outs(%Y : memref<32x32xf32>)
  func.return
}

// -----

#x = #tt.cb.request<0, "x", stages 2, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
!x = memref<32x32xf32, 1 : i64>
#same = affine_map<(i, j) -> (i, j)>

// What is overwritten before anybody reads it is not computed; the last block leaves the loop.
// CHECK-LABEL: func.func @overwritten
// CHECK:      %x = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %x_1 = scf.for %k = %{{.*}} to %n step %{{.*}} iter_args(%x_2 = %x) -> (!tt.layout.block<1x1, tile<32x32, f32>>) {
// CHECK:        %x_3 = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:        scf.yield %x_3
// CHECK:      tt.noc.store_block %x_1, %Y[%{{.*}}, %{{.*}}]
func.func @overwritten(%X: memref<32x32xf32>, %Y: memref<32x32xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() {tt.cb = #x} : !x
  linalg.copy ins(%X : memref<32x32xf32>) outs(%x : !x)
  scf.for %k = %c0 to %n step %c1 {
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%x : !x) outs(%x : !x) {
    ^bb0(%p: f32, %o: f32):
      %1 = math.exp %p : f32
      linalg.yield %1 : f32
    }
    linalg.copy ins(%X : memref<32x32xf32>) outs(%x : !x)
  }
  linalg.copy ins(%x : !x) outs(%Y : memref<32x32xf32>)
  func.return
}
