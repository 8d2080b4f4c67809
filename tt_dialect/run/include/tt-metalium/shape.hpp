// Follows tt_metal/api/tt-metalium/shape.hpp.
#pragma once

#include "tt-metalium/buffer_distribution_spec.hpp"
