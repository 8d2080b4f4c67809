"""Ranges, divisibility and exact division of `index` values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import gcd

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Block, Operation, SSAValue


@dataclass(frozen=True)
class Range:
    """Inclusive bounds."""

    low: int
    high: int


def constant_value(value: SSAValue) -> int | None:
    """The integer of an `arith.constant`, None for anything else."""
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr):
        return owner.value.value.data
    return None


def loop_bounds(value: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue] | None:
    """(lower, upper, step) if the value is the induction variable of scf.for or scf.parallel."""
    block = value.owner
    if not isinstance(block, Block):
        return None
    position = block.args.index(value)  # pyright: ignore[reportArgumentType]
    match block.parent_op():
        case scf.ForOp() as loop if position == 0:
            return loop.lb, loop.ub, loop.step
        case scf.ParallelOp() as grid:
            return grid.lowerBound[position], grid.upperBound[position], grid.step[position]
        case _:
            return None


def _corners(op: Callable[[int, int], int]) -> Callable[[Range, Range], Range | None]:
    def combine(a: Range, b: Range) -> Range:
        values = [op(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        return Range(min(values), max(values))

    return combine


def _divide(a: Range, b: Range) -> Range | None:
    return _corners(lambda x, y: x // y)(a, b) if b.low > 0 else None


def _remainder(a: Range, b: Range) -> Range | None:
    if b.low <= 0:
        return None
    if b.low == b.high and a.low // b.low == a.high // b.low:
        return Range(a.low % b.low, a.high % b.low)
    return Range(0, b.high - 1)


def _unsigned(
    op: Callable[[Range, Range], Range | None],
) -> Callable[[Range, Range], Range | None]:
    """Negative values are large to an unsigned operation."""
    return lambda a, b: op(a, b) if min(a.low, b.low) >= 0 else None


RANGES: dict[type[Operation], Callable[[Range, Range], Range | None]] = {
    arith.AddiOp: _corners(lambda x, y: x + y),
    arith.SubiOp: _corners(lambda x, y: x - y),
    arith.MuliOp: _corners(lambda x, y: x * y),
    arith.MinSIOp: _corners(min),
    arith.MaxSIOp: _corners(max),
    arith.MinUIOp: _unsigned(_corners(min)),
    arith.MaxUIOp: _unsigned(_corners(max)),
    arith.FloorDivSIOp: _divide,
    arith.DivUIOp: _unsigned(_divide),
    arith.DivSIOp: _unsigned(_divide),
    arith.RemUIOp: _unsigned(_remainder),
    # The sign of a remainder is that of the dividend.
    arith.RemSIOp: _unsigned(_remainder),
}
"""Bounds of an operation's result from those of its operands, None when they say nothing."""


_NOTHING: Mapping[SSAValue, Range] = {}


def range_of(value: SSAValue, known: Mapping[SSAValue, Range] = _NOTHING) -> Range | None:
    """Bounds of a value from constants, loop bounds, arithmetic and what is known of other values;
    None when unknown."""
    if (given := known.get(value)) is not None:
        return given
    if (constant := constant_value(value)) is not None:
        return Range(constant, constant)
    if (bounds := loop_bounds(value)) is not None:
        lower, upper = range_of(bounds[0], known), range_of(bounds[1], known)
        return iterated(lower, upper, constant_value(bounds[2]))
    owner = value.owner
    if isinstance(owner, arith.IndexCastOp):
        return range_of(owner.input, known)
    if not isinstance(owner, Operation) or type(owner) not in RANGES:
        return None
    a, b = (range_of(operand, known) for operand in owner.operands)
    return combined(owner, a, b)


def iterated(lower: Range | None, upper: Range | None, step: int | None) -> Range | None:
    """Bounds of the induction variable of a loop that runs."""
    if lower is None or upper is None or not step or step < 0 or upper.high <= lower.low:
        return None
    last = (upper.high - 1 - lower.low) // step * step + lower.low
    return Range(lower.low, last if lower.low == lower.high else upper.high - 1)


def combined(op: Operation, a: Range | None, b: Range | None) -> Range | None:
    """Bounds of the result of a binary operation from those of its operands.

    An unsigned remainder is bounded by its divisor alone.
    """
    if a is None and b is not None and b.low > 0 and isinstance(op, arith.RemUIOp):
        return Range(0, b.high - 1)
    return RANGES[type(op)](a, b) if a is not None and b is not None else None


def always_runs(loop: scf.ForOp) -> bool:
    """Whether a loop is known to run at least once."""
    low, high = range_of(loop.lb), range_of(loop.ub)
    return low is not None and high is not None and high.low > low.high


def factor_of(value: SSAValue) -> int:
    """The largest known divisor of a value (0 for the constant 0)."""
    if (constant := constant_value(value)) is not None:
        return abs(constant)
    if (bounds := loop_bounds(value)) is not None:
        return gcd(factor_of(bounds[0]), factor_of(bounds[2]))
    match value.owner:
        case arith.MuliOp(lhs=a, rhs=b):
            return factor_of(a) * factor_of(b)
        case (
            arith.AddiOp(lhs=a, rhs=b)
            | arith.SubiOp(lhs=a, rhs=b)
            | arith.MinSIOp(lhs=a, rhs=b)
            | arith.MaxSIOp(lhs=a, rhs=b)
        ):
            return gcd(factor_of(a), factor_of(b))
        case _:
            return 1


def slope_of(value: SSAValue, iv: SSAValue) -> int | None:
    """How much a value grows when an induction variable grows by one; None if not constant."""
    if value is iv:
        return 1
    owner = value.owner
    if isinstance(owner, Block) or not owner.operands:
        return 0
    slopes = [slope_of(operand, iv) for operand in owner.operands]
    if all(slope == 0 for slope in slopes):
        return 0
    if any(slope is None for slope in slopes):
        return None
    if len(slopes) != 2:
        return None
    a, b = (slope or 0 for slope in slopes)
    match owner:
        case arith.AddiOp():
            return a + b
        case arith.SubiOp():
            return a - b
        case arith.MuliOp(lhs=x, rhs=y):
            for slope, factor in ((a, constant_value(y)), (b, constant_value(x))):
                if factor is not None:
                    return slope * factor
            return None
        case _:
            return None
