// Follows tt_metal/hw/inc/api/compute/eltwise_unary/fill.h @e9bc0618.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void fill_tile_init();
void fill_tile(uint32_t dst, float value);

}  // namespace ckernel
