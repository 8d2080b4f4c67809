// Follows tt_metal/include/compute_kernel_api/eltwise_unary/eltwise_unary.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void unary_op_init_common(uint32_t in, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(in, in, out, where);
    tt_native::init_copy(in, 0, where);
}

inline void init_sfpu(uint32_t in, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    unary_op_init_common(in, out, where);
}

}  // namespace ckernel
