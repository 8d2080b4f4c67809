// Follows tt_metal/hw/inc/api/compute/bcast.h with PR #50745 and #49924.
#pragma once

#include "shared/bcast.h"

namespace ckernel {

template <EltwiseBinaryType Op, BroadcastType How>
void bcast_init(uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<Op, How>(a, b, where);
}
inline void add_bcast_cols_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWADD, BroadcastType::COL>(a, b, where);
}
inline void add_bcast_rows_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWADD, BroadcastType::ROW>(a, b, where);
}
inline void add_bcast_scalar_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWADD, BroadcastType::SCALAR>(a, b, where);
}
inline void sub_bcast_cols_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWSUB, BroadcastType::COL>(a, b, where);
}
inline void sub_bcast_rows_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWSUB, BroadcastType::ROW>(a, b, where);
}
inline void sub_bcast_scalar_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWSUB, BroadcastType::SCALAR>(a, b, where);
}
inline void mul_bcast_cols_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWMUL, BroadcastType::COL>(a, b, where);
}
inline void mul_bcast_rows_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWMUL, BroadcastType::ROW>(a, b, where);
}
inline void mul_bcast_scalar_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary_broadcast<EltwiseBinaryType::ELWMUL, BroadcastType::SCALAR>(a, b, where);
}

template <BroadcastType How>
void unary_bcast_init(uint32_t cb, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_unary_broadcast(static_cast<uint32_t>(How), cb, where);
}

// Deprecated: includes compute_kernel_hw_startup.
template <BroadcastType How>
void unary_bcast_init(
    uint32_t cb, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(cb, cb, out, where);
    tt_native::init_unary_broadcast(static_cast<uint32_t>(How), cb, where);
}

}  // namespace ckernel
