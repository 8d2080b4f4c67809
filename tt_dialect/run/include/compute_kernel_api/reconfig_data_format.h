// Follows tt_metal/include/compute_kernel_api/reconfig_data_format.h @87aed756.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void reconfig_data_format_srca(uint32_t cb);
void reconfig_data_format_srcb(uint32_t cb);

}  // namespace ckernel
