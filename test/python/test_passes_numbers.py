"""Every single pass keeps the numbers: the program before it and after it give the same bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tt_dialect.importer import import_source
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import make_context
from tt_dialect.passes.pipeline import lower_passes
from tt_dialect.run import evaluate, simulate
from tt_dialect.run.arguments import parameters

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = [
    "copy_only",
    "cast_only",
    "gemm_blocks",
    "gemm_transpose_a",
    "gemm_transpose_b",
    "gemm_batch",
    "gemm_two",
    "gemm_chain",
    "three_inputs",
    "two_outputs",
]


def kernel_of(module: ModuleOp) -> FuncOp | ProgramOp:
    return next(op for op in module.walk() if isinstance(op, FuncOp | ProgramOp))


def run(module: ModuleOp, inputs: list[np.ndarray], fidelity: str) -> list[np.ndarray]:
    kernel = kernel_of(module)
    if isinstance(kernel, FuncOp):
        return evaluate(kernel, inputs, fidelity=fidelity)
    outputs, _ = simulate(kernel, inputs)
    return outputs


@pytest.mark.parametrize("fidelity", ["HiFi4", "LoFi"])
@pytest.mark.parametrize("fixture", FIXTURES)
def test_a_pass_keeps_every_bit(fixture: str, fidelity: str) -> None:
    module = import_source(ROOT / "test" / "data" / "tir" / f"{fixture}.tir.json")
    rng = np.random.default_rng(1)
    inputs = [
        rng.standard_normal(p.shape, dtype=np.float32)
        for p in parameters(kernel_of(module))
        if p.read
    ]
    before = run(module, inputs, fidelity)
    for level, passes in lower_passes(fidelity=fidelity):
        for one in passes:
            one.apply(make_context(), module)
            module.verify()
            after = run(module, inputs, fidelity)
            assert len(after) == len(before)
            for old, new in zip(before, after, strict=True):
                assert np.array_equal(old.view(np.uint32), new.view(np.uint32)), (level, one.name)
            before = after
