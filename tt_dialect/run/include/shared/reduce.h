// Reductions of tiles by the FPU.
#pragma once

#include "shared/compute.h"

namespace ckernel {

enum class PoolType : uint8_t { SUM, AVG, MAX };
enum class ReduceDim : uint8_t { REDUCE_ROW, REDUCE_COL, REDUCE_SCALAR };

}  // namespace ckernel

namespace tt_native {

template <ckernel::PoolType Pool, ckernel::ReduceDim Dim>
struct Reduction {
    static_assert(
        Pool != ckernel::PoolType::AVG, "PoolType::AVG is outside the subset of these headers");
    static_assert(
        Dim != ckernel::ReduceDim::REDUCE_SCALAR,
        "ReduceDim::REDUCE_SCALAR is outside the subset of these headers");
    static constexpr uint32_t kind = Pool == ckernel::PoolType::MAX ? 1 : 0;
    static constexpr uint32_t dim = static_cast<uint32_t>(Dim);
};

}  // namespace tt_native

namespace ckernel {

template <PoolType Pool, ReduceDim Dim, bool Fp32 = false>
void reduce_init(
    uint32_t cb,
    uint32_t scaler,
    uint32_t out,
    tt_native::Site where = tt_native::Site::current()) {
    using Reduction = tt_native::Reduction<Pool, Dim>;
    tt_native::init_reduce(Reduction::kind, Reduction::dim, cb, scaler, out, Fp32, where);
}

template <PoolType Pool, ReduceDim Dim, bool Fp32 = false>
void reduce_tile(
    uint32_t cb,
    uint32_t scaler,
    uint32_t tile,
    uint32_t scaler_tile,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    using Reduction = tt_native::Reduction<Pool, Dim>;
    tt_native::reduce(Reduction::kind, Reduction::dim, cb, scaler, tile, scaler_tile, dst, where);
}

template <bool Fp32 = false>
void reduce_uninit(tt_native::Site where = tt_native::Site::current()) {
    tt_native::uninit_reduce(where);
}
template <bool Fp32 = false>
void reduce_uninit(uint32_t cb, tt_native::Site where = tt_native::Site::current()) {
    static_cast<void>(cb);
    tt_native::uninit_reduce(where);
}

}  // namespace ckernel
