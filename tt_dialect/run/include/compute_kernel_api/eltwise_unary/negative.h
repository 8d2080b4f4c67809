// Follows tt_metal/include/compute_kernel_api/eltwise_unary/negative.h @040a27c1.
#pragma once

#include "shared/eltwise_unary/negative.h"
