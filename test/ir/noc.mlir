// Types and operations of tt.noc: every form of each.
// RUN: ROUNDTRIP
// RUN: GENERIC_ROUNDTRIP

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!block = !tt.layout.block<1x2, tile<32x32, bf16>>
!accessor = !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

func.func @blocks(%tensor: memref<2x64x64xbf16>, %b: index, %i: index) {
  %block = tt.noc.load_block %tensor[%b, %i, %i] request <0, "s", stages 2, by "default"> : memref<2x64x64xbf16> -> !block
  tt.noc.store_block %block, %tensor[%b, %i, %i] : !block, memref<2x64x64xbf16>
  %edge = tt.noc.load_block %tensor[%b, %i, %i] clip ["edge", "inside"] request <0, "s", stages 2, by "default"> : memref<2x64x64xbf16> -> !block
  tt.noc.store_block %edge, %tensor[%b, %i, %i] clip ["outside", "edge"] : !block, memref<2x64x64xbf16>
  func.return
}

func.func @pages(%tensor: memref<2x64x64xbf16>, %page: index, %slot: index) {
  %cb = tt.cb.alloc "cb" : !cb
  %pointer = tt.cb.write_ptr %cb : !cb
  %address = tt.noc.runtime_arg 0 : index
  %0 = tt.noc.accessor %tensor : memref<2x64x64xbf16> -> !accessor
  %1 = tt.noc.accessor %address : index -> !accessor
  tt.noc.read_page %0[%page], %pointer[%slot] : !accessor
  tt.noc.read_page %1[%page], %pointer[%slot] noc 0 : !accessor
  tt.noc.write_page %0[%page], %pointer[%slot] : !accessor
  tt.noc.write_page %1[%page], %pointer[%slot] noc 1 : !accessor
  tt.noc.read_barrier
  tt.noc.read_barrier noc 0
  tt.noc.write_barrier
  tt.noc.write_barrier noc 1
  tt.noc.writes_flushed
  tt.noc.writes_flushed noc 1
  tt.noc.atomic_barrier
  tt.noc.atomic_barrier noc 1 {note = "kept"}
  func.return
}

func.func @cores(%value: index, %pages: index) {
  %cb = tt.cb.alloc "cb" : !cb
  %pointer = tt.cb.write_ptr %cb : !cb
  %x, %y = tt.noc.core_coord : index, index
  %ready = tt.noc.semaphore "ready" initial 0 : !tt.noc.semaphore
  %valid = tt.noc.semaphore "valid" initial -1 id 3 : !tt.noc.semaphore
  tt.noc.semaphore_set %ready, %value
  tt.noc.semaphore_wait %ready, %value
  tt.noc.semaphore_wait_min %valid, %value {note = "kept"}
  tt.noc.semaphore_inc %valid at(%x, %y), %value
  tt.noc.semaphore_inc %valid at(%x, %y), %value noc 0
  tt.noc.semaphore_set_multicast %valid to(%x, %y), (%x, %y) dests 1
  tt.noc.semaphore_set_multicast %valid to(%x, %y), (%x, %y) dests 8 loopback linked noc 1
  tt.noc.multicast %pointer, %cb, 2 to(%x, %y), (%x, %y) dests 7 : !cb
  tt.noc.multicast %pointer, %cb, 2 to(%x, %y), (%x, %y) dests 8 loopback : !cb
  tt.noc.multicast %pointer, %cb, 2 to(%x, %y), (%x, %y) dests 7 linked noc 0 : !cb
  func.return
}

// CHECK:      builtin.module {
// CHECK-NEXT:   func.func @blocks(%tensor: memref<2x64x64xbf16>, %b: index, %i: index) {
// CHECK-NEXT:     %block = tt.noc.load_block %tensor[%b, %i, %i] request <0, "s", stages 2, by "default"> : memref<2x64x64xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
// CHECK-NEXT:     tt.noc.store_block %block, %tensor[%b, %i, %i] : !tt.layout.block<1x2, tile<32x32, bf16>>, memref<2x64x64xbf16>
// CHECK-NEXT:     %edge = tt.noc.load_block %tensor[%b, %i, %i] clip ["edge", "inside"] request <0, "s", stages 2, by "default"> : memref<2x64x64xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
// CHECK-NEXT:     tt.noc.store_block %edge, %tensor[%b, %i, %i] clip ["outside", "edge"] : !tt.layout.block<1x2, tile<32x32, bf16>>, memref<2x64x64xbf16>
// CHECK-NEXT:     func.return
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func @pages(%tensor: memref<2x64x64xbf16>, %page: index, %slot: index) {
// CHECK-NEXT:     %cb = tt.cb.alloc "cb" : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT:     %pointer = tt.cb.write_ptr %cb : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT:     %address = tt.noc.runtime_arg 0 : index
// CHECK-NEXT:     %0 = tt.noc.accessor %tensor : memref<2x64x64xbf16> -> !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-NEXT:     %1 = tt.noc.accessor %address : index -> !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-NEXT:     tt.noc.read_page %0[%page], %pointer[%slot] : !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-NEXT:     tt.noc.read_page %1[%page], %pointer[%slot] noc 0 : !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-NEXT:     tt.noc.write_page %0[%page], %pointer[%slot] : !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-NEXT:     tt.noc.write_page %1[%page], %pointer[%slot] noc 1 : !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-NEXT:     tt.noc.read_barrier
// CHECK-NEXT:     tt.noc.read_barrier noc 0
// CHECK-NEXT:     tt.noc.write_barrier
// CHECK-NEXT:     tt.noc.write_barrier noc 1
// CHECK-NEXT:     tt.noc.writes_flushed
// CHECK-NEXT:     tt.noc.writes_flushed noc 1
// CHECK-NEXT:     tt.noc.atomic_barrier
// CHECK-NEXT:     tt.noc.atomic_barrier noc 1 {note = "kept"}
// CHECK-NEXT:     func.return
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func @cores(%value: index, %pages: index) {
// CHECK-NEXT:     %cb = tt.cb.alloc "cb" : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT:     %pointer = tt.cb.write_ptr %cb : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT:     %x, %y = tt.noc.core_coord : index, index
// CHECK-NEXT:     %ready = tt.noc.semaphore "ready" initial 0 : !tt.noc.semaphore
// CHECK-NEXT:     %valid = tt.noc.semaphore "valid" initial -1 id 3 : !tt.noc.semaphore
// CHECK-NEXT:     tt.noc.semaphore_set %ready, %value
// CHECK-NEXT:     tt.noc.semaphore_wait %ready, %value
// CHECK-NEXT:     tt.noc.semaphore_wait_min %valid, %value {note = "kept"}
// CHECK-NEXT:     tt.noc.semaphore_inc %valid at(%x, %y), %value
// CHECK-NEXT:     tt.noc.semaphore_inc %valid at(%x, %y), %value noc 0
// CHECK-NEXT:     tt.noc.semaphore_set_multicast %valid to(%x, %y), (%x, %y) dests 1
// CHECK-NEXT:     tt.noc.semaphore_set_multicast %valid to(%x, %y), (%x, %y) dests 8 loopback linked noc 1
// CHECK-NEXT:     tt.noc.multicast %pointer, %cb, 2 to(%x, %y), (%x, %y) dests 7 : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT:     tt.noc.multicast %pointer, %cb, 2 to(%x, %y), (%x, %y) dests 8 loopback : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT:     tt.noc.multicast %pointer, %cb, 2 to(%x, %y), (%x, %y) dests 7 linked noc 0 : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT:     func.return
// CHECK-NEXT:   }
// CHECK-NEXT: }

// CHECK-GENERIC:      "builtin.module"() ({
// CHECK-GENERIC-NEXT:   "func.func"() <{sym_name = "blocks", function_type = (memref<2x64x64xbf16>, index, index) -> ()}> ({
// CHECK-GENERIC-NEXT:   ^bb0(%tensor: memref<2x64x64xbf16>, %b: index, %i: index):
// CHECK-GENERIC-NEXT:     %block = "tt.noc.load_block"(%tensor, %b, %i, %i) <{cb = #tt.cb.request<0, "s", stages 2, by "default">}> : (memref<2x64x64xbf16>, index, index, index) -> !tt.layout.block<1x2, tile<32x32, bf16>>
// CHECK-GENERIC-NEXT:     "tt.noc.store_block"(%block, %tensor, %b, %i, %i) : (!tt.layout.block<1x2, tile<32x32, bf16>>, memref<2x64x64xbf16>, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     %edge = "tt.noc.load_block"(%tensor, %b, %i, %i) <{clip = ["edge", "inside"], cb = #tt.cb.request<0, "s", stages 2, by "default">}> : (memref<2x64x64xbf16>, index, index, index) -> !tt.layout.block<1x2, tile<32x32, bf16>>
// CHECK-GENERIC-NEXT:     "tt.noc.store_block"(%edge, %tensor, %b, %i, %i) <{clip = ["outside", "edge"]}> : (!tt.layout.block<1x2, tile<32x32, bf16>>, memref<2x64x64xbf16>, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "func.return"() : () -> ()
// CHECK-GENERIC-NEXT:   }) : () -> ()
// CHECK-GENERIC-NEXT:   "func.func"() <{sym_name = "pages", function_type = (memref<2x64x64xbf16>, index, index) -> ()}> ({
// CHECK-GENERIC-NEXT:   ^bb0(%tensor: memref<2x64x64xbf16>, %page: index, %slot: index):
// CHECK-GENERIC-NEXT:     %cb = "tt.cb.alloc"() <{label = "cb"}> : () -> !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-GENERIC-NEXT:     %pointer = "tt.cb.write_ptr"(%cb) : (!tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>) -> !tt.cb.pointer
// CHECK-GENERIC-NEXT:     %address = "tt.noc.runtime_arg"() <{index = 0 : i32}> : () -> index
// CHECK-GENERIC-NEXT:     %0 = "tt.noc.accessor"(%tensor) : (memref<2x64x64xbf16>) -> !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-GENERIC-NEXT:     %1 = "tt.noc.accessor"(%address) : (index) -> !tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
// CHECK-GENERIC-NEXT:     "tt.noc.read_page"(%0, %page, %pointer, %slot) : (!tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>, index, !tt.cb.pointer, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.read_page"(%1, %page, %pointer, %slot) <{noc = 0 : i32}> : (!tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>, index, !tt.cb.pointer, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.write_page"(%0, %page, %pointer, %slot) : (!tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>, index, !tt.cb.pointer, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.write_page"(%1, %page, %pointer, %slot) <{noc = 1 : i32}> : (!tt.noc.accessor<[2, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>, index, !tt.cb.pointer, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.read_barrier"() : () -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.read_barrier"() <{noc = 0 : i32}> : () -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.write_barrier"() : () -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.write_barrier"() <{noc = 1 : i32}> : () -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.writes_flushed"() : () -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.writes_flushed"() <{noc = 1 : i32}> : () -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.atomic_barrier"() : () -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.atomic_barrier"() <{noc = 1 : i32}> {note = "kept"} : () -> ()
// CHECK-GENERIC-NEXT:     "func.return"() : () -> ()
// CHECK-GENERIC-NEXT:   }) : () -> ()
// CHECK-GENERIC-NEXT:   "func.func"() <{sym_name = "cores", function_type = (index, index) -> ()}> ({
// CHECK-GENERIC-NEXT:   ^bb0(%value: index, %pages: index):
// CHECK-GENERIC-NEXT:     %cb = "tt.cb.alloc"() <{label = "cb"}> : () -> !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-GENERIC-NEXT:     %pointer = "tt.cb.write_ptr"(%cb) : (!tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>) -> !tt.cb.pointer
// CHECK-GENERIC-NEXT:     %x, %y = "tt.noc.core_coord"() : () -> (index, index)
// CHECK-GENERIC-NEXT:     %ready = "tt.noc.semaphore"() <{label = "ready", initial = 0 : i32}> : () -> !tt.noc.semaphore
// CHECK-GENERIC-NEXT:     %valid = "tt.noc.semaphore"() <{label = "valid", initial = -1 : i32, id = 3 : i32}> : () -> !tt.noc.semaphore
// CHECK-GENERIC-NEXT:     "tt.noc.semaphore_set"(%ready, %value) : (!tt.noc.semaphore, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.semaphore_wait"(%ready, %value) : (!tt.noc.semaphore, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.semaphore_wait_min"(%valid, %value) {note = "kept"} : (!tt.noc.semaphore, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.semaphore_inc"(%valid, %x, %y, %value) : (!tt.noc.semaphore, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.semaphore_inc"(%valid, %x, %y, %value) <{noc = 0 : i32}> : (!tt.noc.semaphore, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.semaphore_set_multicast"(%valid, %x, %y, %x, %y) <{dests = 1 : i32}> : (!tt.noc.semaphore, index, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.semaphore_set_multicast"(%valid, %x, %y, %x, %y) <{dests = 8 : i32, loopback, linked, noc = 1 : i32}> : (!tt.noc.semaphore, index, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.multicast"(%pointer, %cb, %x, %y, %x, %y) <{pages = 2 : i32, dests = 7 : i32}> : (!tt.cb.pointer, !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>, index, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.multicast"(%pointer, %cb, %x, %y, %x, %y) <{pages = 2 : i32, dests = 8 : i32, loopback}> : (!tt.cb.pointer, !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>, index, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.noc.multicast"(%pointer, %cb, %x, %y, %x, %y) <{pages = 2 : i32, dests = 7 : i32, linked, noc = 0 : i32}> : (!tt.cb.pointer, !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>, index, index, index, index) -> ()
// CHECK-GENERIC-NEXT:     "func.return"() : () -> ()
// CHECK-GENERIC-NEXT:   }) : () -> ()
// CHECK-GENERIC-NEXT: }) : () -> ()
