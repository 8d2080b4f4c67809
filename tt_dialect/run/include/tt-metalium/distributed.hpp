// Follows tt_metal/api/tt-metalium/{distributed,mesh_device,mesh_buffer,mesh_workload}.hpp.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "tt-metalium/buffer_distribution_spec.hpp"
#include "tt-metalium/host_api.hpp"

namespace tt::tt_metal::distributed {

class MeshShape {};

class MeshCoordinate {
public:
    MeshCoordinate(uint32_t row, uint32_t column) {
        static_cast<void>(row);
        static_cast<void>(column);
    }
};

class MeshCoordinateRange {
public:
    explicit MeshCoordinateRange(const MeshShape& shape) { static_cast<void>(shape); }
};

class MeshCommandQueue {};

class MeshDevice {
public:
    static std::shared_ptr<MeshDevice> create_unit_mesh(int device_id);
    MeshCommandQueue& mesh_command_queue();
    CoreCoord compute_with_storage_grid_size() const;
    CoreCoord worker_core_from_logical_core(const CoreCoord& logical) const;
    const MeshShape& shape() const { return shape_; }
    bool close();

private:
    MeshShape shape_;
    MeshCommandQueue queue_;
};

struct DeviceLocalBufferConfig {
    uint64_t page_size = 0;
    BufferType buffer_type = BufferType::DRAM;
    BufferShardingArgs sharding_args = {};
    std::optional<bool> bottom_up = std::nullopt;
};

struct ReplicatedBufferConfig {
    uint64_t size = 0;
};

class MeshBuffer {
public:
    static std::shared_ptr<MeshBuffer> create(
        const ReplicatedBufferConfig& replicated,
        const DeviceLocalBufferConfig& local,
        MeshDevice* device);
    uint64_t address() const;
    uint64_t size() const;
    uint64_t page_size() const;
    Buffer* get_backing_buffer() const { return backing_.get(); }
    tt_native::Buffer& state() const { return backing_->state(); }

private:
    std::shared_ptr<Buffer> backing_;
};

class MeshWorkload {
public:
    void add_program(const MeshCoordinateRange& range, Program&& program) {
        static_cast<void>(range);
        programs_.push_back(std::move(program));
    }
    const std::vector<Program>& programs() const { return programs_; }

private:
    std::vector<Program> programs_;
};

inline void AddProgramToMeshWorkload(
    MeshWorkload& workload, Program&& program, const MeshCoordinateRange& range) {
    workload.add_program(range, std::move(program));
}

}  // namespace tt::tt_metal::distributed

namespace tt_native {

void upload(const Buffer& buffer, const void* data, size_t bytes);
void download(const Buffer& buffer, void* data, size_t bytes);

}  // namespace tt_native

namespace tt::tt_metal::distributed {

template <typename T>
void EnqueueWriteMeshBuffer(
    MeshCommandQueue& queue,
    const std::shared_ptr<MeshBuffer>& buffer,
    const std::vector<T>& data,
    bool blocking = false) {
    static_cast<void>(queue);
    static_cast<void>(blocking);
    tt_native::upload(buffer->state(), data.data(), data.size() * sizeof(T));
}

template <typename T>
void EnqueueReadMeshBuffer(
    MeshCommandQueue& queue,
    std::vector<T>& data,
    const std::shared_ptr<MeshBuffer>& buffer,
    bool blocking = true) {
    static_cast<void>(queue);
    static_cast<void>(blocking);
    data.resize(buffer->size() / sizeof(T));
    tt_native::download(buffer->state(), data.data(), data.size() * sizeof(T));
}

template <typename T>
void WriteShard(
    MeshCommandQueue& queue,
    const std::shared_ptr<MeshBuffer>& buffer,
    const std::vector<T>& data,
    const MeshCoordinate& coordinate,
    bool blocking = false) {
    static_cast<void>(coordinate);
    EnqueueWriteMeshBuffer(queue, buffer, data, blocking);
}

template <typename T>
void ReadShard(
    MeshCommandQueue& queue,
    std::vector<T>& data,
    const std::shared_ptr<MeshBuffer>& buffer,
    const MeshCoordinate& coordinate,
    bool blocking = true) {
    static_cast<void>(coordinate);
    EnqueueReadMeshBuffer(queue, data, buffer, blocking);
}

void EnqueueMeshWorkload(MeshCommandQueue& queue, MeshWorkload& workload, bool blocking);
void Finish(MeshCommandQueue& queue);

}  // namespace tt::tt_metal::distributed
