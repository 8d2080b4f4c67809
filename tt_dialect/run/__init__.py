"""
Executing programs on NumPy arrays.

    evaluate(function, inputs)   TILE, CORE, TILED, BUFFERED: sequential
    simulate(program, inputs)    THREADS, METALIUM: all cores and threads at once

NumPy is imported when one of them is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tt_dialect.run.evaluator import evaluate
    from tt_dialect.run.scheduler import Deadlock
    from tt_dialect.run.simulator import RunStats, simulate

__all__ = ["Deadlock", "RunStats", "evaluate", "simulate"]


def __getattr__(name: str) -> object:
    if name == "evaluate":
        from tt_dialect.run.evaluator import evaluate

        return evaluate
    if name in ("simulate", "RunStats"):
        from tt_dialect.run import simulator

        return getattr(simulator, name)
    if name == "Deadlock":
        from tt_dialect.run.scheduler import Deadlock

        return Deadlock
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
