// Arithmetic with a scalar, as the bits of a float32: one init for all. div_unary_tile is left
// out: it multiplies, and leaves the inversion to its caller.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(binop_with_scalar_tile_init)
TT_NATIVE_SCALAR(add_unary_tile, binop_with_scalar_tile_init, add)
TT_NATIVE_SCALAR(sub_unary_tile, binop_with_scalar_tile_init, sub)
TT_NATIVE_SCALAR(mul_unary_tile, binop_with_scalar_tile_init, mul)
TT_NATIVE_SCALAR(rsub_unary_tile, binop_with_scalar_tile_init, rsub)

}  // namespace ckernel
