// Follows tt_metal/api/tt-metalium/program.hpp.
#pragma once

#include "tt-metalium/host_api.hpp"
