// Comparisons with zero and with a scalar: 1.0 or 0.0.
#pragma once

#include "shared/sfpu.h"

namespace ckernel {

TT_NATIVE_INIT(eqz_tile_init)
inline void eqz_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu_scalar({"eqz_tile", "eqz_tile_init", tt_native::Fn::eq}, dst, 0.0, where);
}
TT_NATIVE_INIT(nez_tile_init)
inline void nez_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu_scalar({"nez_tile", "nez_tile_init", tt_native::Fn::ne}, dst, 0.0, where);
}
TT_NATIVE_INIT(gtz_tile_init)
inline void gtz_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu_scalar({"gtz_tile", "gtz_tile_init", tt_native::Fn::gt}, dst, 0.0, where);
}
TT_NATIVE_INIT(gez_tile_init)
inline void gez_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu_scalar({"gez_tile", "gez_tile_init", tt_native::Fn::ge}, dst, 0.0, where);
}
TT_NATIVE_INIT(ltz_tile_init)
inline void ltz_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu_scalar({"ltz_tile", "ltz_tile_init", tt_native::Fn::lt}, dst, 0.0, where);
}
TT_NATIVE_INIT(lez_tile_init)
inline void lez_tile(uint32_t dst, tt_native::Site where = tt_native::Site::current()) {
    tt_native::sfpu_scalar({"lez_tile", "lez_tile_init", tt_native::Fn::le}, dst, 0.0, where);
}
TT_NATIVE_INIT(unary_eq_tile_init)
TT_NATIVE_SCALAR(unary_eq_tile, unary_eq_tile_init, eq)
TT_NATIVE_INIT(unary_ne_tile_init)
TT_NATIVE_SCALAR(unary_ne_tile, unary_ne_tile_init, ne)
TT_NATIVE_INIT(unary_lt_tile_init)
TT_NATIVE_SCALAR(unary_lt_tile, unary_lt_tile_init, lt)
TT_NATIVE_INIT(unary_gt_tile_init)
TT_NATIVE_SCALAR(unary_gt_tile, unary_gt_tile_init, gt)
TT_NATIVE_INIT(unary_le_tile_init)
TT_NATIVE_SCALAR(unary_le_tile, unary_le_tile_init, le)
TT_NATIVE_INIT(unary_ge_tile_init)
TT_NATIVE_SCALAR(unary_ge_tile, unary_ge_tile_init, ge)

}  // namespace ckernel
