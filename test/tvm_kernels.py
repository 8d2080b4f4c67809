"""Kernels in plain apache-tvm 0.25: TVMScript loops, blocks with init, and tensor expressions.

Needs apache-tvm. `tools/save_tvm.py` saves every entry of `TVM_CASES`; `test_plain_tvm.py` says
what each computes. None of them has a launch grid; names differ on purpose from kernel to kernel.
"""

from collections.abc import Callable

import tvm
from tvm import te
from tvm.script import tirx as T

M, N, K = 64, 96, 32
BF16, FP32 = "bfloat16", "float32"


@T.prim_func
def matmul_ijk(A: T.Buffer((M, K), FP32), B: T.Buffer((K, N), FP32), C: T.Buffer((M, N), FP32)):
    for i in range(M):
        for j in range(N):
            C[i, j] = T.float32(0)
            for k in range(K):
                C[i, j] = C[i, j] + A[i, k] * B[k, j]


@T.prim_func
def matmul_kij(x: T.Buffer((M, K), BF16), y: T.Buffer((K, N), BF16), z: T.Buffer((M, N), FP32)):
    for q in range(K):
        for p in range(M):
            for r in range(N):
                if q == 0:
                    z[p, r] = T.float32(0)
                z[p, r] += T.Cast("float32", y[q, r]) * T.Cast("float32", x[p, q])


@T.prim_func
def matmul_jki(L: T.Buffer((M, K), BF16), R: T.Buffer((K, N), BF16), P: T.Buffer((M, N), FP32)):
    for j in range(N):
        for i in range(M):
            P[i, j] = T.float32(0)
    for j in range(N):
        for k in range(K):
            for i in range(M):
                P[i, j] = T.Cast("float32", L[i, k]) * T.Cast("float32", R[k, j]) + P[i, j]


@T.prim_func
def matmul_scalar(A: T.Buffer((M, K), BF16), B: T.Buffer((K, N), BF16), C: T.Buffer((M, N), BF16)):
    for i in range(M):
        for j in range(N):
            acc: T.float32 = T.float32(0)
            for k in range(K):
                acc += T.Cast("float32", A[i, k]) * T.Cast("float32", B[k, j])
            C[i, j] = T.Cast("bfloat16", acc)


@T.prim_func
def matmul_transposed(
    A: T.Buffer((K, M), BF16), B: T.Buffer((N, K), BF16), C: T.Buffer((N, M), FP32)
):
    for i, j, k in T.grid(M, N, K):
        if k < 1:
            C[j, i] = T.float32(0)
        C[j, i] += T.Cast("float32", A[k, i]) * T.Cast("float32", B[j, k])


@T.prim_func
def matmul_tiled(A: T.Buffer((M, K), FP32), B: T.Buffer((K, N), FP32), C: T.Buffer((M, N), FP32)):
    for io, jo, ko in T.grid(M // 32, N // 32, K // 16):
        for ii, ji, ki in T.grid(32, 32, 16):
            if ko * 16 + ki == 0:
                C[io * 32 + ii, jo * 32 + ji] = T.float32(0)
            C[io * 32 + ii, jo * 32 + ji] += (
                A[io * 32 + ii, ko * 16 + ki] * B[ko * 16 + ki, jo * 32 + ji]
            )


@T.prim_func
def matmul_guarded(A: T.Buffer((M, K), FP32), B: T.Buffer((K, N), FP32), C: T.Buffer((M, N), FP32)):
    for i, j in T.grid(128, 128):
        if i < M and j < N:
            C[i, j] = T.float32(0)
            for k in range(K):
                C[i, j] += A[i, k] * B[k, j]


@T.prim_func(s_tir=True)
def matmul_block(A: T.Buffer((M, K), BF16), B: T.Buffer((K, N), BF16), C: T.Buffer((M, N), FP32)):
    for k, j, i in T.grid(K, N, M):
        with T.sblock("product"):
            vi, vj, vk = T.axis.remap("SSR", [i, j, k])
            with T.init():
                C[vi, vj] = T.float32(0)
            C[vi, vj] += T.Cast("float32", A[vi, vk]) * T.Cast("float32", B[vk, vj])


@T.prim_func
def add(A: T.Buffer((M, N), BF16), B: T.Buffer((M, N), BF16), C: T.Buffer((M, N), BF16)):
    for i in T.parallel(M):
        for j in T.vectorized(N):
            C[i, j] = A[i, j] + B[i, j]


@T.prim_func
def in_place(A: T.Buffer((M, N), FP32), B: T.Buffer((M, N), FP32)):
    for i, j in T.grid(M, N):
        A[i, j] = A[i, j] * B[i, j]
        A[i, j] = T.max(A[i, j], T.float32(0))


@T.prim_func
def copy_turned(A: T.Buffer((M, N), BF16), B: T.Buffer((N, M), BF16), C: T.Buffer((M, N), BF16)):
    for j in range(N):
        for i in range(M):
            B[j, i] = A[i, j]
            C[i, j] = A[i, j]


@T.prim_func
def prefix(A: T.Buffer((M, N), FP32), B: T.Buffer((M, N), FP32)):
    for i in range(M):
        B[i, 0] = A[i, 0]
        for j in range(1, N):
            B[i, j] = B[i, j - 1] + A[i, j]


@T.prim_func
def window(A: T.Buffer((M, N), FP32), B: T.Buffer((M, N), FP32)):
    for i in range(M):
        for j in range(N - 2):
            B[i, j] = A[i, j] + A[i, j + 1] + A[i, j + 2]
        for j in range(N - 2, N):
            B[i, j] = T.if_then_else(i < j, T.float32(1), T.Cast("float32", i))


def te_matmul():
    """One stage."""
    a, b = te.placeholder((M, K), BF16, "a"), te.placeholder((K, N), BF16, "b")
    k = te.reduce_axis((0, K))
    c = te.compute(
        (M, N), lambda i, j: te.sum(a[i, k].astype(FP32) * b[k, j].astype(FP32), axis=k), "c"
    )
    return te.create_prim_func([a, b, c])


def te_bias_relu():
    """A product, a bias per column, and a ReLU: two buffers in between."""
    a, b = te.placeholder((M, K), FP32, "a"), te.placeholder((K, N), FP32, "b")
    bias = te.placeholder((N,), FP32, "bias")
    k = te.reduce_axis((0, K))
    c = te.compute((M, N), lambda i, j: te.sum(a[i, k] * b[k, j], axis=k), "c")
    d = te.compute((M, N), lambda i, j: c[i, j] + bias[j], "d")
    e = te.compute((M, N), lambda i, j: tvm.tirx.max(d[i, j], 0.0))
    return te.create_prim_func([a, b, bias, e])


def te_add_matrix():
    """A product and a matrix that is added to it."""
    a, b = te.placeholder((M, K), FP32, "a"), te.placeholder((K, N), FP32, "b")
    bias = te.placeholder((M, N), FP32, "bias")
    k = te.reduce_axis((0, K))
    c = te.compute((M, N), lambda i, j: te.sum(a[i, k] * b[k, j], axis=k), "c")
    d = te.compute((M, N), lambda i, j: c[i, j] + bias[i, j], "d")
    return te.create_prim_func([a, b, bias, d])


def te_chain():
    """Elementwise operations with buffers in between."""
    x, y = te.placeholder((M, N), BF16, "x"), te.placeholder((M, N), BF16, "y")
    s = te.compute((M, N), lambda i, j: x[i, j] + y[i, j], "s")
    t = te.compute((M, N), lambda i, j: s[i, j] * x[i, j], "t")
    u = te.compute((M, N), lambda i, j: tvm.tirx.max(t[i, j], tvm.tirx.const(0, BF16)), "u")
    return te.create_prim_func([x, y, u])


def te_transpose():
    """Rows and columns exchanged."""
    x = te.placeholder((M, N), BF16, "x")
    return te.create_prim_func([x, te.compute((N, M), lambda i, j: x[j, i])])


def te_row_sum():
    """The sum of each row."""
    x = te.placeholder((M, N), FP32, "x")
    k = te.reduce_axis((0, N))
    return te.create_prim_func([x, te.compute((M,), lambda i: te.sum(x[i, k], axis=k))])


def te_column_max():
    """The maximum of each column."""
    x = te.placeholder((M, N), FP32, "x")
    k = te.reduce_axis((0, M))
    return te.create_prim_func([x, te.compute((N,), lambda j: te.max(x[k, j], axis=k))])


def te_softmax_sum():
    """Each row less its maximum: a reduction and a map that needs it."""
    x = te.placeholder((M, N), FP32, "x")
    k = te.reduce_axis((0, N))
    m = te.compute((M,), lambda i: te.max(x[i, k], axis=k), "m")
    return te.create_prim_func([x, te.compute((M, N), lambda i, j: x[i, j] - m[i])])


def te_softmax():
    """A softmax of each row, in four stages."""
    x = te.placeholder((M, N), FP32, "x")
    k, n = te.reduce_axis((0, N)), te.reduce_axis((0, N))
    m = te.compute((M,), lambda i: te.max(x[i, k], axis=k), "m")
    e = te.compute((M, N), lambda i, j: tvm.tirx.exp(x[i, j] - m[i]), "e")
    s = te.compute((M,), lambda i: te.sum(e[i, n], axis=n), "s")
    return te.create_prim_func([x, te.compute((M, N), lambda i, j: e[i, j] / s[i])])


def te_batch():
    """Two products side by side."""
    a, b = te.placeholder((2, 32, 64), BF16, "a"), te.placeholder((2, 64, 32), BF16, "b")
    k = te.reduce_axis((0, 64))
    c = te.compute(
        (2, 32, 32),
        lambda n, i, j: te.sum(a[n, i, k].astype(FP32) * b[n, k, j].astype(FP32), axis=k),
    )
    return te.create_prim_func([a, b, c])


def te_two_products():
    """A product of a product, which stays on chip."""
    a, b = te.placeholder((32, 64), FP32, "a"), te.placeholder((64, 32), FP32, "b")
    c = te.placeholder((32, 64), FP32, "c")
    k, n = te.reduce_axis((0, 64)), te.reduce_axis((0, 32))
    t = te.compute((32, 32), lambda i, j: te.sum(a[i, k] * b[k, j], axis=k), "t")
    u = te.compute((32, 64), lambda i, j: te.sum(t[i, n] * c[n, j], axis=n), "u")
    return te.create_prim_func([a, b, c, u])


def te_relu_matmul():
    """A map in front of a product: it is computed step by step."""
    a, b = te.placeholder((M, K), FP32, "a"), te.placeholder((K, N), FP32, "b")
    k = te.reduce_axis((0, K))
    r = te.compute((M, K), lambda i, j: tvm.tirx.max(a[i, j], 0.0), "r")
    c = te.compute((M, N), lambda i, j: te.sum(r[i, k] * b[k, j], axis=k), "c")
    return te.create_prim_func([a, b, c])


def te_filter():
    """Sums of three neighbours."""
    a = te.placeholder((M + 2,), FP32, "a")
    k = te.reduce_axis((0, 3))
    return te.create_prim_func([a, te.compute((M,), lambda i: te.sum(a[i + k], axis=k))])


def scheduled():
    """A product whose loops a schedule has split and reordered."""
    from tvm.s_tir import Schedule

    schedule = Schedule(te_matmul())
    i, j, k = schedule.get_loops(schedule.get_sblock("c"))
    io, ii = schedule.split(i, [None, 32])
    ko, ki = schedule.split(k, [None, 8])
    schedule.reorder(ko, io, j, ki, ii)
    return schedule.mod["main"]


TVM_CASES: dict[str, Callable[[], object]] = {
    **{
        name: (lambda kernel: lambda: kernel)(kernel)
        for name, kernel in {
            "matmul_ijk": matmul_ijk,
            "matmul_kij": matmul_kij,
            "matmul_jki": matmul_jki,
            "matmul_scalar": matmul_scalar,
            "matmul_transposed": matmul_transposed,
            "matmul_tiled": matmul_tiled,
            "matmul_guarded": matmul_guarded,
            "matmul_block": matmul_block,
            "add": add,
            "in_place": in_place,
            "copy_turned": copy_turned,
            "prefix": prefix,
            "window": window,
        }.items()
    },
    **{
        make.__name__: make
        for make in (
            te_matmul,
            te_bias_relu,
            te_add_matrix,
            te_chain,
            te_transpose,
            te_row_sum,
            te_column_max,
            te_softmax_sum,
            te_softmax,
            te_batch,
            te_two_products,
            te_relu_matmul,
            te_filter,
            scheduled,
        )
    },
}
