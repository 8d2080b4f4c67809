"""Sums that a raised nest builds up in a tensor are built up on chip and copied out once."""

from __future__ import annotations

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerAttr, MemRefType, StringAttr, i64
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp
from xdsl.dialects.scf import ParallelOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.access import is_parameter, label_of, memref_type
from tt_dialect.analysis.loops import Linear, buffer_of, linear, same
from tt_dialect.passes.base import located

FRAGMENT = 2
"""Memory space of blocks that are computed."""


def _places(view: memref.SubviewOp) -> list[Linear]:
    dynamic = iter(view.offsets)
    return [
        linear(next(dynamic)) if offset == DYNAMIC_INDEX else Linear({}, offset)
        for offset in view.static_offsets.get_values()
    ]


def _same_part(a: SSAValue, b: SSAValue) -> bool:
    """Whether two values are the same part of one tensor."""
    if a is b:
        return True
    one, other = a.owner, b.owner
    return (
        isinstance(one, memref.SubviewOp)
        and isinstance(other, memref.SubviewOp)
        and one.source is other.source
        and a.type == b.type
        and all(same(x, y) for x, y in zip(_places(one), _places(other), strict=True))
    )


def _accumulates(op: GenericOp) -> bool:
    return bool(op.body.block.args[-1].uses)


def _set_before(op: GenericOp, part: SSAValue) -> FillOp | CopyOp | GenericOp | None:
    """What sets the part that an operation updates, if nothing in between touches its tensor."""
    tensor, before = buffer_of(part), op.prev_op
    while before is not None:
        if isinstance(before, FillOp | CopyOp | GenericOp) and _same_part(before.outputs[0], part):
            reads = isinstance(before, GenericOp) and _accumulates(before)
            return before if not reads and before.outputs[0] not in before.inputs else None
        touched = [v for inner in before.walk() for v in inner.operands]
        is_view = isinstance(before, memref.SubviewOp)
        if not is_view and any(v.type.name == "memref" and buffer_of(v) is tensor for v in touched):
            return None
        before = before.prev_op
    return None


class KeepOnChip(RewritePattern):
    """In a grid, a part of a tensor that is set and then updated is a block on chip."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter) -> None:
        part = op.outputs[0]
        tensor = buffer_of(part)
        if not _accumulates(op) or not is_parameter(tensor) or not _is_in_grid(op):
            return
        start = _set_before(op, part)
        if start is None:
            return
        kind = memref_type(part)
        type_ = MemRefType(
            kind.element_type, kind.get_shape(), memory_space=IntegerAttr(FRAGMENT, i64)
        )
        alloc = memref.AllocOp([], [], type_)
        name = f"{label_of(tensor, 'tensor')}_block"
        alloc.attributes["tt.name"] = StringAttr(name)
        alloc.memref.name_hint = name if SSAValue.is_valid_name(name) else None
        copy = CopyOp([alloc.memref], [part], res=[])
        located(op, [alloc, copy])
        rewriter.insert(alloc, InsertPoint.before(start))
        rewriter.insert(copy, InsertPoint.after(op))
        for writer in (start, op):
            writer.operands[len(writer.inputs)] = alloc.memref
            rewriter.notify_op_modified(writer)


def _is_in_grid(op: Operation) -> bool:
    parent = op.parent_op()
    while parent is not None:
        if isinstance(parent, ParallelOp):
            return True
        parent = parent.parent_op()
    return False
