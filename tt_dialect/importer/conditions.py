"""Conditions on loop variables: the one the importer understands is "the first iteration"."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tt_dialect.importer.context import KernelContext, Let, LoopVar
from tt_dialect.importer.graph import Node


@dataclass(frozen=True)
class Linear:
    """A sum of integer multiples of variables and a constant."""

    terms: dict[Node, int]
    constant: int

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """`self + factor * other`."""
        terms = Counter(self.terms)
        for var, coefficient in other.terms.items():
            terms[var] += factor * coefficient
        kept = {var: coefficient for var, coefficient in terms.items() if coefficient}
        return Linear(kept, self.constant + factor * other.constant)


def linear(expr: Node, ctx: KernelContext) -> Linear | None:
    """An index expression as a linear form over loop variables, if it is one."""
    match expr.kind:
        case "IntImm":
            return Linear({}, expr.integer("value"))
        case "Var":
            binding = ctx.bindings.get(expr)
            if isinstance(binding, Let):
                return linear(binding.value, ctx)
            return Linear({expr: 1}, 0) if isinstance(binding, LoopVar) else None
        case "Cast":
            return linear(expr.node("value"), ctx)
        case "Add" | "Sub" | "Mul":
            lhs, rhs = linear(expr.node("a"), ctx), linear(expr.node("b"), ctx)
            if lhs is None or rhs is None:
                return None
            if expr.kind != "Mul":
                return lhs.plus(rhs, 1 if expr.kind == "Add" else -1)
            factor, form = (lhs, rhs) if not lhs.terms else (rhs, lhs)
            return None if factor.terms else Linear({}, 0).plus(form, factor.constant)
        case _:
            return None


COMPARISONS = frozenset(("EQ", "LE", "LT"))
MIRRORED = {"GE": "LE", "GT": "LT"}
"""Comparisons that are others with their sides exchanged."""


def first_iteration(condition: Node, ctx: KernelContext) -> LoopVar | None:
    """The enclosing sequential loop in whose first iteration, and no other, a condition holds."""
    if condition.kind == "Not" and condition.node("a").kind == "NE":
        kind, condition = "EQ", condition.node("a")
    else:
        kind = condition.kind
    if kind not in COMPARISONS and kind not in MIRRORED:
        return None
    lhs, rhs = linear(condition.node("a"), ctx), linear(condition.node("b"), ctx)
    if lhs is None or rhs is None:
        return None
    if kind in MIRRORED:
        kind, lhs, rhs = MIRRORED[kind], rhs, lhs
    return _zero_at_start(kind, lhs.plus(rhs, -1), ctx)


def _zero_at_start(kind: str, difference: Linear, ctx: KernelContext) -> LoopVar | None:
    """The loop for which `difference == 0`, `<= 0` or `< 0` says: first iteration."""
    if len(difference.terms) != 1:
        return None
    ((var, coefficient),) = difference.terms.items()
    loop = ctx.bindings.get(var)
    if not isinstance(loop, LoopVar) or not loop.sequential or loop.start.low is None:
        return None
    if loop.start.low != loop.start.high:
        return None
    at_start = coefficient * loop.start.low + difference.constant
    if kind == "EQ":
        return loop if at_start == 0 else None
    smallest_next = at_start + coefficient
    holds = at_start <= 0 if kind == "LE" else at_start < 0
    fails_next = smallest_next > 0 if kind == "LE" else smallest_next >= 0
    return loop if coefficient > 0 and holds and fails_next else None
