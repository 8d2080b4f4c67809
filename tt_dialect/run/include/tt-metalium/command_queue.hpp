// Follows tt_metal/api/tt-metalium/command_queue.hpp.
#pragma once

#include "tt-metalium/distributed.hpp"
