"""Y = X / sqrt(mean(X^2) + eps) * W along rows, in bfloat16.

ttc run examples/rmsnorm.py --check            # live, needs TileLang
ttc run examples/rmsnorm.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def rmsnorm(
    M: int = 256,
    N: int = 256,
    block_M: int = 32,
    eps: float = 1e-5,
    dtype: str = "bfloat16",
    accum_dtype: str = "float32",
):
    """The RMS norm of each row, `block_M` rows of N elements per program; a weight per column."""

    @T.prim_func
    def rmsnorm(
        X: T.Tensor((M, N), dtype),
        W: T.Tensor((N,), dtype),
        Y: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(T.ceildiv(M, block_M), threads=128) as bx:
            x_shared = T.alloc_shared((block_M, N), dtype)
            w_shared = T.alloc_shared((N,), dtype)
            x = T.alloc_fragment((block_M, N), accum_dtype)
            square = T.alloc_fragment((block_M, N), accum_dtype)
            scale = T.alloc_fragment((block_M,), accum_dtype)

            T.copy(X[bx * block_M, 0], x_shared)
            T.copy(W, w_shared)
            T.copy(x_shared, x)
            for i, j in T.Parallel(block_M, N):
                square[i, j] = x[i, j] * x[i, j]
            T.reduce_sum(square, scale, dim=1)
            for i in T.Parallel(block_M):
                scale[i] = T.rsqrt(scale[i] / N + eps)
            for i, j in T.Parallel(block_M, N):
                x[i, j] = x[i, j] * scale[i] * w_shared[j]
            T.copy(x, Y[bx * block_M, 0])

    return rmsnorm
