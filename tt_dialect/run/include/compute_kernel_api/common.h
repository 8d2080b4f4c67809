// Follows tt_metal/include/compute_kernel_api/common.h.
#pragma once

#include "shared/compute.h"
