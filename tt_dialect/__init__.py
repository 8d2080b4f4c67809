"""
TileLang kernels to Tenstorrent TT-Metalium C++.

    import tt_dialect
    kernel = tt_dialect.compile("examples/gemm.tir.json")
    kernel.write("build/gemm")
    c = kernel.run(a, b)

Nothing is imported until it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tt_dialect._version import __version__

if TYPE_CHECKING:
    from tt_dialect.annotate import (
        annotate_tt_layout,
        annotate_tt_schedule,
        with_core_grid,
        with_core_ranges,
        with_layout_desc,
        with_work_partition,
    )
    from tt_dialect.api import CompiledKernel, compile
    from tt_dialect.build import build_tt_pipeline, run_pipeline, validate_module_for_tt
    from tt_dialect.diagnostics import CompileError

__all__ = [
    "CompileError",
    "CompiledKernel",
    "__version__",
    "annotate_tt_layout",
    "annotate_tt_schedule",
    "build_tt_pipeline",
    "compile",
    "run_pipeline",
    "validate_module_for_tt",
    "with_core_grid",
    "with_core_ranges",
    "with_layout_desc",
    "with_work_partition",
]

_HOMES = {
    "annotate": (
        "annotate_tt_layout",
        "annotate_tt_schedule",
        "with_core_grid",
        "with_core_ranges",
        "with_layout_desc",
        "with_work_partition",
    ),
    "api": ("CompiledKernel", "compile"),
    "build": ("build_tt_pipeline", "run_pipeline", "validate_module_for_tt"),
    "diagnostics": ("CompileError",),
}
"""Names of the package by the module they come from."""


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
