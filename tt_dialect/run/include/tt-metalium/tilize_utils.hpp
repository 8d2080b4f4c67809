// Follows tt_metal/api/tt-metalium/tilize_utils.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tt_native {

// Calls visit(row-major index, tiled index): 32x32 tiles in row-major order, each of four 16x16
// faces in row-major order.
template <typename Visit>
void each_tiled(uint32_t rows, uint32_t cols, Visit visit) {
    size_t tiled = 0;
    for (uint32_t tile_row = 0; tile_row < rows; tile_row += 32) {
        for (uint32_t tile_col = 0; tile_col < cols; tile_col += 32) {
            for (uint32_t face = 0; face < 4; ++face) {
                for (uint32_t r = 0; r < 16; ++r) {
                    for (uint32_t c = 0; c < 16; ++c) {
                        const size_t row = tile_row + face / 2 * 16 + r;
                        visit(row * cols + tile_col + face % 2 * 16 + c, tiled++);
                    }
                }
            }
        }
    }
}

}  // namespace tt_native

template <typename T>
std::vector<T> tilize_nfaces(const std::vector<T>& input, uint32_t rows, uint32_t cols) {
    std::vector<T> output(input.size());
    const size_t matrix = size_t{rows} * cols;
    for (size_t first = 0; first + matrix <= input.size(); first += matrix) {
        tt_native::each_tiled(rows, cols, [&](size_t plain, size_t tiled) {
            output[first + tiled] = input[first + plain];
        });
    }
    return output;
}

template <typename T>
std::vector<T> untilize_nfaces(const std::vector<T>& input, uint32_t rows, uint32_t cols) {
    std::vector<T> output(input.size());
    const size_t matrix = size_t{rows} * cols;
    for (size_t first = 0; first + matrix <= input.size(); first += matrix) {
        tt_native::each_tiled(rows, cols, [&](size_t plain, size_t tiled) {
            output[first + plain] = input[first + tiled];
        });
    }
    return output;
}
