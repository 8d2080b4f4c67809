// Follows tt_metal/hw/inc/api/compute/eltwise_unary/rounding.h @00b0fa3f.
#pragma once

#include "shared/eltwise_unary/rounding.h"
