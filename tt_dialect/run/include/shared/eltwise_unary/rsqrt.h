// Reciprocal square root.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_FUNCTION(rsqrt)

}  // namespace ckernel
