// Follows tt_metal/include/compute_kernel_api/compute_kernel_hw_startup.h @14b50b9b.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void compute_kernel_hw_startup(
    uint32_t in0, uint32_t in1, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(in0, in1, out, where);
}

inline void compute_kernel_hw_startup(
    uint32_t in, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(in, in, out, where);
}

}  // namespace ckernel
