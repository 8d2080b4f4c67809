"""Elements of buffers in `T.Parallel` loops: which loop variable walks along which dimension.

An index is a loop variable, perhaps shifted by something all iterations share, or the same in all
iterations. So what all iterations touch together is a rectangle, and its memref has an indexing
map that selects loop dimensions.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from tt_dialect.importer.context import (
    Binding,
    Buffer,
    Index,
    KernelContext,
    Let,
    LoopVar,
    ParallelVar,
)
from tt_dialect.importer.expressions import index_of
from tt_dialect.importer.graph import Node
from tt_dialect.importer.regions import Region, check_bounds, view_of

ACCEPTED = (
    "accepted: a variable of T.Parallel, plus what is the same in all iterations, or the latter "
    "alone; each variable in one dimension"
)


@dataclass(frozen=True)
class Access:
    """What all iterations of a nest touch of a buffer with one load or store."""

    region: Region
    """Where every parallel variable is zero, with extents of the loops."""
    dims: tuple[Node | None, ...]
    """For each dimension of the buffer the variable that walks along it."""

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for equal accesses."""
        minima = (minimum.value for minimum in self.region.minima)
        return (self.region.buffer.decl.node, self.dims, *minima)

    def is_aligned(self, other: Access) -> bool:
        """Whether an element that both touch is touched in the same iteration."""
        return self.dims == other.dims and all(
            var is None or mine.value == theirs.value
            for var, mine, theirs in zip(
                self.dims, self.region.minima, other.region.minima, strict=True
            )
        )

    def is_disjoint(self, other: Access) -> bool:
        """Whether the two certainly touch different elements."""
        mine, theirs = self.region, other.region
        for dim, (a, b) in enumerate(zip(mine.minima, theirs.minima, strict=True)):
            if isinstance(a.value, int) and isinstance(b.value, int):
                if a.value + mine.extents[dim] <= b.value:
                    return True
                if b.value + theirs.extents[dim] <= a.value:
                    return True
        return False

    def memref(
        self, order: Sequence[Node], ctx: KernelContext, *, is_output: bool = False
    ) -> tuple[SSAValue, AffineMap]:
        """A memref of the elements, and its indexing map over the loops in `order`.

        A whole on-chip vector or matrix stands for itself; where it has a dimension of one that no
        loop walks along, the map says 0. Other rectangles, and outputs with such dimensions, are
        views without them. A variable that is not in `order` has one iteration. Where no loop
        walks along anything, the memref is of one element and so is the loop.
        """
        region = self.region
        dims = range(len(self.dims))
        kept = [dim for dim in dims if self.dims[dim] is not None] if order else dims[-1:]
        if region.buffer.on_chip and region.is_whole and len(dims) <= 2 and not is_output:
            kept = dims
        if not order:
            place: AffineExpr = AffineDimExpr(0) if len(kept) == 1 else AffineConstantExpr(0)
            return view_of(region, kept, ctx), AffineMap(1, 0, (place,) * len(kept))
        variables = [self.dims[dim] for dim in kept]
        results: list[AffineExpr] = [
            AffineDimExpr(order.index(var)) if var in order else AffineConstantExpr(0)
            for var in variables
        ]
        return view_of(region, kept, ctx), AffineMap(len(order), 0, tuple(results))


@contextmanager
def bound(bindings: Mapping[Node, Binding], ctx: KernelContext) -> Generator[None]:
    """Give variables of a nest a meaning for a while."""
    before = {var: ctx.bindings[var] for var in bindings}
    ctx.bindings.update(bindings)
    try:
        yield
    finally:
        ctx.bindings.update(before)


def access_of(
    buffer: Buffer, indices: Sequence[Node], extents: Mapping[Node, int], ctx: KernelContext
) -> Access:
    """What the iterations touch; `extents` are those of the nest's variables."""
    dims = tuple(_variable_of(index, buffer, dim, ctx) for dim, index in enumerate(indices))
    walked = [var for var in dims if var is not None]
    if len(set(walked)) != len(walked):
        raise ctx.error(
            f"a variable of T.Parallel stands in two indices of '{buffer.name}'", ACCEPTED
        )
    zero = LoopVar(Index.constant(0), Index.constant(0), sequential=False)
    with bound(dict.fromkeys(extents, zero), ctx):
        minima = tuple(index_of(index, ctx) for index in indices)
    region = Region(buffer, minima, tuple(1 if var is None else extents[var] for var in dims))
    for dim in range(len(buffer.shape)):
        check_bounds(region, dim, ctx)
    return Access(region, dims)


def _variable_of(index: Node, buffer: Buffer, dim: int, ctx: KernelContext) -> Node | None:
    factors = _factors(index, ctx)
    if factors == {}:
        return None
    if factors is None or len(factors) > 1 or set(factors.values()) != {1}:
        raise ctx.error(
            f"index {dim} of '{buffer.name}' is not one variable of T.Parallel with a shift",
            ACCEPTED,
        )
    return next(iter(factors))


def _factors(expr: Node, ctx: KernelContext) -> dict[Node, int] | None:
    """By what each parallel variable is multiplied in an index; None if it is not linear."""
    match expr.kind:
        case "Var":
            binding = ctx.bindings.get(expr)
            if isinstance(binding, Let):
                return _factors(binding.value, ctx)
            return {expr: 1} if isinstance(binding, ParallelVar) else {}
        case "Cast":
            return _factors(expr.node("value"), ctx)
        case "BufferLoad" if ctx.resolved(expr) is not expr:
            return _factors(ctx.resolved(expr), ctx)
        case "Call":
            parts = [_factors(argument, ctx) for argument in expr.nodes("args")]
            return {} if all(part == {} for part in parts) else None
        case _ if "a" not in expr.fields or "b" not in expr.fields:
            return {}
        case _:
            return _combined(expr, ctx)


def _combined(expr: Node, ctx: KernelContext) -> dict[Node, int] | None:
    """The factors of a binary operator."""
    sides = [expr.node("a"), expr.node("b")]
    first, second = (_factors(side, ctx) for side in sides)
    if first == {} and second == {}:
        return {}
    if first is None or second is None:
        return None
    if expr.kind in ("Add", "Sub"):
        sign = 1 if expr.kind == "Add" else -1
        total = dict(first)
        for var, factor in second.items():
            total[var] = total.get(var, 0) + sign * factor
        return {var: factor for var, factor in total.items() if factor}
    if expr.kind == "Mul":
        constant, form = (sides[1], first) if second == {} else (sides[0], second)
        constant = ctx.resolved(constant)
        if constant.kind == "IntImm" and (first == {} or second == {}):
            scale = constant.integer("value")
            return {var: factor * scale for var, factor in form.items() if scale}
    return None
