"""The table of tile functions: what each computes, how it is spelled, what it costs.

One row per function. The IR names a function by its row (`tt.compute.apply "exp"`,
`tt.compute.sfpu_unary "exp"`); meaning, spelling, init and header are looked up here by every
engine and printer, so adding a function is adding a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """How a function takes its operands; each family is one operation per level."""

    UNARY = "unary"
    """One tile in DST, replaced by the result."""
    SCALAR = "scalar"
    """A tile in DST and a float32 scalar, replaced by the result (immediate form)."""
    BINARY = "binary"
    """Two tiles in DST, result in a third (which may be one of them)."""
    TERNARY = "ternary"
    """Three tiles in DST, result in a fourth (which may be one of them)."""


@dataclass(frozen=True)
class Calls:
    """The spelling of a function in one API generation.

    `{a}`, `{b}`, `{c}`, `{out}` are DST tile indices; `{value}` is the scalar as float32 bits in
    a `uint32_t`; `{format}` the `DataFormat` that DST holds.
    """

    header: str
    init: str
    call: str


@dataclass(frozen=True)
class Function:
    """A row: a function on tiles in DST, executed by the SFPU."""

    name: str
    family: Family
    meaning: str
    """NumPy expression over float64 arrays `x`, `y`, `z` (a scalar is the last of them)."""
    v2: Calls
    v1: Calls
    source: str
    """Header and commit, issue or PR number the spelling was read from."""
    cycles: int
    """Math cycles per 32x32 tile, Wormhole."""
    ulp: float = 1.0
    """Error bound against NumPy in units in the last place of the DST format, as we simulate it."""
    sample: tuple[float, float] = (-4.0, 4.0)
    """Interval that operands are drawn from in tests."""

    @property
    def arity(self) -> int:
        """Operands, a scalar included."""
        return {Family.UNARY: 1, Family.SCALAR: 2, Family.BINARY: 2, Family.TERNARY: 3}[self.family]


_UNARY = "api/compute/eltwise_unary/"
_UNARY_V1 = "compute_kernel_api/eltwise_unary/"


def _same(header: str, init: str, call: str) -> tuple[Calls, Calls]:
    """Rows whose calls are the same in both generations, under both header roots."""
    return (
        Calls(f"api/compute/{header}", init, call),
        Calls(f"compute_kernel_api/{header}", init, call),
    )


def _unary(
    name: str, meaning: str, header: str, source: str, cycles: int, **more: object
) -> Function:
    v2, v1 = _same(header, f"{name}_tile_init()", f"{name}_tile({{a}})")
    return Function(name, Family.UNARY, meaning, v2, v1, source, cycles, **more)  # type: ignore[arg-type]


_ROWS: tuple[Function, ...] = (
    _unary("exp", "np.exp(x)", "eltwise_unary/exp.h", "api/compute/eltwise_unary/exp.h", 94),
)

FUNCTIONS: dict[tuple[str, Family], Function] = {(row.name, row.family): row for row in _ROWS}
"""Rows by name and family: `mul` is a binary and a scalar function."""


def function(name: str, family: Family) -> Function | None:
    """A row, None if the table has none."""
    return FUNCTIONS.get((name, family))
