// Follows tt_metal/hw/inc/api/compute/tile_move_copy.h with PR #49070 and #49924.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void copy_init(
    uint32_t cb,
    uint32_t transpose = 0,
    uint32_t transpose_within_face = 0,
    tt_native::Site where = tt_native::Site::current()) {
    static_cast<void>(transpose_within_face);
    tt_native::init_copy(cb, transpose, where);
}

inline void copy_block(
    uint32_t cb,
    uint32_t tile,
    uint32_t dst,
    uint32_t tiles,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::copy_tiles(cb, tile, dst, tiles, where);
}

}  // namespace ckernel
