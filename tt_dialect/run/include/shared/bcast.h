// Arithmetic whose operand b, and copies whose operand, is row 0, column 0 or element [0, 0] of a
// tile that stands for the whole.
#pragma once

#include "shared/compute.h"

namespace ckernel {

enum class BroadcastType : uint8_t { NONE = 0, COL = 1, ROW = 2, SCALAR = 3 };
enum class EltwiseBinaryType : uint8_t { ELWADD = 0, ELWSUB = 1, ELWMUL = 2 };
using enum EltwiseBinaryType;

template <EltwiseBinaryType Op, BroadcastType How>
void any_tiles_bcast(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::binary(
        static_cast<uint32_t>(Op), static_cast<uint32_t>(How), a, b, ia, ib, dst, where);
}
inline void add_tiles_bcast_cols(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWADD, BroadcastType::COL>(a, b, ia, ib, dst, where);
}
inline void add_tiles_bcast_rows(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWADD, BroadcastType::ROW>(a, b, ia, ib, dst, where);
}
inline void add_tiles_bcast_scalar(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWADD, BroadcastType::SCALAR>(a, b, ia, ib, dst, where);
}
inline void sub_tiles_bcast_cols(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWSUB, BroadcastType::COL>(a, b, ia, ib, dst, where);
}
inline void sub_tiles_bcast_rows(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWSUB, BroadcastType::ROW>(a, b, ia, ib, dst, where);
}
inline void sub_tiles_bcast_scalar(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWSUB, BroadcastType::SCALAR>(a, b, ia, ib, dst, where);
}
inline void mul_tiles_bcast_cols(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWMUL, BroadcastType::COL>(a, b, ia, ib, dst, where);
}
inline void mul_tiles_bcast_rows(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWMUL, BroadcastType::ROW>(a, b, ia, ib, dst, where);
}
inline void mul_tiles_bcast_scalar(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWMUL, BroadcastType::SCALAR>(a, b, ia, ib, dst, where);
}
template <BroadcastType How>
void add_tiles_bcast(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWADD, How>(a, b, ia, ib, dst, where);
}
template <BroadcastType How>
void sub_tiles_bcast(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWSUB, How>(a, b, ia, ib, dst, where);
}
template <BroadcastType How>
void mul_tiles_bcast(
    uint32_t a,
    uint32_t b,
    uint32_t ia,
    uint32_t ib,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    any_tiles_bcast<EltwiseBinaryType::ELWMUL, How>(a, b, ia, ib, dst, where);
}

template <BroadcastType How>
void unary_bcast(
    uint32_t cb, uint32_t tile, uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::unary_broadcast(static_cast<uint32_t>(How), cb, tile, dst, where);
}

template <BroadcastType How>
void unary_bcast_uninit(uint32_t cb, tt_native::Site where = tt_native::Site::current()) {
    tt_native::uninit_unary_broadcast(static_cast<uint32_t>(How), cb, where);
}

}  // namespace ckernel

namespace tt_native {

template <ckernel::EltwiseBinaryType Op, ckernel::BroadcastType How>
void init_binary_broadcast(uint32_t a, uint32_t b, Site where) {
    init_binary(static_cast<uint32_t>(Op), static_cast<uint32_t>(How), a, b, false, where);
}

}  // namespace tt_native
