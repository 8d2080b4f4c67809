"""Rotary position embedding in its half-split form, in bfloat16.

ttc run examples/rope.py --check            # live, needs TileLang
ttc run examples/rope.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def rope(
    batch: int = 2,
    heads: int = 2,
    seq_len: int = 128,
    dim: int = 64,
    block_S: int = 64,
    dtype: str = "bfloat16",
    accum_dtype: str = "float32",
):
    """Rotates (X[.., d], X[.., d + dim / 2]) by an angle whose cosine and sine are in tables."""
    half = dim // 2

    @T.prim_func
    def rope(
        X: T.Tensor((batch, heads, seq_len, dim), dtype),
        cos: T.Tensor((seq_len, half), dtype),
        sin: T.Tensor((seq_len, half), dtype),
        Y: T.Tensor((batch, heads, seq_len, dim), dtype),
    ):
        with T.Kernel(T.ceildiv(seq_len, block_S), heads, batch, threads=128) as (bx, by, bz):
            first = T.alloc_shared((block_S, half), dtype)
            second = T.alloc_shared((block_S, half), dtype)
            cos_shared = T.alloc_shared((block_S, half), dtype)
            sin_shared = T.alloc_shared((block_S, half), dtype)
            rotated_first = T.alloc_fragment((block_S, half), accum_dtype)
            rotated_second = T.alloc_fragment((block_S, half), accum_dtype)

            T.copy(X[bz, by, bx * block_S, 0], first)
            T.copy(X[bz, by, bx * block_S, half], second)
            T.copy(cos[bx * block_S, 0], cos_shared)
            T.copy(sin[bx * block_S, 0], sin_shared)
            for i, j in T.Parallel(block_S, half):
                x1 = T.Cast(accum_dtype, first[i, j])
                x2 = T.Cast(accum_dtype, second[i, j])
                rotated_first[i, j] = x1 * cos_shared[i, j] - x2 * sin_shared[i, j]
                rotated_second[i, j] = x2 * cos_shared[i, j] + x1 * sin_shared[i, j]
            T.copy(rotated_first, Y[bz, by, bx * block_S, 0])
            T.copy(rotated_second, Y[bz, by, bx * block_S, half])

    return rope
