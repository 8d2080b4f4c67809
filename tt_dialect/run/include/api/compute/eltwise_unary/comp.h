// Follows tt_metal/hw/inc/api/compute/eltwise_unary/comp.h @0792c8bd.
#pragma once

#include "shared/eltwise_unary/comp.h"
