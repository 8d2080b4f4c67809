// exp; the approximation is outside the subset of these headers.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

template <bool Approximate = false>
void exp_tile_init(tt_native::Site where = tt_native::Site::current()) {
    static_assert(!Approximate, "the approximate exp is outside the subset of these headers");
    tt_native::init_sfpu("exp_tile_init", where);
}
template <bool Approximate = false>
void exp_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    static_assert(!Approximate, "the approximate exp is outside the subset of these headers");
    tt_native::sfpu_unary({"exp_tile", "exp_tile_init", tt_native::Fn::exp}, dst, where);
}

}  // namespace ckernel
