// Follows tt_metal/hw/inc/api/compute/tile_move_copy.h with PR #49070 and #49924.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void copy_init(uint32_t cb, uint32_t transpose = 0, uint32_t transpose_within_face = 0);
void copy_block(uint32_t cb, uint32_t tile, uint32_t dst, uint32_t tiles);

}  // namespace ckernel
