"""Kernels whose tensors lie in L1 shards compute, bit for bit, what they compute from DRAM.

A tensor of which each core touches its own shard alone is not moved; others cross the NoC.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from needs import needs_compiler

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.ir import cb
from tt_dialect.run import simulate
from tt_dialect.run.native import run_native
from tt_dialect.run.numerics import AnyArray
from tt_dialect.tensors import default_inputs

EXAMPLES = Path(__file__).parents[2] / "examples"

CASES: list[tuple[str, str, list[int], str, str]] = [
    # example, shards: strategy and grid, tensors in shards, those that are not moved
    ("gemm", "height", [8], "A B C", "A C"),  # A: 4x1 tiles of 4x32, row by row 32 pages apart
    ("gemm", "width", [8], "A B C", "B C"),
    ("gemm", "block", [4, 4], "A B C", "C"),  # rows of A and columns of B are those of four cores
    ("gemm", "block", [8, 8], "C", "C"),
    ("gemm_bias_gelu", "block", [4, 4], "A B C", "C"),
    ("attention", "height", [2], "Q K V Output", "Q Output"),
    ("causal_attention", "height", [2], "Q Output", "Q Output"),
    ("softmax", "height", [8], "X Y", "X Y"),
    ("online_softmax", "height", [4], "X Y", "X Y"),
    ("layernorm", "height", [4], "X Y", "X Y"),
    ("rmsnorm", "height", [8], "X Y", "X Y"),
    ("column_reduce", "width", [4], "X", "X"),
    ("rope", "height", [2], "X cos sin Y", "X cos sin Y"),
    ("swiglu", "block", [4, 4], "gate up Y", "gate up Y"),
    ("transpose", "height", [4], "X", "X"),
    ("transpose", "width", [4], "Y", "Y"),
    ("tvm_add", "block", [2, 2], "A B C", "A B C"),
]


@cache
def from_dram(example: str) -> tuple[list[AnyArray], list[AnyArray]]:
    """Inputs, and what the kernel makes of them when they lie in DRAM."""
    kernel = tt_dialect.compile(EXAMPLES / f"{example}.tir.json")
    inputs = default_inputs(kernel.tensors, 0)
    return inputs, simulate(kernel.program, inputs)[0]


def in_shards(example: str, strategy: str, grid: list[int], names: list[str]) -> CompiledKernel:
    layout = {"memory": "L1", "strategy": strategy, "grid": grid}
    return tt_dialect.compile(
        EXAMPLES / f"{example}.tir.json",
        layout=dict.fromkeys(names, layout),
        schedule={"partition_mode": "local_shard"},
    )


@pytest.mark.parametrize(("example", "strategy", "grid", "sharded", "stay"), CASES)
def test_same_bits_as_from_dram(
    example: str, strategy: str, grid: list[int], sharded: str, stay: str
) -> None:
    kernel = in_shards(example, strategy, grid, sharded.split())
    inputs, want = from_dram(example)
    found, stats = simulate(kernel.program, inputs)
    assert all(np.array_equal(a, b) for a, b in zip(found, want, strict=True))
    for name in stay.split():
        assert stats.tensors[name] == {}, name
    for name in set(sharded.split()) - set(stay.split()):
        assert stats.tensors[name].keys() == {"l1_local", "l1_remote"}
    allocs = [op for op in kernel.program.body.block.ops if isinstance(op, cb.AllocOp)]
    on_shards = [alloc for alloc in allocs if alloc.alias is not None]
    assert len(on_shards) == len(stay.split())


@needs_compiler
@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("case", [4, 9, 13, 15], ids=lambda i: "-".join(map(str, CASES[i][:2])))
def test_native(case: int, api: str) -> None:
    """The C++ reads and packs where the blocks lie, under the sanitizer of the headers."""
    example, strategy, grid, sharded, _ = CASES[case]
    layout = {"memory": "L1", "strategy": strategy, "grid": grid}
    kernel = tt_dialect.compile(
        EXAMPLES / f"{example}.tir.json",
        layout=dict.fromkeys(sharded.split(), layout),
        metalium_api=api,
    )
    assert "pack_tile<true>(" in kernel.sources["kernels/compute.cpp"]
    inputs, want = from_dram(example)
    done = run_native(kernel.program, kernel.sources, inputs, timeout=300)
    assert not [f for f in done.findings if f.severity != "remark"]
    assert all(np.array_equal(a, b) for a, b in zip(done.outputs, want, strict=True))
