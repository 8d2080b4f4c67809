"""`tt-strip`: plain upstream IR again."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern

from tt_dialect.diagnostics import error_at


def _is_ours(name: str) -> bool:
    return name == "tt" or name.startswith("tt.")


class StripAttributes(RewritePattern):
    """Removes `tt.*` attributes from an operation and from its arguments."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if _is_ours(op.name):
            raise error_at(
                op,
                f"'{op.name}' cannot be stripped",
                "tt-strip takes programs at level tile or core",
            )
        changed = False
        for name in [n for n in op.attributes if _is_ours(n)]:
            del op.attributes[name]
            changed = True
        if isinstance(op, FuncOp) and op.arg_attrs is not None:
            attrs = [{k: v for k, v in a.data.items() if not _is_ours(k)} for a in op.arg_attrs]
            new = ArrayAttr([DictionaryAttr(a) for a in attrs]) if any(attrs) else None
            if new != op.arg_attrs:
                op.arg_attrs = new
                changed = True
        if changed:
            rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class StripPass(ModulePass):
    """Removes our annotations from a TILE or CORE program, so that upstream tools accept it.

    Before:
    ```mlir
    func.func @alloc(%A: memref<64x64xbf16> {tt.name = "A"}) attributes {tt.arch = "wormhole"} {
      %s = memref.alloc() {tt.name = "s"} : memref<32x32xbf16, 1 : i64>
      func.return
    }
    ```
    After:
    ```mlir
    func.func @alloc(%A: memref<64x64xbf16>) {
      %s = memref.alloc() : memref<32x32xbf16, 1 : i64>
      func.return
    }
    ```
    """

    name = "tt-strip"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(StripAttributes()).rewrite_module(op)
