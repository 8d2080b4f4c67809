"""TileLang kernels with loops over elements: at TILE, after tt-raise, and on the simulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects import func, memref

import tt_dialect
from tt_dialect.importer import import_source
from tt_dialect.mlir_text import make_context
from tt_dialect.passes.raise_loops import RaisePass
from tt_dialect.run import evaluate

DATA = Path(__file__).resolve().parent.parent / "data" / "tir" / "loops"
CASES = sorted(path.name.removesuffix(".tir.json") for path in DATA.iterdir())

Array = NDArray[np.float32]


def reference(name: str) -> tuple[list[Array], Array]:
    """Inputs and what a kernel makes of them, exact in every format."""
    random = np.random.default_rng(0)
    if name == "updates":
        x = random.integers(-4, 5, (64, 64)).astype(np.float32)
        return [x], np.maximum(2 * x, 0)
    a, b = (random.integers(-4, 5, shape).astype(np.float32) for shape in ((64, 128), (128, 64)))
    return [a, b], a @ b


@pytest.mark.parametrize("name", CASES)
def test_before_and_after(name: str) -> None:
    module = import_source(DATA / f"{name}.tir.json")
    (function,) = module.ops
    assert isinstance(function, func.FuncOp)
    inputs, wanted = reference(name)
    np.testing.assert_array_equal(evaluate(function, inputs, exact=True)[0], wanted)
    RaisePass().apply(make_context(), module)
    module.verify()
    assert not [op for op in module.walk() if isinstance(op, memref.LoadOp | memref.StoreOp)]
    np.testing.assert_array_equal(evaluate(function, inputs, exact=True)[0], wanted)


@pytest.mark.parametrize("name", CASES)
def test_on_the_simulator(name: str) -> None:
    inputs, wanted = reference(name)
    kernel = tt_dialect.compile(DATA / f"{name}.tir.json")
    np.testing.assert_array_equal(kernel.execute(inputs)[0], wanted)
