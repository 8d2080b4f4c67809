// Follows tt_metal/hw/inc/api/compute/eltwise_unary/trigonometry.h @040a27c1.
#pragma once

#include "shared/eltwise_unary/trigonometry.h"
