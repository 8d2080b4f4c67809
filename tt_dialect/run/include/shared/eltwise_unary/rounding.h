// floor, ceil and trunc: one init for all.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(rounding_op_tile_init)
TT_NATIVE_UNARY(floor_tile, rounding_op_tile_init, floor)
TT_NATIVE_UNARY(ceil_tile, rounding_op_tile_init, ceil)
TT_NATIVE_UNARY(trunc_tile, rounding_op_tile_init, trunc)

}  // namespace ckernel
