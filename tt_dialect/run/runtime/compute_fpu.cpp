// Copies, broadcasts, elementwise arithmetic and reductions of tiles on their way to DST.
#include "units.h"

#define TT_NATIVE_RUNTIME
#include "shared/compute.h"

namespace tt_native {

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

void init_binary(uint32_t op, uint32_t how, uint32_t a, uint32_t b, bool accumulate, Site where) {
    Core& core = compute_core("binary init", where);
    check_init_source(core.units.srca, cb_of(a, where), "SrcA", "the binary init", where);
    check_init_source(core.units.srcb, cb_of(b, where), "SrcB", "the binary init", where);
    set_kind(core, Kind::binary, {op, how, accumulate, 0, 0, 0}, "binary init", where);
}

void init_unary_broadcast(uint32_t how, uint32_t id, Site where) {
    Core& core = compute_core("unary_bcast_init", where);
    const Cb& cb = cb_of(id, where);
    // The tile goes through SrcB, and MOVB2D takes its format from SrcA's.
    check_init_source(core.units.srca, cb, "SrcA", "the broadcast init", where);
    check_init_source(core.units.srcb, cb, "SrcB", "the broadcast init", where);
    set_kind(core, Kind::unary_broadcast, {how, cb.unpack_to_dest, 0, 0, 0, 0}, "broadcast init",
             where);
}

// API v1: only a broadcast that is unpacked to DST leaves something to undo.
static void init_unary_broadcast_v1(uint32_t how, uint32_t id, const Site& where) {
    init_unary_broadcast(how, id, where);
    if (!cb_of(id, where).unpack_to_dest) {
        self().core->units.undo = Kind::none;
    }
}

void unpack_broadcast(uint32_t how, bool to_dest, uint32_t id, Site where) {
    init_unary_broadcast_v1(how, id, where);
    const Cb& cb = cb_of(id, where);
    if (to_dest != cb.unpack_to_dest) {
        broken("init-stale", where,
               text("llk_unpack_A_init %s DST for %s, which %s unpacked to DST",
                    to_dest ? "to" : "not to", cb.name().c_str(),
                    cb.unpack_to_dest ? "is" : "is not"),
               cb.name());
    }
}

void move_broadcast(uint32_t how, bool from_srcb, uint32_t id, Site where) {
    Core& core = compute_core("llk_math_eltwise_unary_datacopy_init", where);
    const Cb& cb = cb_of(id, where);
    check_kind(core, Kind::unary_broadcast, {how, cb.unpack_to_dest, 0, 0, 0, 0},
               "llk_math_eltwise_unary_datacopy_init", "llk_unpack_A_init", where);
    if (from_srcb == cb.unpack_to_dest) {
        broken("init-stale", where,
               text("the tile of %s is moved from %s to DST", cb.name().c_str(),
                    from_srcb ? "SrcB" : "SrcA"),
               cb.name(), "B2D, but A2D where it is unpacked to DST");
    }
}

void configure_unary_broadcast(uint32_t how, uint32_t id, uint32_t out, Site where) {
    if (!self().core->units.started) {
        startup(id, id, out, where);
        init_unary_broadcast_v1(how, id, where);
        return;
    }
    Core& core = compute_core("unary_bcast_init", where);
    Dst& dst = core.dst;
    // It waits until the packer has drained DST, and starts again with the first section.
    if (dst.acquired) {
        for (uint32_t i = 0; i < dst.tiles; ++i) {
            if (dst.state(dst.math, i).written) {
                broken("dst-protocol", where,
                       text("unary_bcast_init(icb, ocb) configures the hardware anew and loses DST "
                            "tile %u", i),
                       {},
                       "broadcast first in a section, or program unpacker and math alone "
                       "(llk_unpack_A_init, llk_math_eltwise_unary_datacopy_init)");
            }
        }
    }
    if (dst.committed != 0) {
        broken("dst-protocol", where,
               "unary_bcast_init(icb, ocb) never returns: it waits for a section that is packed "
               "after it");
    }
    dst.math = dst.pack = 0;
    for (Units::Source* source : {&core.units.srca, &core.units.srcb}) {
        set_source(*source, cb_of(id, where));
    }
    set_source(core.units.pack, cb_of(out, where));
    init_unary_broadcast_v1(how, id, where);
}

void uninit_unary_broadcast(uint32_t how, uint32_t id, Site where) {
    Core& core = compute_core("unary_bcast_uninit", where);
    static_cast<void>(cb_of(id, where));
    Units& units = core.units;
    const bool pending = units.undo == Kind::unary_broadcast;
    if (pending && units.shape[0] != how) {
        broken("init-stale", where,
               "unary_bcast_uninit of another broadcast than was initialised", {},
               text("in line %u", units.kind_site.line()));
    }
    note_effect(where, "unary_bcast_uninit", pending);
    if (pending) {
        units.undo = units.kind = Kind::none;
    }
}

void init_reduce(
    uint32_t kind, uint32_t dim, uint32_t id, uint32_t scaler, uint32_t out, bool fp32, Site where) {
    Core& core = compute_core("reduce_init", where);
    static_cast<void>(cb_of(out, where));
    check_init_source(core.units.srca, cb_of(id, where), "SrcA", "the reduce init", where);
    check_init_source(core.units.srcb, cb_of(scaler, where), "SrcB", "the reduce init", where);
    if (fp32 && !core.dst.wide) {
        broken("format", where, "a reduction that accumulates in fp32 needs 32-bit DST");
    }
    set_kind(core, Kind::reduce, {dim, kind, 0, 0, 0, 0}, "reduce init", where);
    core.units.mask = dim == 0 ? Mask::column : Mask::row;
}

void uninit_reduce(Site where) {
    Core& core = compute_core("reduce_uninit", where);
    Units& units = core.units;
    const bool pending = units.undo == Kind::reduce;
    note_effect(where, "reduce_uninit", pending);
    units.mask = Mask::none;
    if (pending) {
        units.undo = units.kind = Kind::none;
    }
}

// ---- tiles ----

namespace {

// A page on its way to DST: fp32 passes SrcA or SrcB as TF32 unless it is unpacked to DST.
void unpack(const Core& core, const Cb& cb, uint32_t tile, DataFormat format, float* out) {
    decode(page_of(core, cb, tile), cb.format, out);
    if (cb.format == DataFormat::Float32 && !cb.unpack_to_dest) {
        std::transform(out, out + tile_elements, out, tf32);
    }
    if (format != DataFormat::Float32 && format != cb.format) {
        for (uint32_t e = 0; e < tile_elements; ++e) {
            out[e] = round_double(out[e], format);
        }
    }
}

// Row 0, column 0 or element [0, 0] all over the tile.
void spread(uint32_t how, float* rows) {
    if (how == 0) {
        return;
    }
    alignas(64) float from[tile_elements];
    std::copy(rows, rows + tile_elements, from);
    for (uint32_t r = 0; r < 32; ++r) {
        for (uint32_t c = 0; c < 32; ++c) {
            rows[r * 32 + c] = from[(how == 1 ? r * 32 : how == 2 ? c : 0)];
        }
    }
}

// The product of a through SrcA and b through SrcB, as far as the phases of the fidelity compute
// it: high parts, then low(a) * high(b), high(a) * low(b), low parts. Exact in float64.
double product(float a, DataFormat of_a, float b, DataFormat of_b, uint8_t fidelity) {
    const double high_b = keep_mantissa(b, srcb_high);
    const double full_b = keep_mantissa(b, full_bits(of_b, false));
    const double high_a = keep_mantissa(a, srca_high);
    const double full_a = keep_mantissa(a, full_bits(of_a, true));
    switch (fidelity) {
        case 1: return high_a * high_b;  // LoFi
        case 2: return full_a * high_b;
        case 3: return full_a * high_b + high_a * (full_b - high_b);
        default: return full_a * full_b;
    }
}

// The larger; NaN if one is.
float larger(float a, float b) { return a >= b || std::isnan(a) ? a : b; }

}  // namespace

void copy_tiles(uint32_t id, uint32_t tile, uint32_t dst, uint32_t tiles, Site where) {
    Core& core = compute_core("copy", where);
    Cb& cb = cb_of(id, where);
    check_window(cb, tile, tiles, "copy", where);
    check_kind(core, Kind::copy, {core.units.shape[0], cb.unpack_to_dest, 0, 0, 0, 0}, "copy",
               "copy_init", where);
    check_source(core.units.srca, cb, "SrcA", "copy", where);
    float* out = math_tiles(core, dst, tiles, "copy", where);
    core.stats.pages_unpacked += tiles;
    const DataFormat format = dst_format(core);
    for (uint32_t i = 0; i < tiles; ++i, out += tile_elements) {
        unpack(core, cb, tile + i, format, out);
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
    check_source(core.units.srca, cb, "SrcA", "transpose", where);
    float* out = math_tiles(core, dst, 1, "transpose", where);
    ++core.stats.pages_unpacked;
    alignas(64) float rows[tile_elements];
    decode(page_of(core, cb, tile), cb.format, rows);
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

void unary_broadcast(uint32_t how, uint32_t id, uint32_t tile, uint32_t dst, Site where) {
    Core& core = compute_core("unary_bcast", where);
    Cb& cb = cb_of(id, where);
    check_window(cb, tile, 1, "unary_bcast", where);
    check_kind(core, Kind::unary_broadcast, {how, cb.unpack_to_dest, 0, 0, 0, 0}, "unary_bcast",
               "unary_bcast_init", where);
    check_source(core.units.srca, cb, "SrcA", "unary_bcast", where);
    check_source(core.units.srcb, cb, "SrcB", "unary_bcast", where);
    float* out = math_tiles(core, dst, 1, "unary_bcast", where);
    unpack(core, cb, tile, dst_format(core), out);
    spread(how, out);
    ++core.stats.pages_unpacked;
}

void binary(uint32_t op, uint32_t how, uint32_t a, uint32_t b, uint32_t ia, uint32_t ib, uint32_t dst,
            Site where) {
    static const char* const names[] = {"add_tiles", "sub_tiles", "mul_tiles"};
    static const char* const inits[] = {"the add init", "the sub init", "the mul init"};
    const char* call = names[op];
    Core& core = compute_core(call, where);
    Cb& left = cb_of(a, where);
    Cb& right = cb_of(b, where);
    check_window(left, ia, 1, call, where);
    check_window(right, ib, 1, call, where);
    check_kind(core, Kind::binary, {op, how, core.units.shape[2], 0, 0, 0}, call, inits[op], where);
    check_source(core.units.srca, left, "SrcA", call, where);
    check_source(core.units.srcb, right, "SrcB", call, where);
    float* out = math_tiles(core, dst, 1, call, where);
    alignas(64) float x[tile_elements], y[tile_elements];
    decode(page_of(core, left, ia), left.format, x);
    decode(page_of(core, right, ib), right.format, y);
    spread(how, y);
    const DataFormat format = dst_format(core);
    const bool accumulate = op == 2 || core.units.shape[2] != 0;
    for (uint32_t i = 0; i < tile_elements; ++i) {
        const double p = left.format == DataFormat::Float32 ? tf32(x[i]) : x[i];
        const double q = right.format == DataFormat::Float32 ? tf32(y[i]) : y[i];
        double value = op == 0   ? p + q
                       : op == 1 ? p - q
                                 : product(x[i], left.format, y[i], right.format, core.fidelity);
        if (accumulate) {
            value += out[i];
        }
        out[i] = round_double(value, format);
    }
    core.stats.pages_unpacked += 2;
    ++core.stats.tile_ops;
}

void reduce(
    uint32_t kind, uint32_t dim, uint32_t id, uint32_t scaler, uint32_t tile, uint32_t scaler_tile,
    uint32_t dst, Site where) {
    Core& core = compute_core("reduce_tile", where);
    Cb& cb = cb_of(id, where);
    Cb& ones = cb_of(scaler, where);
    check_window(cb, tile, 1, "reduce_tile", where);
    check_window(ones, scaler_tile, 1, "reduce_tile", where);
    check_kind(core, Kind::reduce, {dim, kind, 0, 0, 0, 0}, "reduce_tile", "reduce_init", where);
    check_source(core.units.srca, cb, "SrcA", "reduce_tile", where);
    check_source(core.units.srcb, ones, "SrcB", "reduce_tile", where);
    alignas(64) float rows[tile_elements];
    decode(page_of(core, ones, scaler_tile), ones.format, rows);
    for (uint32_t i = 0; i < tile_elements; ++i) {
        if (rows[i] != (i / 32 % 16 == 0 ? 1.0F : 0.0F)) {
            broken("reduce-scaler", where,
                   text("element [%u, %u] of the scaler page in %s is %g", i / 32, i % 32,
                        ones.name().c_str(), static_cast<double>(rows[i])),
                   ones.name(), "1.0 in the first row of every face, zero elsewhere (reduce.h)");
        }
    }
    decode(page_of(core, cb, tile), cb.format, rows);
    if (cb.format == DataFormat::Float32) {
        std::transform(rows, rows + tile_elements, rows, tf32);
    }
    const Dst& regs = core.dst;
    const bool fresh = dst < regs.tiles && !core.dst.state(regs.math, dst).written;
    float* out = math_tiles(core, dst, 1, "reduce_tile", where);
    core.dst.state(regs.math, dst).reduced = true;
    const DataFormat format = dst_format(core);
    const uint32_t line = dim == 0 ? 32 : 1, step = dim == 0 ? 1 : 32;
    std::array<float, 32> result{};
    for (uint32_t i = 0; i < 32; ++i) {
        const float* from = rows + i * line;
        const float before = out[i * line];
        if (kind == 0) {
            double sum = from[0];
            for (uint32_t k = 1; k < 32; ++k) {
                sum += from[k * step];
            }
            result[i] = round_double(sum + before, format);
        } else {
            float most = from[0];
            for (uint32_t k = 1; k < 32; ++k) {
                most = larger(most, from[k * step]);
            }
            result[i] = round_double(fresh ? most : larger(before, most), format);
        }
    }
    std::fill(out, out + tile_elements, 0.0F);
    for (uint32_t i = 0; i < 32; ++i) {
        out[i * line] = result[i];
    }
    core.stats.pages_unpacked += 2;
    ++core.stats.tile_ops;
}

}  // namespace tt_native

using namespace tt_native;

namespace ckernel {

void copy_tile(uint32_t cb, uint32_t tile, uint32_t dst, Site where) {
    copy_tiles(cb, tile, dst, 1, where);
}

}  // namespace ckernel
