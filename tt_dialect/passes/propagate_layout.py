"""`tt-propagate-layout`: on-chip buffers ask for circular buffers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.access import (
    is_contraction,
    label_of,
    reads_and_writes,
    tensor_block,
)
from tt_dialect.analysis.annotations import DEPTH
from tt_dialect.analysis.regions import operations
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass


def _pipeline_stages(op: Operation) -> int | None:
    """`num_stages` of the nearest enclosing pipelined loop."""
    parent = op.parent_op()
    while parent is not None:
        stages = parent.attributes.get("tt.num_stages")
        if isinstance(parent, scf.ForOp) and isinstance(stages, IntegerAttr):
            return stages.value.data
        parent = parent.parent_op()
    return None


Accesses: TypeAlias = list[tuple[Operation, list[SSAValue], list[SSAValue]]]
"""What `reads_and_writes` gives."""


def _asked(op: memref.AllocOp, func: FuncOp, accesses: Accesses) -> int | None:
    """The depth users ask for: of the buffer, else of the tensors its blocks are copied from or to.

    Two tensors that ask for different depths of one buffer are an error.
    """
    own, buffer = op.attributes.get(DEPTH), op.memref
    if isinstance(own, IntegerAttr):
        return own.value.data
    found: dict[int, BlockArgument] = {}
    for _, reads, writes in accesses:
        others = reads if buffer in writes else writes if buffer in reads else ()
        for block in (tensor_block(value) for value in others):
            if block is None or func.arg_attrs is None:
                continue
            depth = func.arg_attrs.data[block.tensor.index].data.get(DEPTH)
            if isinstance(depth, IntegerAttr):
                found.setdefault(depth.value.data, block.tensor)
    if len(found) > 1:
        (first, one), (second, other), *_ = found.items()
        raise error_at(
            op,
            f"'{label_of(op, 'buffer')}' holds blocks of '{label_of(one, 'tensor')}', which asks "
            f"for depth {first}, and of '{label_of(other, 'tensor')}', which asks for {second}",
            "give both the same cb_depth, or say cb_depth of the buffer itself",
        )
    return next(iter(found), None)


def _depth(
    op: memref.AllocOp, func: FuncOp, accesses: Accesses, double_buffer: bool, prefetch: bool
) -> tuple[int, str]:
    """Depth in blocks and who asked for it."""
    asked = _asked(op, func, accesses)
    if asked is not None:
        return asked, "user"
    depth, by = _default_depth(op.memref, accesses)
    if not double_buffer and depth > 1:
        depth, by = 1, "double-buffer"
    filled = any(
        op.memref in writes and any(tensor_block(v) is not None for v in reads)
        for _, reads, writes in accesses
    )
    return (depth + 1, "prefetch") if prefetch and filled else (depth, by)


def _default_depth(buffer: SSAValue, accesses: Accesses) -> tuple[int, str]:
    """Depth in blocks that the kernel implies."""
    for writer, reads, writes in accesses:
        if buffer not in writes:
            continue
        if is_contraction(writer):
            return 1, "accumulator"
        stages = _pipeline_stages(writer)
        if stages is not None and any(tensor_block(v) is not None for v in reads):
            return stages, "num_stages"
    return 2, "default"


@dataclass
class RequestBuffers(RewritePattern):
    """On-chip buffers without a request get one, from the copies and products that write them."""

    double_buffer: bool = True
    prefetch: bool = False

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        accesses = list(reads_and_writes(op))
        allocs = [inner for inner in operations(op) if isinstance(inner, memref.AllocOp)]
        for number, alloc in enumerate(allocs):
            if "tt.cb" in alloc.attributes:
                continue
            stages, by = _depth(alloc, op, accesses, self.double_buffer, self.prefetch)
            label = label_of(alloc, f"buffer_{number}")
            alloc.attributes.pop(DEPTH, None)
            alloc.attributes["tt.cb"] = RequestAttr.of(number, label, stages, by)
            rewriter.notify_op_modified(alloc)


class DropDepths(RewritePattern):
    """The depths tensors ask for are requests of circular buffers now."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        attrs = [dict(a.data) for a in op.arg_attrs or ()]
        if not any(DEPTH in entry for entry in attrs):
            return
        kept = [{k: v for k, v in entry.items() if k != DEPTH} for entry in attrs]
        op.arg_attrs = ArrayAttr([DictionaryAttr(entry) for entry in kept])
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class PropagateLayoutPass(LevelPass):
    """Stamps every on-chip buffer with the circular buffer it asks for.

    Depth in blocks: what the user asks for (`cb_depth` of the buffer, or of the tensor whose blocks
    are copied to or from it), `num_stages` for a buffer filled from a tensor inside a pipelined
    loop, 1 for an accumulator, 2 otherwise. A request only: `tt-plan-cbs` decides and reports.

    Before:
    ```mlir
    func.func @alloc() {
      %s = memref.alloc() {tt.name = "s"} : memref<32x32xbf16, 1 : i64>
      func.return
    }
    ```
    After:
    ```mlir
    func.func @alloc() {
      %s = memref.alloc() {tt.name = "s", tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<32x32xbf16, 1 : i64>
      func.return
    }
    ```
    """

    name = "tt-propagate-layout"
    takes = Level.TILE
    gives = Level.TILE

    double_buffer: bool = True
    prefetch: bool = False

    def patterns(self) -> list[list[RewritePattern]]:
        return [
            [RequestBuffers(self.double_buffer, self.prefetch)],
            [DropDepths()],
        ]
