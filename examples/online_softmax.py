"""Y = softmax(X) along rows, in bfloat16: long rows, one block of columns at a time.

ttc run examples/online_softmax.py --check            # live, needs TileLang
ttc run examples/online_softmax.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def online_softmax(
    M: int = 128,
    N: int = 512,
    block_M: int = 32,
    block_N: int = 128,
    num_stages: int = 2,
    dtype: str = "bfloat16",
    accum_dtype: str = "float32",
):
    """Two passes over the blocks of a row: its largest element and its sum, then the result."""
    scale = 1.44269504  # log2(e)

    @T.prim_func
    def online_softmax(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(T.ceildiv(M, block_M), threads=128) as bx:
            x = T.alloc_shared((block_M, block_N), dtype)
            y = T.alloc_fragment((block_M, block_N), accum_dtype)
            row_max = T.alloc_fragment((block_M,), accum_dtype)
            row_max_prev = T.alloc_fragment((block_M,), accum_dtype)
            row_sum = T.alloc_fragment((block_M,), accum_dtype)
            total = T.alloc_fragment((block_M,), accum_dtype)

            T.fill(row_max, -T.infinity(accum_dtype))
            T.fill(total, 0)
            for k in T.Pipelined(T.ceildiv(N, block_N), num_stages=num_stages):
                T.copy(X[bx * block_M, k * block_N], x)
                T.copy(x, y)
                T.copy(row_max, row_max_prev)
                T.reduce_max(y, row_max, dim=1, clear=False)
                for i, j in T.Parallel(block_M, block_N):
                    y[i, j] = T.exp2(y[i, j] * scale - row_max[i] * scale)
                T.reduce_sum(y, row_sum, dim=1)
                for i in T.Parallel(block_M):
                    total[i] = (
                        total[i] * T.exp2(row_max_prev[i] * scale - row_max[i] * scale) + row_sum[i]
                    )

            for k in T.Pipelined(T.ceildiv(N, block_N), num_stages=num_stages):
                T.copy(X[bx * block_M, k * block_N], x)
                for i, j in T.Parallel(block_M, block_N):
                    y[i, j] = T.exp2(x[i, j] * scale - row_max[i] * scale) / total[i]
                T.copy(y, Y[bx * block_M, k * block_N])

    return online_softmax
