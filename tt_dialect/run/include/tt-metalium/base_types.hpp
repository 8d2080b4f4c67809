// Follows tt_metal/api/tt-metalium/base_types.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
