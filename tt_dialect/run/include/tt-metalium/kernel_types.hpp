// Follows tt_metal/api/tt-metalium/kernel_types.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
