// Follows tt_metal/include/compute_kernel_api/reduce.h.
#pragma once

#include "shared/reduce.h"
