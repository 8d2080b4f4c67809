"""Imported programs compute what their kernels mean: the TILE program, evaluated exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from references import REFERENCES
from xdsl.dialects import func

from tt_dialect.importer import import_source
from tt_dialect.run import evaluate

TEST = Path(__file__).resolve().parent.parent

Array = NDArray[np.float64]


def lets(A: Array) -> Array:
    """The kernel `lets` of test/kernels.py, by hand; what it does not write stays NaN."""
    B = np.full_like(A, np.nan)
    for row in range(0, 512, 64):
        blocks = [A[row : row + 64, (k + 7) % 8 * 64 :][:, :64] for k in (3, 5, 7, 8, 6, 4, 2)]
        B[row : row + 64, :64] = sum(block @ block for block in blocks)
    return B


def fills() -> tuple[Array, Array]:
    Y, Z = np.full((64, 64), -np.inf), np.full((64, 64), 0.5)
    return Y, Z


FORMS: dict[str, Any] = {
    "apache_0_25_gemm": lambda A, B: A @ B,
    "apache_0_27_gemm": lambda A, B: A @ B,
    "batch_axes": lambda X: X,
    "clear_accum": lambda A, B: A @ B,
    "fills": fills,
    "flat_grid": lambda X: X,
    "lets": lets,
    "loops": lambda X: X,
    "rows": lambda X: X,
    "whole_product": lambda A, B: A @ B,
}


@pytest.mark.parametrize("name", [*REFERENCES, *FORMS])
def test_numbers(name: str):
    module = import_source(TEST / "data" / "tir" / f"{name}.tir.json")
    (function,) = module.ops
    assert isinstance(function, func.FuncOp)
    reference = (REFERENCES | FORMS)[name]
    random = np.random.default_rng(0)
    count = reference.__code__.co_argcount
    shapes = [arg.type.get_shape() for arg in function.body.block.args]
    inputs = [random.integers(-4, 5, shape).astype(np.float64) for shape in shapes[:count]]
    results = evaluate(function, inputs, exact=True)
    wanted = reference(*inputs)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for result, want in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(result, want)
