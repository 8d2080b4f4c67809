// gelu with erf, accurate.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

template <bool FastAndApproximate = true>
void gelu_tile_init(tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        !FastAndApproximate, "the approximate gelu is outside the subset of these headers");
    tt_native::init_sfpu("gelu_tile_init", where);
}
template <bool FastAndApproximate = true>
void gelu_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        !FastAndApproximate, "the approximate gelu is outside the subset of these headers");
    tt_native::sfpu_unary({"gelu_tile", "gelu_tile_init", tt_native::Fn::gelu}, dst, where);
}

}  // namespace ckernel
