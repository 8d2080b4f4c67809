"""The rows of the function table as Python callables over float64 arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, cast

import numpy as np

from tt_dialect.ir.functions import Family, Function, function
from tt_dialect.run.numerics import AnyArray

TileFunction: TypeAlias = Callable[..., AnyArray]
"""Elementwise, of float64 arrays that broadcast against each other; a scalar comes last."""


def erf(values: AnyArray) -> AnyArray:
    """The error function, which NumPy does not have."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(values)).astype(np.float64)


@cache
def compiled(row: Function) -> TileFunction:
    """The `meaning` of a row as a function of as many operands as the row takes."""
    source = f"lambda {', '.join('xyz'[: row.arity])}: {row.meaning}"
    names: dict[str, Any] = {"np": np, "erf": erf}
    return cast(TileFunction, eval(compile(source, f"<{row.name}>", "eval"), names))


def meaning(name: str, family: Family) -> TileFunction | None:
    """What a function of the table computes, None if the table has no such row."""
    row = function(name, family)
    return None if row is None else compiled(row)
