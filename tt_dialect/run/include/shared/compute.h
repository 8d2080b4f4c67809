// Follows tt_metal/hw/inc/api/compute/{reg_api,matmul,tile_move_copy,pack,eltwise_binary,
// reconfig_data_format}.h and eltwise_unary/*.h: what API v1 and v2 have in common.
#pragma once

#ifdef COMPILE_FOR_DATAMOVEMENT
#error "data movement cores have no tile math: api/compute belongs to compute kernels"
#endif
#ifdef TT_NATIVE_DATAFLOW_API
#error "a kernel is either data movement or compute: the NoC has no tile math"
#endif
#define TT_NATIVE_COMPUTE_API

#include "shared/kernel.h"

// API v1 also writes `namespace NAMESPACE { void MAIN { ... } }`.
#ifndef NAMESPACE
#define NAMESPACE tt_native_kernel
#endif
#ifndef MAIN
#define MAIN kernel_main()
#endif

#define UNPACK(x) x
#define MATH(x) x
#define PACK(x) x

namespace tt_native {

// What the calls of both generations come down to.
void startup(uint32_t srca, uint32_t srcb, uint32_t out, Site where);
void init_matmul(
    uint32_t in0,
    uint32_t in1,
    uint32_t transpose,
    uint32_t ct,
    uint32_t rt,
    uint32_t kt,
    Site where);
void init_copy(uint32_t cb, uint32_t transpose, Site where);
void init_transpose(uint32_t cb, Site where);
void init_binary(uint32_t op, uint32_t how, uint32_t a, uint32_t b, bool accumulate, Site where);
void init_unary_broadcast(uint32_t how, uint32_t cb, Site where);
void configure_unary_broadcast(uint32_t how, uint32_t cb, uint32_t out, Site where);
void unpack_broadcast(uint32_t how, bool to_dest, uint32_t cb, Site where);
void move_broadcast(uint32_t how, bool from_srcb, uint32_t cb, Site where);
void uninit_unary_broadcast(uint32_t how, uint32_t cb, Site where);
void init_reduce(
    uint32_t kind, uint32_t dim, uint32_t cb, uint32_t scaler, uint32_t out, bool fp32, Site where);
void uninit_reduce(Site where);
void init_sfpu(const char* init, Site where);
void pack_tiles(uint32_t dst, uint32_t cb, uint32_t tiles, Site where);
void pack_tile_at(uint32_t dst, uint32_t cb, uint32_t index, Site where);
void copy_tiles(uint32_t cb, uint32_t tile, uint32_t dst, uint32_t tiles, Site where);
void transpose(uint32_t cb, uint32_t tile, uint32_t dst, Site where);
// Operations: add, sub, mul. Broadcasts: none, column, row, scalar. Reductions: sum, max; the
// dimension: row, column.
void binary(
    uint32_t op,
    uint32_t how,
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    Site where);
void unary_broadcast(uint32_t how, uint32_t cb, uint32_t tile, uint32_t dst, Site where);
void reduce(
    uint32_t kind,
    uint32_t dim,
    uint32_t cb,
    uint32_t scaler,
    uint32_t tile,
    uint32_t scaler_tile,
    uint32_t dst,
    Site where);

}  // namespace tt_native

namespace ckernel {

void tile_regs_acquire(tt_native::Site where = tt_native::Site::current());
void tile_regs_commit(tt_native::Site where = tt_native::Site::current());
void tile_regs_wait(tt_native::Site where = tt_native::Site::current());
void tile_regs_release(tt_native::Site where = tt_native::Site::current());

void matmul_block(
    uint32_t in0,
    uint32_t in1,
    uint32_t in0_tile,
    uint32_t in1_tile,
    uint32_t dst,
    uint32_t transpose,
    uint32_t ct,
    uint32_t rt,
    uint32_t kt,
    tt_native::Site where = tt_native::Site::current());
void matmul_tiles(
    uint32_t in0,
    uint32_t in1,
    uint32_t in0_tile,
    uint32_t in1_tile,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current());
void copy_tile(
    uint32_t cb, uint32_t tile, uint32_t dst, tt_native::Site where = tt_native::Site::current());
template <bool OutOfOrder = false>
void pack_tile(
    uint32_t dst,
    uint32_t cb,
    uint32_t index = 0,
    tt_native::Site where = tt_native::Site::current()) {
    if constexpr (OutOfOrder) {
        tt_native::pack_tile_at(dst, cb, index, where);
    } else {
        static_cast<void>(index);
        tt_native::pack_tiles(dst, cb, 1, where);
    }
}
void reconfig_data_format_srca(uint32_t cb, tt_native::Site where = tt_native::Site::current());
void reconfig_data_format_srcb(uint32_t cb, tt_native::Site where = tt_native::Site::current());
void pack_reconfig_data_format(uint32_t cb, tt_native::Site where = tt_native::Site::current());

inline void add_tiles(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::binary(0, 0, a, b, ia, ib, dst, where);
}
inline void sub_tiles(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::binary(1, 0, a, b, ia, ib, dst, where);
}
inline void mul_tiles(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::binary(2, 0, a, b, ia, ib, dst, where);
}

void fill_tile_init(tt_native::Site where = tt_native::Site::current());
void fill_tile(uint32_t dst, float value, tt_native::Site where = tt_native::Site::current());

}  // namespace ckernel

using namespace ckernel;
