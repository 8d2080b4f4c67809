// Follows tt_metal/hw/inc/api/compute/compute_kernel_api.h @00b0fa3f.
#pragma once

#include "shared/compute_kernel_api.h"
