// Follows tt_metal/api/tt-metalium/mesh_buffer.hpp.
#pragma once

#include "tt-metalium/distributed.hpp"
