// Buffers in shards: what the host says of them, and what their accessors are told.
#include "machine.h"
#include "tt-metalium/distributed.hpp"
#include "tt-metalium/tensor_accessor_args.hpp"

namespace tt::tt_metal {

using namespace tt_native;

TensorAccessorArgs::TensorAccessorArgs(const tt_metal::Buffer& given) {
    const tt_native::Buffer& buffer = given.state();
    words_ = {(buffer.dram ? 2U : 0U) | (buffer.sharded() ? 1U : 0U), buffer.aligned_page};
    if (!buffer.sharded()) {
        return;
    }
    const size_t rank = buffer.shard_shape.size(), count = buffer.banks.size();
    words_.push_back(static_cast<uint32_t>(rank));
    words_.push_back(static_cast<uint32_t>(count));
    words_.insert(words_.end(), buffer.tensor_shape.begin(), buffer.tensor_shape.end());
    words_.insert(words_.end(), buffer.shard_shape.begin(), buffer.shard_shape.end());
    const auto coordinates = [&](size_t i) -> uint32_t {
        if (i >= count) {
            return 0;
        }
        if (buffer.dram) {
            return buffer.banks[i] << 8;
        }
        const Core& core = *machine().cores[buffer.banks[i]];
        return (worker_origin + core.x) << 8 | (worker_origin + core.y);
    };
    for (size_t i = 0; i < count; i += 2) {
        words_.push_back(coordinates(i + 1) << 16 | coordinates(i));
    }
}

std::vector<CoreCoord> corerange_to_cores(
    const CoreRangeSet& cores, std::optional<uint32_t> max_cores, bool row_wise) {
    std::vector<CoreCoord> all;
    for (const CoreRange& range : cores.ranges()) {
        const size_t width = range.end_coord.x - range.start_coord.x + 1;
        const size_t height = range.end_coord.y - range.start_coord.y + 1;
        for (size_t i = 0; i < width * height; ++i) {
            all.emplace_back(range.start_coord.x + (row_wise ? i % width : i / height),
                             range.start_coord.y + (row_wise ? i / width : i % height));
        }
    }
    if (max_cores.has_value() && all.size() > *max_cores) {
        all.resize(*max_cores);
    }
    return all;
}

}  // namespace tt::tt_metal

namespace tt_native {

using namespace tt::tt_metal;

namespace {

// Banks and extents of a sharded buffer.
tt_native::Buffer cut(const BufferDistributionSpec& spec, bool dram) {
    const Machine& m = machine();
    tt_native::Buffer found;
    found.tensor_shape = spec.tensor_shape_in_pages().view();
    found.shard_shape = spec.shard_shape_in_pages().view();
    const size_t rank = found.shard_shape.size();
    if (rank == 0 || rank > 8 || rank != found.tensor_shape.size()) {
        refuse(text("shards of rank %zu of a tensor of rank %zu, at most 8", rank,
                    found.tensor_shape.size()));
    }
    for (size_t dim = 0; dim < rank; ++dim) {
        if (found.shard_shape[dim] == 0 || found.tensor_shape[dim] == 0) {
            refuse("a shard of 0 pages");
        }
    }
    for (const CoreCoord& c : spec.cores()) {
        if (dram ? c.y != 0 || c.x >= m.arch->dram_banks
                 : c.x >= m.arch->columns || c.y >= m.arch->rows) {
            refuse(text("(%zu, %zu) is no %s of this device", c.x, c.y, dram ? "DRAM bank" : "core"));
        }
        found.banks.push_back(static_cast<uint32_t>(dram ? c.x : c.y * m.arch->columns + c.x));
    }
    if (found.banks.empty()) {
        refuse("a sharded buffer without cores");
    }
    return found;
}

// What both say about a buffer must agree.
void check_shard_spec(const BufferDistributionSpec& spec, const ShardSpecBuffer& legacy) {
    const auto& tensor = spec.tensor_shape_in_pages().view();
    const auto& shard = spec.shard_shape_in_pages().view();
    const auto& tensor2d = legacy.tensor2d_shape_in_pages;
    uint32_t outer = 1;
    for (size_t dim = 0; dim + 1 < tensor.size(); ++dim) {
        outer *= tensor[dim];
    }
    const auto& extents = legacy.tensor_shard_spec.shape;
    if (tensor2d[0] != outer || tensor2d[1] != tensor.back() ||
        (tensor.size() == 2 && (extents[0] != shard[0] * legacy.page_shape[0] ||
                                extents[1] != shard[1] * legacy.page_shape[1])) ||
        corerange_to_cores(legacy.tensor_shard_spec.grid, std::nullopt, true) != spec.cores()) {
        refuse("the shard spec and the distribution of a buffer disagree");
    }
}

}  // namespace

std::optional<tt_native::Buffer> shards_of(
    const distributed::ReplicatedBufferConfig& replicated,
    const distributed::DeviceLocalBufferConfig& local) {
    if (local.sharding_args.buffer_layout() == TensorMemoryLayout::INTERLEAVED) {
        return std::nullopt;
    }
    const auto& spec = local.sharding_args.buffer_distribution_spec();
    if (!spec.has_value()) {
        refuse("a sharded buffer without a BufferDistributionSpec has no accessor arguments");
    }
    const auto& legacy = local.sharding_args.shard_spec();
    if (legacy.has_value()) {
        check_shard_spec(*spec, *legacy);
    }
    std::optional<tt_native::Buffer> shards = cut(*spec, local.buffer_type == BufferType::DRAM);
    uint64_t pages = 1;
    for (const uint32_t extent : shards->tensor_shape) {
        pages *= extent;
    }
    if (pages * local.page_size != replicated.size) {
        refuse(text("a buffer of %lu bytes with a distribution of %lu pages",
                    static_cast<unsigned long>(replicated.size),
                    static_cast<unsigned long>(pages)));
    }
    return shards;
}

}  // namespace tt_native
