// Follows tt_metal/include/compute_kernel_api.h.
#pragma once

#include "shared/compute.h"
