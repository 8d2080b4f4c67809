// Follows tt_metal/hw/inc/api/debug/dprint.h: prints when TT_METAL_DPRINT_CORES is set.
#pragma once

#include <cstdint>
#include <type_traits>

namespace tt_native {

void debug_print(const char* text);
void debug_print(long long value);
void debug_print(double value);

struct DebugPrinter {
    template <typename T>
    const DebugPrinter& operator<<(const T& value) const {
        if constexpr (std::is_array_v<T> || std::is_pointer_v<T>) {
            debug_print(static_cast<const char*>(value));
        } else if constexpr (std::is_floating_point_v<T>) {
            debug_print(static_cast<double>(value));
        } else {
            debug_print(static_cast<long long>(value));
        }
        return *this;
    }
};

}  // namespace tt_native

#define DPRINT tt_native::DebugPrinter()
#define DPRINT_DATA0(x) x
#define DPRINT_DATA1(x) x
#define DPRINT_UNPACK(x) x
#define DPRINT_MATH(x)
#define DPRINT_PACK(x)

inline const char* ENDL() { return "\n"; }
inline uint32_t U32(uint32_t value) { return value; }
inline float F32(float value) { return value; }
