"""What the patterns of `tt-tensorize` share: blocks of memrefs, requests, reading and writing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import prod

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import ArrayAttr, IndexType, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.utils.hints import isa

from tt_dialect.analysis.access import (
    DEFAULT_LAYOUT,
    label_of,
    layout_of,
    memref_type,
    tensor_block,
    tile_indices,
    whole_buffer,
)
from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.vectors import is_vector, vector_forms
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute, noc
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.passes.base import enclosing, insert

TILE = 32


def divide(value: SSAValue | int, divisor: int, made: list[Operation]) -> SSAValue:
    """`value / divisor` for a known multiple, pushed into products and sums; new ops go to `made`."""

    def emit(op: Operation) -> SSAValue:
        made.append(op)
        return op.results[0]

    constant = value if isinstance(value, int) else constant_value(value)
    if constant is not None:
        op = arith.ConstantOp.from_int_and_width(constant // divisor, IndexType())
        op.result.name_hint = f"c{constant // divisor}"
        return emit(op)
    assert isinstance(value, SSAValue)
    match value.owner:
        case arith.MuliOp(lhs=a, rhs=b):
            for factor, other in ((a, b), (b, a)):
                known = constant_value(factor)
                if known is not None and known % divisor == 0:
                    if known == divisor:
                        return other
                    return emit(arith.MuliOp(other, divide(known, divisor, made)))
        case arith.AddiOp(lhs=a, rhs=b):
            return emit(arith.AddiOp(divide(a, divisor, made), divide(b, divisor, made)))
        case _:
            pass
    op = arith.ConstantOp.from_int_and_width(divisor, IndexType())
    return emit(arith.DivUIOp(value, emit(op)))


@dataclass
class Requests:
    """Circular buffers asked for on-chip buffers and for staging between formats."""

    numbers: Iterator[int] = field(default_factory=lambda: count(1 << 16))

    def of(self, value: SSAValue) -> RequestAttr | None:
        """The request on the allocation of an on-chip buffer."""
        owner = whole_buffer(value).owner
        if not isinstance(owner, memref.AllocOp):
            return None
        request = owner.attributes.get("tt.cb")
        if not isinstance(request, RequestAttr):
            raise error_at(
                owner,
                f"on-chip buffer '{label_of(owner, 'buffer')}' asks for no circular buffer",
                "run tt-propagate-layout first",
            )
        return request

    def staging(self, tensor: SSAValue, suffix: str, stages: int) -> RequestAttr:
        """A buffer between a tensor and the place its values are needed in another form."""
        return self.fresh(f"{label_of(tensor, 'tensor')}_{suffix}", stages)

    def fresh(self, label: str, stages: int) -> RequestAttr:
        """A buffer of its own."""
        return RequestAttr.of(next(self.numbers), label, stages, "staging")


@dataclass
class Forms:
    """The form of the rank-1 memrefs of each function, found once."""

    known: dict[FuncOp, dict[SSAValue, str]] = field(
        default_factory=dict[FuncOp, dict[SSAValue, str]]
    )

    def of(self, op: Operation, value: SSAValue) -> str:
        """ "row" or "col"; a vector nobody constrains is a row."""
        func = enclosing(op, FuncOp)
        if func not in self.known:
            self.known[func] = dict(vector_forms(func))
        return self.known[func].get(value, "row")


@dataclass
class TileOpPattern(RewritePattern):
    """Shared by the patterns of this pass: reading and writing memrefs as blocks."""

    requests: Requests
    forms: Forms

    def form(self, value: SSAValue) -> str:
        """Form of a vector."""
        owner = value.owner
        op = owner if isinstance(owner, Operation) else owner.parent_op()
        assert op is not None
        return self.forms.of(op, value)

    def block_type(self, value: SSAValue) -> BlockType:
        """The block that holds a memref: whole tiles, a vector in its form."""
        kind = memref_type(value)
        shape = kind.get_shape()
        if is_vector(value):
            length = prod(shape)
            shape = (1, length) if self.form(value) == "row" else (length, 1)
        match len(shape):
            case 2:
                rows, cols = shape
            case 0:
                rows, cols = 1, 1
            case rank:
                raise error_at(
                    value.owner if isinstance(value.owner, Operation) else None,
                    f"an on-chip buffer of {rank} dimensions has no tile form",
                    "expected at most two dimensions that are not 1",
                )
        return BlockType.of(-(-rows // TILE), -(-cols // TILE), TileType.of(kind.element_type))

    def read(
        self, rewriter: PatternRewriter, op: Operation, source: SSAValue, into: RequestAttr | None
    ) -> SSAValue:
        """The block a memref holds; `into` is the buffer that a tensor's block can go to directly."""
        block = tensor_block(source)
        if block is None:
            read = compute.ReadBufferOp(whole_buffer(source), self.block_type(source))
            read.block.name_hint = source.name_hint
            insert(rewriter, op, [read])
            return read.block
        request = into or self.requests.staging(block.tensor, "in", 2)
        made: list[Operation] = []
        indices = self._indices(op, source, made)
        clip = self._clip(op, source)
        load = noc.LoadBlockOp(block.tensor, indices, request, self.block_type(source), clip)
        load.block.name_hint = request.label.data
        insert(rewriter, op, [*made, load])
        return load.block

    def write(
        self, rewriter: PatternRewriter, op: Operation, value: SSAValue, target: SSAValue
    ) -> None:
        """Makes a block the contents of a memref."""
        block = tensor_block(target)
        if block is None:
            buffer = whole_buffer(target)
            if not isinstance(buffer.owner, memref.AllocOp):
                raise error_at(
                    op, "a part of an on-chip buffer is written", "write the whole buffer"
                )
            insert(rewriter, op, [compute.WriteBufferOp(value, buffer)])
            return
        made: list[Operation] = []
        indices = self._indices(op, target, made)
        clip = self._clip(op, target)
        insert(rewriter, op, [*made, noc.StoreBlockOp(value, block.tensor, indices, clip)])

    def stage_out(self, target: SSAValue) -> RequestAttr:
        """A buffer for a block on its way to a tensor."""
        block = tensor_block(target)
        assert block is not None
        return self.requests.staging(block.tensor, "out", 2)

    @staticmethod
    def _clip(op: Operation, value: SSAValue) -> ArrayAttr[StringAttr] | None:
        """What `tt-pad-tiles` found out about the dimensions of rows and columns."""
        block = tensor_block(value)
        assert block is not None
        clip = block.view.attributes.get("tt.clip") if block.view is not None else None
        if not isa(clip, ArrayAttr[StringAttr]):
            return None
        layout = layout_of(enclosing(op, FuncOp), block.tensor) or DEFAULT_LAYOUT
        dims = layout.dims(len(block.sizes))
        rows, cols = (
            noc.Clip.INSIDE if dim is None else noc.Clip(clip.data[dim].data)
            for dim in (dims.row, dims.col)
        )
        return noc.clip_attr(rows, cols)

    @staticmethod
    def _indices(op: Operation, value: SSAValue, made: list[Operation]) -> list[SSAValue]:
        block = tensor_block(value)
        assert block is not None
        layout = layout_of(enclosing(op, FuncOp), block.tensor)
        outer, row, col = tile_indices(layout, block)
        return [
            *(divide(o, 1, made) if isinstance(o, int) else o for o in outer),
            *(divide(o, TILE, made) for o in (row, col)),
        ]
