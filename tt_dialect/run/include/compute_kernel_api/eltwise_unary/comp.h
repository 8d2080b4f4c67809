// Follows tt_metal/include/compute_kernel_api/eltwise_unary/comp.h @0792c8bd.
#pragma once

#include "shared/eltwise_unary/comp.h"
