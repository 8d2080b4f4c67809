// Types and operations of tt.compute: every form of each.
// RUN: ROUNDTRIP
// RUN: GENERIC_ROUNDTRIP

!left = !tt.layout.block<2x4, tile<32x32, bf16>>
!right = !tt.layout.block<4x3, tile<32x32, bf16>>
!sum = !tt.layout.block<2x3, tile<32x32, f32>>
!rounded = !tt.layout.block<2x3, tile<32x32, bf16>>
!operand = !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>
!acc = !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>

func.func @arithmetic(%buffer: memref<64x128xbf16, 1 : i64>, %b: !right) {
  %a = tt.compute.read_buffer %buffer : memref<64x128xbf16, 1 : i64> -> !left
  tt.compute.write_buffer %a, %buffer : !left, memref<64x128xbf16, 1 : i64>
  %c = tt.compute.fill 1.500000e+00 request <2, "c", stages 1, by "accumulator"> : !sum
  %at = tt.compute.transpose %a request <4, "at", stages 2, by "staging"> : !left -> !tt.layout.block<4x2, tile<32x32, bf16>>
  %bt = tt.compute.transpose %b request <5, "bt", stages 2, by "staging"> : !right -> !tt.layout.block<3x4, tile<32x32, bf16>>
  %0 = tt.compute.matmul %a, %b into %c : !left, !right -> !sum
  %1 = tt.compute.matmul %at transposed, %b into %0 : !tt.layout.block<4x2, tile<32x32, bf16>>, !right -> !sum
  %2 = tt.compute.matmul %a, %bt transposed into %1 : !left, !tt.layout.block<3x4, tile<32x32, bf16>> -> !sum
  %3 = tt.compute.matmul %at transposed, %bt transposed into %2 : !tt.layout.block<4x2, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>> -> !sum
  %out = tt.compute.copy %3 request <3, "out", stages 2, by "staging"> : !sum -> !rounded
  func.return
}

func.func @units(%tile: index, %slot: index) {
  %in = tt.cb.alloc "in" : !operand
  %acc = tt.cb.alloc "acc" : !acc
  tt.compute.hw_startup %in, %in, %acc : !operand, !operand, !acc
  tt.compute.hw_startup matmul %in, %in, %acc : !operand, !operand, !acc
  tt.compute.matmul_block_init %in, %in rt 2 ct 2 kt 4 transpose false : !operand, !operand
  tt.compute.copy_init %acc : !acc
  tt.compute.transpose_init %in : !operand
  tt.compute.fill_init
  tt.compute.reconfig_srca %acc : !acc
  tt.compute.reconfig_srcb %in : !operand
  tt.compute.reconfig_pack %acc : !acc
  tt.compute.tile_regs_acquire
  %dst = tt.compute.dst : !tt.compute.dst<4, f32>
  %placed = tt.compute.dst index 4 : !tt.compute.dst<1, bf16>
  tt.compute.copy_block %acc[%tile], %dst : !acc, !tt.compute.dst<4, f32>
  tt.compute.transpose_tile %in[%tile], %placed[%slot] : !operand, !tt.compute.dst<1, bf16>
  tt.compute.fill_tile -2.500000e-01, %placed[%slot] : !tt.compute.dst<1, bf16>
  tt.compute.matmul_block %in[%tile], %in[%tile], %dst rt 2 ct 2 kt 4 transpose true : !operand, !operand, !tt.compute.dst<4, f32>
  tt.compute.tile_regs_commit
  tt.compute.tile_regs_wait
  tt.compute.pack_block %dst, %acc : !tt.compute.dst<4, f32>, !acc
  tt.compute.pack_tile %placed[%slot], %in[%tile] : !tt.compute.dst<1, bf16>, !operand
  tt.compute.tile_regs_release {note = "kept"}
  func.return
}

// CHECK:      builtin.module {
// CHECK-NEXT:   func.func @arithmetic(%buffer: memref<64x128xbf16, 1 : i64>, %b: !tt.layout.block<4x3, tile<32x32, bf16>>) {
// CHECK-NEXT:     %a = tt.compute.read_buffer %buffer : memref<64x128xbf16, 1 : i64> -> !tt.layout.block<2x4, tile<32x32, bf16>>
// CHECK-NEXT:     tt.compute.write_buffer %a, %buffer : !tt.layout.block<2x4, tile<32x32, bf16>>, memref<64x128xbf16, 1 : i64>
// CHECK-NEXT:     %c = tt.compute.fill 1.500000e+00 request <2, "c", stages 1, by "accumulator"> : !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-NEXT:     %at = tt.compute.transpose %a request <4, "at", stages 2, by "staging"> : !tt.layout.block<2x4, tile<32x32, bf16>> -> !tt.layout.block<4x2, tile<32x32, bf16>>
// CHECK-NEXT:     %bt = tt.compute.transpose %b request <5, "bt", stages 2, by "staging"> : !tt.layout.block<4x3, tile<32x32, bf16>> -> !tt.layout.block<3x4, tile<32x32, bf16>>
// CHECK-NEXT:     %0 = tt.compute.matmul %a, %b into %c : !tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<4x3, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-NEXT:     %1 = tt.compute.matmul %at transposed, %b into %0 : !tt.layout.block<4x2, tile<32x32, bf16>>, !tt.layout.block<4x3, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-NEXT:     %2 = tt.compute.matmul %a, %bt transposed into %1 : !tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-NEXT:     %3 = tt.compute.matmul %at transposed, %bt transposed into %2 : !tt.layout.block<4x2, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-NEXT:     %out = tt.compute.copy %3 request <3, "out", stages 2, by "staging"> : !tt.layout.block<2x3, tile<32x32, f32>> -> !tt.layout.block<2x3, tile<32x32, bf16>>
// CHECK-NEXT:     func.return
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func @units(%tile: index, %slot: index) {
// CHECK-NEXT:     %in = tt.cb.alloc "in" : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>
// CHECK-NEXT:     %acc = tt.cb.alloc "acc" : !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-NEXT:     tt.compute.hw_startup %in, %in, %acc : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-NEXT:     tt.compute.hw_startup matmul %in, %in, %acc : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-NEXT:     tt.compute.matmul_block_init %in, %in rt 2 ct 2 kt 4 transpose false : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>
// CHECK-NEXT:     tt.compute.copy_init %acc : !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-NEXT:     tt.compute.transpose_init %in : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>
// CHECK-NEXT:     tt.compute.fill_init
// CHECK-NEXT:     tt.compute.reconfig_srca %acc : !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-NEXT:     tt.compute.reconfig_srcb %in : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>
// CHECK-NEXT:     tt.compute.reconfig_pack %acc : !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-NEXT:     tt.compute.tile_regs_acquire
// CHECK-NEXT:     %dst = tt.compute.dst : !tt.compute.dst<4, f32>
// CHECK-NEXT:     %placed = tt.compute.dst index 4 : !tt.compute.dst<1, bf16>
// CHECK-NEXT:     tt.compute.copy_block %acc[%tile], %dst : !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>, !tt.compute.dst<4, f32>
// CHECK-NEXT:     tt.compute.transpose_tile %in[%tile], %placed[%slot] : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.compute.dst<1, bf16>
// CHECK-NEXT:     tt.compute.fill_tile -2.500000e-01, %placed[%slot] : !tt.compute.dst<1, bf16>
// CHECK-NEXT:     tt.compute.matmul_block %in[%tile], %in[%tile], %dst rt 2 ct 2 kt 4 transpose true : !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.compute.dst<4, f32>
// CHECK-NEXT:     tt.compute.tile_regs_commit
// CHECK-NEXT:     tt.compute.tile_regs_wait
// CHECK-NEXT:     tt.compute.pack_block %dst, %acc : !tt.compute.dst<4, f32>, !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-NEXT:     tt.compute.pack_tile %placed[%slot], %in[%tile] : !tt.compute.dst<1, bf16>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>
// CHECK-NEXT:     tt.compute.tile_regs_release {note = "kept"}
// CHECK-NEXT:     func.return
// CHECK-NEXT:   }
// CHECK-NEXT: }

// CHECK-GENERIC:      "builtin.module"() ({
// CHECK-GENERIC-NEXT:   "func.func"() <{sym_name = "arithmetic", function_type = (memref<64x128xbf16, 1 : i64>, !tt.layout.block<4x3, tile<32x32, bf16>>) -> ()}> ({
// CHECK-GENERIC-NEXT:   ^bb0(%buffer: memref<64x128xbf16, 1 : i64>, %b: !tt.layout.block<4x3, tile<32x32, bf16>>):
// CHECK-GENERIC-NEXT:     %a = "tt.compute.read_buffer"(%buffer) : (memref<64x128xbf16, 1 : i64>) -> !tt.layout.block<2x4, tile<32x32, bf16>>
// CHECK-GENERIC-NEXT:     "tt.compute.write_buffer"(%a, %buffer) : (!tt.layout.block<2x4, tile<32x32, bf16>>, memref<64x128xbf16, 1 : i64>) -> ()
// CHECK-GENERIC-NEXT:     %c = "tt.compute.fill"() <{value = 1.500000e+00 : f32, cb = #tt.cb.request<2, "c", stages 1, by "accumulator">}> : () -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-GENERIC-NEXT:     %at = "tt.compute.transpose"(%a) <{cb = #tt.cb.request<4, "at", stages 2, by "staging">}> : (!tt.layout.block<2x4, tile<32x32, bf16>>) -> !tt.layout.block<4x2, tile<32x32, bf16>>
// CHECK-GENERIC-NEXT:     %bt = "tt.compute.transpose"(%b) <{cb = #tt.cb.request<5, "bt", stages 2, by "staging">}> : (!tt.layout.block<4x3, tile<32x32, bf16>>) -> !tt.layout.block<3x4, tile<32x32, bf16>>
// CHECK-GENERIC-NEXT:     %0 = "tt.compute.matmul"(%a, %b, %c) : (!tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<4x3, tile<32x32, bf16>>, !tt.layout.block<2x3, tile<32x32, f32>>) -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-GENERIC-NEXT:     %1 = "tt.compute.matmul"(%at, %b, %0) <{transpose_a}> : (!tt.layout.block<4x2, tile<32x32, bf16>>, !tt.layout.block<4x3, tile<32x32, bf16>>, !tt.layout.block<2x3, tile<32x32, f32>>) -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-GENERIC-NEXT:     %2 = "tt.compute.matmul"(%a, %bt, %1) <{transpose_b}> : (!tt.layout.block<2x4, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>>, !tt.layout.block<2x3, tile<32x32, f32>>) -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-GENERIC-NEXT:     %3 = "tt.compute.matmul"(%at, %bt, %2) <{transpose_a, transpose_b}> : (!tt.layout.block<4x2, tile<32x32, bf16>>, !tt.layout.block<3x4, tile<32x32, bf16>>, !tt.layout.block<2x3, tile<32x32, f32>>) -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-GENERIC-NEXT:     %out = "tt.compute.copy"(%3) <{cb = #tt.cb.request<3, "out", stages 2, by "staging">}> : (!tt.layout.block<2x3, tile<32x32, f32>>) -> !tt.layout.block<2x3, tile<32x32, bf16>>
// CHECK-GENERIC-NEXT:     "func.return"() : () -> ()
// CHECK-GENERIC-NEXT:   }) : () -> ()
// CHECK-GENERIC-NEXT:   "func.func"() <{sym_name = "units", function_type = (index, index) -> ()}> ({
// CHECK-GENERIC-NEXT:   ^bb0(%tile: index, %slot: index):
// CHECK-GENERIC-NEXT:     %in = "tt.cb.alloc"() <{label = "in"}> : () -> !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>
// CHECK-GENERIC-NEXT:     %acc = "tt.cb.alloc"() <{label = "acc"}> : () -> !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
// CHECK-GENERIC-NEXT:     "tt.compute.hw_startup"(%in, %in, %acc) : (!tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.hw_startup"(%in, %in, %acc) <{matmul}> : (!tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.matmul_block_init"(%in, %in) <{rt = 2 : i32, ct = 2 : i32, kt = 4 : i32, transpose = false}> : (!tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.copy_init"(%acc) : (!tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.transpose_init"(%in) : (!tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.fill_init"() : () -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.reconfig_srca"(%acc) : (!tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.reconfig_srcb"(%in) : (!tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.reconfig_pack"(%acc) : (!tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.tile_regs_acquire"() : () -> ()
// CHECK-GENERIC-NEXT:     %dst = "tt.compute.dst"() : () -> !tt.compute.dst<4, f32>
// CHECK-GENERIC-NEXT:     %placed = "tt.compute.dst"() <{index = 4 : i32}> : () -> !tt.compute.dst<1, bf16>
// CHECK-GENERIC-NEXT:     "tt.compute.copy_block"(%acc, %tile, %dst) : (!tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>, index, !tt.compute.dst<4, f32>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.transpose_tile"(%in, %tile, %placed, %slot) : (!tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, index, !tt.compute.dst<1, bf16>, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.fill_tile"(%placed, %slot) <{value = -2.500000e-01 : f32}> : (!tt.compute.dst<1, bf16>, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.matmul_block"(%in, %in, %tile, %tile, %dst) <{rt = 2 : i32, ct = 2 : i32, kt = 4 : i32, transpose = true}> : (!tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, index, index, !tt.compute.dst<4, f32>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.tile_regs_commit"() : () -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.tile_regs_wait"() : () -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.pack_block"(%dst, %acc) : (!tt.compute.dst<4, f32>, !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.pack_tile"(%placed, %slot, %in, %tile) : (!tt.compute.dst<1, bf16>, index, !tt.cb.buffer<tile<32x32, bf16>, block 2x4, pages 16, row_major>, index) -> ()
// CHECK-GENERIC-NEXT:     "tt.compute.tile_regs_release"() {note = "kept"} : () -> ()
// CHECK-GENERIC-NEXT:     "func.return"() : () -> ()
// CHECK-GENERIC-NEXT:   }) : () -> ()
// CHECK-GENERIC-NEXT: }) : () -> ()
