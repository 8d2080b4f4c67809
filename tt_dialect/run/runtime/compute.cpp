// Tile arithmetic, DST and the state of the units. The numbers are those of tt_dialect/run/
// numerics.py: operands reduced to the bits the multiplier sees, float64 inside one operation, one
// rounding to the format of DST, one at pack.
#include "machine.h"

#include <algorithm>
#include <bit>
#include <cmath>

#define TT_NATIVE_RUNTIME
#include "shared/compute.h"

namespace tt_native {

namespace {

using tt::DataFormat;

// ---- formats ----

float bf16_from_float(float value) {
    if (std::isnan(value)) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    uint32_t bits = std::bit_cast<uint32_t>(value);
    bits += 0x7fff + (bits >> 16 & 1);
    return std::bit_cast<float>(bits & 0xffff0000U);
}

float bf16_from_double(double value) {
    if (std::isnan(value)) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    if (std::abs(value) < 0x1p-126) {  // spacing 2**-133
        constexpr double shift = 1.5 * 0x1p-81;
        return static_cast<float>(std::copysign((value + shift) - shift, value));
    }
    uint64_t bits = std::bit_cast<uint64_t>(value);
    bits += (uint64_t{1} << 44) - 1 + (bits >> 45 & 1);
    bits &= ~uint64_t{0} << 45;
    return static_cast<float>(std::bit_cast<double>(bits));
}

uint16_t fp16_bits(double value) {
    const uint64_t bits = std::bit_cast<uint64_t>(value);
    const auto sign = static_cast<uint16_t>(bits >> 48 & 0x8000);
    if (std::isnan(value)) {
        return sign | 0x7e00;
    }
    const double magnitude = std::abs(value);
    if (magnitude >= 65520.0) {
        return sign | 0x7c00;
    }
    // Adding and subtracting a power of two rounds to a multiple of the spacing.
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    exponent = magnitude < 0x1p-14 ? -14 : exponent - 1;  // subnormals, and zero
    const double shift = std::ldexp(1.5, exponent - 10 + 52);
    const double rounded = (magnitude + shift) - shift;
    const auto steps = static_cast<uint32_t>(std::ldexp(rounded, 10 - exponent));
    return sign | static_cast<uint16_t>((static_cast<uint32_t>(exponent + 14) << 10) + steps);
}

float fp16_value(uint16_t bits) {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
    const uint32_t exponent = bits >> 10 & 31;
    const uint32_t mantissa = bits & 0x3ff;
    if (exponent == 31) {
        return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
    }
    if (exponent == 0) {
        const float value = static_cast<float>(mantissa) * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

float round_double(double value, DataFormat format) {
    switch (format) {
        case DataFormat::Float32: return static_cast<float>(value);
        case DataFormat::Float16: return fp16_value(fp16_bits(value));
        default: return bf16_from_double(value);
    }
}

// A NaN stays one, whatever bits it consists of.
float keep_mantissa(float value, int bits) {
    const uint32_t kept = std::bit_cast<uint32_t>(value) & (0xffffffffU << (23 - bits));
    return std::bit_cast<float>(value == value ? kept : kept | 0x400000U);
}

bool supported(DataFormat format) {
    return format == DataFormat::Float32 || format == DataFormat::Float16 ||
           format == DataFormat::Float16_b;
}

// A tile from faces of 16x16 to 32 rows.
template <typename T, typename Convert>
void from_faces(const uint8_t* page, float* rows, Convert convert) {
    const T* in = reinterpret_cast<const T*>(page);
    for (int face = 0; face < 4; ++face) {
        for (int r = 0; r < 16; ++r) {
            float* out = rows + ((face / 2) * 16 + r) * 32 + (face % 2) * 16;
            for (int c = 0; c < 16; ++c) {
                out[c] = convert(in[c]);
            }
            in += 16;
        }
    }
}

void decode(const uint8_t* page, DataFormat format, float* rows) {
    switch (format) {
        case DataFormat::Float32:
            from_faces<float>(page, rows, [](float v) { return v; });
            break;
        case DataFormat::Float16:
            from_faces<uint16_t>(page, rows, fp16_value);
            break;
        default:
            from_faces<uint16_t>(page, rows, [](uint16_t v) {
                return std::bit_cast<float>(static_cast<uint32_t>(v) << 16);
            });
    }
}

template <typename T, typename Convert>
void to_faces(const float* rows, uint8_t* page, Convert convert) {
    T* out = reinterpret_cast<T*>(page);
    for (int face = 0; face < 4; ++face) {
        for (int r = 0; r < 16; ++r) {
            const float* in = rows + ((face / 2) * 16 + r) * 32 + (face % 2) * 16;
            for (int c = 0; c < 16; ++c) {
                out[c] = convert(in[c]);
            }
            out += 16;
        }
    }
}

void encode(const float* rows, DataFormat format, uint8_t* page) {
    switch (format) {
        case DataFormat::Float32:
            to_faces<float>(rows, page, [](float v) { return v; });
            break;
        case DataFormat::Float16:
            to_faces<uint16_t>(rows, page, [](float v) { return fp16_bits(v); });
            break;
        default:
            to_faces<uint16_t>(rows, page, [](float v) {
                return static_cast<uint16_t>(std::bit_cast<uint32_t>(bf16_from_float(v)) >> 16);
            });
    }
}

// ---- matrix operands ----
// Fidelity: what the phases multiply. in0 comes through SrcB (6 high bits), in1 through SrcA (4).
// Sources: tt-isa-documentation SrcASrcB.md, as in numerics.py.

int full_bits(DataFormat format, bool srca) {
    return format == DataFormat::Float16_b ? 7 : srca ? 9 : 10;
}

enum class Operand : uint8_t { in0, in1, in1_transposed };

struct Key {
    const Cb* cb = nullptr;
    uint64_t serial = 0;
    uint32_t page = 0, version = 0;
    uint8_t fidelity = 0;
    Operand operand = Operand::in0;
    bool operator==(const Key&) const = default;
};
struct Tile {
    alignas(64) double parts[2][tile_elements];
};

constexpr size_t cache_tiles = 96;  // an operation uses at most 32 of them
std::array<Key, cache_tiles> cache_keys;
std::array<Tile, cache_tiles>* cache = nullptr;
size_t cache_next = 0;

void prepare(const Cb& cb, const uint8_t* page, const Key& key, Tile& tile) {
    alignas(64) float rows[tile_elements];
    decode(page, cb.format, rows);
    if (key.operand == Operand::in1_transposed) {
        for (int r = 0; r < 32; ++r) {
            for (int c = 0; c < r; ++c) {
                std::swap(rows[r * 32 + c], rows[c * 32 + r]);
            }
        }
    }
    const bool srca = key.operand != Operand::in0;
    const int full = full_bits(cb.format, srca);
    const int high = srca ? 4 : 6;
    double* first = tile.parts[0];
    double* second = tile.parts[1];
    const uint8_t fidelity = key.fidelity;
    if (fidelity == 3) {
        for (uint32_t i = 0; i < tile_elements; ++i) {
            const float hi = keep_mantissa(rows[i], high);
            const float all = keep_mantissa(rows[i], full);
            first[i] = srca ? all : hi;
            second[i] = srca ? hi : all - hi;
        }
        return;
    }
    const bool whole = fidelity == 4 || (fidelity == 2 && srca);
    if (whole && cb.format == DataFormat::Float16_b) {
        for (uint32_t i = 0; i < tile_elements; ++i) {
            first[i] = rows[i];
        }
        return;
    }
    const int bits = whole ? full : high;
    for (uint32_t i = 0; i < tile_elements; ++i) {
        first[i] = keep_mantissa(rows[i], bits);
    }
}

const Tile& operand_tile(Core& core, Cb& cb, uint32_t page, Operand operand) {
    if (cache == nullptr) {
        cache = new std::array<Tile, cache_tiles>;
    }
    const Key key{&cb, cb.serial, page, cb.versions[page], core.fidelity, operand};
    // Recent tiles first: a block uses the same few over and over.
    for (size_t back = 1; back <= cache_tiles / 2; ++back) {
        const size_t at = (cache_next + cache_tiles - back) % cache_tiles;
        if (cache_keys[at] == key) {
            return (*cache)[at];
        }
    }
    Tile& tile = (*cache)[cache_next];
    cache_keys[cache_next] = key;
    cache_next = (cache_next + 1) % cache_tiles;
    prepare(cb, core.l1 + cb.address + page * cb.page_bytes, key, tile);
    return tile;
}

// ---- the matrix product ----

#if defined(__AVX512F__)
constexpr int lanes = 8, row_block = 4, vector_block = 4;
#elif defined(__AVX__)
constexpr int lanes = 4, row_block = 4, vector_block = 2;
#else
constexpr int lanes = 2, row_block = 4, vector_block = 2;
#endif
using Doubles [[gnu::vector_size(lanes * 8), gnu::may_alias]] = double;

// DST += a * b, k ascending from zero, one rounding when it is stored. Products of operands are
// exact in float64, so contraction to fused multiply-add changes nothing.
template <int Parts>
void multiply(const Tile& a, const Tile& b, float* dst, DataFormat format) {
    for (int row = 0; row < 32; row += row_block) {
        for (int column = 0; column < 32; column += lanes * vector_block) {
            Doubles sum[row_block][vector_block] = {};
            for (int part = 0; part < Parts; ++part) {
                const double* left = a.parts[part] + row * 32;
                const double* right = b.parts[part] + column;
                for (int k = 0; k < 32; ++k) {
                    Doubles in1[vector_block];
                    for (int v = 0; v < vector_block; ++v) {
                        in1[v] = *reinterpret_cast<const Doubles*>(right + k * 32 + v * lanes);
                    }
                    for (int r = 0; r < row_block; ++r) {
                        const double in0 = left[r * 32 + k];
                        for (int v = 0; v < vector_block; ++v) {
                            sum[r][v] += in0 * in1[v];
                        }
                    }
                }
            }
            for (int r = 0; r < row_block; ++r) {
                float* out = dst + (row + r) * 32 + column;
                double totals[lanes * vector_block];
                std::memcpy(totals, sum[r], sizeof totals);
                if (format == DataFormat::Float32) {
                    for (int i = 0; i < lanes * vector_block; ++i) {
                        out[i] = static_cast<float>(static_cast<double>(out[i]) + totals[i]);
                    }
                } else {
                    for (int i = 0; i < lanes * vector_block; ++i) {
                        out[i] = round_double(static_cast<double>(out[i]) + totals[i], format);
                    }
                }
            }
        }
    }
}

// ---- the rules ----

// DST holds fp32, or the 16-bit format of the operand last configured.
DataFormat dst_format(const Core& core) {
    if (core.dst.wide) {
        return DataFormat::Float32;
    }
    return core.units.srca.format == DataFormat::Float16 ? DataFormat::Float16
                                                         : DataFormat::Float16_b;
}

Core& compute_core(const char* call, const Site& where) {
    call_site(where);
    ++machine().progress;
    Core& core = *self().core;
    if (!core.units.started) {
        broken("init-missing", where,
               text("%s before compute_kernel_hw_startup or an init that includes it", call));
    }
    return core;
}

float* math_tiles(Core& core, uint32_t first, uint32_t count, const char* call, const Site& where) {
    Dst& dst = core.dst;
    if (!dst.acquired) {
        broken("math-outside-acquire", where,
               text("%s outside tile_regs_acquire and tile_regs_commit", call));
    }
    if (first + count > dst.tiles) {
        broken("dst-index", where, text("%s of DST tile %u of %u", call, first + count - 1, dst.tiles));
    }
    return dst.tile(dst.math, first);
}

void check_window(const Cb& cb, uint32_t first, uint32_t count, const char* call, const Site& where) {
    if (first + count > cb.waited || cb.consumer != &self()) {
        broken("cb-window", where,
               text("%s of tiles [%u, %u) of %s, %u are waited for", call, first, first + count,
                    cb.name().c_str(), cb.consumer == &self() ? cb.waited : 0),
               cb.name(), cb.state());
    }
    if (cb.rd + first + count > cb.pages) {
        broken("cb-wrap", where, text("%s runs past the end of %s", call, cb.name().c_str()), cb.name());
    }
    if (!supported(cb.format)) {
        broken("format", where, text("%s of %s tiles is outside the subset of these headers", call,
                                     format_name(cb.format)), cb.name());
    }
}

// Whether a circular buffer that shares this memory still holds pages there.
void check_alias(const Core& core, const Cb& cb, uint32_t page, const char* call, const Site& where) {
    if (!cb.shared) {
        return;
    }
    const uint32_t low = cb.address + page * cb.page_bytes, high = low + cb.page_bytes;
    for (const Cb* other : core.present) {
        if (other == &cb) {
            continue;
        }
        for (uint32_t i = 0; i < other->filled(); ++i) {
            const uint32_t at =
                other->address + (other->rd + i) % other->pages * other->page_bytes;
            if (low < at + other->page_bytes && at < high) {
                broken("unpack-pack-race", where,
                       text("%s to %s overwrites pages of %s, which are not popped", call,
                            cb.name().c_str(), other->name().c_str()),
                       cb.name());
            }
        }
    }
}

void check_source(
    const Core& core, const Units::Source& source, const Cb& cb, const char* unit, const char* call,
    const Site& where) {
    static_cast<void>(core);
    if (!source.set || source.format != cb.format) {
        broken("stale-format", where,
               text("%s of %s, whose format is %s, while %s is configured for %s", call,
                    cb.name().c_str(), format_name(cb.format), unit,
                    source.set ? format_name(source.format) : "nothing"),
               cb.name(), "a reconfig_data_format call is missing");
    }
}

void check_kind(
    const Core& core, Kind kind, const std::array<uint32_t, 6>& shape, const char* call,
    const char* init, const Site& where) {
    const Units& units = core.units;
    if (units.kind == Kind::none) {
        broken("init-missing", where, text("%s without %s", call, init));
    }
    if (units.kind != kind || units.shape != shape) {
        broken("init-stale", where,
               text("%s, but the units were last initialised for %s", call,
                    units.kind == kind ? "another shape or operand" : "another operation"),
               {}, text("in line %u; %s is missing", units.kind_site.line(), init));
    }
}

void set_source(Units::Source& source, const Cb& cb) {
    source.set = true;
    source.format = cb.format;
}

bool same(const Units::Source& source, const Cb& cb) {
    return source.set && source.format == cb.format;
}

void set_kind(Core& core, Kind kind, const std::array<uint32_t, 6>& shape, const char* call,
              const Site& where) {
    Units& units = core.units;
    note_effect(where, call, units.kind != kind || units.shape != shape);
    units.kind = kind;
    units.shape = shape;
    units.kind_site = where;
}

// Inits program the unpackers for the formats configured before them.
void check_init_source(
    const Units::Source& source, const Cb& cb, const char* unit, const char* call, const Site& where) {
    if (!same(source, cb)) {
        broken("stale-format", where,
               text("%s for %s, whose format is %s, while %s is configured for %s", call,
                    cb.name().c_str(), format_name(cb.format), unit,
                    source.set ? format_name(source.format) : "nothing"),
               cb.name(), "reconfig_data_format comes before the init");
    }
}

float tf32(float value) { return keep_mantissa(value, 10); }

}  // namespace

void reset_tile_cache() { cache_keys.fill({}); }

// ---- programming the units ----

void startup(uint32_t srca, uint32_t srcb, uint32_t out, Site where) {
    call_site(where);
    Core& core = *self().core;
    Units& units = core.units;
    if (units.started) {
        broken("startup-twice", where, "compute_kernel_hw_startup is called again", {},
               "once, as the first compute call (tt-metal #22219)");
    }
    const Cb& a = cb_of(srca, where);
    const Cb& b = cb_of(srcb, where);
    const Cb& o = cb_of(out, where);
    units.started = true;
    set_source(units.srca, a);
    set_source(units.srcb, b);
    set_source(units.pack, o);
}

void init_matmul(uint32_t in0, uint32_t in1, uint32_t transpose, uint32_t ct, uint32_t rt,
                 uint32_t kt, Site where) {
    Core& core = compute_core("matmul_init", where);
    check_init_source(core.units.srca, cb_of(in1, where), "SrcA", "the matmul init", where);
    check_init_source(core.units.srcb, cb_of(in0, where), "SrcB", "the matmul init", where);
    set_kind(core, Kind::matmul, {transpose != 0, ct, rt, kt, 0, 0}, "matmul init", where);
}

void init_copy(uint32_t cb, uint32_t transpose, Site where) {
    Core& core = compute_core("copy_init", where);
    const Cb& source = cb_of(cb, where);
    check_init_source(core.units.srca, source, "SrcA", "the copy init", where);
    set_kind(core, Kind::copy, {transpose, source.unpack_to_dest, 0, 0, 0, 0}, "copy init", where);
}

void init_transpose(uint32_t cb, Site where) {
    Core& core = compute_core("transpose_init", where);
    check_init_source(core.units.srca, cb_of(cb, where), "SrcA", "the transpose init", where);
    set_kind(core, Kind::transpose, {}, "transpose init", where);
}

void init_binary(uint32_t op, uint32_t a, uint32_t b, bool accumulate, Site where) {
    Core& core = compute_core("binary init", where);
    check_init_source(core.units.srca, cb_of(a, where), "SrcA", "the binary init", where);
    check_init_source(core.units.srcb, cb_of(b, where), "SrcB", "the binary init", where);
    set_kind(core, Kind::binary, {op, accumulate, 0, 0, 0, 0}, "binary init", where);
}

void init_sfpu(const char* function, Site where) {
    Core& core = compute_core("SFPU init", where);
    const bool changed =
        core.units.sfpu == nullptr || std::strcmp(core.units.sfpu, function) != 0;
    note_effect(where, "SFPU init", changed);
    core.units.sfpu = function;
    core.units.sfpu_site = where;
}

// ---- tiles ----

void copy_tiles(uint32_t id, uint32_t tile, uint32_t dst, uint32_t tiles, Site where) {
    Core& core = compute_core("copy", where);
    Cb& cb = cb_of(id, where);
    check_window(cb, tile, tiles, "copy", where);
    check_kind(core, Kind::copy, {core.units.shape[0], cb.unpack_to_dest, 0, 0, 0, 0}, "copy",
               "copy_init", where);
    check_source(core, core.units.srca, cb, "SrcA", "copy", where);
    float* out = math_tiles(core, dst, tiles, "copy", where);
    const DataFormat format = dst_format(core);
    for (uint32_t i = 0; i < tiles; ++i, out += tile_elements) {
        decode(core.l1 + cb.address + (cb.rd + tile + i) * cb.page_bytes, cb.format, out);
        if (cb.format == DataFormat::Float32 && !cb.unpack_to_dest) {
            for (uint32_t e = 0; e < tile_elements; ++e) {
                out[e] = tf32(out[e]);
            }
        }
        if (format != DataFormat::Float32 && format != cb.format) {
            for (uint32_t e = 0; e < tile_elements; ++e) {
                out[e] = round_double(out[e], format);
            }
        }
        if (core.units.shape[0] != 0) {
            for (int r = 0; r < 32; ++r) {
                for (int c = 0; c < r; ++c) {
                    std::swap(out[r * 32 + c], out[c * 32 + r]);
                }
            }
        }
    }
}

void transpose(uint32_t id, uint32_t tile, uint32_t dst, Site where) {
    Core& core = compute_core("transpose", where);
    Cb& cb = cb_of(id, where);
    check_window(cb, tile, 1, "transpose", where);
    check_kind(core, Kind::transpose, {}, "transpose", "transpose_init", where);
    check_source(core, core.units.srca, cb, "SrcA", "transpose", where);
    float* out = math_tiles(core, dst, 1, "transpose", where);
    alignas(64) float rows[tile_elements];
    decode(core.l1 + cb.address + (cb.rd + tile) * cb.page_bytes, cb.format, rows);
    const DataFormat format = dst_format(core);
    for (int r = 0; r < 32; ++r) {
        for (int c = 0; c < 32; ++c) {
            float value = rows[c * 32 + r];
            if (cb.format == DataFormat::Float32) {
                value = tf32(value);
            }
            out[r * 32 + c] = format == DataFormat::Float32 || format == cb.format
                                  ? value
                                  : round_double(value, format);
        }
    }
}

void binary(uint32_t op, uint32_t a, uint32_t b, uint32_t ia, uint32_t ib, uint32_t dst, Site where) {
    static const char* const names[] = {"add_tiles", "sub_tiles", "mul_tiles"};
    static const char* const inits[] = {"add init", "sub init", "mul init"};
    const char* call = names[op];
    Core& core = compute_core(call, where);
    Cb& left = cb_of(a, where);
    Cb& right = cb_of(b, where);
    check_window(left, ia, 1, call, where);
    check_window(right, ib, 1, call, where);
    check_kind(core, Kind::binary, {op, core.units.shape[1], 0, 0, 0, 0}, call, inits[op], where);
    check_source(core, core.units.srca, left, "SrcA", call, where);
    check_source(core, core.units.srcb, right, "SrcB", call, where);
    float* out = math_tiles(core, dst, 1, call, where);
    alignas(64) float x[tile_elements], y[tile_elements];
    decode(core.l1 + left.address + (left.rd + ia) * left.page_bytes, left.format, x);
    decode(core.l1 + right.address + (right.rd + ib) * right.page_bytes, right.format, y);
    const DataFormat format = dst_format(core);
    const bool accumulate = op == 2 || core.units.shape[1] != 0;
    for (uint32_t i = 0; i < tile_elements; ++i) {
        const double p = left.format == DataFormat::Float32 ? tf32(x[i]) : x[i];
        const double q = right.format == DataFormat::Float32 ? tf32(y[i]) : y[i];
        double value = op == 0 ? p + q : op == 1 ? p - q : p * q;
        if (accumulate) {
            value += out[i];
        }
        out[i] = round_double(value, format);
    }
}

void sfpu(const char* function, uint32_t dst, Site where) {
    Core& core = compute_core(function, where);
    Units& units = core.units;
    if (units.sfpu == nullptr) {
        broken("init-missing", where, text("%s without its init", function));
    }
    if (std::strcmp(units.sfpu, function) != 0) {
        broken("init-stale", where,
               text("%s, but the SFPU was last initialised for %s", function, units.sfpu), {},
               text("in line %u", units.sfpu_site.line()));
    }
    float* tile = math_tiles(core, dst, 1, function, where);
    const DataFormat format = dst_format(core);
    const auto apply = [&](auto compute) {
        for (uint32_t i = 0; i < tile_elements; ++i) {
            tile[i] = round_double(compute(static_cast<double>(tile[i])), format);
        }
    };
    const std::string name = function;
    if (name == "exp_tile") {
        apply([](double v) { return std::exp(v); });
    } else if (name == "recip_tile") {
        apply([](double v) { return 1.0 / v; });
    } else if (name == "sqrt_tile") {
        apply([](double v) { return std::sqrt(v); });
    } else if (name == "log_tile") {
        apply([](double v) { return std::log(v); });
    } else if (name == "relu_tile") {
        apply([](double v) { return v > 0 ? v : 0.0; });
    } else if (name == "abs_tile") {
        apply([](double v) { return std::abs(v); });
    } else {
        broken("format", where, text("%s is outside the subset of these headers", function));
    }
}

void pack_tiles(uint32_t dst, uint32_t id, uint32_t tiles, Site where) {
    Core& core = compute_core("pack", where);
    Cb& cb = cb_of(id, where);
    Dst& regs = core.dst;
    if (!regs.packing) {
        broken("pack-outside-wait", where, "pack outside tile_regs_wait and tile_regs_release");
    }
    if (dst + tiles > regs.tiles) {
        broken("dst-index", where, text("pack of DST tile %u of %u", dst + tiles - 1, regs.tiles));
    }
    if (cb.producer != &self() || cb.packed + tiles > cb.reserved) {
        broken("cb-window", where,
               text("pack of %u tiles to %s, %u of %u reserved pages are packed", tiles,
                    cb.name().c_str(), cb.packed, cb.producer == &self() ? cb.reserved : 0),
               cb.name(), cb.state());
    }
    if (cb.wr + cb.packed + tiles > cb.pages) {
        broken("cb-wrap", where, text("pack runs past the end of %s", cb.name().c_str()), cb.name());
    }
    if (!supported(cb.format)) {
        broken("format", where, text("%s tiles are outside the subset of these headers",
                                     format_name(cb.format)), cb.name());
    }
    check_source(core, core.units.pack, cb, "the packer", "pack", where);
    for (uint32_t i = 0; i < tiles; ++i) {
        const uint32_t page = cb.wr + cb.packed + i;
        check_alias(core, cb, page, "pack", where);
        encode(regs.tile(regs.pack, dst + i), cb.format,
               core.l1 + cb.address + page * cb.page_bytes);
    }
    cb.packed += tiles;
}

}  // namespace tt_native

using namespace tt_native;

namespace ckernel {

// ---- DST protocol ----

void tile_regs_acquire(Site where) {
    call_site(where);
    Dst& dst = self().core->dst;
    if (dst.acquired) {
        broken("dst-protocol", where, "tile_regs_acquire while DST is acquired", {},
               text("acquired in line %u; tile_regs_commit first", dst.acquire_site.line()));
    }
    if (dst.committed == dst.sections) {
        broken("dst-protocol", where,
               "tile_regs_acquire never returns: no section of DST is released before it");
    }
    std::memset(dst.tile(dst.math, 0), 0, size_t{dst.tiles} * tile_elements * 4);
    dst.acquired = true;
    dst.acquire_site = where;
}

void tile_regs_commit(Site where) {
    call_site(where);
    Dst& dst = self().core->dst;
    if (!dst.acquired) {
        broken("dst-protocol", where, "tile_regs_commit without tile_regs_acquire");
    }
    dst.acquired = false;
    dst.math = (dst.math + 1) % dst.sections;
    ++dst.committed;
}

void tile_regs_wait(Site where) {
    call_site(where);
    Dst& dst = self().core->dst;
    if (dst.packing) {
        broken("dst-protocol", where, "tile_regs_wait while the packer holds DST", {},
               "tile_regs_release first");
    }
    if (dst.committed == 0) {
        broken("dst-protocol", where, "tile_regs_wait never returns: nothing was committed before it");
    }
    dst.packing = true;
}

void tile_regs_release(Site where) {
    call_site(where);
    Dst& dst = self().core->dst;
    if (!dst.packing) {
        broken("dst-protocol", where, "tile_regs_release without tile_regs_wait");
    }
    dst.packing = false;
    dst.pack = (dst.pack + 1) % dst.sections;
    --dst.committed;
}

// ---- formats ----

namespace {

void reconfigure(Units::Source Units::*unit, uint32_t id, const char* call, const Site& where) {
    call_site(where);
    Core& core = *self().core;
    if (!core.units.started) {
        broken("init-missing", where, text("%s before compute_kernel_hw_startup", call));
    }
    const Cb& cb = cb_of(id, where);
    note_effect(where, call, !same(core.units.*unit, cb));
    set_source(core.units.*unit, cb);
}

}  // namespace

void reconfig_data_format_srca(uint32_t cb, Site where) {
    reconfigure(&Units::srca, cb, "reconfig_data_format_srca", where);
}
void reconfig_data_format_srcb(uint32_t cb, Site where) {
    reconfigure(&Units::srcb, cb, "reconfig_data_format_srcb", where);
}
void pack_reconfig_data_format(uint32_t cb, Site where) {
    reconfigure(&Units::pack, cb, "pack_reconfig_data_format", where);
}

// ---- tile operations ----

void matmul_block(
    uint32_t in0, uint32_t in1, uint32_t in0_tile, uint32_t in1_tile, uint32_t dst,
    uint32_t transpose, uint32_t ct, uint32_t rt, uint32_t kt, Site where) {
    Core& core = compute_core("matmul", where);
    Cb& a = cb_of(in0, where);
    Cb& b = cb_of(in1, where);
    check_window(a, in0_tile, (rt - 1) * kt + 1, "matmul", where);
    check_window(b, in1_tile, ct, "matmul", where);
    check_kind(core, Kind::matmul, {transpose != 0, ct, rt, kt, 0, 0}, "matmul", "its init", where);
    check_source(core, core.units.srca, b, "SrcA", "matmul", where);
    check_source(core, core.units.srcb, a, "SrcB", "matmul", where);
    float* out = math_tiles(core, dst, rt * ct, "matmul", where);
    const DataFormat format = dst_format(core);
    const Operand side = transpose != 0 ? Operand::in1_transposed : Operand::in1;
    std::array<const Tile*, 16> right{};  // ct is bounded by the capacity of DST
    for (uint32_t c = 0; c < ct; ++c) {
        right[c] = &operand_tile(core, b, b.rd + in1_tile + c, side);
    }
    for (uint32_t r = 0; r < rt; ++r) {
        const Tile& left = operand_tile(core, a, a.rd + in0_tile + r * kt, Operand::in0);
        for (uint32_t c = 0; c < ct; ++c, out += tile_elements) {
            if (core.fidelity == 3) {
                multiply<2>(left, *right[c], out, format);
            } else {
                multiply<1>(left, *right[c], out, format);
            }
        }
    }
    core.stats.tile_products += uint64_t{rt} * ct;
}

void matmul_tiles(
    uint32_t in0, uint32_t in1, uint32_t in0_tile, uint32_t in1_tile, uint32_t dst, Site where) {
    const uint32_t transpose = self().core->units.shape[0];
    matmul_block(in0, in1, in0_tile, in1_tile, dst, transpose, 1, 1, 1, where);
}

void copy_tile(uint32_t cb, uint32_t tile, uint32_t dst, Site where) {
    copy_tiles(cb, tile, dst, 1, where);
}

void add_tiles(uint32_t a, uint32_t b, uint32_t ia, uint32_t ib, uint32_t dst, Site where) {
    binary(0, a, b, ia, ib, dst, where);
}
void sub_tiles(uint32_t a, uint32_t b, uint32_t ia, uint32_t ib, uint32_t dst, Site where) {
    binary(1, a, b, ia, ib, dst, where);
}
void mul_tiles(uint32_t a, uint32_t b, uint32_t ia, uint32_t ib, uint32_t dst, Site where) {
    binary(2, a, b, ia, ib, dst, where);
}

void fill_tile_init(Site where) { init_sfpu("fill_tile", where); }

void fill_tile(uint32_t dst, float value, Site where) {
    Core& core = compute_core("fill_tile", where);
    if (core.units.sfpu == nullptr) {
        broken("init-missing", where, "fill_tile without fill_tile_init");
    }
    if (std::strcmp(core.units.sfpu, "fill_tile") != 0) {
        broken("init-stale", where,
               text("fill_tile, but the SFPU was last initialised for %s", core.units.sfpu));
    }
    float* out = math_tiles(core, dst, 1, "fill_tile", where);
    std::fill(out, out + tile_elements, round_double(value, dst_format(core)));
}

}  // namespace ckernel
