// What programs a unit for what it is programmed for already is an error when asked for, and only then.
// RUN: tt-opt %s --pass-pipeline='builtin.module(tt-verify{redundant-inits})' --split-input-file --verify-diagnostics | filecheck %s
// RUN: tt-opt %s -p tt-verify --split-input-file -o %t.mlir

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Every iteration programs what the one before left.
// CHECK: redundant.mlir:[[#]]:7: error: 'tt.compute.copy_init' is redundant: its units are programmed so already
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %d = tt.compute.dst index 0 : !dst
      tt.compute.copy_init %a : !cb
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
      tt.compute.tile_regs_commit
      tt.cb.pop_front %a, 1 : !cb
      tt.cb.reserve_back %a, 1 : !cb
      tt.compute.tile_regs_wait
      tt.compute.pack_block %d, %a : !dst, !cb
      tt.compute.tile_regs_release
      tt.cb.push_back %a, 1 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// On arrival, and one that says nothing new.
// CHECK: redundant.mlir:[[#]]:5: error: 'tt.compute.reconfig_pack' is redundant: its units are programmed so already
// CHECK: redundant.mlir:[[#]]:7: error: 'tt.compute.sfpu_init' is redundant: its units are programmed so already
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.copy_init %a : !cb
    tt.compute.reconfig_pack %a : !cb
    tt.compute.sfpu_init "unary" "exp"
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %d = tt.compute.dst index 0 : !dst
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
      tt.compute.sfpu_init "unary" "exp"
      tt.compute.sfpu_unary "exp" %d[%c0] : !dst
      tt.compute.tile_regs_commit
      tt.cb.pop_front %a, 1 : !cb
      tt.cb.reserve_back %a, 1 : !cb
      tt.compute.tile_regs_wait
      tt.compute.pack_block %d, %a : !dst, !cb
      tt.compute.tile_regs_release
      tt.cb.push_back %a, 1 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Nothing is masked.
// CHECK: redundant.mlir:[[#]]:7: error: 'tt.compute.reduce_uninit' is redundant: its units are programmed so already
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %d = tt.compute.dst index 0 : !dst
      tt.compute.reduce_uninit %a : !cb
      tt.compute.copy_init %a : !cb
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
      tt.compute.tile_regs_commit
      tt.cb.pop_front %a, 1 : !cb
      tt.cb.reserve_back %a, 1 : !cb
      tt.compute.tile_regs_wait
      tt.compute.pack_block %d, %a : !dst, !cb
      tt.compute.tile_regs_release
      tt.cb.push_back %a, 1 : !cb
    }
  }
}
