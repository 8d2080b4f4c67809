"""Constant floating-point expressions, as TileLang writes numbers (tilelang-tir.md 3.6)."""

from __future__ import annotations

import math

from tt_dialect.importer import schema
from tt_dialect.importer.context import KernelContext, rounded
from tt_dialect.importer.generic import DTYPES
from tt_dialect.importer.graph import Node


def number(expr: Node, ctx: KernelContext) -> float | None:
    """The value of a constant expression, rounded to its dtype; None if it is not constant."""
    expr = ctx.resolved(expr)
    value = _unrounded(expr, ctx)
    dtype = schema.dtype_of(expr)
    if value is None or dtype not in DTYPES:
        return value if value is None or value.is_integer() or math.isinf(value) else None
    return rounded(value, DTYPES[dtype]).value.data


def _unrounded(expr: Node, ctx: KernelContext) -> float | None:
    """A constant before it is rounded to the expression's own dtype."""
    if expr.kind in ("IntImm", "FloatImm"):
        value = expr.get("value")
        return float(value) if isinstance(value, int | float) else None
    if expr.kind == "Cast":
        return number(expr.node("value"), ctx)
    if expr.kind == "Mul":
        lhs, rhs = number(expr.node("a"), ctx), number(expr.node("b"), ctx)
        return None if lhs is None or rhs is None else lhs * rhs
    return math.inf if schema.call_name(expr) == "tl.infinity" else None
