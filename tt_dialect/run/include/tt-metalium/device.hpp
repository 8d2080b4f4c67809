// Follows tt_metal/api/tt-metalium/device.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
