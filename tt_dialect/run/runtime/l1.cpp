// Memory as kernels see it: L1 under its addresses, NoC addresses, and who may touch what.
#include "internal.h"

#include <signal.h>
#include <sys/mman.h>

#include <algorithm>

#define TT_NATIVE_RUNTIME
#include "shared/dataflow.h"

namespace tt_native {

namespace {

void* window_base = nullptr;
Core* window_core = nullptr;
bool window_guarded = false;
constexpr uintptr_t window_start = semaphore_base;

}  // namespace

bool overlaps(uint32_t a, uint32_t a_bytes, uint32_t b, uint32_t b_bytes) {
    return a < b + b_bytes && b < a + a_bytes;
}

const Transfer* pending_at(
    const std::array<std::vector<Transfer>, 2>& lists, uint32_t address, uint32_t bytes,
    bool unflushed_only) {
    for (const auto& pending : lists) {
        for (const Transfer& t : pending) {
            if (!(unflushed_only && t.flushed) && overlaps(t.local, t.bytes, address, bytes)) {
                return &t;
            }
        }
    }
    return nullptr;
}

namespace {

// Addresses of this core's L1 as kernels dereference them: mapped when first touched.
void show_window(Core* core) {
    Machine& m = machine();
    const size_t bytes = m.l1_stride - window_start;
    void* got = mmap(
        reinterpret_cast<void*>(window_start),
        bytes,
        PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_FIXED,
        m.l1_file,
        static_cast<off_t>(core->index) * m.l1_stride + static_cast<off_t>(window_start));
    if (got == MAP_FAILED) {
        std::perror("tt-native: mapping L1");
        _exit(2);
    }
    window_core = core;
}

}  // namespace

void hide_window() {
    if (window_core != nullptr) {
        mprotect(reinterpret_cast<void*>(window_start), machine().l1_stride - window_start, PROT_NONE);
        window_core = nullptr;
    }
}

namespace {

// Keeps pages that reads are on their way to out of reach, so that using them faults; the page just
// touched elsewhere stays.
void guard_pending(const Thread& thread, uint32_t touched) {
    constexpr uintptr_t page = 4096;
    for (const auto& pending : thread.reads) {
        for (const Transfer& t : pending) {
            for (uintptr_t at = t.local / page * page; at < t.local + t.bytes; at += page) {
                if (touched / page * page != at) {
                    mprotect(reinterpret_cast<void*>(at), page, PROT_NONE);
                }
            }
        }
    }
    window_guarded = true;
}

void on_fault(int signal_number, siginfo_t* info, void*) {
    Machine& m = machine();
    const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    if (window_base != nullptr && m.current != nullptr && address >= window_start &&
        address < m.l1_stride && (window_core != m.current->core || window_guarded)) {
        window_guarded = false;
        show_window(m.current->core);
        const auto at = static_cast<uint32_t>(address);
        if (const Transfer* t = pending_at(m.current->reads, at, 1, false)) {
            broken("noc-read-not-awaited", m.current->site,
                   text("L1 address %#x is accessed before the read into it has arrived", at), {},
                   text("issued in line %u; noc_async_read_barrier is missing", t->where.line()));
        }
        guard_pending(*m.current, at);
        return;
    }
    if (m.current != nullptr) {
        find(
            Severity::error,
            "l1-out-of-bounds",
            &m.current->site,
            text("%s: access to address %#zx, after this call",
                 signal_number == SIGSEGV ? "memory fault" : "fault", static_cast<size_t>(address)));
        finish(3);
    }
    signal(signal_number, SIG_DFL);
}

}  // namespace

void open_window() {
    const Machine& m = machine();
    window_base = mmap(
        reinterpret_cast<void*>(window_start),
        m.l1_stride - window_start,
        PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE,
        -1,
        0);
    if (window_base == MAP_FAILED) {
        window_base = nullptr;  // kernels that dereference L1 addresses will fault
    }

    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
}

void leave_window(const Core& core) {
    if (window_core != nullptr && window_core != &core) {
        hide_window();
    }
}

}  // namespace tt_native

using namespace tt_native;

// ---- addresses ----
// Bits 0-35 the address, then x and y of six bits each (DRAM bank b is x = b, y = 0), then the
// end of a multicast rectangle, and bit 63 for multicast.

namespace {

uint64_t noc_address(uint64_t x, uint64_t y, uint64_t local) { return y << 42 | x << 36 | local; }

}  // namespace

uint64_t get_noc_addr(uint32_t x, uint32_t y, uint32_t l1_address, uint8_t) {
    return noc_address(x & 63, y & 63, l1_address);
}
uint64_t get_noc_addr(uint32_t l1_address, uint8_t noc) {
    return noc_address(my_x[noc], my_y[noc], l1_address);
}
uint64_t get_noc_multicast_addr(
    uint32_t x_start, uint32_t y_start, uint32_t x_end, uint32_t y_end, uint32_t l1_address,
    uint8_t) {
    return noc_address(x_start & 63, y_start & 63, l1_address) | uint64_t{x_end & 63} << 48 |
           uint64_t{y_end & 63} << 54 | multicast_bit;
}

namespace tt_native {

namespace {

const Buffer* buffer_based_at(bool dram, uint64_t address) {
    for (const auto& buffer : machine().buffers) {
        if (buffer->alive && buffer->dram == dram && buffer->address == address) {
            return buffer.get();
        }
    }
    return nullptr;
}

Buffer* buffer_around(bool dram, uint64_t address) {
    for (const auto& buffer : machine().buffers) {
        if (buffer->alive && buffer->dram == dram && address >= buffer->address &&
            address < buffer->address + buffer->room()) {
            return buffer.get();
        }
    }
    return nullptr;
}

}  // namespace

uint64_t bank_address(bool dram, uint32_t bank, uint32_t offset, Site where) {
    const Machine& m = machine();
    const uint32_t banks = dram ? m.arch->dram_banks : static_cast<uint32_t>(m.cores.size());
    if (bank >= banks) {
        broken("dram-out-of-bounds", where, text("bank %u of %u", bank, banks));
    }
    if (dram) {
        return noc_address(bank, 0, offset);
    }
    const Core& core = *m.cores[bank];
    return noc_address(worker_origin + core.x, worker_origin + core.y, offset);
}

namespace {

// The buffer an accessor stands for, if it has the page.
const Buffer& accessed(
    bool dram, uint32_t base, uint32_t page, uint32_t page_bytes, bool sharded, Site where) {
    const Machine& m = machine();
    const Buffer* buffer = buffer_based_at(dram, base);
    const char* rule = dram ? "dram-out-of-bounds" : "l1-out-of-bounds";
    if (buffer == nullptr) {
        broken(rule, where, text("no tensor begins at address %#x", base));
    }
    if (buffer->sharded() != sharded) {
        broken("accessor", where,
               text("%s accessor on '%s', which is %s", sharded ? "sharded" : "interleaved",
                    buffer->label.c_str(), buffer->sharded() ? "sharded" : "interleaved"),
               buffer->label, "the host makes its arguments from the buffer: TensorAccessorArgs(*buffer)");
    }
    const uint32_t aligned = align(page_bytes, dram ? m.arch->dram_alignment : 16);
    if (aligned != buffer->aligned_page) {
        broken("page-size", where,
               text("accessor with pages of %u B on '%s', which has pages of %u B", page_bytes,
                    buffer->label.c_str(), buffer->page_bytes),
               buffer->label);
    }
    if (page >= buffer->pages) {
        broken(rule, where, text("page %u of '%s', which has %u", page, buffer->label.c_str(),
                                 buffer->pages),
               buffer->label);
    }
    return *buffer;
}

}  // namespace

uint64_t page_address(
    bool dram, uint32_t base, uint32_t page, uint32_t page_bytes, uint32_t offset, Site where) {
    const Buffer& buffer = accessed(dram, base, page, page_bytes, false, where);
    const auto [bank, row] = buffer.place(page);
    return bank_address(dram, buffer.banks[bank], base + row * buffer.aligned_page + offset, where);
}

uint64_t shard_address(
    bool dram, uint32_t base, uint32_t page, uint32_t page_bytes, uint32_t offset, uint32_t x,
    uint32_t y, uint32_t row, Site where) {
    const Buffer& buffer = accessed(dram, base, page, page_bytes, true, where);
    const uint64_t address = noc_address(x, y, base + row * buffer.aligned_page + offset);
    const auto [bank, own_row] = buffer.place(page);
    if (address != bank_address(dram, buffer.banks[bank],
                                base + own_row * buffer.aligned_page + offset, where)) {
        broken("accessor", where,
               text("page %u of '%s' is not where its accessor looks for it", page,
                    buffer.label.c_str()),
               buffer.label, "accessor arguments are those of another buffer");
    }
    return address;
}

void check_l1(Core& core, uint64_t address, uint32_t bytes, bool writes, bool local,
              const Site& where) {
    Machine& m = machine();
    if (address < semaphore_base || address + bytes > m.arch->l1_bytes) {
        broken("l1-out-of-bounds", where,
               text("%u bytes at L1 address %#lx; L1 of core (%u, %u) ends at %#x", bytes,
                    static_cast<unsigned long>(address), core.x, core.y, m.arch->l1_bytes));
    }
    bool inside = false;
    const Cb* around = nullptr;
    for (const Cb* cb : core.present) {
        if (!overlaps(cb->address, cb->bytes(), static_cast<uint32_t>(address), bytes)) {
            continue;
        }
        around = cb;
        const auto within = [&](uint32_t page, uint32_t count) {
            const uint32_t last = std::min(page + count, cb->pages);
            return address >= cb->address + page * cb->page_bytes &&
                   address + bytes <= cb->address + last * cb->page_bytes;
        };
        const bool reserved = within(cb->wr, cb->reserved) &&
                              (!local || cb->producer == m.current);
        const bool waited = within(cb->rd, cb->waited) && (!local || cb->consumer == m.current);
        if (reserved || waited) {
            inside = true;
            break;
        }
    }
    if (around != nullptr && !inside) {
        broken("cb-window", where,
               text("%u bytes at %#lx, %s %s on core (%u, %u), lie outside its reserved and waited "
                    "windows",
                    bytes, static_cast<unsigned long>(address), writes ? "written to" : "read from",
                    around->name().c_str(), core.x, core.y),
               around->name(),
               text("pages [%u, %u) are reserved, [%u, %u) waited for; %s", around->wr,
                    around->wr + around->reserved, around->rd, around->rd + around->waited,
                    around->state().c_str()));
    }
    if (around == nullptr && address >= semaphore_base + max_semaphores * semaphore_stride) {
        const Buffer* buffer = buffer_around(false, address);
        if (buffer == nullptr) {
            broken("l1-out-of-bounds", where,
                   text("L1 address %#lx on core (%u, %u) belongs to no circular buffer, tensor or "
                        "semaphore",
                        static_cast<unsigned long>(address), core.x, core.y));
        }
    }
}

namespace {

bool on_cb(const Core& core, uint32_t address) {
    for (const Cb* cb : core.present) {
        if (overlaps(cb->address, cb->bytes(), address, 1)) {
            return true;
        }
    }
    return false;
}

}  // namespace

Place resolve(uint64_t address, uint32_t bytes, bool writes, const Site& where) {
    Machine& m = machine();
    const uint32_t x = field(address, 36), y = field(address, 42);
    const uint64_t local = address & local_mask;
    if (y == 0) {
        if (x >= m.arch->dram_banks) {
            broken("dram-out-of-bounds", where, text("DRAM bank %u of %u", x, m.arch->dram_banks));
        }
        Buffer* buffer = buffer_around(true, local);
        if (buffer == nullptr) {
            broken("dram-out-of-bounds", where,
                   text("address %#lx of DRAM bank %u belongs to no tensor",
                        static_cast<unsigned long>(local), x));
        }
        for (const uint64_t at : {local, local + bytes - 1}) {
            if (buffer->find(x, at) < 0) {
                broken("dram-out-of-bounds", where,
                       text("%u bytes at %#lx of DRAM bank %u run past '%s'", bytes,
                            static_cast<unsigned long>(local), x, buffer->label.c_str()),
                       buffer->label);
            }
        }
        return {m.banks[x].data() + local, nullptr, buffer, x, local};
    }
    Core* core = x >= worker_origin && y >= worker_origin
                     ? m.core(x - worker_origin, y - worker_origin)
                     : nullptr;
    if (core == nullptr) {
        broken("noc-coordinates", where, text("NoC coordinates (%u, %u) are no worker core", x, y),
               {}, "coordinates come from worker_core_from_logical_core on the host");
    }
    check_l1(*core, local, bytes, writes, core == self().core, where);
    Buffer* buffer = buffer_around(false, local);
    if (buffer != nullptr && !on_cb(*core, static_cast<uint32_t>(local))) {
        for (const uint64_t at : {local, local + bytes - 1}) {
            if (buffer->find(core->index, at) < 0) {
                broken("l1-out-of-bounds", where,
                       text("%u bytes at %#lx of L1 of core (%u, %u) hold no page of '%s'", bytes,
                            static_cast<unsigned long>(local), core->x, core->y,
                            buffer->label.c_str()),
                       buffer->label);
            }
        }
    }
    return {core->l1 + local, core, buffer, core->index, local};
}

}  // namespace tt_native
