"""C = A + B in bfloat16, in the TVMScript of plain apache-tvm: no grid, no blocks, no copies.

ttc run examples/tvm_add.py --check            # live, needs apache-tvm 0.25
ttc run examples/tvm_add.tir.json --check      # the same kernel as saved from this file
"""

from tvm.script import tirx as T


@T.prim_func
def tvm_add(
    A: T.Buffer((256, 512), "bfloat16"),
    B: T.Buffer((256, 512), "bfloat16"),
    C: T.Buffer((256, 512), "bfloat16"),
):
    """Adds two matrices element by element."""
    for i, j in T.grid(256, 512):
        C[i, j] = A[i, j] + B[i, j]
