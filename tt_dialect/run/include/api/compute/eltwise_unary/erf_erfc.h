// Follows tt_metal/hw/inc/api/compute/eltwise_unary/erf_erfc.h @0279d9cf.
#pragma once

#include "shared/eltwise_unary/erf_erfc.h"
