"""The kernels of `examples/`, each with its reference, limit and inputs."""

from __future__ import annotations

from functools import partial

import numpy as np

from corpus_lib import references as ref
from corpus_lib.cases import EXACT, FLOAT, HALF, TF32, Array, Case

APACHE = ("tvm_matmul", "tvm_add")
"""Examples of plain apache-tvm; the others are TileLang."""


def _angles(shape: tuple[int, ...]) -> Array:
    """RoPE's angles for (positions, dim / 2): base 10000."""
    positions, half = shape
    return np.arange(positions)[:, None] * 10000.0 ** (-np.arange(half) / half)


def _cosines(_: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.cos(_angles(shape))


def _sines(_: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.sin(_angles(shape))


CASES: tuple[Case, ...] = (
    Case("vector_add", ref.add, FLOAT),
    Case("gemm", ref.product, HALF),
    Case("gemm_bias_gelu", ref.gelu_linear, HALF),
    Case("batched_gemm", ref.product, HALF),
    Case("softmax", ref.softmax, HALF),
    Case("online_softmax", ref.softmax, HALF),
    Case("rmsnorm", ref.weighted_rms_norm, HALF),
    Case("layernorm", partial(ref.layer_norm, eps=1e-5), HALF),
    Case("swiglu", ref.swiglu, HALF),
    Case(
        "rope",
        ref.rope,
        HALF,
        draws={
            "cos": _cosines,
            "sin": _sines,
        },
    ),
    Case("attention", ref.attention, HALF),
    Case("causal_attention", partial(ref.attention, causal=True), HALF),
    Case("gqa", ref.attention, HALF),
    Case("column_reduce", ref.column_sum_and_max, TF32),
    Case("transpose", np.transpose, EXACT),
    Case("tvm_matmul", ref.product, TF32),
    Case("tvm_add", ref.add, HALF),
)
"""In the order of the table. Shapes and types are those of the saved kernels."""
