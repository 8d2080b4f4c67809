// Follows tt_metal/include/compute_kernel_api/transpose_wh.h @5cd3a453.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void transpose_wh_init_short(uint32_t cb);
void transpose_wh_tile(uint32_t cb, uint32_t tile, uint32_t dst);

}  // namespace ckernel
