// Blocks of the launch grid over the cores, numbered as they lie in the tensor that is written.
// RUN: tt-opt %s -p tt-partition-work --verify-levels | filecheck %s
// RUN: tt-opt %s -p 'tt-partition-work{arch=blackhole}' | filecheck %s --check-prefix=BLACKHOLE
// RUN: tt-opt %s -p 'tt-partition-work,tt-partition-work' | filecheck %s

!C = memref<128x256xbf16>
!block = memref<64x64xbf16, strided<[256, 1], offset: ?>>

// 2 rows of 4 blocks, each 2x2 tiles. The grid stays.
// CHECK-LABEL: func.func @rows_first
// CHECK-SAME: tt.arch = "wormhole"
// CHECK-SAME: tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2, 4], block_tiles [2, 2], tiles [4, 8], work [<1, <<[0, 0], [8, 1]>>>]>
// CHECK: scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1)
// BLACKHOLE-LABEL: func.func @rows_first
// BLACKHOLE-SAME: tt.arch = "blackhole"
// BLACKHOLE-SAME: core_grid [11, 10], blocks [2, 4], block_tiles [2, 2], tiles [4, 8], work [<1, <<[0, 0], [8, 1]>>>]>
func.func @rows_first(%C: !C, %s: !block) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c64 : index
    %n = arith.muli %column, %c64 : index
    %c = memref.subview %C[%m, %n] [64, 64] [1, 1] : !C to !block
    linalg.copy ins(%c : !block) outs(%c : !block)
  }
  func.return
}

// The first grid axis runs along the columns of C: it is the second axis of the block grid.
// CHECK-LABEL: func.func @columns_first
// CHECK-SAME: blocks [2, 4], block_tiles [2, 2], tiles [4, 8], work [<1, <<[0, 0], [8, 1]>>>]>
func.func @columns_first(%C: !C) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c4, %c2) step (%c1, %c1) {
    %n = arith.muli %bx, %c64 : index
    %m = arith.muli %by, %c64 : index
    %c = memref.subview %C[%m, %n] [64, 64] [1, 1] : !C to !block
    linalg.copy ins(%c : !block) outs(%c : !block)
  }
  func.return
}

// Three axes: batch, rows, columns; 105 blocks on 64 and on 110 cores.
// CHECK-LABEL: func.func @batch
// CHECK-SAME: blocks [3, 5, 7], block_tiles [1, 1], tiles [5, 7], work [<2, <<[0, 0], [8, 5]>, <[0, 5], [1, 1]>>>, <1, <<[1, 5], [7, 1]>, <[0, 6], [8, 2]>>>]>
// BLACKHOLE-LABEL: func.func @batch
// BLACKHOLE-SAME: blocks [3, 5, 7], block_tiles [1, 1], tiles [5, 7], work [<1, <<[0, 0], [11, 9]>, <[0, 9], [6, 1]>>>]>
func.func @batch(%D: memref<3x160x224xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c7 = arith.constant 7 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%x, %y, %z) = (%c0, %c0, %c0) to (%c7, %c5, %c3) step (%c1, %c1, %c1) {
    %m = arith.muli %y, %c32 : index
    %n = arith.muli %x, %c32 : index
    %d = memref.subview %D[%z, %m, %n] [1, 32, 32] [1, 1, 1] : memref<3x160x224xf32> to memref<32x32xf32, strided<[224, 1], offset: ?>>
    linalg.copy ins(%d : memref<32x32xf32, strided<[224, 1], offset: ?>>) outs(%d : memref<32x32xf32, strided<[224, 1], offset: ?>>)
  }
  func.return
}

// Two outputs: the first one written decides. A partition that is there stays, a declaration is
// left alone.
// CHECK-LABEL: func.func @two_outputs
// CHECK-SAME: blocks [4], block_tiles [1, 2], tiles [4, 2],
// CHECK-LABEL: func.func @given
// CHECK-SAME: attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [1, 1], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>}
// CHECK: func.func private @declared()
func.func @two_outputs(%X: memref<128x64xf16>, %Y: memref<256x64xf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f16
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %x = memref.subview %X[%m, 0] [32, 64] [1, 1] : memref<128x64xf16> to memref<32x64xf16, strided<[64, 1], offset: ?>>
    linalg.fill ins(%zero : f16) outs(%x : memref<32x64xf16, strided<[64, 1], offset: ?>>)
    %p = arith.muli %i, %c64 : index
    %y = memref.subview %Y[%p, 0] [64, 64] [1, 1] : memref<256x64xf16> to memref<64x64xf16, strided<[64, 1], offset: ?>>
    linalg.fill ins(%zero : f16) outs(%y : memref<64x64xf16, strided<[64, 1], offset: ?>>)
  }
  func.return
}
func.func @given() attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [1, 1], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>} {
  func.return
}
func.func private @declared()
