// RUN: tt-opt %s -p tt-lower-memory | filecheck %s --check-prefix=KEPT

#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
!bf16 = !tt.layout.block<1x1, tile<32x32, bf16>>
!f32 = !tt.layout.block<1x1, tile<32x32, f32>>

// A sum that is read after a product was added to it: the product starts from one of its own.
// KEPT-LABEL: func.func @old_sum
// KEPT: tt.cb.alloc "c"
// KEPT: tt.cb.alloc "c"
func.func @old_sum(%X: memref<32x32xf32> {tt.layout = #f32}) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %a = tt.compute.fill 1.0 request <0, "a", stages 1, by "user"> : !bf16
  %c = tt.compute.fill 0.0 request <1, "c", stages 1, by "accumulator"> : !f32
  %d = tt.compute.matmul %a, %a into %c : !bf16, !bf16 -> !f32
  %e = tt.compute.copy %c request <2, "e", stages 1, by "user"> : !f32 -> !f32
  tt.noc.store_block %e, %X[%c0, %c0] : !f32, memref<32x32xf32>
  tt.noc.store_block %d, %X[%c0, %c0] : !f32, memref<32x32xf32>
  func.return
}
