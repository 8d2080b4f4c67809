// Follows tt_metal/include/compute_kernel_api/eltwise_unary/exp.h @16b81a9a.
#pragma once

#include "shared/eltwise_unary/exp.h"
