// Follows tt_metal/api/tt-metalium/tensor_accessor_args.hpp.
#pragma once

#include <memory>
#include <vector>

#include "tt-metalium/distributed.hpp"

namespace tt::tt_metal {

class TensorAccessorArgs {
public:
    explicit TensorAccessorArgs(const Buffer& buffer);
    explicit TensorAccessorArgs(const distributed::MeshBuffer& buffer)
        : TensorAccessorArgs(*buffer.get_backing_buffer()) {}
    explicit TensorAccessorArgs(const std::shared_ptr<distributed::MeshBuffer>& buffer)
        : TensorAccessorArgs(*buffer) {}
    void append_to(std::vector<uint32_t>& compile_time_args) const {
        compile_time_args.insert(compile_time_args.end(), words_.begin(), words_.end());
    }

private:
    std::vector<uint32_t> words_;
};

}  // namespace tt::tt_metal
