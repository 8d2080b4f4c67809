// Functions of one tile that have no header of their own.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_FUNCTION(exp2)
TT_NATIVE_FUNCTION(log)
TT_NATIVE_FUNCTION(tanh)
TT_NATIVE_FUNCTION(sigmoid)
TT_NATIVE_FUNCTION(silu)
TT_NATIVE_FUNCTION(abs)
TT_NATIVE_FUNCTION(sign)
TT_NATIVE_FUNCTION(square)

TT_NATIVE_INIT(log_with_base_tile_init)
// log(x) / log(base); `scale` is 1 / log(base) as the bits of a float32.
TT_NATIVE_SCALAR(log_with_base_tile, log_with_base_tile_init, log_base)

TT_NATIVE_INIT(unary_max_tile_init)
TT_NATIVE_SCALAR(unary_max_tile, unary_max_tile_init, max)
TT_NATIVE_INIT(unary_min_tile_init)
TT_NATIVE_SCALAR(unary_min_tile, unary_min_tile_init, min)

}  // namespace ckernel
