// One sequential kernel becomes a program of up to three threads.
// RUN: tt-opt %s -p tt-split-threads --verify-levels | filecheck %s
// RUN: tt-opt %s -p 'tt-split-threads{metalium-api=v1}' | filecheck %s --check-prefix=V1
// RUN: not tt-opt %s -p 'tt-split-threads{metalium-api=v3}' 2>&1 | filecheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: unknown Metalium API 'v3', expected one of v2, v1
// V1: tt.program "scale" arch "wormhole" api "v1"

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
#config = #tt.compute_config<"HiFi4", dst32 false, full_sync false>
#work = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [4, 4], block_tiles [1, 2], tiles [4, 8], work [<1, <<[0, 0], [8, 2]>>>]>
!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!accessor = !tt.noc.accessor<[128, 256], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
!dst = !tt.compute.dst<2, bf16>
!tensor = memref<128x256xbf16>

// Each thread keeps the loops around its operations and the arithmetic that feeds them, nothing else:
// compute needs the number of blocks, not which ones. X is read, Y is written, Z is both.
// CHECK:      tt.program "scale" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, address "Y_addr" = 1, address "Z_addr" = 2, start "start_id" = 0, count "count" = 0>
// CHECK-SAME: tensors [#tt.tensor<"X", in, [128, 256], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>, #tt.tensor<"Y", out, [128, 256], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>, #tt.tensor<"Z", inout, [128, 256], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>]
// CHECK-SAME: partition <"global", "contiguous", core_grid [8, 8], blocks [4, 4]
// CHECK-SAME: decisions [{subject = "s", what = "depth", value = "2 blocks", by = "default"}]
// CHECK-NEXT: %s = tt.cb.alloc "s"
// CHECK-NEXT: %o = tt.cb.alloc "o"
// CHECK-NEXT: tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [8, 2]>> {
// CHECK-NEXT:   %X_addr = tt.noc.runtime_arg 0 : index
// CHECK-NEXT:   %Z_addr = tt.noc.runtime_arg 2 : index
// CHECK-NEXT:   %[[START:.*]] = tt.noc.runtime_arg 3 : index
// CHECK-NEXT:   %[[COUNT:.*]] = tt.noc.runtime_arg 4 : index
// CHECK-NOT:    runtime_arg
// CHECK:        tt.noc.accessor %X_addr : index
// CHECK:        scf.for %work = %{{.*}} to %[[COUNT]]
// CHECK-NEXT:     %[[ID:.*]] = arith.addi %[[START]], %work
// CHECK-NEXT:     %[[PAGE:.*]] = arith.muli %[[ID]]
// CHECK-NEXT:     tt.cb.reserve_back %s, 2
// CHECK-NEXT:     tt.cb.write_ptr %s
// CHECK-NEXT:     tt.noc.read_page %{{.*}}[%[[PAGE]]], %{{.*}} noc 0
// CHECK-NEXT:     tt.noc.read_page %{{.*}} noc 0
// CHECK-NEXT:     tt.noc.read_barrier noc 0
// CHECK-NEXT:     tt.cb.push_back %s, 2
// CHECK-NEXT:   }
// CHECK-NEXT: }
// CHECK-NEXT: tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [8, 2]>> {
// CHECK-NEXT:   %[[COUNT:.*]] = tt.noc.runtime_arg 4 : index
// CHECK-NOT:    arith.addi
// CHECK:        scf.for %{{.*}} to %[[COUNT]]
// CHECK-NEXT:     tt.cb.wait_front %s, 2
// CHECK-NEXT:     tt.compute.dst
// CHECK-NEXT:     tt.compute.copy_block
// CHECK-NEXT:     tt.cb.reserve_back %o, 2
// CHECK-NEXT:     tt.compute.pack_block
// CHECK-NEXT:     tt.cb.push_back %o, 2
// CHECK-NEXT:     tt.cb.pop_front %s, 2
// CHECK-NEXT:   }
// CHECK-NEXT: }
// CHECK-NEXT: tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [8, 2]>> {
// CHECK:        scf.for
// CHECK:          tt.cb.wait_front %o, 2
// CHECK-NEXT:     tt.cb.read_ptr %o
// CHECK-NEXT:     tt.noc.write_page %{{.*}} noc 1
// CHECK-NEXT:     tt.noc.write_page %{{.*}} noc 1
// CHECK-NEXT:     tt.noc.write_barrier noc 1
// CHECK-NEXT:     tt.cb.pop_front %o, 2
func.func @scale(%X: !tensor {tt.name = "X", tt.layout = #bf16}, %Y: !tensor {tt.name = "Y", tt.layout = #bf16}, %Z: !tensor {tt.name = "Z", tt.layout = #bf16}, %start: index, %count: index) attributes {tt.arch = "wormhole", tt.config = #config, tt.partition = #work, tt.decisions = [{subject = "s", what = "depth", value = "2 blocks", by = "default"}], tt.abi = #tt.abi<address "X_addr" = 0, address "Y_addr" = 1, address "Z_addr" = 2, start "start_id" = 0, count "count" = 0>} {
  %s = tt.cb.alloc "s" : !cb
  %o = tt.cb.alloc "o" : !cb
  %x = tt.noc.accessor %X : !tensor -> !accessor
  %y = tt.noc.accessor %Y : !tensor -> !accessor
  %z = tt.noc.accessor %Z : !tensor -> !accessor
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  scf.for %work = %c0 to %count step %c1 {
    %id = arith.addi %start, %work : index
    %page = arith.muli %id, %c2 : index
    tt.cb.reserve_back %s, 2 : !cb
    %p = tt.cb.write_ptr %s : !cb
    tt.noc.read_page %x[%page], %p[%c0] : !accessor
    tt.noc.read_page %z[%page], %p[%c1] : !accessor
    tt.noc.read_barrier
    tt.cb.push_back %s, 2 : !cb
    tt.cb.wait_front %s, 2 : !cb
    %dst = tt.compute.dst : !dst
    tt.compute.copy_block %s[%c0], %dst : !cb, !dst
    tt.cb.reserve_back %o, 2 : !cb
    tt.compute.pack_block %dst, %o : !dst, !cb
    tt.cb.push_back %o, 2 : !cb
    tt.cb.pop_front %s, 2 : !cb
    tt.cb.wait_front %o, 2 : !cb
    %q = tt.cb.read_ptr %o : !cb
    tt.noc.write_page %y[%page], %q[%c0] : !accessor
    tt.noc.write_page %z[%page], %q[%c1] : !accessor
    tt.noc.write_barrier
    tt.cb.pop_front %o, 2 : !cb
  }
  func.return
}

// Nothing is read: no reader. A loop that does nothing for a thread is gone from it.
// CHECK:      tt.program "fill"
// CHECK-NOT:  "reader"
// CHECK:      tt.thread "compute" on "compute"
// CHECK:        scf.for %tile
// CHECK-NEXT:     tt.compute.fill_tile
// CHECK:      tt.thread "writer"
// CHECK-NOT:    scf.for
// CHECK:        tt.noc.writes_flushed noc 1
func.func @fill(%X: !tensor {tt.name = "X", tt.layout = #bf16}) attributes {tt.arch = "wormhole", tt.config = #config, tt.partition = #work, tt.abi = #tt.abi<address "X_addr" = 0>} {
  %o = tt.cb.alloc "o" : !cb
  %x = tt.noc.accessor %X : !tensor -> !accessor
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %dst = tt.compute.dst : !dst
  scf.for %tile = %c0 to %c2 step %c1 {
    tt.compute.fill_tile 1.0, %dst[%tile] : !dst
  }
  tt.cb.reserve_back %o, 2 : !cb
  tt.compute.pack_block %dst, %o : !dst, !cb
  tt.cb.push_back %o, 2 : !cb
  tt.cb.wait_front %o, 2 : !cb
  %q = tt.cb.read_ptr %o : !cb
  tt.noc.write_page %x[%c0], %q[%c0] : !accessor
  tt.noc.writes_flushed
  tt.cb.pop_front %o, 2 : !cb
  tt.noc.write_barrier
  func.return
}
