// Follows tt_metal/hw/inc/debug/dprint.h.
#pragma once

#include "shared/debug.h"
