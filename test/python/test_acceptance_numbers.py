"""Kernels from real TileLang, run at every level on both machines: the numbers agree."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.func import FuncOp

import tt_dialect
from tt_dialect.ir.program import ProgramOp
from tt_dialect.run import evaluate, simulate
from tt_dialect.tensors import LIMITS, default_inputs

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from references import REFERENCES

ARCHS = ("wormhole", "blackhole")
SEEDS = (0, 1, 2)


@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("name", REFERENCES)
def test_every_level_gives_the_right_numbers(root: Path, name: str, arch: str) -> None:
    kernel = tt_dialect.compile(root / "test" / "data" / "tir" / f"{name}.tir.json", arch=arch)
    inputs = default_inputs(kernel.tensors, 0)
    results: dict[str, list[Any]] = {}
    fidelity = kernel.program.config.fidelity.data
    for level, module in kernel.modules.items():
        for op in module.walk():
            if isinstance(op, ProgramOp):
                for seed in SEEDS if level == "metalium" else SEEDS[:1]:
                    results[f"{level} {seed}"] = simulate(op, inputs, seed=seed)[0]
            elif isinstance(op, FuncOp):
                results[level] = evaluate(op, inputs, fidelity=fidelity)

    expected = REFERENCES[name](*(x.astype(np.float64) for x in inputs))
    expected = expected if isinstance(expected, tuple) else (expected,)
    written = [tensor for tensor in kernel.tensors if tensor.is_written]
    for tensor, got, want in zip(written, results["tile"], expected, strict=True):
        error = np.max(np.abs(got.astype(np.float64) - want)) / np.max(np.abs(want))
        assert error <= LIMITS[tensor.dtype.name], tensor.name
    assert len(results) == 5 + len(SEEDS)
    for level, outputs in results.items():
        for got, want in zip(outputs, results["tile"], strict=True):
            assert np.array_equal(got, want), level
