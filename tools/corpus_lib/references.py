"""What the kernels of the corpus compute, as NumPy formulas on float64 arrays.

They are written from the mathematics, not from the kernels: a softmax here is one expression,
whatever passes over its input the kernel makes.
"""

from __future__ import annotations

import math

import numpy as np

from corpus_lib.cases import Array


def add(a: Array, b: Array) -> Array:
    """a + b."""
    return a + b


def product(a: Array, b: Array) -> Array:
    """The matrix product, over leading axes alike, or a matrix times a vector."""
    return a @ b


def relu_product(a: Array, b: Array) -> Array:
    """The larger of a @ b and 0."""
    return np.maximum(a @ b, 0.0)


def gelu_linear(a: Array, b: Array, bias: Array) -> Array:
    """gelu(a @ b + bias)."""
    return gelu(a @ b + bias)


def gelu(x: Array) -> Array:
    """GELU with the error function, element by element."""
    erf = np.array([math.erf(v / math.sqrt(2.0)) for v in x.ravel().tolist()])
    return 0.5 * x * (1.0 + erf.reshape(x.shape))


def softmax(x: Array) -> Array:
    """Softmax along the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def rms_norm(x: Array, eps: float) -> Array:
    """x over its root mean square along the last axis."""
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)


def weighted_rms_norm(x: Array, weight: Array) -> Array:
    """RMS norm with epsilon 1e-5, scaled."""
    return rms_norm(x, 1e-5) * weight


def layer_norm(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    """x with mean 0 and variance 1 along the last axis, scaled and shifted."""
    return (x - x.mean(axis=-1, keepdims=True)) * rstd(x, eps)[..., None] * gamma + beta


def rstd(x: Array, eps: float) -> Array:
    """1 over the standard deviation along the last axis."""
    return 1.0 / np.sqrt(x.var(axis=-1) + eps)


def layer_norm_statistics(x: Array, gamma: Array, beta: Array) -> tuple[Array, Array, Array]:
    """Layer norm with epsilon 1e-5, the means, and 1 over the standard deviations."""
    return layer_norm(x, gamma, beta, 1e-5), x.mean(axis=-1), rstd(x, 1e-5)


def column_sum_and_max(x: Array) -> tuple[Array, Array]:
    """The sum and the largest element of each column."""
    return x.sum(axis=0), x.max(axis=0)


def swiglu(gate: Array, up: Array) -> Array:
    """silu(gate) * up."""
    return gate / (1.0 + np.exp(-gate)) * up


def rope(x: Array, cos: Array, sin: Array) -> Array:
    """Pairs (x[.., d], x[.., d + D/2]) as complex numbers, turned by the angle of the tables."""
    half = x.shape[-1] // 2
    turned = (x[..., :half] + 1j * x[..., half:]) * (cos + 1j * sin)
    return np.concatenate([turned.real, turned.imag], axis=-1)


def attention(q: Array, k: Array, v: Array, causal: bool = False) -> Array:
    """Attention on (batch, heads, sequence, dim); heads of q share those of k and v in order."""
    groups = q.shape[1] // k.shape[1]
    k, v = (np.repeat(x, groups, axis=1) for x in (k, v))
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    if causal:
        visible = np.tril(np.ones(scores.shape[-2:], bool), scores.shape[-1] - scores.shape[-2])
        scores = np.where(visible, scores, -np.inf)
    return softmax(scores) @ v


def attention_bshd(q: Array, k: Array, v: Array, causal: bool = False) -> Array:
    """Attention on (batch, sequence, heads, dim)."""
    q, k, v = (np.swapaxes(x, 1, 2) for x in (q, k, v))
    return np.swapaxes(attention(q, k, v, causal), 1, 2)


def retention(q: Array, k: Array, v: Array) -> Array:
    """Retention on (batch, sequence, heads, dim): no softmax, scores fade by a factor per head.

    The output has a leading axis of one: there is one block of the key dimension.
    """
    q, k, v = (np.swapaxes(x, 1, 2) for x in (q, k, v))
    heads = np.arange(q.shape[1], dtype=np.float64)
    position = np.arange(q.shape[2], dtype=np.float64)
    decay = 1.0 - np.exp2(-5.0 - heads)
    distance = position[:, None] - position
    faded = np.where(distance >= 0, decay[:, None, None] ** np.maximum(distance, 0), 0.0)
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1]) * faded
    return np.swapaxes(scores @ v, 1, 2)[None]
