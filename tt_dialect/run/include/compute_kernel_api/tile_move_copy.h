// Follows tt_metal/include/compute_kernel_api/tile_move_copy.h @020fa046.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void copy_tile_init(
    uint32_t cb, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_copy(cb, 0, where);
}

inline void copy_tile_to_dst_init_short(
    uint32_t cb,
    uint32_t transpose = 0,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_copy(cb, transpose, where);
}

inline void copy_block_matmul_partials(
    uint32_t cb,
    uint32_t tile,
    uint32_t dst,
    uint32_t tiles,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::copy_tiles(cb, tile, dst, tiles, where);
}

}  // namespace ckernel
