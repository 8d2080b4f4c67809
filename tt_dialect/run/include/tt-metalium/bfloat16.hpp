// Follows tt_metal/api/tt-metalium/bfloat16.hpp @02406b25.
#pragma once

#include <bit>
#include <cstdint>

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
