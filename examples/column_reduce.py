"""The sum and the largest element of each column, in float32 from bfloat16.

ttc run examples/column_reduce.py --check            # live, needs TileLang
ttc run examples/column_reduce.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-2, -1])
def column_reduce(
    M: int = 256,
    N: int = 256,
    block_M: int = 64,
    block_N: int = 64,
    num_stages: int = 2,
    dtype: str = "bfloat16",
    accum_dtype: str = "float32",
):
    """A block of columns per program, its rows in steps of `block_M`."""

    @T.prim_func
    def column_reduce(
        X: T.Tensor((M, N), dtype),
        total: T.Tensor((N,), accum_dtype),
        biggest: T.Tensor((N,), accum_dtype),
    ):
        with T.Kernel(T.ceildiv(N, block_N), threads=128) as bx:
            x_shared = T.alloc_shared((block_M, block_N), dtype)
            x = T.alloc_fragment((block_M, block_N), accum_dtype)
            column_sum = T.alloc_fragment((block_N,), accum_dtype)
            column_max = T.alloc_fragment((block_N,), accum_dtype)

            T.fill(column_sum, 0)
            T.fill(column_max, -T.infinity(accum_dtype))
            for k in T.Pipelined(T.ceildiv(M, block_M), num_stages=num_stages):
                T.copy(X[k * block_M, bx * block_N], x_shared)
                T.copy(x_shared, x)
                T.reduce_sum(x, column_sum, dim=0, clear=False)
                T.reduce_max(x, column_max, dim=0, clear=False)
            T.copy(column_sum, total[bx * block_N])
            T.copy(column_max, biggest[bx * block_N])

    return column_reduce
