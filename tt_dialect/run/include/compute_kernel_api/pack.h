// Follows tt_metal/include/compute_kernel_api/pack.h @00b0fa3f.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void pack_tile_block(
    uint32_t dst,
    uint32_t cb,
    uint32_t tiles,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::pack_tiles(dst, cb, tiles, where);
}

}  // namespace ckernel
