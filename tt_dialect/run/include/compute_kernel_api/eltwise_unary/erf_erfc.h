// Follows tt_metal/include/compute_kernel_api/eltwise_unary/erf_erfc.h @0279d9cf.
#pragma once

#include "shared/eltwise_unary/erf_erfc.h"
