// RUN: tt-opt %s -p tt-lower-memory --split-input-file --verify-diagnostics | filecheck %s

// CHECK:      invalid.mlir:[[#]]:1: error: 'f' names no architecture
// CHECK-NEXT: note: run tt-partition-work
func.func @f() {
  func.return
}

// -----

// CHECK:      invalid.mlir:[[#]]:1: error: parameter 0 has no layout
// CHECK-NEXT: note: run tt-infer-layout
func.func @f(%X: memref<32x32xbf16>) attributes {tt.arch = "wormhole"} {
  func.return
}

// -----

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
!bf16 = !tt.layout.block<1x1, tile<32x32, bf16>>
!f32 = !tt.layout.block<1x1, tile<32x32, f32>>

// CHECK:      invalid.mlir:[[#]]:3: error: a bf16 accumulator stands beside fp32 blocks
// CHECK-NEXT: note: DST is 16 or 32 bits wide for a whole kernel: accumulate in float32
func.func @mixed(%X: memref<32x32xbf16> {tt.layout = #bf16}) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %a = tt.compute.fill 1.0 request <0, "a", stages 1, by "user"> : !f32
  %c = tt.compute.fill 0.0 request <1, "c", stages 1, by "accumulator"> : !bf16
  %d = tt.compute.matmul %a, %a into %c : !f32, !f32 -> !bf16
  tt.noc.store_block %d, %X[%c0, %c0] : !bf16, memref<32x32xbf16>
  func.return
}

// -----

#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
!block = !tt.layout.block<4x4, tile<32x32, bf16>>

// A sum that becomes a transposed operand.
// CHECK:      invalid.mlir:[[#]]:3: error: on-chip buffer 'c' is needed in two page orders: rows first and, as a transposed operand, columns first
// CHECK-NEXT: note: load it into a second buffer
func.func @two_orders(%X: memref<128x128xbf16> {tt.layout = #bf16}, %Y: memref<128x128xbf16> {tt.layout = #bf16}) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 1, by "user"> : memref<128x128xbf16> -> !block
  %c = tt.compute.fill 0.0 request <2, "c", stages 1, by "accumulator"> : !block
  %d = tt.compute.matmul %a, %a into %c : !block, !block -> !block
  %e = tt.compute.fill 0.0 request <3, "e", stages 1, by "accumulator"> : !block
  %f = tt.compute.matmul %a, %d transposed into %e : !block, !block -> !block
  tt.noc.store_block %f, %Y[%c0, %c0] : !block, memref<128x128xbf16>
  func.return
}
