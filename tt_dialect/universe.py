"""
What plain `xdsl-opt` finds of us through the `xdsl.universe` entry point.

Only names are listed here; a dialect, pass or target is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Dialect
from xdsl.universe import Universe
from xdsl.utils.target import Target

from tt_dialect.passes import get_all_passes


def get_dialect() -> Dialect:
    from tt_dialect.ir import get_dialect

    return get_dialect()


def get_all_targets() -> dict[str, Callable[[], type[Target]]]:
    def reader() -> type[Target]:
        from tt_dialect.emit.targets import ReaderTarget

        return ReaderTarget

    def compute() -> type[Target]:
        from tt_dialect.emit.targets import ComputeTarget

        return ComputeTarget

    def writer() -> type[Target]:
        from tt_dialect.emit.targets import WriterTarget

        return WriterTarget

    def host() -> type[Target]:
        from tt_dialect.emit.targets import HostTarget

        return HostTarget

    def plan() -> type[Target]:
        from tt_dialect.emit.targets import PlanTarget

        return PlanTarget

    return {
        "metalium-reader": reader,
        "metalium-compute": compute,
        "metalium-writer": writer,
        "metalium-host": host,
        "metalium-plan": plan,
    }


UNIVERSE = Universe(
    all_dialects={"tt": get_dialect},
    all_passes=get_all_passes(),
    all_targets=get_all_targets(),
)
