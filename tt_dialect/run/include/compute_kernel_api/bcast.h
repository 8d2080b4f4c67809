// Follows tt_metal/include/compute_kernel_api/bcast.h. sub_bcast_rows_init_short came with the last
// commits of API v1 (@00b0fa3f has it, @011d68fa has not).
#pragma once

#include "shared/bcast.h"

namespace ckernel {

template <EltwiseBinaryType Op, BroadcastType How>
void init_bcast(
    uint32_t a, uint32_t b, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(a, b, out, where);
    tt_native::init_binary_broadcast<Op, How>(a, b, where);
}
inline void add_bcast_cols_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWADD, BroadcastType::COL>(a, b, where);
}
inline void add_bcast_rows_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWADD, BroadcastType::ROW>(a, b, where);
}
inline void add_bcast_scalar_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWADD, BroadcastType::SCALAR>(a, b, where);
}
inline void sub_bcast_cols_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWSUB, BroadcastType::COL>(a, b, where);
}
inline void sub_bcast_rows_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWSUB, BroadcastType::ROW>(a, b, where);
}
inline void sub_tiles_bcast_scalar_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWSUB, BroadcastType::SCALAR>(a, b, where);
}
inline void mul_bcast_cols_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWMUL, BroadcastType::COL>(a, b, where);
}
inline void mul_bcast_rows_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWMUL, BroadcastType::ROW>(a, b, where);
}
inline void mul_tiles_bcast_scalar_init_short(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWMUL, BroadcastType::SCALAR>(a, b, where);
}

// Configures the hardware as well, and starts again with the first section of DST.
template <BroadcastType How>
void unary_bcast_init(
    uint32_t cb, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::configure_unary_broadcast(static_cast<uint32_t>(How), cb, out, where);
}

// What the full init does besides configuring the hardware, which kernels that broadcast in the
// middle of a section call themselves. DST_ACCUM_MODE is here what the host configured, whatever it
// says.
enum DataCopyType { A2D, B2D };
enum class EltwiseBinaryReuseDestType { NONE };
constexpr bool DST_ACCUM_MODE = false;

template <
    BroadcastType How,
    bool AccumulateToDest,
    EltwiseBinaryReuseDestType Reuse,
    bool UnpackToDest>
void llk_unpack_A_init(
    bool transpose_of_faces,
    bool transpose_within_faces,
    uint32_t cb,
    tt_native::Site where = tt_native::Site::current()) {
    static_assert(!AccumulateToDest, "outside the subset of these headers");
    static_cast<void>(transpose_of_faces);
    static_cast<void>(transpose_within_faces);
    tt_native::unpack_broadcast(static_cast<uint32_t>(How), UnpackToDest, cb, where);
}

template <DataCopyType Copy, bool Fp32, BroadcastType How>
void llk_math_eltwise_unary_datacopy_init(
    uint32_t cb, tt_native::Site where = tt_native::Site::current()) {
    tt_native::move_broadcast(static_cast<uint32_t>(How), Copy == B2D, cb, where);
}

}  // namespace ckernel
