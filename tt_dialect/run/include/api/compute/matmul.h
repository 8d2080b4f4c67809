// Follows tt_metal/hw/inc/api/compute/matmul.h @01c8afed.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void matmul_init(
    uint32_t in0,
    uint32_t in1,
    uint32_t transpose = 0,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_matmul(in0, in1, transpose, 1, 1, 1, where);
}

inline void matmul_block_init(
    uint32_t in0,
    uint32_t in1,
    uint32_t transpose = 0,
    uint32_t ct = 1,
    uint32_t rt = 1,
    uint32_t kt = 1,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_matmul(in0, in1, transpose, ct, rt, kt, where);
}

}  // namespace ckernel
