// RUN: tt-opt %s -t metalium-reader | filecheck %s --check-prefix=READER
// RUN: tt-opt %s -t metalium-compute | filecheck %s --check-prefix=COMPUTE
// Every operation of METALIUM that is spelled by the table and is not in gemm_metalium.mlir.

!buffer = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 8, row_major>

builtin.module {
  tt.program "rows" arch "blackhole" api "v2" config <"HiFi2", dst32 false, full_sync false>
      abi <address "X_addr" = 0, start "start_id" = 0, count "count" = 0, coordinate "x" = 0, semaphore "ready_id" = 0>
      tensors [#tt.tensor<"X", in, [64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>]
      partition <"global", "contiguous", core_grid [11, 10], blocks [2], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [{subject = "fidelity", value = "HiFi2", by = "user"}] {
    %X_cb = tt.cb.alloc "X_cb" id 0 : !buffer
    %Y_cb = tt.cb.alloc "Y_cb" id 1 : !buffer
    %ready = tt.noc.semaphore "ready" initial 0 id 0 : !tt.noc.semaphore
    tt.thread "reader" on "riscv_1" noc 1 cores <<[0, 0], [2, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %n = tt.noc.runtime_arg 3 : index
      %x, %y = tt.noc.core_coord : index, index
      %low = arith.minui %x, %y : index
      %high = arith.maxsi %low, %n : index
      %up = arith.ceildivui %high, %c2 : index
      %first = arith.cmpi eq, %up, %c0 : index
      %less = arith.cmpi slt, %x, %n : index
      %both = arith.andi %first, %less : i1
      %far = arith.select %both, %x, %y : index
      tt.cb.reserve_back %X_cb, 4 : !buffer
      %p = tt.cb.write_ptr %X_cb : !buffer
      scf.if %first {
        tt.noc.semaphore_wait %ready, %c1
        tt.noc.semaphore_set %ready, %c0
        tt.noc.multicast %p, %X_cb, 4 to (%x, %c0), (%far, %c2) dests 3 noc 1 : !buffer
        tt.noc.writes_flushed noc 1
        tt.noc.multicast %p, %X_cb, 4 to (%x, %c0), (%y, %c2) dests 4 loopback linked noc 1 : !buffer
        tt.noc.semaphore_set_multicast %ready to (%c0, %c0), (%c1, %c2) dests 3 noc 1
        tt.noc.semaphore_set_multicast %ready to (%c0, %c0), (%c1, %c2) dests 3 loopback noc 1
      } else {
        tt.noc.semaphore_inc %ready at (%c0, %c1), %c1 noc 1
        tt.noc.atomic_barrier noc 1
        tt.noc.semaphore_wait_min %ready, %c1
      }
      tt.cb.push_back %X_cb, 4 : !buffer
    }
    // READER: #include <algorithm>
    // READER: const uint32_t ready_addr = get_semaphore(0);
    // READER-NEXT: auto* const ready = reinterpret_cast<volatile tt_l1_ptr uint32_t*>(ready_addr);
    // READER: const uint32_t x_2 = get_absolute_logical_x();
    // READER: std::max<int32_t>
    // READER: const uint32_t far = first && static_cast<int32_t>(x_2) < static_cast<int32_t>(x) ? x_2 : y;
    // READER: noc_semaphore_wait(ready, 1);
    // READER: noc_async_write_multicast(
    // READER: get_noc_multicast_addr({{.*}}, 2, {{.*}}, 0, X_cb_ptr)
    // READER: noc_async_writes_flushed();
    // READER: noc_async_write_multicast_loopback_src(
    // READER: } else {
    // READER: noc_semaphore_inc(get_noc_addr(0, 1, ready_addr), 1);
    // READER: noc_semaphore_wait_min(ready, 1);
    tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [2, 1]>> {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c1 = arith.constant 1 : index
      tt.compute.hw_startup %X_cb, %X_cb, %Y_cb : !buffer, !buffer, !buffer
      tt.compute.reconfig_srcb %X_cb : !buffer
      tt.compute.transpose_init %X_cb : !buffer
      tt.cb.wait_front %X_cb, 4 : !buffer
      %d = tt.compute.dst index 2 : !tt.compute.dst<4, bf16>
      tt.compute.tile_regs_acquire
      scf.for %t = %c0 to %c4 step %c1 {
        tt.compute.transpose_tile %X_cb[%t], %d[%t] : !buffer, !tt.compute.dst<4, bf16>
      }
      tt.compute.tile_regs_commit
      tt.cb.pop_front %X_cb, 4 : !buffer
      tt.cb.reserve_back %Y_cb, 4 : !buffer
      tt.compute.tile_regs_wait
      tt.compute.pack_block %d, %Y_cb : !tt.compute.dst<4, bf16>, !buffer
      tt.compute.tile_regs_release
      tt.cb.push_back %Y_cb, 4 : !buffer
    }
    // COMPUTE: compute_kernel_hw_startup(cb_X_cb, cb_X_cb, cb_Y_cb);
    // COMPUTE: reconfig_data_format_srcb(cb_X_cb);
    // COMPUTE: transpose_init(cb_X_cb);
    // COMPUTE: transpose_tile(cb_X_cb, t, 2 + t);
    // COMPUTE: pack_block(2, cb_Y_cb, Y_cb_block_tiles);
  }
}
