// Final ids and depths.
// RUN: tt-opt %s -p tt-plan-cbs | filecheck %s
// RUN: tt-opt %s -p tt-plan-cbs,tt-plan-cbs | filecheck %s

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!wide = !tt.cb.buffer<tile<32x32, bf16>, block 10x10, pages 400, row_major>
!wide2 = !tt.cb.buffer<tile<32x32, bf16>, block 10x10, pages 300, row_major>

// Filled by the reader: from 0. Drained by the writer: from 16. Between compute and itself: what is
// left. Roles follow from the operations, not from order or names.
// CHECK-LABEL: tt.program "ids"
// CHECK: %sum = tt.cb.alloc "sum" id 2 :
// CHECK: %in0 = tt.cb.alloc "in0" id 0 :
// CHECK: %out0 = tt.cb.alloc "out0" id 16 unpack_to_dest :
// CHECK: %in1 = tt.cb.alloc "in1" id 1 :
// CHECK: %out1 = tt.cb.alloc "out1" id 17 :
tt.program "ids" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %sum = tt.cb.alloc "sum" : !cb
  %in0 = tt.cb.alloc "in0" : !cb
  %out0 = tt.cb.alloc "out0" unpack_to_dest : !cb
  %in1 = tt.cb.alloc "in1" : !cb
  %out1 = tt.cb.alloc "out1" : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %w1 = tt.cb.write_ptr %in1 : !cb
    %w0 = tt.cb.write_ptr %in0 : !cb
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %r1 = tt.cb.read_ptr %out1 : !cb
    %r0 = tt.cb.read_ptr %out0 : !cb
  }
}

// 1.6 MB are asked for and 1.4 MB are there: the deepest buffer gives up a block, everything that
// uses it follows, and the plan says who decided.
// CHECK-LABEL: tt.program "deep"
// CHECK-SAME: decisions [{subject = "b", what = "depth", value = "3 blocks", by = "num_stages"}, {subject = "a", what = "depth", value = "3 blocks", by = "L1 budget"}]
// CHECK: %a = tt.cb.alloc "a" id 0 : !tt.cb.buffer<tile<32x32, bf16>, block 10x10, pages 300, row_major>
// CHECK: %b = tt.cb.alloc "b" id 1 : !tt.cb.buffer<tile<32x32, bf16>, block 10x10, pages 300, row_major>
// CHECK: tt.cb.push_back %a, 100 : !tt.cb.buffer<tile<32x32, bf16>, block 10x10, pages 300, row_major>
tt.program "deep" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [{subject = "a", what = "depth", value = "4 blocks", by = "num_stages"}, {subject = "b", what = "depth", value = "3 blocks", by = "num_stages"}] {
  %a = tt.cb.alloc "a" : !wide
  %b = tt.cb.alloc "b" : !wide2
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.cb.push_back %a, 100 : !wide
    tt.cb.push_back %b, 100 : !wide2
  }
}

// A buffer whose tiles the reader makes itself is an input; one that is broadcast on the core is not.
// CHECK-LABEL: tt.program "generated"
// CHECK: %sums = tt.cb.alloc "sums" id 1 :
// CHECK: %scaler = tt.cb.alloc "scaler" id 0 :
// CHECK: %out = tt.cb.alloc "out" id 16 :
tt.program "generated" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %sums = tt.cb.alloc "sums" : !cb
  %scaler = tt.cb.alloc "scaler" : !cb
  %out = tt.cb.alloc "out" : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    tt.cb.reserve_back %scaler, 1 : !cb
    %p = tt.cb.write_ptr %scaler : !cb
    tt.noc.generate_tile "reduce_scaler" %p[%c0]
    tt.cb.push_back %scaler, 1 : !cb
  }
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %z = arith.constant 0 : index
    %g = tt.compute.dst index 0 : !tt.compute.dst<1, bf16>
    tt.compute.reduce_tile "sum" dim "row" %sums[%z], %scaler, %g[%z] : !cb, !cb, !tt.compute.dst<1, bf16>
    tt.compute.pack_block %g, %sums : !tt.compute.dst<1, bf16>, !cb
    tt.compute.pack_block %g, %out : !tt.compute.dst<1, bf16>, !cb
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %r = tt.cb.read_ptr %out : !cb
  }
}
