// Follows tt_metal/hw/inc/api/compute/transpose.h @aba5e12d.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void transpose_init(uint32_t cb);
void transpose_tile(uint32_t cb, uint32_t tile, uint32_t dst);

}  // namespace ckernel
