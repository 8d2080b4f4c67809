// Follows tt_metal/include/compute_kernel_api/matmul.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void mm_block_init_short(
    uint32_t in0,
    uint32_t in1,
    uint32_t transpose = 0,
    uint32_t ct = 1,
    uint32_t rt = 1,
    uint32_t kt = 1);

}  // namespace ckernel
