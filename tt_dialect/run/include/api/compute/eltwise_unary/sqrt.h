// Follows tt_metal/hw/inc/api/compute/eltwise_unary/sqrt.h @06bd3735.
#pragma once

#include "shared/eltwise_unary/sqrt.h"
