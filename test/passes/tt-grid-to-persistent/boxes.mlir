// (m, n) from work ids numbered by columns, in rectangles of blocks, and in L1 shards.
// RUN: tt-opt %s -p tt-grid-to-persistent --verify-levels | filecheck %s

#mk = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">
#kn = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["K", "N"], by "default">
#mn = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "N"], by "default">
#plain = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
!C = memref<320x512xbf16>
!block = memref<64x64xbf16, strided<[512, 1], offset: ?>>

// Column by column: 5 rows of blocks, Mt / 2.
// CHECK-LABEL: func.func @columns(
// CHECK-SAME: extent "Mt" = 10, extent "Kt" = 4, extent "Nt" = 16>
// CHECK:      %M_blocks = arith.divui %Mt, %{{.*}} : index
// CHECK:      scf.for %work
// CHECK-NEXT:   %work_id = arith.addi %start_id, %work : index
// CHECK-NEXT:   %by = arith.remui %work_id, %M_blocks : index
// CHECK-NEXT:   %bx = arith.divui %work_id, %M_blocks : index
func.func @columns(%A: memref<320x128xbf16> {tt.name = "A", tt.layout = #mk}, %B: memref<128x512xbf16> {tt.name = "B", tt.layout = #kn}, %C: !C {tt.name = "C", tt.layout = #mn}) attributes {tt.partition = #tt.layout.partition<"global", "column_major", core_grid [8, 8], blocks [5, 8], block_tiles [2, 2], tiles [10, 16], order "column_major", work [<1, <<[0, 0], [8, 5]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c8, %c5) step (%c1, %c1) {
    %n = arith.muli %bx, %c64 : index
    %m = arith.muli %by, %c64 : index
    %c = memref.subview %C[%m, %n] [64, 64] [1, 1] : !C to !block
    linalg.copy ins(%c : !block) outs(%c : !block)
  }
  func.return
}

// Rectangles of 2x3 blocks: the core's rectangle is start_id / 6, of 3 in a row; the last ones hold
// min(2, 5 - first) rows and min(3, 8 - first) columns.
// CHECK-LABEL: func.func @rectangles(
// CHECK-SAME: tt.abi = #tt.abi<address "C_addr" = 0, start "start_id" = 0, count "count" = 0>
// CHECK:      %[[BOX:.*]] = arith.divui %start_id, %{{.*}} : index
// CHECK:      %[[X:.*]] = arith.remui %[[BOX]], %{{.*}} : index
// CHECK:      %[[Y:.*]] = arith.divui %[[BOX]], %{{.*}} : index
// CHECK:      %first = arith.muli %[[Y]], %{{.*}} : index
// CHECK:      %[[ROWS:.*]] = arith.subi %{{.*}}, %first : index
// CHECK:      %held = arith.minui %{{.*}}, %[[ROWS]] : index
// CHECK:      %first_1 = arith.muli %[[X]], %{{.*}} : index
// CHECK:      %held_1 = arith.minui
// CHECK:      scf.for %work
// CHECK:        %[[ID:.*]] = arith.remui %work_id, %{{.*}} : index
// CHECK:        %[[COL:.*]] = arith.remui %[[ID]], %held_1 : index
// CHECK:        %[[ROW:.*]] = arith.divui %[[ID]], %held_1 : index
// CHECK:        %by = arith.addi %first, %[[ROW]] : index
// CHECK:        %bx = arith.addi %first_1, %[[COL]] : index
func.func @rectangles(%C: !C {tt.name = "C", tt.layout = #plain}) attributes {tt.partition = #tt.layout.partition<"global", "block", core_grid [8, 8], blocks [5, 8], block_tiles [2, 2], tiles [10, 16], rect [2, 3], work [<6, <<[0, 0], [3, 3]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c8, %c5) step (%c1, %c1) {
    %n = arith.muli %bx, %c64 : index
    %m = arith.muli %by, %c64 : index
    %c = memref.subview %C[%m, %n] [64, 64] [1, 1] : !C to !block
    linalg.copy ins(%c : !block) outs(%c : !block)
  }
  func.return
}

// L1 shards of 10x4 tiles, 5x2 blocks: m = sy*Sm + (id div (Sn/bn))*bm, n = sx*Sn + (id mod (Sn/bn))*bn.
// CHECK-LABEL: func.func @shards(
// CHECK-SAME: %Sm: index {tt.name = "Sm"}, %Sn: index {tt.name = "Sn"}, %Gy: index {tt.name = "Gy"}, %Gx: index {tt.name = "Gx"}, %sy: index {tt.name = "sy"}, %sx: index {tt.name = "sx"})
// CHECK-SAME: start "start_id" = 0, count "count" = 0, extent "Mt" = 10, extent "Kt" = 4, extent "Nt" = 16, shard "Sm" = 4, shard "Sn" = 4, shard "Gy" = 3, shard "Gx" = 4, shard_coordinate "sy" = 0, shard_coordinate "sx" = 1>
// CHECK:      %Sm_blocks = arith.divui %Sm, %{{.*}} : index
// CHECK:      %first = arith.muli %sy, %Sm_blocks : index
// CHECK:      %held = arith.minui %Sm_blocks
// CHECK:      %Sn_blocks = arith.divui %Sn, %{{.*}} : index
// CHECK:      %first_1 = arith.muli %sx, %Sn_blocks : index
// CHECK-NOT:  arith.minui
// CHECK:      scf.for %work
// CHECK-NEXT:   %work_id = arith.addi %start_id, %work : index
// CHECK-NEXT:   %[[COL:.*]] = arith.remui %work_id, %Sn_blocks : index
// CHECK-NEXT:   %[[ROW:.*]] = arith.divui %work_id, %Sn_blocks : index
// CHECK-NEXT:   %by = arith.addi %first, %[[ROW]] : index
// CHECK-NEXT:   %bx = arith.addi %first_1, %[[COL]] : index
func.func @shards(%A: memref<320x128xbf16> {tt.name = "A", tt.layout = #mk}, %B: memref<128x512xbf16> {tt.name = "B", tt.layout = #kn}, %C: !C {tt.name = "C", tt.layout = #mn}) attributes {tt.partition = #tt.layout.partition<"local_shard", "contiguous", core_grid [8, 8], blocks [5, 8], block_tiles [2, 2], tiles [10, 16], rect [2, 2], work [<4, <<[0, 0], [4, 3]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c8, %c5) step (%c1, %c1) {
    %n = arith.muli %bx, %c64 : index
    %m = arith.muli %by, %c64 : index
    %c = memref.subview %C[%m, %n] [64, 64] [1, 1] : !C to !block
    linalg.copy ins(%c : !block) outs(%c : !block)
  }
  func.return
}

// A batch that is cut has a coordinate of its own; rows are not.
// CHECK-LABEL: func.func @batch(
// CHECK-SAME: shard "Sm" = 2, shard "Sn" = 1, shard "Gy" = 1, shard "Gx" = 1, shard_coordinate "sy" = 1, shard "sx" = 0, shard_coordinate "s0" = 0>
func.func @batch(%T: memref<4x64x32xbf16> {tt.name = "T", tt.layout = #plain}) attributes {tt.partition = #tt.layout.partition<"local_shard", "contiguous", core_grid [8, 8], blocks [4, 2], block_tiles [1, 1], tiles [2, 1], rect [2, 2], work [<4, <<[0, 0], [2, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%z, %y) = (%c0, %c0) to (%c4, %c2) step (%c1, %c1) {
    %m = arith.muli %y, %c32 : index
    %t = memref.subview %T[%z, %m, 0] [1, 32, 32] [1, 1, 1] : memref<4x64x32xbf16> to memref<32x32xbf16, strided<[32, 1], offset: ?>>
    linalg.copy ins(%t : memref<32x32xbf16, strided<[32, 1], offset: ?>>) outs(%t : memref<32x32xbf16, strided<[32, 1], offset: ?>>)
  }
  func.return
}
