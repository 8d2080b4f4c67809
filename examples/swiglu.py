"""Y = silu(gate) * up in bfloat16, silu(x) = x * sigmoid(x).

ttc run examples/swiglu.py --check            # live, needs TileLang
ttc run examples/swiglu.tir.json --check      # the same kernel as saved from this file
"""

import tilelang
import tilelang.language as T


@tilelang.jit(out_idx=[-1])
def swiglu(
    M: int = 256,
    N: int = 256,
    block_M: int = 64,
    block_N: int = 64,
    dtype: str = "bfloat16",
    accum_dtype: str = "float32",
):
    """The gated activation of a feed-forward layer, one block per program."""

    @T.prim_func
    def swiglu(
        gate: T.Tensor((M, N), dtype),
        up: T.Tensor((M, N), dtype),
        Y: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
            gate_shared = T.alloc_shared((block_M, block_N), dtype)
            up_shared = T.alloc_shared((block_M, block_N), dtype)
            y = T.alloc_fragment((block_M, block_N), accum_dtype)

            T.copy(gate[by * block_M, bx * block_N], gate_shared)
            T.copy(up[by * block_M, bx * block_N], up_shared)
            for i, j in T.Parallel(block_M, block_N):
                g = T.Cast(accum_dtype, gate_shared[i, j])
                y[i, j] = g * T.sigmoid(g) * up_shared[i, j]
            T.copy(y, Y[by * block_M, bx * block_N])

    return swiglu
