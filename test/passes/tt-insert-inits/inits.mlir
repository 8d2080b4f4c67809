// Startup, inits and format changes stand exactly where the state of a unit differs.
// RUN: tt-opt %s -p tt-insert-inits --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-insert-inits,tt-insert-inits | filecheck %s

!bf16 = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
!f16 = !tt.cb.buffer<tile<32x32, f16>, block 2x2, pages 4, row_major>
!f32 = !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
!dst = !tt.compute.dst<4, f32>

// A product: in0 goes to SrcB, in1 to SrcA, known after the startup. Its init stands before the loop,
// because every iteration needs the same; so does nothing else.
// CHECK-LABEL: tt.program "product"
// CHECK:      tt.thread "compute"
// CHECK-NEXT:   tt.compute.hw_startup matmul %a, %b, %c
// CHECK-NEXT:   %c0 = arith.constant
// CHECK:        tt.compute.matmul_block_init %a, %b rt 2 ct 2 kt 4 transpose true
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     tt.compute.dst
// CHECK-NEXT:     tt.compute.matmul_block
// CHECK-NEXT:     tt.compute.pack_block
// CHECK-NEXT:   }
// CHECK-NEXT: }
// CHECK-NEXT: tt.thread "writer"
// CHECK-NEXT:   tt.noc.write_barrier
tt.program "product" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !bf16
  %b = tt.cb.alloc "b" : !f16
  %c = tt.cb.alloc "c" : !f32
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    scf.for %i = %c0 to %n step %c1 {
      %dst = tt.compute.dst : !dst
      tt.compute.matmul_block %a[%c0], %b[%c0], %dst rt 2 ct 2 kt 4 transpose true : !bf16, !f16, !dst
      tt.compute.pack_block %dst, %c : !dst, !f32
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    tt.noc.write_barrier noc 1
  }
}

// Copy and product take turns (an accumulator is reloaded): each iteration programs both, and changes
// SrcA from fp32 to bf16 and back; the packer stays as it is.
// CHECK-LABEL: tt.program "reload"
// CHECK:      tt.compute.hw_startup %rc, %rc, %rc
// CHECK:      scf.for
// CHECK:        tt.compute.reconfig_srca %rc
// CHECK-NEXT:   tt.compute.copy_init %rc
// CHECK-NEXT:   tt.compute.copy_block %rc
// CHECK-NEXT:   tt.compute.reconfig_srca %ra
// CHECK:        tt.compute.matmul_block_init %ra, %ra rt 2 ct 2 kt 1 transpose false
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     tt.compute.matmul_block
// CHECK-NEXT:   }
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT: }
tt.program "reload" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %ra = tt.cb.alloc "a" : !bf16
  %rc = tt.cb.alloc "c" unpack_to_dest : !f32
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %n = tt.noc.runtime_arg 0 : index
    scf.for %i = %c0 to %n step %c1 {
      %dst = tt.compute.dst : !dst
      tt.compute.copy_block %rc[%c0], %dst : !f32, !dst
      scf.for %k = %c0 to %c2 step %c1 {
        tt.compute.matmul_block %ra[%k], %ra[%k], %dst rt 2 ct 2 kt 1 transpose false : !bf16, !bf16, !dst
      }
      tt.compute.pack_block %dst, %rc : !dst, !f32
    }
  }
}

// Transpose, fill, another format to pack; a loop that ends as it begins is prepared before it; after a
// loop that may not run nothing is known.
// CHECK-LABEL: tt.program "mixed"
// CHECK:      tt.compute.hw_startup %ma, %ma, %mb
// CHECK:      tt.compute.transpose_init %ma
// CHECK-NEXT: tt.compute.transpose_tile %ma
// CHECK-NEXT: tt.compute.pack_block %{{.*}}, %mb
// CHECK:      tt.compute.fill_init
// CHECK-NEXT: tt.compute.fill_tile
// CHECK-NEXT: tt.compute.fill_tile
// CHECK-NEXT: tt.compute.reconfig_pack %mc
// CHECK-NEXT: tt.compute.pack_block %{{.*}}, %mc
// CHECK:      tt.compute.copy_init %ma
// CHECK:      scf.for
// CHECK:        tt.compute.dst
// CHECK-NEXT:   tt.compute.copy_block %ma
// CHECK:        tt.compute.transpose_init %ma
// CHECK:        tt.compute.copy_init %ma
// CHECK:      }
// CHECK:      tt.compute.transpose_init %ma
// CHECK-NEXT: tt.compute.transpose_tile %ma
tt.program "mixed" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %ma = tt.cb.alloc "a" : !bf16
  %mb = tt.cb.alloc "b" : !bf16
  %mc = tt.cb.alloc "c" : !f32
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tt.noc.runtime_arg 0 : index
    %x = tt.compute.dst : !dst
    tt.compute.transpose_tile %ma[%c0], %x[%c0] : !bf16, !dst
    tt.compute.pack_block %x, %mb : !dst, !bf16
    %y = tt.compute.dst : !dst
    tt.compute.fill_tile 1.0, %y[%c0] : !dst
    tt.compute.fill_tile 2.0, %y[%c1] : !dst
    tt.compute.pack_block %y, %mc : !dst, !f32
    scf.for %i = %c0 to %n step %c1 {
      %d = tt.compute.dst : !dst
      tt.compute.copy_block %ma[%c0], %d : !bf16, !dst
      tt.compute.transpose_tile %ma[%c0], %d[%c0] : !bf16, !dst
      tt.compute.copy_block %ma[%c0], %d : !bf16, !dst
      tt.compute.pack_block %d, %mc : !dst, !f32
    }
    %z = tt.compute.dst : !dst
    tt.compute.transpose_tile %ma[%c0], %z[%c0] : !bf16, !dst
    tt.compute.pack_block %z, %mc : !dst, !f32
  }
}

// Cleared DST is packed and nothing unpacked: the startup needs some buffer for its sources.
// CHECK-LABEL: tt.program "zeros"
// CHECK:      tt.compute.hw_startup %zc, %zc, %zc
// CHECK-NOT:  init
// CHECK:      tt.compute.pack_block
tt.program "zeros" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %zc = tt.cb.alloc "c" : !f32
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %y = tt.compute.dst : !dst
    tt.compute.pack_block %y, %zc : !dst, !f32
  }
}
