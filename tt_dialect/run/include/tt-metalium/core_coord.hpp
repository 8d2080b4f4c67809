// Follows tt_metal/api/tt-metalium/core_coord.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
