// RUN: tt-opt %s -t metalium-compute | filecheck %s --check-prefix=COMPUTE
// RUN: tt-opt %s -t metalium-reader | filecheck %s --check-prefix=READER
// RUN: sed 's/api "v2"/api "v1"/' %s | tt-opt -t metalium-compute | filecheck %s --check-prefix=V1
// Elementwise operations in 32-bit DST: every operation of METALIUM, scalars, and branches on
// indices in a compute kernel.

!bf16 = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
!f32 = !tt.cb.buffer<tile<32x32, f32>, block 2x2, pages 4, row_major>
!dst = !tt.compute.dst<1, f32>

builtin.module {
  tt.program "eltwise" arch "wormhole" api "v2" config <"HiFi4", dst32 true, full_sync false>
      abi <address "X_addr" = 0, start "start_id" = 0, count "count" = 0, extent "scale" = 0>
      tensors [#tt.tensor<"X", in, [64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>]
      partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
    %X_cb = tt.cb.alloc "X" id 0 : !bf16
    %Y_cb = tt.cb.alloc "Y" id 1 unpack_to_dest : !f32
    %S_cb = tt.cb.alloc "S" id 2 : !bf16
    %I_cb = tt.cb.alloc "I" id 3 : !f32
    %O_cb = tt.cb.alloc "O" id 4 : !f32

    tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %s = tt.cb.write_ptr %S_cb : !bf16
      tt.noc.generate_tile "reduce_scaler" %s[%c0]
      tt.noc.generate_tile "iota" rows 0 cols 1 %s[%c1]
      %i = tt.cb.write_ptr %I_cb : !f32
      tt.noc.generate_tile "reduce_scaler" %i[%c0]
      tt.noc.generate_tile "iota" rows 64 cols -1 %i[%c1]
    }
    // READER: #include "api/dataflow/dataflow_api.h"
    // READER: static inline uint32_t float_bits(float value) {
    // READER: static inline uint32_t iota_bits(uint32_t i, int32_t rows, int32_t cols) {
    // READER: static inline void write_first_rows(
    // READER: static inline void write_reduce_scaler_bf16(uint32_t address) {
    // READER-NEXT: write_first_rows(address, 128, 8, 0x3f803f80);
    // READER: static inline void write_reduce_scaler_f32(uint32_t address) {
    // READER-NEXT: write_first_rows(address, 256, 16, 0x3f800000);
    // READER: static inline void write_iota_bf16(uint32_t address, int32_t rows, int32_t cols) {
    // READER: static inline void write_iota_f32(uint32_t address, int32_t rows, int32_t cols) {
    // READER: void kernel_main() {
    // READER: write_reduce_scaler_bf16(S_ptr);
    // READER: write_iota_bf16(S_ptr + S_tile_bytes, 0, 1);
    // READER: write_reduce_scaler_f32(I_ptr);
    // READER: write_iota_f32(I_ptr + I_tile_bytes, 64, -1);

    tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %half = arith.constant 0.5 : f32
      %low = arith.constant 0xFF800000 : f32
      %start = tt.noc.runtime_arg 1 : index
      %count = tt.noc.runtime_arg 2 : index
      %scale = tt.noc.runtime_arg 3 : f32
      %a = tt.compute.dst index 0 : !dst
      %b = tt.compute.dst index 1 : !dst
      %c = tt.compute.dst index 2 : !dst
      tt.compute.hw_startup %X_cb, %X_cb, %O_cb : !bf16, !bf16, !f32
      // COMPUTE: #include "api/compute/bcast.h"
      // COMPUTE: #include "api/compute/copy_dest_values.h"
      // COMPUTE: #include "api/compute/eltwise_binary.h"
      // COMPUTE: #include "api/compute/eltwise_binary_sfpu.h"
      // COMPUTE: #include "api/compute/eltwise_unary/binop_with_scalar.h"
      // COMPUTE: #include "api/compute/eltwise_unary/exp.h"
      // COMPUTE: #include "api/compute/eltwise_unary/where.h"
      // COMPUTE: #include "api/compute/reduce.h"
      // COMPUTE: static inline uint32_t float_bits(float value) {
      // COMPUTE: const float scale = get_arg_val<float>(3);
      // V1: #include "compute_kernel_api/bcast.h"
      // V1: #include "compute_kernel_api/eltwise_unary/comp.h"
      // V1: const float scale = get_arg_val<float>(3);

      tt.compute.copy_init %X_cb : !bf16
      tt.compute.copy_tile %X_cb[%c3], %b[%c0] : !bf16, !dst
      // COMPUTE: copy_init(cb_X);
      // COMPUTE: copy_tile(cb_X, 3, 1);
      // V1: copy_tile_to_dst_init_short(cb_X);
      // V1: copy_tile(cb_X, 3, 1);

      tt.compute.broadcast_init "col" %Y_cb, %O_cb : !f32, !f32
      tt.compute.broadcast_tile "col" %Y_cb[%c1], %b[%c0] : !f32, !dst
      tt.compute.broadcast_uninit "col" %Y_cb : !f32
      // COMPUTE: unary_bcast_init<BroadcastType::COL>(cb_Y);
      // COMPUTE: unary_bcast<BroadcastType::COL>(cb_Y, 1, 1);
      // COMPUTE: unary_bcast_uninit<BroadcastType::COL>(cb_Y);
      // V1: UNPACK((llk_unpack_A_init<BroadcastType::COL, false, EltwiseBinaryReuseDestType::NONE, true>(
      // V1: MATH((llk_math_eltwise_unary_datacopy_init<
      // V1: unary_bcast<BroadcastType::COL>(cb_Y, 1, 1);
      // V1: unary_bcast_uninit<BroadcastType::COL>(cb_Y);

      tt.compute.fpu_binary_init "add" broadcast "none" %X_cb, %S_cb : !bf16, !bf16
      tt.compute.fpu_binary "add" broadcast "none" %X_cb[%c0], %S_cb[%c3], %a[%c0] : !bf16, !bf16, !dst
      tt.compute.fpu_binary_init "sub" broadcast "row" %X_cb, %S_cb : !bf16, !bf16
      tt.compute.fpu_binary "sub" broadcast "row" %X_cb[%c0], %S_cb[%c3], %a[%c0] : !bf16, !bf16, !dst
      tt.compute.fpu_binary_init "mul" broadcast "scalar" %X_cb, %S_cb : !bf16, !bf16
      tt.compute.fpu_binary "mul" broadcast "scalar" %X_cb[%c0], %S_cb[%c3], %c[%c0] : !bf16, !bf16, !dst
      tt.compute.fpu_binary_init "mul" broadcast "col" %X_cb, %S_cb : !bf16, !bf16
      // COMPUTE: add_init(cb_X, cb_S);
      // COMPUTE: add_tiles(cb_X, cb_S, 0, 3, 0);
      // COMPUTE: sub_bcast_rows_init(cb_X, cb_S);
      // COMPUTE: sub_tiles_bcast_rows(cb_X, cb_S, 0, 3, 0);
      // COMPUTE: mul_bcast_scalar_init(cb_X, cb_S);
      // COMPUTE: mul_tiles_bcast_scalar(cb_X, cb_S, 0, 3, 2);
      // COMPUTE: mul_bcast_cols_init(cb_X, cb_S);
      // V1: add_tiles_init(cb_X, cb_S);
      // V1: add_tiles(cb_X, cb_S, 0, 3, 0);
      // V1: sub_bcast_rows_init_short(cb_X, cb_S);
      // V1: sub_tiles_bcast_rows(cb_X, cb_S, 0, 3, 0);
      // V1: mul_tiles_bcast_scalar_init_short(cb_X, cb_S);
      // V1: mul_tiles_bcast_scalar(cb_X, cb_S, 0, 3, 2);
      // V1: mul_bcast_cols_init_short(cb_X, cb_S);

      tt.compute.reduce_init "max" dim "row" %X_cb, %S_cb, %O_cb : !bf16, !bf16, !f32
      tt.compute.reduce_tile "max" dim "row" %X_cb[%c1], %S_cb, %a[%c0] : !bf16, !bf16, !dst
      tt.compute.reduce_uninit %X_cb : !bf16
      tt.compute.reduce_init "sum" dim "col" %X_cb, %S_cb, %O_cb : !bf16, !bf16, !f32
      // COMPUTE: reduce_init<PoolType::MAX, ReduceDim::REDUCE_ROW>(cb_X, cb_S, cb_O);
      // COMPUTE: reduce_tile<PoolType::MAX, ReduceDim::REDUCE_ROW>(cb_X, cb_S, 1, 0, 0);
      // COMPUTE: reduce_uninit();
      // COMPUTE: reduce_init<PoolType::SUM, ReduceDim::REDUCE_COL>(cb_X, cb_S, cb_O);
      // V1: reduce_init<PoolType::MAX, ReduceDim::REDUCE_ROW, true>(cb_X, cb_S, cb_O);
      // V1: reduce_tile<PoolType::MAX, ReduceDim::REDUCE_ROW, true>(cb_X, cb_S, 1, 0, 0);
      // V1: reduce_uninit<true>(cb_X);
      // V1: reduce_init<PoolType::SUM, ReduceDim::REDUCE_COL, true>(cb_X, cb_S, cb_O);

      tt.compute.sfpu_init "unary" "exp"
      tt.compute.sfpu_unary "exp" %b[%c0] : !dst
      tt.compute.sfpu_init "binary" "sub"
      tt.compute.sfpu_binary "sub" %a, %b into %c at %c0 : !dst, !dst, !dst
      tt.compute.sfpu_init "binary" "lt"
      tt.compute.sfpu_binary "lt" %a, %b into %a at %c0 : !dst, !dst, !dst
      tt.compute.sfpu_init "ternary" "where"
      tt.compute.sfpu_ternary "where" %a, %b, %c into %a at %c0 : !dst, !dst, !dst, !dst
      tt.compute.copy_dst_init
      tt.compute.copy_dst %a into %c at %c0 : !dst, !dst
      tt.compute.sfpu_init "unary" "round_bf16"
      tt.compute.sfpu_unary "round_bf16" %c[%c0] : !dst
      // COMPUTE: exp_tile_init();
      // COMPUTE: exp_tile(1);
      // COMPUTE: sub_binary_tile_init();
      // COMPUTE: sub_binary_tile<DstRoundingMode::NearestEven>(0, 1, 2);
      // COMPUTE: lt_binary_tile_init();
      // COMPUTE: lt_binary_tile(0, 1, 0);
      // COMPUTE: where_tile_init();
      // COMPUTE: where_tile<DataFormat::Float32>(0, 1, 2, 0);
      // COMPUTE: copy_dest_values_init();
      // COMPUTE: copy_dest_values<DataFormat::Float32>(0, 2);
      // COMPUTE: typecast_tile_init<(uint32_t)DataFormat::Float32, (uint32_t)DataFormat::Float16_b>();
      // COMPUTE: typecast_tile<(uint32_t)DataFormat::Float32, (uint32_t)DataFormat::Float16_b>(2);
      // V1: exp_tile_init();
      // V1: exp_tile(1);
      // V1: sub_binary_tile_init();
      // V1: sub_binary_tile(0, 1, 2);
      // V1: sub_binary_tile_init();
      // V1: sub_binary_tile(0, 1, 0);
      // V1: ltz_tile_init();
      // V1: ltz_tile(0);
      // V1: where_tile_init();
      // V1: where_fp32_tile(0, 1, 2, 0);
      // V1: copy_dest_values_init();
      // V1: copy_dest_values(2, 0);

      tt.compute.sfpu_init "scalar" "mul"
      tt.compute.sfpu_scalar "mul" %a[%c0], %half : !dst
      tt.compute.sfpu_scalar "mul" %a[%c0], %scale : !dst
      tt.compute.sfpu_scalar "div" %a[%c0], %half : !dst
      tt.compute.sfpu_scalar "div" %a[%c0], %scale : !dst
      tt.compute.sfpu_init "scalar" "max"
      tt.compute.sfpu_scalar "max" %a[%c0], %low : !dst
      // COMPUTE: binop_with_scalar_tile_init();
      // COMPUTE: mul_unary_tile(0, 0x3f000000 /* 0.5 */);
      // COMPUTE: mul_unary_tile(0, float_bits(scale));
      // COMPUTE: mul_unary_tile(0, 0x40000000 /* 2 */);
      // COMPUTE: mul_unary_tile(0, float_bits(1.0f / scale));
      // COMPUTE: unary_max_tile_init();
      // COMPUTE: unary_max_tile(0, 0xff800000 /* -inf */);

      // A negative index is there modulo 2^32.
      %left = arith.subi %start, %count : index
      %word = arith.index_cast %left : index to i32
      %number = arith.sitofp %word : i32 to f32
      tt.compute.sfpu_scalar "add" %a[%c0], %number : !dst
      // COMPUTE: add_unary_tile(0, float_bits(static_cast<float>(static_cast<int32_t>(start_id - count))));

      %first = arith.cmpi eq, %start, %c0 : index
      %behind = arith.cmpi slt, %start, %count : index
      %far = arith.cmpi uge, %count, %c3 : index
      %both = arith.andi %first, %behind : i1
      %any = arith.ori %both, %far : i1
      scf.if %any {
        tt.compute.sfpu_scalar "rsub" %a[%c0], %half : !dst
      }
      // COMPUTE: const bool any =
      // COMPUTE-NEXT: (start_id == 0 && static_cast<int32_t>(start_id) < static_cast<int32_t>(count)) ||
      // COMPUTE: if (any) {
      // COMPUTE: rsub_unary_tile(0, 0x3f000000 /* 0.5 */);
    }
  }
}
