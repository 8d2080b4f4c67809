// Follows tt_metal/include/compute_kernel_api/eltwise_unary/binop_with_scalar.h @050f24fa.
#pragma once

#include "shared/eltwise_unary/binop_with_scalar.h"
