// gemm: host program for wormhole, TT-Metalium API v1; from gemm_metalium.mlir

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <tt-metalium/bfloat16.hpp>
#include <tt-metalium/distributed.hpp>
#include <tt-metalium/host_api.hpp>
#include <tt-metalium/tensor_accessor_args.hpp>
#include <tt-metalium/tilize_utils.hpp>

using namespace tt;
using namespace tt::tt_metal;

#ifndef KERNEL_DIR
#define KERNEL_DIR "kernels"
#endif

namespace {

// A DRAM or L1 buffer of tiles, one page each.
std::shared_ptr<distributed::MeshBuffer> create_buffer(
    distributed::MeshDevice& device, BufferType type, DataFormat format, uint32_t tiles) {
    const uint32_t page_bytes = tile_size(format);
    const distributed::DeviceLocalBufferConfig local{
        .page_size = page_bytes,
        .buffer_type = type,
    };
    const distributed::ReplicatedBufferConfig replicated{.size = uint64_t{tiles} * page_bytes};
    return distributed::MeshBuffer::create(replicated, local, &device);
}

// A circular buffer of `pages` tiles on every core of a set.
void create_cb(
    Program& program, const CoreRangeSet& cores, CBIndex index, DataFormat format, uint32_t pages) {
    const uint32_t page_bytes = tile_size(format);
    CircularBufferConfig config(pages * page_bytes, {{index, format}});
    config.set_page_size(index, page_bytes);
    CreateCircularBuffer(program, cores, config);
}

// Uniform values in [-1, 1), rounded to the format the device sees.
template <typename T>
std::vector<float> random_tensor(size_t size, std::mt19937& generator) {
    std::uniform_real_distribution<float> distribution(-1.0f, 1.0f);
    std::vector<float> values(size);
    for (float& value : values) {
        value = static_cast<float>(static_cast<T>(distribution(generator)));
    }
    return values;
}

// Cuts a row-major tensor into tiles and writes it in the format of the device.
template <typename T>
void upload(
    distributed::MeshCommandQueue& queue,
    std::shared_ptr<distributed::MeshBuffer>& buffer,
    const std::vector<float>& values,
    uint32_t rows,
    uint32_t cols) {
    const std::vector<float> tiled = tilize_nfaces(values, rows, cols);
    std::vector<T> data(tiled.begin(), tiled.end());
    distributed::EnqueueWriteMeshBuffer(queue, buffer, data, true);
}

// Reads a tensor of tiles back into row-major order.
template <typename T>
std::vector<float> download(
    distributed::MeshCommandQueue& queue,
    std::shared_ptr<distributed::MeshBuffer>& buffer,
    uint32_t rows,
    uint32_t cols) {
    std::vector<T> data(size_t{rows} * cols);
    distributed::EnqueueReadMeshBuffer(queue, data, buffer, true);
    return untilize_nfaces(std::vector<float>(data.begin(), data.end()), rows, cols);
}

// Prints max|error| / max|reference| of what is finite and whether it is within the limit;
// infinities and NaN must be where the reference has them.
bool compare(
    const char* name,
    const std::vector<float>& values,
    const std::vector<float>& reference,
    double limit) {
    double scale = 0;
    double error = 0;
    for (size_t i = 0; i < reference.size(); ++i) {
        const double value = values[i];
        const double expected = reference[i];
        scale = std::isfinite(expected) ? std::max(scale, std::abs(expected)) : scale;
        if (value == expected || (std::isnan(value) && std::isnan(expected))) {
            continue;
        }
        const double difference = std::abs(value - expected);
        error = std::isnan(difference) ? difference : std::max(error, difference);
    }
    error = scale > 0 ? error / scale : error;
    const bool ok = error <= limit;
    std::printf(
        "%s: max|err|/max|ref| = %.3g, limit %.3g: %s\n", name, error, limit, ok ? "ok" : "WRONG");
    return ok;
}

// The kernel as plain loops over floats, to compare the device with.
// NOLINTBEGIN(bugprone-easily-swappable-parameters)
void gemm_reference(
    const std::vector<float>& A, const std::vector<float>& B, std::vector<float>& C) {
    // gemm.py:31
    for (int64_t bx = 0; bx < 8; ++bx) {
        for (int64_t by = 0; by < 8; ++by) {
            // gemm.py:32
            std::vector<float> A_shared(4096);

            // gemm.py:33
            std::vector<float> B_shared(4096);

            // gemm.py:34
            std::vector<float> C_local(16384);

            // gemm.py:36
            for (int64_t i = 0; i < 128; ++i) {
                for (int64_t j = 0; j < 128; ++j) {
                    C_local[i * 128 + j] = 0.0f;
                }
            }

            // gemm.py:37
            for (int64_t ko = 0; ko < 32; ++ko) {
                // gemm.py:38
                const int64_t n = ko * 32;
                for (int64_t i = 0; i < 128; ++i) {
                    for (int64_t j = 0; j < 32; ++j) {
                        A_shared[i * 32 + j] = A[(by * 128 + i) * 1024 + n + j];
                    }
                }

                // gemm.py:39
                for (int64_t i = 0; i < 32; ++i) {
                    for (int64_t j = 0; j < 128; ++j) {
                        B_shared[i * 128 + j] = B[(n + i) * 1024 + bx * 128 + j];
                    }
                }

                // gemm.py:40
                for (int64_t i = 0; i < 128; ++i) {
                    for (int64_t k = 0; k < 32; ++k) {
                        for (int64_t j = 0; j < 128; ++j) {
                            C_local[i * 128 + j] += A_shared[i * 32 + k] * B_shared[k * 128 + j];
                        }
                    }
                }
            }

            // gemm.py:42
            for (int64_t i = 0; i < 128; ++i) {
                for (int64_t j = 0; j < 128; ++j) {
                    C[(by * 128 + i) * 1024 + bx * 128 + j] =
                        static_cast<float>(static_cast<bfloat16>(C_local[i * 128 + j]));
                }
            }
        }
    }
}
// NOLINTEND(bugprone-easily-swappable-parameters)

}  // namespace

int main() {
    const auto device = distributed::MeshDevice::create_unit_mesh(0);
    const CoreCoord grid = device->compute_with_storage_grid_size();
    if (grid.x < 8 || grid.y < 8) {
        std::fprintf(stderr, "needs 8x8 cores, this device has %zux%zu\n", grid.x, grid.y);
        return 2;
    }
    distributed::MeshCommandQueue& queue = device->mesh_command_queue();
    Program program = CreateProgram();

    // Tensors: interleaved pages of one tile.
    auto A_buffer = create_buffer(*device, BufferType::DRAM, DataFormat::Float16_b, 1024);
    auto B_buffer = create_buffer(*device, BufferType::DRAM, DataFormat::Float16_b, 1024);
    auto C_buffer = create_buffer(*device, BufferType::DRAM, DataFormat::Float16_b, 1024);

    // Cores with work; ranges are inclusive here.
    const std::vector<CoreRange> cores_ranges = {
        CoreRange({0, 0}, {7, 7}),
    };
    const CoreRangeSet cores(cores_ranges);

    // Circular buffers of each core.
    // A_shared: 3 blocks of 4x1 tiles
    create_cb(program, cores, CBIndex::c_0, DataFormat::Float16_b, 12);
    // B_shared: 3 blocks of 1x4 tiles
    create_cb(program, cores, CBIndex::c_1, DataFormat::Float16_b, 12);
    // C_local: 1 block of 4x4 tiles
    create_cb(program, cores, CBIndex::c_24, DataFormat::Float32, 16);
    // C_out: 2 blocks of 4x4 tiles
    create_cb(program, cores, CBIndex::c_16, DataFormat::Float16_b, 32);

    std::vector<uint32_t> reader_args;
    TensorAccessorArgs(*A_buffer).append_to(reader_args);
    TensorAccessorArgs(*B_buffer).append_to(reader_args);
    const DataMovementConfig reader_config{
        .processor = DataMovementProcessor::RISCV_1,
        .noc = NOC::NOC_0,
        .compile_args = reader_args,
    };
    const KernelHandle reader =
        CreateKernel(program, KERNEL_DIR "/reader.cpp", cores, reader_config);

    // fp32 pages go straight to DST, past the 19-bit SrcA.
    std::vector<UnpackToDestMode> unpack_modes(NUM_CIRCULAR_BUFFERS, UnpackToDestMode::Default);
    unpack_modes[CBIndex::c_24] = UnpackToDestMode::UnpackToDestFp32;
    const ComputeConfig compute_config{
        .math_fidelity = MathFidelity::HiFi4,
        .fp32_dest_acc_en = true,
        .dst_full_sync_en = false,
        .unpack_to_dest_mode = unpack_modes,
    };
    const KernelHandle compute =
        CreateKernel(program, KERNEL_DIR "/compute.cpp", cores, compute_config);

    std::vector<uint32_t> writer_args;
    TensorAccessorArgs(*C_buffer).append_to(writer_args);
    const DataMovementConfig writer_config{
        .processor = DataMovementProcessor::RISCV_0,
        .noc = NOC::NOC_1,
        .compile_args = writer_args,
    };
    const KernelHandle writer =
        CreateKernel(program, KERNEL_DIR "/writer.cpp", cores, writer_config);

    // Runtime arguments, the same for every kernel of a core; work ids are dealt out in this order.
    constexpr uint32_t Mt = 32;
    constexpr uint32_t Kt = 32;
    constexpr uint32_t Nt = 32;
    struct Work {
        CoreRange cores;
        uint32_t count;
    };
    const std::vector<Work> work = {
        {CoreRange({0, 0}, {7, 7}), 1},
    };
    uint32_t start_id = 0;
    for (const auto& [range, count] : work) {
        for (size_t y = range.start_coord.y; y <= range.end_coord.y; ++y) {
            for (size_t x = range.start_coord.x; x <= range.end_coord.x; ++x) {
                const std::vector<uint32_t> args = {
                    static_cast<uint32_t>(A_buffer->address()),
                    static_cast<uint32_t>(B_buffer->address()),
                    static_cast<uint32_t>(C_buffer->address()),
                    start_id,
                    count,
                    Mt,
                    Kt,
                    Nt,
                };
                SetRuntimeArgs(program, reader, CoreCoord(x, y), args);
                SetRuntimeArgs(program, compute, CoreCoord(x, y), args);
                SetRuntimeArgs(program, writer, CoreCoord(x, y), args);
                start_id += count;
            }
        }
    }

    std::printf("gemm: wormhole, HiFi4, 32-bit DST\n");
    std::printf("  8x8 blocks of 4x4 tiles on 64 cores (global)\n");
    std::printf("  circular buffers: 180224 bytes of L1 per core\n");
    std::printf("  A: in, 1024x1024 Float16_b, DRAM interleaved\n");
    std::printf("  B: in, 1024x1024 Float16_b, DRAM interleaved\n");
    std::printf("  C: out, 1024x1024 Float16_b, DRAM interleaved\n");

    // Inputs, upload, run, download.
    std::mt19937 generator(42);
    const std::vector<float> A = random_tensor<bfloat16>(1048576, generator);
    const std::vector<float> B = random_tensor<bfloat16>(1048576, generator);
    upload<bfloat16>(queue, A_buffer, A, 1024, 1024);
    upload<bfloat16>(queue, B_buffer, B, 1024, 1024);
    upload<bfloat16>(queue, C_buffer, std::vector<float>(1048576), 1024, 1024);
    distributed::MeshWorkload workload;
    workload.add_program(distributed::MeshCoordinateRange(device->shape()), std::move(program));
    distributed::EnqueueMeshWorkload(queue, workload, true);
    const std::vector<float> C_device = download<bfloat16>(queue, C_buffer, 1024, 1024);
    device->close();

    // Comparison with the plain loops.
    std::vector<float> C_expected(1048576);
    gemm_reference(A, B, C_expected);
    bool ok = true;
    ok &= compare("C", C_device, C_expected, 1.0 / 128);
    return ok ? 0 : 1;
}
