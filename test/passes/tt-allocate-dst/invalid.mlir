// RUN: tt-opt %s -p tt-allocate-dst --split-input-file --verify-diagnostics | filecheck %s

// CHECK: invalid.mlir:[[#]]:5: error: a DST group is never packed
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %dst = tt.compute.dst : !tt.compute.dst<1, bf16>
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>

// CHECK: invalid.mlir:[[#]]:5: error: DST is computed on after it was packed
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %dst = tt.compute.dst : !tt.compute.dst<1, bf16>
    tt.compute.pack_block %dst, %a : !tt.compute.dst<1, bf16>, !cb
    tt.compute.copy_block %a[%c0], %dst : !cb, !tt.compute.dst<1, bf16>
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>

// 32-bit DST, half of it at a time: 4 tiles.
// CHECK:      invalid.mlir:[[#]]:5: error: 5 DST tiles are live at once, the program's DST holds 4
// CHECK-NEXT: note: live: %x (4 tiles), %y (1 tile)
// CHECK-NEXT: note: fewer tiles per operation, or 16-bit accumulation
tt.program "f" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %x = tt.compute.dst : !tt.compute.dst<4, f32>
    %y = tt.compute.dst : !tt.compute.dst<1, f32>
    tt.compute.pack_block %x, %a : !tt.compute.dst<4, f32>, !cb
    tt.compute.pack_block %y, %a : !tt.compute.dst<1, f32>, !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 3x3, pages 9, row_major>

// The same with full sync: 8 tiles.
// CHECK: invalid.mlir:[[#]]:5: error: 9 DST tiles are live at once, the program's DST holds 8
tt.program "f" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync true> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %x = tt.compute.dst : !tt.compute.dst<9, f32>
    tt.compute.pack_block %x, %a : !tt.compute.dst<9, f32>, !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>

// What a group is used for must be packed too.
// CHECK: invalid.mlir:[[#]]:5: error: a DST group is never packed
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %x = tt.compute.dst : !tt.compute.dst<1, bf16>
    %y = tt.compute.dst : !tt.compute.dst<1, bf16>
    tt.compute.copy_dst %x into %y at %c0 : !tt.compute.dst<1, bf16>, !tt.compute.dst<1, bf16>
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
!one = !tt.compute.dst<1, bf16>

// Windows do not nest.
// CHECK:      invalid.mlir:[[#]]:7: error: a DST group is taken while %x of an outer block is live
// CHECK-NEXT: note: pack the outer group before, or take this one in the same block
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.compute.dst : !one
    scf.for %i = %c0 to %c1 step %c1 {
      %y = tt.compute.dst : !one
      tt.compute.pack_block %y, %a : !one, !cb
    }
    tt.compute.pack_block %x, %a : !one, !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
!one = !tt.compute.dst<1, bf16>

// CHECK: invalid.mlir:[[#]]:7: error: a DST group is not packed in the block that takes it
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.compute.dst index 0 : !one
    scf.for %i = %c0 to %c1 step %c1 {
      %y = tt.compute.dst : !one
      tt.compute.copy_dst %y into %x at %c0 : !one, !one
    }
    tt.compute.pack_block %x, %a : !one, !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 3x3, pages 9, row_major>
!three = !tt.compute.dst<3, bf16>

// The third group relies on zeros: it cannot take over what the second leaves.
// CHECK:      invalid.mlir:[[#]]:5: error: 9 DST tiles are live at once, the program's DST holds 8
// CHECK-NEXT: note: live: %x (3 tiles), %y (3 tiles), %z (3 tiles)
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %x = tt.compute.dst : !three
    %y = tt.compute.dst : !three
    %z = tt.compute.dst : !three
    tt.compute.copy_block %a[%c0], %x : !cb, !three
    tt.compute.copy_block %a[%c0], %y : !cb, !three
    tt.compute.sfpu_binary "add" %x, %y into %x at %c0 : !three, !three, !three
    tt.compute.reduce_tile "sum" dim "row" %a[%c0], %a, %z[%c0] : !cb, !cb, !three
    tt.compute.sfpu_binary "add" %x, %z into %x at %c0 : !three, !three, !three
    tt.compute.pack_block %x, %a : !three, !cb
  }
}
