// Follows tt_metal/include/compute_kernel_api/eltwise_unary/fill.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void fill_tile_init();
void fill_tile(uint32_t dst, float value);

}  // namespace ckernel
