"""
TileLang's target `"tenstorrent"`: importing this module registers it.

    import tt_dialect.tilelang
    import tilelang

    @tilelang.jit(target="tenstorrent", out_idx=[-1])
    def matmul(M, N, K): ...

    kernel = matmul(1024, 1024, 1024)
    c = kernel(a, b)                     # torch CPU tensors
    print(kernel.get_kernel_source())    # the Metalium kernels
    print(kernel.artifact_dir)           # kernels, host program, plan

    untyped.py    TileLang, in a version this package knows
    target.py     the target: how it is written, its options
    adapter.py    a compiled kernel as a function of torch tensors
    kernel.py     the object `tilelang.compile` and the jit give
    backend.py    what TileLang is told of all this
"""

from tt_dialect.annotate import (
    annotate_tt_layout,
    annotate_tt_schedule,
    with_core_grid,
    with_core_ranges,
    with_layout_desc,
    with_work_partition,
)
from tt_dialect.tilelang.adapter import default_engine
from tt_dialect.tilelang.backend import register
from tt_dialect.tilelang.kernel import TenstorrentKernel
from tt_dialect.tilelang.target import Options
from tt_dialect.tilelang.untyped import TILELANG_VERSIONS

__all__ = [
    "TILELANG_VERSIONS",
    "Options",
    "TenstorrentKernel",
    "annotate_tt_layout",
    "annotate_tt_schedule",
    "default_engine",
    "with_core_grid",
    "with_core_ranges",
    "with_layout_desc",
    "with_work_partition",
]

register()
