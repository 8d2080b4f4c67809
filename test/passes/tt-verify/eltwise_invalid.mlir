// The rules on operations between tiles in DST, one violation each.
// RUN: tt-opt %s -p tt-verify --split-input-file --verify-diagnostics | filecheck %s

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// SFPU and copy without their inits.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: 'tt.compute.copy_tile' with a stale or missing init
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: 'tt.compute.sfpu_unary' with a stale or missing SFPU init
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
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
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

// Another function's init.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: 'tt.compute.sfpu_unary' with a stale or missing SFPU init
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.copy_init %a : !cb
    tt.compute.sfpu_init "binary" "add"
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %d = tt.compute.dst index 0 : !dst
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
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

// A broadcast that is not undone, as a later iteration finds it.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: 'tt.compute.copy_tile' with a stale or missing broadcast init
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
      tt.compute.broadcast_init "col" %a, %a : !cb, !cb
      tt.compute.broadcast_tile "col" %a[%c0], %d[%c0] : !cb, !dst
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

// Undone, but what it programmed is gone then.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: 'tt.compute.broadcast_tile' with a stale or missing broadcast init
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.broadcast_init "col" %a, %a : !cb, !cb
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %d = tt.compute.dst index 0 : !dst
      tt.compute.broadcast_tile "col" %a[%c0], %d[%c0] : !cb, !dst
      tt.compute.broadcast_uninit "col" %a : !cb
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

// The edge mask of a reduction is still there when something else is packed.
// CHECK: eltwise_invalid.mlir:[[#]]:5: error: 'tt.compute.pack_block' with a stale or missing edge mask of the packer
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.reduce_init "sum" dim "row" %a, %a, %a : !cb, !cb, !cb
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    %e = tt.compute.dst index 1 : !dst
    tt.compute.reduce_tile "sum" dim "row" %a[%c0], %a, %d[%c0] : !cb, !cb, !dst
    tt.compute.copy_init %a : !cb
    tt.compute.copy_tile %a[%c0], %e[%c0] : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.pack_block %e, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// The mask is taken away before the reduced group is packed.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: 'tt.compute.pack_block' with a stale or missing edge mask of the packer
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
      tt.compute.reduce_init "sum" dim "row" %a, %a, %a : !cb, !cb, !cb
      tt.compute.reduce_tile "sum" dim "row" %a[%c0], %a, %d[%c0] : !cb, !cb, !dst
      tt.compute.reduce_uninit %a : !cb
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

// Pages that were not waited for.
// CHECK: eltwise_invalid.mlir:[[#]]:5: error: 'tt.compute.fpu_binary' on pages that were not waited for
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.fpu_binary_init "mul" broadcast "none" %a, %a : !cb, !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.fpu_binary "mul" broadcast "none" %a[%c0], %a[%c0], %d[%c0] : !cb, !cb, !dst
    tt.compute.tile_regs_commit
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

// In the wrong phase.
// CHECK: eltwise_invalid.mlir:[[#]]:5: error: 'tt.compute.sfpu_unary' while DST is in state 'committed'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.copy_init %a : !cb
    tt.compute.sfpu_init "unary" "exp"
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
    tt.compute.tile_regs_commit
    tt.compute.sfpu_unary "exp" %d[%c0] : !dst
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

// A tile outside its group.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: tile 1 of a DST group of 1
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.copy_init %a : !cb
    tt.compute.sfpu_init "unary" "exp"
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %d = tt.compute.dst index 0 : !dst
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
      tt.compute.sfpu_unary "exp" %d[%c1] : !dst
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

// Two live groups on one tile.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: two DST groups share tiles and are live at once
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.copy_init %a : !cb
    tt.compute.sfpu_init "binary" "add"
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %d = tt.compute.dst index 1 : !dst
      %e = tt.compute.dst index 1 : !dst
      tt.compute.copy_tile %a[%c0], %d[%c0] : !cb, !dst
      tt.compute.copy_tile %a[%c0], %e[%c0] : !cb, !dst
      tt.compute.sfpu_binary "add" %d, %e into %d at %c0 : !dst, !dst, !dst
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

// A product on top of what an earlier group left.
// CHECK: eltwise_invalid.mlir:[[#]]:7: error: a DST group takes over tiles and adds to what an earlier one left there
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <count "n" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    tt.compute.copy_init %a : !cb
    scf.for %i = %c0 to %n step %c1 {
      tt.cb.wait_front %a, 1 : !cb
      tt.compute.tile_regs_acquire
      %e = tt.compute.dst index 0 : !dst
      %d = tt.compute.dst index 0 : !dst
      tt.compute.copy_tile %a[%c0], %e[%c0] : !cb, !dst
      tt.compute.fpu_binary_init "mul" broadcast "none" %a, %a : !cb, !cb
      tt.compute.fpu_binary "mul" broadcast "none" %a[%c0], %a[%c0], %d[%c0] : !cb, !cb, !dst
      tt.compute.copy_init %a : !cb
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
