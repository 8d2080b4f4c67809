// Follows tt_metal/hw/inc/api/compute/reconfig_data_format.h.
#pragma once

#include "shared/compute.h"
