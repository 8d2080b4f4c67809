"""How much generated tests run: a part each day, everything where TT_TESTS=all, as in CI."""

from __future__ import annotations

import os

EVERYTHING = os.environ.get("TT_TESTS") == "all"


def amount(everything: int, daily: int) -> int:
    """The number of cases to run."""
    return everything if EVERYTHING else daily
