// The larger and the smaller of two tiles.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(binary_max_tile_init)
TT_NATIVE_BINARY(binary_max_tile, binary_max_tile_init, max)
TT_NATIVE_INIT(binary_min_tile_init)
TT_NATIVE_BINARY(binary_min_tile, binary_min_tile_init, min)

}  // namespace ckernel
