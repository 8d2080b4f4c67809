// Numbers and tiles. The arithmetic is that of tt_dialect/run/numerics.py: operands reduced to the
// bits the multiplier sees, float64 inside one operation, one rounding to the format of DST, one at
// pack.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "machine.h"

namespace tt_native {

using tt::DataFormat;

// ---- formats ----

inline float bf16_from_float(float value) {
    if (std::isnan(value)) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    uint32_t bits = std::bit_cast<uint32_t>(value);
    bits += 0x7fff + (bits >> 16 & 1);
    return std::bit_cast<float>(bits & 0xffff0000U);
}

inline float bf16_from_double(double value) {
    if (std::isnan(value)) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    if (std::abs(value) < 0x1p-126) {  // spacing 2**-133
        constexpr double shift = 1.5 * 0x1p-81;
        return static_cast<float>(std::copysign((value + shift) - shift, value));
    }
    uint64_t bits = std::bit_cast<uint64_t>(value);
    bits += (uint64_t{1} << 44) - 1 + (bits >> 45 & 1);
    bits &= ~uint64_t{0} << 45;
    return static_cast<float>(std::bit_cast<double>(bits));
}

inline uint16_t fp16_bits(double value) {
    const uint64_t bits = std::bit_cast<uint64_t>(value);
    const auto sign = static_cast<uint16_t>(bits >> 48 & 0x8000);
    if (std::isnan(value)) {
        return sign | 0x7e00;
    }
    const double magnitude = std::abs(value);
    if (magnitude >= 65520.0) {
        return sign | 0x7c00;
    }
    // Adding and subtracting a power of two rounds to a multiple of the spacing.
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    exponent = magnitude < 0x1p-14 ? -14 : exponent - 1;  // subnormals, and zero
    const double shift = std::ldexp(1.5, exponent - 10 + 52);
    const double rounded = (magnitude + shift) - shift;
    const auto steps = static_cast<uint32_t>(std::ldexp(rounded, 10 - exponent));
    return sign | static_cast<uint16_t>((static_cast<uint32_t>(exponent + 14) << 10) + steps);
}

inline float fp16_value(uint16_t bits) {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
    const uint32_t exponent = bits >> 10 & 31;
    const uint32_t mantissa = bits & 0x3ff;
    if (exponent == 31) {
        return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
    }
    if (exponent == 0) {
        const float value = static_cast<float>(mantissa) * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

inline float round_double(double value, DataFormat format) {
    switch (format) {
        case DataFormat::Float32: return static_cast<float>(value);
        case DataFormat::Float16: return fp16_value(fp16_bits(value));
        default: return bf16_from_double(value);
    }
}

// A NaN stays one, whatever bits it consists of.
inline float keep_mantissa(float value, int bits) {
    const uint32_t kept = std::bit_cast<uint32_t>(value) & (0xffffffffU << (23 - bits));
    return std::bit_cast<float>(value == value ? kept : kept | 0x400000U);
}

inline bool supported(DataFormat format) {
    return format == DataFormat::Float32 || format == DataFormat::Float16 ||
           format == DataFormat::Float16_b;
}

// A tile from faces of 16x16 to 32 rows.
template <typename T, typename Convert>
void from_faces(const uint8_t* page, float* rows, Convert convert) {
    const T* in = reinterpret_cast<const T*>(page);
    for (int face = 0; face < 4; ++face) {
        for (int r = 0; r < 16; ++r) {
            float* out = rows + ((face / 2) * 16 + r) * 32 + (face % 2) * 16;
            for (int c = 0; c < 16; ++c) {
                out[c] = convert(in[c]);
            }
            in += 16;
        }
    }
}

inline void decode(const uint8_t* page, DataFormat format, float* rows) {
    switch (format) {
        case DataFormat::Float32:
            from_faces<float>(page, rows, [](float v) { return v; });
            break;
        case DataFormat::Float16:
            from_faces<uint16_t>(page, rows, fp16_value);
            break;
        default:
            from_faces<uint16_t>(page, rows, [](uint16_t v) {
                return std::bit_cast<float>(static_cast<uint32_t>(v) << 16);
            });
    }
}

template <typename T, typename Convert>
void to_faces(const float* rows, uint8_t* page, Convert convert) {
    T* out = reinterpret_cast<T*>(page);
    for (int face = 0; face < 4; ++face) {
        for (int r = 0; r < 16; ++r) {
            const float* in = rows + ((face / 2) * 16 + r) * 32 + (face % 2) * 16;
            for (int c = 0; c < 16; ++c) {
                out[c] = convert(in[c]);
            }
            out += 16;
        }
    }
}

inline void encode(const float* rows, DataFormat format, uint8_t* page) {
    switch (format) {
        case DataFormat::Float32:
            to_faces<float>(rows, page, [](float v) { return v; });
            break;
        case DataFormat::Float16:
            to_faces<uint16_t>(rows, page, [](float v) { return fp16_bits(v); });
            break;
        default:
            to_faces<uint16_t>(rows, page, [](float v) {
                return static_cast<uint16_t>(std::bit_cast<uint32_t>(bf16_from_float(v)) >> 16);
            });
    }
}

// What is left of a float32 that passes through SrcA or SrcB.
inline float tf32(float value) { return keep_mantissa(value, 10); }

// ---- operands of the multiplier ----
// Sources: tt-isa-documentation SrcASrcB.md, as in numerics.py.

constexpr int srca_high = 4, srcb_high = 6;  // mantissa bits of the high part

inline int full_bits(DataFormat format, bool srca) {
    return format == DataFormat::Float16_b ? 7 : srca ? 9 : 10;
}

}  // namespace tt_native
