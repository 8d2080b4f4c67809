// Elementwise operations become maps.
// RUN: tt-opt %s -p tt-tensorize --split-input-file | filecheck %s

#same = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>
#rows = affine_map<(i, j) -> (i)>
#cols = affine_map<(i, j) -> (j)>
#none = affine_map<(i, j) -> (0, 0)>
#x = #tt.cb.request<0, "x", stages 2, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
#v = #tt.cb.request<2, "v", stages 1, by "default">
#w = #tt.cb.request<3, "w", stages 1, by "default">
!x = memref<64x96xf32, 1 : i64>
!y = memref<64x96xbf16, 2 : i64>

// A column vector, a row vector and one element are broadcast; a scalar operand goes to the immediate form,
// wherever it stands. The last cast is the pack's.
// CHECK-LABEL: func.func @broadcasts
// CHECK:      %x = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<64x96xf32> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK:      %v = tt.noc.load_block %V[%{{.*}}, %{{.*}}] request <2, "v", stages 1, by "default"> : memref<64xf32> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      %w = tt.noc.load_block %W[%{{.*}}, %{{.*}}] request <3, "w", stages 1, by "default"> : memref<96xf32> -> !tt.layout.block<1x3, tile<32x32, f32>>
// CHECK:      %S_in = tt.noc.load_block %S[%{{.*}}, %{{.*}}] request <65536, "S_in", stages 2, by "staging"> : memref<1x1xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %y = tt.compute.map %x, %v, %w, %S_in broadcast ["none", "col", "row", "scalar"] over 2 by 3 request <1, "y", stages 1, by "default"> : !tt.layout.block<2x3, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>>, !tt.layout.block<1x3, tile<32x32, f32>>, !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<2x3, tile<32x32, bf16>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>, %q: !tt.layout.tile<32x32, f32>, %r: !tt.layout.tile<32x32, f32>, %s: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "sub" %p, %q
// CHECK:        %[[V1:.*]] = tt.compute.apply "mul" %[[V0]], %r
// CHECK:        %[[V2:.*]] = tt.compute.apply "mul" %[[V1]], %a
// CHECK:        %[[V3:.*]] = tt.compute.apply "add" %[[V2]], %s
// CHECK:        tt.compute.yield %[[V3]]
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @broadcasts(%X: memref<64x96xf32>, %V: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [0, _], by "default">}, %W: memref<96xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">}, %S: memref<1x1xf32>, %a: f32, %Y: memref<64x96xbf16>) {
  %x = memref.alloc() {tt.cb = #x} : !x
  %y = memref.alloc() {tt.cb = #y} : !y
  %v = memref.alloc() {tt.cb = #v} : memref<64xf32, 1 : i64>
  %w = memref.alloc() {tt.cb = #w} : memref<96xf32, 1 : i64>
  linalg.copy ins(%X : memref<64x96xf32>) outs(%x : !x)
  linalg.copy ins(%V : memref<64xf32>) outs(%v : memref<64xf32, 1 : i64>)
  linalg.copy ins(%W : memref<96xf32>) outs(%w : memref<96xf32, 1 : i64>)
  linalg.generic {indexing_maps = [#same, #rows, #cols, #none, #same], iterator_types = ["parallel", "parallel"]} ins(%x, %v, %w, %S : !x, memref<64xf32, 1 : i64>, memref<96xf32, 1 : i64>, memref<1x1xf32>) outs(%y : !y) {
  ^bb0(%p: f32, %q: f32, %r: f32, %s: f32, %o: bf16):
    %1 = arith.subf %p, %q : f32
    %2 = arith.mulf %1, %r : f32
    %3 = arith.mulf %a, %2 : f32
    %4 = arith.addf %3, %s : f32
    %5 = arith.truncf %4 : f32 to bf16
    linalg.yield %5 : bf16
  }
  linalg.copy ins(%y : !y) outs(%Y : memref<64x96xbf16>)
  func.return
}

// -----
#same = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>
#first = affine_map<(i, j) -> (i, 0)>
#x = #tt.cb.request<0, "x", stages 2, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
!x = memref<64x96xf32, 1 : i64>
!y = memref<96x64xf32, 2 : i64>

// An input read the other way round is transposed first; the target's old contents are one more input.
// CHECK-LABEL: func.func @turned
// CHECK:      %x = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<64x96xf32> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK:      %y = tt.noc.load_block %Y[%{{.*}}, %{{.*}}] request <1, "y", stages 1, by "default"> : memref<96x64xf32> -> !tt.layout.block<3x2, tile<32x32, f32>>
// CHECK:      %x_transposed = tt.compute.transpose %x request <65536, "x_transposed", stages 2, by "staging"> : !tt.layout.block<2x3, tile<32x32, f32>> -> !tt.layout.block<3x2, tile<32x32, f32>>
// CHECK:      %y_1 = tt.compute.map %x_transposed, %y broadcast ["none", "none"] over 3 by 2 request <1, "y", stages 1, by "default"> : !tt.layout.block<3x2, tile<32x32, f32>>, !tt.layout.block<3x2, tile<32x32, f32>> -> !tt.layout.block<3x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>, %o: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "max" %o, %p
// CHECK:        tt.compute.yield %[[V0]]
// CHECK:      tt.noc.store_block %y_1, %Y[%{{.*}}, %{{.*}}]
func.func @turned(%X: memref<64x96xf32>, %Y: memref<96x64xf32>) {
  %x = memref.alloc() {tt.cb = #x} : !x
  %y = memref.alloc() {tt.cb = #y} : !y
  linalg.copy ins(%X : memref<64x96xf32>) outs(%x : !x)
  linalg.copy ins(%Y : memref<96x64xf32>) outs(%y : !y)
  linalg.generic {indexing_maps = [#turned, #same], iterator_types = ["parallel", "parallel"]} ins(%x : !x) outs(%y : !y) {
  ^bb0(%p: f32, %o: f32):
    %1 = arith.maximumf %o, %p : f32
    linalg.yield %1 : f32
  }
  linalg.copy ins(%y : !y) outs(%Y : memref<96x64xf32>)
  func.return
}

// -----
#same = affine_map<(i, j) -> (i, j)>
#first = affine_map<(i, j) -> (i, 0)>
#top = affine_map<(i, j) -> (0, j)>
#x = #tt.cb.request<0, "x", stages 2, by "default">
#y = #tt.cb.request<1, "y", stages 1, by "default">
!x = memref<64x64xf32, 1 : i64>
!s = memref<64x32xf32, 1 : i64>

// Element (i, 0) of a matrix of one column, (0, j) of one of one row.
// CHECK-LABEL: func.func @first_column
// CHECK:      %x = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "x", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %S_in = tt.noc.load_block %S[%{{.*}}, %{{.*}}] request <65536, "S_in", stages 2, by "staging"> : memref<64x1xf32> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      %T_in = tt.noc.load_block %T[%{{.*}}, %{{.*}}] request <65537, "T_in", stages 2, by "staging"> : memref<1x64xf32> -> !tt.layout.block<1x2, tile<32x32, f32>>
// CHECK:      %Y_out = tt.compute.map %x, %S_in, %T_in broadcast ["none", "col", "row"] over 2 by 2 request <65538, "Y_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>>, !tt.layout.block<1x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>, %q: !tt.layout.tile<32x32, f32>, %r: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "add" %p, %q
// CHECK:        %[[V1:.*]] = tt.compute.apply "add" %[[V0]], %r
// CHECK:        tt.compute.yield %[[V1]]
// CHECK:      tt.noc.store_block %Y_out, %Y[%{{.*}}, %{{.*}}]
func.func @first_column(%X: memref<64x64xf32>, %S: memref<64x1xf32>, %T: memref<1x64xf32>, %Y: memref<64x64xf32>) {
  %x = memref.alloc() {tt.cb = #x} : !x
  linalg.copy ins(%X : memref<64x64xf32>) outs(%x : !x)
  linalg.generic {indexing_maps = [#same, #first, #top, #same], iterator_types = ["parallel", "parallel"]} ins(%x, %S, %T : !x, memref<64x1xf32>, memref<1x64xf32>) outs(%Y : memref<64x64xf32>) {
  ^bb0(%p: f32, %q: f32, %r: f32, %o: f32):
    %1 = arith.addf %p, %q : f32
    %2 = arith.addf %1, %r : f32
    linalg.yield %2 : f32
  }
  func.return
}

// -----
#id = affine_map<(i) -> (i)>
// A vector nobody constrains is a row.
// CHECK-LABEL: func.func @vector
// CHECK:      %V_in = tt.noc.load_block %V[%{{.*}}, %{{.*}}] request <65536, "V_in", stages 2, by "staging"> : memref<64xf32> -> !tt.layout.block<1x2, tile<32x32, f32>>
// CHECK:      %W_out = tt.compute.map %V_in broadcast ["none"] over 1 by 2 request <65537, "W_out", stages 2, by "staging"> : !tt.layout.block<1x2, tile<32x32, f32>> -> !tt.layout.block<1x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "rsqrt" %p
// CHECK:        tt.compute.yield %[[V0]]
// CHECK:      tt.noc.store_block %W_out, %W[%{{.*}}, %{{.*}}]
func.func @vector(%V: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">}, %W: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">}) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%V : memref<64xf32>) outs(%W : memref<64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %1 = math.rsqrt %p : f32
    linalg.yield %1 : f32
  }
  func.return
}
