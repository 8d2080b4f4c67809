// Follows tt_metal/include/compute_kernel_api/eltwise_unary/relu.h @03ebf17f.
#pragma once

#include "shared/eltwise_unary/relu.h"
