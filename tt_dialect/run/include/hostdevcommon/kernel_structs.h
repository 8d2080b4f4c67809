// Follows tt_metal/hostdevcommon/api/hostdevcommon/kernel_structs.h.
#pragma once

#include "shared/types.h"
