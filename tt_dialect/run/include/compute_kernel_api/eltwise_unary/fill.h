// Follows tt_metal/include/compute_kernel_api/eltwise_unary/fill.h.
#pragma once

#include "shared/compute.h"
