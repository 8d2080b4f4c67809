// Follows tt_metal/api/tt-metalium/mesh_device.hpp.
#pragma once

#include "tt-metalium/distributed.hpp"
