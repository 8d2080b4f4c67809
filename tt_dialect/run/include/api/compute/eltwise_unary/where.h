// Follows tt_metal/hw/inc/api/compute/eltwise_unary/where.h @050f24fa: condition != 0 ? yes : no.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(where_tile_init)

template <DataFormat Format>
void where_tile(
    uint32_t condition,
    uint32_t yes,
    uint32_t no,
    uint32_t out,
    tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        Format == DataFormat::Float32 || Format == DataFormat::Float16_b,
        "where_tile of this format is outside the subset of these headers");
    tt_native::check_dst_width("where_tile", Format == DataFormat::Float32, where);
    tt_native::sfpu_ternary(
        {"where_tile", "where_tile_init", tt_native::Fn::where}, condition, yes, no, out, where);
}

}  // namespace ckernel
