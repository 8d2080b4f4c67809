// Follows tt_metal/include/compute_kernel_api/copy_dest_values.h: the target comes first, unlike in
// API v2.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(copy_dest_values_init)

inline void copy_dest_values(
    uint32_t to, uint32_t from, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu_copy(
        {"copy_dest_values", "copy_dest_values_init", tt_native::Fn::copy}, from, to, where);
}

}  // namespace ckernel
