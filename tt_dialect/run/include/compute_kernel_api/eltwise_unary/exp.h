// Follows tt_metal/include/compute_kernel_api/eltwise_unary/exp.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void exp_tile_init(tt_native::Site where = tt_native::Site::current()) { tt_native::init_sfpu("exp_tile", where); }

inline void exp_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu("exp_tile", dst, where);
}

}  // namespace ckernel
