// Follows tt_metal/include/compute_kernel_api/eltwise_unary/recip.h @03a190dc.
#pragma once

#include "shared/eltwise_unary/recip.h"
