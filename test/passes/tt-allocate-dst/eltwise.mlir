// Groups of a window share tiles where their lives allow it.
// RUN: tt-opt %s -p tt-allocate-dst --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-allocate-dst,tt-allocate-dst | filecheck %s

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x3, pages 3, row_major>
!dst = !tt.compute.dst<3, bf16>
!one = !tt.compute.dst<1, bf16>

// Nine tiles in eight: y is dead when z is copied, so z takes its place. A loop is one place, a branch
// too; only the group that leaves the window is packed.
// CHECK-LABEL: tt.program "share"
// CHECK:      tt.compute.tile_regs_acquire
// CHECK-NEXT: %x = tt.compute.dst index 0
// CHECK-NEXT: %y = tt.compute.dst index 3
// CHECK-NEXT: %z = tt.compute.dst index 3
// CHECK:        tt.compute.sfpu_unary "exp" %x
// CHECK-NEXT: }
// CHECK-NEXT: tt.compute.tile_regs_commit
// CHECK-NEXT: tt.compute.tile_regs_wait
// CHECK-NEXT: tt.compute.pack_block %x
// CHECK-NEXT: tt.compute.tile_regs_release
tt.program "share" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %x = tt.compute.dst : !dst
    %y = tt.compute.dst : !dst
    %z = tt.compute.dst : !dst
    scf.for %i = %c0 to %c3 step %c1 {
      tt.compute.copy_tile %a[%i], %x[%i] : !cb, !dst
      tt.compute.broadcast_tile "col" %a[%c0], %y[%i] : !cb, !dst
    }
    scf.for %j = %c0 to %c3 step %c1 {
      tt.compute.sfpu_binary "sub" %x, %y into %x at %j : !dst, !dst, !dst
    }
    scf.for %k = %c0 to %c3 step %c1 {
      %on = arith.cmpi eq, %k, %c1 : index
      scf.if %on {
        tt.compute.fill_tile 2.0, %z[%k] : !dst
        tt.compute.sfpu_binary "add" %x, %z into %x at %k : !dst, !dst, !dst
      }
      tt.compute.sfpu_unary "exp" %x[%k] : !dst
    }
    tt.compute.pack_block %x, %a : !dst, !cb
  }
}

// The FPU's mul and reduce_tile add to what is there: their groups take tiles nobody has used. A sum
// overwrites, and takes over the tile of the product.
// CHECK-LABEL: tt.program "zeros"
// CHECK:      tt.compute.tile_regs_acquire
// CHECK-NEXT: %p = tt.compute.dst index 2
// CHECK-NEXT: %q = tt.compute.dst index 3
// CHECK-NEXT: %r = tt.compute.dst index 0
// CHECK-NEXT: %s = tt.compute.dst index 1
// CHECK-NEXT: %t = tt.compute.dst index 0
tt.program "zeros" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %p = tt.compute.dst : !one
    %q = tt.compute.dst : !one
    %r = tt.compute.dst : !one
    %s = tt.compute.dst : !one
    %t = tt.compute.dst : !one
    tt.compute.fill_tile 0.0, %p[%c0] : !one
    tt.compute.copy_tile %a[%c0], %q[%c0] : !cb, !one
    tt.compute.sfpu_binary "add" %p, %q into %p at %c0 : !one, !one, !one
    tt.compute.fpu_binary "mul" broadcast "none" %a[%c0], %a[%c0], %r[%c0] : !cb, !cb, !one
    tt.compute.sfpu_binary "add" %p, %r into %p at %c0 : !one, !one, !one
    tt.compute.reduce_tile "sum" dim "row" %a[%c0], %a, %s[%c0] : !cb, !cb, !one
    tt.compute.sfpu_binary "add" %p, %s into %p at %c0 : !one, !one, !one
    tt.compute.fpu_binary "add" broadcast "none" %a[%c0], %a[%c0], %t[%c0] : !cb, !cb, !one
    tt.compute.sfpu_binary "add" %p, %t into %p at %c0 : !one, !one, !one
    tt.compute.pack_block %p, %a : !one, !cb
  }
}

// A group that is overwritten in part only is packed with zeros in the rest: it relies on them.
// CHECK-LABEL: tt.program "part"
// CHECK:      %u = tt.compute.dst index 6
// CHECK-NEXT: %v = tt.compute.dst index 3
// CHECK-NEXT: %w = tt.compute.dst index 0
tt.program "part" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %u = tt.compute.dst : !one
    %v = tt.compute.dst : !dst
    %w = tt.compute.dst : !dst
    scf.for %i = %c0 to %c3 step %c1 {
      tt.compute.copy_tile %a[%i], %v[%i] : !cb, !dst
    }
    tt.compute.copy_dst %v into %u at %c0 : !dst, !one
    scf.for %i1 = %c1 to %c3 step %c1 {
      tt.compute.copy_tile %a[%i1], %w[%i1] : !cb, !dst
    }
    tt.compute.pack_block %u, %a : !one, !cb
    tt.compute.pack_block %w, %a : !dst, !cb
  }
}
