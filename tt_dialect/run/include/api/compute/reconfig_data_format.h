// Follows tt_metal/hw/inc/api/compute/reconfig_data_format.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void reconfig_data_format_srca(uint32_t cb);
void reconfig_data_format_srcb(uint32_t cb);
void pack_reconfig_data_format(uint32_t cb);

}  // namespace ckernel
