"""Where kernels come from: live TVM objects, saved graphs, and Python files that make them."""

from __future__ import annotations

from pathlib import Path

from tt_dialect.diagnostics import error_at
from tt_dialect.importer import live, pyfile
from tt_dialect.importer.graph import parse_graph
from tt_dialect.importer.schema import GraphKernel, kernels_of


def load(source: object, kernel: str | None, args: live.Arguments) -> list[GraphKernel]:
    """The kernels of a source: all of them, or the one called `kernel`.

    A Python file gives one kernel: its only one, or the one called `kernel`.
    """
    if not isinstance(source, str | Path):
        maker = live.maker_of(source)
        return _select(kernels_of(live.graph_of(maker, args)), kernel)
    path = Path(source)
    if path.suffix == ".py":
        return kernels_of(live.graph_of(pyfile.find_kernel(path, kernel), args))
    if path.suffix != ".json":
        raise error_at(None, f"{path.name}: unknown kind of input", "accepted: .tir.json, .py")
    if args:
        raise error_at(
            None,
            f"{path.name}: a saved kernel takes no arguments",
            f"given: {', '.join(args)}",
        )
    return _select(kernels_of(parse_graph(_read(path), path.name)), kernel)


def _select(kernels: list[GraphKernel], name: str | None) -> list[GraphKernel]:
    chosen = [kernel for kernel in kernels if name in (None, kernel.name)]
    if chosen:
        return chosen
    known = ", ".join(kernel.name for kernel in kernels)
    raise error_at(None, f"there is no kernel '{name}'", f"kernels here: {known}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise error_at(None, f"cannot read {path.name}: {error.strerror}") from None
