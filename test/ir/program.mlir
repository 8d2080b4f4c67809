// tt.program, tt.thread and the attributes of a program: every form of each.
// RUN: ROUNDTRIP
// RUN: GENERIC_ROUNDTRIP

"test.op"() {
  args = [#tt.arg<address "A_addr" = 0>, #tt.arg<start "start_id" = 0>, #tt.arg<count "count" = 0>, #tt.arg<extent "Mt" = 32>, #tt.arg<shard "Sm" = 4>, #tt.arg<coordinate "sy" = 1>, #tt.arg<semaphore "ready" = 2>],
  abi = #tt.abi<address "A_addr" = 0, start "start_id" = 0, count "count" = 0, extent "Mt" = 32>,
  tensors = [#tt.tensor<"A", in, [64, 128], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">>, #tt.tensor<"B", out, [1, 64, 64], buffer<dram, interleaved, tile<32x32, f32>, axes [], by "user">>, #tt.tensor<"C", inout, [32, 32], buffer<l1, sharded, tile<32x32, f16>, axes ["M", "N"], by "user", nd_shard<axes ["M", "N"], grid [1, 1], shard [32, 32], order "row_major">>>],
  config = [#tt.compute_config<"LoFi", dst32 false, full_sync false>, #tt.compute_config<"HiFi2", dst32 true, full_sync false>, #tt.compute_config<"HiFi3", dst32 false, full_sync true>, #tt.compute_config<"HiFi4", dst32 true, full_sync true>]
} : () -> ()

tt.program "move" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "A_addr" = 0, start "start_id" = 0, count "count" = 0> tensors [#tt.tensor<"A", inout, [64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [{subject = "s", what = "depth", value = "2 blocks", by = "default"}] {
  %s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [2, 1]>> {
    tt.cb.push_back %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
  }
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>, <[1, 0], [1, 1]>> attributes {note = "kept"} {
    tt.compute.fill_init
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    tt.cb.pop_front %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[1, 0], [1, 1]>> {
  ^bb0:
  }
}

tt.program "empty" arch "blackhole" api "v1" config <"LoFi", dst32 true, full_sync true> abi <> tensors [] partition <"global", "contiguous", core_grid [11, 10], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] attributes {note = "kept"} {
^bb0:
}

// CHECK:      builtin.module {
// CHECK-NEXT:   "test.op"() {args = [#tt.arg<address "A_addr" = 0>, #tt.arg<start "start_id" = 0>, #tt.arg<count "count" = 0>, #tt.arg<extent "Mt" = 32>, #tt.arg<shard "Sm" = 4>, #tt.arg<coordinate "sy" = 1>, #tt.arg<semaphore "ready" = 2>], abi = #tt.abi<address "A_addr" = 0, start "start_id" = 0, count "count" = 0, extent "Mt" = 32>, tensors = [#tt.tensor<"A", in, [64, 128], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">>, #tt.tensor<"B", out, [1, 64, 64], buffer<dram, interleaved, tile<32x32, f32>, axes [], by "user">>, #tt.tensor<"C", inout, [32, 32], buffer<l1, sharded, tile<32x32, f16>, axes ["M", "N"], by "user", nd_shard<axes ["M", "N"], grid [1, 1], shard [32, 32], order "row_major">>>], config = [#tt.compute_config<"LoFi", dst32 false, full_sync false>, #tt.compute_config<"HiFi2", dst32 true, full_sync false>, #tt.compute_config<"HiFi3", dst32 false, full_sync true>, #tt.compute_config<"HiFi4", dst32 true, full_sync true>]} : () -> ()
// CHECK-NEXT:   tt.program "move" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "A_addr" = 0, start "start_id" = 0, count "count" = 0> tensors [#tt.tensor<"A", inout, [64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [{subject = "s", what = "depth", value = "2 blocks", by = "default"}] {
// CHECK-NEXT:     %s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
// CHECK-NEXT:     tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [2, 1]>> {
// CHECK-NEXT:       tt.cb.push_back %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
// CHECK-NEXT:     }
// CHECK-NEXT:     tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>, <[1, 0], [1, 1]>> attributes {note = "kept"} {
// CHECK-NEXT:       tt.compute.fill_init
// CHECK-NEXT:     }
// CHECK-NEXT:     tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
// CHECK-NEXT:       tt.cb.pop_front %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
// CHECK-NEXT:     }
// CHECK-NEXT:     tt.thread "writer" on "riscv_0" noc 1 cores <<[1, 0], [1, 1]>> {
// CHECK-NEXT:     ^bb0:
// CHECK-NEXT:     }
// CHECK-NEXT:   }
// CHECK-NEXT:   tt.program "empty" arch "blackhole" api "v1" config <"LoFi", dst32 true, full_sync true> abi <> tensors [] partition <"global", "contiguous", core_grid [11, 10], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] attributes {note = "kept"} {
// CHECK-NEXT:   ^bb0:
// CHECK-NEXT:   }
// CHECK-NEXT: }

// CHECK-GENERIC:      "builtin.module"() ({
// CHECK-GENERIC-NEXT:   "test.op"() {args = [#tt.arg<address "A_addr" = 0>, #tt.arg<start "start_id" = 0>, #tt.arg<count "count" = 0>, #tt.arg<extent "Mt" = 32>, #tt.arg<shard "Sm" = 4>, #tt.arg<coordinate "sy" = 1>, #tt.arg<semaphore "ready" = 2>], abi = #tt.abi<address "A_addr" = 0, start "start_id" = 0, count "count" = 0, extent "Mt" = 32>, tensors = [#tt.tensor<"A", in, [64, 128], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">>, #tt.tensor<"B", out, [1, 64, 64], buffer<dram, interleaved, tile<32x32, f32>, axes [], by "user">>, #tt.tensor<"C", inout, [32, 32], buffer<l1, sharded, tile<32x32, f16>, axes ["M", "N"], by "user", nd_shard<axes ["M", "N"], grid [1, 1], shard [32, 32], order "row_major">>>], config = [#tt.compute_config<"LoFi", dst32 false, full_sync false>, #tt.compute_config<"HiFi2", dst32 true, full_sync false>, #tt.compute_config<"HiFi3", dst32 false, full_sync true>, #tt.compute_config<"HiFi4", dst32 true, full_sync true>]} : () -> ()
// CHECK-GENERIC-NEXT:   "tt.program"() <{sym_name = "move", arch = "wormhole", metalium_api = "v2", config = #tt.compute_config<"HiFi4", dst32 false, full_sync false>, abi = #tt.abi<address "A_addr" = 0, start "start_id" = 0, count "count" = 0>, tensors = [#tt.tensor<"A", inout, [64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>], partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]>, decisions = [{subject = "s", what = "depth", value = "2 blocks", by = "default"}]}> ({
// CHECK-GENERIC-NEXT:     %s = "tt.cb.alloc"() <{label = "s"}> : () -> !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
// CHECK-GENERIC-NEXT:     "tt.thread"() <{role = "reader", processor = "riscv_1", noc = 0 : i32, cores = #tt.layout.core_ranges<<[0, 0], [2, 1]>>}> ({
// CHECK-GENERIC-NEXT:       "tt.cb.push_back"(%s) <{pages = 1 : i32}> : (!tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>) -> ()
// CHECK-GENERIC-NEXT:     }) : () -> ()
// CHECK-GENERIC-NEXT:     "tt.thread"() <{role = "compute", processor = "compute", noc = 0 : i32, cores = #tt.layout.core_ranges<<[0, 0], [1, 1]>, <[1, 0], [1, 1]>>}> ({
// CHECK-GENERIC-NEXT:       "tt.compute.fill_init"() : () -> ()
// CHECK-GENERIC-NEXT:     }) {note = "kept"} : () -> ()
// CHECK-GENERIC-NEXT:     "tt.thread"() <{role = "writer", processor = "riscv_0", noc = 1 : i32, cores = #tt.layout.core_ranges<<[0, 0], [1, 1]>>}> ({
// CHECK-GENERIC-NEXT:       "tt.cb.pop_front"(%s) <{pages = 1 : i32}> : (!tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>) -> ()
// CHECK-GENERIC-NEXT:     }) : () -> ()
// CHECK-GENERIC-NEXT:     "tt.thread"() <{role = "writer", processor = "riscv_0", noc = 1 : i32, cores = #tt.layout.core_ranges<<[1, 0], [1, 1]>>}> ({
// CHECK-GENERIC-NEXT:     ^bb0:
// CHECK-GENERIC-NEXT:     }) : () -> ()
// CHECK-GENERIC-NEXT:   }) : () -> ()
// CHECK-GENERIC-NEXT:   "tt.program"() <{sym_name = "empty", arch = "blackhole", metalium_api = "v1", config = #tt.compute_config<"LoFi", dst32 true, full_sync true>, abi = #tt.abi<>, tensors = [], partition = #tt.layout.partition<"global", "contiguous", core_grid [11, 10], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>, decisions = []}> ({
// CHECK-GENERIC-NEXT:   ^bb0:
// CHECK-GENERIC-NEXT:   }) {note = "kept"} : () -> ()
// CHECK-GENERIC-NEXT: }) : () -> ()
