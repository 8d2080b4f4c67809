"""TIR to TILE: the front door of the compiler.

`import_source` takes a live PrimFunc or IRModule of any tvm, a saved `.tir.json`, or a `.py` file
with kernels, and returns a module with one `func.func` per kernel. Live objects are serialised
first, so there is one reader, and tvm is never imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp


def import_source(
    source: object | str | Path,
    *,
    kernel: str | None = None,
    args: Mapping[str, object] | None = None,
) -> ModuleOp:
    """Import a PrimFunc, an IRModule, a TileLang jit object, or the file a path names.

    `kernel` chooses one kernel of several; `args` are given to the function that makes it.
    """
    from tt_dialect.importer.kernel import import_module
    from tt_dialect.importer.source import load

    return import_module(load(source, kernel, args or {}))
