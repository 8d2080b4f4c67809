"""Attention, normalisation and products through the user's door: numbers, traffic, size, inits.

`causal_1k` and `causal_64k` are `examples/causal_attention.py` with batch 1, 8 heads, sequences of
1024 and 65536, dim 64 and blocks of 64x64, saved by `tools/save_tir.py`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import tt_dialect
from tt_dialect.ir import cb
from tt_dialect.ir.program import Role, ThreadOp
from tt_dialect.passes.verify import verify_module
from tt_dialect.run import functions

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "test" / "data" / "tir"
HEADS, SEQUENCE, DIM, BLOCK = 8, 1024, 64, 64


def attention(q, k, v):
    """Causal attention in float64."""
    scores = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(q.shape[-1])
    scores = np.where(np.tri(q.shape[2], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.einsum("bhqk,bhkd->bhqd", weights / weights.sum(axis=-1, keepdims=True), v)


@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
def test_causal_attention(arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    compiled = functions.compiled

    def counted(row):
        def call(*values):
            calls[row.name] += 1
            return compiled(row)(*values)

        return call

    monkeypatch.setattr(functions, "compiled", counted)
    kernel = tt_dialect.compile(DATA / "attention" / "causal_1k.tir.json", arch=arch)
    random = np.random.default_rng(0)
    shape = (1, HEADS, SEQUENCE, DIM)
    inputs = [random.standard_normal(shape).astype(ml_dtypes.bfloat16) for _ in range(3)]
    result = kernel.run(*inputs)
    want = attention(*(x.astype(np.float64) for x in inputs))
    assert np.abs(np.asarray(result, np.float64) - want).max() <= 2.0**-6

    blocks = SEQUENCE // BLOCK
    pairs = HEADS * blocks * (blocks + 1) // 2  # (query block, key block) on or below the diagonal
    block_bytes = BLOCK * DIM * 2
    assert kernel.stats.total.dram_read == HEADS * blocks * block_bytes + pairs * 2 * block_bytes
    tiles = BLOCK // 32
    assert kernel.stats.total.tile_products == pairs * 2 * tiles * tiles * tiles  # DIM is BLOCK
    # The scores are read twice, for the maximum and for the exponential; a mask is computed only
    # for the tiles the diagonal cuts.
    assert calls["where"] == 2 * HEADS * blocks * tiles
    assert calls["gez"] == calls["where"]


def operations(module: ModuleOp) -> int:
    return sum(1 for _ in module.walk())


def test_size_does_not_grow_with_the_sequence() -> None:
    sizes = [
        operations(
            tt_dialect.compile(DATA / "attention" / f"causal_{n}.tir.json").modules["metalium"]
        )
        for n in ("1k", "64k")
    ]
    assert sizes[0] == sizes[1] < 2000


@pytest.mark.parametrize("name", ["gemm", "rmsnorm", "attention", "causal_attention", "softmax"])
@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
def test_no_redundant_inits(name: str, arch: str) -> None:
    kernel = tt_dialect.compile(ROOT / "examples" / f"{name}.tir.json", arch=arch)
    assert not verify_module(kernel.modules["metalium"], redundant_inits=True)


_REDUCED = "the FPU reduces from circular buffers only"
_VECTOR = "a broadcast reads its vector from a circular buffer"
_CARRIED = "the next iteration of the loop reads it"
ROUND_TRIPS = {
    "gemm": {"C_local": "16 tiles of float32 between K blocks; DST holds 4"},
    "rmsnorm": {"scale_folded": _REDUCED, "scale": _VECTOR},
    "softmax": {
        "row_max_folded": _REDUCED,
        "row_max": _VECTOR,
        "x": "the sum of a row must be known before its elements are divided by it",
        "row_sum_folded": _REDUCED,
        "row_sum": _VECTOR,
    },
    "attention": {
        "acc_s": "the maximum of a row must be known before its exponentials",
        "acc_s_cast": "the FPU multiplies from circular buffers only",
        "acc_o": _CARRIED,
        "logsum": _CARRIED,
        "scores_max": _CARRIED,
        "scores_max_folded": _REDUCED,
        "scores_max_part": _VECTOR,
        "scores_sum_folded": _REDUCED,
        "scores_sum": "packed by the reduction, whose edge mask holds for a whole window of DST",
    },
}
"""Every block that compute packs and unpacks again, and why it cannot stay in DST."""


def round_trips(module: ModuleOp) -> set[str]:
    """Labels of the circular buffers that compute both fills and reads."""
    filled, read = set[str](), set[str]()
    for thread in module.walk():
        if isinstance(thread, ThreadOp) and thread.role.data == Role.COMPUTE:
            for op in thread.walk():
                if isinstance(op, cb.PushBackOp | cb.PopFrontOp):
                    alloc = op.cb.owner
                    assert isinstance(alloc, cb.AllocOp)
                    (filled if isinstance(op, cb.PushBackOp) else read).add(alloc.label.data)
    return filled & read


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_what_leaves_dst(name: str) -> None:
    kernel = tt_dialect.compile(ROOT / "examples" / f"{name}.tir.json")
    assert round_trips(kernel.modules["metalium"]) == set(ROUND_TRIPS[name])
