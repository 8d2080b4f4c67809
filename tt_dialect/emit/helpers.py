"""Functions printed at the top of the kernels that call them.

TT-Metalium has no call for these; each is a few lines that both kernel generations compile (C++17,
no standard library). A data movement core has no float unit: conversions run in software.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Helper:
    """A function at namespace scope, and the helpers it calls."""

    text: str
    needs: tuple[str, ...] = ()


_FLOAT_BITS = """
// The bits of a float32: scalars travel to the SFPU in a uint32_t.
static inline uint32_t float_bits(float value) {
    uint32_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}
"""


_FACE_ROWS = """
// Writes a tile of four 16x16 faces: `one` in the first row of every face, zero elsewhere.
static inline void write_first_rows(
    uint32_t address, uint32_t face_words, uint32_t row_words, uint32_t one) {
    auto* const words = reinterpret_cast<volatile tt_l1_ptr uint32_t*>(address);
    for (uint32_t i = 0; i < 4 * face_words; ++i) {
        words[i] = i % face_words < row_words ? one : 0;
    }
}
"""


def _zero_tile(name: str, words: int) -> str:
    return f"""
// Writes a tile of zeros in {name}.
static inline void write_zero_{name}(uint32_t address) {{
    auto* const words = reinterpret_cast<volatile tt_l1_ptr uint32_t*>(address);
    for (uint32_t i = 0; i < {words}; ++i) {{
        words[i] = 0;
    }}
}}
"""


_IOTA_ELEMENT = """
// The bits of rows * r + cols * c as float32, where (r, c) is the place of element i of a tile of
// four 16x16 faces.
static inline uint32_t iota_bits(uint32_t i, int32_t rows, int32_t cols) {
    const auto row = static_cast<int32_t>(i / 512 * 16 + i % 256 / 16);
    const auto col = static_cast<int32_t>(i / 256 % 2 * 16 + i % 16);
    return float_bits(static_cast<float>(rows * row + cols * col));
}
"""


def _reduce_scaler(name: str, face_words: int, row_words: int, one: int) -> str:
    return f"""
// Writes the scaler tile of a reduction in {name}.
static inline void write_reduce_scaler_{name}(uint32_t address) {{
    write_first_rows(address, {face_words}, {row_words}, 0x{one:08x});
}}
"""


def _iota(name: str, words: int, body: str) -> str:
    return f"""
// Writes a tile of rows * r + cols * c in {name}.
static inline void write_iota_{name}(uint32_t address, int32_t rows, int32_t cols) {{
    auto* const words = reinterpret_cast<volatile tt_l1_ptr uint32_t*>(address);
    for (uint32_t i = 0; i < {words}; ++i) {{
{body}
    }}
}}
"""


_IOTA_F32 = "        words[i] = iota_bits(i, rows, cols);"
_IOTA_BF16 = """\
        const uint32_t low = iota_bits(2 * i, rows, cols) >> 16;
        const uint32_t high = iota_bits(2 * i + 1, rows, cols) >> 16;
        words[i] = high << 16 | low;"""
_IOTA_F16 = """\
        const uint32_t low = half_bits(iota_bits(2 * i, rows, cols));
        const uint32_t high = half_bits(iota_bits(2 * i + 1, rows, cols));
        words[i] = high << 16 | low;"""

_HALF_BITS = """
// Float16 bits of a float32 that is zero or a normal Float16 number.
static inline uint32_t half_bits(uint32_t bits) {
    const uint32_t magnitude = bits & 0x7fffffff;
    return magnitude == 0 ? 0 : (bits >> 16 & 0x8000) | (magnitude - 0x38000000) >> 13;
}
"""

HELPERS: dict[str, Helper] = {
    "float_bits": Helper(_FLOAT_BITS),
    "half_bits": Helper(_HALF_BITS),
    "iota_bits": Helper(_IOTA_ELEMENT, ("float_bits",)),
    "write_first_rows": Helper(_FACE_ROWS),
    "write_reduce_scaler_bf16": Helper(
        _reduce_scaler("bf16", 128, 8, 0x3F803F80), ("write_first_rows",)
    ),
    "write_reduce_scaler_f16": Helper(
        _reduce_scaler("f16", 128, 8, 0x3C003C00), ("write_first_rows",)
    ),
    "write_reduce_scaler_f32": Helper(
        _reduce_scaler("f32", 256, 16, 0x3F800000), ("write_first_rows",)
    ),
    "write_iota_bf16": Helper(_iota("bf16", 512, _IOTA_BF16), ("iota_bits",)),
    "write_iota_f16": Helper(_iota("f16", 512, _IOTA_F16), ("half_bits", "iota_bits")),
    "write_iota_f32": Helper(_iota("f32", 1024, _IOTA_F32), ("iota_bits",)),
    "write_zero_bf16": Helper(_zero_tile("bf16", 512)),
    "write_zero_f16": Helper(_zero_tile("f16", 512)),
    "write_zero_f32": Helper(_zero_tile("f32", 1024)),
}
"""By the name they are called by; a helper stands after those it needs."""

EXACT_INTEGERS = {"bf16": 1 << 8, "f16": 1 << 11, "f32": 1 << 24}
"""Integers up to this magnitude are exact in a format: what an iota tile may hold."""


def helper_lines(names: Iterable[str]) -> list[str]:
    """The text of helpers and all they need, in the order of the table."""
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending += HELPERS[name].needs
    lines: list[str] = []
    for name, helper in HELPERS.items():
        if name in wanted:
            lines += [*helper.text.strip("\n").split("\n"), ""]
    return lines
