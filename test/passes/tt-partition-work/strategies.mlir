// Strategies, core grids and core ranges, from options and from the schedule annotation.
// RUN: tt-opt %s -p 'tt-partition-work{strategy=row_major core-grid=3,2}' | filecheck %s --check-prefix=ROWS
// RUN: tt-opt %s -p 'tt-partition-work{strategy=column_major core-grid=3,2}' | filecheck %s --check-prefix=COLUMNS
// RUN: tt-opt %s -p 'tt-partition-work{order=column_major core-grid=3,2}' | filecheck %s --check-prefix=ORDER
// RUN: tt-opt %s -p 'tt-partition-work{strategy=block core-grid=3,2}' | filecheck %s --check-prefix=BLOCK
// RUN: tt-opt %s -p 'tt-partition-work{core-ranges=6,7,2,1,0,0,1,3}' | filecheck %s --check-prefix=RANGES
// RUN: tt-opt %s -p 'tt-partition-work{strategy=block core-ranges=6,7,2,1,0,0,1,3}' | filecheck %s --check-prefix=PIECES

!C = memref<160x256xbf16>
!block = memref<32x64xbf16, strided<[256, 1], offset: ?>>

// 5 rows of 4 blocks on 6 cores: 4, 4, 3, 3, 3, 3.
// ROWS: tt.partition = #tt.layout.partition<"global", "row_major", core_grid [3, 2], blocks [5, 4], block_tiles [1, 2], tiles [5, 8], work [<4, <<[0, 0], [2, 1]>>>, <3, <<[2, 0], [1, 1]>, <[0, 1], [3, 1]>>>]>
// ROWS-SAME: tt.decisions = [{subject = "work", what = "core_grid", value = "[3, 2]", by = "user"}, {subject = "work", what = "strategy", value = "row_major", by = "user"}]
// COLUMNS: "column_major", core_grid [3, 2], blocks [5, 4], block_tiles [1, 2], tiles [5, 8], order "column_major", work [<4, <<[0, 0], [2, 1]>>>, <3, <<[2, 0], [1, 1]>, <[0, 1], [3, 1]>>>]>
// ORDER: "contiguous", core_grid [3, 2], blocks [5, 4], block_tiles [1, 2], tiles [5, 8], order "column_major", work
// Boxes of 3 rows and 2 columns: two core rows, two core columns; the lower boxes hold 2 rows.
// BLOCK: "block", core_grid [3, 2], blocks [5, 4], block_tiles [1, 2], tiles [5, 8], rect [3, 2], work [<6, <<[0, 0], [2, 2]>>>]>
// Two ranges: cores in the order of the ranges.
// RANGES: "contiguous", core_grid [8, 8], blocks [5, 4], block_tiles [1, 2], tiles [5, 8], work [<4, <<[6, 7], [2, 1]>, <[0, 0], [1, 3]>>>]>
// Five cores that are no rectangle, arranged as 5 rows of 1.
// PIECES: "block", core_grid [8, 8], blocks [5, 4], block_tiles [1, 2], tiles [5, 8], rect [1, 4], work [<4, <<[6, 7], [2, 1]>, <[0, 0], [1, 3]>>>]>
func.func @rows(%C: !C, %s: !block) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c5, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c64 : index
    %c = memref.subview %C[%m, %n] [32, 64] [1, 1] : !C to !block
    linalg.copy ins(%c : !block) outs(%c : !block)
  }
  func.return
}
