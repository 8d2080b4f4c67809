// The host API: programs are collected as data, kernels are compiled when they are created, and a
// workload sets the machine up and runs it.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "machine.h"
#include "tt-metalium/distributed.hpp"
#include "tt-metalium/host_api.hpp"
#include "tt-metalium/tensor_accessor_args.hpp"
#include "tt-metalium/work_split.hpp"

extern char** environ;

namespace tt_native {

using tt::tt_metal::CoreCoord;
using tt::tt_metal::CoreRange;
using tt::tt_metal::CoreRangeSet;
using tt::tt_metal::CoreSpec;

struct KernelState {
    Kernel kernel;
    std::vector<CoreCoord> cores;
    std::map<std::pair<size_t, size_t>, std::vector<uint32_t>> args;
    pid_t building = 0;
    std::string log, staged;
    // compute
    uint8_t fidelity = 4;
    bool wide = false, full_sync = false;
    std::vector<uint32_t> unpack_to_dest;
};

struct CbDescription {
    std::vector<CoreCoord> cores;
    uint32_t bytes;
    std::map<uint8_t, tt::DataFormat> formats;
    std::map<uint8_t, uint32_t> page_sizes;
    std::shared_ptr<Buffer> buffer;  // whose memory it is on, if any
};

// The shards a buffer is made with, if any.
std::optional<tt_native::Buffer> shards_of(
    const tt::tt_metal::distributed::ReplicatedBufferConfig& replicated,
    const tt::tt_metal::distributed::DeviceLocalBufferConfig& local);

struct SemaphoreState {
    std::vector<CoreCoord> cores;
    uint32_t initial;
};

struct ProgramState {
    std::vector<std::unique_ptr<KernelState>> kernels;
    std::vector<CbDescription> cbs;
    std::vector<SemaphoreState> semaphores;
};

void refuse(const std::string& message) {
    std::fprintf(stderr, "tt-native: error: %s\n", message.c_str());
    finish(2);
}

namespace {

std::vector<CoreCoord> cores_of(const CoreSpec& spec) {
    std::vector<CoreCoord> cores;
    const CoreRangeSet set =
        std::visit([](const auto& value) { return CoreRangeSet(value); }, spec);
    for (const CoreRange& range : set.ranges()) {
        for (size_t y = range.start_coord.y; y <= range.end_coord.y; ++y) {
            for (size_t x = range.start_coord.x; x <= range.end_coord.x; ++x) {
                if (machine().core(static_cast<uint32_t>(x), static_cast<uint32_t>(y)) == nullptr) {
                    refuse(text("core (%zu, %zu) is outside the grid of this device", x, y));
                }
                cores.emplace_back(x, y);
            }
        }
    }
    return cores;
}

// ---- compiling kernels ----

std::string environment(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != 0 ? value : otherwise;
}

std::string cache_directory() {
    const std::string given = environment("TT_DIALECT_CACHE", "");
    if (!given.empty()) {
        return given;
    }
    const std::string base =
        environment("XDG_CACHE_HOME", environment("HOME", "/tmp") + "/.cache");
    return base + "/tt_dialect/native";
}

void make_directories(const std::string& path) {
    for (size_t i = 1; i <= path.size(); ++i) {
        if (i == path.size() || path[i] == '/') {
            mkdir(path.substr(0, i).c_str(), 0777);
        }
    }
}

bool readable(const std::string& path) { return access(path.c_str(), R_OK) == 0; }

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
}

// A kernel's text and that of the files beside it that it includes.
void collect(const std::string& path, std::set<std::string>& seen, std::string& all) {
    if (!seen.insert(path).second || !readable(path)) {
        return;
    }
    const std::string content = read_text(path);
    all += path.substr(path.rfind('/') + 1) + '\n' + content;
    std::istringstream lines(content);
    std::string line;
    while (std::getline(lines, line)) {
        const size_t open = line.find("#include \"");
        if (open != std::string::npos) {
            const size_t start = open + 10;
            const std::string name = line.substr(start, line.find('"', start) - start);
            collect(path.substr(0, path.rfind('/') + 1) + name, seen, all);
        }
    }
}

uint64_t hash(const std::string& value, uint64_t seed) {
    uint64_t h = seed;
    for (const char c : value) {
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        h ^= h >> 29;
    }
    return h;
}

std::string find_kernel(const std::string& path) {
    const std::string home = environment("TT_METAL_HOME", "");
    const std::string candidates[] = {
        path, home + "/" + path, home + "/tt_metal/programming_examples/" + path};
    for (const std::string& candidate : candidates) {
        if (readable(candidate)) {
            char* real = realpath(candidate.c_str(), nullptr);
            std::string result = real;
            std::free(real);
            return result;
        }
    }
    refuse(text("no kernel at '%s'; a relative path is looked up here and under $TT_METAL_HOME",
                path.c_str()));
}

// Starts the compiler; `finish_build` waits for it.
void start_build(KernelState& state, const std::vector<std::string>& options) {
    const std::string compiler = environment("TT_NATIVE_CXX", TT_NATIVE_CXX_DEFAULT);
    std::string all = TT_NATIVE_DIGEST + compiler;
    for (const std::string& option : options) {
        all += option + '\n';
    }
    std::set<std::string> seen;
    collect(state.kernel.path, seen, all);
    all += state.kernel.path;  // findings name it
    const std::string key = text("%016lx%016lx", static_cast<unsigned long>(hash(all, 0xcbf29ce484222325ULL)),
                                 static_cast<unsigned long>(hash(all, 0x9e3779b97f4a7c15ULL)));
    const std::string directory = cache_directory() + "/kernels";
    state.kernel.library = directory + "/" + key + ".so";
    if (readable(state.kernel.library)) {
        return;
    }
    make_directories(directory);
    const std::string stem = directory + "/" + key + text(".%d.%p", getpid(), static_cast<void*>(&state));
    state.staged = stem + ".so";
    state.log = stem + ".log";
    const std::string wrapper = stem + ".cpp";
    {
        std::ofstream out(wrapper);
        if (state.kernel.processor != Processor::compute) {  // upstream's build does so too
            out << "#include \"api/dataflow/dataflow_api.h\"\n";
        }
        out << "#include \"api/debug/dprint.h\"\n";
        out << "#include \"" << state.kernel.path << "\"\n"
            << "#ifndef NAMESPACE\n#define NAMESPACE tt_native_kernel\n#endif\n"
            << "namespace NAMESPACE {}\nusing namespace NAMESPACE;\n"
            << "extern \"C\" void tt_native_entry() { kernel_main(); }\n";
    }
    std::vector<std::string> command = {
        compiler, "-std=c++20", "-O1", "-fPIC", "-shared", "-w", "-Wl,-Bsymbolic",
        "-I", TT_NATIVE_INCLUDE, "-I", state.kernel.path.substr(0, state.kernel.path.rfind('/'))};
#ifndef __clang__
    command.emplace_back("-fno-gnu-unique");
#endif
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"-o", state.staged, wrapper});
    std::vector<char*> arguments;
    for (std::string& part : command) {
        arguments.push_back(part.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(
        &actions, 2, state.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (posix_spawnp(&state.building, compiler.c_str(), &actions, nullptr, arguments.data(), environ) != 0) {
        refuse(text("no C++ compiler '%s': install g++ (Debian, Ubuntu: apt-get install g++)",
                    compiler.c_str()));
    }
    posix_spawn_file_actions_destroy(&actions);
}

void finish_build(KernelState& state) {
    if (state.building != 0) {
        int status = 0;
        waitpid(state.building, &status, 0);
        state.building = 0;
        const std::string stem = state.staged.substr(0, state.staged.size() - 3);
        std::remove((stem + ".cpp").c_str());
        const std::string log = read_text(state.log);
        std::remove(state.log.c_str());
        if (status != 0) {
            std::remove(state.staged.c_str());
            std::fputs(log.c_str(), stderr);
            refuse(text("'%s' does not compile", state.kernel.path.c_str()));
        }
        std::rename(state.staged.c_str(), state.kernel.library.c_str());
    }
    if (state.kernel.entry == nullptr) {
        void* library = dlopen(state.kernel.library.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            refuse(text("%s: a call of '%s' is outside the subset of these headers", dlerror(),
                        state.kernel.path.c_str()));
        }
        state.kernel.entry = reinterpret_cast<void (*)()>(dlsym(library, "tt_native_entry"));
    }
}

// ---- setting the machine up ----

void place_cbs(const ProgramState& program) {
    Machine& m = machine();
    static uint64_t serial = 0;
    std::map<const Core*, uint32_t> next;
    for (auto& core : m.cores) {
        for (auto& cb : core->cbs) {
            cb.reset();
        }
        core->present.clear();
        next[core.get()] = align(m.arch->l1_reserved, 64);
    }
    std::vector<uint32_t> direct;
    for (const auto& kernel : program.kernels) {
        if (kernel->kernel.processor == Processor::compute) {
            direct = kernel->unpack_to_dest;
        }
    }
    for (const CbDescription& d : program.cbs) {
        uint32_t address = 0;  // the same on all its cores
        for (const CoreCoord& c : d.cores) {
            address = std::max(
                address, next[m.core(static_cast<uint32_t>(c.x), static_cast<uint32_t>(c.y))]);
        }
        uint32_t end = address + align(d.bytes, m.arch->dram_alignment);
        if (d.buffer != nullptr) {
            end = address;
            address = static_cast<uint32_t>(d.buffer->address);
            if (d.buffer->dram || d.bytes > d.buffer->room()) {
                refuse(text("a circular buffer of %u bytes on '%s', which has %lu in L1 of a core",
                            d.bytes, d.buffer->label.c_str(),
                            static_cast<unsigned long>(d.buffer->dram ? 0 : d.buffer->room())));
            }
        } else if (end > m.l1_top) {
            refuse(text("circular buffers need %u bytes of L1, %u are free", end, m.l1_top));
        }
        for (const CoreCoord& c : d.cores) {
            Core& core = *m.core(static_cast<uint32_t>(c.x), static_cast<uint32_t>(c.y));
            if (d.buffer == nullptr) {
                next[&core] = end;
            }
            for (const auto& [id, format] : d.formats) {
                const auto page = d.page_sizes.find(id);
                if (page == d.page_sizes.end() || page->second == 0 || d.bytes % page->second != 0) {
                    refuse(text("circular buffer c_%u: %u bytes are no multiple of its page", id, d.bytes));
                }
                if (id >= m.arch->cbs || core.cbs[id] != nullptr) {
                    refuse(text("circular buffer c_%u: %s", id, id >= m.arch->cbs ? "no such id" : "created twice"));
                }
                auto cb = std::make_unique<Cb>();
                cb->id = id;
                cb->format = format;
                cb->page_bytes = page->second;
                cb->pages = d.bytes / page->second;
                if (cb->pages >= 65536) {
                    refuse(text("circular buffer c_%u: %u pages, at most 65535", id, cb->pages));
                }
                cb->address = address;
                cb->versions.assign(cb->pages, 0);
                cb->shared = d.formats.size() > 1;
                cb->on_buffer = d.buffer != nullptr;
                cb->serial = ++serial;
                cb->unpack_to_dest = std::find(direct.begin(), direct.end(), id) != direct.end();
                core.present.push_back(cb.get());
                core.cbs[id] = std::move(cb);
            }
            if (d.buffer == nullptr) {
                std::memset(core.l1 + address, 0xff, d.bytes);
            }
        }
    }
}

void run_program(ProgramState& program) {
    Machine& m = machine();
    for (auto& kernel : program.kernels) {
        finish_build(*kernel);
    }
    place_cbs(program);
    for (auto& core : m.cores) {
        core->semaphores = 0;
        core->stats = {};
        core->units = {};
    }
    uint32_t id = 0;
    for (const SemaphoreState& s : program.semaphores) {
        for (const CoreCoord& c : s.cores) {
            Core& core = *m.core(static_cast<uint32_t>(c.x), static_cast<uint32_t>(c.y));
            core.semaphores = id + 1;
            std::memcpy(core.l1 + semaphore_base + id * semaphore_stride, &s.initial, 4);
        }
        ++id;
    }
    m.threads.clear();
    std::map<std::tuple<size_t, size_t, int>, const KernelState*> taken;
    for (auto& kernel : program.kernels) {
        for (const CoreCoord& c : kernel->cores) {
            const auto [at, is_new] = taken.insert(
                {{c.x, c.y, static_cast<int>(kernel->kernel.processor)}, kernel.get()});
            if (!is_new) {
                refuse(text("two kernels on one processor of core (%zu, %zu)", c.x, c.y));
            }
            Core& core = *m.core(static_cast<uint32_t>(c.x), static_cast<uint32_t>(c.y));
            auto thread = std::make_unique<Thread>();
            thread->kernel = &kernel->kernel;
            thread->core = &core;
            const auto args = kernel->args.find({c.x, c.y});
            if (args != kernel->args.end()) {
                thread->args = args->second;
            }
            if (kernel->kernel.processor == Processor::compute) {
                core.fidelity = kernel->fidelity;
                Dst& dst = core.dst;
                dst = {};
                dst.wide = kernel->wide;
                dst.sections = kernel->full_sync ? 1 : 2;
                dst.tiles = 16U >> ((kernel->wide ? 1 : 0) + (kernel->full_sync ? 0 : 1));
                dst.data.assign(size_t{dst.tiles} * dst.sections * tile_elements, 0);
                dst.tiles_state.assign(size_t{dst.tiles} * dst.sections, {});
            }
            m.threads.push_back(std::move(thread));
        }
    }
    for (const auto& kernel : program.kernels) {
        if (kernel->kernel.processor == Processor::compute) {
            continue;
        }
        for (const auto& other : program.kernels) {
            if (other != kernel && other->kernel.processor != Processor::compute &&
                other->kernel.noc == kernel->kernel.noc) {
                for (const CoreCoord& c : kernel->cores) {
                    if (std::find(other->cores.begin(), other->cores.end(), c) !=
                        other->cores.end()) {
                        refuse(text("both data movement kernels of core (%zu, %zu) use NoC %u",
                                    c.x, c.y, kernel->kernel.noc));
                    }
                }
            }
        }
    }
    run_threads();
}

uint8_t* page_at(const Buffer& buffer, uint32_t page) {
    Machine& m = machine();
    const auto [position, row] = buffer.place(page);
    const uint32_t bank = buffer.banks[position];
    uint8_t* start = buffer.dram ? m.banks[bank].data() : m.cores[bank]->l1;
    return start + buffer.address + uint64_t{row} * buffer.aligned_page;
}

}  // namespace

void upload(const Buffer& buffer, const void* data, size_t bytes) {
    if (bytes > buffer.size) {
        refuse(text("%zu bytes are written to '%s' of %lu bytes", bytes, buffer.label.c_str(),
                    static_cast<unsigned long>(buffer.size)));
    }
    const uint8_t* from = static_cast<const uint8_t*>(data);
    for (uint32_t page = 0; bytes != 0; ++page) {
        const size_t part = std::min<size_t>(bytes, buffer.page_bytes);
        std::memcpy(page_at(buffer, page), from, part);
        from += part;
        bytes -= part;
    }
}

void download(const Buffer& buffer, void* data, size_t bytes) {
    uint8_t* to = static_cast<uint8_t*>(data);
    for (uint32_t page = 0; bytes != 0; ++page) {
        const size_t part = std::min<size_t>(bytes, buffer.page_bytes);
        std::memcpy(to, page_at(buffer, page), part);
        to += part;
        bytes -= part;
    }
}

}  // namespace tt_native

namespace tt {

uint32_t tile_size(DataFormat format) { return tt_native::format_bytes(format, 1024); }

namespace tt_metal {

using namespace tt_native;

Program::Program() : state_(std::make_shared<ProgramState>()) {}
Program CreateProgram() { return Program(); }

CBHandle CreateCircularBuffer(
    Program& program, const CoreSpec& cores, const CircularBufferConfig& config) {
    auto& cbs = program.state().cbs;
    cbs.push_back({cores_of(cores), config.total_size(), config.formats(), config.page_sizes(),
                   config.buffer()});
    return cbs.size() - 1;
}

KernelHandle CreateKernel(
    Program& program,
    const std::string& path,
    const CoreSpec& cores,
    const std::variant<DataMovementConfig, ComputeConfig>& config) {
    auto state = std::make_unique<KernelState>();
    state->kernel.path = find_kernel(path);
    state->cores = cores_of(cores);
    std::vector<std::string> options;
    const auto common = [&](const auto& c) {
        std::string args;
        for (const uint32_t value : c.compile_args) {
            args += (args.empty() ? "" : ",") + std::to_string(value) + "u";
        }
        if (!args.empty()) {
            options.push_back("-DKERNEL_COMPILE_TIME_ARGS=" + args);
        }
        for (const auto& [name, value] : c.defines) {
            options.push_back("-D" + name + "=" + value);
        }
    };
    if (const auto* movement = std::get_if<DataMovementConfig>(&config)) {
        state->kernel.processor = movement->processor == DataMovementProcessor::RISCV_0
                                      ? Processor::riscv_0
                                      : Processor::riscv_1;
        state->kernel.noc = movement->noc;
        options.emplace_back("-DCOMPILE_FOR_DATAMOVEMENT");
        options.push_back("-DNOC_INDEX=" + std::to_string(movement->noc));
        common(*movement);
    } else {
        const auto& compute = std::get<ComputeConfig>(config);
        state->fidelity = std::max<uint8_t>(1, static_cast<uint8_t>(compute.math_fidelity));
        state->wide = compute.fp32_dest_acc_en;
        state->full_sync = compute.dst_full_sync_en;
        for (uint32_t i = 0; i < compute.unpack_to_dest_mode.size(); ++i) {
            if (compute.unpack_to_dest_mode[i] == UnpackToDestMode::UnpackToDestFp32) {
                state->unpack_to_dest.push_back(i);
            }
        }
        options.emplace_back("-DCOMPILE_FOR_COMPUTE");
        common(compute);
    }
    start_build(*state, options);
    auto& kernels = program.state().kernels;
    kernels.push_back(std::move(state));
    return static_cast<KernelHandle>(kernels.size() - 1);
}

uint32_t CreateSemaphore(
    Program& program, const std::variant<CoreRange, CoreRangeSet>& cores, uint32_t initial) {
    const CoreRangeSet set =
        std::visit([](const auto& value) { return CoreRangeSet(value); }, cores);
    auto& semaphores = program.state().semaphores;
    if (semaphores.size() == max_semaphores) {
        refuse(text("a program has at most %u semaphores", max_semaphores));
    }
    semaphores.push_back({cores_of(set), initial});
    return static_cast<uint32_t>(semaphores.size() - 1);
}

void SetRuntimeArgs(
    const Program& program,
    KernelHandle kernel,
    const CoreSpec& cores,
    const std::vector<uint32_t>& args) {
    if (args.size() > max_runtime_args) {
        refuse(text("%zu runtime arguments, at most %u", args.size(), max_runtime_args));
    }
    for (const CoreCoord& core : cores_of(cores)) {
        program.state().kernels.at(kernel)->args[{core.x, core.y}] = args;
    }
}

void SetCommonRuntimeArgs(
    const Program& program, KernelHandle kernel, const std::vector<uint32_t>& args) {
    program.state().kernels.at(kernel)->kernel.common_args = args;
}

uint32_t tt_metal::Buffer::address() const { return static_cast<uint32_t>(state_->address); }

std::tuple<uint32_t, CoreRangeSet, CoreRangeSet, CoreRangeSet, uint32_t, uint32_t>
split_work_to_cores(const CoreCoord& grid, uint32_t units, bool row_wise) {
    const uint32_t count = std::min(units, static_cast<uint32_t>(grid.x * grid.y));
    const uint32_t share = count == 0 ? 0 : units / count;
    const uint32_t extra = count == 0 ? 0 : units % count;
    std::vector<CoreRange> all, larger, smaller;
    for (uint32_t i = 0; i < count; ++i) {
        const CoreCoord core = row_wise ? CoreCoord(i % grid.x, i / grid.x)
                                        : CoreCoord(i / grid.y, i % grid.y);
        all.emplace_back(core);
        (extra == 0 || i < extra ? larger : smaller).emplace_back(core);
    }
    return {count, CoreRangeSet(all), CoreRangeSet(larger), CoreRangeSet(smaller),
            extra == 0 ? share : share + 1, extra == 0 ? 0 : share};
}

namespace distributed {

std::shared_ptr<MeshDevice> MeshDevice::create_unit_mesh(int) {
    open_machine(environment("ARCH_NAME", "wormhole"));
    return std::make_shared<MeshDevice>();
}

MeshCommandQueue& MeshDevice::mesh_command_queue() { return queue_; }

CoreCoord MeshDevice::compute_with_storage_grid_size() const {
    return {machine().arch->columns, machine().arch->rows};
}

CoreCoord MeshDevice::worker_core_from_logical_core(const CoreCoord& logical) const {
    return {logical.x + worker_origin, logical.y + worker_origin};
}

bool MeshDevice::close() { return true; }

std::shared_ptr<MeshBuffer> MeshBuffer::create(
    const ReplicatedBufferConfig& replicated, const DeviceLocalBufferConfig& local, MeshDevice*) {
    auto buffer = std::make_shared<MeshBuffer>();
    const std::optional<tt_native::Buffer> shards = shards_of(replicated, local);
    buffer->backing_ = std::make_shared<tt_metal::Buffer>(allocate(
        local.buffer_type == BufferType::DRAM, replicated.size,
        static_cast<uint32_t>(local.page_size), {}, shards.has_value() ? &*shards : nullptr));
    return buffer;
}

uint64_t MeshBuffer::address() const { return state().address; }
uint64_t MeshBuffer::size() const { return state().size; }
uint64_t MeshBuffer::page_size() const { return state().page_bytes; }

void EnqueueMeshWorkload(MeshCommandQueue&, MeshWorkload& workload, bool) {
    for (const Program& program : workload.programs()) {
        run_program(program.state());
    }
}

void Finish(MeshCommandQueue&) {}

}  // namespace distributed
}  // namespace tt_metal
}  // namespace tt
