// The NoC: transfers, barriers, semaphores, multicast.
#include "internal.h"

#define TT_NATIVE_RUNTIME
#include "shared/dataflow.h"

namespace tt_native {

void land(Transfer& t) {
    if (!t.landed) {
        std::memcpy(t.target, t.flushed ? t.staged.data() : t.source, t.bytes);
        t.landed = true;
    }
}

namespace {

void check_alignment(uint64_t remote, uint32_t l1, bool dram_read, const Site& where) {
    const uint32_t to = dram_read ? machine().arch->dram_alignment : 16;
    if ((remote & (to - 1)) != (l1 & (to - 1))) {
        broken("noc-alignment", where,
               text("addresses %#lx and %#x differ modulo %u", static_cast<unsigned long>(remote),
                    l1, to),
               {}, "the NoC moves whole words: data would be shifted");
    }
}

void check_issue(uint8_t noc, uint32_t bytes, const Site& where) {
    if (bytes == 0) {
        broken("noc-size", where, "transfer of 0 bytes");
    }
    if (self().kernel->noc != noc) {
        broken("noc-mode", where,
               text("transfer on NoC %u by a kernel configured for NoC %u", noc,
                    self().kernel->noc));
    }
    if (self().linked[noc] != 0) {
        broken("multicast-linked", where, "a unicast transfer inside a linked multicast");
    }
}

// Counts the bytes of a transfer by where the other end is; whether that is DRAM.
bool count(Core& core, const Place& at, uint32_t bytes, bool reads) {
    if (at.buffer != nullptr) {
        uint64_t& kind = at.core == nullptr ? at.buffer->dram_bytes
                         : at.core == &core ? at.buffer->l1_local
                                            : at.buffer->l1_remote;
        kind += bytes;
        Stats& stats = core.stats;
        if (at.core == nullptr) {
            stats.dram_banks[at.bank] += bytes;
        } else {
            stats.l1_cores[{at.core->x, at.core->y}] += bytes;
            if (at.core == &core) {
                (reads ? stats.l1_local_read : stats.l1_local_write) += bytes;
                return false;
            }
            (reads ? stats.l1_remote_read : stats.l1_remote_write) += bytes;
        }
    }
    core.stats.noc_bytes += bytes;
    return at.core == nullptr;
}

}  // namespace

void read(uint64_t source, uint32_t target, uint32_t bytes, uint8_t noc, Site where) {
    call_site(where);
    ++machine().progress;
    check_issue(noc, bytes, where);
    Thread& thread = self();
    Core& core = *thread.core;
    Place from = resolve(source, bytes, false, where);
    check_l1(core, target, bytes, true, true, where);
    check_alignment(from.local, target, from.core == nullptr, where);
    if (const Transfer* t = pending_at(thread.writes, target, bytes, true)) {
        broken("noc-source-reused", where,
               "a read into pages whose writes have not left yet", {},
               text("issued in line %u", t->where.line()));
    }
    if (const Transfer* t = pending_at(thread.reads, target, bytes, false)) {
        broken("noc-read-overlap", where, "a read into pages another read is still on its way to",
               {}, text("issued in line %u", t->where.line()));
    }
    Transfer t;
    t.target_core = &core;
    t.target = core.l1 + target;
    t.source = from.data;
    t.bytes = bytes;
    t.local = target;
    t.where = where;
    if (machine().early) {
        land(t);
    } else {
        std::memset(t.target, 0xff, bytes);
    }
    thread.reads[noc].push_back(std::move(t));
    hide_window();
    if (count(core, from, bytes, true)) {
        core.stats.dram_read += bytes;
    }
}

namespace {

void check_source(Thread& thread, uint32_t source, uint32_t bytes, const Site& where) {
    check_l1(*thread.core, source, bytes, false, true, where);
    if (const Transfer* t = pending_at(thread.reads, source, bytes, false)) {
        broken("noc-read-not-awaited", where, "data is sent on before its read has arrived", {},
               text("issued in line %u; noc_async_read_barrier is missing", t->where.line()));
    }
}

}  // namespace

void write(uint32_t source, uint64_t target, uint32_t bytes, uint8_t noc, bool posted, Site where) {
    call_site(where);
    ++machine().progress;
    check_issue(noc, bytes, where);
    Thread& thread = self();
    Core& core = *thread.core;
    check_source(thread, source, bytes, where);
    Place to = resolve(target, bytes, true, where);
    check_alignment(to.local, source, false, where);
    Transfer t;
    t.target_core = to.core;
    t.target = to.data;
    t.source = core.l1 + source;
    t.bytes = bytes;
    t.local = source;
    t.posted = posted;
    t.where = where;
    if (machine().early) {
        land(t);
    }
    thread.writes[noc].push_back(std::move(t));
    if (count(core, to, bytes, false)) {
        core.stats.dram_write += bytes;
    }
    if (to.buffer != nullptr && (to.local - to.buffer->address) % to.buffer->aligned_page == 0) {
        const int64_t page = to.buffer->find(to.bank, to.local);
        if (page >= 0) {
            ++to.buffer->writes[static_cast<size_t>(page)];
        }
    }
}

namespace {

// Completes what is outstanding, in order; semaphore words that change wake their waiters.
void complete(std::vector<Transfer>& pending) {
    for (Transfer& t : pending) {
        land(t);
        if (t.target_core != nullptr && t.target_core != self().core) {
            wake(t.target_core->semaphore_waiters);
        }
    }
    ++machine().progress;
    pending.clear();
}

}  // namespace
}  // namespace tt_native

using namespace tt_native;

void noc_async_read_barrier(uint8_t noc, Site where) {
    call_site(where);
    auto& pending = self().reads[noc];
    note_effect(where, "noc_async_read_barrier", !pending.empty());
    complete(pending);
    hide_window();
}

void noc_async_write_barrier(uint8_t noc, Site where) {
    call_site(where);
    auto& pending = self().writes[noc];
    note_effect(where, "noc_async_write_barrier", !pending.empty());
    complete(pending);
}

void noc_async_writes_flushed(uint8_t noc, Site where) {
    call_site(where);
    bool effect = false;
    for (Transfer& t : self().writes[noc]) {
        if (!t.flushed) {
            effect = true;
            t.staged.assign(t.source, t.source + t.bytes);
            t.flushed = true;
        }
    }
    note_effect(where, "noc_async_writes_flushed", effect);
}

void noc_async_posted_writes_flushed(uint8_t noc, Site where) { noc_async_writes_flushed(noc, where); }

void noc_async_atomic_barrier(uint8_t noc, Site where) {
    call_site(where);
    note_effect(where, "noc_async_atomic_barrier", self().atomics[noc] != 0);
    self().atomics[noc] = 0;
}

void noc_async_full_barrier(uint8_t noc, Site where) {
    noc_async_read_barrier(noc, where);
    noc_async_write_barrier(noc, where);
    noc_async_atomic_barrier(noc, where);
}

// ---- semaphores ----

namespace {

// The L1 address a kernel's pointer stands for.
uint32_t semaphore_address(volatile uint32_t* pointer, const Site& where) {
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    if (address % 4 != 0 || address < semaphore_base ||
        address + 4 > machine().arch->l1_bytes) {
        broken("l1-out-of-bounds", where,
               text("semaphore at L1 address %#zx", static_cast<size_t>(address)));
    }
    const uint32_t limit = semaphore_base + self().core->semaphores * semaphore_stride;
    if (address < semaphore_base + max_semaphores * semaphore_stride &&
        (address >= limit || address % semaphore_stride != 0)) {
        broken("semaphore-index", where, text("no semaphore at L1 address %#zx",
                                              static_cast<size_t>(address)));
    }
    return static_cast<uint32_t>(address);
}

uint32_t& word_at(Core& core, uint32_t address) {
    return *reinterpret_cast<uint32_t*>(core.l1 + address);
}

}  // namespace

uint32_t get_semaphore(uint32_t id, Site where) {
    call_site(where);
    if (id >= self().core->semaphores) {
        broken("semaphore-index", where,
               text("semaphore %u: this core has %u", id, self().core->semaphores));
    }
    return semaphore_base + id * semaphore_stride;
}

void noc_semaphore_set(volatile uint32_t* semaphore, uint32_t value, Site where) {
    call_site(where);
    const uint32_t address = semaphore_address(semaphore, where);
    if (const Transfer* t = pending_at(self().writes, address, 4, true)) {
        broken("noc-source-reused", where,
               "the semaphore is set again before its multicast has left", {},
               text("sent in line %u", t->where.line()));
    }
    word_at(*self().core, address) = value;
    wake(self().core->semaphore_waiters);
}

namespace {

void wait_for(volatile uint32_t* semaphore, uint32_t value, bool least, const char* call,
              const Site& where) {
    call_site(where);
    const uint32_t address = semaphore_address(semaphore, where);
    Core& core = *self().core;
    core.stats.semaphore_waits +=
        least ? word_at(core, address) < value : word_at(core, address) != value;
    while (least ? word_at(core, address) < value : word_at(core, address) != value) {
        park(core.semaphore_waiters, call, nullptr, value, address);
    }
}

}  // namespace

void noc_semaphore_wait(volatile uint32_t* semaphore, uint32_t value, Site where) {
    wait_for(semaphore, value, false, "noc_semaphore_wait", where);
}
void noc_semaphore_wait_min(volatile uint32_t* semaphore, uint32_t value, Site where) {
    wait_for(semaphore, value, true, "noc_semaphore_wait_min", where);
}

void noc_semaphore_inc(uint64_t address, uint32_t increment, uint8_t noc, Site where) {
    call_site(where);
    check_issue(noc, 4, where);
    Place to = resolve(address, 4, true, where);
    if (to.core == nullptr) {
        broken("noc-coordinates", where, "a semaphore increment to DRAM");
    }
    word_at(*to.core, static_cast<uint32_t>(to.local)) += increment;
    ++self().atomics[noc];
    self().atomic_site = where;
    wake(to.core->semaphore_waiters);
}

void noc_semaphore_set_remote(uint32_t l1_address, uint64_t address, uint8_t noc, Site where) {
    write(l1_address, address, 4, noc, false, where);
}

namespace {

void multicast(uint32_t source, uint64_t address, uint32_t bytes, uint32_t dests, bool linked,
               bool loopback, bool flag, uint8_t noc, const Site& where) {
    call_site(where);
    Machine& m = machine();
    Thread& thread = self();
    thread.linked[noc] = 0;
    check_issue(noc, bytes, where);
    if ((address & multicast_bit) == 0) {
        broken("multicast-rectangle", where, "the address is not from get_noc_multicast_addr");
    }
    check_source(thread, source, bytes, where);
    uint32_t x0 = field(address, 36), y0 = field(address, 42), x1 = field(address, 48),
             y1 = field(address, 54);
    if (noc == 1) {
        std::swap(x0, x1);
        std::swap(y0, y1);
    }
    if (x0 > x1 || y0 > y1) {
        broken("multicast-rectangle", where,
               text("the corners stand in the order of NoC %d", noc == 0 ? 1 : 0), {},
               "NoC 0 runs from the low corner to the high one, NoC 1 the other way");
    }
    std::vector<Core*> targets;
    bool self_inside = false;
    for (uint32_t y = y0; y <= y1; ++y) {
        for (uint32_t x = x0; x <= x1; ++x) {
            Core* core = x >= worker_origin && y >= worker_origin
                             ? m.core(x - worker_origin, y - worker_origin)
                             : nullptr;
            if (core == nullptr) {
                broken("multicast-rectangle", where,
                       text("the rectangle holds (%u, %u), which is no worker core", x, y));
            }
            if (core == thread.core) {
                self_inside = true;
                if (!loopback) {
                    continue;
                }
            }
            targets.push_back(core);
        }
    }
    if (targets.size() != dests || dests == 0) {
        broken("multicast-destinations", where,
               text("multicast to %zu cores, %u are announced", targets.size(), dests), {},
               loopback ? "the sender counts with loopback" : "the sender does not count");
    }
    if (loopback && (!self_inside || targets.size() == 1)) {
        broken("multicast-destinations", where,
               self_inside ? "loopback multicast to the sender alone"
                           : "loopback multicast whose rectangle does not hold the sender");
    }
    const uint32_t local = static_cast<uint32_t>(address & local_mask);
    check_alignment(local, source, false, where);
    if (flag && m.arch->flush_between_multicasts) {
        for (const Transfer& t : thread.writes[noc]) {
            if (t.multicast && !t.flushed && t.bytes != 4) {
                broken("multicast-flush", where,
                       "the flag may overtake the data: they leave by different command buffers", {},
                       "noc_async_writes_flushed between them (Blackhole)");
            }
        }
    }
    for (Core* core : targets) {
        check_l1(*core, local, bytes, true, false, where);
        Transfer t;
        t.target_core = core;
        t.target = core->l1 + local;
        t.source = thread.core->l1 + source;
        t.bytes = bytes;
        t.local = source;
        t.multicast = true;
        t.where = where;
        thread.writes[noc].push_back(std::move(t));
    }
    thread.core->stats.noc_bytes += uint64_t{bytes} * targets.size();
    thread.linked[noc] = linked;
    if (flag) {
        // Same NoC, same virtual channel: what was sent before arrives before.
        for (Transfer& t : thread.writes[noc]) {
            if (t.multicast) {
                land(t);
            }
        }
        for (Core* core : targets) {
            wake(core->semaphore_waiters);
        }
    }
}

}  // namespace

void noc_async_write_multicast(
    uint32_t source, uint64_t address, uint32_t bytes, uint32_t dests, bool linked, uint8_t noc,
    Site where) {
    multicast(source, address, bytes, dests, linked, false, false, noc, where);
}
void noc_async_write_multicast_loopback_src(
    uint32_t source, uint64_t address, uint32_t bytes, uint32_t dests, bool linked, uint8_t noc,
    Site where) {
    multicast(source, address, bytes, dests, linked, true, false, noc, where);
}
void noc_semaphore_set_multicast(
    uint32_t source, uint64_t address, uint32_t dests, bool linked, uint8_t noc, Site where) {
    multicast(source, address, 4, dests, linked, false, true, noc, where);
}
void noc_semaphore_set_multicast_loopback_src(
    uint32_t source, uint64_t address, uint32_t dests, bool linked, uint8_t noc, Site where) {
    multicast(source, address, 4, dests, linked, true, true, noc, where);
}
