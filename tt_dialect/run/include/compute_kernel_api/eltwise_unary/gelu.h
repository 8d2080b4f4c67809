// Follows tt_metal/include/compute_kernel_api/eltwise_unary/gelu.h @01c8afed.
#pragma once

#include "shared/eltwise_unary/gelu.h"
