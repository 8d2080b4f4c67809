"""Annotations of TileLang kernels, under the name of the backend: see `tt_dialect.annotate`."""

from tt_dialect.annotate import (
    annotate_tt_layout,
    annotate_tt_schedule,
    with_core_grid,
    with_core_ranges,
    with_layout_desc,
    with_work_partition,
)

__all__ = [
    "annotate_tt_layout",
    "annotate_tt_schedule",
    "with_core_grid",
    "with_core_ranges",
    "with_layout_desc",
    "with_work_partition",
]
