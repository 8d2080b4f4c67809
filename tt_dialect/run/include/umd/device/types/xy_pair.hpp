// Follows tt_metal/third_party/umd/device/api/umd/device/types/xy_pair.hpp.
#pragma once

#include <compare>
#include <cstddef>

namespace tt::umd {

struct xy_pair {
    constexpr xy_pair() = default;
    constexpr xy_pair(std::size_t x, std::size_t y) : x(x), y(y) {}
    auto operator<=>(const xy_pair&) const = default;
    std::size_t x = 0;
    std::size_t y = 0;
};

}  // namespace tt::umd

using tt_xy_pair = tt::umd::xy_pair;
