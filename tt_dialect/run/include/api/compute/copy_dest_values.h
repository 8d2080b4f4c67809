// Follows tt_metal/hw/inc/api/compute/copy_dest_values.h @01c8afed.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(copy_dest_values_init)

template <DataFormat Format>
void copy_dest_values(
    uint32_t from, uint32_t to, tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        Format == DataFormat::Float32 || Format == DataFormat::Float16_b ||
            Format == DataFormat::Float16,
        "copy_dest_values of this format is outside the subset of these headers");
    tt_native::check_dst_width("copy_dest_values", Format == DataFormat::Float32, where);
    tt_native::sfpu_copy(
        {"copy_dest_values", "copy_dest_values_init", tt_native::Fn::copy}, from, to, where);
}

}  // namespace ckernel
