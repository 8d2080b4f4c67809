// The machine the host headers run on: cores with L1, banked DRAM, circular buffers, two NoCs,
// semaphores, and one cooperative context per core and thread.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/types.h"

namespace tt_native {

constexpr uint32_t tile_elements = 1024;
constexpr uint32_t max_cbs = 64;
constexpr uint32_t worker_origin = 18;  // translated coordinates of worker (0, 0), both archs
constexpr uint32_t semaphore_base = 0x10000;
constexpr uint32_t semaphore_stride = 16;
constexpr uint32_t max_semaphores = 16;
constexpr uint32_t max_runtime_args = 341;
constexpr uint64_t dram_base = 0x20000;

// One architecture; the figures are those of tt_dialect/arch.py.
struct Arch {
    const char* name;
    uint32_t columns, rows;
    uint32_t l1_bytes, l1_reserved;
    uint32_t cbs, dram_banks, dram_alignment;
    bool flush_between_multicasts;
};

const Arch& find_arch(const std::string& name);

// ---- findings ----

enum class Severity : uint8_t { error, warning, remark };

struct Thread;
struct Core;
struct Cb;

// Reports a broken rule; an error ends the run.
void find(Severity severity, const char* rule, const Site* where, const std::string& message,
          const std::string& buffer = {}, const std::string& note = {});
[[noreturn]] void broken(const char* rule, const Site& where, const std::string& message,
                         const std::string& buffer = {}, const std::string& note = {});
[[noreturn]] void finish(int code);
[[noreturn]] void refuse(const std::string& message);  // what the host program must not do
std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));

// ---- buffers ----

struct Buffer {
    std::string label;
    bool dram = true;
    uint64_t address = 0;
    uint64_t size = 0;
    uint32_t page_bytes = 0;
    uint32_t aligned_page = 0;
    uint32_t pages = 0;
    bool alive = true;
    std::vector<uint32_t> writes;  // how often each page was written by kernels

    // Extents in pages, empty when interleaved; shard s, row-major, is in bank s mod n of n.
    std::vector<uint32_t> tensor_shape, shard_shape;
    std::vector<uint32_t> banks;  // DRAM banks, or indices of cores
    uint32_t rows = 0;            // pages of room in each bank
    std::vector<int64_t> page_at;  // [bank * rows + row], -1 where no page lies
    uint64_t dram_bytes = 0, l1_local = 0, l1_remote = 0;  // traffic, by where the pages were

    bool sharded() const { return !shard_shape.empty(); }
    uint64_t room() const { return uint64_t{rows} * aligned_page; }
    // (position among `banks`, row) of a page.
    std::pair<uint32_t, uint32_t> place(uint32_t page) const;
    // The page at an address of a DRAM bank or core; -1 if there is none.
    int64_t find(uint32_t bank, uint64_t local) const;
};

// ---- circular buffers ----

struct Thread;

struct Cb {
    uint32_t id = 0;
    tt::DataFormat format = tt::DataFormat::Float16_b;
    bool unpack_to_dest = false;
    uint32_t pages = 0, page_bytes = 0;
    uint32_t address = 0;
    uint16_t received = 0, acked = 0;
    uint32_t wr = 0, rd = 0;
    uint32_t reserved = 0, waited = 0, packed = 0;
    bool scattered = false;  // packed out of order: the other pages keep what they had
    bool reserve_open = false, wait_open = false;
    bool partly_popped = false;  // the last pop left pages of the window
    bool looked_ahead = false;   // which has been remarked
    Site reserve_site, wait_site;
    Thread* producer = nullptr;
    Thread* consumer = nullptr;
    std::vector<Thread*> waiting;
    std::vector<uint32_t> versions;  // of each page, for the cache of decoded tiles
    bool on_buffer = false;          // globally allocated: pages keep what the buffer had
    bool shared = false;             // shares its memory with another circular buffer
    uint64_t serial = 0;

    uint32_t filled() const { return static_cast<uint16_t>(received - acked); }
    uint32_t bytes() const { return pages * page_bytes; }
    std::string name() const { return text("c_%u", id); }
    std::string state() const;
};

// ---- transfers ----

struct Transfer {
    Core* target_core = nullptr;  // null: DRAM
    uint8_t* target = nullptr;
    const uint8_t* source = nullptr;
    uint32_t bytes = 0;
    uint32_t local = 0;  // L1 address on the issuing core
    bool multicast = false, flushed = false, posted = false, landed = false;
    std::vector<uint8_t> staged;
    Site where;
};

// ---- compute state ----

enum class Kind : uint8_t {
    none, matmul, copy, transpose, binary, broadcast, reduce, tilize, untilize, unary_broadcast
};

// Elements of a tile that the packer writes as they are; the rest it writes as zero.
enum class Mask : uint8_t { none, column, row };

struct Units {
    struct Source {
        bool set = false;
        tt::DataFormat format = tt::DataFormat::Float16_b;
    };
    bool started = false;
    Source srca, srcb, pack;
    Kind kind = Kind::none;
    std::array<uint32_t, 6> shape{};
    Site kind_site;
    Kind undo = Kind::none;  // whose uninit comes before an operation of another kind
    Mask mask = Mask::none;
    const char* sfpu = nullptr;  // the init last called
    Site sfpu_site;
};

struct Dst {
    uint32_t tiles = 8;
    uint32_t sections = 2;
    bool wide = false;
    std::vector<float> data;
    // What is known of a tile. ZEROACC, at release, marks its rows as undefined: the packer and the
    // FPU read them as zero, GMPOOL as minus infinity, the SFPU must not read them.
    // Source: tt-isa-documentation WormholeB0/TensixTile/TensixCoprocessor/{ZEROACC,GMPOOL}.md.
    struct Tile {
        bool written = false;
        bool reduced = false;  // made from what a reduction left: one row or column counts
        tt::DataFormat format = tt::DataFormat::Float16_b;
    };
    std::vector<Tile> tiles_state;
    uint32_t math = 0, pack = 0, committed = 0;
    bool acquired = false, packing = false;
    Site acquire_site;
    float* tile(uint32_t section, uint32_t index) {
        return data.data() + (size_t{section} * tiles + index) * tile_elements;
    }
    Tile& state(uint32_t section, uint32_t index) { return tiles_state[section * tiles + index]; }
};

// ---- cores and threads ----

struct Stats {
    uint64_t dram_read = 0, dram_write = 0, noc_bytes = 0, tile_products = 0, cb_waits = 0,
             semaphore_waits = 0, tile_ops = 0, pages_unpacked = 0, pages_packed = 0,
             l1_local_read = 0, l1_local_write = 0, l1_remote_read = 0, l1_remote_write = 0;
    // Bytes of tensors moved, by DRAM bank, and by the coordinates of the core whose L1 it was.
    std::map<uint32_t, uint64_t> dram_banks;
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> l1_cores;
};

enum class Processor : uint8_t { riscv_0, riscv_1, compute };

struct Kernel {
    std::string path;
    Processor processor = Processor::compute;
    uint8_t noc = 0;
    std::string library;
    void (*entry)() = nullptr;
    std::vector<uint32_t> common_args;
};

struct Core {
    uint32_t x = 0, y = 0, index = 0;
    uint8_t* l1 = nullptr;
    std::array<std::unique_ptr<Cb>, max_cbs> cbs;
    std::vector<Cb*> present;
    uint32_t semaphores = 0;
    std::vector<Thread*> semaphore_waiters;
    Dst dst;
    Units units;
    uint8_t fidelity = 4;
    Stats stats;
};

struct Thread {
    const Kernel* kernel = nullptr;
    Core* core = nullptr;
    std::vector<uint32_t> args;
    ucontext_t context{};
    std::unique_ptr<uint8_t[]> stack;
    bool finished = false, runnable = false, started = false;
    const char* blocked = nullptr;  // the call it blocks in
    Cb* blocked_cb = nullptr;
    uint32_t blocked_need = 0, blocked_address = 0;
    Site site;
    std::array<std::vector<Transfer>, 2> reads, writes;
    std::array<uint32_t, 2> atomics{};
    Site atomic_site;
    std::array<uint64_t, 2> linked{};  // open linked multicast per NoC
    std::string role() const;
};

struct Machine {
    const Arch* arch = nullptr;
    int l1_file = -1;
    uint8_t* l1 = nullptr;
    uint32_t l1_stride = 0;
    uint32_t l1_top = 0;  // L1 buffers grow down from here
    std::vector<std::unique_ptr<Core>> cores;
    std::vector<std::vector<uint8_t>> banks;
    std::vector<std::shared_ptr<Buffer>> buffers;
    uint64_t dram_next = dram_base;
    std::vector<std::unique_ptr<Thread>> threads;
    std::deque<Thread*> ready;
    Thread* current = nullptr;
    ucontext_t scheduler{};
    uint64_t calls = 0, switches = 0, progress = 0, polls = 0, seen_progress = 0, idle_calls = 0;

    // schedule
    bool preempt = false;      // may switch at calls
    bool every_call = false;   // switches at every call
    bool random = false;
    bool early = false;        // transfers complete when they are issued
    std::string starved;
    std::mt19937 generator{0};

    Core* core(uint32_t x, uint32_t y) {
        return x < arch->columns && y < arch->rows ? cores[y * arch->columns + x].get() : nullptr;
    }
};

Machine& machine();
void open_machine(const std::string& arch);
void run_threads();
void wake(std::vector<Thread*>& waiting);
void park(std::vector<Thread*>& waiting, const char* call, Cb* cb, uint32_t need, uint32_t address);
void call_site(const Site& where);
void note_effect(const Site& where, const char* call, bool effect);
Thread& self();
Cb& cb_of(uint32_t id, const Site& where);
void end_of_run_remarks();
void tell_json(std::FILE* file);

// A buffer; `shards` brings its extents and banks, null when interleaved.
std::shared_ptr<Buffer> allocate(bool dram, uint64_t size, uint32_t page_bytes, std::string label,
                                 const Buffer* shards = nullptr);
uint32_t align(uint64_t value, uint32_t to);
uint32_t format_bytes(tt::DataFormat format, uint32_t elements);
const char* format_name(tt::DataFormat format);

// tile data
void reset_tile_cache();

}  // namespace tt_native
