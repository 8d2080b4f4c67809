// Types and attributes of tt.layout: every form of each.
// RUN: ROUNDTRIP
// RUN: GENERIC_ROUNDTRIP

"test.op"() {
  tiles = [!tt.layout.tile<32x32, bf16>, !tt.layout.tile<16x32, f16>, !tt.layout.tile<32x16, f32>],
  blocks = [!tt.layout.block<1x1, tile<32x32, f32>>, !tt.layout.block<4x8, tile<16x16, bf16>>],
  buffer = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["B", "M", "K"], by "default">,
  unlabelled = #tt.layout.buffer<l1, interleaved, tile<32x32, f16>, axes [], by "user">,
  sharded = #tt.layout.buffer<l1, sharded, tile<32x32, f32>, axes ["M", "N"], by "user", nd_shard<axes ["M", "N"], grid [2, 4], shard [64, 64], order "row_major">>,
  shard = #tt.layout.nd_shard<axes ["K"], grid [8], shard [128], order "col \"major\"">,
  range = #tt.layout.core_range<[1, 2], [3, 4]>,
  ranges = #tt.layout.core_ranges<<[0, 0], [8, 4]>, <[0, 4], [3, 1]>>,
  work = #tt.layout.work<3, <<[0, 0], [8, 8]>>>,
  even = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [8, 8], block_tiles [4, 4], tiles [32, 32], work [<1, <<[0, 0], [8, 8]>>>]>,
  uneven = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [10, 10], block_tiles [1, 2], tiles [10, 20], work [<2, <<[0, 0], [8, 4]>, <[0, 4], [4, 1]>>>, <1, <<[4, 4], [4, 1]>, <[0, 5], [8, 3]>>>]>,
  batch = #tt.layout.partition<"global", "contiguous", core_grid [11, 10], blocks [3, 1, 1], block_tiles [2, 2], tiles [2, 2], work [<1, <<[0, 0], [3, 1]>>>]>
} : () -> ()

// CHECK:      builtin.module {
// CHECK-NEXT:   "test.op"() {tiles = [!tt.layout.tile<32x32, bf16>, !tt.layout.tile<16x32, f16>, !tt.layout.tile<32x16, f32>], blocks = [!tt.layout.block<1x1, tile<32x32, f32>>, !tt.layout.block<4x8, tile<16x16, bf16>>], buffer = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["B", "M", "K"], by "default">, unlabelled = #tt.layout.buffer<l1, interleaved, tile<32x32, f16>, axes [], by "user">, sharded = #tt.layout.buffer<l1, sharded, tile<32x32, f32>, axes ["M", "N"], by "user", nd_shard<axes ["M", "N"], grid [2, 4], shard [64, 64], order "row_major">>, shard = #tt.layout.nd_shard<axes ["K"], grid [8], shard [128], order "col \22major\22">, range = #tt.layout.core_range<[1, 2], [3, 4]>, ranges = #tt.layout.core_ranges<<[0, 0], [8, 4]>, <[0, 4], [3, 1]>>, work = #tt.layout.work<3, <<[0, 0], [8, 8]>>>, even = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [8, 8], block_tiles [4, 4], tiles [32, 32], work [<1, <<[0, 0], [8, 8]>>>]>, uneven = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [10, 10], block_tiles [1, 2], tiles [10, 20], work [<2, <<[0, 0], [8, 4]>, <[0, 4], [4, 1]>>>, <1, <<[4, 4], [4, 1]>, <[0, 5], [8, 3]>>>]>, batch = #tt.layout.partition<"global", "contiguous", core_grid [11, 10], blocks [3, 1, 1], block_tiles [2, 2], tiles [2, 2], work [<1, <<[0, 0], [3, 1]>>>]>} : () -> ()
// CHECK-NEXT: }

// CHECK-GENERIC:      "builtin.module"() ({
// CHECK-GENERIC-NEXT:   "test.op"() {tiles = [!tt.layout.tile<32x32, bf16>, !tt.layout.tile<16x32, f16>, !tt.layout.tile<32x16, f32>], blocks = [!tt.layout.block<1x1, tile<32x32, f32>>, !tt.layout.block<4x8, tile<16x16, bf16>>], buffer = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["B", "M", "K"], by "default">, unlabelled = #tt.layout.buffer<l1, interleaved, tile<32x32, f16>, axes [], by "user">, sharded = #tt.layout.buffer<l1, sharded, tile<32x32, f32>, axes ["M", "N"], by "user", nd_shard<axes ["M", "N"], grid [2, 4], shard [64, 64], order "row_major">>, shard = #tt.layout.nd_shard<axes ["K"], grid [8], shard [128], order "col \22major\22">, range = #tt.layout.core_range<[1, 2], [3, 4]>, ranges = #tt.layout.core_ranges<<[0, 0], [8, 4]>, <[0, 4], [3, 1]>>, work = #tt.layout.work<3, <<[0, 0], [8, 8]>>>, even = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [8, 8], block_tiles [4, 4], tiles [32, 32], work [<1, <<[0, 0], [8, 8]>>>]>, uneven = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [10, 10], block_tiles [1, 2], tiles [10, 20], work [<2, <<[0, 0], [8, 4]>, <[0, 4], [4, 1]>>>, <1, <<[4, 4], [4, 1]>, <[0, 5], [8, 3]>>>]>, batch = #tt.layout.partition<"global", "contiguous", core_grid [11, 10], blocks [3, 1, 1], block_tiles [2, 2], tiles [2, 2], work [<1, <<[0, 0], [3, 1]>>>]>} : () -> ()
// CHECK-GENERIC-NEXT: }) : () -> ()
