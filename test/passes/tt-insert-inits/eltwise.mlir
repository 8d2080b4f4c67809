// Inits of broadcasts, reductions, FPU and SFPU operations, and where they are undone.
// RUN: tt-opt %s -p tt-insert-inits --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-insert-inits,tt-insert-inits | filecheck %s

!bf16 = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!f32 = !tt.cb.buffer<tile<32x32, f32>, block 1x2, pages 4, row_major>
!dst = !tt.compute.dst<2, f32>
!one = !tt.compute.dst<1, f32>

// exp(x - m) per chunk: the broadcast is undone before the next chunk copies, and names the buffer that
// its group is packed to. Functions that share an init need it once.
// CHECK-LABEL: tt.program "softmax"
// CHECK:      tt.compute.hw_startup %x, %x, %r
// CHECK:      scf.for
// CHECK:        tt.compute.copy_init %x
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     tt.compute.copy_tile
// CHECK-NEXT:   }
// CHECK-NEXT:   tt.compute.broadcast_init "col" %m, %r
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     tt.compute.broadcast_tile
// CHECK-NEXT:   }
// CHECK-NEXT:   tt.compute.broadcast_uninit "col" %m
// CHECK-NEXT:   tt.compute.sfpu_init "binary" "sub"
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     tt.compute.sfpu_binary "sub"
// CHECK-NEXT:   }
// CHECK-NEXT:   tt.compute.sfpu_init "unary" "exp"
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     tt.compute.sfpu_unary "exp"
// CHECK-NEXT:   }
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT: }
tt.program "softmax" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %x = tt.cb.alloc "x" : !bf16
  %m = tt.cb.alloc "m" : !bf16
  %r = tt.cb.alloc "r" : !bf16
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %n = tt.noc.runtime_arg 0 : index
    scf.for %i = %c0 to %n step %c1 {
      %g0 = tt.compute.dst : !dst
      %g1 = tt.compute.dst : !dst
      scf.for %t = %c0 to %c2 step %c1 {
        tt.compute.copy_tile %x[%t], %g0[%t] : !bf16, !dst
      }
      scf.for %t1 = %c0 to %c2 step %c1 {
        tt.compute.broadcast_tile "col" %m[%c0], %g1[%t1] : !bf16, !dst
      }
      scf.for %t2 = %c0 to %c2 step %c1 {
        tt.compute.sfpu_binary "sub" %g0, %g1 into %g0 at %t2 : !dst, !dst, !dst
      }
      scf.for %t3 = %c0 to %c2 step %c1 {
        tt.compute.sfpu_unary "exp" %g0[%t3] : !dst
      }
      tt.compute.pack_block %g0, %r : !dst, !bf16
    }
  }
}

// A loop of one kind is prepared before it and undone after it, where something else follows.
// CHECK-LABEL: tt.program "steady"
// CHECK:      tt.compute.hw_startup %px, %ps, %po
// CHECK:      tt.compute.reduce_init "sum" dim "row" %px, %ps, %po
// CHECK-NEXT: scf.for
// CHECK-NEXT:   tt.compute.dst
// CHECK-NEXT:   tt.compute.reduce_tile
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT: }
// CHECK-NEXT: tt.compute.reduce_uninit %px
// CHECK-NEXT: tt.compute.reconfig_srcb %px
// CHECK-NEXT: tt.compute.broadcast_init "row" %px, %po
// CHECK-NEXT: scf.for
// CHECK-NEXT:   tt.compute.dst
// CHECK-NEXT:   tt.compute.broadcast_tile
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT: }
// CHECK-NEXT: tt.compute.broadcast_uninit "row" %px
// CHECK-NEXT: tt.compute.reconfig_srcb %ps
// CHECK-NEXT: tt.compute.fpu_binary_init "mul" broadcast "col" %px, %ps
// CHECK-NEXT: scf.for
// CHECK-NEXT:   tt.compute.dst
// CHECK-NEXT:   tt.compute.fpu_binary "mul" broadcast "col"
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT: }
tt.program "steady" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %px = tt.cb.alloc "x" : !bf16
  %ps = tt.cb.alloc "s" : !f32
  %po = tt.cb.alloc "o" : !bf16
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    scf.for %i = %c0 to %n step %c1 {
      %g = tt.compute.dst : !one
      tt.compute.reduce_tile "sum" dim "row" %px[%c0], %ps, %g[%c0] : !bf16, !f32, !one
      tt.compute.pack_block %g, %po : !one, !bf16
    }
    scf.for %i1 = %c0 to %n step %c1 {
      %g = tt.compute.dst : !one
      tt.compute.broadcast_tile "row" %px[%c0], %g[%c0] : !bf16, !one
      tt.compute.pack_block %g, %po : !one, !bf16
    }
    scf.for %i2 = %c0 to %n step %c1 {
      %g = tt.compute.dst : !one
      tt.compute.fpu_binary "mul" broadcast "col" %px[%c0], %ps[%c0], %g[%c0] : !bf16, !f32, !one
      tt.compute.pack_block %g, %po : !one, !bf16
    }
  }
}

// The edge mask is for the packs of reduced groups: taken away before another, set again after.
// CHECK-LABEL: tt.program "mask"
// CHECK:      tt.compute.reduce_init "max" dim "col" %kx, %kx, %ko
// CHECK-NEXT: tt.compute.reduce_tile
// CHECK-NEXT: tt.compute.reduce_uninit %kx
// CHECK-NEXT: tt.compute.copy_init %kx
// CHECK-NEXT: tt.compute.copy_tile
// CHECK-NEXT: tt.compute.pack_block %q
// CHECK-NEXT: tt.compute.reduce_init "max" dim "col" %kx, %kx, %ko
// CHECK-NEXT: tt.compute.pack_block %p
// CHECK-NEXT: tt.compute.reduce_uninit %kx
// CHECK-NEXT: %z = tt.compute.dst
// CHECK-NEXT: tt.compute.sfpu_init "scalar" "add"
// CHECK-NEXT: tt.compute.sfpu_scalar "add"
// CHECK-NEXT: tt.compute.sfpu_scalar "mul"
// CHECK-NEXT: tt.compute.copy_dst_init
// CHECK-NEXT: tt.compute.copy_dst
// CHECK-NEXT: tt.compute.pack_block %z
tt.program "mask" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %kx = tt.cb.alloc "x" : !bf16
  %ko = tt.cb.alloc "o" : !bf16
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %v = arith.constant 2.0 : f32
    %p = tt.compute.dst : !one
    %q = tt.compute.dst : !one
    tt.compute.reduce_tile "max" dim "col" %kx[%c0], %kx, %p[%c0] : !bf16, !bf16, !one
    tt.compute.copy_tile %kx[%c0], %q[%c0] : !bf16, !one
    tt.compute.pack_block %q, %ko : !one, !bf16
    tt.compute.pack_block %p, %ko : !one, !bf16
    %z = tt.compute.dst : !one
    tt.compute.sfpu_scalar "add" %z[%c0], %v : !one
    tt.compute.sfpu_scalar "mul" %z[%c0], %v : !one
    tt.compute.copy_dst %z into %z at %c0 : !one, !one
    tt.compute.pack_block %z, %ko : !one, !bf16
  }
}

// A branch that some iterations take: after it the copy is prepared again, because the state on one of
// the two paths is another; SrcA is not, it is back in the format of %dx for the broadcast.
// CHECK-LABEL: tt.program "diagonal"
// CHECK:      scf.for
// CHECK:        tt.compute.copy_init %dx
// CHECK-NEXT:   tt.compute.copy_tile %dx
// CHECK-NEXT:   arith.cmpi
// CHECK-NEXT:   scf.if
// CHECK-NEXT:     tt.compute.reconfig_srca %dm
// CHECK-NEXT:     tt.compute.copy_init %dm
// CHECK-NEXT:     tt.compute.copy_tile %dm
// CHECK-NEXT:     tt.compute.reconfig_srca %dx
// CHECK-NEXT:     tt.compute.broadcast_init "row" %dx, %do
// CHECK-NEXT:     tt.compute.broadcast_tile
// CHECK-NEXT:     tt.compute.broadcast_uninit "row" %dx
// CHECK-NEXT:     tt.compute.sfpu_init "binary" "add"
// CHECK-NEXT:     tt.compute.sfpu_binary
// CHECK-NEXT:   }
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT: }
tt.program "diagonal" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %dx = tt.cb.alloc "x" : !bf16
  %dm = tt.cb.alloc "m" unpack_to_dest : !f32
  %do = tt.cb.alloc "o" : !bf16
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    scf.for %i = %c0 to %n step %c1 {
      %x = tt.compute.dst : !one
      %m = tt.compute.dst : !one
      tt.compute.copy_tile %dx[%c0], %x[%c0] : !bf16, !one
      %on = arith.cmpi eq, %i, %n : index
      scf.if %on {
        tt.compute.copy_tile %dm[%c0], %m[%c0] : !f32, !one
        tt.compute.broadcast_tile "row" %dx[%c0], %m[%c0] : !bf16, !one
        tt.compute.sfpu_binary "add" %x, %m into %x at %c0 : !one, !one, !one
      }
      tt.compute.pack_block %x, %do : !one, !bf16
    }
  }
}
