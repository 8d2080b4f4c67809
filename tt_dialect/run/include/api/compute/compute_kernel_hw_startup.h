// Follows tt_metal/hw/inc/api/compute/compute_kernel_hw_startup.h with PR #27166.
#pragma once

#include "shared/compute.h"

namespace ckernel {

enum class SrcOrder { Regular, Reverse };

// Regular: in0 through SrcA and in1 through SrcB. Reverse, for matmul: the other way round.
template <SrcOrder Order = SrcOrder::Regular>
void compute_kernel_hw_startup(
    uint32_t in0, uint32_t in1, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    if constexpr (Order == SrcOrder::Reverse) {
        tt_native::startup(in1, in0, out, where);
    } else {
        tt_native::startup(in0, in1, out, where);
    }
}

template <SrcOrder Order = SrcOrder::Regular>
void compute_kernel_hw_startup(
    uint32_t in, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(in, in, out, where);
}

}  // namespace ckernel
