// Follows tt_metal/api/tt-metalium/buffer.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
