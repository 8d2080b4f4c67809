"""Y = X^T in bfloat16.

ttc run examples/transpose.py --check            # live, needs TileLang
ttc run examples/transpose.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def transpose(
    M: int = 256,
    N: int = 192,
    block_M: int = 64,
    block_N: int = 32,
    dtype: str = "bfloat16",
):
    """Transposes a block per program."""

    @T.prim_func
    def transpose(X: T.Tensor((M, N), dtype), Y: T.Tensor((N, M), dtype)):
        with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
            x = T.alloc_shared((block_M, block_N), dtype)
            y = T.alloc_shared((block_N, block_M), dtype)

            T.copy(X[by * block_M, bx * block_N], x)
            T.transpose(x, y)
            T.copy(y, Y[bx * block_N, by * block_M])

    return transpose
