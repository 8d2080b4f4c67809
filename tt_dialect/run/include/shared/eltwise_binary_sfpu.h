// Arithmetic on two tiles in DST, as far as both API generations have it.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(mul_binary_tile_init)
TT_NATIVE_BINARY(mul_binary_tile, mul_binary_tile_init, mul)
TT_NATIVE_INIT(div_binary_tile_init)
TT_NATIVE_BINARY(div_binary_tile, div_binary_tile_init, div)
TT_NATIVE_INIT(power_binary_tile_init)
TT_NATIVE_BINARY(power_binary_tile, power_binary_tile_init, pow)
TT_NATIVE_INIT(rsub_binary_tile_init)
TT_NATIVE_BINARY(rsub_binary_tile, rsub_binary_tile_init, rsub)
TT_NATIVE_INIT(eq_binary_tile_init)
TT_NATIVE_BINARY(eq_binary_tile, eq_binary_tile_init, eq)
TT_NATIVE_INIT(add_binary_tile_init)
TT_NATIVE_INIT(sub_binary_tile_init)

}  // namespace ckernel
