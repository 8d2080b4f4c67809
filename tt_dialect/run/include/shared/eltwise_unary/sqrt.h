// sqrt.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_FUNCTION(sqrt)

}  // namespace ckernel
