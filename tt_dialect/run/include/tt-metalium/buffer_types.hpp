// Follows tt_metal/api/tt-metalium/buffer_types.hpp.
#pragma once

#include "tt-metalium/buffer_distribution_spec.hpp"
