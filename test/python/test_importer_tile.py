"""Elementwise kernels and reductions at level TILE: numbers, upstream tools, refusal to lower."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from references import TILE_REFERENCES as REFERENCES
from xdsl.dialects import func
from xdsl.dialects.builtin import MemRefType

import tt_dialect
from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import import_source
from tt_dialect.levels import Level, check_level
from tt_dialect.run import evaluate

TEST = Path(__file__).resolve().parent.parent
DATA = TEST / "data" / "tir" / "tile"
POSITIVE = {"functions"}
"""Kernels whose functions are not defined below zero."""
ROUNDING = {"bf16": 2.0**-7, "f16": 2.0**-10, "f32": 1e-5}
"""What the result may be off by when every operation rounds, relative to the largest element."""


def kernel(name: str) -> func.FuncOp:
    (function,) = import_source(DATA / f"{name}.tir.json").ops
    assert isinstance(function, func.FuncOp)
    return function


def inputs_of(name: str, function: func.FuncOp) -> list[Any]:
    """Values exact in bf16, so that only the kernel rounds; 1.5 and 20 for scalars."""
    random = np.random.default_rng(0)
    inputs: list[Any] = []
    for argument in function.body.block.args[: REFERENCES[name].__code__.co_argcount]:
        if isinstance(argument.type, MemRefType):
            values = random.standard_normal(argument.type.get_shape())
            values = np.abs(values) / 8 + 0.125 if name in POSITIVE else values
            inputs.append(values.astype(ml_dtypes.bfloat16).astype(np.float64))
        else:
            inputs.append(20 if str(argument.type) == "i32" else 1.5)
    return inputs


def outputs_of(name: str, inputs: list[Any]) -> list[np.ndarray]:
    wanted = REFERENCES[name](*inputs)
    return list(wanted) if isinstance(wanted, tuple) else [wanted]


@pytest.mark.parametrize("name", REFERENCES)
def test_exact(name: str):
    function = kernel(name)
    inputs = inputs_of(name, function)
    results = evaluate(function, inputs, exact=True)
    for result, want in zip(results, outputs_of(name, inputs), strict=True):
        np.testing.assert_allclose(result, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", REFERENCES)
def test_rounded(name: str):
    function = kernel(name)
    inputs = inputs_of(name, function)
    results = evaluate(function, inputs)
    types = [a.type for a in function.body.block.args if isinstance(a.type, MemRefType)]
    limits = [ROUNDING[str(t.element_type)] for t in types[-len(results) :]]
    for result, want, limit in zip(results, outputs_of(name, inputs), limits, strict=True):
        finite = np.isfinite(want)
        assert np.array_equal(np.isfinite(result), finite)
        assert np.abs(result[finite] - want[finite]).max() <= limit * np.abs(want[finite]).max()


@pytest.mark.parametrize("name", REFERENCES)
def test_contract_holds(name: str):
    module = import_source(DATA / f"{name}.tir.json")
    module.verify()
    assert not check_level(module, Level.TILE)


@pytest.mark.parametrize("name", REFERENCES)
def test_upstream_accepts_what_is_stripped(name: str, tt_opt, mlir_opt):
    text = str(import_source(DATA / f"{name}.tir.json"))
    stripped = tt_opt("-p", "tt-strip", "--print-op-generic", stdin=text)
    assert stripped.returncode == 0, stripped.stderr
    assert "tt.name" not in stripped.stdout
    done = mlir_opt(stdin=stripped.stdout)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_lowers_or_is_refused_at_a_line(name: str):
    """Until it is lowered, a kernel is refused at a line of its own; never a wrong program."""
    try:
        compiled = tt_dialect.compile(DATA / f"{name}.tir.json")
    except CompileError as error:
        first = error.diagnostics[0]
        assert first.location is not None
        assert first.location.file in ("tile_kernels.py", "reduce_op.py")
        assert first.notes
        return
    function = kernel(name)
    inputs = inputs_of(name, function)
    tiled = [np.asarray(i).astype(t.dtype) for i, t in zip(inputs, compiled.tensors, strict=False)]
    results = compiled.run(*tiled)
    for result, want in zip(
        results if isinstance(results, tuple) else (results,),
        outputs_of(name, inputs),
        strict=True,
    ):
        np.testing.assert_allclose(result.astype(np.float64), want, rtol=2**-6, atol=2**-6)


def test_ttc_runs_what_is_not_lowered(ttc):
    path = DATA / "softmax.tir.json"
    done = ttc("run", path, "--engine", "tile", "--check")
    assert done.returncode == 0, done.stderr
    assert "check Y: " in done.stdout
    assert "WRONG" not in done.stdout


def test_ttc_runs_with_scalar_parameters(ttc):
    done = ttc("run", DATA / "scalar_parameters.tir.json", "--engine", "tile", "--check")
    assert done.returncode == 0, done.stderr
