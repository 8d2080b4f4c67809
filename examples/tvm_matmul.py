"""C = A @ B in float32, as a tensor expression of plain apache-tvm: no grid, no blocks, no copies.

ttc run examples/tvm_matmul.py --check            # live, needs apache-tvm 0.25
ttc run examples/tvm_matmul.tir.json --check      # the same kernel as saved from this file
"""

from tvm import te


def matmul(M: int = 128, N: int = 128, K: int = 128, dtype: str = "float32"):
    """The PrimFunc of a matrix product; a block of it per core and its steps are chosen for you."""
    A = te.placeholder((M, K), dtype, name="A")
    B = te.placeholder((K, N), dtype, name="B")
    k = te.reduce_axis((0, K), "k")
    C = te.compute((M, N), lambda i, j: te.sum(A[i, k] * B[k, j], axis=k), name="C")
    return te.create_prim_func([A, B, C]).with_attr("global_symbol", "matmul")


tvm_matmul = matmul()
