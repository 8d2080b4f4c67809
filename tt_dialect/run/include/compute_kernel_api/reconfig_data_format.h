// Follows tt_metal/include/compute_kernel_api/reconfig_data_format.h @87aed756.
#pragma once

#include "shared/compute.h"
