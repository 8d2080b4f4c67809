// Follows tt_metal/include/compute_kernel_api/eltwise_binary_sfpu.h @04755ee9. Upstream add and sub
// truncate when they store to 16-bit DST; here they round, as everything does.
#pragma once

#include "shared/eltwise_binary_sfpu.h"

namespace ckernel {

TT_NATIVE_BINARY(add_binary_tile, add_binary_tile_init, add)
TT_NATIVE_BINARY(sub_binary_tile, sub_binary_tile_init, sub)

}  // namespace ckernel
