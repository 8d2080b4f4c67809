// RUN: tt-opt %s -p tt-plan-cbs --split-input-file --verify-diagnostics | filecheck %s

// One block each, and still too much: every buffer is named.
// CHECK:      invalid.mlir:[[#]]:1: error: L1 overflow in 'f': circular buffers need 1638400 B, 241664 B more than the 1396736 B a wormhole core has
// CHECK-NEXT: note: 'a': 1228800 B (600 pages)
// CHECK-NEXT: note: 'b': 409600 B (200 pages)
// CHECK-NEXT: note: use smaller blocks
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 20x30, pages 600, row_major>
  %b = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 20x10, pages 400, row_major>
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: 33 circular buffers, wormhole has 32
// CHECK-NEXT: note: use fewer on-chip buffers
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %b0 = tt.cb.alloc "b0" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b1 = tt.cb.alloc "b1" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b2 = tt.cb.alloc "b2" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b3 = tt.cb.alloc "b3" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b4 = tt.cb.alloc "b4" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b5 = tt.cb.alloc "b5" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b6 = tt.cb.alloc "b6" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b7 = tt.cb.alloc "b7" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b8 = tt.cb.alloc "b8" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b9 = tt.cb.alloc "b9" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b10 = tt.cb.alloc "b10" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b11 = tt.cb.alloc "b11" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b12 = tt.cb.alloc "b12" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b13 = tt.cb.alloc "b13" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b14 = tt.cb.alloc "b14" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b15 = tt.cb.alloc "b15" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b16 = tt.cb.alloc "b16" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b17 = tt.cb.alloc "b17" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b18 = tt.cb.alloc "b18" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b19 = tt.cb.alloc "b19" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b20 = tt.cb.alloc "b20" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b21 = tt.cb.alloc "b21" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b22 = tt.cb.alloc "b22" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b23 = tt.cb.alloc "b23" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b24 = tt.cb.alloc "b24" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b25 = tt.cb.alloc "b25" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b26 = tt.cb.alloc "b26" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b27 = tt.cb.alloc "b27" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b28 = tt.cb.alloc "b28" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b29 = tt.cb.alloc "b29" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b30 = tt.cb.alloc "b30" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b31 = tt.cb.alloc "b31" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  %b32 = tt.cb.alloc "b32" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
}

// -----

// The same when a tile that the core makes takes part.
// CHECK:      invalid.mlir:[[#]]:1: error: L1 overflow in 'f': circular buffers need 1435648 B, 38912 B more than the 1396736 B a wormhole core has
// CHECK-NEXT: note: 'x': 1433600 B (700 pages)
// CHECK-NEXT: note: 'scaler': 2048 B (1 pages)
// CHECK-NEXT: note: use smaller blocks
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %x = tt.cb.alloc "x" : !tt.cb.buffer<tile<32x32, bf16>, block 20x35, pages 1400, row_major>
  %s = tt.cb.alloc "scaler" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %p = tt.cb.write_ptr %s : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 1, row_major>
    tt.noc.generate_tile "reduce_scaler" %p[%c0]
  }
}
