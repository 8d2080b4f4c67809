// Follows tt_metal/hw/inc/api/compute/eltwise_unary/typecast.h @01ccd211.
#pragma once

#include "shared/eltwise_unary/typecast.h"
