// RUN: tt-opt %s -p tt-infer-layout --split-input-file | filecheck %s
// RUN: tt-opt %s -p tt-infer-layout,tt-infer-layout --split-input-file | filecheck %s
// RUN: tt-opt %s -p 'tt-infer-layout{memory=SRAM layout=sharded strategy=height cb-depth=4}' --split-input-file | filecheck %s --check-prefix=OPTION
// RUN: tt-opt %s -p 'tt-infer-layout{arch=blackhole}' --split-input-file | filecheck %s --check-prefix=BLACKHOLE

// What the user says, field by field over the default; aliases and case are normalised.
// CHECK:      func.func @fields(%A: {{.*}}#tt.layout.buffer<l1, interleaved, tile<32x32, bf16>, axes [], by "user">}
// CHECK-SAME: %B: {{.*}}#tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">, tt.cb_depth = 3 : i64}
// CHECK-SAME: tt.decisions = [{subject = "A", what = "layout", value = "L1, interleaved", by = "user"}]
// CHECK-NOT:  tt.user_layout
// Options stand between user and default; a depth alone does not say where a tensor lives.
// OPTION:      func.func @fields(%A: {{.*}}#tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [8], shard [32], order "row_major">>, tt.cb_depth = 4 : i64}
// OPTION-SAME: %B: {{.*}}#tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "option", nd_shard<axes ["M"], grid [8], shard [32], order "row_major">>, tt.cb_depth = 3 : i64}
func.func @fields(%A: memref<256x256xbf16> {tt.name = "A"}, %B: memref<256x256xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "sram"}, B = {cb_depth = 3}}} {
  func.return
}

// -----

// Strategies are nd_shards over rows and columns: as many as the device has cores, by grid, by shard.
// CHECK:      func.func @strategies(%A: {{.*}}nd_shard<axes ["M", "N"], grid [8, 8], shard [160, 96], order "row_major">>}
// CHECK-SAME: %B: {{.*}}nd_shard<axes ["M"], grid [4], shard [320], order "row_major">>}
// CHECK-SAME: %C: {{.*}}nd_shard<axes ["N"], grid [8], shard [96], order "column_major">>}
// CHECK-SAME: %D: {{.*}}nd_shard<axes ["M", "N"], grid [2, 3], shard [640, 256], order "row_major">>}
// BLACKHOLE:  func.func @strategies(%A: {{.*}}nd_shard<axes ["M", "N"], grid [10, 8], shard [128, 96], order "row_major">>}
func.func @strategies(%A: memref<1280x768xbf16> {tt.name = "A"}, %B: memref<1280x768xbf16> {tt.name = "B"}, %C: memref<1280x768xbf16> {tt.name = "C"}, %D: memref<1280x768xbf16> {tt.name = "D"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "block"}, B = {strategy = "height_sharded", grid = [4]}, C = {strategy = "width", shard_shape = [96], order = "column_major"}, D = {strategy = "block", grid = [2, 3]}}} {
  func.return
}

// -----

// The core grid of the schedule is the room for a strategy without a grid: [gx, gy].
// CHECK: func.func @core_grid(%A: {{.*}}nd_shard<axes ["M", "N"], grid [2, 4], shard [128, 64], order "row_major">>}
// CHECK-SAME: tt.user_schedule
func.func @core_grid(%A: memref<256x256xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "block"}}, tt.user_schedule = {core_grid = [4, 2]}} {
  func.return
}

// -----

// An nd_shard by labels; they label the dimensions of a tensor that has no labels. Uneven last shards.
// CHECK: func.func @labels(%A: {{.*}}axes ["B", "M", "N"], by "user", nd_shard<axes ["B", "M", "N"], grid [2, 2, 2], shard [3, 64, 32], order "z_order">>}
func.func @labels(%A: memref<5x96x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {memory = "DRAM", nd_shard = {axes = ["B", "M", "N"], grid = [2, 2, 2], shard_shape = [3, 64, 32], order = "z_order", align_tiles = true}}}} {
  func.return
}

// -----

// What earlier tools write: tt.layout_desc.
// CHECK: func.func @old(%A: {{.*}}#tt.layout.buffer<l1, sharded, {{.*}}, grid [2], shard [32], order "row_major">>}
// CHECK-SAME: %B: {{.*}}#tt.layout.buffer<dram, interleaved
func.func @old(%A: memref<64x64xbf16> {tt.name = "A"}, %B: memref<64x64xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {shard = "L1", interleave = false, nd_shard = {axes = ["M"], grid = [2], shard_shape_elems = [32]}}, B = {shard = "DDR", interleave = true, tile_id_order = "row_major"}}} {
  func.return
}

// -----

// A strategy without a grid takes the cores of the ranges; shards along a batch lie in L1 too.
// CHECK: func.func @ranges(%A: {{.*}}nd_shard<axes ["M", "N"], grid [2, 3], shard [64, 64], order "row_major">>}, %B: {{.*}}nd_shard<axes ["M"], grid [4], shard [32], order "row_major">>}, %C: {{.*}}<l1, sharded, {{.*}}nd_shard<axes ["B", "M", "N"], grid [3, 2, 1], shard [1, 32, 64], order "row_major">>}
func.func @ranges(%A: memref<128x192xbf16> {tt.name = "A"}, %B: memref<128x192xbf16> {tt.name = "B"}, %C: memref<3x64x64xbf16> {tt.name = "C"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "block"}, B = {memory = "L1", strategy = "height"}, C = {memory = "L1", nd_shard = {axes = ["B", "M", "N"], grid = [3, 2, 1], shard_shape = [1, 32, 64]}}}, tt.user_schedule = {core_ranges = [{start = [2, 5], extent = [3, 2]}]}} {
  func.return
}

// -----

// Layouts as earlier tools write them.
// CHECK: func.func @layout_desc(%A: {{.*}}<l1, interleaved, tile<32x32, bf16>, axes [], by "user">}, %B: {{.*}}<dram, sharded, {{.*}}by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "column_major">>}
// CHECK-NOT: tt.layout_desc
func.func @layout_desc(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.layout_desc = {A = {shard = "SRAM", interleave = true, stride = [4, 1]}, B = {shard = "DDR", interleave = false, tile_id_order = "column_major", strategy = "block", grid = [2, 2]}}} {
  func.return
}

// -----

// Facts that hold change nothing.
// CHECK: func.func @facts(%A: {{.*}}nd_shard<axes ["B", "M", "N"], grid [2, 2, 3], shard [1, 64, 32], order "row_major">>}, %B: {{.*}}<dram, interleaved, tile<32x32, f32>, axes [], by "default">})
func.func @facts(%A: memref<2x100x96xbf16> {tt.name = "A"}, %B: memref<64x32xf32> {tt.name = "B"}) attributes {tt.user_layout = {A = {dtype = "bf16", data_format = "Float16_b", needs_padding = true, padded_shape = [2, 128, 96], nd_shard = {axes = ["B", "M", "N"], grid = [2, 2, 3], shard_shape = [1, 64, 32], projected_grid = [2, 3], projected_shard_tiles = [2, 1]}}, B = {dtype = "float32", needs_padding = false}}} {
  func.return
}
