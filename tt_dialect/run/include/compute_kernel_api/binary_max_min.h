// Follows tt_metal/include/compute_kernel_api/binary_max_min.h @06bd3735.
#pragma once

#include "shared/binary_max_min.h"
