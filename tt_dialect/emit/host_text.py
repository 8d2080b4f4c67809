"""What every host program says: its helpers, and the names it uses for itself."""

from __future__ import annotations

HOST_RESERVED = """Axis BLOCK_SHARDED Buffer BufferDistributionSpec BufferShardingArgs BufferType
    CBIndex CircularBufferConfig ComputeConfig CoreCoord CoreRange CoreRangeSet
    CreateCircularBuffer CreateKernel CreateProgram CreateSemaphore DRAM DataFormat
    DataMovementConfig DataMovementProcessor Default DeviceLocalBufferConfig EnqueueMeshWorkload
    EnqueueReadMeshBuffer EnqueueWriteMeshBuffer Float16 Float16_b Float32 HEIGHT_SHARDED HiFi2
    HiFi3 HiFi4 KERNEL_DIR KernelHandle L1 LoFi MathFidelity MeshBuffer MeshCommandQueue
    MeshCoordinateRange MeshDevice MeshWorkload NOC NOC_0 NOC_1 NUM_CIRCULAR_BUFFERS PADDING
    Program RISCV_0 RISCV_1 ROW_MAJOR ReplicatedBufferConfig SIZE_MAX SetRuntimeArgs Shape
    ShardOrientation ShardSpecBuffer T TensorAccessorArgs TensorMemoryLayout UnpackToDestFp32
    UnpackToDestMode WIDTH_SHARDED Work abs add_program address append_to args axes back begin
    bit_cast buffer buffer_type c_0 c_1 c_16 c_17 c_2 c_3 close col cols column compare
    compile_args compute compute_config compute_with_storage_grid_size config corerange_to_cores
    cores cores_ranges count create create_buffer create_cb create_local_cb
    create_sharded_buffer create_unit_mesh data device difference distributed distribution
    download dst_full_sync_en end end_coord error expected extent format fp32_dest_acc_en
    fprintf gather generator get_backing_buffer grid index inside isfinite isnan limit local
    main math_fidelity max mesh mesh_command_queue move mt19937 name next noc nullopt ok
    page_bytes page_size pages place places printf processor program push_back queue random_tensor
    range reader reader_args reader_config reference replicated result row rows scale scatter
    set_globally_allocated_address set_page_size shape sharding sharding_args shared_ptr size
    stacked start start_coord start_id starts stride tile tile_size tiled tiles tilize_nfaces
    total type uniform_real_distribution unpack_modes unpack_to_dest_mode untilize_nfaces upload
    value values vector work workload writer writer_args writer_config x y""".split()
"""Names the host program uses for itself; a test holds the list against what is printed."""

HEADERS = """\
#include <tt-metalium/bfloat16.hpp>
#include <tt-metalium/distributed.hpp>
#include <tt-metalium/host_api.hpp>
#include <tt-metalium/tensor_accessor_args.hpp>
#include <tt-metalium/tilize_utils.hpp>
"""

BUFFER = """\
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
"""

CREATE_CB = """\
// A circular buffer of `pages` tiles on every core of a set.
void create_cb(
    Program& program, const CoreRangeSet& cores, CBIndex index, DataFormat format, uint32_t pages) {
    const uint32_t page_bytes = tile_size(format);
    CircularBufferConfig config(pages * page_bytes, {{index, format}});
    config.set_page_size(index, page_bytes);
    CreateCircularBuffer(program, cores, config);
}
"""

CREATE_LOCAL_CB = """\
// A circular buffer of `pages` tiles on the shard that each core of a set has of a buffer.
void create_local_cb(
    Program& program,
    const CoreRangeSet& cores,
    CBIndex index,
    DataFormat format,
    uint32_t pages,
    const Buffer& buffer) {
    const uint32_t page_bytes = tile_size(format);
    CircularBufferConfig config(pages * page_bytes, {{index, format}});
    config.set_page_size(index, page_bytes);
    config.set_globally_allocated_address(buffer);
    CreateCircularBuffer(program, cores, config);
}
"""

TRANSFERS = """\
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
"""

PLACES = """\
// A dimension of a tensor: its extent, and how far apart its elements are.
struct Axis {
    size_t extent;
    size_t stride;
};

constexpr size_t PADDING = SIZE_MAX;

// A tensor's tiles lie on matrices, the last two axes (of a vector, one axis has one element).
// Gives the place in the tensor of each element of the matrices, padded to whole tiles and stacked.
std::vector<size_t> places(const std::vector<Axis>& axes) {
    std::vector<size_t> starts = {0};
    for (size_t i = 0; i + 2 < axes.size(); ++i) {
        std::vector<size_t> next;
        for (const size_t start : starts) {
            for (size_t index = 0; index < axes[i].extent; ++index) {
                next.push_back(start + index * axes[i].stride);
            }
        }
        starts = std::move(next);
    }
    const Axis rows = axes[axes.size() - 2];
    const Axis cols = axes.back();
    std::vector<size_t> result;
    for (const size_t start : starts) {
        for (size_t row = 0; row < (rows.extent + 31) / 32 * 32; ++row) {
            for (size_t col = 0; col < (cols.extent + 31) / 32 * 32; ++col) {
                const bool inside = row < rows.extent && col < cols.extent;
                result.push_back(inside ? start + row * rows.stride + col * cols.stride : PADDING);
            }
        }
    }
    return result;
}
"""
"""For tensors that are not matrices of whole tiles as they lie in memory."""

GATHER = """\
// The elements of a tensor at these places, zero for padding.
std::vector<float> gather(const std::vector<float>& values, const std::vector<size_t>& places) {
    std::vector<float> stacked(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
        stacked[i] = places[i] == PADDING ? 0.0f : values[places[i]];
    }
    return stacked;
}
"""

SCATTER = """\
// The tensor with these elements at these places.
std::vector<float> scatter(
    const std::vector<float>& stacked, const std::vector<size_t>& places, size_t size) {
    std::vector<float> values(size);
    for (size_t i = 0; i < places.size(); ++i) {
        if (places[i] != PADDING) {
            values[places[i]] = stacked[i];
        }
    }
    return values;
}
"""

COMPARE = """\
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
        "%s: max|err|/max|ref| = %.3g, limit %.3g: %s\\n", name, error, limit, ok ? "ok" : "WRONG");
    return ok;
}
"""
