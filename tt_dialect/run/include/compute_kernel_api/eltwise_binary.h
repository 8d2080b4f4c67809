// Follows tt_metal/include/compute_kernel_api/eltwise_binary.h.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void binary_op_init_common(
    uint32_t a, uint32_t b, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    tt_native::startup(a, b, out, where);
}

inline void add_tiles_init(
    uint32_t a,
    uint32_t b,
    bool acc_to_dest = false,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary(0, 0, a, b, acc_to_dest, where);
}

inline void sub_tiles_init(
    uint32_t a,
    uint32_t b,
    bool acc_to_dest = false,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary(1, 0, a, b, acc_to_dest, where);
}

inline void mul_tiles_init(
    uint32_t a, uint32_t b, tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary(2, 0, a, b, true, where);
}

}  // namespace ckernel
