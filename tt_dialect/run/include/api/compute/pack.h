// Follows tt_metal/hw/inc/api/compute/pack.h with PR #49070.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void pack_block(
    uint32_t dst,
    uint32_t cb,
    uint32_t tiles,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::pack_tiles(dst, cb, tiles, where);
}

}  // namespace ckernel
