// Follows tt_metal/include/compute_kernel_api/matmul.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void mm_init(
    uint32_t in0,
    uint32_t in1,
    uint32_t out,
    uint32_t transpose = 0,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(in1, in0, out, where);
    tt_native::init_matmul(in0, in1, transpose, 1, 1, 1, where);
}

inline void mm_init_short(
    uint32_t in0,
    uint32_t in1,
    uint32_t transpose = 0,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_matmul(in0, in1, transpose, 1, 1, 1, where);
}

inline void mm_block_init(
    uint32_t in0,
    uint32_t in1,
    uint32_t out,
    uint32_t transpose = 0,
    uint32_t ct = 1,
    uint32_t rt = 1,
    uint32_t kt = 1,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(in1, in0, out, where);
    tt_native::init_matmul(in0, in1, transpose, ct, rt, kt, where);
}

inline void mm_block_init_short(
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
