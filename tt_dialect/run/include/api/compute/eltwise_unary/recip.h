// Follows tt_metal/hw/inc/api/compute/eltwise_unary/recip.h @03a190dc.
#pragma once

#include "shared/eltwise_unary/recip.h"
