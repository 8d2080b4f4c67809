// Follows tt_metal/api/tt-metalium/mesh_coord.hpp.
#pragma once

#include "tt-metalium/distributed.hpp"
