"""Maps and reductions on whole blocks: the TILED level as Python source.

A block is an array of all its elements. Values of a map's region are tiles in DST, here arrays
that broadcast to the block the map runs over: `[rows, cols]`, `[1, cols]`, `[rows, 1]` or `[1, 1]`
in elements. They are exact in the format DST holds them in, which is f32 for the whole kernel or
each tile's own; with `exact` nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from tt_dialect.analysis.dst import FpuForm, dst_is_wide, fpu_form
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import eltwise
from tt_dialect.ir.functions import Family
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.run import numerics
from tt_dialect.run.codegen import Handler, format_of, nothing
from tt_dialect.run.functions import TileFunction, meaning
from tt_dialect.run.numerics import TILE, AnyArray, Fidelity, Format

if TYPE_CHECKING:
    from tt_dialect.run.blocks import BlockCompiler

Dtype: TypeAlias = type[np.floating[Any]]

# -- helpers of the generated code -----------------------------------------------------------------


def in_f64(function: TileFunction, *operands: AnyArray | float) -> AnyArray:
    """A function of the table without rounding."""
    return np.asarray(function(*(np.asarray(v, np.float64) for v in operands)), np.float64)


def fpu(
    function: str,
    a: AnyArray,
    b: AnyArray,
    formats: tuple[Format, Format],
    fidelity: Fidelity,
    dst: Format,
) -> AnyArray:
    """`fpu_binary` on a fresh DST tile, which holds zero: -0 becomes 0 where mul adds to it."""
    value = numerics.eltwise(function, a, b, formats, fidelity)
    return numerics.round_to(value + 0.0 if function == "mul" else value, dst)


def numbers(extents: tuple[int, int], rows: int, cols: int, offset: int) -> AnyArray:
    """`rows * r + cols * c + offset` at every element (r, c), as float64."""
    r = np.arange(extents[0], dtype=np.int64)[:, None] if rows else np.zeros((1, 1), np.int64)
    c = np.arange(extents[1], dtype=np.int64)[None, :] if cols else np.zeros((1, 1), np.int64)
    return (rows * r + cols * c + offset).astype(np.float64)


def whole(value: AnyArray, extents: tuple[int, int], dtype: Dtype) -> AnyArray:
    """A tile value at every element of the block, its own array."""
    return np.array(np.broadcast_to(value, extents), dtype)


def folded(
    value: AnyArray,
    extents: tuple[int, int],
    dim: str,
    combine: Callable[[AnyArray, AnyArray], AnyArray],
) -> AnyArray:
    """The tiles of each tile row (dim `row`) or column (`col`), combined in ascending order."""
    tiles = np.broadcast_to(value, extents)
    acc: AnyArray | None = None
    for first in range(0, extents[1 if dim == "row" else 0], TILE):
        part = slice(first, first + TILE)
        tile = tiles[:, part] if dim == "row" else tiles[part]
        acc = tile.copy() if acc is None else combine(acc, tile)
    assert acc is not None
    return acc


def reduced(source: AnyArray, kind: str, dim: str, fmt: Format, dst: Format) -> AnyArray:
    """Reduces tile after tile as `reduce_tile` does; column 0 or row 0 of tiles, else zero."""
    rows, cols = source.shape
    acc: AnyArray | None = None
    for first in range(0, cols if dim == "row" else rows, TILE):
        step = slice(first, first + TILE)
        if dim == "row":
            acc = numerics.reduce_step(acc, source[:, step], fmt, kind, -1, dst)
        else:
            acc = numerics.reduce_step(acc, source[step], fmt, kind, -2, dst)
    assert acc is not None
    return _as_vector(acc, dim, np.float32)


def reduced_exact(source: AnyArray, kind: str, dim: str) -> AnyArray:
    """The reduction without roundings."""
    operation = np.add if kind == "sum" else np.maximum
    return _as_vector(operation.reduce(source, axis=1 if dim == "row" else 0), dim, np.float64)


def _as_vector(values: AnyArray, dim: str, dtype: Dtype) -> AnyArray:
    """The block of a column vector (dim `row`) or of a row vector (dim `col`)."""
    if dim == "row":
        block = np.zeros((len(values), TILE), dtype)
        block[:, 0] = values
    else:
        block = np.zeros((TILE, len(values)), dtype)
        block[0] = values
    return block


# -- handlers --------------------------------------------------------------------------------------

_WINDOWS = {"none": "", "row": "[:1]", "col": "[:, :1]", "scalar": "[:1, :1]"}


def _wide(c: BlockCompiler, op: Operation) -> bool:
    """Whether DST is 32-bit in the kernel an operation stands in."""
    if c.wide is None:
        kernel = op
        while not isinstance(kernel, func.FuncOp):
            parent = kernel.parent_op()
            if parent is None:
                break
            kernel = parent
        c.wide = dst_is_wide(kernel)
    return c.wide


def _dst_format(c: BlockCompiler, value: SSAValue, op: Operation) -> Format:
    """The format DST holds a tile, or the tiles of a block, in."""
    assert isinstance(value.type, TileType | BlockType)
    return Format.FP32 if _wide(c, op) else format_of(value.type.element_type, op)


def _format(value: SSAValue, op: Operation) -> Format:
    assert isinstance(value.type, TileType | BlockType)
    return format_of(value.type.element_type, op)


def _function(name: str, family: Family, op: Operation) -> TileFunction:
    found = meaning(name, family)
    if found is None:
        raise error_at(op, f"the table has no {family} function {name}")
    return found


def _applied(c: BlockCompiler, function: TileFunction, dst: Format, *operands: str) -> str:
    """The expression of a function of the table."""
    shared = c.shared(function, "function")
    if c.exact:
        return c.call(in_f64, shared, *operands)
    return c.call(numerics.apply, shared, c.shared(dst, dst), *operands)


def _extents(op: eltwise.MapOp) -> str:
    rows, cols = op.extents
    return repr((rows * TILE, cols * TILE))


def _map(c: BlockCompiler, op: eltwise.MapOp) -> None:
    for arg, value, how in zip(op.body.block.args, op.inputs, op.broadcasts, strict=True):
        c.alias(arg, c.get(value) + _WINDOWS[how])
    c.block(op.body.block)
    tile = op.result
    value, dst = c.get(tile), _dst_format(c, tile, op)
    if op.fold is None or op.dim is None:
        value = c.call(whole, value, _extents(op), c.dtype)
    else:
        row = _function(op.fold.data, Family.BINARY, op)
        combine = c.fresh("combine")
        c.line(f"{combine} = lambda a, b: {_applied(c, row, dst, 'a', 'b')}")
        value = c.call(folded, value, _extents(op), repr(op.dim.data), combine)
    target = _format(op.block, op)
    c.define(op.block, value if target is dst else c.rounded(value, target))


def _apply(c: BlockCompiler, op: eltwise.ApplyOp) -> None:
    dst = _dst_format(c, op.tile, op)
    form = fpu_form(op)
    if form is not None and not c.exact:
        c.define(op.tile, _fpu_form(c, op, form, dst))
        return
    row = _function(op.function.data, op.family, op)
    c.define(op.tile, _applied(c, row, dst, *map(c.get, op.operands)))


def _fpu_form(c: BlockCompiler, op: eltwise.ApplyOp, form: FpuForm, dst: Format) -> str:
    parent = op.parent_op()
    assert isinstance(parent, eltwise.MapOp)
    a, b = (parent.body.block.args[i] for i in (form.a, form.b))
    formats = (_format(a, op), _format(b, op))
    return c.call(
        fpu,
        repr(form.function),
        c.get(a),
        c.get(b),
        c.shared(formats, "formats"),
        c.shared(c.fidelity, "fidelity"),
        c.shared(dst, dst),
    )


def _splat(c: BlockCompiler, op: eltwise.SplatOp) -> None:
    value = f"{c.shared(np.full, 'full')}((1, 1), {c.get(op.value)})"
    c.define(op.tile, c.rounded(value, _dst_format(c, op.tile, op)))


def _iota(c: BlockCompiler, op: eltwise.IotaOp) -> None:
    parent = op.parent_op()
    if not isinstance(parent, eltwise.MapOp):
        raise error_at(op, "tt.compute.iota stands outside a map")
    steps = (op.rows.value.data, op.cols.value.data)
    value = c.call(numbers, _extents(parent), *map(str, steps), c.get(op.offset))
    c.define(op.tile, c.rounded(value, _dst_format(c, op.tile, op)))


def _reduce(c: BlockCompiler, op: eltwise.ReduceOp) -> None:
    kind, dim = repr(op.kind.data), repr(op.dim.data)
    if c.exact:
        c.define(op.block, c.call(reduced_exact, c.get(op.source), kind, dim))
        return
    source, target = _format(op.source, op), _format(op.block, op)
    dst = _dst_format(c, op.block, op)
    formats = (c.shared(source, source), c.shared(dst, dst))
    value = c.call(reduced, c.get(op.source), kind, dim, *formats)
    c.define(op.block, value if target is dst else c.rounded(value, target))


MAP_HANDLERS: dict[type[Operation], Handler] = {
    eltwise.MapOp: _map,
    eltwise.ApplyOp: _apply,
    eltwise.SplatOp: _splat,
    eltwise.IotaOp: _iota,
    eltwise.YieldOp: nothing(),
    eltwise.ReduceOp: _reduce,
}
"""The operations of `ir/eltwise.py` on blocks and in the regions of maps."""
