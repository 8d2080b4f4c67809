// Follows tt_metal/hw/inc/api/compute/eltwise_unary/rsqrt.h @13e8272e.
#pragma once

#include "shared/eltwise_unary/rsqrt.h"
