// Follows tt_metal/api/tt-metalium/{host_api,kernel_types,circular_buffer_config,core_coord}.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/types.h"

constexpr uint32_t NUM_CIRCULAR_BUFFERS = 64;

namespace tt {

uint32_t tile_size(DataFormat format);

namespace tt_metal {

struct CoreCoord {
    constexpr CoreCoord() = default;
    constexpr CoreCoord(size_t x, size_t y) : x(x), y(y) {}
    size_t x = 0;
    size_t y = 0;
};

struct CoreRange {
    CoreRange(const CoreCoord& start, const CoreCoord& end) : start_coord(start), end_coord(end) {}
    CoreCoord start_coord;
    CoreCoord end_coord;
};

class CoreRangeSet {
public:
    explicit CoreRangeSet(const std::vector<CoreRange>& ranges);
    bool contains(const CoreCoord& core) const;
};

enum class BufferType { DRAM, L1 };
enum class MathFidelity : uint8_t { LoFi = 0, HiFi2 = 2, HiFi3 = 3, HiFi4 = 4 };
enum class UnpackToDestMode : uint8_t { UnpackToDestFp32, Default };
enum class DataMovementProcessor { RISCV_0 = 0, RISCV_1 = 1 };
enum NOC : uint8_t { NOC_0 = 0, NOC_1 = 1, RISCV_0_default = NOC_0, RISCV_1_default = NOC_1 };

struct DataMovementConfig {
    DataMovementProcessor processor = DataMovementProcessor::RISCV_0;
    NOC noc = NOC::RISCV_0_default;
    std::vector<uint32_t> compile_args = {};
    std::map<std::string, std::string> defines = {};
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
};

class CircularBufferConfig {
public:
    CircularBufferConfig(uint32_t bytes, const std::map<uint8_t, DataFormat>& formats);
    CircularBufferConfig& set_page_size(uint8_t index, uint32_t bytes);
};

class Program {};
using KernelHandle = uint32_t;
using CBHandle = uintptr_t;

Program CreateProgram();
CBHandle CreateCircularBuffer(
    Program& program, const CoreRangeSet& cores, const CircularBufferConfig& config);
KernelHandle CreateKernel(
    Program& program,
    const std::string& path,
    const CoreRangeSet& cores,
    const DataMovementConfig& config);
KernelHandle CreateKernel(
    Program& program,
    const std::string& path,
    const CoreRangeSet& cores,
    const ComputeConfig& config);
uint32_t CreateSemaphore(Program& program, const CoreRangeSet& cores, uint32_t initial);
void SetRuntimeArgs(
    const Program& program,
    KernelHandle kernel,
    const CoreCoord& core,
    const std::vector<uint32_t>& args);

}  // namespace tt_metal
}  // namespace tt
