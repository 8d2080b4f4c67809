"""Ranges, factors and slopes of index expressions, held against evaluating them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, Region, SSAValue

from tt_dialect.analysis.index import (
    constant_value,
    factor_of,
    loop_bounds,
    range_of,
    slope_of,
)
from tt_dialect.mlir_text import parse_module

Environment = dict[SSAValue, int]


def constant(value: int) -> arith.ConstantOp:
    return arith.ConstantOp.from_int_and_width(value, IndexType())


@dataclass
class Nest:
    """Nested loops with constant bounds; the innermost body takes expressions."""

    loops: list[scf.ForOp] = field(default_factory=list[scf.ForOp])
    keep: list[Operation] = field(default_factory=list[Operation])
    values: list[SSAValue] = field(default_factory=list[SSAValue])

    @property
    def ivs(self) -> list[SSAValue]:
        return [loop.body.block.args[0] for loop in self.loops]

    def loop(self, low: int, high: int, step: int) -> None:
        bounds = [constant(v) for v in (low, high, step)]
        self.keep += bounds
        body = Block(arg_types=[IndexType()])
        self.loops.append(scf.ForOp(*bounds, [], Region(body)))
        self.values.append(body.args[0])

    def add(self, op: Operation) -> None:
        self.keep.append(op)
        self.values.append(op.results[0])

    def points(self) -> Iterator[Environment]:
        """Every combination of induction variables."""

        def visit(loops: list[scf.ForOp], known: Environment) -> Iterator[Environment]:
            if not loops:
                yield known
                return
            bounds = [constant_value(v) for v in (loops[0].lb, loops[0].ub, loops[0].step)]
            low, high, step = (b for b in bounds if b is not None)
            for i in range(low, high, step):
                yield from visit(loops[1:], {**known, loops[0].body.block.args[0]: i})

        yield from visit(self.loops, {})


MEANING: dict[type[Operation], Callable[[int, int], int]] = {
    arith.AddiOp: lambda a, b: a + b,
    arith.SubiOp: lambda a, b: a - b,
    arith.MuliOp: lambda a, b: a * b,
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.MinUIOp: min,
    arith.MaxUIOp: max,
    arith.FloorDivSIOp: lambda a, b: a // b,
    arith.DivUIOp: lambda a, b: a // b,
    arith.RemUIOp: lambda a, b: a % b,
    arith.RemSIOp: lambda a, b: a % b,
}
"""As Python integers; unsigned operations and remainders get operands that are not negative."""

UNSIGNED = (arith.MinUIOp, arith.MaxUIOp, arith.DivUIOp, arith.RemUIOp, arith.RemSIOp)
DIVISIONS = (arith.FloorDivSIOp, arith.DivUIOp, arith.RemUIOp, arith.RemSIOp)


def evaluate(value: SSAValue, known: Environment) -> int:
    if value in known:
        return known[value]
    found = constant_value(value)
    if found is None:
        op = value.owner
        assert isinstance(op, Operation)
        found = MEANING[type(op)](*(evaluate(v, known) for v in op.operands))
    known[value] = found
    return found


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    """One or two loops and a few operations on their induction variables and constants."""
    nest = Nest()
    for _ in range(draw(st.integers(1, 2))):
        low = draw(st.integers(0, 6))
        nest.loop(low, low + draw(st.integers(1, 9)), draw(st.integers(1, 4)))
    points = list(nest.points())
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            nest.add(constant(draw(st.integers(-4, 64))))
        kind = draw(st.sampled_from(list(MEANING)))
        a, b = (draw(st.sampled_from(nest.values)) for _ in range(2))
        if kind in DIVISIONS:
            divisor = constant(draw(st.integers(1, 9)))
            nest.keep.append(divisor)
            b = divisor.result
        if kind in UNSIGNED and any(evaluate(v, p) < 0 for p in points for v in (a, b)):
            kind = arith.AddiOp
        nest.add(kind(a, b))
    return nest


@given(nests())
@settings(deadline=None, max_examples=150)
def test_ranges_and_factors_are_sound(nest: Nest) -> None:
    points = list(nest.points())
    for value in nest.values:
        seen = {evaluate(value, point) for point in points}
        bounds = range_of(value)
        if bounds is not None:
            assert bounds.low <= min(seen)
            assert bounds.high >= max(seen)
        factor = factor_of(value)
        assert factor >= 0
        assert all(v % factor == 0 if factor else v == 0 for v in seen)


@given(nests())
@settings(deadline=None, max_examples=150)
def test_slopes_are_differences(nest: Nest) -> None:
    points = list(nest.points())
    for value in nest.values:
        for iv in nest.ivs:
            slope = slope_of(value, iv)
            if slope is None:
                continue
            for point in points:
                here = {v: point[v] for v in nest.ivs}
                there = {**here, iv: here[iv] + 1}
                assert evaluate(value, there) - evaluate(value, here) == slope


@given(st.integers(0, 8), st.integers(1, 20), st.integers(1, 5))
@settings(deadline=None)
def test_range_of_an_induction_variable_is_exact(low: int, extent: int, step: int) -> None:
    nest = Nest()
    nest.loop(low, low + extent, step)
    seen = [point[nest.ivs[0]] for point in nest.points()]
    bounds = range_of(nest.ivs[0])
    assert bounds is not None
    assert (bounds.low, bounds.high) == (min(seen), max(seen))


def values(body: str) -> dict[str, SSAValue]:
    """Values by name of a function's body, with an argument `%n`."""
    module = parse_module(f"func.func @f(%n: index) {{\n{body}\nfunc.return\n}}")
    named: dict[str, SSAValue] = {}
    for op in module.walk():
        for region in op.regions:
            for block in region.blocks:
                named |= {arg.name_hint: arg for arg in block.args if arg.name_hint}
        named |= {r.name_hint: r for r in op.results if r.name_hint}
    return named


BLOCKED = """
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c4 = arith.constant 4 : index
%c10 = arith.constant 10 : index
%c32 = arith.constant 32 : index
%c96 = arith.constant 96 : index
scf.parallel (%row, %column) = (%c0, %c0) to (%c4, %c10) step (%c1, %c1) {
  scf.for %k = %c0 to %n step %c1 {
    %m = arith.muli %row, %c96 : index
    %inner = arith.muli %k, %c32 : index
    %sum = arith.addi %m, %inner : index
    %both = arith.muli %row, %column : index
    %part = arith.divui %m, %c32 : index
  }
}
"""


def test_a_blocked_kernel() -> None:
    found = values(BLOCKED)
    bounds = range_of(found["m"])
    assert bounds is not None
    assert (bounds.low, bounds.high) == (0, 288)
    assert (factor_of(found["m"]), factor_of(found["inner"]), factor_of(found["sum"])) == (
        96,
        32,
        32,
    )
    assert range_of(found["k"]) is None  # the extent is an argument
    assert range_of(found["sum"]) is None
    assert range_of(found["n"]) is None
    assert factor_of(found["n"]) == 1
    assert slope_of(found["sum"], found["k"]) == 32
    assert slope_of(found["sum"], found["row"]) == 96
    assert slope_of(found["sum"], found["column"]) == 0
    assert slope_of(found["both"], found["row"]) is None
    assert slope_of(found["part"], found["row"]) is None


def test_bounds_of_loops_and_grids() -> None:
    found = values(BLOCKED)
    for name, extent in (("row", "c4"), ("column", "c10"), ("k", "n")):
        assert loop_bounds(found[name]) == (found["c0"], found[extent], found["c1"])
    assert loop_bounds(found["n"]) is None
    assert loop_bounds(found["m"]) is None
    assert constant_value(found["c96"]) == 96
    assert constant_value(found["m"]) is None
