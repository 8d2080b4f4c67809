// Follows tt_metal/include/compute_kernel_api/eltwise_unary/recip.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void recip_tile_init(tt_native::Site where = tt_native::Site::current()) { tt_native::init_sfpu("recip_tile", where); }

inline void recip_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu("recip_tile", dst, where);
}

}  // namespace ckernel
