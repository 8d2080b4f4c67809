// Follows tt_metal/include/compute_kernel_api/tile_move_copy.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void copy_tile_to_dst_init_short(uint32_t cb, uint32_t transpose = 0);
void copy_block_matmul_partials(uint32_t cb, uint32_t tile, uint32_t dst, uint32_t tiles);

}  // namespace ckernel
