// Functions of tiles in DST, as the headers of both API generations declare them.
#pragma once

#include <bit>

#include "shared/compute.h"

namespace tt_native {

// What a function computes, from float64 operands x, y and z; a scalar is the last of them.
enum class Fn : uint8_t {
    exp,
    exp2,
    log,
    log_base,
    sqrt,
    rsqrt,
    recip,
    tanh,
    sigmoid,
    silu,
    erf,
    gelu,
    sin,
    cos,
    tan,
    abs,
    neg,
    sign,
    square,
    relu,
    floor,
    ceil,
    trunc,
    round,
    round_bf16,
    copy,
    add,
    sub,
    rsub,
    mul,
    div,
    pow,
    max,
    min,
    eq,
    ne,
    lt,
    gt,
    le,
    ge,
    where,
};

// A call of the API: its name, the init it stands after, what it computes.
struct Call {
    const char* name;
    const char* init;
    Fn function;
};

// How a result is stored to 16-bit DST.
enum class Store : uint8_t { nearest, truncate };

void sfpu_unary(const Call& call, uint32_t a, Site where);
void sfpu_scalar(const Call& call, uint32_t a, double value, Site where);
void sfpu_binary(
    const Call& call,
    uint32_t a,
    uint32_t b,
    uint32_t out,
    Site where,
    Store store = Store::nearest);
void sfpu_ternary(const Call& call, uint32_t a, uint32_t b, uint32_t c, uint32_t out, Site where);
void sfpu_copy(const Call& call, uint32_t from, uint32_t to, Site where);
// A call that is meant for 32-bit DST, or for 16-bit DST.
void check_dst_width(const char* call, bool wide, Site where);

// Rounds to integers only.
void check_decimals(const char* call, int32_t decimals, Site where);

inline double scalar_of(uint32_t bits) {
    return std::bit_cast<float>(bits);
}

}  // namespace tt_native

#define TT_NATIVE_INIT(name)                                               \
    inline void name(tt_native::Site where = tt_native::Site::current()) { \
        tt_native::init_sfpu(#name, where);                                \
    }
#define TT_NATIVE_UNARY(name, init, function)                                            \
    inline void name(uint32_t dst, tt_native::Site where = tt_native::Site::current()) { \
        tt_native::sfpu_unary({#name, #init, tt_native::Fn::function}, dst, where);      \
    }
#define TT_NATIVE_SCALAR(name, init, function)                                                \
    inline void name(                                                                         \
        uint32_t dst, uint32_t bits, tt_native::Site where = tt_native::Site::current()) {    \
        tt_native::sfpu_scalar(                                                               \
            {#name, #init, tt_native::Fn::function}, dst, tt_native::scalar_of(bits), where); \
    }
#define TT_NATIVE_BINARY(name, init, function)                                             \
    inline void name(                                                                      \
        uint32_t a,                                                                        \
        uint32_t b,                                                                        \
        uint32_t out,                                                                      \
        tt_native::Site where = tt_native::Site::current()) {                              \
        tt_native::sfpu_binary({#name, #init, tt_native::Fn::function}, a, b, out, where); \
    }
// A function of one tile with an init of its own.
#define TT_NATIVE_FUNCTION(name) \
    TT_NATIVE_INIT(name##_tile_init) TT_NATIVE_UNARY(name##_tile, name##_tile_init, name)
