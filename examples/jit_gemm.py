"""TileLang's jit on the target "tenstorrent": C = A @ B on torch tensors.

python examples/jit_gemm.py          # needs TileLang and torch, no device

Prints the largest error against torch.matmul, 0.0031 of the largest value (the result is rounded to
bfloat16), the core grid, and where the Metalium kernels, host program and plan are.
"""

import tilelang
import tilelang.language as T
import torch

import tt_dialect.tilelang  # noqa: F401  (registers the target)


@tilelang.jit(target="tenstorrent")
def matmul(A, B, block_M: int = 128, block_N: int = 128, block_K: int = 32):
    """One block of C per program, K in steps of `block_K`."""
    M, N, K = T.const("M, N, K")
    A: T.Tensor((M, K), T.bfloat16)
    B: T.Tensor((K, N), T.bfloat16)
    C = T.empty((M, N), T.bfloat16)

    with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
        A_shared = T.alloc_shared((block_M, block_K), T.bfloat16)
        B_shared = T.alloc_shared((block_K, block_N), T.bfloat16)
        C_local = T.alloc_fragment((block_M, block_N), T.float32)

        T.clear(C_local)
        for ko in T.Pipelined(T.ceildiv(K, block_K), num_stages=3):
            T.copy(A[by * block_M, ko * block_K], A_shared)
            T.copy(B[ko * block_K, bx * block_N], B_shared)
            T.gemm(A_shared, B_shared, C_local)

        T.copy(C_local, C[by * block_M, bx * block_N])

    return C


def main(M: int = 1024, N: int = 1024, K: int = 1024) -> float:
    """Compiles and runs the kernel; gives max|error| / max|reference|."""
    torch.manual_seed(0)
    a = torch.randn(M, K, dtype=torch.bfloat16)
    b = torch.randn(K, N, dtype=torch.bfloat16)

    c = matmul(a, b)  # compiled at the first call, then run

    reference = torch.matmul(a.float(), b.float())
    error = ((c.float() - reference).abs().max() / reference.abs().max()).item()
    print(f"max|error| / max|reference|: {error:.4f}")

    kernel = matmul.compile(a, b)  # the kernel itself
    print(f"core grid: {kernel.plan['core_grid']}")
    print(f"artifacts: {kernel.artifact_dir}")
    return error


if __name__ == "__main__":
    assert main() < 2**-7
