"""`tt-propagate-layout`: on-chip buffers ask for circular buffers."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import IntegerAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.access import is_contraction, label_of, reads_and_writes, tensor_block
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, enclosing


def _pipeline_stages(op: Operation) -> int | None:
    """`num_stages` of the nearest enclosing pipelined loop."""
    parent = op.parent_op()
    while parent is not None:
        stages = parent.attributes.get("tt.num_stages")
        if isinstance(parent, scf.ForOp) and isinstance(stages, IntegerAttr):
            return stages.value.data
        parent = parent.parent_op()
    return None


def _depth(buffer: SSAValue, func: FuncOp) -> tuple[int, str]:
    """Depth in blocks and who asked for it."""
    for op, reads, writes in reads_and_writes(func):
        if buffer not in writes:
            continue
        if is_contraction(op):
            return 1, "accumulator"
        stages = _pipeline_stages(op)
        if stages is not None and any(tensor_block(v) is not None for v in reads):
            return stages, "num_stages"
    return 2, "default"


class RequestBuffer(RewritePattern):
    """An on-chip buffer without a request gets one, from the copies and products that write it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: memref.AllocOp, rewriter: PatternRewriter) -> None:
        if "tt.cb" in op.attributes:
            return
        func = enclosing(op, FuncOp)
        allocs = [a for a in func.walk() if isinstance(a, memref.AllocOp)]
        number = allocs.index(op)
        stages, by = _depth(op.memref, func)
        label = label_of(op, f"buffer_{number}")
        op.attributes["tt.cb"] = RequestAttr.of(number, label, stages, by)
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class PropagateLayoutPass(LevelPass):
    """Stamps every on-chip buffer with the circular buffer it asks for.

    Depth in blocks: `num_stages` for a buffer filled from a tensor inside a pipelined loop, 1 for an
    accumulator, 2 otherwise. A request only: `tt-plan-cbs` decides and reports.

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

    def patterns(self) -> list[list[RewritePattern]]:
        return [[RequestBuffer()]]
