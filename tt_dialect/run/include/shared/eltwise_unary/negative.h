// Negation.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(negative_tile_init)
TT_NATIVE_UNARY(negative_tile, negative_tile_init, neg)

}  // namespace ckernel
