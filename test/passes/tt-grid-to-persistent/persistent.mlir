// The launch grid becomes a loop over work ids of one core.
// RUN: tt-opt %s -p tt-grid-to-persistent --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-grid-to-persistent | filecheck %s --check-prefix=GONE
// GONE-NOT: scf.parallel

#mk = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">
#kn = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["K", "N"], by "default">
#mn = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "N"], by "default">
#plain = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
!block = memref<64x64xbf16, strided<[256, 1], offset: ?>>

// A product: Mt, Kt, Nt are arguments; ids are decoded by the number of blocks in a row, Nt / 2.
// The grid's first axis runs along columns.
// CHECK-LABEL: func.func @gemm(
// CHECK-SAME: %start_id: index {tt.name = "start_id"}, %count: index {tt.name = "count"}, %Mt: index {tt.name = "Mt"}, %Kt: index {tt.name = "Kt"}, %Nt: index {tt.name = "Nt"})
// CHECK-SAME: tt.abi = #tt.abi<address "A_addr" = 0, address "B_addr" = 1, address "arg2_addr" = 2, start "start_id" = 0, count "count" = 0, extent "Mt" = 4, extent "Kt" = 16, extent "Nt" = 8>
// CHECK:      %N_blocks = arith.divui %Nt, %{{.*}} : index
// CHECK-NEXT: scf.for %work = %{{.*}} to %count step %{{.*}} {
// CHECK-NEXT:   %work_id = arith.addi %start_id, %work : index
// CHECK-NEXT:   %bx = arith.remui %work_id, %N_blocks : index
// CHECK-NEXT:   %by = arith.divui %work_id, %N_blocks : index
// CHECK-NEXT:   %n = arith.muli %bx, %c64 : index
// CHECK-NEXT:   %m = arith.muli %by, %c64 : index
func.func @gemm(%A: memref<128x512xbf16> {tt.name = "A", tt.layout = #mk}, %B: memref<512x256xbf16> {tt.name = "B", tt.layout = #kn}, %2: memref<128x256xbf16> {tt.layout = #mn}) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2, 4], block_tiles [2, 2], tiles [4, 8], work [<1, <<[0, 0], [8, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c4, %c2) step (%c1, %c1) {
    %n = arith.muli %bx, %c64 : index
    %m = arith.muli %by, %c64 : index
    %c = memref.subview %2[%m, %n] [64, 64] [1, 1] : memref<128x256xbf16> to !block
    linalg.copy ins(%c : !block) outs(%c : !block)
  }
  func.return
}

// No product: block counts are constants. A batch axis, and an axis of one block that costs nothing.
// CHECK-LABEL: func.func @batch(
// CHECK-SAME: tt.abi = #tt.abi<address "T_addr" = 0, start "start_id" = 0, count "count" = 0>
// CHECK-DAG:  %[[ROWS:.*]] = arith.constant 5 : index
// CHECK:      scf.for %work
// CHECK:        %[[ID:.*]] = arith.addi %start_id, %work : index
// CHECK-DAG:    %x = arith.constant 0 : index
// CHECK-DAG:    %y = arith.remui %[[ID]], %{{.*}} : index
// CHECK-DAG:    %z = arith.divui %[[ID]], %{{.*}} : index
// CHECK:        memref.subview %T[%z, %m, %n]
func.func @batch(%T: memref<3x160x32xbf16> {tt.name = "T", tt.layout = #plain}) attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [3, 5, 1], block_tiles [1, 1], tiles [5, 1], work [<1, <<[0, 0], [8, 1]>, <[0, 1], [7, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%x, %y, %z) = (%c0, %c0, %c0) to (%c1, %c5, %c3) step (%c1, %c1, %c1) {
    %m = arith.muli %y, %c32 : index
    %n = arith.muli %x, %c32 : index
    %t = memref.subview %T[%z, %m, %n] [1, 32, 32] [1, 1, 1] : memref<3x160x32xbf16> to memref<32x32xbf16, strided<[32, 1], offset: ?>>
    linalg.copy ins(%t : memref<32x32xbf16, strided<[32, 1], offset: ?>>) outs(%t : memref<32x32xbf16, strided<[32, 1], offset: ?>>)
  }
  func.return
}

// One axis: the work id is the block index.
// CHECK-LABEL: func.func @one_axis(
// CHECK:      scf.for %work
// CHECK-NEXT:   %work_id = arith.addi %start_id, %work : index
// CHECK-NEXT:   %m = arith.muli %work_id, %c32 : index
func.func @one_axis(%X: memref<128x32xbf16> {tt.name = "X", tt.layout = #plain}) attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [4], block_tiles [1, 1], tiles [4, 1], work [<1, <<[0, 0], [4, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %x = memref.subview %X[%m, 0] [32, 32] [1, 1] : memref<128x32xbf16> to memref<32x32xbf16, strided<[32, 1], offset: ?>>
    linalg.copy ins(%x : memref<32x32xbf16, strided<[32, 1], offset: ?>>) outs(%x : memref<32x32xbf16, strided<[32, 1], offset: ?>>)
  }
  func.return
}

// Without a grid there is nothing to do.
// CHECK-LABEL: func.func private @declared()
func.func private @declared()

// Scalar parameters stand after the addresses, with their places among all parameters. Dimension 1
// of the written tensor is outer: its axis comes first, then rows.
// CHECK-LABEL: func.func @scalars(
// CHECK-SAME: %a: f32 {tt.name = "a"}, %T: {{.*}}, %n: i32 {tt.name = "n"}, %start_id: index {{.*}}, %count: index
// CHECK-SAME: tt.abi = #tt.abi<address "T_addr" = 0, scalar "a" = 0 : f32, scalar "n" = 2 : i32, start "start_id" = 0, count "count" = 0>
// CHECK:        %x = arith.divui %work_id, %{{.*}} : index
// CHECK:        memref.subview %T[%m, %x, 0]
func.func @scalars(%a: f32 {tt.name = "a"}, %T: memref<64x4x32xbf16> {tt.name = "T", tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [0, 2], by "default">}, %n: i32 {tt.name = "n"}) attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [4, 2], block_tiles [1, 1], tiles [2, 1], work [<1, <<[0, 0], [8, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%x, %y) = (%c0, %c0) to (%c4, %c2) step (%c1, %c1) {
    %m = arith.muli %y, %c32 : index
    %t = memref.subview %T[%m, %x, 0] [32, 1, 32] [1, 1, 1] : memref<64x4x32xbf16> to memref<32x32xbf16, strided<[128, 1], offset: ?>>
    linalg.copy ins(%t : memref<32x32xbf16, strided<[128, 1], offset: ?>>) outs(%t : memref<32x32xbf16, strided<[128, 1], offset: ?>>)
  }
  func.return
}
