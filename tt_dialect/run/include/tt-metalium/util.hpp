// Follows tt_metal/api/tt-metalium/util.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
