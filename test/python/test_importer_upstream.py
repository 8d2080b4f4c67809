"""Kernels of TileLang's own examples, imported as they are, against NumPy at level TILE.

`test/upstream_kernels.py` says which and at what sizes; tile-ai/tilelang is under the MIT licence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from xdsl.dialects import func
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.dialects.linalg.ops import GenericOp
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr

from tt_dialect.importer import import_source
from tt_dialect.levels import Level, check_level
from tt_dialect.run import evaluate

DATA = Path(__file__).resolve().parent.parent / "data" / "tir" / "upstream"
SAVED = sorted(path.name.removesuffix(".tir.json") for path in DATA.glob("*.tir.json"))

Array: TypeAlias = Any


def attention(q: Array, k: Array, v: Array, *, causal: bool, window: int | None = None) -> Array:
    """Attention of (batch, head, sequence, dimension); the last query sees the last key."""
    scores = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(q.shape[-1])
    if causal:
        visible = np.tril(np.ones(scores.shape[-2:]), k.shape[2] - q.shape[2]) > 0
        scores = np.where(visible, scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("bhqk,bhkd->bhqd", weights, v)


def bhsd(causal: bool) -> Callable[..., Array]:
    return lambda q, k, v: attention(q, k, v, causal=causal)


def bshd(causal: bool, groups: int = 1) -> Callable[..., Array]:
    def run(q: Array, k: Array, v: Array) -> Array:
        turned = [x.transpose(0, 2, 1, 3) for x in (q, k, v)]
        keys, values = (np.repeat(x, groups, axis=1) for x in turned[1:])
        return attention(turned[0], keys, values, causal=causal).transpose(0, 2, 1, 3)

    return run


def rms_norm(x: Array) -> Array:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-12)


def layernorm(x: Array, gamma: Array, beta: Array) -> tuple[Array, Array, Array]:
    mean, variance = x.mean(-1), x.var(-1)
    scale = 1.0 / np.sqrt(variance + 1e-5)
    return (x - mean[:, None]) * scale[:, None] * gamma + beta, mean, scale


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def retention(q: Array, k: Array, v: Array) -> Array:
    """Retention of (batch, sequence, head, dimension), for each of two blocks of query columns."""
    _, length, heads, width = q.shape
    distance = np.arange(length)[:, None] - np.arange(length)[None, :]
    parts: list[Array] = []
    for columns in (slice(0, width // 2), slice(width // 2, width)):
        out = np.zeros((q.shape[0], length, heads, v.shape[-1]))
        for head in range(heads):
            decay = np.where(distance >= 0, (1 - 2.0 ** (-5 - head)) ** distance, 0.0)
            scores = np.einsum("bqd,bkd->bqk", q[:, :, head, columns], k[:, :, head, columns])
            out[:, :, head] = np.einsum("bqk,bkd->bqd", scores * width**-0.5 * decay, v[:, :, head])
        parts.append(out)
    return np.stack(parts)


def chunk_state(b: Array, x: Array, dt: Array, da: Array) -> Array:
    """Mamba-2's states of chunks; two groups of heads."""
    batch, _, heads, width = x.shape
    chunks, size = dt.shape[2:]
    keys = np.repeat(b, heads // b.shape[2], axis=2).reshape(batch, chunks, size, heads, -1)
    values = x.reshape(batch, chunks, size, heads, width)
    decay = np.exp(da[..., -1:] - da)
    return np.einsum("bclhn,bhcl,bhcl,bclhp->bchpn", keys, decay, dt, values)


def chunk_scan(*arguments: Array) -> Array:
    """Mamba-2's scan within chunks, from the states before them."""
    cb, x, dt, da, c, prev, d = arguments
    batch, length, heads, width = x.shape
    chunks, size = dt.shape[2:]
    values = x.reshape(batch, chunks, size, heads, width)
    queries = np.repeat(c, heads // c.shape[2], axis=2).reshape(batch, chunks, size, heads, -1)
    scores = np.repeat(cb, heads // cb.shape[2], axis=2)
    decay = np.exp(da[:, :, :, :, None] - da[:, :, :, None, :]).transpose(0, 2, 1, 3, 4)
    weights = scores * np.where(np.tril(np.ones((size, size))) > 0, decay, 0.0)
    out = np.einsum("bchls,bhcs,bcshp->bclhp", weights, dt, values)
    out += np.einsum("bclhn,bchpn,bhcl->bclhp", queries, prev, np.exp(da))
    return (out + values * d[:, None]).reshape(batch, length, heads, width)


def chunks_of(x: Array) -> Array:
    """(batch, sequence, head, ...) as (batch, head, chunk, 64, ...)."""
    return np.moveaxis(x.reshape(x.shape[0], -1, 64, *x.shape[2:]), 3, 1)


def gate(g: Array) -> Array:
    """exp of the difference of two places' gates where the first one is smaller."""
    difference = g[..., :, None] - g[..., None, :]
    return np.where(difference <= 0, np.exp(difference), 0.0)


def whole(x: Array) -> Array:
    """What `chunks_of` does, undone."""
    return np.moveaxis(x, 1, 3).reshape(x.shape[0], -1, x.shape[1], x.shape[-1])


def gated_products(k: Array, beta: Array, g: Array) -> Array:
    """Gated delta rule: scaled products of the keys of a chunk, below the diagonal."""
    keys, factors = chunks_of(k), chunks_of(beta)
    products = np.einsum("...id,...jd,...i->...ij", keys, keys, factors)
    return whole(np.tril(products * gate(chunks_of(g)), -1))


def gated_output(q: Array, k: Array, v: Array, hidden: Array, g: Array) -> Array:
    """Gated delta rule: the outputs of chunks from their values and the state before them."""
    queries, keys, values, gates = map(chunks_of, (q, k, v, g))
    state = np.moveaxis(hidden, 2, 1)
    before = np.einsum("...id,...de,...i->...ie", queries, state, np.exp(gates))
    scores = np.tril(np.einsum("...id,...jd->...ij", queries, keys) * gate(gates))
    return whole(before + scores @ values) * 0.125


def delta(o: Array, do: Array) -> Array:
    return (o * do).sum(-1).transpose(0, 2, 1)


def attention_and_logsum(q: Array, k: Array, v: Array) -> tuple[Array, Array]:
    """Causal attention of (batch, sequence, head, dimension) and the log2 of the row sums."""
    scores = np.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape[-2:])) > 0, scores, -np.inf)
    return bshd(True)(q, k, v), np.log2(np.exp(scores).sum(-1))


def sinks(q: Array, k: Array, v: Array, sink: Array) -> Array:
    """Causal attention whose softmax has one more term for each head."""
    scores = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape[-2:])) > 0, scores, -np.inf)
    weights = np.exp(scores)
    weights /= weights.sum(-1, keepdims=True) + np.exp(sink)[None, :, None, None]
    return np.einsum("bhqk,bhkd->bhqd", weights, v)


def mla(q: Array, q_pe: Array, kv: Array, k_pe: Array) -> Array:
    """Attention of one query per head whose keys, apart from a part, are the values."""
    scores = np.einsum("bhd,bsd->bhs", q, kv[:, :, 0]) + np.einsum(
        "bhd,bsd->bhs", q_pe, k_pe[:, :, 0]
    )
    return np.einsum("bhs,bsd->bhd", softmax(scores * 0.1), kv[:, :, 0])


REFERENCES: dict[str, Callable[..., Any]] = {
    "attention_sink_mha": sinks,
    "elementwise_add": lambda a, b: a + b,
    "gdn_chunk_o": gated_output,
    "gdn_kkt": gated_products,
    "gemm": lambda a, b: a @ b,
    "gemm_autotune": lambda a, b: a @ b.T,
    "gemm_non_persistent": lambda a, b: a @ b,
    "gemm_persistent": lambda a, b: a @ b,
    "gemm_persistent_loop": lambda a, b: a @ b,
    "gemv_alloc_reducer": lambda a, x: a @ x,
    "gqa_fwd_bshd": bshd(False, 2),
    "gqa_fwd_bshd_causal": bshd(True, 2),
    "layernorm_fwd": layernorm,
    "mamba_chunk_scan": chunk_scan,
    "mamba_chunk_state": chunk_state,
    "mha_bwd_fwd": attention_and_logsum,
    "mha_bwd_post": lambda x: x,
    "mha_bwd_pre": delta,
    "mha_fwd_bhsd": bhsd(False),
    "mha_fwd_bhsd_causal": bhsd(True),
    "mha_fwd_bshd": bshd(False),
    "mha_fwd_bshd_causal": bshd(True),
    "mla_decode": mla,
    "online_softmax": softmax,
    "quickstart": lambda a, b: np.maximum(a @ b, 0),
    "retention_fwd": retention,
    "rms_norm": rms_norm,
    "rms_norm_row": rms_norm,
    "rms_norm_splitk": rms_norm,
}
"""What each computes from the tensors it reads, in order."""


def kernel(name: str) -> func.FuncOp:
    (function,) = import_source(DATA / f"{name}.tir.json").ops
    assert isinstance(function, func.FuncOp)
    return function


def test_every_saved_kernel_has_a_reference():
    assert SAVED == sorted(REFERENCES)


@pytest.mark.parametrize("name", REFERENCES)
def test_computes_what_numpy_does(name: str):
    from tt_dialect.run.arguments import parameters

    function = kernel(name)
    random = np.random.default_rng(0)
    inputs = [
        np.round(random.standard_normal(p.shape) * 32) / 32 for p in parameters(function) if p.read
    ]
    if name.startswith("mamba"):  # sums of negative numbers, so that the decay does not grow
        inputs[3] = -np.round(np.abs(inputs[3]).cumsum(-1) * 8) / 512
    wanted = REFERENCES[name](*inputs)
    results = evaluate(function, inputs, exact=True)
    for result, want in zip(
        results, wanted if isinstance(wanted, tuple) else (wanted,), strict=True
    ):
        np.testing.assert_allclose(result, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", REFERENCES)
def test_form(name: str):
    """The form that passes rely on: one output, whose map is the identity or drops what is reduced.

    Inputs have projected permutations, with zeros allowed.
    """
    module = import_source(DATA / f"{name}.tir.json")
    module.verify()
    assert not check_level(module, Level.TILE)
    for op in module.walk():
        if not isinstance(op, GenericOp):
            assert not op.results or op.name.startswith("scf.") or any(r.uses for r in op.results)
            continue
        kinds = [kind.data for kind in op.iterator_types]
        walked = [dim for dim, kind in enumerate(kinds) if kind == IteratorType.PARALLEL]
        *inputs, output = [m.data for m in op.indexing_maps]
        assert len(op.outputs) == 1
        assert len(kinds) <= 3
        reduced_to_one = not walked and output.results == (AffineConstantExpr(0),)
        assert reduced_to_one or output.results == tuple(map(AffineDimExpr, walked))
        for indexing in inputs:
            dims = [e.position for e in indexing.results if isinstance(e, AffineDimExpr)]
            zeros = [e for e in indexing.results if e == AffineConstantExpr(0)]
            assert len(dims) == len(set(dims))
            assert len(dims) + len(zeros) == len(indexing.results)
