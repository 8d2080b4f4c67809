// Follows tt_metal/include/compute_kernel_api/pack.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void pack_tile_block(uint32_t dst, uint32_t cb, uint32_t tiles);
void pack_reconfig_data_format(uint32_t cb);

}  // namespace ckernel
