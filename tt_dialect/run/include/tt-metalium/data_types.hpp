// Follows tt_metal/api/tt-metalium/data_types.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
