// Follows tt_metal/api/tt-metalium/circular_buffer_config.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
