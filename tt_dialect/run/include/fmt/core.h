// The part of the fmt library's interface that host programs use; upstream's headers bring fmt along.
// `{}` and `{:...}` print a value as a stream does, with the precision of `{:.Nf}`.
#pragma once

#include <cstdio>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

namespace fmt {

namespace detail {

inline void rest(std::ostream& out, std::string_view format) {
    for (size_t i = 0; i < format.size(); ++i) {
        out << format[i];
        i += (format[i] == '{' || format[i] == '}') && i + 1 < format.size() &&
             format[i + 1] == format[i];
    }
}

template <typename First, typename... Others>
void rest(std::ostream& out, std::string_view format, const First& first, const Others&... others) {
    for (size_t i = 0; i < format.size(); ++i) {
        if (format[i] == '{' && i + 1 < format.size() && format[i + 1] != '{') {
            const size_t close = format.find('}', i);
            const std::string_view spec = format.substr(i + 1, close - i - 1);
            const size_t dot = spec.find('.');
            std::ostringstream value;
            if (dot != std::string_view::npos) {
                value << std::fixed << std::setprecision(std::stoi(std::string(spec.substr(dot + 1))));
            }
            value << first;
            out << value.str();
            rest(out, format.substr(close + 1), others...);
            return;
        }
        out << format[i];
        i += (format[i] == '{' || format[i] == '}') && i + 1 < format.size() &&
             format[i + 1] == format[i];
    }
}

}  // namespace detail

template <typename... Args>
std::string format(std::string_view text, const Args&... args) {
    std::ostringstream out;
    detail::rest(out, text, args...);
    return out.str();
}

template <typename... Args>
void print(std::FILE* file, std::string_view text, const Args&... args) {
    std::fputs(format(text, args...).c_str(), file);
}

template <typename... Args>
void print(std::string_view text, const Args&... args) {
    print(stdout, text, args...);
}

}  // namespace fmt
