// The machine: architectures, its parts, buffers, arguments, printing.
#include "internal.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#define TT_NATIVE_RUNTIME
#include "shared/dataflow.h"
#include "shared/debug.h"

uint8_t my_x[2];
uint8_t my_y[2];

namespace tt_native {

namespace {

constexpr Arch archs[] = {
    {"wormhole", 8, 8, 1'499'136, 102'400, 32, 12, 32, false},
    {"blackhole", 11, 10, 1'572'864, 98'304, 64, 8, 64, true},
};

}  // namespace

const Arch& find_arch(const std::string& name) {
    for (const Arch& arch : archs) {
        if (name == arch.name || name == std::string(arch.name) + "_b0") {
            return arch;
        }
    }
    std::fprintf(stderr, "tt-native: no architecture '%s'; wormhole or blackhole\n", name.c_str());
    std::exit(2);
}

Machine& machine() {
    static Machine* the = new Machine;
    return *the;
}

uint32_t align(uint64_t value, uint32_t to) {
    return static_cast<uint32_t>((value + to - 1) / to * to);
}

uint32_t format_bytes(tt::DataFormat format, uint32_t elements) {
    switch (format) {
        case tt::DataFormat::Float32:
        case tt::DataFormat::Int32:
        case tt::DataFormat::UInt32:
            return 4 * elements;
        case tt::DataFormat::Float16:
        case tt::DataFormat::Float16_b:
        case tt::DataFormat::UInt16:
            return 2 * elements;
        case tt::DataFormat::Bfp8:
        case tt::DataFormat::Bfp8_b:
            return elements + elements / 16;
        case tt::DataFormat::Bfp4:
        case tt::DataFormat::Bfp4_b:
            return elements / 2 + elements / 16;
        case tt::DataFormat::Bfp2:
        case tt::DataFormat::Bfp2_b:
            return elements / 4 + elements / 16;
        default:
            return elements;
    }
}

const char* format_name(tt::DataFormat format) {
    switch (format) {
        case tt::DataFormat::Float32: return "Float32";
        case tt::DataFormat::Float16: return "Float16";
        case tt::DataFormat::Float16_b: return "Float16_b";
        case tt::DataFormat::Bfp8_b: return "Bfp8_b";
        case tt::DataFormat::Int32: return "Int32";
        case tt::DataFormat::UInt32: return "UInt32";
        case tt::DataFormat::UInt16: return "UInt16";
        default: return "another format";
    }
}

std::string Cb::state() const {
    return text("received %u, acked %u, %u pages of %u B", received, acked, pages, page_bytes);
}

std::string Thread::role() const {
    std::string name = kernel->path.substr(kernel->path.rfind('/') + 1);
    return name.substr(0, name.rfind('.'));
}

void open_machine(const std::string& name) {
    Machine& m = machine();
    if (m.arch != nullptr) {
        return;
    }
    m.arch = &find_arch(name);
    const uint32_t count = m.arch->columns * m.arch->rows;
    m.l1_stride = align(m.arch->l1_bytes, 65536);
    m.l1_top = m.arch->l1_bytes / 64 * 64;
    m.l1_file = memfd_create("tt-native-l1", 0);
    const size_t bytes = size_t{m.l1_stride} * count;
    if (m.l1_file < 0 || ftruncate(m.l1_file, static_cast<off_t>(bytes)) != 0) {
        std::perror("tt-native: L1");
        std::exit(2);
    }
    void* l1 = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m.l1_file, 0);
    if (l1 == MAP_FAILED) {
        std::perror("tt-native: L1");
        std::exit(2);
    }
    m.l1 = static_cast<uint8_t*>(l1);
    for (uint32_t i = 0; i < count; ++i) {
        auto core = std::make_unique<Core>();
        core->x = i % m.arch->columns;
        core->y = i / m.arch->columns;
        core->index = i;
        core->l1 = m.l1 + size_t{i} * m.l1_stride;
        m.cores.push_back(std::move(core));
    }
    m.banks.resize(m.arch->dram_banks);

    open_window();
    const char* schedule = std::getenv("TT_NATIVE_SCHEDULE");
    const std::string kind = schedule == nullptr ? "block" : schedule;
    if (kind == "switch") {
        m.preempt = m.every_call = true;
    } else if (kind.rfind("random:", 0) == 0) {
        m.preempt = m.random = true;
        m.generator.seed(static_cast<uint32_t>(std::stoul(kind.substr(7))));
    } else if (kind.rfind("starve:", 0) == 0) {
        m.preempt = true;
        m.starved = kind.substr(7);
    } else if (kind == "early") {
        m.early = true;
    } else if (kind != "block") {
        std::fprintf(
            stderr,
            "tt-native: TT_NATIVE_SCHEDULE=%s; block, switch, early, random:SEED or "
            "starve:riscv_0|riscv_1|compute\n",
            kind.c_str());
        std::exit(2);
    }
}

std::pair<uint32_t, uint32_t> Buffer::place(uint32_t page) const {
    const auto count = static_cast<uint32_t>(banks.size());
    if (!sharded()) {
        return {page % count, page / count};
    }
    uint32_t shard = 0, within = 0, shards = 1, volume = 1;
    for (size_t dim = shard_shape.size(); dim-- > 0;) {
        const uint32_t at = page % tensor_shape[dim];
        page /= tensor_shape[dim];
        shard += at / shard_shape[dim] * shards;
        shards *= (tensor_shape[dim] + shard_shape[dim] - 1) / shard_shape[dim];
        within += at % shard_shape[dim] * volume;
        volume *= shard_shape[dim];
    }
    return {shard % count, shard / count * volume + within};
}

int64_t Buffer::find(uint32_t bank, uint64_t local) const {
    const auto at = std::find(banks.begin(), banks.end(), bank);
    if (at == banks.end() || local < address || local >= address + room()) {
        return -1;
    }
    return page_at[static_cast<size_t>(at - banks.begin()) * rows + (local - address) / aligned_page];
}

std::shared_ptr<Buffer> allocate(bool dram, uint64_t size, uint32_t page_bytes, std::string label,
                                 const Buffer* shards) {
    Machine& m = machine();
    auto buffer = std::make_shared<Buffer>();
    buffer->label = label.empty() ? text("buffer %zu", m.buffers.size()) : std::move(label);
    buffer->dram = dram;
    buffer->size = size;
    buffer->page_bytes = page_bytes;
    buffer->aligned_page = align(page_bytes, dram ? m.arch->dram_alignment : 16);
    buffer->pages = static_cast<uint32_t>((size + page_bytes - 1) / page_bytes);
    buffer->writes.assign(buffer->pages, 0);
    if (shards != nullptr) {
        buffer->tensor_shape = shards->tensor_shape;
        buffer->shard_shape = shards->shard_shape;
        buffer->banks = shards->banks;
    } else {
        buffer->banks.resize(dram ? m.arch->dram_banks : m.cores.size());
        std::iota(buffer->banks.begin(), buffer->banks.end(), 0U);
    }
    const auto banks = static_cast<uint32_t>(buffer->banks.size());
    buffer->rows = (buffer->pages + banks - 1) / banks;
    if (buffer->sharded()) {
        uint32_t count = 1, volume = 1;
        for (size_t dim = 0; dim < buffer->shard_shape.size(); ++dim) {
            const uint32_t part = buffer->shard_shape[dim];
            count *= (buffer->tensor_shape[dim] + part - 1) / part;
            volume *= part;
        }
        buffer->rows = (count + banks - 1) / banks * volume;
    }
    buffer->page_at.assign(size_t{banks} * buffer->rows, -1);
    for (uint32_t page = 0; page < buffer->pages; ++page) {
        const auto [bank, row] = buffer->place(page);
        buffer->page_at[size_t{bank} * buffer->rows + row] = page;
    }
    const uint64_t bytes = buffer->room();
    if (dram) {
        buffer->address = m.dram_next;
        m.dram_next = (m.dram_next + bytes + 63) / 64 * 64;
        for (auto& bank : m.banks) {
            bank.resize(m.dram_next, 0xff);
        }
    } else {
        if (bytes > m.l1_top || m.l1_top - bytes < m.arch->l1_reserved) {
            std::fprintf(stderr, "tt-native: L1 is full: %lu bytes of '%s' do not fit\n",
                         static_cast<unsigned long>(bytes), buffer->label.c_str());
            std::exit(2);
        }
        m.l1_top = static_cast<uint32_t>((m.l1_top - bytes) / 64 * 64);
        buffer->address = m.l1_top;
    }
    m.buffers.push_back(buffer);
    return buffer;
}

}  // namespace tt_native

using namespace tt_native;

// ---- arguments and coordinates ----

namespace tt_native {

uint32_t runtime_arg(uint32_t index, bool common, Site where) {
    call_site(where);
    const Thread& thread = self();
    const std::vector<uint32_t>& args = common ? thread.kernel->common_args : thread.args;
    if (index >= args.size()) {
        broken("runtime-arg-index", where,
               text("%sruntime argument %u: the host has set %zu", common ? "common " : "", index,
                    args.size()));
    }
    return args[index];
}

}  // namespace tt_native

uint8_t get_absolute_logical_x() { return static_cast<uint8_t>(self().core->x); }
uint8_t get_absolute_logical_y() { return static_cast<uint8_t>(self().core->y); }
uint8_t get_relative_logical_x() { return static_cast<uint8_t>(self().core->x); }
uint8_t get_relative_logical_y() { return static_cast<uint8_t>(self().core->y); }

// ---- printing ----

namespace tt_native {

namespace {
bool printing() {
    static const bool on = std::getenv("TT_METAL_DPRINT_CORES") != nullptr;
    return on;
}
}  // namespace

void debug_print(const char* value) {
    if (printing()) {
        std::fputs(value, stdout);
    }
}
void debug_print(long long value) {
    if (printing()) {
        std::printf("%lld", value);
    }
}
void debug_print(double value) {
    if (printing()) {
        std::printf("%g", value);
    }
}

}  // namespace tt_native
