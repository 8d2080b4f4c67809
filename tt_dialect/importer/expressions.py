"""TIR index expressions to `arith` on `index`.

Index arithmetic is integer arithmetic over loop variables and constants. Constants fold, equal
subexpressions of enclosing blocks are shared, and every value carries bounds as far as the loops
imply them: they decide whether a remainder needs a correction for negative operands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, SSAValue

from tt_dialect.importer import schema
from tt_dialect.importer.context import (
    Index,
    Kept,
    KernelContext,
    Let,
    LoopVar,
    ParallelVar,
    Scalar,
    ThreadVar,
    name_value,
)
from tt_dialect.importer.graph import Node

ACCEPTED = "accepted: +, -, *, //, %, min and max of loop variables, grid indices and constants"


@dataclass(frozen=True)
class Arithmetic:
    """One row: how an operator is computed now, in IR and on bounds."""

    fold: Callable[[int, int], int]
    op: type[arith.SignlessIntegerBinaryOperation]
    identity: int | None = None
    """The right operand that leaves the left one as it is."""
    commutative: bool = False


def _truncated_quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _truncated_remainder(a: int, b: int) -> int:
    return a - b * _truncated_quotient(a, b)


ARITHMETIC: dict[str, Arithmetic] = {
    "Add": Arithmetic(lambda a, b: a + b, arith.AddiOp, 0, True),
    "Sub": Arithmetic(lambda a, b: a - b, arith.SubiOp, 0),
    "Mul": Arithmetic(lambda a, b: a * b, arith.MuliOp, 1, True),
    "FloorDiv": Arithmetic(lambda a, b: a // b, arith.FloorDivSIOp, 1),
    "FloorMod": Arithmetic(lambda a, b: a % b, arith.RemSIOp),
    "Div": Arithmetic(_truncated_quotient, arith.DivSIOp, 1),
    "Mod": Arithmetic(_truncated_remainder, arith.RemSIOp),
    "Min": Arithmetic(min, arith.MinSIOp, None, True),
    "Max": Arithmetic(max, arith.MaxSIOp, None, True),
}
"""Binary operators of index expressions (tilelang-tir.md 3.6)."""

DIVISIONS = frozenset(("FloorDiv", "FloorMod", "Div", "Mod"))

CONSTRUCTS = {
    "BufferLoad": "an element of a buffer (a data-dependent index)",
    "Select": "T.Select",
    "tirx.if_then_else": "T.if_then_else",
    "prim.if_then_else": "T.if_then_else",
    "Ramp": "a strided slice (Ramp)",
    "Broadcast": "a vector value (Broadcast)",
    "FloatImm": "a floating-point number",
}
"""How a rejected expression is called in messages; others go by their TIR name."""


def index_of(expr: Node, ctx: KernelContext) -> Index:
    """Translate an index expression, emitting what is not constant."""
    kind = expr.kind
    if kind == "IntImm":
        return Index.constant(expr.integer("value"))
    if kind == "Var":
        return _variable(expr, ctx)
    if kind == "BufferLoad" and ctx.resolved(expr) is not expr:
        return index_of(ctx.resolved(expr), ctx)
    if kind == "Cast" and _is_integer(expr):
        return index_of(expr.node("value"), ctx)
    if schema.call_name(expr) == "tirx.likely":
        return index_of(expr.nodes("args")[0], ctx)
    if kind in ARITHMETIC and _is_integer(expr):
        return apply(kind, index_of(expr.node("a"), ctx), index_of(expr.node("b"), ctx), ctx)
    raise ctx.error(f"{construct(expr)} in an index expression is not supported", ACCEPTED)


def construct(expr: Node) -> str:
    """What to call an expression in a message."""
    name = schema.call_name(expr) or expr.kind
    return CONSTRUCTS.get(name, f"'{name}'")


def _is_integer(expr: Node) -> bool:
    return schema.dtype_of(expr).startswith(("int", "uint")) and "x" not in schema.dtype_of(expr)


def _variable(var: Node, ctx: KernelContext) -> Index:
    match ctx.bindings.get(var):
        case LoopVar(index=index):
            return index
        case Let(value=value):
            index = index_of(value, ctx)
            if isinstance(index.value, SSAValue) and index.value.name_hint is None:
                name_value(index.value, var.text("name"))
            return index
        case ParallelVar():
            raise ctx.error(
                f"the T.Parallel variable '{var.text('name')}' decides a loop or a region",
                "accepted: bounds and regions that are the same in all iterations of T.Parallel",
            )
        case Scalar() | Kept():
            raise ctx.error(
                f"the floating-point value '{var.text('name')}' is used as an index", ACCEPTED
            )
        case ThreadVar():
            raise ctx.error(
                f"thread index '{var.text('name')}' is used: code per thread is not supported",
                "accepted: tile operations (T.copy, T.gemm, T.fill, T.clear) on whole blocks",
            )
        case None:
            raise ctx.error(
                f"variable '{var.text('name')}' has no definition here (a dynamic size?)",
                "accepted: constants, grid indices, loop variables and lets",
            )


def apply(kind: str, lhs: Index, rhs: Index, ctx: KernelContext) -> Index:
    """Apply a row of the table, folding what is constant."""
    row = ARITHMETIC[kind]
    if kind in DIVISIONS and rhs.value == 0:
        raise ctx.error("division by zero in an index expression", ACCEPTED)
    if isinstance(lhs.value, int) and isinstance(rhs.value, int):
        return Index.constant(row.fold(lhs.value, rhs.value))
    simpler = _simplified(kind, lhs, rhs)
    if simpler is not None:
        return simpler
    if kind == "FloorMod" and not (_at_least(lhs, 0) and _at_least(rhs, 1)):
        quotient = apply("FloorDiv", lhs, rhs, ctx)
        return apply("Sub", lhs, apply("Mul", quotient, rhs, ctx), ctx)
    low, high = _bounds(kind, lhs, rhs)
    return Index(_emit(row, lhs, rhs, ctx), low, high)


def _simplified(kind: str, lhs: Index, rhs: Index) -> Index | None:
    """The result where an operand is neutral or the bounds decide: `0 <= a < b` makes `a % b` a."""
    row = ARITHMETIC[kind]
    if row.identity is not None:
        if rhs.value == row.identity:
            return lhs
        if row.commutative and lhs.value == row.identity:
            return rhs
    if kind == "Min":
        return lhs if _not_above(lhs, rhs) else rhs if _not_above(rhs, lhs) else None
    if kind == "Max":
        return rhs if _not_above(lhs, rhs) else lhs if _not_above(rhs, lhs) else None
    if kind in DIVISIONS and _at_least(lhs, 0) and _below(lhs, rhs):
        return lhs if kind in ("FloorMod", "Mod") else Index.constant(0)
    return None


def _not_above(lhs: Index, rhs: Index) -> bool:
    return lhs.high is not None and rhs.low is not None and lhs.high <= rhs.low


def _below(lhs: Index, rhs: Index) -> bool:
    return lhs.high is not None and rhs.low is not None and lhs.high < rhs.low


def _emit(row: Arithmetic, lhs: Index, rhs: Index, ctx: KernelContext) -> SSAValue:
    known = ctx.computed(row.op.name, lhs.value, rhs.value)
    if known is not None:
        return known
    with ctx.hoisted(lhs.value, rhs.value):
        op: Operation = ctx.emit(row.op(ctx.ssa(lhs), ctx.ssa(rhs), IndexType()))
        ctx.remember(row.op.name, lhs.value, rhs.value, op.results[0])
    return op.results[0]


def _at_least(index: Index, bound: int) -> bool:
    return index.low is not None and index.low >= bound


def _bounds(kind: str, lhs: Index, rhs: Index) -> tuple[int | None, int | None]:
    """The range of an operator's result, where both operands have one (inclusive)."""
    if lhs.low is None or lhs.high is None or rhs.low is None or rhs.high is None:
        return None, None
    if kind in ("FloorMod", "Mod"):
        if lhs.low < 0 or rhs.low < 1:
            return None, None
        return 0, min(lhs.high, rhs.high - 1)
    if kind in DIVISIONS and rhs.low < 1:
        return None, None
    fold = ARITHMETIC[kind].fold
    corners = [fold(a, b) for a in (lhs.low, lhs.high) for b in (rhs.low, rhs.high)]
    return min(corners), max(corners)
