// Follows tt_metal/hw/inc/api/compute/transpose.h @aba5e12d.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void transpose_init(
    uint32_t cb, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_transpose(cb, where);
}

inline void transpose_tile(
    uint32_t cb,
    uint32_t tile,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::transpose(cb, tile, dst, where);
}

}  // namespace ckernel
