"""What the kernels of `test/kernels.py` compute: inputs in parameter order, outputs likewise.

The functions use operators only and take any arrays; a single output is not wrapped in a tuple.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
