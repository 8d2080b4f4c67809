// Follows tt_metal/hw/inc/api/dataflow/dataflow_api.h, api/compute/{common,cb_api}.h and
// api/compile_time_args.h: what data movement and compute kernels have in common.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "shared/types.h"

using std::size_t;
using std::int32_t;
using std::uint16_t;
using std::uint32_t;
using std::uint64_t;
using std::uint8_t;
using tt::DataFormat;

#ifndef FORCE_INLINE
#define FORCE_INLINE inline __attribute__((always_inline))
#endif
#ifndef ALWI
#define ALWI inline __attribute__((always_inline))
#endif

// ---- arguments ----

namespace tt_native {

uint32_t runtime_arg(uint32_t index, bool common, Site where);

template <typename T>
T from_word(uint32_t word) {
    static_assert(sizeof(T) == 4, "runtime arguments are 4 bytes wide");
    return std::bit_cast<T>(word);
}

#ifdef KERNEL_COMPILE_TIME_ARGS
constexpr bool has_compile_time_args = true;
constexpr auto compile_time_args = std::to_array<uint32_t>({KERNEL_COMPILE_TIME_ARGS});
#else
constexpr bool has_compile_time_args = false;
constexpr std::array<uint32_t, 1> compile_time_args{};
#endif

template <uint32_t Index>
constexpr uint32_t compile_time_arg() {
    static_assert(
        !has_compile_time_args || Index < compile_time_args.size(),
        "compile-time argument index out of range");
    return Index < compile_time_args.size() ? compile_time_args[Index] : 0;
}

}  // namespace tt_native

template <typename T>
T get_arg_val(int index, tt_native::Site where = tt_native::Site::current()) {
    return tt_native::from_word<T>(
        tt_native::runtime_arg(static_cast<uint32_t>(index), false, where));
}

template <typename T>
T get_common_arg_val(int index, tt_native::Site where = tt_native::Site::current()) {
    return tt_native::from_word<T>(
        tt_native::runtime_arg(static_cast<uint32_t>(index), true, where));
}

template <uint32_t Index>
constexpr uint32_t get_ct_arg() {
    return tt_native::compile_time_arg<Index>();
}
#define get_compile_time_arg_val(index) get_ct_arg<index>()

// ---- where this kernel runs ----

uint8_t get_absolute_logical_x();
uint8_t get_absolute_logical_y();
uint8_t get_relative_logical_x();
uint8_t get_relative_logical_y();

// ---- circular buffers ----

void cb_reserve_back(
    uint32_t cb, uint32_t pages, tt_native::Site where = tt_native::Site::current());
void cb_push_back(uint32_t cb, uint32_t pages, tt_native::Site where = tt_native::Site::current());
void cb_wait_front(
    uint32_t cb, uint32_t pages, tt_native::Site where = tt_native::Site::current());
void cb_pop_front(uint32_t cb, uint32_t pages, tt_native::Site where = tt_native::Site::current());
uint32_t get_tile_size(uint32_t cb, tt_native::Site where = tt_native::Site::current());
tt::DataFormat get_dataformat(uint32_t cb, tt_native::Site where = tt_native::Site::current());
