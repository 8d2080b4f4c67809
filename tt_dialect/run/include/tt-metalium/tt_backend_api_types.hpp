// Follows tt_metal/api/tt-metalium/tt_backend_api_types.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
