// Follows tt_metal/hw/inc/api/compute/eltwise_binary_sfpu.h @1387d4d6.
#pragma once

#include "shared/eltwise_binary_sfpu.h"

namespace ckernel {

// How add and sub store to 16-bit DST; Default truncates.
enum class DstRoundingMode : uint8_t { Default = 0, NearestEven = 1 };

template <DstRoundingMode Rounding = DstRoundingMode::Default>
void add_binary_tile(
    uint32_t a, uint32_t b, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    constexpr bool nearest = Rounding == DstRoundingMode::NearestEven;
    tt_native::sfpu_binary(
        {"add_binary_tile", "add_binary_tile_init", tt_native::Fn::add},
        a,
        b,
        out,
        where,
        nearest ? tt_native::Store::nearest : tt_native::Store::truncate);
}
template <DstRoundingMode Rounding = DstRoundingMode::Default>
void sub_binary_tile(
    uint32_t a, uint32_t b, uint32_t out, tt_native::Site where = tt_native::Site::current()) {
    constexpr bool nearest = Rounding == DstRoundingMode::NearestEven;
    tt_native::sfpu_binary(
        {"sub_binary_tile", "sub_binary_tile_init", tt_native::Fn::sub},
        a,
        b,
        out,
        where,
        nearest ? tt_native::Store::nearest : tt_native::Store::truncate);
}
TT_NATIVE_INIT(ne_binary_tile_init)
TT_NATIVE_BINARY(ne_binary_tile, ne_binary_tile_init, ne)
TT_NATIVE_INIT(lt_binary_tile_init)
TT_NATIVE_BINARY(lt_binary_tile, lt_binary_tile_init, lt)
TT_NATIVE_INIT(gt_binary_tile_init)
TT_NATIVE_BINARY(gt_binary_tile, gt_binary_tile_init, gt)
TT_NATIVE_INIT(le_binary_tile_init)
TT_NATIVE_BINARY(le_binary_tile, le_binary_tile_init, le)
TT_NATIVE_INIT(ge_binary_tile_init)
TT_NATIVE_BINARY(ge_binary_tile, ge_binary_tile_init, ge)

}  // namespace ckernel
