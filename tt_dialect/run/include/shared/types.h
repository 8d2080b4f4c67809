// Follows tt_metal/hw/inc/hostdevcommon/kernel_structs.h and tt_backend_api_types.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <version>

#ifdef __cpp_lib_source_location
#include <source_location>
#endif

#define tt_l1_ptr

namespace tt {

enum CBIndex : std::uint8_t {
    c_0, c_1, c_2, c_3, c_4, c_5, c_6, c_7, c_8, c_9, c_10, c_11, c_12, c_13, c_14, c_15,
    c_16, c_17, c_18, c_19, c_20, c_21, c_22, c_23, c_24, c_25, c_26, c_27, c_28, c_29, c_30, c_31,
    c_32, c_33, c_34, c_35, c_36, c_37, c_38, c_39, c_40, c_41, c_42, c_43, c_44, c_45, c_46, c_47,
    c_48, c_49, c_50, c_51, c_52, c_53, c_54, c_55, c_56, c_57, c_58, c_59, c_60, c_61, c_62, c_63,
};

enum class DataFormat : std::uint8_t {
    Float32 = 0,
    Float16 = 1,
    Bfp8 = 2,
    Bfp4 = 3,
    Tf32 = 4,
    Float16_b = 5,
    Bfp8_b = 6,
    Bfp4_b = 7,
    Int32 = 8,
    UInt16 = 9,
    Lf8 = 10,
    Bfp2 = 11,
    Int8 = 14,
    Bfp2_b = 15,
    UInt32 = 24,
    UInt8 = 30,
    Invalid = 255,
};

}  // namespace tt

namespace tt_native {

// Where a call stands. A defaulted last parameter of every API function carries it to the
// sanitizer; calls are written as upstream has them.
#ifdef __cpp_lib_source_location
using Site = std::source_location;
#else
struct Site {
    const char* file = "";
    const char* function = "";
    std::uint32_t at = 0;

    static constexpr Site current(
        const char* file = __builtin_FILE(),
        const char* function = __builtin_FUNCTION(),
        std::uint32_t line = __builtin_LINE()) {
        return {file, function, line};
    }
    constexpr const char* file_name() const { return file; }
    constexpr const char* function_name() const { return function; }
    constexpr std::uint32_t line() const { return at; }
    constexpr std::uint32_t column() const { return 0; }
};
#endif

}  // namespace tt_native
