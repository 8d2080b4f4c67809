"""`T.reduce_*` and `T.transpose` to `linalg.generic` (tilelang-tir.md 3.2, 3.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects import math as math_ops
from xdsl.ir import Block, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap

from tt_dialect.importer import schema
from tt_dialect.importer.context import KernelContext
from tt_dialect.importer.expressions import construct
from tt_dialect.importer.generic import cast, element_type, emit_generic
from tt_dialect.importer.graph import Node
from tt_dialect.importer.regions import Region, dimensions, memref_of, region_of, view_of
from tt_dialect.importer.tileops import fill_values, move_values

Combine = type[arith.AddfOp] | type[arith.MaximumfOp] | type[arith.MinimumfOp]


@dataclass(frozen=True)
class Reduction:
    """One row: how two values become one, and where that starts."""

    combine: Combine
    identity: float
    of_magnitudes: bool = False


REDUCTIONS: dict[str, Reduction] = {
    "sum": Reduction(arith.AddfOp, 0.0),
    "max": Reduction(arith.MaximumfOp, -math.inf),
    "min": Reduction(arith.MinimumfOp, math.inf),
    "abssum": Reduction(arith.AddfOp, 0.0, of_magnitudes=True),
    "absmax": Reduction(arith.MaximumfOp, 0.0, of_magnitudes=True),
}
"""By the kind TileLang writes."""


def lower_reduce(call: Node, ctx: KernelContext) -> None:
    """`T.reduce_sum` and the like: combines along one dimension in the destination's dtype."""
    source, target, kind, dim, clear = schema.operands(call, 5)[:5]
    annotations = schema.annotations_of(call)
    if schema.plain(annotations.get("nan_propagate")):
        raise ctx.error(
            "a reduction with 'nan_propagate' is not supported", "accepted: a plain T.reduce_*"
        )
    name = str(schema.plain(kind))
    if name not in REDUCTIONS:
        raise ctx.error(
            f"T.reduce_{name} is not supported",
            f"accepted: {', '.join(f'T.reduce_{known}' for known in REDUCTIONS)}",
        )
    row, regions = REDUCTIONS[name], [region_of(operand, ctx) for operand in (source, target)]
    axis = _axis(source, _constant(dim, "the dimension", ctx), regions[0], ctx)
    _check(regions[0], regions[1], axis, ctx)
    values, result, iterators, output_map = _views(regions[0], regions[1], axis, ctx)
    if _constant(clear, "clear", ctx):
        fill_values(result, row.identity, ctx)
    reduce_values(values, result, row, iterators, output_map, ctx)


def reduce_values(
    values: SSAValue,
    result: SSAValue,
    row: Reduction,
    iterators: str,
    output_map: AffineMap,
    ctx: KernelContext,
) -> None:
    """Combine values into `result`, in its dtype, along the dimensions whose letter is `r`."""
    accumulator = element_type(result)

    def build(block: Block) -> SSAValue:
        value = cast(block.args[0], accumulator, ctx)
        if row.of_magnitudes:
            value = ctx.emit(math_ops.AbsFOp(value)).result
        return ctx.emit(row.combine(block.args[1], value)).result

    maps = [AffineMap.identity(len(iterators)), output_map]
    emit_generic(ctx, [values], result, maps, iterators, build)


def _views(
    source: Region, target: Region, axis: int, ctx: KernelContext
) -> tuple[SSAValue, SSAValue, str, AffineMap]:
    """The two as memrefs, the iterators, and the result's map, which leaves out the reduced one.

    Dimensions of one element are left out where there are more than two dimensions, and the one
    that stands for the reduced dimension in the result always, if it has another.
    """
    rank = len(source.extents)
    kept = [dim for dim in range(rank) if dim == axis or source.extents[dim] != 1 or rank <= 2]
    iterators = "".join("r" if dim == axis else "p" for dim in kept)
    own = [dim for dim, extent in enumerate(target.extents) if extent != 1]
    last = len(target.extents) - 1
    result_dims = [own.pop(0) if source.extents[dim] != 1 else last for dim in kept if dim != axis]
    values = view_of(source, kept, ctx)
    if not result_dims:  # everything is reduced, to one element
        result = view_of(target, [len(target.extents) - 1], ctx)
        return values, result, iterators, AffineMap(len(kept), 0, (AffineConstantExpr(0),))
    results = tuple(AffineDimExpr(kept.index(dim)) for dim in kept if dim != axis)
    return values, view_of(target, result_dims, ctx), iterators, AffineMap(len(kept), 0, results)


def _constant(expr: Node, what: str, ctx: KernelContext) -> int:
    if expr.kind != "IntImm":
        raise ctx.error(
            f"{construct(expr)} as {what} of a reduction is not supported", "accepted: a constant"
        )
    return expr.integer("value")


def _check(source: Region, target: Region, axis: int, ctx: KernelContext) -> None:
    """Whole buffers whose shapes fit."""
    for region in (source, target):
        if not region.buffer.on_chip or not region.is_whole:
            raise ctx.error(
                f"a reduction of {region} is not of a whole on-chip buffer",
                "accepted: whole buffers of T.alloc_fragment or T.alloc_shared",
            )
    removed = [e for dim, e in enumerate(source.extents) if dim != axis and e != 1]
    if list(target.paired) != removed:
        raise ctx.error(
            f"{source} reduced along dimension {axis} does not fit {target}",
            f"accepted: {' x '.join(map(str, removed)) or 1}, or with ones in between",
        )


def _axis(operand: Node, axis: int, region: Region, ctx: KernelContext) -> int:
    """The reduced dimension among those of the region's memref."""
    shape = [extent.fields.get("value") for extent in operand.nodes("args")[2:]]
    if not 0 <= axis < len(shape):
        raise ctx.error(
            f"{region} has no dimension {axis} to reduce", f"accepted: 0 to {len(shape) - 1}"
        )
    if tuple(shape) == region.extents:
        return axis
    if shape[axis] == 1:
        raise ctx.error(
            f"a reduction along dimension {axis} of {region}, which has one element, is not "
            "supported",
            "accepted: T.copy, which is the same",
        )
    return dimensions(shape, region.buffer).index(axis)


def lower_transpose(call: Node, ctx: KernelContext) -> None:
    """`T.transpose(src, dst)`: exchanges the last two dimensions; dst = cast(src)."""
    source, target = (region_of(operand, ctx) for operand in schema.operands(call, 2)[:2])
    rank = len(source.extents)
    order = [*range(rank - 2), rank - 1, rank - 2]
    if rank < 2 or [source.extents[dim] for dim in order] != list(target.extents):
        raise ctx.error(
            f"T.transpose between regions that do not fit: {source} and {target}",
            "accepted: two or more dimensions, the last two exchanged",
        )
    if source.buffer is target.buffer:
        raise ctx.error(
            f"T.transpose of '{source.name}' to itself is not supported",
            "accepted: a transpose between two buffers",
        )
    turned = AffineMap(rank, 0, tuple(AffineDimExpr(dim) for dim in order))
    views = [memref_of(region, region.extents, ctx) for region in (source, target)]
    move_values(views[0], views[1], [turned, AffineMap.identity(rank)], ctx)
