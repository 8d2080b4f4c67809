// Blocks move through circular buffers; block operations become page and DST operations.
// RUN: tt-opt %s -p tt-lower-memory --verify-levels --split-input-file | filecheck %s
// RUN: tt-opt %s -p tt-lower-memory --split-input-file | filecheck %s --check-prefix=GONE
// GONE-NOT: !tt.layout.block

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#a = #tt.cb.request<0, "a", stages 3, by "num_stages">
#out = #tt.cb.request<3, "out", stages 2, by "staging">

// A cast: fp32 pages are unpacked to DST without loss. The first page of a block is computed once,
// a leading index counts whole matrices.
// CHECK-LABEL: func.func @cast
// CHECK-SAME: tt.config = #tt.compute_config<"HiFi3", dst32 true, full_sync false>, tt.decisions = [{subject = "compute", what = "fidelity", value = "HiFi3", by = "default"}, {subject = "a", what = "depth", value = "3 blocks", by = "num_stages"}, {subject = "out", what = "depth", value = "2 blocks", by = "staging"}]
// CHECK-DAG:  %[[A:.*]] = tt.cb.alloc "a" unpack_to_dest : !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 12, row_major>
// CHECK-DAG:  %[[OUT:.*]] = tt.cb.alloc "out" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 8, row_major>
// CHECK-DAG:  %[[T:.*]] = tt.noc.accessor %T : memref<3x64x128xf32>
// CHECK-DAG:  %[[Y:.*]] = tt.noc.accessor %Y : memref<64x128xbf16>
// CHECK:      tt.cb.reserve_back %[[A]], 4
// CHECK-NEXT: %[[PTR:.*]] = tt.cb.write_ptr %[[A]]
// CHECK-NEXT: %[[ROWS:.*]] = arith.constant 2 : index
// CHECK-NEXT: %[[PLANE:.*]] = arith.muli %z, %[[ROWS]] : index
// CHECK:      scf.for %row
// CHECK:        scf.for %col
// CHECK:          tt.noc.read_page %[[T]][%{{.*}}], %[[PTR]][%{{.*}}]
// CHECK:      tt.noc.read_barrier
// CHECK-NEXT: tt.cb.push_back %[[A]], 4
// CHECK-NEXT: tt.cb.wait_front %[[A]], 4
// CHECK-NEXT: %[[DST:.*]] = tt.compute.dst : !tt.compute.dst<4, f32>
// CHECK:      tt.compute.copy_block %[[A]][%{{.*}}], %[[DST]]
// CHECK-NEXT: tt.cb.reserve_back %[[OUT]], 4
// CHECK-NEXT: tt.compute.pack_block %[[DST]], %[[OUT]]
// CHECK-NEXT: tt.cb.push_back %[[OUT]], 4
// CHECK-NEXT: tt.cb.pop_front %[[A]], 4
// CHECK-NEXT: tt.cb.wait_front %[[OUT]], 4
// CHECK-NEXT: %[[BACK:.*]] = tt.cb.read_ptr %[[OUT]]
// CHECK:          tt.noc.write_page %[[Y]][%{{.*}}], %[[BACK]][%{{.*}}]
// CHECK:      tt.noc.write_barrier
// CHECK-NEXT: tt.cb.pop_front %[[OUT]], 4
func.func @cast(%T: memref<3x64x128xf32> {tt.layout = #f32}, %Y: memref<64x128xbf16> {tt.layout = #bf16}, %z: index) attributes {tt.arch = "wormhole", tt.abi = #tt.abi<start "z" = 0>} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %a = "tt.noc.load_block"(%T, %z, %c0, %c2) <{cb = #a}> : (memref<3x64x128xf32>, index, index, index) -> !tt.layout.block<2x2, tile<32x32, f32>>
  %o = "tt.compute.copy"(%a) <{cb = #out}> : (!tt.layout.block<2x2, tile<32x32, f32>>) -> !tt.layout.block<2x2, tile<32x32, bf16>>
  tt.noc.store_block %o, %Y[%c0, %c2] : !tt.layout.block<2x2, tile<32x32, bf16>>, memref<64x128xbf16>
  func.return
}

// -----

#mk = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">
#kn = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["K", "N"], by "default">
#mn = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes ["M", "N"], by "default">
#a = #tt.cb.request<0, "a", stages 3, by "num_stages">
#b = #tt.cb.request<1, "b", stages 3, by "num_stages">
!in = memref<256x256xbf16>

// A product whose accumulator (16 tiles of 4) does not fit DST: four subblocks of 1x4, each reloaded,
// updated and packed again; popped before its pages are reserved. Both operands' reads share one
// barrier. Extents are the runtime arguments.
// CHECK-LABEL: func.func @product
// CHECK-DAG:  %[[A:.*]] = tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 4x2, pages 24, row_major>
// CHECK-DAG:  %[[B:.*]] = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 24, row_major>
// CHECK-DAG:  %[[C:.*]] = tt.cb.alloc "c" unpack_to_dest : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, row_major>
// CHECK-DAG:  %[[OUT:.*]] = tt.cb.alloc "C_out" : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 32, row_major>
// CHECK:      scf.for %group
// CHECK-NEXT:   %[[ZERO:.*]] = tt.compute.dst : !tt.compute.dst<4, f32>
// CHECK-NOT:    fill_tile
// CHECK:        tt.cb.reserve_back %[[C]], 4
// CHECK-NEXT:   tt.compute.pack_block %[[ZERO]], %[[C]]
// CHECK-NEXT:   tt.cb.push_back %[[C]], 4
// CHECK:      scf.for %k = %c0 to %c4 step %c1 {
// CHECK:        tt.cb.reserve_back %[[A]], 8
// CHECK:        arith.muli %{{.*}}, %Kt : index
// CHECK:        tt.noc.read_page
// CHECK-NOT:    read_barrier
// CHECK:        tt.cb.reserve_back %[[B]], 8
// CHECK:        arith.muli %{{.*}}, %Nt : index
// CHECK:        tt.noc.read_page
// CHECK:        tt.noc.read_barrier
// CHECK-NEXT:   tt.cb.push_back %[[A]], 8
// CHECK-NEXT:   tt.cb.push_back %[[B]], 8
// CHECK-NEXT:   tt.cb.wait_front %[[A]], 8
// CHECK-NEXT:   tt.cb.wait_front %[[B]], 8
// CHECK:        scf.for %subblock_row
// CHECK:          %[[DST:.*]] = tt.compute.dst : !tt.compute.dst<4, f32>
// CHECK-NEXT:     tt.cb.wait_front %[[C]], 4
// CHECK:          tt.compute.copy_block %[[C]][%{{.*}}], %[[DST]]
// CHECK-NEXT:     tt.cb.pop_front %[[C]], 4
// CHECK:          scf.for %k_tile
// CHECK:            tt.compute.matmul_block %[[A]][%{{.*}}], %[[B]][%{{.*}}], %[[DST]] rt 1 ct 4 kt 2 transpose false
// CHECK:          tt.cb.reserve_back %[[C]], 4
// CHECK-NEXT:     tt.compute.pack_block %[[DST]], %[[C]]
// CHECK-NEXT:     tt.cb.push_back %[[C]], 4
// CHECK:        tt.cb.pop_front %[[B]], 8
// CHECK-NEXT:   tt.cb.pop_front %[[A]], 8
func.func @product(%A: memref<256x256xbf16> {tt.name = "A", tt.layout = #mk}, %B: memref<256x256xbf16> {tt.name = "B", tt.layout = #kn}, %C: memref<256x256xf32> {tt.name = "C", tt.layout = #mn}, %start: index, %Mt: index, %Kt: index, %Nt: index) attributes {tt.arch = "blackhole", tt.abi = #tt.abi<address "A_addr" = 0, address "B_addr" = 1, address "C_addr" = 2, start "start_id" = 0, extent "Mt" = 8, extent "Kt" = 8, extent "Nt" = 8>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %zero = tt.compute.fill 0.0 request <2, "c", stages 1, by "accumulator"> : !tt.layout.block<4x4, tile<32x32, f32>>
  %sum = scf.for %k = %c0 to %c4 step %c1 iter_args(%acc = %zero) -> (!tt.layout.block<4x4, tile<32x32, f32>>) {
    %kt = arith.muli %k, %c2 : index
    %a = "tt.noc.load_block"(%A, %start, %kt) <{cb = #a}> : (!in, index, index) -> !tt.layout.block<4x2, tile<32x32, bf16>>
    %b = "tt.noc.load_block"(%B, %kt, %start) <{cb = #b}> : (!in, index, index) -> !tt.layout.block<2x4, tile<32x32, bf16>>
    %next = tt.compute.matmul %a, %b into %acc : !tt.layout.block<4x2, tile<32x32, bf16>>, !tt.layout.block<2x4, tile<32x32, bf16>> -> !tt.layout.block<4x4, tile<32x32, f32>>
    scf.yield %next : !tt.layout.block<4x4, tile<32x32, f32>>
  }
  tt.noc.store_block %sum, %C[%start, %start] : !tt.layout.block<4x4, tile<32x32, f32>>, memref<256x256xf32>
  func.return
}

// -----

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
#a = #tt.cb.request<0, "a", stages 3, by "num_stages">
#b = #tt.cb.request<1, "b", stages 3, by "num_stages">
#out = #tt.cb.request<3, "out", stages 2, by "staging">
!in = memref<256x256xbf16>

// An accumulator that fits DST stays there for the whole loop.
// CHECK-LABEL: func.func @in_dst
// CHECK-NOT:  tt.cb.alloc "c"
// CHECK:      %[[DST:.*]] = tt.compute.dst : !tt.compute.dst<4, f32>
// CHECK:      scf.for %k = %c0 to %c4 step %c1 {
// CHECK:        tt.compute.matmul_block %{{.*}}, %[[DST]] rt 2 ct 2 kt 1 transpose false
// CHECK:      tt.cb.reserve_back %[[OUT:.*]], 4
// CHECK-NEXT: tt.compute.pack_block %[[DST]], %[[OUT]]
func.func @in_dst(%A: !in {tt.layout = #bf16}, %C: !in {tt.layout = #bf16}) attributes {tt.arch = "wormhole", tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = tt.compute.fill 0.0 request <2, "c", stages 1, by "accumulator"> : !tt.layout.block<2x2, tile<32x32, f32>>
  %sum = scf.for %k = %c0 to %c4 step %c1 iter_args(%acc = %zero) -> (!tt.layout.block<2x2, tile<32x32, f32>>) {
    %a = "tt.noc.load_block"(%A, %c0, %k) <{cb = #a}> : (!in, index, index) -> !tt.layout.block<2x1, tile<32x32, bf16>>
    %b = "tt.noc.load_block"(%A, %k, %c0) <{cb = #b}> : (!in, index, index) -> !tt.layout.block<1x2, tile<32x32, bf16>>
    %next = tt.compute.matmul %a, %b into %acc : !tt.layout.block<2x1, tile<32x32, bf16>>, !tt.layout.block<1x2, tile<32x32, bf16>> -> !tt.layout.block<2x2, tile<32x32, f32>>
    scf.yield %next : !tt.layout.block<2x2, tile<32x32, f32>>
  }
  %o = "tt.compute.copy"(%sum) <{cb = #out}> : (!tt.layout.block<2x2, tile<32x32, f32>>) -> !tt.layout.block<2x2, tile<32x32, bf16>>
  tt.noc.store_block %o, %C[%c0, %c0] : !tt.layout.block<2x2, tile<32x32, bf16>>, memref<256x256xbf16>
  func.return
}

// -----

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
#a = #tt.cb.request<0, "a", stages 3, by "num_stages">
#b = #tt.cb.request<1, "b", stages 3, by "num_stages">
!in = memref<256x256xbf16>

// A transposed B stands columns first and its tiles are transposed by the unpacker; a transposed A is
// transposed into a buffer of its own. bf16 throughout: 16-bit DST of 8 tiles.
// CHECK-LABEL: func.func @transposed
// CHECK-SAME:  tt.config = #tt.compute_config<"HiFi4", dst32 false, full_sync false>
// CHECK-DAG:   %[[A:.*]] = tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 24, row_major>
// CHECK-DAG:   %[[B:.*]] = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 12, column_major>
// CHECK-DAG:   %[[AT:.*]] = tt.cb.alloc "a_transposed" : !tt.cb.buffer<tile<32x32, bf16>, block 4x2, pages 16, row_major>
// CHECK:       scf.for %row
// CHECK:         %[[DST:.*]] = tt.compute.dst : !tt.compute.dst<2, bf16>
// CHECK:         scf.for %tile
// CHECK:           tt.compute.transpose_tile %[[A]][%{{.*}}], %[[DST]][%{{.*}}]
// CHECK:         tt.compute.pack_block %[[DST]], %[[AT]]
// CHECK:       tt.compute.matmul_block %[[AT]][%{{.*}}], %[[B]][%{{.*}}], %{{.*}} rt 4 ct 2 kt 2 transpose true
func.func @transposed(%A: !in {tt.layout = #bf16}, %C: !in {tt.layout = #bf16}) attributes {tt.arch = "wormhole", tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %one = tt.compute.fill 1.0 request <2, "c", stages 1, by "accumulator"> : !tt.layout.block<4x2, tile<32x32, bf16>>
  %a = "tt.noc.load_block"(%A, %c0, %c0) <{cb = #a}> : (!in, index, index) -> !tt.layout.block<2x4, tile<32x32, bf16>>
  %b = "tt.noc.load_block"(%A, %c0, %c0) <{cb = #b}> : (!in, index, index) -> !tt.layout.block<2x2, tile<32x32, bf16>>
  %sum = tt.compute.matmul %a transposed, %b transposed into %one : !tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<2x2, tile<32x32, bf16>> -> !tt.layout.block<4x2, tile<32x32, bf16>>
  tt.noc.store_block %sum, %C[%c0, %c0] : !tt.layout.block<4x2, tile<32x32, bf16>>, memref<256x256xbf16>
  func.return
}

// -----

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
#out = #tt.cb.request<3, "out", stages 2, by "staging">
!in = memref<256x256xbf16>

// A block that is stored and computed on is copied for the writer; one that nobody reads is popped at
// once; a non-zero fill sets every tile. Two outputs.
// CHECK-LABEL: func.func @shared
// CHECK:       tt.compute.fill_tile 2.000000e+00, %{{.*}}[%tile]
// CHECK:       %[[DST:.*]] = tt.compute.dst
// CHECK:       tt.compute.copy_block %a
// CHECK:       tt.compute.pack_block %[[DST]], %[[X:.*]] : !tt.compute
// CHECK:       tt.noc.write_page %X
// CHECK:       tt.noc.write_page %Y
func.func @shared(%X: !in {tt.name = "X", tt.layout = #bf16}, %Y: !in {tt.name = "Y", tt.layout = #bf16}) attributes {tt.arch = "wormhole", tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %a = tt.compute.fill 2.0 request <0, "a", stages 1, by "user"> : !tt.layout.block<2x2, tile<32x32, bf16>>
  %o = "tt.compute.copy"(%a) <{cb = #out}> : (!tt.layout.block<2x2, tile<32x32, bf16>>) -> !tt.layout.block<2x2, tile<32x32, bf16>>
  tt.noc.store_block %a, %X[%c0, %c0] : !tt.layout.block<2x2, tile<32x32, bf16>>, memref<256x256xbf16>
  tt.noc.store_block %o, %Y[%c0, %c0] : !tt.layout.block<2x2, tile<32x32, bf16>>, memref<256x256xbf16>
  func.return
}

// -----

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
#a = #tt.cb.request<0, "a", stages 3, by "num_stages">
!in = memref<256x256xbf16>

// Each iteration hands a block to the next. A carried block is made by compute: the loaded ones are
// copied before the loop and at its end. The last one, which nobody reads, is popped after the loop.
// CHECK-LABEL: func.func @unread
// CHECK-DAG:   tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 3, row_major>
// CHECK-DAG:   tt.cb.alloc "old" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
// CHECK:       tt.cb.push_back %a, 1
// CHECK:       tt.compute.copy_block %a
// CHECK:       tt.cb.push_back %old, 1
// CHECK-NEXT:  tt.cb.pop_front %a, 1
// CHECK-NEXT:  scf.for %i
// CHECK-NEXT:    tt.cb.wait_front %old, 1
// CHECK:         tt.compute.copy_block %old
// CHECK:         tt.cb.pop_front %old, 1
// CHECK:         tt.cb.push_back %a, 1
// CHECK:         tt.compute.copy_block %a
// CHECK:         tt.cb.push_back %old, 1
// CHECK-NEXT:    tt.cb.pop_front %a, 1
// CHECK-NEXT:  }
// CHECK-NEXT:  tt.cb.wait_front %old, 1
// CHECK-NEXT:  tt.cb.pop_front %old, 1
// CHECK-NEXT:  func.return
func.func @unread(%X: !in {tt.layout = #bf16}, %Y: !in {tt.layout = #bf16}) attributes {tt.arch = "wormhole", tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %a = "tt.noc.load_block"(%X, %c0, %c0) <{cb = #a}> : (!in, index, index) -> !tt.layout.block<1x1, tile<32x32, bf16>>
  %last = scf.for %i = %c0 to %c2 step %c1 iter_args(%old = %a) -> (!tt.layout.block<1x1, tile<32x32, bf16>>) {
    tt.noc.store_block %old, %Y[%c0, %i] : !tt.layout.block<1x1, tile<32x32, bf16>>, !in
    %new = "tt.noc.load_block"(%X, %c0, %i) <{cb = #a}> : (!in, index, index) -> !tt.layout.block<1x1, tile<32x32, bf16>>
    scf.yield %new : !tt.layout.block<1x1, tile<32x32, bf16>>
  }
  func.return
}

// -----

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
!block = !tt.layout.block<2x2, tile<32x32, bf16>>

// A block read by rows and, transposed, by columns is transposed into a buffer of its own.
// CHECK-LABEL: func.func @two_orders
// CHECK-DAG:   tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
// CHECK-DAG:   tt.cb.alloc "a_transposed" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 8, row_major>
// CHECK:       tt.compute.transpose_tile %a
// CHECK:       tt.compute.matmul_block %a[%{{.*}}], %a_transposed[%{{.*}}], %{{.*}} rt 2 ct 2 kt 2 transpose false
func.func @two_orders(%X: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xbf16> {tt.layout = #bf16}) attributes {tt.arch = "wormhole", tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 1, by "user"> : memref<64x64xbf16> -> !block
  %c = tt.compute.fill 0.0 request <2, "c", stages 1, by "accumulator"> : !block
  %d = tt.compute.matmul %a, %a transposed into %c : !block, !block -> !block
  tt.noc.store_block %d, %Y[%c0, %c0] : !block, memref<64x64xbf16>
  func.return
}
