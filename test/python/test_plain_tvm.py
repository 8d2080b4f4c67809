"""Kernels of plain TVM, compared with NumPy as imported, after tt-raise and after tt-block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects import func, memref, scf
from xdsl.dialects.builtin import ModuleOp

import tt_dialect
from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import import_source
from tt_dialect.levels import Level, check_level
from tt_dialect.mlir_text import make_context
from tt_dialect.passes.block_grid import BlockPass
from tt_dialect.passes.raise_loops import RaisePass
from tt_dialect.run import evaluate

DATA = Path(__file__).resolve().parent.parent / "data" / "tir" / "tvm"

Array = NDArray[np.float64]


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def window(A: Array) -> Array:
    rows, columns = A.shape
    B = np.zeros_like(A)
    B[:, :-2] = A[:, :-2] + A[:, 1:-1] + A[:, 2:]
    i = np.arange(rows)[:, None]
    B[:, -2:] = np.where(i < np.arange(columns - 2, columns), 1, i)
    return B


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def product(a: Array, b: Array) -> Array:
    return a @ b


REFERENCES: dict[str, Callable[..., Any]] = {
    "matmul_ijk": product,
    "matmul_kij": product,
    "matmul_jki": product,
    "matmul_scalar": product,
    "matmul_transposed": lambda a, b: (a.T @ b.T).T,
    "matmul_tiled": product,
    "matmul_guarded": product,
    "matmul_block": product,
    "te_matmul": product,
    "scheduled": product,
    "add": np.add,
    "in_place": lambda a, b: relu(a * b),
    "copy_turned": lambda a: (a.T, a),
    "prefix": lambda a, b: np.cumsum(a, axis=1),
    "window": window,
    "te_bias_relu": lambda a, b, bias: relu(a @ b + bias),
    "te_add_matrix": lambda a, b, bias: a @ b + bias,
    "te_chain": lambda x, y: relu((x + y) * x),
    "te_transpose": lambda x: x.T,
    "te_row_sum": lambda x: x.sum(axis=1),
    "te_column_max": lambda x: x.max(axis=0),
    "te_softmax": softmax,
    "te_batch": product,
    "te_two_products": lambda a, b, c: a @ b @ c,
    "te_relu_matmul": lambda a, b: relu(a) @ b,
    "te_filter": lambda a: a[:-2] + a[1:-1] + a[2:],
    "te_softmax_sum": lambda x: x - x.max(axis=1, keepdims=True),
}

LOOPS_REMAIN = {"prefix", "te_filter"}
"""Kernels whose iterations depend on each other, or whose indices are sums."""

NO_BLOCKS = {
    "prefix": "an iteration reads elements of 'B' that others write",
    "te_filter": "index 0 of 'a' is not one loop variable, perhaps shifted",
    "window": "a part of 'A' is used by itself",
}
"""Kernels that have no blocks, and what is said of them."""


def imported(name: str) -> func.FuncOp:
    (function,) = import_source(DATA / f"{name}.tir.json").ops
    assert isinstance(function, func.FuncOp)
    return function


def compare(function: func.FuncOp, name: str) -> None:
    """Small integers: their sums and products are exact in whatever order."""
    random = np.random.default_rng(0)
    reference = REFERENCES[name]
    inputs = [random.integers(-4, 5, shape).astype(np.float64) for shape in reads(function)]
    wanted = reference(*inputs)
    results = evaluate(function, inputs, exact=True)
    for result, want in zip(
        results, wanted if isinstance(wanted, tuple) else (wanted,), strict=True
    ):
        np.testing.assert_allclose(result, want, rtol=1e-12)


def reads(function: func.FuncOp) -> list[tuple[int, ...]]:
    from tt_dialect.run.arguments import parameters

    return [p.shape for p in parameters(function) if p.read]


def raised(name: str) -> func.FuncOp:
    function = imported(name)
    module = function.parent_op()
    assert isinstance(module, ModuleOp)
    RaisePass().apply(make_context(), module)
    module.verify()
    return function


def test_every_saved_kernel_has_a_reference() -> None:
    assert {path.name.removesuffix(".tir.json") for path in DATA.iterdir()} == set(REFERENCES)


@pytest.mark.parametrize("name", REFERENCES)
def test_as_imported(name: str) -> None:
    compare(imported(name), name)


@pytest.mark.parametrize("name", REFERENCES)
def test_raised(name: str) -> None:
    function = raised(name)
    compare(function, name)
    loops = [op for op in function.walk() if isinstance(op, scf.ForOp | memref.LoadOp)]
    assert bool(loops) == (name in LOOPS_REMAIN)


@pytest.mark.parametrize("name", sorted(REFERENCES.keys() - NO_BLOCKS.keys()))
def test_blocked(name: str) -> None:
    function = raised(name)
    module = function.parent_op()
    assert isinstance(module, ModuleOp)
    BlockPass().apply(make_context(), module)
    module.verify()
    assert check_level(module, Level.TILE) == []
    assert sum(isinstance(op, scf.ParallelOp) for op in function.body.block.ops) == 1
    compare(function, name)


@pytest.mark.parametrize("name", NO_BLOCKS)
def test_what_has_no_blocks_says_so(name: str) -> None:
    module = raised(name).parent_op()
    assert isinstance(module, ModuleOp)
    with pytest.raises(CompileError, match=NO_BLOCKS[name]):
        BlockPass().apply(make_context(), module)


@pytest.mark.parametrize("name", sorted(REFERENCES.keys() - NO_BLOCKS.keys()))
def test_on_the_simulator(name: str) -> None:
    """The whole way down; results differ from NumPy's by the rounding of the formats only."""
    kernel = tt_dialect.compile(DATA / f"{name}.tir.json")
    random = np.random.default_rng(1)
    inputs = [
        random.integers(-4, 5, t.shape).astype(np.float32) for t in kernel.tensors if t.is_read
    ]
    wanted = REFERENCES[name](*(i.astype(np.float64) for i in inputs))
    results = kernel.execute(inputs)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for result, want in zip(results, wanted, strict=True):
        np.testing.assert_allclose(result, want, rtol=0, atol=np.abs(want).max() / 256)


@pytest.mark.parametrize("name", ["add", "in_place", "te_column_max", "te_chain", "window"])
def test_elements_round_as_blocks_do(name: str) -> None:
    """Before and after tt-raise, to the bit, where no sum leaves an order open."""
    random = np.random.default_rng(2)
    inputs = [random.normal(size=shape) for shape in reads(imported(name))]
    before, after = evaluate(imported(name), inputs), evaluate(raised(name), inputs)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_blocks_of_any_size_compute_the_same() -> None:
    """The options of tt-block change how, not what."""
    for name in ("te_add_matrix", "te_softmax_sum", "copy_turned"):
        for block_m, block_n, block_k in ((32, 96, 8), (64, 32, 16), (16, 48, 32)):
            if name == "copy_turned":
                block_m, block_n = block_n // 3, block_m
            function = raised(name)
            module = function.parent_op()
            assert isinstance(module, ModuleOp)
            BlockPass(block_m, block_n, block_k).apply(make_context(), module)
            module.verify()
            compare(function, name)


@pytest.mark.parametrize("name", ["te_matmul", "te_bias_relu"])
def test_ttc_runs_it(ttc: Callable[..., Any], name: str) -> None:
    done = ttc("run", DATA / f"{name}.tir.json", "--check")
    assert done.returncode == 0, done.stderr
    assert "ok" in done.stdout
