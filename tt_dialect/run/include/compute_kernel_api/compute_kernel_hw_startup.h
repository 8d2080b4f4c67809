// Follows tt_metal/include/compute_kernel_api/compute_kernel_hw_startup.h @14b50b9b.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void compute_kernel_hw_startup(uint32_t in0, uint32_t in1, uint32_t out);

}  // namespace ckernel
