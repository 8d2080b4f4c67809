// The state of the units of a compute core, DST and the packer, and the rules that guard them.
#include "units.h"

#define TT_NATIVE_RUNTIME
#include "shared/compute.h"

namespace tt_native {

// ---- the rules ----

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
    for (uint32_t i = first; i < first + count; ++i) {
        dst.state(dst.math, i) = {true, false, dst_format(core)};
    }
    return dst.tile(dst.math, first);
}

const float* read_tile(Core& core, uint32_t index, const char* call, const Site& where) {
    Dst& dst = core.dst;
    if (!dst.acquired) {
        broken("math-outside-acquire", where,
               text("%s outside tile_regs_acquire and tile_regs_commit", call));
    }
    if (index >= dst.tiles) {
        broken("dst-index", where, text("%s of DST tile %u of %u", call, index, dst.tiles));
    }
    const Dst::Tile& state = dst.state(dst.math, index);
    if (!state.written) {
        broken("dst-undefined", where,
               text("%s reads DST tile %u, which nothing has written since tile_regs_acquire", call,
                    index),
               {}, "the SFPU reads anything there");
    }
    if (state.format != dst_format(core)) {
        broken("stale-format", where,
               text("%s of DST tile %u, which holds %s, while DST is configured for %s", call, index,
                    format_name(state.format), format_name(dst_format(core))));
    }
    return dst.tile(dst.math, index);
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

namespace {

bool same(const Units::Source& source, const Cb& cb) {
    return source.set && source.format == cb.format;
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

}  // namespace

void check_source(
    const Units::Source& source, const Cb& cb, const char* unit, const char* call, const Site& where) {
    if (!same(source, cb)) {
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

// Inits that are undone by an uninit before an operation of another kind is programmed.
static const char* uninit_of(Kind kind) {
    return kind == Kind::reduce            ? "reduce_uninit"
           : kind == Kind::unary_broadcast ? "unary_bcast_uninit"
                                           : nullptr;
}

void set_kind(Core& core, Kind kind, const std::array<uint32_t, 6>& shape, const char* call,
              const Site& where) {
    Units& units = core.units;
    if (units.undo != Kind::none && (units.undo != kind || units.shape[0] != shape[0])) {
        broken("uninit-missing", where,
               text("%s while the units are still programmed for another operation", call), {},
               text("in line %u; %s is missing", units.kind_site.line(), uninit_of(units.undo)));
    }
    units.undo = uninit_of(kind) != nullptr ? kind : Kind::none;
    note_effect(where, call, units.kind != kind || units.shape != shape);
    units.kind = kind;
    units.shape = shape;
    units.kind_site = where;
}

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

// ---- the packer ----

namespace {

// Column 0 or row 0 of a tile as it is, zero elsewhere.
void masked(const float* tile, Mask mask, float* rows) {
    std::fill(rows, rows + tile_elements, 0.0F);
    for (uint32_t i = 0; i < 32; ++i) {
        const uint32_t at = mask == Mask::column ? i * 32 : i;
        rows[at] = tile[at];
    }
}

// Packs DST tiles into the pages of the reserved window from `first` on.
void pack_pages(Core& core, Cb& cb, uint32_t dst, uint32_t tiles, uint32_t first, Site where) {
    Dst& regs = core.dst;
    if (!regs.packing) {
        broken("pack-outside-wait", where, "pack outside tile_regs_wait and tile_regs_release");
    }
    if (dst + tiles > regs.tiles) {
        broken("dst-index", where, text("pack of DST tile %u of %u", dst + tiles - 1, regs.tiles));
    }
    const uint32_t reserved = cb.producer == &self() ? cb.reserved : 0;
    if (first + tiles > reserved) {
        broken("cb-window", where,
               text("pack of %u tiles to %s from page %u on, %u pages are reserved", tiles,
                    cb.name().c_str(), first, reserved),
               cb.name(), cb.state());
    }
    if (cb.wr + first + tiles > cb.pages) {
        broken("cb-wrap", where, text("pack runs past the end of %s", cb.name().c_str()), cb.name());
    }
    if (!supported(cb.format)) {
        broken("format", where, text("%s tiles are outside the subset of these headers",
                                     format_name(cb.format)), cb.name());
    }
    check_source(core.units.pack, cb, "the packer", "pack", where);
    for (uint32_t i = 0; i < tiles; ++i) {
        const uint32_t page = cb.wr + first + i;
        check_alias(core, cb, page, "pack", where);
        uint8_t* target = core.l1 + cb.address + page * cb.page_bytes;
        if (core.units.mask == Mask::none) {
            encode(regs.tile(regs.pack, dst + i), cb.format, target);
            continue;
        }
        if (!regs.state(regs.pack, dst + i).reduced) {
            broken("uninit-missing", where,
                   text("pack of DST tile %u, no result of a reduction, under a reduction's mask",
                        dst + i),
                   cb.name(), "reduce_uninit is missing");
        }
        alignas(64) float rows[tile_elements];
        masked(regs.tile(regs.pack, dst + i), core.units.mask, rows);
        encode(rows, cb.format, target);
    }
    core.stats.pages_packed += tiles;
}

}  // namespace

void pack_tiles(uint32_t dst, uint32_t id, uint32_t tiles, Site where) {
    Core& core = compute_core("pack", where);
    Cb& cb = cb_of(id, where);
    pack_pages(core, cb, dst, tiles, cb.packed, where);
    cb.packed += tiles;
}

void pack_tile_at(uint32_t dst, uint32_t id, uint32_t index, Site where) {
    Core& core = compute_core("pack", where);
    Cb& cb = cb_of(id, where);
    pack_pages(core, cb, dst, 1, index, where);
    cb.scattered = true;
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
    for (uint32_t i = 0; i < dst.tiles; ++i) {
        dst.state(dst.math, i) = {};
    }
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
    note_effect(where, call, !(core.units.*unit).set || (core.units.*unit).format != cb.format);
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

}  // namespace ckernel
