"""Mt, Kt, Nt are those of a kernel's one product, whatever else it stores and axes are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tt_dialect
from tt_dialect.run import simulate
from tt_dialect.run.numerics import AnyArray
from tt_dialect.tensors import default_inputs

DATA = Path(__file__).parents[1] / "data" / "tile"


def run(path: Path, **options: Any) -> dict[str, AnyArray]:
    """Every tensor of a kernel after it has run, by name."""
    kernel = tt_dialect.compile(path, **options)
    inputs = default_inputs(kernel.tensors, 0)
    outputs, _ = simulate(kernel.program, inputs)
    arrays = iter([*inputs, *outputs])
    order = sorted(kernel.tensors, key=lambda tensor: tensor.is_written)
    return {tensor.name: next(arrays).astype(np.float64) for tensor in order}


@pytest.mark.parametrize("name", ["gate_before_product", "copy_before_product"])
def test_a_tensor_stored_before_the_product_has_its_own_extents(name: str) -> None:
    """Its rows and columns are others than M and N: block ids are decoded with its own blocks."""
    found = run(DATA / f"{name}.mlir")
    product = found["A"] @ found["B"]
    assert np.abs(found["C"] - product).max() <= np.abs(product).max() / 128
    if name == "copy_before_product":
        assert np.array_equal(found["E"], found["D"])


@pytest.mark.parametrize("axes", [["M", "N"], ["N", "M"]], ids=str)
def test_axes_of_a_layout_are_no_product(axes: list[str]) -> None:
    """M, K and N occur, in tensors of other extents; a sum has no use for them."""
    layout = {
        "X": {"nd_shard": {"axes": axes, "grid": [4, 2], "shard_shape": [64, 64]}},
        "Y": {"nd_shard": {"axes": ["K", "Q"], "grid": [4, 2], "shard_shape": [64, 64]}},
    }
    found = run(DATA / "add_8x4.mlir", layout=layout)
    total = found["X"] + found["Y"]
    assert np.abs(found["Z"] - total).max() <= np.abs(total).max() / 128
