"""The body of a `linalg.generic` as NumPy expressions over whole blocks.

A dimension that is reduced becomes a Python loop; all others are computed at once. Every operation
computes in float64 and rounds once, to its result's type; with `exact` nothing rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat
from xdsl.dialects.linalg import ops as linalg
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap

from tt_dialect.diagnostics import error_at
from tt_dialect.run.codegen import format_of, memref_type
from tt_dialect.run.functions import erf
from tt_dialect.run.numerics import AnyArray

if TYPE_CHECKING:
    from tt_dialect.run.blocks import BlockCompiler

Writer: TypeAlias = "Callable[[BlockCompiler, Any], None]"


def rsqrt(values: AnyArray) -> AnyArray:
    """The reciprocal of the square root."""
    return 1.0 / np.sqrt(values)


def truncated_quotient(a: AnyArray, b: AnyArray) -> AnyArray:
    """`arith.divsi`: rounds towards zero."""
    return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))


def truncated_remainder(a: AnyArray, b: AnyArray) -> AnyArray:
    """`arith.remsi`: what the quotient leaves."""
    return a - b * truncated_quotient(a, b)


FLOAT: dict[type[Operation], Callable[..., AnyArray]] = {
    arith.AddfOp: np.add,
    arith.SubfOp: np.subtract,
    arith.MulfOp: np.multiply,
    arith.DivfOp: np.divide,
    arith.MaximumfOp: np.maximum,
    arith.MinimumfOp: np.minimum,
    arith.NegfOp: np.negative,
    math.AbsFOp: np.abs,
    math.CeilOp: np.ceil,
    math.CosOp: np.cos,
    math.ErfOp: erf,
    math.Exp2Op: np.exp2,
    math.ExpOp: np.exp,
    math.FloorOp: np.floor,
    math.Log2Op: np.log2,
    math.LogOp: np.log,
    math.PowFOp: np.power,
    math.RoundEvenOp: np.rint,
    math.RsqrtOp: rsqrt,
    math.SinOp: np.sin,
    math.SqrtOp: np.sqrt,
    math.TanhOp: np.tanh,
    math.TruncOp: np.trunc,
}
"""Operations on float64 whose result is rounded once."""

INTEGER: dict[type[Operation], Callable[..., AnyArray]] = {
    arith.MinSIOp: np.minimum,
    arith.MaxSIOp: np.maximum,
    arith.MinUIOp: np.minimum,
    arith.MaxUIOp: np.maximum,
    arith.DivSIOp: truncated_quotient,
    arith.RemSIOp: truncated_remainder,
    arith.SelectOp: np.where,
}
"""Operations that Python writes differently for arrays; others are those of index arithmetic."""


def write_elements(c: BlockCompiler, op: linalg.GenericOp) -> None:
    """Writes a `linalg.generic` of any number of reduced dimensions."""
    if len(op.outputs) != 1:
        raise error_at(op, "a linalg.generic with several outputs cannot be executed")
    extents = _extents(op)
    reduced: dict[int, str] = {}
    depth = c.depth
    for dim, kind in enumerate(op.iterator_types):
        if kind.data == IteratorType.REDUCTION:
            reduced[dim] = c.fresh("k")
            c.line(f"for {reduced[dim]} in range({extents[dim]}):")
            c.depth += 1
        elif kind.data != IteratorType.PARALLEL:
            raise error_at(op, f"a {kind.data.value} iterator cannot be executed")
    maps = [m.data for m in op.indexing_maps]
    walked = [d for d in range(len(extents)) if d not in reduced]
    operands = [*op.inputs, *op.outputs]
    for arg, value, indexing in zip(op.body.block.args, operands, maps, strict=True):
        c.alias(arg, _element(c, op, c.get(value), indexing, reduced, walked))
    if not {d.position for d in maps[-1].results if isinstance(d, AffineDimExpr)} >= set(walked):
        raise error_at(op, "iterations of this linalg.generic write to the same element")
    for inner in op.body.block.ops:
        if isinstance(inner, linalg.YieldOp):
            c.line(f"{c.get(op.body.block.args[-1])}[...] = {c.get(inner.operands[0])}")
        elif isinstance(inner, linalg.IndexOp):
            dim = inner.dim.value.data
            c.alias(inner.result, reduced.get(dim) or _numbers(c, dim, walked, extents))
        else:
            _operation(c, inner)
    c.depth = depth


def _extents(op: linalg.GenericOp) -> list[int]:
    """The extent of each dimension, from the operands that walk along it."""
    extents: dict[int, int] = {}
    for value, indexing in zip((*op.inputs, *op.outputs), op.indexing_maps, strict=True):
        kind = memref_type(value)
        if kind is None:
            raise error_at(op, "a linalg.generic on values that are no memrefs cannot be executed")
        for expr, extent in zip(indexing.data.results, kind.get_shape(), strict=True):
            if isinstance(expr, AffineDimExpr):
                extents.setdefault(expr.position, extent)
    return [extents[dim] for dim in range(len(op.iterator_types))]


def _element(
    c: BlockCompiler,
    op: Operation,
    array: str,
    indexing: AffineMap,
    reduced: dict[int, str],
    walked: Sequence[int],
) -> str:
    """An operand as an array over the dimensions in `walked`, a view of it."""
    index: list[str] = []
    dims: list[int] = []
    for expr in indexing.results:
        if isinstance(expr, AffineConstantExpr):
            index.append(str(expr.value))
        elif not isinstance(expr, AffineDimExpr) or expr.position in dims:
            raise error_at(op, f"indexing map {indexing} cannot be executed")
        elif expr.position in reduced:
            index.append(reduced[expr.position])
        else:
            index.append(":")
            dims.append(expr.position)
    text = array
    if index != [":"] * len(dims):
        text = f"{text}[{', '.join((*index, '...'))}]"
    order = sorted(range(len(dims)), key=dims.__getitem__)
    if order != list(range(len(dims))):
        text = f"{text}.transpose({tuple(order)!r})"
    if dims and len(dims) != len(walked):
        text = f"{text}[{', '.join(':' if d in dims else 'None' for d in walked)}]"
    return text


def _numbers(c: BlockCompiler, dim: int, walked: Sequence[int], extents: Sequence[int]) -> str:
    """The indices along a dimension, in the shape that broadcasts."""
    shape = [extents[d] if d == dim else 1 for d in walked]
    return c.shared(np.arange(extents[dim]).reshape(shape), "index")


def _operation(c: BlockCompiler, op: Operation) -> None:
    """Writes one operation of a body."""
    operation = type(op)
    if operation in WRITERS:
        WRITERS[operation](c, op)
    elif operation in FLOAT:
        wide = c.shared(as_float64, "f64")
        arguments = ", ".join(f"{wide}({c.get(v)})" for v in op.operands)
        value = f"{c.shared(FLOAT[operation], FLOAT[operation].__name__)}({arguments})"
        c.define(op.results[0], c.rounded(value, format_of(op.results[0].type, op)))
    elif operation in INTEGER:
        c.define(op.results[0], c.call(INTEGER[operation], *map(c.get, op.operands)))
    else:
        c.op(op)


def as_float64(values: Any) -> AnyArray:
    """An operand in the precision operations compute in."""
    return np.asarray(values, np.float64)


def _to_float(c: BlockCompiler, op: Operation) -> None:
    """Rounds a number, an integer or a condition to a format."""
    result: SSAValue = op.results[0]
    assert isinstance(result.type, AnyFloat)
    value = f"{c.shared(as_float64, 'f64')}({c.get(op.operands[0])})"
    c.define(result, c.rounded(value, format_of(result.type, op)))


WRITERS: dict[type[Operation], Writer] = {
    arith.TruncFOp: _to_float,
    arith.SIToFPOp: _to_float,
    arith.UIToFPOp: _to_float,
}
"""Roundings, which the exact evaluation leaves out."""
