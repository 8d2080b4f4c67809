// DST groups get their first tile and stand between acquire and release.
// RUN: tt-opt %s -p tt-allocate-dst --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-allocate-dst,tt-allocate-dst | filecheck %s

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
!dst = !tt.compute.dst<4, bf16>
!one = !tt.compute.dst<1, bf16>

tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  %b = tt.cb.alloc "b" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index

    // Math ends before packing; the reservation may stand between them. Loops count as their contents.
    // CHECK:      tt.cb.wait_front %a, 4
    // CHECK-NEXT: tt.compute.tile_regs_acquire
    // CHECK-NEXT: %dst = tt.compute.dst index 0
    // CHECK-NEXT: scf.for %k = %c0 to %c4 step %c1 {
    // CHECK-NEXT:   tt.compute.matmul_block
    // CHECK-NEXT: }
    // CHECK-NEXT: tt.compute.tile_regs_commit
    // CHECK-NEXT: tt.cb.pop_front %a, 4
    // CHECK-NEXT: tt.cb.reserve_back %b, 4
    // CHECK-NEXT: tt.compute.tile_regs_wait
    // CHECK-NEXT: tt.compute.pack_block %dst, %b
    // CHECK-NEXT: tt.compute.tile_regs_release
    // CHECK-NEXT: tt.cb.push_back %b, 4
    tt.cb.wait_front %a, 4 : !cb
    %dst = tt.compute.dst : !dst
    scf.for %k = %c0 to %c4 step %c1 {
      tt.compute.matmul_block %a[%k], %a[%c0], %dst rt 2 ct 2 kt 1 transpose false : !cb, !cb, !dst
    }
    tt.cb.pop_front %a, 4 : !cb
    tt.cb.reserve_back %b, 4 : !cb
    tt.compute.pack_block %dst, %b : !dst, !cb
    tt.cb.push_back %b, 4 : !cb

    // A group without math (cleared DST) is committed at once; windows in loops are the loop's.
    // CHECK-NEXT: scf.for %i = %c0 to %c4 step %c1 {
    // CHECK-NEXT:   tt.compute.tile_regs_acquire
    // CHECK-NEXT:   %zero = tt.compute.dst index 0
    // CHECK-NEXT:   tt.compute.tile_regs_commit
    // CHECK-NEXT:   tt.cb.reserve_back %b, 1
    // CHECK-NEXT:   tt.compute.tile_regs_wait
    // CHECK-NEXT:   tt.compute.pack_block %zero, %b
    // CHECK-NEXT:   tt.compute.tile_regs_release
    // CHECK-NEXT:   tt.cb.push_back %b, 1
    // CHECK-NEXT: }
    scf.for %i = %c0 to %c4 step %c1 {
      %zero = tt.compute.dst : !one
      tt.cb.reserve_back %b, 1 : !cb
      tt.compute.pack_block %zero, %b : !one, !cb
      tt.cb.push_back %b, 1 : !cb
    }

    // Two groups that are live together share a window and stand side by side.
    // CHECK-NEXT: tt.compute.tile_regs_acquire
    // CHECK-NEXT: %x = tt.compute.dst index 0 : !tt.compute.dst<4, bf16>
    // CHECK-NEXT: tt.compute.copy_block %a[%c0], %x
    // CHECK-NEXT: %y = tt.compute.dst index 4 : !tt.compute.dst<1, bf16>
    // CHECK-NEXT: tt.compute.copy_block %a[%c1], %y
    // CHECK-NEXT: tt.compute.tile_regs_commit
    // CHECK-NEXT: tt.compute.tile_regs_wait
    // CHECK-NEXT: tt.compute.pack_block %x, %b
    // CHECK-NEXT: tt.compute.pack_block %y, %b
    // CHECK-NEXT: tt.compute.tile_regs_release
    %x = tt.compute.dst : !dst
    tt.compute.copy_block %a[%c0], %x : !cb, !dst
    %y = tt.compute.dst : !one
    tt.compute.copy_block %a[%c1], %y : !cb, !one
    tt.compute.pack_block %x, %b : !dst, !cb
    tt.compute.pack_block %y, %b : !one, !cb

    // The next group begins where the others are packed: a window of its own, again from tile 0.
    // CHECK-NEXT: tt.compute.tile_regs_acquire
    // CHECK-NEXT: %z = tt.compute.dst index 0
    // CHECK-NEXT: tt.compute.copy_block %a[%c0], %z
    // CHECK-NEXT: tt.compute.tile_regs_commit
    // CHECK-NEXT: tt.compute.tile_regs_wait
    // CHECK-NEXT: tt.compute.pack_block %z, %b
    // CHECK-NEXT: tt.compute.tile_regs_release
    %z = tt.compute.dst : !dst
    tt.compute.copy_block %a[%c0], %z : !cb, !dst
    tt.compute.pack_block %z, %b : !dst, !cb
  }
}
