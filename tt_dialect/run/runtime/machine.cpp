// Scheduling, circular buffers, transfers, semaphores, and the rules that guard them.
#include "machine.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <tuple>

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
constexpr size_t stack_bytes = 256 * 1024;
constexpr uint32_t chip_grid_y = 42;
static_assert(chip_grid_y < 64);

struct Finding {
    Severity severity;
    std::string rule, kernel, file, message, buffer, note, source;
    uint32_t line = 0;
    bool on_core = false;
    uint32_t x = 0, y = 0;
};

std::vector<Finding> findings;
std::vector<std::string> extra_notes;

struct CallSite {
    Site where;
    const char* call;
    uint64_t runs = 0, effects = 0;
    const Kernel* kernel = nullptr;
};
struct SiteKey {
    const char* file;
    uint32_t line, column;
    const char* call;
    bool operator==(const SiteKey&) const = default;
};
struct SiteHash {
    size_t operator()(const SiteKey& key) const {
        return reinterpret_cast<size_t>(key.file) * 31 + key.line * 1009 + key.column +
               reinterpret_cast<size_t>(key.call);
    }
};
std::unordered_map<SiteKey, CallSite, SiteHash> sites;

}  // namespace

std::string text(const char* format, ...) {
    va_list args;
    va_start(args, format);
    char buffer[1024];
    vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    return buffer;
}

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

// ---- findings ----

namespace {

// The `// file.py:37` comment a line stands under; blocks restore the place they were entered at.
std::string tilelang_place(const std::string& file, uint32_t line) {
    std::ifstream in(file);
    std::string row, place;
    std::vector<std::string> stack;
    for (uint32_t number = 1; std::getline(in, row) && number <= line; ++number) {
        const size_t slashes = row.find("// ");
        if (slashes != std::string::npos && row.find_first_not_of(' ') == slashes) {
            const std::string comment = row.substr(slashes + 3);
            const size_t colon = comment.rfind(':');
            if (colon != std::string::npos && colon + 1 < comment.size() && comment.find(' ') == std::string::npos &&
                comment.find_first_not_of("0123456789", colon + 1) == std::string::npos) {
                place = comment;
            }
            continue;
        }
        for (const char c : row) {
            if (c == '{') {
                stack.push_back(place);
            } else if (c == '}' && !stack.empty()) {
                place = stack.back();
                stack.pop_back();
            }
        }
    }
    return place;
}

// The last two parts of a path: enough to find it, nothing of the machine.
std::string short_path(const std::string& path) {
    size_t cut = path.rfind('/');
    if (cut != std::string::npos && cut > 0) {
        cut = path.rfind('/', cut - 1);
    }
    return cut == std::string::npos ? path : path.substr(cut + 1);
}

std::string quoted(const std::string& value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c == '\n' ? ' ' : c;
    }
    return out + '"';
}

void print_finding(const Finding& f) {
    static const char* const names[] = {"error", "warning", "remark"};
    std::string place = f.file.empty() ? "" : text("%s:%u: ", short_path(f.file).c_str(), f.line);
    std::string on = f.on_core ? text(" on core (%u, %u)", f.x, f.y) : "";
    std::fprintf(
        stderr,
        "%s%s: [%s] %s%s\n",
        place.c_str(),
        names[static_cast<int>(f.severity)],
        f.rule.c_str(),
        f.message.c_str(),
        on.c_str());
    if (!f.source.empty()) {
        std::fprintf(stderr, "%snote: from %s\n", place.c_str(), f.source.c_str());
    }
    if (!f.note.empty()) {
        std::fprintf(stderr, "%snote: %s\n", place.c_str(), f.note.c_str());
    }
}

}  // namespace

void find(
    Severity severity,
    const char* rule,
    const Site* where,
    const std::string& message,
    const std::string& buffer,
    const std::string& note) {
    Finding f{severity, rule, {}, {}, message, buffer, note, {}};
    if (const Thread* t = machine().current) {
        f.kernel = t->role();
        f.on_core = true;
        f.x = t->core->x;
        f.y = t->core->y;
    }
    if (where != nullptr) {
        f.file = where->file_name();
        f.line = where->line();
        f.source = tilelang_place(f.file, f.line);
    }
    if (severity != Severity::remark) {
        print_finding(f);
    }
    findings.push_back(std::move(f));
}

void broken(
    const char* rule,
    const Site& where,
    const std::string& message,
    const std::string& buffer,
    const std::string& note) {
    find(Severity::error, rule, &where, message, buffer, note);
    finish(3);
}

void tell_json(std::FILE* file) {
    static const char* const names[] = {"error", "warning", "remark"};
    std::fprintf(file, "{\"findings\": [");
    const char* comma = "";
    for (const Finding& f : findings) {
        std::fprintf(
            file,
            "%s\n {\"severity\": \"%s\", \"rule\": %s, \"message\": %s, \"kernel\": %s, \"file\": %s, "
            "\"line\": %u, \"source\": %s, \"core\": [%d, %d], \"buffer\": %s, \"note\": %s}",
            comma,
            names[static_cast<int>(f.severity)],
            quoted(f.rule).c_str(),
            quoted(f.message).c_str(),
            quoted(f.kernel).c_str(),
            quoted(short_path(f.file)).c_str(),
            f.line,
            quoted(f.source).c_str(),
            f.on_core ? static_cast<int>(f.x) : -1,
            f.on_core ? static_cast<int>(f.y) : -1,
            quoted(f.buffer).c_str(),
            quoted(f.note).c_str());
        comma = ",";
    }
    const Machine& m = machine();
    std::fprintf(file, "],\n \"calls\": %lu, \"switches\": %lu,\n \"cores\": [",
                 static_cast<unsigned long>(m.calls), static_cast<unsigned long>(m.switches));
    comma = "";
    std::set<const Core*> used;
    for (const auto& t : m.threads) {
        used.insert(t->core);
    }
    for (const auto& core : m.cores) {
        if (used.count(core.get()) == 0) {
            continue;
        }
        const Stats& s = core->stats;
        std::fprintf(
            file,
            "%s\n  [%u, %u, %lu, %lu, %lu, %lu, %lu, %lu]",
            comma,
            core->x,
            core->y,
            static_cast<unsigned long>(s.dram_read),
            static_cast<unsigned long>(s.dram_write),
            static_cast<unsigned long>(s.noc_bytes),
            static_cast<unsigned long>(s.tile_products),
            static_cast<unsigned long>(s.cb_waits),
            static_cast<unsigned long>(s.semaphore_waits));
        comma = ",";
    }
    std::fprintf(file, "],\n \"page_writes\": [");
    comma = "";
    for (const auto& b : m.buffers) {
        std::fprintf(file, "%s\n  [", comma);
        const char* inner = "";
        for (const uint32_t n : b->writes) {
            std::fprintf(file, "%s%u", inner, n);
            inner = ",";
        }
        std::fprintf(file, "]");
        comma = ",";
    }
    std::fprintf(file, "]}\n");
}

void finish(int code) {
    std::fflush(stdout);
    if (const char* path = std::getenv("TT_NATIVE_REPORT")) {
        if (std::FILE* file = std::fopen(path, "w")) {
            tell_json(file);
            std::fclose(file);
        }
    }
    std::fflush(stderr);
    _exit(code);
}

void note_effect(const Site& where, const char* call, bool effect) {
    CallSite& site = sites[SiteKey{where.file_name(), where.line(), where.column(), call}];
    if (site.runs++ == 0) {
        site.where = where;
        site.call = call;
        site.kernel = self().kernel;
    }
    site.effects += effect;
}

void end_of_run_remarks() {
    std::vector<const CallSite*> idle;
    for (const auto& [key, site] : sites) {
        if (site.effects == 0) {
            idle.push_back(&site);
        }
    }
    std::sort(idle.begin(), idle.end(), [](const CallSite* a, const CallSite* b) {
        return std::tuple(std::string(a->where.file_name()), a->where.line(), a->where.column()) <
               std::tuple(std::string(b->where.file_name()), b->where.line(), b->where.column());
    });
    for (const CallSite* site : idle) {
        find(
            Severity::remark,
            "no-effect",
            &site->where,
            text("%s changed nothing in %lu calls", site->call,
                 static_cast<unsigned long>(site->runs)));
    }
    sites.clear();
}

// ---- opening ----

namespace {

void* window_base = nullptr;
Core* window_core = nullptr;
bool window_guarded = false;
constexpr uintptr_t window_start = semaphore_base;

bool overlaps(uint32_t a, uint32_t a_bytes, uint32_t b, uint32_t b_bytes) {
    return a < b + b_bytes && b < a + a_bytes;
}

// A pending transfer of a thread that touches a range of its core's L1.
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

void hide_window() {
    if (window_core != nullptr) {
        mprotect(reinterpret_cast<void*>(window_start), machine().l1_stride - window_start, PROT_NONE);
        window_core = nullptr;
    }
}

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

uint64_t watched_calls = 0;
int watched_ticks = 0;
int watchdog_seconds = 20;

void on_tick(int) {
    Machine& m = machine();
    if (m.current == nullptr || m.calls != watched_calls) {
        watched_calls = m.calls;
        watched_ticks = 0;
        return;
    }
    if (++watched_ticks >= watchdog_seconds) {
        find(
            Severity::error,
            "livelock",
            &m.current->site,
            text("%s has made no call for %d s", m.current->role().c_str(), watched_ticks));
        finish(3);
    }
}

}  // namespace

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
    for (uint32_t i = 0; i < count; ++i) {
        auto core = std::make_unique<Core>();
        core->x = i % m.arch->columns;
        core->y = i / m.arch->columns;
        core->index = i;
        core->l1 = m.l1 + size_t{i} * m.l1_stride;
        m.cores.push_back(std::move(core));
    }
    m.banks.resize(m.arch->dram_banks);

    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);

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
    if (const char* seconds = std::getenv("TT_NATIVE_WATCHDOG")) {
        watchdog_seconds = std::max(1, std::atoi(seconds));
    }
}

std::shared_ptr<Buffer> allocate(bool dram, uint64_t size, uint32_t page_bytes, std::string label) {
    Machine& m = machine();
    auto buffer = std::make_shared<Buffer>();
    buffer->label = label.empty() ? text("buffer %zu", m.buffers.size()) : std::move(label);
    buffer->dram = dram;
    buffer->size = size;
    buffer->page_bytes = page_bytes;
    buffer->aligned_page = align(page_bytes, dram ? m.arch->dram_alignment : 16);
    buffer->pages = static_cast<uint32_t>((size + page_bytes - 1) / page_bytes);
    buffer->writes.assign(buffer->pages, 0);
    const uint32_t banks = dram ? m.arch->dram_banks : static_cast<uint32_t>(m.cores.size());
    const uint64_t rows = (buffer->pages + banks - 1) / banks;
    const uint64_t bytes = rows * buffer->aligned_page;
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

// ---- threads ----

Thread& self() { return *machine().current; }

namespace {

void start_thread() {
    Machine& m = machine();
    m.current->kernel->entry();
    m.current->finished = true;
    swapcontext(&m.current->context, &m.scheduler);
}

void leave() {
    Machine& m = machine();
    swapcontext(&m.current->context, &m.scheduler);
}

void land(Transfer& t) {
    if (!t.landed) {
        std::memcpy(t.target, t.flushed ? t.staged.data() : t.source, t.bytes);
        t.landed = true;
    }
}

void drift() {
    Machine& m = machine();
    for (auto& thread : m.threads) {
        for (auto* lists : {&thread->reads, &thread->writes}) {
            for (auto& pending : *lists) {
                for (Transfer& t : pending) {
                    if (m.generator() % 8 == 0) {
                        land(t);  // stays outstanding until its barrier
                    }
                }
            }
        }
    }
}

const char* processor_name(Processor processor) {
    static const char* const names[] = {"riscv_0", "riscv_1", "compute"};
    return names[static_cast<int>(processor)];
}

Thread* pick() {
    Machine& m = machine();
    auto chosen = m.ready.begin();
    if (m.random) {
        chosen += static_cast<long>(m.generator() % m.ready.size());
    } else if (!m.starved.empty()) {
        for (auto it = m.ready.begin(); it != m.ready.end(); ++it) {
            if (m.starved != processor_name((*it)->kernel->processor)) {
                chosen = it;
                break;
            }
        }
    }
    Thread* thread = *chosen;
    m.ready.erase(chosen);
    return thread;
}

void check_end(Thread& thread) {
    Machine& m = machine();
    m.current = &thread;
    for (uint8_t noc = 0; noc < 2; ++noc) {
        if (!thread.writes[noc].empty()) {
            broken(
                "noc-outstanding-at-end",
                thread.writes[noc].front().where,
                text("%s ends with %zu writes outstanding", thread.role().c_str(),
                     thread.writes[noc].size()),
                {},
                "a write barrier is missing at its end");
        }
        if (!thread.reads[noc].empty()) {
            broken(
                "noc-outstanding-at-end",
                thread.reads[noc].front().where,
                text("%s ends with %zu reads outstanding", thread.role().c_str(),
                     thread.reads[noc].size()),
                {},
                "a read barrier is missing at its end");
        }
        if (thread.atomics[noc] != 0) {
            broken(
                "noc-outstanding-at-end",
                thread.atomic_site,
                text("%s ends with %u semaphore increments outstanding", thread.role().c_str(),
                     thread.atomics[noc]),
                {},
                "noc_async_atomic_barrier is missing at its end");
        }
    }
    Core& core = *thread.core;
    for (Cb* cb : core.present) {
        if (cb->producer == &thread && cb->reserve_open) {
            broken("cb-dirty", cb->reserve_site,
                   text("%s ends with pages of %s reserved and not pushed", thread.role().c_str(),
                        cb->name().c_str()),
                   cb->name(), cb->state());
        }
        if (cb->producer == &thread && cb->reserved != 0 && !cb->reserve_open) {
            find(Severity::remark, "cb-look-ahead", &cb->reserve_site,
                 text("%s reserves %u pages of %s more than it pushes", thread.role().c_str(),
                      cb->reserved, cb->name().c_str()),
                 cb->name());
        }
        if (cb->consumer == &thread && cb->waited != 0 && !cb->wait_open && !cb->looked_ahead) {
            find(Severity::remark, "cb-look-ahead", &cb->wait_site,
                 text("%s waits for %u pages of %s more than it pops", thread.role().c_str(),
                      cb->waited, cb->name().c_str()),
                 cb->name());
        }
        if (cb->consumer == &thread && cb->wait_open) {
            broken("cb-dirty", cb->wait_site,
                   text("%s ends with pages of %s waited for and not popped",
                        thread.role().c_str(), cb->name().c_str()),
                   cb->name(), cb->state());
        }
    }
    if (thread.kernel->processor == Processor::compute &&
        (core.dst.acquired || core.dst.packing || core.dst.committed != 0)) {
        broken("dst-protocol", core.dst.acquire_site, "the compute kernel ends while DST is in use");
    }
    m.current = nullptr;
}

[[noreturn]] void deadlock() {
    Machine& m = machine();
    m.current = nullptr;
    size_t stuck = 0;
    std::map<std::tuple<std::string, uint32_t, std::string>, std::vector<Thread*>> groups;
    for (const auto& thread : m.threads) {
        if (thread->finished) {
            continue;
        }
        ++stuck;
        std::string state;
        if (thread->blocked_cb != nullptr) {
            const Cb& cb = *thread->blocked_cb;
            state = text("%s of %u pages of %s (%s)", thread->blocked, thread->blocked_need,
                         cb.name().c_str(), cb.state().c_str());
            Thread* other = std::strcmp(thread->blocked, "cb_wait_front") == 0 ? cb.producer
                                                                              : cb.consumer;
            if (other == nullptr) {
                state += "; no thread is at the other end";
            } else if (other != thread.get()) {
                state += text("; %s, at the other end, %s", other->role().c_str(),
                              other->finished ? "has finished" : "is blocked too");
            }
        } else {
            const uint32_t* word =
                reinterpret_cast<const uint32_t*>(thread->core->l1 + thread->blocked_address);
            state = text("%s for %u on the semaphore at %#x (it is %u)", thread->blocked,
                         thread->blocked_need, thread->blocked_address, *word);
        }
        groups[{thread->role(), thread->site.line(), state}].push_back(thread.get());
    }
    std::string all;
    Site first;
    std::string buffer;
    for (const auto& [key, threads] : groups) {
        if (all.empty()) {
            first = threads.front()->site;
            if (threads.front()->blocked_cb != nullptr) {
                buffer = threads.front()->blocked_cb->name();
            }
        }
        const Core& core = *threads.front()->core;
        all += text("%s%s:%u %s on %zu cores from (%u, %u): %s", all.empty() ? "" : "; ",
                    std::get<0>(key).c_str(), std::get<1>(key), "blocked", threads.size(), core.x,
                    core.y, std::get<2>(key).c_str());
    }
    find(
        Severity::error,
        "deadlock",
        &first,
        text("%zu of %zu threads are blocked for ever", stuck, m.threads.size()),
        buffer,
        all);
    finish(3);
}

}  // namespace

void wake(std::vector<Thread*>& waiting) {
    Machine& m = machine();
    ++m.progress;
    m.polls = 0;
    for (Thread* thread : waiting) {
        m.ready.push_back(thread);
    }
    waiting.clear();
}

// Wakes who waits for pages of a circular buffer, if there are as many now.
static void wake(Cb& cb) {
    Machine& m = machine();
    ++m.progress;
    m.polls = 0;
    for (size_t i = 0; i < cb.waiting.size();) {
        Thread* thread = cb.waiting[i];
        const bool producer = thread == cb.producer && std::strcmp(thread->blocked, "cb_reserve_back") == 0;
        if ((producer ? cb.pages - cb.filled() : cb.filled()) >= thread->blocked_need) {
            m.ready.push_back(thread);
            cb.waiting.erase(cb.waiting.begin() + static_cast<long>(i));
        } else {
            ++i;
        }
    }
}

void park(
    std::vector<Thread*>& waiting, const char* call, Cb* cb, uint32_t need, uint32_t address) {
    Thread& thread = self();
    thread.blocked = call;
    thread.blocked_cb = cb;
    thread.blocked_need = need;
    thread.blocked_address = address;
    waiting.push_back(&thread);
    leave();
    thread.blocked = nullptr;
}

void call_site(const Site& where) {
    Machine& m = machine();
    Thread& thread = *m.current;
    thread.site = where;
    ++m.calls;
    if (m.progress != m.seen_progress) {
        m.seen_progress = m.progress;
        m.idle_calls = 0;
    } else if (++m.idle_calls % 65536 == 0) {  // it may be polling: let the others run
        if (m.idle_calls > 50'000'000) {
            broken("livelock", where, "calls without end; no thread makes progress");
        }
        if (!m.ready.empty()) {
            m.ready.push_back(&thread);
            leave();
        }
    }
    if (m.preempt) {
        const bool yield = m.every_call || (m.random && m.generator() % 4 == 0) ||
                           (!m.starved.empty() &&
                            m.starved == processor_name(thread.kernel->processor));
        if (yield && !m.ready.empty()) {
            m.ready.push_back(&thread);
            leave();
        }
    }
}

void run_threads() {
    Machine& m = machine();
    findings.clear();
    sites.clear();
    reset_tile_cache();
    struct sigaction action{};
    action.sa_handler = on_tick;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, nullptr);
    itimerval timer{{1, 0}, {1, 0}};
    setitimer(ITIMER_REAL, &timer, nullptr);

    m.ready.clear();
    for (auto& thread : m.threads) {
        m.ready.push_back(thread.get());
    }
    size_t left = m.threads.size();
    while (left != 0) {
        if (m.ready.empty()) {
            deadlock();
        }
        Thread* thread = pick();
        m.current = thread;
        ++m.switches;
        if (window_core != nullptr && window_core != thread->core) {
            hide_window();
        }
        my_x[0] = my_x[1] = static_cast<uint8_t>(worker_origin + thread->core->x);
        my_y[0] = my_y[1] = static_cast<uint8_t>(worker_origin + thread->core->y);
        if (!thread->started) {
            thread->started = true;
            thread->stack.reset(new uint8_t[stack_bytes]);
            getcontext(&thread->context);
            thread->context.uc_stack.ss_sp = thread->stack.get();
            thread->context.uc_stack.ss_size = stack_bytes;
            thread->context.uc_link = nullptr;
            makecontext(&thread->context, start_thread, 0);
        }
        swapcontext(&m.scheduler, &thread->context);
        if (thread->finished) {
            check_end(*thread);
            --left;
            thread->stack.reset();
        }
        m.current = nullptr;
        if (m.random) {
            drift();
        }
    }
    hide_window();
    timer = {};
    setitimer(ITIMER_REAL, &timer, nullptr);
    for (auto& core : m.cores) {
        for (Cb* cb : core->present) {
            if (cb->filled() != 0 && cb->producer != nullptr) {
                m.current = cb->producer;
                broken("cb-dirty", cb->producer->site,
                       text("%u pages of %s are left at the end", cb->filled(),
                            cb->name().c_str()),
                       cb->name(), "pushes and pops do not balance: " + cb->state());
            }
        }
    }
    end_of_run_remarks();
}

// ---- circular buffers ----

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
    if (thread.kernel->processor == Processor::compute && cb.packed < pages) {
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

// ---- addresses ----
// Bits 0-35 the address, then x and y of six bits each (DRAM bank b is x = b, y = 0), then the
// end of a multicast rectangle, and bit 63 for multicast.

namespace {

constexpr uint64_t multicast_bit = uint64_t{1} << 63;
constexpr uint64_t local_mask = (uint64_t{1} << 36) - 1;

uint64_t encode(uint64_t x, uint64_t y, uint64_t local) { return y << 42 | x << 36 | local; }
uint32_t field(uint64_t address, int shift) { return address >> shift & 63; }

}  // namespace

uint64_t get_noc_addr(uint32_t x, uint32_t y, uint32_t l1_address, uint8_t) {
    return encode(x & 63, y & 63, l1_address);
}
uint64_t get_noc_addr(uint32_t l1_address, uint8_t noc) {
    return encode(my_x[noc], my_y[noc], l1_address);
}
uint64_t get_noc_multicast_addr(
    uint32_t x_start, uint32_t y_start, uint32_t x_end, uint32_t y_end, uint32_t l1_address,
    uint8_t) {
    return encode(x_start & 63, y_start & 63, l1_address) | uint64_t{x_end & 63} << 48 |
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
    const Machine& m = machine();
    const uint32_t banks = dram ? m.arch->dram_banks : static_cast<uint32_t>(m.cores.size());
    for (const auto& buffer : m.buffers) {
        const uint64_t rows = (buffer->pages + banks - 1) / banks;
        if (buffer->alive && buffer->dram == dram && address >= buffer->address &&
            address < buffer->address + rows * buffer->aligned_page) {
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
        return encode(bank, 0, offset);
    }
    const Core& core = *m.cores[bank];
    return encode(worker_origin + core.x, worker_origin + core.y, offset);
}

uint64_t page_address(
    bool dram, uint32_t base, uint32_t page, uint32_t page_bytes, uint32_t offset, Site where) {
    const Machine& m = machine();
    const Buffer* buffer = buffer_based_at(dram, base);
    const char* rule = dram ? "dram-out-of-bounds" : "l1-out-of-bounds";
    if (buffer == nullptr) {
        broken(rule, where, text("no tensor begins at address %#x", base));
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
    const uint32_t banks = dram ? m.arch->dram_banks : static_cast<uint32_t>(m.cores.size());
    return bank_address(dram, page % banks, base + page / banks * aligned + offset, where);
}

namespace {

struct Place {
    uint8_t* data;
    Core* core;       // null: DRAM
    Buffer* buffer;   // DRAM buffer, if any
    uint32_t bank;
    uint64_t local;
};

// Whether an L1 range may be touched by the running thread, or by a transfer of another core.
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
        const uint64_t first = (local - buffer->address) / buffer->aligned_page;
        const uint64_t last = (local + bytes - 1 - buffer->address) / buffer->aligned_page;
        for (const uint64_t row : {first, last}) {
            if (row * m.arch->dram_banks + x >= buffer->pages) {
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
    return {core->l1 + local, core, nullptr, 0, local};
}

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
    if (from.core == nullptr) {
        core.stats.dram_read += bytes;
    }
    core.stats.noc_bytes += bytes;
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
    if (to.core == nullptr) {
        core.stats.dram_write += bytes;
        if ((to.local - to.buffer->address) % to.buffer->aligned_page == 0) {
            const uint64_t row = (to.local - to.buffer->address) / to.buffer->aligned_page;
            ++to.buffer->writes[row * machine().arch->dram_banks + to.bank];
        }
    }
    core.stats.noc_bytes += bytes;
}

namespace {

// Completes what is outstanding, in order; semaphore words that change wake their waiters.
void complete(std::vector<Transfer>& pending) {
    bool cores = false;
    for (Transfer& t : pending) {
        land(t);
        if (t.target_core != nullptr && t.target_core != self().core) {
            cores = true;
            wake(t.target_core->semaphore_waiters);
        }
    }
    static_cast<void>(cores);
    ++machine().progress;
    pending.clear();
}

}  // namespace
}  // namespace tt_native

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
