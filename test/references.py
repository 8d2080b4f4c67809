"""What the kernels of `test/kernels.py` compute: inputs in parameter order, outputs likewise.

The functions use operators only and take any arrays; a single output is not wrapped in a tuple.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

REFERENCES: dict[str, Callable[..., Any]] = {
    "gemm_bf16": lambda A, B: A @ B,
    "gemm_fp16": lambda A, B: A @ B,
    "gemm_fp32": lambda A, B: A @ B,
    "gemm_blocks": lambda A, B: A @ B,
    "gemm_transpose_a": lambda A, B: A.T @ B,
    "gemm_transpose_b": lambda A, B: A @ B.T,
    "gemm_batch": lambda A, B: A @ B,
    "gemm_two": lambda A, B, D, E: A @ B + D @ E,
    "gemm_chain": lambda A, B, D: (A @ B) @ D,
    "gemm_one_block": lambda A, B: A @ B,
    "gemm_100_blocks": lambda A, B: A @ B,
    "gemm_stages_1": lambda A, B: A @ B,
    "gemm_stages_2": lambda A, B: A @ B,
    "gemm_stages_3": lambda A, B: A @ B,
    "gemm_stages_4": lambda A, B: A @ B,
    "copy_only": lambda X: X,
    "cast_only": lambda X: X,
    "three_inputs": lambda A, B, D: A @ B + D,
    "two_outputs": lambda A, B: (A @ B, A @ B),
}
"""By the name of the saved kernel, `test/data/tir/<name>.tir.json`."""


def gelu(X: Any) -> tuple[Any, Any]:
    """By erf, and its approximation by tanh."""
    erf = np.vectorize(math.erf)(X / math.sqrt(2))
    return X * (1 + erf) / 2, X / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)))


def softmax(X: Any) -> Any:
    """Along rows."""
    powers = np.exp(X - X.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def index_arithmetic(X: Any) -> Any:
    """Element by element, as the kernel is written, in blocks of 32."""
    Y = np.empty_like(X)
    for row in range(64):
        for column in range(64):
            (by, i), (bx, j) = divmod(row, 32), divmod(column, 32)
            y = X[row, column] + row // 3 * 2 + (column - 7) % 5 - min(i, max(j, 4))
            if (i + j) % 2 == 0 and i >= 3 and j == 5:
                y = -y
            Y[row, column] = abs(y) if bx == by else min(max(y, -3.0), 30.0)
    return Y


def functions(X: Any) -> Any:
    """A block for each function."""
    results = [np.exp(X), 2**X, np.log(X), np.log2(X), X**0.5, X**-0.5, np.tanh(X)]
    results += [1 / (1 + np.exp(-X)), np.vectorize(math.erf)(X), X**X, np.sin(X), np.cos(X)]
    results += [np.floor(5 * X), np.ceil(5 * X), np.round(5 * X), np.trunc(5 * X)]
    return np.concatenate(results)


def conversions(X: Any, a: Any) -> Any:
    """In two blocks of rows."""
    rows, columns = np.indices(X.shape)
    i = rows % (X.shape[0] // 2)
    whole = (i == columns) | ((i > columns) & (columns >= 2))
    Y = np.where(whole, np.trunc(X * 4), X * 0.5)
    return Y, a * (1 + rows // (X.shape[0] // 2))


TILE_REFERENCES: dict[str, Callable[..., Any]] = {
    "eltwise_add": lambda X, Y: X + Y,
    "direct_add": lambda X, Y: X + Y,
    "gemm_bias_relu": lambda A, B, bias: np.maximum(A @ B + bias, 0),
    "gelu": gelu,
    "softmax": softmax,
    "rmsnorm": lambda X, W: X / np.sqrt((X**2).mean(axis=1, keepdims=True) + 1e-5) * W,
    "online_softmax": softmax,
    "causal_mask": lambda X: np.where(np.tri(*X.shape, dtype=bool), X, -np.inf),
    "transposes": lambda X: (X.T, 2 * X.T),
    "two_statements": lambda X, Y: (Y + 1, X + Y),
    "index_arithmetic": index_arithmetic,
    "scalar_parameters": lambda X, a, n: np.concatenate([X[:n] * a, X[n:] / a]),
    "reductions": lambda X: (
        abs(X).sum(axis=1) + X.min(axis=1),
        abs(X).max(axis=0, keepdims=True),
        np.maximum(X.max(axis=0), 1.0),
    ),
    "functions": functions,
    "inner_loop": lambda X: X.sum(axis=2),
    "views": lambda X: X - X.mean(axis=2, keepdims=True),
    "variables": lambda X: (
        X * np.array([0.5, 0.25])[:, None, None] + np.trace(X, axis1=1, axis2=2)[:, None, None]
    ),
    "elements": lambda X: (
        X / X[:, :1, 1:2] + X[:, 1:2, :1],
        np.maximum(np.maximum(X[:, 0, 0], X[:, 0, 1]), X[:, -1, -1]),
    ),
    "vectorized": lambda X: 2 * X + 1,
    "reducers": lambda X, V: (X @ V, X[:, 3:].max(axis=1)),
    "conversions": conversions,
    "hints": lambda X: 6 * X,
    "ragged": lambda A, B: (np.maximum(A @ B, 0), np.maximum(A @ B, 0).sum(axis=1)),
}
"""Of the kernels of `test/tile_kernels.py`: not made to be exact in any format."""
