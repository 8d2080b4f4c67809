// Follows tt_metal/hw/inc/api/compute/reduce.h.
#pragma once

#include "shared/reduce.h"
