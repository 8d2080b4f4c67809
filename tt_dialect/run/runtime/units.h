// The rules that guard the units of a compute core, shared by what computes tiles.
#pragma once

#include "tiles.h"

namespace tt_native {

// The core of the running compute kernel, whose units were started.
Core& compute_core(const char* call, const Site& where);
// DST holds fp32, or the 16-bit format of the operand last configured.
DataFormat dst_format(const Core& core);
// Tiles of DST for math to write; they count as written from now on.
float* math_tiles(Core& core, uint32_t first, uint32_t count, const char* call, const Site& where);
// A tile of DST for the SFPU to read: written, and in the format that DST holds.
const float* read_tile(Core& core, uint32_t index, const char* call, const Site& where);
// Tiles [first, first + count) of the front window.
void check_window(const Cb& cb, uint32_t first, uint32_t count, const char* call, const Site& where);
// An operand of a call is in the format its unit is configured for.
void check_source(
    const Units::Source& source, const Cb& cb, const char* unit, const char* call, const Site& where);
// The same of an init: it programs the unpackers for the formats configured before it.
void check_init_source(
    const Units::Source& source, const Cb& cb, const char* unit, const char* call, const Site& where);
// The units are programmed for this operation.
void check_kind(
    const Core& core, Kind kind, const std::array<uint32_t, 6>& shape, const char* call,
    const char* init, const Site& where);
void set_kind(
    Core& core, Kind kind, const std::array<uint32_t, 6>& shape, const char* call, const Site& where);
void set_source(Units::Source& source, const Cb& cb);

inline const uint8_t* page_of(const Core& core, const Cb& cb, uint32_t tile) {
    return core.l1 + cb.address + (cb.rd + tile) * cb.page_bytes;
}

}  // namespace tt_native
