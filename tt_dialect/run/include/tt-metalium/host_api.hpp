// Follows tt_metal/api/tt-metalium/{host_api,kernel_types,circular_buffer_config,core_coord}.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "shared/types.h"
#include "tt-metalium/constants.hpp"
#include "tt_stl/assert.hpp"
#include "umd/device/types/xy_pair.hpp"

constexpr uint32_t NUM_CIRCULAR_BUFFERS = 64;

namespace tt_native {

struct ProgramState;
struct Buffer;

}  // namespace tt_native

namespace tt {

using std::uint32_t;

uint32_t tile_size(DataFormat format);

namespace tt_metal {

using CoreCoord = tt::umd::xy_pair;

struct CoreRange {
    CoreRange(const CoreCoord& core) : start_coord(core), end_coord(core) {}
    CoreRange(const CoreCoord& start, const CoreCoord& end) : start_coord(start), end_coord(end) {}
    bool contains(const CoreCoord& core) const {
        return core.x >= start_coord.x && core.x <= end_coord.x && core.y >= start_coord.y &&
               core.y <= end_coord.y;
    }
    CoreCoord start_coord;
    CoreCoord end_coord;

    // Goes over its cores, row by row.
    class Iterator {
    public:
        Iterator(const CoreRange& range, const CoreCoord& at) : range_(range), at_(at) {}
        const CoreCoord& operator*() const { return at_; }
        Iterator& operator++() {
            if (at_.x++ == range_.end_coord.x) {
                at_ = {range_.start_coord.x, at_.y + 1};
            }
            return *this;
        }
        bool operator!=(const Iterator& other) const { return at_ != other.at_; }

    private:
        const CoreRange& range_;
        CoreCoord at_;
    };
    Iterator begin() const { return {*this, start_coord}; }
    Iterator end() const { return {*this, {start_coord.x, end_coord.y + 1}}; }
};

class CoreRangeSet {
public:
    CoreRangeSet() = default;
    CoreRangeSet(const CoreRange& range) : ranges_{range} {}
    CoreRangeSet(const CoreCoord& core) : ranges_{CoreRange(core)} {}
    explicit CoreRangeSet(const std::vector<CoreRange>& ranges) : ranges_(ranges) {}
    bool contains(const CoreCoord& core) const {
        for (const CoreRange& range : ranges_) {
            if (range.contains(core)) {
                return true;
            }
        }
        return false;
    }
    const std::vector<CoreRange>& ranges() const { return ranges_; }
    uint32_t num_cores() const {
        size_t count = 0;
        for (const CoreRange& range : ranges_) {
            count += (range.end_coord.x - range.start_coord.x + 1) *
                     (range.end_coord.y - range.start_coord.y + 1);
        }
        return static_cast<uint32_t>(count);
    }

private:
    std::vector<CoreRange> ranges_;
};

enum class BufferType { DRAM, L1 };
enum class DataMovementProcessor { RISCV_0 = 0, RISCV_1 = 1 };
enum NOC : uint8_t { NOC_0 = 0, NOC_1 = 1, RISCV_0_default = NOC_0, RISCV_1_default = NOC_1 };
enum NOC_MODE : uint8_t { DM_DEDICATED_NOC = 0, DM_DYNAMIC_NOC = 1 };
enum class KernelBuildOptLevel : uint8_t { O1, O2, O3, O0, Os, Ofast, Oz };
enum class MathFidelity : uint8_t { LoFi = 0, HiFi2 = 2, HiFi3 = 3, HiFi4 = 4 };
enum class UnpackToDestMode : uint8_t { UnpackToDestFp32, Default };

struct DataMovementConfig {
    DataMovementProcessor processor = DataMovementProcessor::RISCV_0;
    NOC noc = NOC::RISCV_0_default;
    NOC_MODE noc_mode = NOC_MODE::DM_DEDICATED_NOC;
    std::vector<uint32_t> compile_args = {};
    std::map<std::string, std::string> defines = {};
    std::unordered_map<std::string, uint32_t> named_compile_args = {};
    KernelBuildOptLevel opt_level = KernelBuildOptLevel::O2;
};

struct ReaderDataMovementConfig : public DataMovementConfig {
    ReaderDataMovementConfig(
        std::vector<uint32_t> compile_args = {}, std::map<std::string, std::string> defines = {}) {
        this->processor = DataMovementProcessor::RISCV_1;
        this->noc = NOC::NOC_0;
        this->compile_args = std::move(compile_args);
        this->defines = std::move(defines);
    }
};

struct WriterDataMovementConfig : public DataMovementConfig {
    WriterDataMovementConfig(
        std::vector<uint32_t> compile_args = {}, std::map<std::string, std::string> defines = {}) {
        this->processor = DataMovementProcessor::RISCV_0;
        this->noc = NOC::NOC_1;
        this->compile_args = std::move(compile_args);
        this->defines = std::move(defines);
    }
};

struct ComputeConfig {
    MathFidelity math_fidelity = MathFidelity::HiFi4;
    bool fp32_dest_acc_en = false;
    bool dst_full_sync_en = false;
    std::vector<UnpackToDestMode> unpack_to_dest_mode = {};
    bool bfp8_pack_precise = false;
    bool math_approx_mode = false;
    std::vector<uint32_t> compile_args = {};
    std::map<std::string, std::string> defines = {};
    std::unordered_map<std::string, uint32_t> named_compile_args = {};
    KernelBuildOptLevel opt_level = KernelBuildOptLevel::O3;
};

class CircularBufferConfig {
public:
    CircularBufferConfig(uint32_t bytes, const std::map<uint8_t, DataFormat>& formats)
        : bytes_(bytes), formats_(formats) {}
    CircularBufferConfig& set_page_size(uint8_t index, uint32_t bytes) {
        page_sizes_[index] = bytes;
        return *this;
    }
    // Puts it on the memory of a sharded L1 buffer, each core's on its own shard.
    CircularBufferConfig& set_globally_allocated_address(const class Buffer& buffer);
    const std::shared_ptr<tt_native::Buffer>& buffer() const { return buffer_; }
    uint32_t total_size() const { return bytes_; }
    const std::map<uint8_t, DataFormat>& formats() const { return formats_; }
    const std::map<uint8_t, uint32_t>& page_sizes() const { return page_sizes_; }

private:
    uint32_t bytes_;
    std::map<uint8_t, DataFormat> formats_;
    std::map<uint8_t, uint32_t> page_sizes_;
    std::shared_ptr<tt_native::Buffer> buffer_;
};

// One device's share of a mesh buffer.
class Buffer {
public:
    explicit Buffer(std::shared_ptr<tt_native::Buffer> state) : state_(std::move(state)) {}
    uint32_t address() const;
    tt_native::Buffer& state() const { return *state_; }
    const std::shared_ptr<tt_native::Buffer>& shared_state() const { return state_; }

private:
    std::shared_ptr<tt_native::Buffer> state_;
};

inline CircularBufferConfig& CircularBufferConfig::set_globally_allocated_address(
    const Buffer& buffer) {
    buffer_ = buffer.shared_state();
    return *this;
}

class Program {
public:
    Program();
    tt_native::ProgramState& state() const { return *state_; }

private:
    std::shared_ptr<tt_native::ProgramState> state_;
};
using KernelHandle = uint32_t;
using CBHandle = uintptr_t;
using CoreSpec = std::variant<CoreCoord, CoreRange, CoreRangeSet>;

Program CreateProgram();
CBHandle CreateCircularBuffer(
    Program& program, const CoreSpec& cores, const CircularBufferConfig& config);
KernelHandle CreateKernel(
    Program& program,
    const std::string& path,
    const CoreSpec& cores,
    const std::variant<DataMovementConfig, ComputeConfig>& config);
uint32_t CreateSemaphore(
    Program& program, const std::variant<CoreRange, CoreRangeSet>& cores, uint32_t initial);
void SetRuntimeArgs(
    const Program& program,
    KernelHandle kernel,
    const CoreSpec& cores,
    const std::vector<uint32_t>& args);
void SetCommonRuntimeArgs(
    const Program& program, KernelHandle kernel, const std::vector<uint32_t>& args);

// The cores of a set, range by range.
std::vector<CoreCoord> corerange_to_cores(
    const CoreRangeSet& cores,
    std::optional<uint32_t> max_cores = std::nullopt,
    bool row_wise = false);

}  // namespace tt_metal
}  // namespace tt

// Names that upstream has in the global namespace or in `tt` as well.
using CoreCoord = tt::umd::xy_pair;
using tt::tt_metal::CoreRange;
using tt::tt_metal::CoreRangeSet;
using tt::tt_metal::corerange_to_cores;
using tt::tt_metal::MathFidelity;
