// Follows tt_metal/include/compute_kernel_api/eltwise_unary/rounding.h @00b0fa3f.
#pragma once

#include "shared/eltwise_unary/rounding.h"
