// What keeps every rule passes and is not changed.
// RUN: tt-opt %s --split-input-file -o %t.before.mlir
// RUN: tt-opt %s -p tt-verify --split-input-file -o %t.after.mlir
// RUN: diff %t.before.mlir %t.after.mlir

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// One block after the other from DRAM to DRAM.
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [#tt.tensor<"X", inout, [64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Tiles in place in one buffer: popped before their pages are reserved again.
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Either branch takes the page; the first adds a broadcast row to it and undoes the broadcast.
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %n = tt.noc.runtime_arg 0 : index
    %on = arith.cmpi eq, %n, %c0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    scf.if %on {
      tt.compute.broadcast_init "row" %a, %a : !cb, !cb
      tt.compute.broadcast_tile "row" %a[%c0], %d[%c0] : !cb, !dst
      tt.compute.broadcast_uninit "row" %a : !cb
      tt.cb.pop_front %a, 1 : !cb
    } else {
      tt.compute.copy_init %a : !cb
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
      tt.cb.pop_front %a, 1 : !cb
    }
    tt.compute.sfpu_init "unary" "exp"
    tt.compute.sfpu_unary "exp" %d[%c0] : !dst
    tt.compute.tile_regs_commit
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}
