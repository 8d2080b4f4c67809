// The matrix product.
#include "units.h"

#define TT_NATIVE_RUNTIME
#include "shared/compute.h"

namespace tt_native {

namespace {

// ---- matrix operands ----
// Fidelity: what the phases multiply. in0 comes through SrcB (6 high bits), in1 through SrcA (4).

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
    const int high = srca ? srca_high : srcb_high;
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

}  // namespace

void reset_tile_cache() { cache_keys.fill({}); }

void init_matmul(uint32_t in0, uint32_t in1, uint32_t transpose, uint32_t ct, uint32_t rt,
                 uint32_t kt, Site where) {
    Core& core = compute_core("matmul_init", where);
    check_init_source(core.units.srca, cb_of(in1, where), "SrcA", "the matmul init", where);
    check_init_source(core.units.srcb, cb_of(in0, where), "SrcB", "the matmul init", where);
    set_kind(core, Kind::matmul, {transpose != 0, ct, rt, kt, 0, 0}, "matmul init", where);
}

}  // namespace tt_native

using namespace tt_native;

namespace ckernel {

void matmul_block(
    uint32_t in0, uint32_t in1, uint32_t in0_tile, uint32_t in1_tile, uint32_t dst,
    uint32_t transpose, uint32_t ct, uint32_t rt, uint32_t kt, Site where) {
    Core& core = compute_core("matmul", where);
    Cb& a = cb_of(in0, where);
    Cb& b = cb_of(in1, where);
    check_window(a, in0_tile, (rt - 1) * kt + 1, "matmul", where);
    check_window(b, in1_tile, ct, "matmul", where);
    check_kind(core, Kind::matmul, {transpose != 0, ct, rt, kt, 0, 0}, "matmul", "its init", where);
    check_source(core.units.srca, b, "SrcA", "matmul", where);
    check_source(core.units.srcb, a, "SrcB", "matmul", where);
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

}  // namespace ckernel
