// Follows tt_metal/hw/inc/api/compute/eltwise_unary/fill.h @e9bc0618.
#pragma once

#include "shared/compute.h"
