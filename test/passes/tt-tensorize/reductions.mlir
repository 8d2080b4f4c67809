// Reductions: a fold of tiles where the FPU would lose bits, the reduction of tiles, the old contents.
// RUN: tt-opt %s -p tt-tensorize --split-input-file | filecheck %s

#same = affine_map<(i, j) -> (i, j)>
#rows = affine_map<(i, j) -> (i)>
#m = #tt.cb.request<0, "m", stages 1, by "default">
// 16 bits pass the FPU unchanged: no fold. The maximum of -inf and the result is the result.
// CHECK-LABEL: func.func @max_of_rows
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<64x96xbf16> -> !tt.layout.block<2x3, tile<32x32, bf16>>
// CHECK:      %m = tt.compute.reduce "max" dim "row" %X_in request <0, "m", stages 1, by "default"> : !tt.layout.block<2x3, tile<32x32, bf16>> -> !tt.layout.block<2x1, tile<32x32, bf16>>
// CHECK:      tt.noc.store_block %m, %M[%{{.*}}, %{{.*}}]
func.func @max_of_rows(%X: memref<64x96xbf16>, %M: memref<64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [0, _], by "default">}) {
  %least = arith.constant 0xFF80 : bf16
  %m = memref.alloc() {tt.cb = #m} : memref<64xbf16, 1 : i64>
  linalg.fill ins(%least : bf16) outs(%m : memref<64xbf16, 1 : i64>)
  linalg.generic {indexing_maps = [#same, #rows], iterator_types = ["parallel", "reduction"]} ins(%X : memref<64x96xbf16>) outs(%m : memref<64xbf16, 1 : i64>) {
  ^bb0(%x: bf16, %o: bf16):
    %1 = arith.maximumf %o, %x : bf16
    linalg.yield %1 : bf16
  }
  linalg.copy ins(%m : memref<64xbf16, 1 : i64>) outs(%M : memref<64xbf16>)
  func.return
}

// -----
#same = affine_map<(i, j) -> (i, j)>
#cols = affine_map<(i, j) -> (j)>
#s = #tt.cb.request<0, "s", stages 1, by "default">
// An expression is folded in DST; only the partial tiles pass the FPU. The target was not cleared: it is
// added last.
// CHECK-LABEL: func.func @sum_of_columns
// CHECK:      %s = tt.noc.load_block %S[%{{.*}}, %{{.*}}] request <0, "s", stages 1, by "default"> : memref<96xf32> -> !tt.layout.block<1x3, tile<32x32, f32>>
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<64x96xf32> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK:      %s_folded = tt.compute.map %X_in broadcast ["none"] over 2 by 3 fold "add" dim "col" request <65537, "s_folded", stages 1, by "staging"> : !tt.layout.block<2x3, tile<32x32, f32>> -> !tt.layout.block<1x3, tile<32x32, f32>> {
// CHECK:      ^bb0(%x: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "mul" %x, %x
// CHECK:        tt.compute.yield %[[V0]]
// CHECK:      %s_part = tt.compute.reduce "sum" dim "col" %s_folded request <65538, "s_part", stages 1, by "staging"> : !tt.layout.block<1x3, tile<32x32, f32>> -> !tt.layout.block<1x3, tile<32x32, f32>>
// CHECK:      %s_1 = tt.compute.map %s, %s_part broadcast ["none", "none"] over 1 by 3 request <0, "s", stages 1, by "default"> : !tt.layout.block<1x3, tile<32x32, f32>>, !tt.layout.block<1x3, tile<32x32, f32>> -> !tt.layout.block<1x3, tile<32x32, f32>> {
// CHECK:      ^bb0(%[[V1:.*]]: !tt.layout.tile<32x32, f32>, %[[V2:.*]]: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V3:.*]] = tt.compute.apply "add" %[[V1]], %[[V2]]
// CHECK:        tt.compute.yield %[[V3]]
// CHECK:      tt.noc.store_block %s_1, %S[%{{.*}}, %{{.*}}]
func.func @sum_of_columns(%X: memref<64x96xf32>, %S: memref<96xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">}) {
  %s = memref.alloc() {tt.cb = #s} : memref<96xf32, 1 : i64>
  linalg.copy ins(%S : memref<96xf32>) outs(%s : memref<96xf32, 1 : i64>)
  linalg.generic {indexing_maps = [#same, #cols], iterator_types = ["reduction", "parallel"]} ins(%X : memref<64x96xf32>) outs(%s : memref<96xf32, 1 : i64>) {
  ^bb0(%x: f32, %o: f32):
    %0 = arith.mulf %x, %x : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  }
  linalg.copy ins(%s : memref<96xf32, 1 : i64>) outs(%S : memref<96xf32>)
  func.return
}

// -----
#same = affine_map<(i, j) -> (i, j)>
#rows = affine_map<(i, j) -> (i)>
#m = #tt.cb.request<0, "m", stages 1, by "default">
// The minimum is the negated maximum of the negated elements.
// CHECK-LABEL: func.func @min_abs
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<64x96xbf16> -> !tt.layout.block<2x3, tile<32x32, bf16>>
// CHECK:      %m_folded = tt.compute.map %X_in broadcast ["none"] over 2 by 3 fold "max" dim "row" request <65537, "m_folded", stages 1, by "staging"> : !tt.layout.block<2x3, tile<32x32, bf16>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%x: !tt.layout.tile<32x32, bf16>):
// CHECK:        %[[V0:.*]] = tt.compute.apply "abs" %x
// CHECK:        %[[V1:.*]] = tt.compute.apply "neg" %[[V0]]
// CHECK:        tt.compute.yield %[[V1]]
// CHECK:      %m_part = tt.compute.reduce "max" dim "row" %m_folded request <65538, "m_part", stages 1, by "staging"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      %m = tt.compute.map %m_part broadcast ["none"] over 2 by 1 request <0, "m", stages 1, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%[[V2:.*]]: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V3:.*]] = tt.compute.apply "neg" %[[V2]]
// CHECK:        tt.compute.yield %[[V3]]
// CHECK:      tt.noc.store_block %m, %M[%{{.*}}, %{{.*}}]
func.func @min_abs(%X: memref<64x96xbf16>, %M: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [0, _], by "default">}) {
  %most = arith.constant 0x7F800000 : f32
  %m = memref.alloc() {tt.cb = #m} : memref<64xf32, 1 : i64>
  linalg.fill ins(%most : f32) outs(%m : memref<64xf32, 1 : i64>)
  linalg.generic {indexing_maps = [#same, #rows], iterator_types = ["parallel", "reduction"]} ins(%X : memref<64x96xbf16>) outs(%m : memref<64xf32, 1 : i64>) {
  ^bb0(%x: bf16, %o: f32):
    %0 = math.absf %x : bf16
    %1 = arith.extf %0 : bf16 to f32
    %2 = arith.minimumf %o, %1 : f32
    linalg.yield %2 : f32
  }
  linalg.copy ins(%m : memref<64xf32, 1 : i64>) outs(%M : memref<64xf32>)
  func.return
}

// -----
#same = affine_map<(i, j) -> (i, j)>
#rows = affine_map<(i, j) -> (i)>
#m = #tt.cb.request<0, "m", stages 1, by "default">
// A widening alone needs no fold.
// CHECK-LABEL: func.func @widened_sum
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<64x96xbf16> -> !tt.layout.block<2x3, tile<32x32, bf16>>
// CHECK:      %m = tt.compute.reduce "sum" dim "row" %X_in request <0, "m", stages 1, by "default"> : !tt.layout.block<2x3, tile<32x32, bf16>> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      tt.noc.store_block %m, %M[%{{.*}}, %{{.*}}]
func.func @widened_sum(%X: memref<64x96xbf16>, %M: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [0, _], by "default">}) {
  %zero = arith.constant 0.0 : f32
  %m = memref.alloc() {tt.cb = #m} : memref<64xf32, 1 : i64>
  linalg.fill ins(%zero : f32) outs(%m : memref<64xf32, 1 : i64>)
  linalg.generic {indexing_maps = [#same, #rows], iterator_types = ["parallel", "reduction"]} ins(%X : memref<64x96xbf16>) outs(%m : memref<64xf32, 1 : i64>) {
  ^bb0(%x: bf16, %o: f32):
    %1 = arith.extf %x : bf16 to f32
    %2 = arith.addf %o, %1 : f32
    linalg.yield %2 : f32
  }
  linalg.copy ins(%m : memref<64xf32, 1 : i64>) outs(%M : memref<64xf32>)
  func.return
}

// -----
#id = affine_map<(i) -> (i)>
#to = affine_map<(i) -> (0)>
#m = #tt.cb.request<0, "m", stages 1, by "default">
// A row vector is reduced along its columns to one element.
// CHECK-LABEL: func.func @total
// CHECK:      %X_in = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <65536, "X_in", stages 2, by "staging"> : memref<64xf32> -> !tt.layout.block<1x2, tile<32x32, f32>>
// CHECK:      %M_out_folded = tt.compute.map %X_in broadcast ["none"] over 1 by 2 fold "add" dim "row" request <65538, "M_out_folded", stages 1, by "staging"> : !tt.layout.block<1x2, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%x: !tt.layout.tile<32x32, f32>):
// CHECK:        tt.compute.yield %x
// CHECK:      %M_out_part = tt.compute.reduce "sum" dim "row" %M_out_folded request <65539, "M_out_part", stages 1, by "staging"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %M_in = tt.noc.load_block %M[%{{.*}}, %{{.*}}] request <65540, "M_in", stages 2, by "staging"> : memref<1xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
// CHECK:      %M_out = tt.compute.map %M_in, %M_out_part broadcast ["none", "none"] over 1 by 1 request <65537, "M_out", stages 2, by "staging"> : !tt.layout.block<1x1, tile<32x32, f32>>, !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%[[V0:.*]]: !tt.layout.tile<32x32, f32>, %[[V1:.*]]: !tt.layout.tile<32x32, f32>):
// CHECK:        %[[V2:.*]] = tt.compute.apply "add" %[[V0]], %[[V1]]
// CHECK:        tt.compute.yield %[[V2]]
// CHECK:      tt.noc.store_block %M_out, %M[%{{.*}}, %{{.*}}]
func.func @total(%X: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">}, %M: memref<1xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">}) {
  linalg.generic {indexing_maps = [#id, #to], iterator_types = ["reduction"]} ins(%X : memref<64xf32>) outs(%M : memref<1xf32>) {
  ^bb0(%x: f32, %o: f32):
    %2 = arith.addf %o, %x : f32
    linalg.yield %2 : f32
  }
  func.return
}
