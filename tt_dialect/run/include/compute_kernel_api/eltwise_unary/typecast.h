// Follows tt_metal/include/compute_kernel_api/eltwise_unary/typecast.h @01ccd211.
#pragma once

#include "shared/eltwise_unary/typecast.h"
