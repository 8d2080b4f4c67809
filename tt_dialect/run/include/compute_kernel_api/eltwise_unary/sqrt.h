// Follows tt_metal/include/compute_kernel_api/eltwise_unary/sqrt.h @06bd3735.
#pragma once

#include "shared/eltwise_unary/sqrt.h"
