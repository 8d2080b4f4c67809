// Circular buffers.
#include "internal.h"

#include <algorithm>

#define TT_NATIVE_RUNTIME
#include "shared/dataflow.h"

namespace tt_native {

Cb& cb_of(uint32_t id, const Site& where) {
    Core& core = *self().core;
    if (id >= machine().arch->cbs) {
        broken("cb-index", where, text("circular buffer id %u: %s has %u", id,
                                       machine().arch->name, machine().arch->cbs));
    }
    if (core.cbs[id] == nullptr) {
        broken("cb-index", where, text("circular buffer c_%u does not exist on this core", id));
    }
    return *core.cbs[id];
}

namespace {

void claim(Thread*& end, Cb& cb, const char* role, const Site& where) {
    Thread& thread = self();
    if (end == nullptr) {
        end = &thread;
    } else if (end != &thread) {
        broken(
            std::strcmp(role, "producer") == 0 ? "cb-two-producers" : "cb-two-consumers",
            where,
            text("%s and %s are both %ss of %s", end->role().c_str(), thread.role().c_str(), role,
                 cb.name().c_str()),
            cb.name(),
            "a circular buffer has one producer and one consumer thread");
    }
}

void check_count(const Cb& cb, uint32_t pages, const char* call, const Site& where) {
    if (pages > cb.pages) {
        broken("cb-capacity", where, text("%s of %u pages of %s, which has %u", call, pages,
                                          cb.name().c_str(), cb.pages), cb.name());
    }
}

uint32_t advance(const Cb& cb, uint32_t pointer, uint32_t pages, const char* call, const Site& where) {
    pointer += pages;
    if (pointer > cb.pages) {
        broken("cb-wrap", where, text("%s of %u pages runs %u past the end of %s", call, pages,
                                      pointer - cb.pages, cb.name().c_str()),
               cb.name(), text("block sizes must divide its %u pages", cb.pages));
    }
    return pointer == cb.pages ? 0 : pointer;
}

}  // namespace
}  // namespace tt_native

using namespace tt_native;

void cb_reserve_back(uint32_t id, uint32_t pages, Site where) {
    call_site(where);
    Cb& cb = cb_of(id, where);
    claim(cb.producer, cb, "producer", where);
    check_count(cb, pages, "cb_reserve_back", where);
    const bool blocked = cb.pages - cb.filled() < pages;
    self().core->stats.cb_waits += blocked;
    while (cb.pages - cb.filled() < pages) {
        park(cb.waiting, "cb_reserve_back", &cb, pages, 0);
    }
    note_effect(where, "cb_reserve_back", blocked || pages > cb.reserved);
    cb.reserved = std::max(cb.reserved, pages);
    cb.reserve_open = pages != 0 || cb.reserve_open;
    cb.reserve_site = where;
}

void cb_wait_front(uint32_t id, uint32_t pages, Site where) {
    call_site(where);
    Cb& cb = cb_of(id, where);
    claim(cb.consumer, cb, "consumer", where);
    check_count(cb, pages, "cb_wait_front", where);
    const bool blocked = cb.filled() < pages;
    self().core->stats.cb_waits += blocked;
    while (cb.filled() < pages) {
        park(cb.waiting, "cb_wait_front", &cb, pages, 0);
    }
    note_effect(where, "cb_wait_front", blocked || pages > cb.waited);
    if (cb.partly_popped && !cb.looked_ahead) {
        cb.looked_ahead = true;
        find(Severity::remark, "cb-look-ahead", &cb.wait_site,
             text("%s waits for %u pages of %s more than it pops", self().role().c_str(), cb.waited,
                  cb.name().c_str()),
             cb.name());
    }
    cb.waited = std::max(cb.waited, pages);
    cb.wait_open = pages != 0 || cb.wait_open;
    cb.wait_site = where;
}

void cb_push_back(uint32_t id, uint32_t pages, Site where) {
    call_site(where);
    Cb& cb = cb_of(id, where);
    claim(cb.producer, cb, "producer", where);
    check_count(cb, pages, "cb_push_back", where);
    if (pages > cb.reserved) {
        broken("cb-push-without-reserve", where,
               text("cb_push_back of %u pages of %s, %u are reserved", pages, cb.name().c_str(),
                    cb.reserved),
               cb.name(), cb.state());
    }
    Thread& thread = self();
    const uint32_t address = cb.address + cb.wr * cb.page_bytes;
    if (const Transfer* t = pending_at(thread.reads, address, pages * cb.page_bytes, false)) {
        broken("noc-read-not-awaited", where,
               text("cb_push_back of %s before the reads into its pages have arrived",
                    cb.name().c_str()),
               cb.name(), text("issued in line %u; noc_async_read_barrier is missing", t->where.line()));
    }
    const bool kept = cb.scattered || (cb.on_buffer && cb.packed == 0);
    if (thread.kernel->processor == Processor::compute && !kept && cb.packed < pages) {
        broken("pack-missing", where,
               text("cb_push_back of %u pages of %s, %u of them were packed", pages,
                    cb.name().c_str(), cb.packed),
               cb.name());
    }
    const uint32_t first = cb.wr;
    cb.wr = advance(cb, cb.wr, pages, "cb_push_back", where);
    for (uint32_t i = first; i < first + pages; ++i) {
        ++cb.versions[i];
    }
    cb.reserved -= pages;
    cb.packed = 0;
    cb.scattered = false;
    cb.reserve_open = false;
    cb.received = static_cast<uint16_t>(cb.received + pages);
    wake(cb);
}

void cb_pop_front(uint32_t id, uint32_t pages, Site where) {
    call_site(where);
    Cb& cb = cb_of(id, where);
    claim(cb.consumer, cb, "consumer", where);
    check_count(cb, pages, "cb_pop_front", where);
    if (pages > cb.waited) {
        broken("cb-pop-without-wait", where,
               text("cb_pop_front of %u pages of %s, %u were waited for", pages, cb.name().c_str(),
                    cb.waited),
               cb.name(), cb.state());
    }
    Thread& thread = self();
    const uint32_t address = cb.address + cb.rd * cb.page_bytes;
    if (const Transfer* t = pending_at(thread.writes, address, pages * cb.page_bytes, true)) {
        broken("noc-source-reused", where,
               text("cb_pop_front of %s before the writes of its pages have left",
                    cb.name().c_str()),
               cb.name(),
               text("issued in line %u; noc_async_writes_flushed or a write barrier is missing",
                    t->where.line()));
    }
    if (const Transfer* t = pending_at(thread.reads, address, pages * cb.page_bytes, false)) {
        broken("noc-read-not-awaited", where,
               text("cb_pop_front of %s before the reads into its pages have arrived",
                    cb.name().c_str()),
               cb.name(), text("issued in line %u", t->where.line()));
    }
    cb.rd = advance(cb, cb.rd, pages, "cb_pop_front", where);
    cb.waited -= pages;
    cb.partly_popped = cb.waited != 0;
    cb.wait_open = false;
    cb.acked = static_cast<uint16_t>(cb.acked + pages);
    wake(cb);
}

uint32_t get_tile_size(uint32_t cb, Site where) {
    return format_bytes(cb_of(cb, where).format, tile_elements);
}
tt::DataFormat get_dataformat(uint32_t cb, Site where) { return cb_of(cb, where).format; }

uint32_t get_write_ptr(uint32_t id, Site where) {
    call_site(where);
    Cb& cb = cb_of(id, where);
    if (cb.reserved == 0) {
        find(Severity::warning, "cb-window", &where,
             text("get_write_ptr of %s with nothing reserved", cb.name().c_str()), cb.name());
    }
    return cb.address + cb.wr * cb.page_bytes;
}

uint32_t get_read_ptr(uint32_t id, Site where) {
    call_site(where);
    Cb& cb = cb_of(id, where);
    if (cb.waited == 0) {
        find(Severity::warning, "cb-window", &where,
             text("get_read_ptr of %s with nothing waited for", cb.name().c_str()), cb.name());
    }
    return cb.address + cb.rd * cb.page_bytes;
}

namespace {

// A poll that fails lets others run; polls without any progress elsewhere are a livelock.
bool polled(bool ok, const char* call, const Site& where) {
    Machine& m = machine();
    if (ok) {
        return true;
    }
    if (m.ready.empty() && ++m.polls > 1'000'000) {
        broken("livelock", where, text("%s polls without end; no other thread can run", call));
    }
    if (!m.ready.empty()) {
        m.ready.push_back(m.current);
        leave();
    }
    return false;
}

}  // namespace

bool cb_pages_reservable_at_back(uint32_t id, uint32_t pages, Site where) {
    call_site(where);
    const Cb& cb = cb_of(id, where);
    return polled(cb.pages - cb.filled() >= pages, "cb_pages_reservable_at_back", where);
}
bool cb_pages_available_at_front(uint32_t id, uint32_t pages, Site where) {
    call_site(where);
    const Cb& cb = cb_of(id, where);
    return polled(cb.filled() >= pages, "cb_pages_available_at_front", where);
}
