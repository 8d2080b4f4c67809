// Follows tt_metal/include/compute_kernel_api/eltwise_unary/rsqrt.h @13e8272e.
#pragma once

#include "shared/eltwise_unary/rsqrt.h"
