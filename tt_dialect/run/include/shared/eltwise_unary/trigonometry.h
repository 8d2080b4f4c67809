// sin, cos and tan.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_FUNCTION(sin)
TT_NATIVE_FUNCTION(cos)
TT_NATIVE_FUNCTION(tan)

}  // namespace ckernel
