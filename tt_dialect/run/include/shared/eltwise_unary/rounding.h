// floor, ceil, trunc and round: one init for all.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(rounding_op_tile_init)
TT_NATIVE_UNARY(floor_tile, rounding_op_tile_init, floor)
TT_NATIVE_UNARY(ceil_tile, rounding_op_tile_init, ceil)
TT_NATIVE_UNARY(trunc_tile, rounding_op_tile_init, trunc)

// To the nearest integer, halves to even; digits after the point are outside the subset.
inline void round_tile(
    uint32_t dst, int32_t decimals, tt_native::Site where = tt_native::Site::current()) {
    tt_native::check_decimals("round_tile", decimals, where);
    tt_native::sfpu_unary(
        {"round_tile", "rounding_op_tile_init", tt_native::Fn::round}, dst, where);
}

}  // namespace ckernel
