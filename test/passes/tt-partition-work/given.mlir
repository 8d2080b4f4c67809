// A partition that comes with the kernel is held against it, whether or not an architecture does too.
// RUN: tt-opt %s -p tt-partition-work --split-input-file --verify-diagnostics | filecheck %s
// RUN: not tt-opt %s -p 'tt-partition-work{arch=blackhole}' --split-input-file 2>&1 | filecheck %s --check-prefix=ARCH

!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// The cores are not those that would be chosen here: it stays.
// CHECK-LABEL: func.func @kept
// CHECK-SAME: tt.arch = "wormhole"
// CHECK-SAME: work [<2, <<[3, 3], [2, 1]>>>]>
// ARCH: given.mlir:[[#]]:1: error: 'kept' is for arch wormhole, asked for is blackhole
// ARCH-NEXT: note: compile for wormhole, or leave tt.arch out
func.func @kept(%A: memref<128x64xbf16>) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [4], block_tiles [1, 2], tiles [4, 2], work [<2, <<[3, 3], [2, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}

// -----

!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// CHECK: given.mlir:[[#]]:1: error: the partition given is of another kernel: its block grid is [2], that of 'part' is [4]
// CHECK-NEXT: note: leave it (tt.partition, a plan) out, and the work is divided anew
func.func @part(%A: memref<128x64xbf16>) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 2], tiles [4, 2], work [<1, <<[0, 0], [2, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}

// -----

!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// CHECK: given.mlir:[[#]]:1: error: the partition given is of another kernel: its block grid is [2, 2], that of 'rank' is [4]
func.func @rank(%A: memref<128x64xbf16>) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2, 2], block_tiles [1, 2], tiles [4, 2], work [<1, <<[0, 0], [4, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}
