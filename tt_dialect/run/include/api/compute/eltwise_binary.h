// Follows tt_metal/hw/inc/api/compute/eltwise_binary.h with PR #50745.
#pragma once

#include "shared/compute.h"

namespace ckernel {

inline void add_init(
    uint32_t a,
    uint32_t b,
    bool acc_to_dest = false,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary(0, 0, a, b, acc_to_dest, where);
}

inline void sub_init(
    uint32_t a,
    uint32_t b,
    bool acc_to_dest = false,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary(1, 0, a, b, acc_to_dest, where);
}

inline void mul_init(
    uint32_t a,
    uint32_t b,
    bool acc_to_dest = true,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::init_binary(2, 0, a, b, acc_to_dest, where);
}

}  // namespace ckernel
