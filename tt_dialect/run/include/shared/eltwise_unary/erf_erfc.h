// erf, accurate.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

template <bool FastAndApproximate = true>
void erf_tile_init(tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        !FastAndApproximate, "the approximate erf is outside the subset of these headers");
    tt_native::init_sfpu("erf_tile_init", where);
}
template <bool FastAndApproximate = true>
void erf_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        !FastAndApproximate, "the approximate erf is outside the subset of these headers");
    tt_native::sfpu_unary({"erf_tile", "erf_tile_init", tt_native::Fn::erf}, dst, where);
}

}  // namespace ckernel
