// Follows tt_metal/hw/inc/api/compute/eltwise_unary/exp.h @16b81a9a.
#pragma once

#include "shared/eltwise_unary/exp.h"
