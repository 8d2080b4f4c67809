// Follows tt_metal/api/tt-metalium/{buffer_distribution_spec,buffer,buffer_types,shape}.hpp: how the
// pages of a buffer are cut into shards.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "tt-metalium/host_api.hpp"

namespace tt::tt_metal {

enum class TensorMemoryLayout { INTERLEAVED, HEIGHT_SHARDED, WIDTH_SHARDED, BLOCK_SHARDED, ND_SHARDED };
enum class ShardOrientation { ROW_MAJOR = 0, COL_MAJOR = 1 };

class Shape {
public:
    Shape(std::initializer_list<uint32_t> extents) : extents_(extents) {}
    explicit Shape(std::vector<uint32_t> extents) : extents_(std::move(extents)) {}
    size_t rank() const { return extents_.size(); }
    uint32_t operator[](size_t dim) const { return extents_.at(dim); }
    const std::vector<uint32_t>& view() const { return extents_; }

private:
    std::vector<uint32_t> extents_;
};

struct ShardSpec {
    CoreRangeSet grid;
    std::array<uint32_t, 2> shape;
    ShardOrientation orientation = ShardOrientation::ROW_MAJOR;
    ShardSpec(
        const CoreRangeSet& cores,
        const std::array<uint32_t, 2>& shard_shape,
        ShardOrientation shard_orientation = ShardOrientation::ROW_MAJOR)
        : grid(cores), shape(shard_shape), orientation(shard_orientation) {}
    uint32_t num_cores() const { return grid.num_cores(); }
};

struct ShardSpecBuffer {
    ShardSpec tensor_shard_spec;
    std::array<uint32_t, 2> page_shape{};
    std::array<uint32_t, 2> tensor2d_shape_in_pages{};
    ShardSpecBuffer(
        const ShardSpec& spec,
        const std::array<uint32_t, 2>& page,
        const std::array<uint32_t, 2>& tensor2d)
        : tensor_shard_spec(spec), page_shape(page), tensor2d_shape_in_pages(tensor2d) {}
    ShardSpecBuffer(
        const CoreRangeSet& cores,
        const std::array<uint32_t, 2>& shard_shape,
        ShardOrientation orientation,
        const std::array<uint32_t, 2>& page,
        const std::array<uint32_t, 2>& tensor2d)
        : ShardSpecBuffer(ShardSpec(cores, shard_shape, orientation), page, tensor2d) {}
};

// Shard s, numbered row-major, is on core s mod n of n.
class BufferDistributionSpec {
public:
    BufferDistributionSpec(
        const Shape& tensor_shape_in_pages,
        const Shape& shard_shape_in_pages,
        std::vector<CoreCoord> cores)
        : tensor_(tensor_shape_in_pages), shard_(shard_shape_in_pages), cores_(std::move(cores)) {}
    const Shape& tensor_shape_in_pages() const { return tensor_; }
    const Shape& shard_shape_in_pages() const { return shard_; }
    const std::vector<CoreCoord>& cores() const { return cores_; }

private:
    Shape tensor_;
    Shape shard_;
    std::vector<CoreCoord> cores_;
};

class BufferShardingArgs {
public:
    BufferShardingArgs() = default;
    BufferShardingArgs(std::nullopt_t) {}
    BufferShardingArgs(BufferDistributionSpec distribution)
        : distribution_(std::move(distribution)), layout_(TensorMemoryLayout::ND_SHARDED) {}
    BufferShardingArgs(std::optional<ShardSpecBuffer> spec, TensorMemoryLayout layout)
        : spec_(std::move(spec)), layout_(layout) {}
    BufferShardingArgs(
        std::optional<BufferDistributionSpec> distribution,
        std::optional<ShardSpecBuffer> spec,
        TensorMemoryLayout layout)
        : distribution_(std::move(distribution)), spec_(std::move(spec)), layout_(layout) {}
    const std::optional<BufferDistributionSpec>& buffer_distribution_spec() const {
        return distribution_;
    }
    const std::optional<ShardSpecBuffer>& shard_spec() const { return spec_; }
    TensorMemoryLayout buffer_layout() const { return layout_; }

private:
    std::optional<BufferDistributionSpec> distribution_;
    std::optional<ShardSpecBuffer> spec_;
    TensorMemoryLayout layout_ = TensorMemoryLayout::INTERLEAVED;
};

}  // namespace tt::tt_metal
