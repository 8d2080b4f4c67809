// Follows tt_metal/hw/inc/api/compute/eltwise_unary/sqrt.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void sqrt_tile_init(tt_native::Site where = tt_native::Site::current()) { tt_native::init_sfpu("sqrt_tile", where); }

inline void sqrt_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu("sqrt_tile", dst, where);
}

}  // namespace ckernel
