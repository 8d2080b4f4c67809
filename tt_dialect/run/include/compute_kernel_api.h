// Follows tt_metal/include/compute_kernel_api.h @00b0fa3f.
#pragma once

#include "shared/compute_kernel_api.h"
