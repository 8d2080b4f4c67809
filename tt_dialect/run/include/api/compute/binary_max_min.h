// Follows tt_metal/hw/inc/api/compute/binary_max_min.h @06bd3735.
#pragma once

#include "shared/binary_max_min.h"
