// Follows tt_metal/hw/inc/api/compute/matmul.h @01c8afed.
#pragma once

#include "shared/compute.h"

namespace ckernel {

void matmul_block_init(
    uint32_t in0,
    uint32_t in1,
    uint32_t transpose = 0,
    uint32_t ct = 1,
    uint32_t rt = 1,
    uint32_t kt = 1);

}  // namespace ckernel
