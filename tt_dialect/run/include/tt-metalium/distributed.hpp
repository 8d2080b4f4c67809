// Follows tt_metal/api/tt-metalium/{distributed,mesh_device,mesh_buffer,mesh_workload}.hpp.
#pragma once

#include <memory>
#include <vector>

#include "tt-metalium/host_api.hpp"

namespace tt::tt_metal::distributed {

struct MeshShape {};

struct MeshCoordinateRange {
    explicit MeshCoordinateRange(const MeshShape& shape);
};

class MeshCommandQueue {};

class MeshDevice {
public:
    static std::shared_ptr<MeshDevice> create_unit_mesh(int device_id);
    MeshCommandQueue& mesh_command_queue();
    CoreCoord compute_with_storage_grid_size() const;
    const MeshShape& shape() const;
    bool close();
};

struct DeviceLocalBufferConfig {
    uint64_t page_size = 0;
    BufferType buffer_type = BufferType::DRAM;
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
};

class MeshWorkload {
public:
    void add_program(const MeshCoordinateRange& range, Program&& program);
};

template <typename T>
void EnqueueWriteMeshBuffer(
    MeshCommandQueue& queue,
    std::shared_ptr<MeshBuffer>& buffer,
    std::vector<T>& data,
    bool blocking = false);
template <typename T>
void EnqueueReadMeshBuffer(
    MeshCommandQueue& queue,
    std::vector<T>& data,
    std::shared_ptr<MeshBuffer>& buffer,
    bool blocking = true);
void EnqueueMeshWorkload(MeshCommandQueue& queue, MeshWorkload& workload, bool blocking);

}  // namespace tt::tt_metal::distributed
