// The scalar body of an operation becomes functions on tiles.
// RUN: tt-opt %s -p tt-tensorize --split-input-file | filecheck %s

#same = affine_map<(i, j) -> (i, j)>

// A cast within an expression rounds; widening does not; the last cast is the pack's.
// CHECK-LABEL: func.func @casts
// CHECK:      %Y_out = tt.compute.map %X_in broadcast ["none"] over 2 by 2 request <65537, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, bf16>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "round_bf16" %p
// CHECK:        %[[V1:.*]] = tt.compute.apply "exp" %[[V0]]
// CHECK:        %[[V2:.*]] = tt.compute.apply "add" %[[V1]], %p
// CHECK:        tt.compute.yield %[[V2]]
func.func @casts(%X: memref<64x64xf32>, %Z: memref<64x64xf32>, %Y: memref<64x64xbf16>) {
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<64x64xf32>) outs(%Y : memref<64x64xbf16>) {
  ^bb0(%p: f32, %o: bf16):
    %1 = arith.truncf %p : f32 to bf16
    %2 = math.exp %1 : bf16
    %3 = arith.extf %2 : bf16 to f32
    %4 = arith.addf %3, %p : f32
    %5 = arith.truncf %4 : f32 to bf16
    linalg.yield %5 : bf16
  }
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// A comparison with zero is one function, with a scalar an immediate one; a scalar on the left turns it
// round. A select takes the tile of the condition.
// CHECK-LABEL: func.func @compare_and_select
// CHECK:      %Y_out = tt.compute.map %X_in, %Z_in broadcast ["none", "none"] over 2 by 2 request <65538, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>, %q: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "gtz" %p
// CHECK:        %[[V1:.*]] = tt.compute.apply "gt" %p, %a
// CHECK:        %[[V2:.*]] = tt.compute.apply "mul" %[[V0]], %[[V1]]
// CHECK:        %[[V3:.*]] = tt.compute.apply "ne" %p, %q
// CHECK:        %[[V4:.*]] = tt.compute.apply "max" %[[V2]], %[[V3]]
// CHECK:        %[[V5:.*]] = tt.compute.splat %a
// CHECK:        %[[V6:.*]] = tt.compute.apply "where" %[[V4]], %p, %[[V5]]
// CHECK:        tt.compute.yield %[[V6]]
func.func @compare_and_select(%X: memref<64x64xf32>, %Z: memref<64x64xf32>, %Y: memref<64x64xf32>, %a: f32) {
  linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel"]} ins(%X, %Z : memref<64x64xf32>, memref<64x64xf32>) outs(%Y : memref<64x64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %zero = arith.constant 0.0 : f32
    %1 = arith.cmpf ogt, %p, %zero : f32
    %2 = arith.cmpf olt, %a, %p : f32
    %3 = arith.andi %1, %2 : i1
    %4 = arith.cmpf une, %p, %q : f32
    %5 = arith.ori %3, %4 : i1
    %6 = arith.select %5, %p, %a : f32
    linalg.yield %6 : f32
  }
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// What stands on the left of a scalar function: the reciprocal, the reversed difference, a splat.
// CHECK-LABEL: func.func @scalars
// CHECK:      %Y_out = tt.compute.map %X_in broadcast ["none"] over 2 by 2 request <65537, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "recip" %p
// CHECK:        %[[V1:.*]] = tt.compute.apply "rsub" %[[V0]], %a
// CHECK:        %[[V2:.*]] = tt.compute.splat %a
// CHECK:        %[[V3:.*]] = tt.compute.apply "div" %[[V2]], %[[V1]]
// CHECK:        %[[V4:.*]] = tt.compute.apply "div" %[[V3]], %a
// CHECK:        tt.compute.yield %[[V4]]
func.func @scalars(%X: memref<64x64xf32>, %Z: memref<64x64xf32>, %Y: memref<64x64xf32>, %a: f32) {
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<64x64xf32>) outs(%Y : memref<64x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %one = arith.constant 1.0 : f32
    %1 = arith.divf %one, %p : f32
    %2 = arith.subf %a, %1 : f32
    %3 = arith.divf %a, %2 : f32
    %4 = arith.divf %3, %a : f32
    linalg.yield %4 : f32
  }
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// A test of indices is a test of one index expression, and stays one.
// CHECK-LABEL: func.func @mask
// CHECK:      %m = arith.muli %n, %{{.*}} : index
// CHECK:      %low = arith.constant 0xff800000 : f32
// CHECK:      %Y_out = tt.compute.map %X_in broadcast ["none"] over 2 by 2 request <65537, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.iota rows 1 cols -1 plus %m
// CHECK:        %[[V1:.*]] = tt.compute.apply "gez" %[[V0]]
// CHECK:        %[[V2:.*]] = tt.compute.splat %low
// CHECK:        %[[V3:.*]] = tt.compute.apply "where" %[[V1]], %p, %[[V2]]
// CHECK:        tt.compute.yield %[[V3]]
func.func @mask(%X: memref<64x64xf32>, %Z: memref<64x64xf32>, %Y: memref<64x64xf32>, %n: index) {
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<64x64xf32>) outs(%Y : memref<64x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %c16 = arith.constant 16 : index
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %m = arith.muli %n, %c16 : index
    %r = arith.addi %m, %i : index
    %c = arith.cmpi sge, %r, %j : index
    %low = arith.constant 0xFF800000 : f32
    %1 = arith.select %c, %p, %low : f32
    linalg.yield %1 : f32
  }
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// Integers are tiles of float32: a quotient is the floor of (a + 1/2) / b.
// CHECK-LABEL: func.func @integers
// CHECK:      %[[V0:.*]] = arith.constant 5.000000e-01 : f32
// CHECK:      %[[V1:.*]] = arith.constant 3.000000e+00 : f32
// CHECK:      %Y_out = tt.compute.map %X_in broadcast ["none"] over 2 by 2 request <65537, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V2:.*]] = tt.compute.iota rows 1 cols 0 plus %{{.*}}
// CHECK:        %[[V3:.*]] = tt.compute.apply "add" %[[V2]], %[[V0]]
// CHECK:        %[[V4:.*]] = tt.compute.apply "div" %[[V3]], %[[V1]]
// CHECK:        %[[V5:.*]] = tt.compute.apply "floor" %[[V4]]
// CHECK:        %[[V6:.*]] = tt.compute.apply "mul" %p, %[[V5]]
// CHECK:        tt.compute.yield %[[V6]]
func.func @integers(%X: memref<64x64xf32>, %Z: memref<64x64xf32>, %Y: memref<64x64xf32>) {
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<64x64xf32>) outs(%Y : memref<64x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %c3 = arith.constant 3 : index
    %i = linalg.index 0 : index
    %1 = arith.divui %i, %c3 : index
    %2 = arith.index_cast %1 : index to i32
    %3 = arith.sitofp %2 : i32 to f32
    %4 = arith.mulf %p, %3 : f32
    linalg.yield %4 : f32
  }
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// What depends on no element: integers before the map, floats by the same functions as the others.
// CHECK-LABEL: func.func @uniform
// CHECK:      %two = arith.constant 2.000000e+00 : f32
// CHECK:      %[[V0:.*]] = arith.muli %n, %n : index
// CHECK:      %[[V1:.*]] = arith.index_cast %[[V0]] : index to i32
// CHECK:      %[[V2:.*]] = arith.sitofp %[[V1]] : i32 to f32
// CHECK:      %Y_out = tt.compute.map %X_in broadcast ["none"] over 2 by 2 request <65537, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V3:.*]] = tt.compute.splat %two
// CHECK:        %[[V4:.*]] = tt.compute.apply "exp" %[[V3]]
// CHECK:        %[[V5:.*]] = tt.compute.apply "mul" %p, %[[V4]]
// CHECK:        %[[V6:.*]] = tt.compute.apply "add" %[[V5]], %[[V2]]
// CHECK:        tt.compute.yield %[[V6]]
func.func @uniform(%X: memref<64x64xf32>, %Z: memref<64x64xf32>, %Y: memref<64x64xf32>, %n: index) {
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<64x64xf32>) outs(%Y : memref<64x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %two = arith.constant 2.0 : f32
    %1 = math.exp %two : f32
    %2 = arith.muli %n, %n : index
    %3 = arith.index_cast %2 : index to i32
    %4 = arith.sitofp %3 : i32 to f32
    %5 = arith.mulf %p, %1 : f32
    %6 = arith.addf %5, %4 : f32
    linalg.yield %6 : f32
  }
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// 16-bit arithmetic stays in its format.
// CHECK-LABEL: func.func @first_half
// CHECK:      %Y_out = tt.compute.map %X_in broadcast ["none"] over 2 by 2 request <65537, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f16>> -> !tt.layout.block<2x2, tile<32x32, f16>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f16>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "mul" %p, %p
// CHECK:        %[[V1:.*]] = tt.compute.apply "tanh" %[[V0]]
// CHECK:        tt.compute.yield %[[V1]]
func.func @first_half(%X: memref<64x64xf16>, %Z: memref<64x64xf16>, %Y: memref<64x64xf16>) {
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<64x64xf16>) outs(%Y : memref<64x64xf16>) {
  ^bb0(%p: f16, %o: f16):
    %1 = arith.mulf %p, %p : f16
    %2 = math.tanh %1 : f16
    linalg.yield %2 : f16
  }
  func.return
}
