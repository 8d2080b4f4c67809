// Follows tt_metal/hw/inc/api/compute/common.h @73666d0b.
#pragma once

#include "shared/compute.h"
