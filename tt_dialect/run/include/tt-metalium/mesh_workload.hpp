// Follows tt_metal/api/tt-metalium/mesh_workload.hpp.
#pragma once

#include "tt-metalium/distributed.hpp"
