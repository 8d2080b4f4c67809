"""`tt-infer-layout`: every tensor parameter gets a layout."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.access import axis_labels, label_of, memref_type
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.layout import ELEMENT_TYPES, BufferAttr
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, is_kernel


def _check(func: FuncOp, arg: BlockArgument) -> MemRefType[Attribute]:
    kind = memref_type(arg)
    name = label_of(arg, f"argument {arg.index}")
    if kind.get_num_dims() < 2:
        raise error_at(
            func,
            f"tensor '{name}' of '{func.sym_name.data}' has rank {kind.get_num_dims()}",
            "tensors need at least two dimensions; give a vector the shape (1, N)",
        )
    if any(extent < 1 for extent in kind.get_shape()):
        raise error_at(
            func, f"tensor '{name}' has a dynamic or empty dimension", "use static shapes"
        )
    if not isinstance(kind.element_type, ELEMENT_TYPES):
        raise error_at(
            func,
            f"tensor '{name}' has unsupported element type {kind.element_type}",
            "supported: bf16, f16, f32",
        )
    return kind


class InferLayout(RewritePattern):
    """A parameter without a layout is interleaved over the DRAM banks in 32x32 tiles."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not is_kernel(op):
            return
        labels = axis_labels(op)
        attrs = [dict(a.data) for a in op.arg_attrs or [DictionaryAttr({}) for _ in op.args]]
        for arg, entry in zip(op.args, attrs, strict=True):
            if isinstance(arg.type, MemRefType) and "tt.layout" not in entry:
                element_type = _check(op, arg).element_type
                entry["tt.layout"] = BufferAttr.interleaved(element_type, labels.get(arg, ()))
        new = ArrayAttr([DictionaryAttr(a) for a in attrs])
        if new != op.arg_attrs:
            op.arg_attrs = new
            rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class InferLayoutPass(LevelPass):
    """Gives every tensor parameter a `tt.layout`: where it lives and how it is cut into pages.

    The default is DRAM, interleaved, one 32x32 tile a page; an attribute that is there stays. The
    axis labels (M, N, K) come from the contractions the tensor takes part in.

    Before:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>) {
      func.return
    }
    ```
    After:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}, %B: memref<64x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}) {
      func.return
    }
    ```
    """

    name = "tt-infer-layout"
    takes = Level.TILE
    gives = Level.TILE

    def patterns(self) -> list[list[RewritePattern]]:
        return [[InferLayout()]]
