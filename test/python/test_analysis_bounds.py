"""Bounds of indices against every value that the arithmetic takes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.func import FuncOp
from xdsl.dialects.test import TestOp as UseOp

from tt_dialect.analysis.bounds import bounds_at
from tt_dialect.analysis.index import Range
from tt_dialect.mlir_text import parse_module

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "slt": operator.lt,
    "sle": operator.le,
    "sgt": operator.gt,
    "sge": operator.ge,
}
"""Of numbers of any sign."""


@dataclass(frozen=True)
class Case:
    """Loops (start, end, step), an expression over their indices i0, i1, .., and a condition."""

    loops: tuple[tuple[int, int, int], ...]
    lines: tuple[str, ...]
    result: str
    python: str
    condition: tuple[str, str, int] | None

    def text(self) -> str:
        """The function with the expression's use in the innermost loop."""
        names = [f"%i{n}" for n in range(len(self.loops))]
        lines = ["func.func @f() {"]
        for name, (start, end, step) in zip(names, self.loops, strict=True):
            for label, number in (("a", start), ("b", end), ("s", step)):
                lines.append(f"%{label}{name[1:]} = arith.constant {number} : index")
        for name in names:
            n = name[1:]
            lines.append(f"scf.for {name} = %a{n} to %b{n} step %s{n} {{")
        lines += self.lines
        if self.condition is not None:
            left, predicate, limit = self.condition
            lines.append(f"%limit = arith.constant {limit} : index")
            lines.append(f"%holds = arith.cmpi {predicate}, {left}, %limit : index")
            lines.append("scf.if %holds {")
        lines.append(f'"test.op"({self.result}) : (index) -> ()')
        closed = ["}"] * (len(names) + (self.condition is not None))
        return "\n".join([*lines, *closed, "func.return", "}"])

    def values(self) -> set[int]:
        """Every value where the condition holds."""
        found: set[int] = set()
        for point in product(*(range(*loop) for loop in self.loops)):
            scope = {f"i{n}": value for n, value in enumerate(point)}
            if self.condition is not None:
                left, predicate, limit = self.condition
                if not COMPARE[predicate](scope[left[1:]], limit):
                    continue
            found.add(eval(self.python, {}, scope))
        return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    loops = tuple(
        (start, start + draw(st.integers(1, 7)), draw(st.integers(1, 3)))
        for start in draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    )
    pool = [(f"%i{n}", f"i{n}") for n in range(len(loops))]
    lines: list[str] = []
    for number in range(draw(st.integers(1, 6))):
        name = f"%v{number}"
        (a, left), (b, right) = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
        match draw(st.sampled_from(["addi", "subi", "muli", "constant"])):
            case "constant":
                constant = draw(st.integers(-3, 40))
                lines.append(f"{name} = arith.constant {constant} : index")
                pool.append((name, f"({constant})"))
            case "addi":
                lines.append(f"{name} = arith.addi {a}, {b} : index")
                pool.append((name, f"({left} + {right})"))
            case "subi":
                lines.append(f"{name} = arith.subi {a}, {b} : index")
                pool.append((name, f"({left} - {right})"))
            case _:
                factor = draw(st.integers(0, 5))
                lines.append(f"%f{number} = arith.constant {factor} : index")
                lines.append(f"{name} = arith.muli {a}, %f{number} : index")
                pool.append((name, f"({left} * {factor})"))
    condition = None
    if draw(st.booleans()):
        chosen = draw(st.integers(0, len(loops) - 1))
        condition = (f"%i{chosen}", draw(st.sampled_from(sorted(COMPARE))), draw(st.integers(0, 9)))
    result, python = pool[-1]
    return Case(loops, tuple(lines), result, python, condition)


def bounds(text: str) -> Range | None:
    """Bounds of the operand of the only `test.op` where it stands."""
    func = parse_module(text, "bounds.mlir").body.block.first_op
    assert isinstance(func, FuncOp)
    (use,) = (op for op in func.walk() if isinstance(op, UseOp))
    return bounds_at(use.operands[0], use)


@given(cases())
@settings(deadline=None, max_examples=300)
def test_bounds_hold(case: Case) -> None:
    found, values = bounds(case.text()), case.values()
    if found is not None and values:
        assert found.low <= min(values)
        assert max(values) <= found.high


@pytest.mark.parametrize(
    ("lines", "result", "expected"),
    [
        ("", "%i", (0, 7)),
        ("%v = arith.muli %i, %c32 : index", "%v", (0, 224)),
        ("%v = arith.subi %i, %i : index", "%v", (0, 0)),  # the terms cancel
        ("%u = arith.addi %i, %c32 : index\n%v = arith.subi %u, %i : index", "%v", (32, 32)),
        ("%v = arith.subi %c7, %i : index", "%v", (0, 7)),
        ("%v = arith.subi %i, %c32 : index", "%v", (-32, -25)),
        ("%v = arith.addi %n, %i : index", "%v", None),  # a parameter can be anything
    ],
)
def test_bounds_are_tight(lines: str, result: str, expected: tuple[int, int] | None) -> None:
    text = f"""
    func.func @f(%n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c7 = arith.constant 7 : index
      %c8 = arith.constant 8 : index
      %c32 = arith.constant 32 : index
      scf.for %i = %c0 to %c8 step %c1 {{
        {lines}
        "test.op"({result}) : (index) -> ()
      }}
      func.return
    }}
    """
    assert bounds(text) == (Range(*expected) if expected is not None else None)


@pytest.mark.parametrize(
    ("predicate", "branch", "expected"),
    [
        ("slt, %i, %c3", "then", (0, 2)),
        ("sge, %i, %c3", "then", (3, 7)),
        ("sgt, %c3, %i", "then", (0, 2)),  # the constant on the left
        ("eq, %i, %c3", "then", (3, 3)),
        ("slt, %i, %c3", "else", (0, 7)),  # what does not hold says nothing
    ],
)
def test_conditions_count_in_their_first_region(
    predicate: str, branch: str, expected: tuple[int, int]
) -> None:
    use = '"test.op"(%i) : (index) -> ()'
    text = f"""
    func.func @f() {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c8 = arith.constant 8 : index
      scf.for %i = %c0 to %c8 step %c1 {{
        %holds = arith.cmpi {predicate} : index
        scf.if %holds {{
          {use if branch == "then" else ""}
        }} else {{
          {use if branch == "else" else ""}
        }}
      }}
      func.return
    }}
    """
    assert bounds(text) == Range(*expected)
