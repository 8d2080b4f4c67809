// Follows tt_metal/api/tt-metalium/tensor_accessor_args.hpp.
#pragma once

#include <vector>

#include "tt-metalium/distributed.hpp"

namespace tt::tt_metal {

class TensorAccessorArgs {
public:
    explicit TensorAccessorArgs(const distributed::MeshBuffer& buffer);
    void append_to(std::vector<uint32_t>& compile_time_args) const;
};

}  // namespace tt::tt_metal
