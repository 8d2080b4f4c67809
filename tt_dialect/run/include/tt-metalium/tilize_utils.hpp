// Follows tt_metal/api/tt-metalium/tilize_utils.hpp.
#pragma once

#include <cstdint>
#include <vector>

template <typename T>
std::vector<T> tilize_nfaces(const std::vector<T>& input, uint32_t rows, uint32_t cols);
template <typename T>
std::vector<T> untilize_nfaces(const std::vector<T>& input, uint32_t rows, uint32_t cols);
