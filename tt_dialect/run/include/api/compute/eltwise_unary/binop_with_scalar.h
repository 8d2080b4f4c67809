// Follows tt_metal/hw/inc/api/compute/eltwise_unary/binop_with_scalar.h @050f24fa.
#pragma once

#include "shared/eltwise_unary/binop_with_scalar.h"
