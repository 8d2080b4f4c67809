"""Operations that walk over blocks element by element become loop nests, for `tt-raise` to join.

`T.Parallel` loops around a serial one are imported as a loop around operations on single columns or
rows. No column has a form on tiles; the nest of both kinds of loops may.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, IndexType
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp, IndexOp, YieldOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.access import is_parameter, kept_dims, memref_type
from tt_dialect.analysis.loops import linear, variable
from tt_dialect.analysis.regions import loops_around
from tt_dialect.passes.base import located

StructuredOp = GenericOp | FillOp | CopyOp


class ExpandOperation(RewritePattern):
    """An operation in a loop over the elements it touches becomes loops over loads and a store."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp | FillOp | CopyOp, rewriter: PatternRewriter) -> None:
        if any(_walks_elements(loop) for loop in loops_around(op)):
            _Expansion(op, rewriter).run()


def _walks_elements(loop: scf.ForOp) -> bool:
    """Whether all of a loop could be loads and stores, and something in it walks by elements."""
    inner = [op for op in loop.body.walk() if op.name.split(".")[0] not in ("arith", "math")]
    allowed = (scf.ForOp, scf.IfOp, scf.YieldOp, memref.LoadOp, memref.StoreOp, memref.SubviewOp)
    in_bodies = (IndexOp, YieldOp)
    operations = (GenericOp, FillOp, CopyOp)
    if loop.res or not all(isinstance(op, (*allowed, *in_bodies, *operations)) for op in inner):
        return False
    structured = [op for op in inner if isinstance(op, operations)]
    if not all(_is_expandable(op) for op in structured):
        return False
    single = [v for op in structured for v in op.outputs if _is_single(v)]
    views = [op for op in inner if isinstance(op, memref.SubviewOp)]
    return bool(single) or any(_steps_along(view, variable(loop)) for view in views)


def _is_single(value: SSAValue) -> bool:
    """Whether a buffer holds one element."""
    shape = memref_type(value).get_shape()
    return isinstance(value.owner, memref.AllocOp) and all(extent == 1 for extent in shape)


def _steps_along(view: memref.SubviewOp, var: SSAValue) -> bool:
    """Whether a view is a row or column of a matrix, at a place that moves by one with a variable.

    Parts of tensors of more dimensions may be matrices, which have a form on tiles.
    """
    sizes = view.static_sizes.get_values()
    dynamic = iter(view.offsets)
    offsets = [
        next(dynamic) if offset == DYNAMIC_INDEX else None
        for offset in view.static_offsets.get_values()
    ]
    return any(
        size == 1 and offset is not None and linear(offset).terms.get(var) == 1
        for size, offset in zip(sizes, offsets, strict=True)
        if len(sizes) <= 2
    )


def _is_expandable(op: StructuredOp) -> bool:
    buffers = [v for v in (*op.inputs, *op.outputs) if v.type.name == "memref"]
    maps = [m.data for m in op.indexing_maps] if isinstance(op, GenericOp) else []
    return (
        len(op.outputs) == 1
        and all(_source(v) is not None for v in buffers)
        and all(isinstance(e, AffineDimExpr | AffineConstantExpr) for m in maps for e in m.results)
    )


def _source(value: SSAValue) -> SSAValue | None:
    """The parameter or allocation a value is, or is a view in steps of one of."""
    view = value.owner
    if isinstance(view, memref.SubviewOp):
        steps = view.static_strides.get_values()
        return _source(view.source) if set(steps) <= {1} and not view.sizes else None
    return value if is_parameter(value) or isinstance(view, memref.AllocOp) else None


class _Expansion:
    """Builds the loops of one operation in front of it."""

    def __init__(self, op: StructuredOp, rewriter: PatternRewriter):
        self.op, self.rewriter = op, rewriter
        self.buffers = [v for v in (*op.inputs, *op.outputs) if v.type.name == "memref"]
        if isinstance(op, GenericOp):
            self.maps = [m.data for m in op.indexing_maps]
        else:
            rank = len(memref_type(op.outputs[0]).get_shape())
            self.maps = [AffineMap.identity(rank)] * len(self.buffers)
        self.made: list[Operation] = []

    def run(self) -> None:
        """Replaces the operation."""
        extents = [1] * self.maps[0].num_dims
        for buffer, indexing in zip(self.buffers, self.maps, strict=True):
            for expr, size in zip(indexing.results, memref_type(buffer).get_shape(), strict=True):
                if isinstance(expr, AffineDimExpr):
                    extents[expr.position] = size
        places: list[SSAValue] = []
        blocks: list[Block] = []
        bounds: list[tuple[SSAValue, SSAValue, SSAValue]] = []
        for size in extents:
            if size == 1:
                places.append(self._constant(0))
                continue
            bounds.append((self._constant(0), self._constant(size), self._constant(1)))
            blocks.append(Block(arg_types=[IndexType()]))
            places.append(blocks[-1].args[0])
        outside, self.made = self.made, []
        self._body(places)
        inner = self.made
        for block, (low, high, step) in reversed(list(zip(blocks, bounds, strict=True))):
            block.add_ops([*inner, scf.YieldOp()])
            inner = [scf.ForOp(low, high, step, [], Region(block))]
        located(self.op, [*outside, *inner])
        self.rewriter.insert([*outside, *inner], InsertPoint.before(self.op))
        self.rewriter.erase(self.op)
        for buffer in self.buffers:
            view = buffer.owner
            if isinstance(view, memref.SubviewOp) and view.parent and not view.result.uses:
                self.rewriter.erase(view)

    def _emit(self, op: Operation) -> SSAValue:
        self.made.append(op)
        return op.results[0]

    def _constant(self, value: int) -> SSAValue:
        return self._emit(arith.ConstantOp.from_int_and_width(value, IndexType()))

    def _body(self, places: Sequence[SSAValue]) -> None:
        accesses = [
            self._element(buffer, [self._place(e, places) for e in indexing.results])
            for buffer, indexing in zip(self.buffers, self.maps, strict=True)
        ]
        target, indices = accesses[-1]
        match self.op:
            case FillOp() as op:
                value = op.inputs[0]
            case CopyOp():
                value = self._emit(memref.LoadOp.get(*accesses[0]))
            case GenericOp() as op:
                value = self._computed(op, accesses, places)
        self.made.append(memref.StoreOp.get(value, target, indices))

    def _computed(
        self,
        op: GenericOp,
        accesses: Sequence[tuple[SSAValue, list[SSAValue]]],
        places: Sequence[SSAValue],
    ) -> SSAValue:
        known: dict[SSAValue, SSAValue] = {}
        for arg, (buffer, indices) in zip(op.body.block.args, accesses, strict=True):
            if arg.uses:
                known[arg] = self._emit(memref.LoadOp.get(buffer, indices))
        for inner in op.body.block.ops:
            match inner:
                case YieldOp():
                    return known.get(inner.operands[0], inner.operands[0])
                case IndexOp():
                    known[inner.result] = places[inner.dim.value.data]
                case _:
                    copy = inner.clone(known)
                    self.made.append(copy)
                    known.update(zip(inner.results, copy.results, strict=True))
        raise AssertionError("a linalg.generic yields")

    def _place(self, expr: object, places: Sequence[SSAValue]) -> SSAValue:
        if isinstance(expr, AffineDimExpr):
            return places[expr.position]
        assert isinstance(expr, AffineConstantExpr)
        return self._constant(expr.value)

    def _element(
        self, buffer: SSAValue, indices: list[SSAValue]
    ) -> tuple[SSAValue, list[SSAValue]]:
        """An element of a view as one of what it is a view of."""
        view = buffer.owner
        if not isinstance(view, memref.SubviewOp):
            return buffer, indices
        kept = kept_dims(view.static_sizes.get_values(), memref_type(buffer).get_shape())
        inside = dict(zip(kept, indices, strict=True))
        dynamic = iter(view.offsets)
        full: list[SSAValue] = []
        for dim, offset in enumerate(view.static_offsets.get_values()):
            start = next(dynamic) if offset == DYNAMIC_INDEX else self._constant(offset)
            if dim in inside:
                start = self._emit(arith.AddiOp(start, inside[dim]))
            full.append(start)
        return self._element(view.source, full)
