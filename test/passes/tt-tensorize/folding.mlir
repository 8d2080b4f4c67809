// Maps with constant inputs and neutral operands, and maps that change nothing.
// RUN: tt-opt %s -p tt-tensorize --split-input-file | filecheck %s

#same = affine_map<(i, j) -> (i, j)>
#x = #tt.cb.request<0, "x", stages 1, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
!x = memref<32x32xf32, 1 : i64>

// A constant block is a scalar; x + 0, x * 1 and max(x, -inf) are x; then the map is its input, which
// goes to the request of the map that is gone.
// CHECK-LABEL: func.func @neutral
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %y = tt.compute.map %X_in broadcast ["none"] over 1 by 1 request <1, "y", stages 1, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "exp" %p
// CHECK:        tt.compute.yield %[[V0]]
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @neutral(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() {tt.cb = #x} : !x
  %y = memref.alloc() {tt.cb = #y} : !x
  linalg.fill ins(%zero : f32) outs(%y : !x)
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x32xf32>) outs(%x : !x) {
  ^bb0(%p: f32, %o: f32):
    %1 = math.exp %p : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%x : !x) outs(%y : !x) {
  ^bb0(%p: f32, %o: f32):
    %least = arith.constant 0xFF800000 : f32
    %one = arith.constant 1.0 : f32
    %1 = arith.addf %o, %p : f32
    %2 = arith.mulf %1, %one : f32
    %3 = arith.maximumf %2, %least : f32
    linalg.yield %3 : f32
  }
  linalg.copy ins(%y : !x) outs(%Y : memref<32x32xf32>)
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>
#x = #tt.cb.request<0, "x", stages 1, by "default">
!x = memref<32x32xf32, 1 : i64>

// 0 - x is not x, nor is 1 / x; a constant that is read is a splat or an immediate.
// CHECK-LABEL: func.func @not_neutral
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %zero = arith.constant 0.000000e+00 : f32
// CHECK:      %cst = arith.constant 1.000000e+00 : f32
// CHECK:      %x = tt.compute.map %X_in broadcast ["none"] over 1 by 1 request <0, "x", stages 1, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %o = tt.compute.splat %cst
// CHECK:        %[[V0:.*]] = tt.compute.apply "rsub" %p, %zero
// CHECK:        %[[V1:.*]] = tt.compute.apply "div" %o, %[[V0]]
// CHECK:        tt.compute.yield %[[V1]]
// CHECK:      tt.noc.store_block %x, %Y[%{{.*}}, %{{.*}}]
func.func @not_neutral(%X: memref<32x32xf32>, %Y: memref<32x32xf32>) {
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() {tt.cb = #x} : !x
  linalg.fill ins(%one : f32) outs(%x : !x)
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x32xf32>) outs(%x : !x) {
  ^bb0(%p: f32, %o: f32):
    %zero = arith.constant 0.0 : f32
    %1 = arith.subf %zero, %p : f32
    %2 = arith.divf %o, %1 : f32
    linalg.yield %2 : f32
  }
  linalg.copy ins(%x : !x) outs(%Y : memref<32x32xf32>)
  func.return
}

// -----

#same = affine_map<(i, j) -> (i, j)>
#cols = affine_map<(i, j) -> (j, i)>

// A map that only reads its input the other way round is the transpose.
// CHECK-LABEL: func.func @transpose
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<32x64xf32> -> !tt.layout.block<1x2, tile<32x32, f32>>
// CHECK:      %X_in_transposed = tt.compute.transpose %X_in request <65537, "X_in_transposed", stages 2, by "staging"> : !tt.layout.block<1x2, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      tt.noc.store_block %X_in_transposed, %Y[%{{.*}}, %{{.*}}]
func.func @transpose(%X: memref<32x64xf32>, %Y: memref<64x32xf32>) {
  linalg.generic {indexing_maps = [#cols, #same], iterator_types = ["parallel", "parallel"]} ins(%X : memref<32x64xf32>) outs(%Y : memref<64x32xf32>) {
  ^bb0(%p: f32, %o: f32):
    linalg.yield %p : f32
  }
  func.return
}
