"""C = gelu(A @ B + bias) in bfloat16: an epilogue on the accumulator of a matrix product.

ttc run examples/gemm_bias_gelu.py --check            # live, needs TileLang
ttc run examples/gemm_bias_gelu.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def gemm_bias_gelu(
    M: int = 256,
    N: int = 256,
    K: int = 256,
    block_M: int = 64,
    block_N: int = 64,
    block_K: int = 32,
    num_stages: int = 2,
    dtype: str = "bfloat16",
    accum_dtype: str = "float32",
):
    """A linear layer with GELU: one block of C per program, a bias for each column."""

    @T.prim_func
    def gemm_bias_gelu(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        bias: T.Tensor((N,), dtype),
        C: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
            A_shared = T.alloc_shared((block_M, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block_N), dtype)
            bias_shared = T.alloc_shared((block_N,), dtype)
            C_local = T.alloc_fragment((block_M, block_N), accum_dtype)

            T.clear(C_local)
            T.copy(bias[bx * block_N], bias_shared)
            for ko in T.Pipelined(T.ceildiv(K, block_K), num_stages=num_stages):
                T.copy(A[by * block_M, ko * block_K], A_shared)
                T.copy(B[ko * block_K, bx * block_N], B_shared)
                T.gemm(A_shared, B_shared, C_local)

            for i, j in T.Parallel(block_M, block_N):
                C_local[i, j] = C_local[i, j] + bias_shared[j]
            for i, j in T.Parallel(block_M, block_N):
                C_local[i, j] = (
                    0.5 * C_local[i, j] * (1.0 + T.erf(C_local[i, j] * 0.7071067811865476))
                )

            T.copy(C_local, C[by * block_M, bx * block_N])

    return gemm_bias_gelu
