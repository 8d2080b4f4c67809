// Every verifier and every check of a custom parser.
// RUN: tt-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: invalid.mlir:{{[0-9]+}}:44: error: tile element type must be bf16, f16 or f32, got i32
"test.op"() {a = !tt.layout.tile<32x32, i32>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:44: error: tile height and width must be 16 or 32
"test.op"() {a = !tt.layout.tile<8x32, bf16>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:36: error: expected a tile as height x width
"test.op"() {a = !tt.layout.tile<32, bf16>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:57: error: a block has at least one tile on each axis
"test.op"() {a = !tt.layout.block<0x1, tile<32x32, bf16>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:40: error: expected a block as rows x columns
"test.op"() {a = !tt.layout.block<1x2x3, tile<32x32, bf16>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:56: error: tile height and width must be 16 or 32
"test.op"() {a = !tt.layout.block<1x2, tile<32x64, bf16>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:98: error: nd_shard needs one axis label, grid and shard extent per axis
"test.op"() {a = #tt.layout.nd_shard<axes ["M", "N"], grid [2], shard [64, 64], order "row_major">} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:89: error: nd_shard grid and shard extents must be positive
"test.op"() {a = #tt.layout.nd_shard<axes ["M"], grid [0], shard [64], order "row_major">} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:90: error: memory must be dram or l1, got l2
"test.op"() {a = #tt.layout.buffer<l2, interleaved, tile<32x32, bf16>, axes [], by "user">} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:86: error: distribution must be interleaved or sharded, got striped
"test.op"() {a = #tt.layout.buffer<l1, striped, tile<32x32, bf16>, axes [], by "user">} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:86: error: a sharded buffer needs one nd_shard, an interleaved one has none
"test.op"() {a = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user">} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:155: error: a sharded buffer needs one nd_shard, an interleaved one has none
"test.op"() {a = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [64], order "row_major">>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:55: error: a core range starts at (0, 0) or later and is not empty
"test.op"() {a = #tt.layout.core_range<[-1, 0], [1, 1]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:54: error: a core range starts at (0, 0) or later and is not empty
"test.op"() {a = #tt.layout.core_range<[0, 0], [0, 1]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:51: error: expected [x, y], [width, height]
"test.op"() {a = #tt.layout.core_range<[0], [1, 1]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:75: error: core ranges must be disjoint and not empty
"test.op"() {a = #tt.layout.core_ranges<<[0, 0], [2, 2]>, <[1, 1], [1, 1]>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:55: error: each core of a work entry takes at least one block
"test.op"() {a = #tt.layout.work<0, <<[0, 0], [1, 1]>>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:56: error: each core of a work entry takes at least one block
"test.op"() {a = #tt.layout.work<-1, <<[0, 0], [1, 1]>>>} : () -> ()

// -----

// CHECK: invalid.mlir:[[#]]:{{[0-9]+}}: error: mode must be global or local_shard, got foo
"test.op"() {a = #tt.layout.partition<"foo", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:[[#]]:{{[0-9]+}}: error: strategy must be contiguous or row_major or column_major or block, got rows
"test.op"() {a = #tt.layout.partition<"global", "rows", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:160: error: partition covers 3 blocks of 4
"test.op"() {a = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2, 2], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [3, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:157: error: a core range leaves the 8x8 core grid
"test.op"() {a = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [9], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [9, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:154: error: core_grid has two entries
"test.op"() {a = #tt.layout.partition<"global", "contiguous", core_grid [8], blocks [1], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:162: error: grids and extents of a partition are positive
"test.op"() {a = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [-2, -2], block_tiles [1, 1], tiles [2, 2], work [<4, <<[0, 0], [1, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:153: error: block_tiles has two entries
"test.op"() {a = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:154: error: tiles has two entries
"test.op"() {a = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [2], work [<1, <<[0, 0], [1, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:182: error: core ranges must be disjoint and not empty
"test.op"() {a = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [4], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>, <1, <<[1, 0], [2, 1]>>>]>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:36: error: Expected `row_major`, `column_major`, or `subblock`.
"test.op"() {a = #tt.cb.page_order<diagonal>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:46: error: expected a subblock as rows x columns
"test.op"() {a = #tt.cb.page_order<subblock<2>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:50: error: expected a subblock as rows x columns
"test.op"() {a = #tt.cb.page_order<subblock<2x2x2>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:44: error: a subblock has at least one tile on each axis
"test.op"() {a = #tt.cb.page_order<subblock<0x2>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:80: error: a circular buffer has 1 to 65535 pages (16-bit counters)
"test.op"() {a = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 0, row_major>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:84: error: a circular buffer has 1 to 65535 pages (16-bit counters)
"test.op"() {a = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 65536, row_major>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:80: error: 6 pages are no multiple of the 4-page block
"test.op"() {a = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 6, row_major>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:84: error: subblocks do not divide the block
"test.op"() {a = !tt.cb.buffer<tile<32x32, bf16>, block 2x3, pages 6, subblock<2x2>>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:58: error: expected a block as rows x columns
"test.op"() {a = !tt.cb.buffer<tile<32x32, bf16>, block 4, pages 4, row_major>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:80: error: 4 pages are no multiple of the 0-page block
"test.op"() {a = !tt.cb.buffer<tile<32x32, bf16>, block 0x2, pages 4, row_major>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:60: error: a circular buffer holds at least one block
"test.op"() {a = #tt.cb.request<0, "s", stages 0, by "user">} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.cb.reserve_back': 3 pages do not fit the buffer's 2
%s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
tt.cb.reserve_back %s, 3 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.cb.push_back': 3 pages do not fit the buffer's 2
%s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
tt.cb.push_back %s, 3 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.cb.wait_front': 3 pages do not fit the buffer's 2
%s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
tt.cb.wait_front %s, 3 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.cb.pop_front': 3 pages do not fit the buffer's 2
%s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
tt.cb.pop_front %s, 3 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.cb.wait_front': 0 pages do not fit the buffer's 2
%s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
tt.cb.wait_front %s, 0 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:108: error: a tensor of one dimension has a layout with 'tiled'
"test.op"() {a = !tt.noc.accessor<[64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:85: error: tile element type must be bf16, f16 or f32, got i8
"test.op"() {a = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, i8>, axes [], by "default">>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.noc.load_block': 1 indices for a tensor of rank 2
func.func @load(%t: memref<64x64xbf16>, %i: index) {
  %b = tt.noc.load_block %t[%i] request <0, "s", stages 2, by "default"> : memref<64x64xbf16> -> !tt.layout.block<1x1, tile<32x32, bf16>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.noc.load_block': clip says for rows and columns one of inside, edge, outside, not ["edge", "beyond"]
func.func @clip(%t: memref<64x64xbf16>, %i: index) {
  %b = tt.noc.load_block %t[%i, %i] clip ["edge", "beyond"] request <0, "s", stages 2, by "default"> : memref<64x64xbf16> -> !tt.layout.block<1x1, tile<32x32, bf16>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.noc.store_block': 3 indices for a tensor of rank 2
func.func @store(%t: memref<64x64xbf16>, %i: index, %b: !tt.layout.block<1x1, tile<32x32, bf16>>) {
  tt.noc.store_block %b, %t[%i, %i, %i] : !tt.layout.block<1x1, tile<32x32, bf16>>, memref<64x64xbf16>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: expected a tensor (memref) or its address (index)
func.func @address(%a: i32) {
  %0 = tt.noc.accessor %a : i32 -> !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.noc.semaphore_set_multicast': a multicast has at least one destination besides its sender
%x, %y = tt.noc.core_coord : index, index
%s = tt.noc.semaphore "s" initial 0 : !tt.noc.semaphore
tt.noc.semaphore_set_multicast %s to(%x, %y), (%x, %y) dests 0

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.noc.multicast': a multicast has at least one destination besides its sender
%x, %y = tt.noc.core_coord : index, index
%b = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
%p = tt.cb.write_ptr %b : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
tt.noc.multicast %p, %b, 1 to(%x, %y), (%x, %y) dests 1 loopback : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.noc.multicast': 3 pages of a 2-page buffer
%x, %y = tt.noc.core_coord : index, index
%b = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
%p = tt.cb.write_ptr %b : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
tt.noc.multicast %p, %b, 3 to(%x, %y), (%x, %y) dests 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.compute.matmul': shapes do not match: (2x4) @ (3x4) into (2, 3)
func.func @matmul(%a: !tt.layout.block<2x4, tile<32x32, bf16>>, %b: !tt.layout.block<3x4, tile<32x32, bf16>>, %c: !tt.layout.block<2x3, tile<32x32, f32>>) {
  %0 = tt.compute.matmul %a, %b into %c : !tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.compute.matmul': shapes do not match: (4x2) @ (4x3) into (2, 3)
func.func @matmul(%a: !tt.layout.block<2x4, tile<32x32, bf16>>, %b: !tt.layout.block<3x4, tile<32x32, bf16>>, %c: !tt.layout.block<2x3, tile<32x32, f32>>) {
  %0 = tt.compute.matmul %a transposed, %b transposed into %c : !tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.compute.matmul': result 'block' at position 0 does not verify:
func.func @matmul(%a: !tt.layout.block<2x4, tile<32x32, bf16>>, %b: !tt.layout.block<3x4, tile<32x32, bf16>>, %c: !tt.layout.block<2x3, tile<32x32, f32>>) {
  %0 = "tt.compute.matmul"(%a, %b, %c) <{transpose_b}> : (!tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>>, !tt.layout.block<2x3, tile<32x32, f32>>) -> !tt.layout.block<2x4, tile<32x32, bf16>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.compute.copy': a copy keeps the block's shape
func.func @copy(%a: !tt.layout.block<2x4, tile<32x32, bf16>>) {
  %0 = tt.compute.copy %a request <0, "s", stages 1, by "staging"> : !tt.layout.block<2x4, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.compute.transpose': a transpose swaps rows and columns and keeps the tile
func.func @transpose(%a: !tt.layout.block<2x4, tile<32x32, bf16>>) {
  %0 = tt.compute.transpose %a request <0, "s", stages 1, by "staging"> : !tt.layout.block<2x4, tile<32x32, bf16>> -> !tt.layout.block<2x4, tile<32x32, bf16>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.compute.transpose': a transpose swaps rows and columns and keeps the tile
func.func @transpose(%a: !tt.layout.block<2x4, tile<32x32, bf16>>) {
  %0 = tt.compute.transpose %a request <0, "s", stages 1, by "staging"> : !tt.layout.block<2x4, tile<32x32, bf16>> -> !tt.layout.block<4x2, tile<32x32, f32>>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:40: error: a DST group has at least one tile
"test.op"() {a = !tt.compute.dst<0, f32>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:40: error: DST does not hold i32
"test.op"() {a = !tt.compute.dst<1, i32>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.compute.matmul_block': the DST group has rt * ct tiles
func.func @step(%i: index) {
  %s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
  %d = tt.compute.dst : !tt.compute.dst<3, f32>
  tt.compute.matmul_block %s[%i], %s[%i], %d rt 2 ct 2 kt 1 transpose false : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>, !tt.compute.dst<3, f32>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:26: error: Expected `address`, `start`, `count`, `extent`, `shard`, `shard_coordinate`, `coordinate`, `semaphore`, or `scalar`.
"test.op"() {a = #tt.arg<pointer "A" = 0>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: argument names must be unique
"test.op"() {a = #tt.abi<start "x" = 0, count "x" = 0>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:34: error: Expected `in`, `out`, `inout`, or `unused`.
"test.op"() {a = #tt.tensor<"A", sideways, [64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:111: error: a tensor of one dimension has a layout with 'tiled'
"test.op"() {a = #tt.tensor<"A", in, [64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:111: error: a tensor has at least one dimension, all positive
"test.op"() {a = !tt.noc.accessor<[64, 0], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.noc.accessor': the accessor has another shape than the tensor
func.func @accessor(%a: memref<32x64xbf16>) {
  %0 = tt.noc.accessor %a : memref<32x64xbf16> -> !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:73: error: unknown fidelity HiFi5
"test.op"() {a = #tt.compute_config<"HiFi5", dst32 true, full_sync false>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:52: error: Expected boolean literal
"test.op"() {a = #tt.compute_config<"HiFi4", dst32 1, full_sync false>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:1: error: 'tt.program': two threads on processor riscv_1 of core (1, 0)
tt.program "p" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [] {
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [2, 1]>> {
    tt.compute.fill_init
  }
  tt.thread "writer" on "riscv_1" noc 1 cores <<[1, 0], [1, 1]>> {
    tt.compute.fill_init
  }
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.thread': unknown role courier
tt.program "p" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [] {
  tt.thread "courier" on "riscv_1" noc 0 cores <<[0, 0], [2, 1]>> {
    tt.compute.fill_init
  }
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.thread': compute threads run on the compute processor, others on riscv_0/1
tt.program "p" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [] {
  tt.thread "reader" on "compute" noc 0 cores <<[0, 0], [2, 1]>> {
    tt.compute.fill_init
  }
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.thread': compute threads run on the compute processor, others on riscv_0/1
tt.program "p" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [] {
  tt.thread "compute" on "riscv_0" noc 0 cores <<[0, 0], [2, 1]>> {
    tt.compute.fill_init
  }
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.thread': unknown processor riscv_2
tt.program "p" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [] {
  tt.thread "reader" on "riscv_2" noc 0 cores <<[0, 0], [2, 1]>> {
    tt.compute.fill_init
  }
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.thread' expects parent op 'tt.program'
func.func @thread() {
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [2, 1]>> {
    tt.noc.read_barrier
  }
  func.return
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:3: error: 'tt.thread': Region 'body' at position 0 expected a single block, but got 0 blocks
tt.program "p" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 1], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [] {
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [2, 1]>> {
  }
}

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:[[#]]: error: tiled [1, 3] for a tensor of rank 3
"test.op"() {a = !tt.noc.accessor<[64, 64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [1, 3], by "default">>} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:[[#]]: error: tiled names two different dimensions, or one and _: [rows, columns]
"test.op"() {a = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [_, _], by "default">} : () -> ()

// -----

// CHECK: invalid.mlir:{{[0-9]+}}:[[#]]: error: tiled names two different dimensions, or one and _: [rows, columns]
"test.op"() {a = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [1], by "default">} : () -> ()

// -----

// A vector has two tile indices too.
// CHECK: invalid.mlir:{{[0-9]+}}:[[#]]: error: 'tt.noc.load_block': 1 indices for a tensor of rank 1
func.func @vector_indices(%a: memref<64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [_, 0], by "default">}) {
  %c0 = arith.constant 0 : index
  %s = tt.noc.load_block %a[%c0] request <0, "s", stages 2, by "default"> : memref<64xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
  func.return
}
