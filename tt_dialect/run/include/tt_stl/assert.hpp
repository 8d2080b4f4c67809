// Follows tt_stl/tt_stl/assert.hpp.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace tt_native {

[[noreturn]] inline void fail(const std::string& message) { throw std::runtime_error(message); }
[[noreturn]] inline void fail() { throw std::runtime_error("a condition does not hold"); }

template <typename... Args>
[[noreturn]] void fail(const char* format, const Args&... args) {
    throw std::runtime_error(fmt::format(format, args...));
}

}  // namespace tt_native

#define TT_THROW(...) tt_native::fail(__VA_ARGS__)
#define TT_FATAL(condition, ...)            \
    do {                                    \
        if (!(condition)) {                 \
            tt_native::fail(__VA_ARGS__);   \
        }                                   \
    } while (false)
#define TT_ASSERT(condition, ...) TT_FATAL(condition __VA_OPT__(, ) __VA_ARGS__)
