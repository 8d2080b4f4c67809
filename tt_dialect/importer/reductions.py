"""`T.reduce_*` and `T.transpose` to `linalg.generic` (tilelang-tir.md 3.2, 3.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects import math as math_ops
from xdsl.ir import Block, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from tt_dialect.importer import schema
from tt_dialect.importer.context import KernelContext
from tt_dialect.importer.expressions import construct
from tt_dialect.importer.generic import cast, element_type, emit_generic
from tt_dialect.importer.graph import Node
from tt_dialect.importer.regions import Region, memref_of, region_of
from tt_dialect.importer.tileops import fill, move_values

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
    axis = _constant(dim, "the dimension", ctx)
    output_map = _check(regions[0], regions[1], axis, ctx)
    if _constant(clear, "clear", ctx):
        fill(regions[1], row.identity, ctx)
    values, result = (memref_of(region, region.extents, ctx) for region in regions)
    accumulator = element_type(result)

    def build(block: Block) -> SSAValue:
        value = cast(block.args[0], accumulator, ctx)
        if row.of_magnitudes:
            value = ctx.emit(math_ops.AbsFOp(value)).result
        return ctx.emit(row.combine(block.args[1], value)).result

    rank = len(regions[0].extents)
    iterators = "".join("r" if dim == axis else "p" for dim in range(rank))
    maps = [AffineMap.identity(rank), output_map]
    emit_generic(ctx, [values], result, maps, iterators, build)


def _constant(expr: Node, what: str, ctx: KernelContext) -> int:
    if expr.kind != "IntImm":
        raise ctx.error(
            f"{construct(expr)} as {what} of a reduction is not supported", "accepted: a constant"
        )
    return expr.integer("value")


def _check(source: Region, target: Region, axis: int, ctx: KernelContext) -> AffineMap:
    """Whole buffers whose shapes fit; gives the indexing map of the result."""
    for region in (source, target):
        if not region.buffer.on_chip or not region.is_whole:
            raise ctx.error(
                f"a reduction of {region} is not of a whole on-chip buffer",
                "accepted: whole buffers of T.alloc_fragment or T.alloc_shared",
            )
    rank = len(source.extents)
    if not 0 <= axis < rank:
        raise ctx.error(f"{source} has no dimension {axis} to reduce", f"accepted: 0 to {rank - 1}")
    kept = [dim for dim in range(rank) if dim != axis]
    removed = tuple(source.extents[dim] for dim in kept)
    if rank > 1 and target.extents == removed:
        results: list[AffineExpr] = [AffineDimExpr(dim) for dim in kept]
    elif target.extents == (*removed[:axis], 1, *removed[axis:]):
        results = [
            AffineConstantExpr(0) if dim == axis else AffineDimExpr(dim) for dim in range(rank)
        ]
    else:
        raise ctx.error(
            f"{source} reduced along dimension {axis} does not fit {target}",
            f"accepted: {' x '.join(map(str, removed)) or 1}, or with a 1 in its place",
        )
    return AffineMap(rank, 0, tuple(results))


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
