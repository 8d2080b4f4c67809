// Every option of the pipeline changes the program.
// RUN: tt-opt %s -p tt-lower | filecheck %s --check-prefix=DEFAULT
// RUN: tt-opt %s -p 'tt-lower{strategy=column_major}' | filecheck %s --check-prefix=STRATEGY
// RUN: tt-opt %s -p 'tt-lower{strategy=block}' | filecheck %s --check-prefix=BLOCK
// RUN: tt-opt %s -p 'tt-lower{double-buffer=false}' | filecheck %s --check-prefix=SINGLE
// RUN: tt-opt %s -p 'tt-lower{prefetch=true}' | filecheck %s --check-prefix=PREFETCH
// RUN: tt-opt %s -p 'tt-lower{arch=blackhole}' | filecheck %s --check-prefix=DEVICE
// RUN: tt-opt %s -p 'tt-propagate-layout{double-buffer=false}' | filecheck %s --check-prefix=REQUEST1
// RUN: tt-opt %s -p 'tt-propagate-layout{prefetch=true}' | filecheck %s --check-prefix=REQUEST3

// DEFAULT: "global", "contiguous", core_grid [8, 8]
// DEFAULT-SAME: {subject = "s", what = "depth", value = "2 blocks", by = "default"}
// DEFAULT: tt.cb.alloc "s" id 0 {{.*}}, block 1x2, pages 4,
// STRATEGY: "global", "column_major", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], order "column_major"
// BLOCK: "global", "block", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], rect [1, 1]
// SINGLE: {subject = "s", what = "depth", value = "1 blocks", by = "double-buffer"}
// SINGLE: tt.cb.alloc "s" id 0 {{.*}}, block 1x2, pages 2,
// PREFETCH: {subject = "s", what = "depth", value = "3 blocks", by = "prefetch"}
// PREFETCH: tt.cb.alloc "s" id 0 {{.*}}, block 1x2, pages 6,
// DEVICE: arch "blackhole"
// DEVICE-SAME: core_grid [11, 10]
// REQUEST1: tt.cb = #tt.cb.request<0, "s", stages 1, by "double-buffer">
// REQUEST3: tt.cb = #tt.cb.request<0, "s", stages 3, by "prefetch">

!T = memref<128x128xbf16>
!view = memref<32x64xbf16, strided<[128, 1], offset: ?>>
!block = memref<32x64xbf16, 1 : i64>

func.func @copy(%A: !T {tt.name = "A"}, %B: !T {tt.name = "B"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%by, %bx) = (%c0, %c0) to (%c4, %c2) step (%c1, %c1) {
    %s = memref.alloc() {tt.name = "s"} : !block
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !view
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !view
    linalg.copy ins(%a : !view) outs(%s : !block)
    linalg.copy ins(%s : !block) outs(%b : !view)
  }
  func.return
}
