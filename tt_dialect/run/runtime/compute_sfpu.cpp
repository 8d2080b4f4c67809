// Functions of tiles in DST: operands as float64, one rounding to the format of DST.
#include "units.h"

#define TT_NATIVE_RUNTIME
#include "shared/compute.h"
#include "shared/sfpu.h"

namespace tt_native {

void init_sfpu(const char* init, Site where) {
    Core& core = compute_core("SFPU init", where);
    const bool changed = core.units.sfpu == nullptr || std::strcmp(core.units.sfpu, init) != 0;
    note_effect(where, "SFPU init", changed);
    core.units.sfpu = init;
    core.units.sfpu_site = where;
}

void check_dst_width(const char* call, bool wide, Site where) {
    Core& core = compute_core(call, where);
    if (core.dst.wide != wide) {
        broken("format", where, text("%s for %s-bit DST, which has %s bits", call, wide ? "32" : "16",
                                     wide ? "16" : "32"));
    }
}

void check_decimals(const char* call, int32_t decimals, Site where) {
    if (decimals != 0) {
        broken("format", where,
               text("%s to %d decimals is outside the subset of these headers", call, decimals));
    }
}

namespace {

void check_sfpu(const Core& core, const char* call, const char* init, const Site& where) {
    const Units& units = core.units;
    if (units.sfpu == nullptr) {
        broken("init-missing", where, text("%s without %s", call, init));
    }
    if (std::strcmp(units.sfpu, init) != 0) {
        broken("init-stale", where,
               text("%s, but the SFPU was last initialised by %s", call, units.sfpu), {},
               text("in line %u; %s is missing", units.sfpu_site.line(), init));
    }
}

// As NumPy: NaN if an operand is one.
double maximum(double x, double y) { return x >= y || std::isnan(x) ? x : y; }
double minimum(double x, double y) { return x <= y || std::isnan(x) ? x : y; }

// ln 2 and ln 10 inverted, as float32.
constexpr double log2_scale = 0x1.715476p+0F;
constexpr double log10_scale = 0x1.bcb7b2p-2F;

double logarithm(double x, double scale) {
    return scale == log2_scale    ? std::log2(x)
           : scale == log10_scale ? std::log10(x)
                                  : std::log(x) * scale;
}

double gelu(double x) { return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0))); }

double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x + 0.0; }

// Calls loop(f) with the function as a callable of three operands.
template <typename Loop>
void with_function(Fn function, Loop loop) {
    using D = double;
    switch (function) {
        case Fn::exp: return loop([](D x, D, D) { return std::exp(x); });
        case Fn::exp2: return loop([](D x, D, D) { return std::exp2(x); });
        case Fn::log: return loop([](D x, D, D) { return std::log(x); });
        case Fn::log_base: return loop([](D x, D y, D) { return logarithm(x, y); });
        case Fn::sqrt: return loop([](D x, D, D) { return std::sqrt(x); });
        case Fn::rsqrt: return loop([](D x, D, D) { return 1.0 / std::sqrt(x); });
        case Fn::recip: return loop([](D x, D, D) { return 1.0 / x; });
        case Fn::tanh: return loop([](D x, D, D) { return std::tanh(x); });
        case Fn::sigmoid: return loop([](D x, D, D) { return 1.0 / (1.0 + std::exp(-x)); });
        case Fn::silu: return loop([](D x, D, D) { return x / (1.0 + std::exp(-x)); });
        case Fn::erf: return loop([](D x, D, D) { return std::erf(x); });
        case Fn::gelu: return loop([](D x, D, D) { return gelu(x); });
        case Fn::sin: return loop([](D x, D, D) { return std::sin(x); });
        case Fn::cos: return loop([](D x, D, D) { return std::cos(x); });
        case Fn::tan: return loop([](D x, D, D) { return std::tan(x); });
        case Fn::abs: return loop([](D x, D, D) { return std::abs(x); });
        case Fn::neg: return loop([](D x, D, D) { return -x; });
        case Fn::sign: return loop([](D x, D, D) { return sign(x); });
        case Fn::square: return loop([](D x, D, D) { return x * x; });
        case Fn::relu: return loop([](D x, D, D) { return maximum(x, 0.0) + 0.0; });
        case Fn::floor: return loop([](D x, D, D) { return std::floor(x); });
        case Fn::ceil: return loop([](D x, D, D) { return std::ceil(x); });
        case Fn::trunc: return loop([](D x, D, D) { return std::trunc(x); });
        case Fn::round: return loop([](D x, D, D) { return std::nearbyint(x); });
        case Fn::round_bf16:
            return loop([](D x, D, D) { return static_cast<D>(bf16_from_double(x)); });
        case Fn::copy: return loop([](D x, D, D) { return x; });
        case Fn::add: return loop([](D x, D y, D) { return x + y; });
        case Fn::sub: return loop([](D x, D y, D) { return x - y; });
        case Fn::rsub: return loop([](D x, D y, D) { return y - x; });
        case Fn::mul: return loop([](D x, D y, D) { return x * y; });
        case Fn::div: return loop([](D x, D y, D) { return x / y; });
        case Fn::pow: return loop([](D x, D y, D) { return std::pow(x, y); });
        case Fn::max: return loop([](D x, D y, D) { return maximum(x, y); });
        case Fn::min: return loop([](D x, D y, D) { return minimum(x, y); });
        case Fn::eq: return loop([](D x, D y, D) { return x == y ? 1.0 : 0.0; });
        case Fn::ne: return loop([](D x, D y, D) { return x != y ? 1.0 : 0.0; });
        case Fn::lt: return loop([](D x, D y, D) { return x < y ? 1.0 : 0.0; });
        case Fn::gt: return loop([](D x, D y, D) { return x > y ? 1.0 : 0.0; });
        case Fn::le: return loop([](D x, D y, D) { return x <= y ? 1.0 : 0.0; });
        case Fn::ge: return loop([](D x, D y, D) { return x >= y ? 1.0 : 0.0; });
        case Fn::where: return loop([](D x, D y, D z) { return x != 0.0 ? y : z; });
    }
}

// Towards zero, as SFPSTORE does.
float truncated(double value, DataFormat format) {
    return format == DataFormat::Float32 ? static_cast<float>(value)
                                         : keep_mantissa(static_cast<float>(value),
                                                         format == DataFormat::Float16 ? 10 : 7);
}

constexpr uint32_t no_tile = ~0U;

// out = f(x, y, z), where y and z are tiles, or y is a scalar.
void compute(const Call& call, std::array<uint32_t, 3> operands, uint32_t out, double scalar,
             Store store, const Site& where) {
    Core& core = compute_core(call.name, where);
    check_sfpu(core, call.name, call.init, where);
    std::array<const float*, 3> in{};
    bool reduced = false;
    for (int i = 0; i < 3; ++i) {
        if (operands[i] != no_tile) {
            in[i] = read_tile(core, operands[i], call.name, where);
            reduced |= core.dst.state(core.dst.math, operands[i]).reduced;
        }
    }
    float* tile = math_tiles(core, out, 1, call.name, where);
    core.dst.state(core.dst.math, out).reduced = reduced;
    const DataFormat format = dst_format(core);
    with_function(call.function, [&](auto function) {
        for (uint32_t i = 0; i < tile_elements; ++i) {
            const double y = in[1] != nullptr ? in[1][i] : scalar;
            const double z = in[2] != nullptr ? in[2][i] : 0.0;
            const double value = function(in[0][i], y, z);
            tile[i] = store == Store::truncate ? truncated(value, format)
                                               : round_double(value, format);
        }
    });
    ++core.stats.tile_ops;
}

}  // namespace

void sfpu_unary(const Call& call, uint32_t a, Site where) {
    compute(call, {a, no_tile, no_tile}, a, 0.0, Store::nearest, where);
}

void sfpu_scalar(const Call& call, uint32_t a, double value, Site where) {
    compute(call, {a, no_tile, no_tile}, a, value, Store::nearest, where);
}

void sfpu_binary(const Call& call, uint32_t a, uint32_t b, uint32_t out, Site where, Store store) {
    compute(call, {a, b, no_tile}, out, 0.0, store, where);
}

void sfpu_ternary(const Call& call, uint32_t a, uint32_t b, uint32_t c, uint32_t out, Site where) {
    compute(call, {a, b, c}, out, 0.0, Store::nearest, where);
}

void sfpu_copy(const Call& call, uint32_t from, uint32_t to, Site where) {
    compute(call, {from, no_tile, no_tile}, to, 0.0, Store::nearest, where);
}

}  // namespace tt_native

using namespace tt_native;

namespace ckernel {

void fill_tile_init(Site where) { init_sfpu("fill_tile_init", where); }

void fill_tile(uint32_t dst, float value, Site where) {
    Core& core = compute_core("fill_tile", where);
    check_sfpu(core, "fill_tile", "fill_tile_init", where);
    float* out = math_tiles(core, dst, 1, "fill_tile", where);
    std::fill(out, out + tile_elements, round_double(value, dst_format(core)));
    ++core.stats.tile_ops;
}

}  // namespace ckernel
