// Follows tt_metal/hw/inc/api/compute/{reg_api,matmul,reconfig_data_format}.h and
// eltwise_unary/fill.h: what API v1 and v2 have in common.
#pragma once

#include "shared/kernel.h"

namespace ckernel {

void tile_regs_acquire();
void tile_regs_commit();
void tile_regs_wait();
void tile_regs_release();

void matmul_block(
    uint32_t in0,
    uint32_t in1,
    uint32_t in0_tile,
    uint32_t in1_tile,
    uint32_t dst,
    uint32_t transpose,
    uint32_t ct,
    uint32_t rt,
    uint32_t kt);

}  // namespace ckernel

using namespace ckernel;
