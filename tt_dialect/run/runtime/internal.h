// What the parts of the machine share with one another, and not with its users.
#pragma once

#include "machine.h"

namespace tt_native {

void forget_findings();

// ---- threads ----

// Gives the processor back to the scheduler.
void leave();
// Wakes who waits for pages of a circular buffer, if there are as many now.
void wake(Cb& cb);

// ---- L1 ----

void open_window();
void hide_window();
// Hides the window unless it shows this core.
void leave_window(const Core& core);
// A pending transfer of a thread that touches a range of its core's L1.
const Transfer* pending_at(
    const std::array<std::vector<Transfer>, 2>& lists, uint32_t address, uint32_t bytes,
    bool unflushed_only);
bool overlaps(uint32_t a, uint32_t a_bytes, uint32_t b, uint32_t b_bytes);
// Whether an L1 range may be touched by the running thread, or by a transfer of another core.
void check_l1(Core& core, uint64_t address, uint32_t bytes, bool writes, bool local,
              const Site& where);

// ---- the NoC ----

constexpr uint64_t multicast_bit = uint64_t{1} << 63;
constexpr uint64_t local_mask = (uint64_t{1} << 36) - 1;
inline uint32_t field(uint64_t address, int shift) { return address >> shift & 63; }

struct Place {
    uint8_t* data;
    Core* core;      // null: DRAM
    Buffer* buffer;  // the buffer there, if any
    uint32_t bank;   // DRAM bank, or index of the core
    uint64_t local;
};
Place resolve(uint64_t address, uint32_t bytes, bool writes, const Site& where);
// Moves the bytes of a transfer, once.
void land(Transfer& transfer);

}  // namespace tt_native
