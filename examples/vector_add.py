"""C = A + B on vectors, in float32.

ttc run examples/vector_add.py --check            # live, needs TileLang
ttc run examples/vector_add.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def vector_add(N: int = 8192, block_N: int = 1024, dtype: str = "float32"):
    """Adds two vectors of N elements, `block_N` of them per program."""

    @T.prim_func
    def vector_add(
        A: T.Tensor((N,), dtype),
        B: T.Tensor((N,), dtype),
        C: T.Tensor((N,), dtype),
    ):
        with T.Kernel(T.ceildiv(N, block_N), threads=128) as bx:
            for i in T.Parallel(block_N):
                C[bx * block_N + i] = A[bx * block_N + i] + B[bx * block_N + i]

    return vector_add
