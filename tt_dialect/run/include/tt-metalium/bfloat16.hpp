// Follows tt_metal/api/tt-metalium/bfloat16.hpp @02406b25.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

class bfloat16 {
public:
    constexpr bfloat16() = default;
    constexpr bfloat16(float value) noexcept : bits_(round(std::bit_cast<uint32_t>(value))) {}
    constexpr operator float() const { return std::bit_cast<float>(uint32_t{bits_} << 16); }

private:
    static constexpr uint16_t round(uint32_t bits) {
        const bool nan = (bits & 0x7fffffff) > 0x7f800000;
        return nan ? 0x7fc0 : static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }

    uint16_t bits_ = 0;
};

// Two values in a word, the first one low.
inline uint32_t pack_two_bfloat16_into_uint32(const std::pair<bfloat16, bfloat16>& values) {
    return std::bit_cast<uint16_t>(values.first) |
           static_cast<uint32_t>(std::bit_cast<uint16_t>(values.second)) << 16;
}

inline std::vector<uint32_t> create_constant_vector_of_bfloat16(size_t bytes, float value) {
    return std::vector<uint32_t>(bytes / 4, pack_two_bfloat16_into_uint32({value, value}));
}

// Uniform in [offset, offset + max).
inline std::vector<uint32_t> create_random_vector_of_bfloat16(
    size_t bytes, float max, int seed, float offset = 0.0F) {
    std::mt19937 generator(static_cast<uint32_t>(seed));
    std::uniform_real_distribution<float> distribution(0.0F, max);
    std::vector<uint32_t> words(bytes / 4);
    for (uint32_t& word : words) {
        const bfloat16 first = distribution(generator) + offset;
        const bfloat16 second = distribution(generator) + offset;
        word = pack_two_bfloat16_into_uint32({first, second});
    }
    return words;
}
