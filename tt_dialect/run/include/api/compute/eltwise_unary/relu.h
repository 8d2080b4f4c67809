// Follows tt_metal/hw/inc/api/compute/eltwise_unary/relu.h @03ebf17f.
#pragma once

#include "shared/eltwise_unary/relu.h"
