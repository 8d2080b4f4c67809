// Follows tt_metal/hw/inc/api/debug/dprint.h.
#pragma once

#include "shared/debug.h"
