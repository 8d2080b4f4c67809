"""Y = (X - mean) / sqrt(variance + eps) * gamma + beta along rows, in bfloat16.

ttc run examples/layernorm.py --check            # live, needs TileLang
ttc run examples/layernorm.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def layernorm(
    M: int = 256,
    N: int = 256,
    block_M: int = 32,
    eps: float = 1e-5,
    dtype: str = "bfloat16",
    accum_dtype: str = "float32",
):
    """The layer norm of each row, `block_M` rows of N elements per program."""

    @T.prim_func
    def layernorm(
        X: T.Tensor((M, N), dtype),
        gamma: T.Tensor((N,), dtype),
        beta: T.Tensor((N,), dtype),
        Y: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(T.ceildiv(M, block_M), threads=128) as bx:
            gamma_shared = T.alloc_shared((N,), dtype)
            beta_shared = T.alloc_shared((N,), dtype)
            x = T.alloc_fragment((block_M, N), accum_dtype)
            square = T.alloc_fragment((block_M, N), accum_dtype)
            mean = T.alloc_fragment((block_M,), accum_dtype)
            rstd = T.alloc_fragment((block_M,), accum_dtype)

            T.copy(X[bx * block_M, 0], x)
            T.copy(gamma, gamma_shared)
            T.copy(beta, beta_shared)
            T.reduce_sum(x, mean, dim=1)
            for i in T.Parallel(block_M):
                mean[i] = mean[i] / N
            for i, j in T.Parallel(block_M, N):
                x[i, j] = x[i, j] - mean[i]
            for i, j in T.Parallel(block_M, N):
                square[i, j] = x[i, j] * x[i, j]
            T.reduce_sum(square, rstd, dim=1)
            for i in T.Parallel(block_M):
                rstd[i] = T.rsqrt(rstd[i] / N + eps)
            for i, j in T.Parallel(block_M, N):
                x[i, j] = x[i, j] * rstd[i] * gamma_shared[j] + beta_shared[j]
            T.copy(x, Y[bx * block_M, 0])

    return layernorm
