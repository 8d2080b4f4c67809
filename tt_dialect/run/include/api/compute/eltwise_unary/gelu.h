// Follows tt_metal/hw/inc/api/compute/eltwise_unary/gelu.h @01c8afed.
#pragma once

#include "shared/eltwise_unary/gelu.h"
