// Follows tt_metal/include/compute_kernel_api/eltwise_unary/where.h @1490dbe6: condition != 0 ? yes
// : no.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(where_tile_init)

inline void where_tile(
    uint32_t condition,
    uint32_t yes,
    uint32_t no,
    uint32_t out,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::check_dst_width("where_tile", false, where);
    tt_native::sfpu_ternary(
        {"where_tile", "where_tile_init", tt_native::Fn::where}, condition, yes, no, out, where);
}
inline void where_fp32_tile(
    uint32_t condition,
    uint32_t yes,
    uint32_t no,
    uint32_t out,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::check_dst_width("where_fp32_tile", true, where);
    tt_native::sfpu_ternary(
        {"where_fp32_tile", "where_tile_init", tt_native::Fn::where},
        condition,
        yes,
        no,
        out,
        where);
}

}  // namespace ckernel
