// Follows tt_metal/include/compute_kernel_api/transpose_wh.h @5cd3a453.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void transpose_wh_init(
    uint32_t cb,
    uint32_t out,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(cb, cb, out, where);
    tt_native::init_transpose(cb, where);
}

inline void transpose_wh_init_short(
    uint32_t cb, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_transpose(cb, where);
}

inline void transpose_wh_tile(
    uint32_t cb,
    uint32_t tile,
    uint32_t dst,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::transpose(cb, tile, dst, where);
}

}  // namespace ckernel
