// Follows tt_metal/hw/inc/api/compute/compute_kernel_hw_startup.h with PR #27166.
#pragma once

#include "shared/compute.h"

namespace ckernel {

enum class SrcOrder { Regular, Reverse };

template <SrcOrder Order = SrcOrder::Regular>
void compute_kernel_hw_startup(uint32_t in0, uint32_t in1, uint32_t out);

}  // namespace ckernel
