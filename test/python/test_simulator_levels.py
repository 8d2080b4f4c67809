"""Every kernel at every level, on both machines, under several schedules: one result."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from references import REFERENCES
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IndexType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

import tt_dialect
from tt_dialect.diagnostics import CompileError
from tt_dialect.ir.cb import PopFrontOp, PushBackOp, ReserveBackOp, WaitFrontOp
from tt_dialect.ir.noc import ReadPageOp, WritePageOp
from tt_dialect.ir.program import ProgramOp
from tt_dialect.run import Deadlock, evaluate, simulate
from tt_dialect.run.arguments import parameters
from tt_dialect.run.numerics import Format, load

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {Format.BF16: 2**-7, Format.FP16: 2**-7, Format.FP32: 2e-3}


def kernel_of(module: Operation) -> FuncOp | ProgramOp:
    return next(op for op in module.walk() if isinstance(op, FuncOp | ProgramOp))


def saved(name: str, arch: str = "wormhole", **options: str) -> tt_dialect.CompiledKernel:
    source = ROOT / "test" / "data" / "tir" / f"{name}.tir.json"
    return tt_dialect.compile(source, arch=arch, **options)


def inputs_of(kernel: FuncOp | ProgramOp) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal(p.shape, dtype=np.float32) for p in parameters(kernel) if p.read]


@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
@pytest.mark.parametrize("name", REFERENCES)
def test_levels_agree(name: str, arch: str) -> None:
    kernel = saved(name, arch)
    program = kernel_of(kernel.modules["metalium"])
    assert isinstance(program, ProgramOp)
    tensors = parameters(program)
    inputs = inputs_of(program)
    fidelity = program.config.fidelity.data

    results: dict[str, list[np.ndarray]] = {}
    for level in ("tile", "core", "tiled", "buffered"):
        function = kernel_of(kernel.modules[level])
        assert isinstance(function, FuncOp)
        results[level] = evaluate(function, inputs, fidelity=fidelity)
    for level in ("threads", "metalium"):
        op = kernel_of(kernel.modules[level])
        assert isinstance(op, ProgramOp)
        for seed in (0, 1, 2):
            outputs, stats = simulate(op, inputs, seed=seed)
            results[f"{level}, seed {seed}"] = outputs
            assert all((writes == 1).all() for writes in stats.page_writes.values())
    first = results["tile"]
    for level, outputs in results.items():
        for one, other in zip(first, outputs, strict=True):
            assert np.array_equal(one, other), level

    read = [t for t in tensors if t.read]
    rounded = [load(x, t.format).astype(np.float64) for x, t in zip(inputs, read, strict=True)]
    expected = REFERENCES[name](*rounded)
    expected = expected if isinstance(expected, tuple) else (expected,)
    written = [t for t in tensors if t.written]
    for t, got, want in zip(written, first, expected, strict=True):
        assert np.abs(got - want).max() <= LIMITS[t.format] * np.abs(want).max()


@pytest.fixture(scope="module")
def gemm() -> tt_dialect.CompiledKernel:
    return tt_dialect.compile(ROOT / "examples" / "gemm.tir.json")


def test_traffic_follows_from_the_block_schedule(gemm: tt_dialect.CompiledKernel) -> None:
    """Each of the (M/bm) x (N/bn) blocks reads bm x K of A and K x bn of B, two bytes each."""
    m = n = k = 1024
    bm = bn = 128
    outputs, stats = simulate(gemm.program, inputs_of(gemm.program))
    blocks = (m // bm) * (n // bn)
    assert stats.total.dram_read == blocks * (bm * k + k * bn) * 2
    assert stats.total.dram_write == m * n * 2
    assert stats.total.noc_bytes == stats.total.dram_read + stats.total.dram_write
    assert stats.total.tile_products == (m // 32) * (n // 32) * (k // 32)
    assert len(stats.cores) == 64
    assert all(s.tile_products == 512 for s in stats.cores.values())
    assert (stats.page_writes["C"] == 1).all()
    assert outputs[0].shape == (m, n)


@pytest.mark.parametrize("kind", [ReadPageOp, WritePageOp])
@pytest.mark.parametrize("operand", ["page", "slot"])
def test_altered_index_changes_the_result(kind: type, operand: str) -> None:
    """Each page and slot index of the METALIUM program, replaced by zero, one at a time."""
    kernel = saved("gemm_blocks")
    inputs = inputs_of(kernel.program)
    (expected,), _ = simulate(kernel.program, inputs)
    count = sum(isinstance(op, kind) for op in kernel.program.walk())
    assert count
    for nth in range(count):
        broken = kernel.modules["metalium"].clone()
        op = [op for op in broken.walk() if isinstance(op, kind)][nth]
        zero = ConstantOp.from_int_and_width(0, IndexType())
        assert op.parent is not None
        op.parent.insert_op_before(zero, op)
        index = list(op.operands).index(getattr(op, operand))
        op.operands[index] = zero.result
        program = kernel_of(broken)
        assert isinstance(program, ProgramOp)
        (output,), stats = simulate(program, inputs)
        assert not np.array_equal(output, expected)
        if kind is WritePageOp and operand == "page":
            assert not (stats.page_writes["C"] == 1).all()


def test_dropped_protocol_is_never_silent() -> None:
    """Without any one circular buffer operation of the METALIUM program, the run is an error."""
    kernel = saved("gemm_stages_2")
    inputs = inputs_of(kernel.program)
    protocol = (ReserveBackOp, PushBackOp, WaitFrontOp, PopFrontOp)
    count = sum(isinstance(op, protocol) for op in kernel.program.walk())
    deadlocks = 0
    for nth in range(count):
        broken = kernel.modules["metalium"].clone()
        op = [op for op in broken.walk() if isinstance(op, protocol)][nth]
        op.detach()
        program = kernel_of(broken)
        assert isinstance(program, ProgramOp)
        with pytest.raises(CompileError) as caught:
            simulate(program, inputs)
        deadlocks += isinstance(caught.value, Deadlock)
    assert deadlocks


def test_dropped_push_names_both_threads() -> None:
    kernel = saved("gemm_stages_2")
    (push,) = [
        op
        for thread in kernel.program.threads
        if thread.role.data == "reader"
        for op in thread.walk()
        if isinstance(op, PushBackOp)
    ][:1]
    label = push.cb.owner.label.data  # pyright: ignore
    push.detach()
    with pytest.raises(Deadlock) as caught:
        simulate(kernel.program, inputs_of(kernel.program))
    text = str(caught.value)
    assert "kernels.py:" in text
    assert re.search(rf"compute on .* blocks in wait_front of '{label}'", text)
    assert re.search(r"reader on .* blocks in reserve_back|push_back", text)
