// Conversion of what DST holds to bf16 precision, in 32-bit DST.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

template <uint32_t In, uint32_t Out>
void typecast_tile_init(tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        In == static_cast<uint32_t>(DataFormat::Float32) &&
            Out == static_cast<uint32_t>(DataFormat::Float16_b),
        "only Float32 to Float16_b is inside the subset of these headers");
    tt_native::init_sfpu("typecast_tile_init", where);
}
template <uint32_t In, uint32_t Out>
void typecast_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    static_assert(
        In == static_cast<uint32_t>(DataFormat::Float32) &&
            Out == static_cast<uint32_t>(DataFormat::Float16_b),
        "only Float32 to Float16_b is inside the subset of these headers");
    tt_native::check_dst_width("typecast_tile of Float32", true, where);
    tt_native::sfpu_unary(
        {"typecast_tile", "typecast_tile_init", tt_native::Fn::round_bf16}, dst, where);
}

}  // namespace ckernel
