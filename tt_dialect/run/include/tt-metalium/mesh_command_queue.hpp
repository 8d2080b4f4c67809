// Follows tt_metal/api/tt-metalium/mesh_command_queue.hpp.
#pragma once

#include "tt-metalium/distributed.hpp"
