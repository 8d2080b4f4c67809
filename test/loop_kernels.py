"""TileLang kernels that compute element by element in loops, inside a launch grid.

Needs TileLang. `tools/save_tir.py` saves every entry of `LOOP_CASES`; each is C = A @ B, except
`updates`, which is C = max(2 A, 0).
"""

import tilelang.language as T

BF16, FP32 = "bfloat16", "float32"
A_SHAPE, B_SHAPE, C_SHAPE = (64, 128), (128, 64), (64, 64)


@T.prim_func
def on_chip(A: T.Tensor(A_SHAPE, BF16), B: T.Tensor(B_SHAPE, BF16), C: T.Tensor(C_SHAPE, FP32)):
    with T.Kernel(2, 2, threads=128) as (bx, by):
        a = T.alloc_shared((32, 32), BF16)
        b = T.alloc_shared((32, 32), BF16)
        c = T.alloc_fragment((32, 32), FP32)
        for i in T.serial(32):
            for j in T.serial(32):
                c[i, j] = 0
        for ko in T.serial(4):
            T.copy(A[by * 32, ko * 32], a)
            T.copy(B[ko * 32, bx * 32], b)
            for i, j, k in T.grid(32, 32, 32):
                c[i, j] += T.Cast(FP32, a[i, k]) * T.Cast(FP32, b[k, j])
        T.copy(c, C[by * 32, bx * 32])


@T.prim_func
def on_tensors(A: T.Tensor(A_SHAPE, BF16), B: T.Tensor(B_SHAPE, BF16), C: T.Tensor(C_SHAPE, FP32)):
    with T.Kernel(2, 2, threads=128) as (bx, by):
        for i, j in T.grid(32, 32):
            C[by * 32 + i, bx * 32 + j] = 0
            for k in T.serial(128):
                C[by * 32 + i, bx * 32 + j] += T.Cast(FP32, A[by * 32 + i, k]) * T.Cast(
                    FP32, B[k, bx * 32 + j]
                )


@T.prim_func
def parallel(A: T.Tensor(A_SHAPE, BF16), B: T.Tensor(B_SHAPE, BF16), C: T.Tensor(C_SHAPE, FP32)):
    with T.Kernel(2, 2, threads=128) as (bx, by):
        a = T.alloc_shared((32, 32), BF16)
        b = T.alloc_shared((32, 32), BF16)
        c = T.alloc_fragment((32, 32), FP32)
        T.clear(c)
        for ko in T.Pipelined(4, num_stages=2):
            T.copy(A[by * 32, ko * 32], a)
            T.copy(B[ko * 32, bx * 32], b)
            for i, j in T.Parallel(32, 32):
                for k in T.serial(32):
                    c[i, j] += T.Cast(FP32, a[i, k]) * T.Cast(FP32, b[k, j])
        T.copy(c, C[by * 32, bx * 32])


@T.prim_func
def scalar(A: T.Tensor(A_SHAPE, BF16), B: T.Tensor(B_SHAPE, BF16), C: T.Tensor(C_SHAPE, FP32)):
    with T.Kernel(2, 2, threads=128) as (bx, by):
        a = T.alloc_shared((32, 128), BF16)
        b = T.alloc_shared((128, 32), BF16)
        c = T.alloc_fragment((32, 32), FP32)
        T.copy(A[by * 32, 0], a)
        T.copy(B[0, bx * 32], b)
        for i, j in T.grid(32, 32):
            acc = T.alloc_local((1,), FP32)
            acc[0] = 0
            for k in T.serial(128):
                acc[0] += T.Cast(FP32, a[i, k]) * T.Cast(FP32, b[k, j])
            c[i, j] = acc[0]
        T.copy(c, C[by * 32, bx * 32])


@T.prim_func
def updates(A: T.Tensor(C_SHAPE, FP32), C: T.Tensor(C_SHAPE, FP32)):
    with T.Kernel(2, threads=128) as by:
        for j, i in T.grid(64, 32):
            C[by * 32 + i, j] = A[by * 32 + i, j] + A[by * 32 + i, j]
            C[by * 32 + i, j] = T.max(C[by * 32 + i, j], 0.0)


LOOP_CASES = {
    "on_chip": on_chip,
    "on_tensors": on_tensors,
    "parallel": parallel,
    "scalar": scalar,
    "updates": updates,
}
