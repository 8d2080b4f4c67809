"""TileLang kernels of the tests: the sources of `test/data/tir/*.tir.json`.

Needs TileLang. `tools/save_tir.py` saves every entry of `CASES` and `IMPORT_CASES` under its name;
`test/references.py` says what each of `CASES` computes. Functions take sizes and dtypes, so a test
may also build smaller variants.
"""

from collections.abc import Callable
from functools import partial

import tilelang.language as T

BF16, FP16, FP32 = "bfloat16", "float16", "float32"


def gemm(
    M=1024,
    N=1024,
    K=1024,
    block_M=128,
    block_N=128,
    block_K=32,
    dtype=BF16,
    out_dtype=None,
    num_stages=3,
    swap_grid=False,
    transpose_A=False,
    transpose_B=False,
):
    """C = op(A) @ op(B); with `swap_grid`, the first grid axis runs over rows."""
    A_shape, A_block = ((K, M), (block_K, block_M)) if transpose_A else ((M, K), (block_M, block_K))
    B_shape, B_block = ((N, K), (block_N, block_K)) if transpose_B else ((K, N), (block_K, block_N))
    rows, columns = T.ceildiv(M, block_M), T.ceildiv(N, block_N)
    grid = (rows, columns) if swap_grid else (columns, rows)

    @T.prim_func
    def gemm(
        A: T.Tensor(A_shape, dtype),
        B: T.Tensor(B_shape, dtype),
        C: T.Tensor((M, N), out_dtype or dtype),
    ):
        with T.Kernel(*grid, threads=128) as (g0, g1):
            A_shared = T.alloc_shared(A_block, dtype)
            B_shared = T.alloc_shared(B_block, dtype)
            C_local = T.alloc_fragment((block_M, block_N), FP32)
            row = g0 if swap_grid else g1
            column = g1 if swap_grid else g0
            T.clear(C_local)
            for ko in T.Pipelined(T.ceildiv(K, block_K), num_stages=num_stages):
                if transpose_A:
                    T.copy(A[ko * block_K, row * block_M], A_shared)
                else:
                    T.copy(A[row * block_M, ko * block_K], A_shared)
                if transpose_B:
                    T.copy(B[column * block_N, ko * block_K], B_shared)
                else:
                    T.copy(B[ko * block_K, column * block_N], B_shared)
                T.gemm(
                    A_shared, B_shared, C_local, transpose_A=transpose_A, transpose_B=transpose_B
                )
            T.copy(C_local, C[row * block_M, column * block_N])

    return gemm


def batched_gemm(
    batch=3, M=256, N=128, K=256, block_M=64, block_N=64, block_K=64, dtype=BF16, num_stages=2
):
    """C[b] = A[b] @ B[b] on a three-dimensional grid."""

    @T.prim_func
    def batched_gemm(
        A: T.Tensor((batch, M, K), dtype),
        B: T.Tensor((batch, K, N), dtype),
        C: T.Tensor((batch, M, N), dtype),
    ):
        with T.Kernel(N // block_N, M // block_M, batch, threads=128) as (bx, by, bz):
            A_shared = T.alloc_shared((block_M, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block_N), dtype)
            C_local = T.alloc_fragment((block_M, block_N), FP32)
            T.clear(C_local)
            for ko in T.Pipelined(K // block_K, num_stages=num_stages):
                T.copy(A[bz, by * block_M, ko * block_K], A_shared)
                T.copy(B[bz, ko * block_K, bx * block_N], B_shared)
                T.gemm(A_shared, B_shared, C_local)
            T.copy(C_local, C[bz, by * block_M, bx * block_N])

    return batched_gemm


def two_gemms(M=256, N=256, K=128, L=192, block=64, block_K=32, dtype=BF16, num_stages=2):
    """C = A @ B + D @ E: two products into one accumulator, with different depths."""

    @T.prim_func
    def two_gemms(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        D: T.Tensor((M, L), dtype),
        E: T.Tensor((L, N), dtype),
        C: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            A_shared = T.alloc_shared((block, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block), dtype)
            D_shared = T.alloc_shared((block, block_K), dtype)
            E_shared = T.alloc_shared((block_K, block), dtype)
            C_local = T.alloc_fragment((block, block), FP32)
            T.clear(C_local)
            for ko in T.Pipelined(K // block_K, num_stages=num_stages):
                T.copy(A[by * block, ko * block_K], A_shared)
                T.copy(B[ko * block_K, bx * block], B_shared)
                T.gemm(A_shared, B_shared, C_local)
            for lo in T.Pipelined(L // block_K, num_stages=num_stages):
                T.copy(D[by * block, lo * block_K], D_shared)
                T.copy(E[lo * block_K, bx * block], E_shared)
                T.gemm(D_shared, E_shared, C_local)
            T.copy(C_local, C[by * block, bx * block])

    return two_gemms


def chain(M=256, N=64, K=128, L=128, block_M=64, block_L=64, block_K=32, dtype=BF16, num_stages=2):
    """C = (A @ B, rounded to `dtype`) @ D in one kernel: the first product stays on chip."""

    @T.prim_func
    def chain(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        D: T.Tensor((N, L), dtype),
        C: T.Tensor((M, L), dtype),
    ):
        with T.Kernel(L // block_L, M // block_M, threads=128) as (bx, by):
            A_shared = T.alloc_shared((block_M, block_K), dtype)
            B_shared = T.alloc_shared((block_K, N), dtype)
            D_shared = T.alloc_shared((N, block_L), dtype)
            P_shared = T.alloc_shared((block_M, N), dtype)
            P_local = T.alloc_fragment((block_M, N), FP32)
            C_local = T.alloc_fragment((block_M, block_L), FP32)
            T.clear(P_local)
            for ko in T.Pipelined(K // block_K, num_stages=num_stages):
                T.copy(A[by * block_M, ko * block_K], A_shared)
                T.copy(B[ko * block_K, 0], B_shared)
                T.gemm(A_shared, B_shared, P_local)
            T.copy(P_local, P_shared)
            T.copy(D[0, bx * block_L], D_shared)
            T.clear(C_local)
            T.gemm(P_shared, D_shared, C_local)
            T.copy(C_local, C[by * block_M, bx * block_L])

    return chain


def copy_only(M=256, N=192, block_M=64, block_N=96, dtype=BF16):
    """Y = X, through a shared block."""

    @T.prim_func
    def copy_only(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(N // block_N, M // block_M, threads=128) as (bx, by):
            block = T.alloc_shared((block_M, block_N), dtype)
            T.copy(X[by * block_M, bx * block_N], block)
            T.copy(block, Y[by * block_M, bx * block_N])

    return copy_only


def cast_only(M=256, N=128, block_M=64, block_N=64, dtype=FP32, out_dtype=BF16):
    """Y = cast(X): the conversion is in the copy from fragment to tensor."""

    @T.prim_func
    def cast_only(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), out_dtype)):
        with T.Kernel(N // block_N, M // block_M, threads=128) as (bx, by):
            block = T.alloc_fragment((block_M, block_N), dtype)
            T.copy(X[by * block_M, bx * block_N], block)
            T.copy(block, Y[by * block_M, bx * block_N])

    return cast_only


def three_inputs(M=256, N=256, K=128, block=64, block_K=64, dtype=BF16, num_stages=2):
    """C = A @ B + D: the accumulator starts from a block of the third input."""

    @T.prim_func
    def three_inputs(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        D: T.Tensor((M, N), dtype),
        C: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            A_shared = T.alloc_shared((block, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block), dtype)
            C_local = T.alloc_fragment((block, block), FP32)
            T.copy(D[by * block, bx * block], C_local)
            for ko in T.Pipelined(K // block_K, num_stages=num_stages):
                T.copy(A[by * block, ko * block_K], A_shared)
                T.copy(B[ko * block_K, bx * block], B_shared)
                T.gemm(A_shared, B_shared, C_local)
            T.copy(C_local, C[by * block, bx * block])

    return three_inputs


def two_outputs(M=256, N=128, K=128, block=64, block_K=32, dtype=BF16, num_stages=2):
    """C = A @ B in `dtype`, and E = the same in float32."""

    @T.prim_func
    def two_outputs(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        C: T.Tensor((M, N), dtype),
        E: T.Tensor((M, N), FP32),
    ):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            A_shared = T.alloc_shared((block, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block), dtype)
            C_local = T.alloc_fragment((block, block), FP32)
            T.clear(C_local)
            for ko in T.Pipelined(K // block_K, num_stages=num_stages):
                T.copy(A[by * block, ko * block_K], A_shared)
                T.copy(B[ko * block_K, bx * block], B_shared)
                T.gemm(A_shared, B_shared, C_local)
            T.copy(C_local, C[by * block, bx * block])
            T.copy(C_local, E[by * block, bx * block])

    return two_outputs


def clear_accum(M=128, N=128, K=128, block=64, block_K=32, dtype=BF16, num_stages=2, first=None):
    """C = A @ B, the accumulator cleared by the product itself in the first iteration."""

    @T.prim_func
    def clear_accum(
        A: T.Tensor((M, K), dtype), B: T.Tensor((K, N), dtype), C: T.Tensor((M, N), dtype)
    ):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            A_shared = T.alloc_shared((block, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block), dtype)
            C_local = T.alloc_fragment((block, block), FP32)
            for ko in T.Pipelined(K // block_K, num_stages=num_stages):
                T.copy(A[by * block, ko * block_K], A_shared)
                T.copy(B[ko * block_K, bx * block], B_shared)
                T.gemm(A_shared, B_shared, C_local, clear_accum=ko == 0)
            T.copy(C_local, C[by * block, bx * block])

    return clear_accum


def whole_product(M=64, N=64, K=96, dtype=BF16):
    """C = A @ B as one `T.gemm(..., clear_accum=True)` on fragments and shared blocks."""

    @T.prim_func
    def whole_product(
        A: T.Tensor((M, K), dtype), B: T.Tensor((K, N), dtype), C: T.Tensor((M, N), FP32)
    ):
        with T.Kernel(1, threads=128) as _:
            A_local = T.alloc_fragment((M, K), dtype)
            B_shared = T.alloc_shared((K, N), dtype)
            C_local = T.alloc_fragment((M, N), FP32)
            T.copy(A, A_local)
            T.copy(B, B_shared)
            T.gemm(A_local, B_shared, C_local, clear_accum=True)
            T.copy(C_local, C)

    return whole_product


def flat_grid(M=256, N=384, block=64, dtype=BF16):
    """Y = X on a one-dimensional grid: block coordinates by division, lets and a swizzle hint."""
    columns = N // block

    @T.prim_func
    def flat_grid(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(columns * (M // block), threads=128) as pid:
            tile = T.alloc_shared((block, block), dtype)
            T.use_swizzle(10)
            row = pid // columns
            column = pid % columns
            T.copy(X[row * block, column * block], tile)
            T.copy(tile, Y[row * block, column * block])

    return flat_grid


def loops(M=256, N=128, block=32, dtype=FP16):
    """Y = X: a serial loop with a start and a step, and an unrolled one inside, min and max."""

    @T.prim_func
    def loops(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(2, threads=128) as bx:
            tile = T.alloc_shared((block, block), dtype)
            local = T.alloc_fragment((block, block), dtype)
            for i in T.serial(bx * 128, bx * 128 + 128, step=block):
                for j in T.unroll(N // block):
                    column = T.min(T.max(j, 0), N // block - 1) * block
                    T.copy(X[i, column], tile)
                    T.copy(tile, local)
                    T.copy(local, Y[i, column])

    return loops


def batch_axes(batch=2, seq=128, heads=4, dim=64, block=64, dtype=BF16):
    """Y = X for (batch, sequence, head, dim) tensors: unit extents between the block's own."""

    @T.prim_func
    def batch_axes(
        X: T.Tensor((batch, seq, heads, dim), dtype), Y: T.Tensor((batch, seq, heads, dim), FP32)
    ):
        with T.Kernel(seq // block, heads, batch, threads=128) as (bs, bh, bb):
            tile = T.alloc_shared((block, dim), dtype)
            local = T.alloc_fragment((block, dim), FP32)
            T.copy(X[bb, bs * block : bs * block + block, bh, 0:dim], tile)
            T.copy(tile, local)
            T.copy(local, Y[bb, bs * block : bs * block + block, bh, 0:dim])

    return batch_axes


def fills(dtype=FP16):
    """Constants of all kinds: infinite, out of range, into a part of a buffer."""

    @T.prim_func
    def fills(Y: T.Tensor((64, 64), dtype), Z: T.Tensor((64, 64), dtype)):
        with T.Kernel(1, threads=128) as _:
            local = T.alloc_fragment((64, 64), dtype)
            tile = T.alloc_shared((64, 64), dtype)
            T.fill(local, -T.infinity(dtype))
            T.copy(local, Y)
            T.fill(local, 1e6)
            T.fill(local[0:32, 0:64], 3)
            T.fill(tile, 0.5)
            T.copy(tile, Z)

    return fills


def rows(M=4, N=64, dtype=BF16):
    """Vectors and single rows: extents of one on either side, or on both."""

    @T.prim_func
    def rows(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), FP32)):
        with T.Kernel(M, threads=128) as bx:
            vector = T.alloc_shared((N,), dtype)
            row = T.alloc_shared((1, N), dtype)
            local = T.alloc_fragment((N,), FP32)
            T.copy(X[bx, 0], vector)
            T.copy(X[bx, 0:N], row[0, 0:N])
            T.copy(X[bx : bx + 1, 0:N], row)
            T.copy(row[0, 0:N], local)
            T.copy(local, Y[bx, 0])

    return rows


def lets(M=512, block=64, dtype=BF16):
    """Names for expressions; steps up and down; remainders of what may be negative."""

    @T.macro
    def move(A, tile, row, k):
        part = (k - 9) % 8
        column = (k + 7) % 8 * block
        T.copy(A[row, part * block], tile)
        T.copy(A[row, column], tile)

    @T.prim_func
    def lets(A: T.Tensor((M, M), dtype), B: T.Tensor((M, M), FP32)):
        with T.Kernel(M // block, threads=128) as bx:
            tile = T.alloc_shared((block, block), dtype)
            total = T.alloc_fragment((block, block), FP32)
            row = bx * block
            for k in range(3, 9, 2):
                first = k == 3
                move(A, tile, row, k)
                T.gemm(tile, tile, total, clear_accum=first)
            for k in T.serial(8, 0, -2):
                move(A, tile, row, k)
                T.gemm(tile, tile, total)
            T.copy(total, B[row, 0])

    return lets


def small(**changes):
    """A 256^3 product in blocks of 64."""
    return gemm(**{"M": 256, "N": 256, "K": 256, "block_M": 64, "block_N": 64, **changes})


CASES: dict[str, Callable[[], object]] = {
    "gemm_bf16": gemm,
    "gemm_fp16": partial(gemm, dtype=FP16),
    "gemm_fp32": partial(gemm, dtype=FP32),
    "gemm_blocks": partial(
        gemm, M=384, N=640, K=512, block_M=96, block_N=64, block_K=128, swap_grid=True
    ),
    "gemm_transpose_a": partial(small, N=128, transpose_A=True),
    "gemm_transpose_b": partial(small, N=128, transpose_B=True),
    "gemm_batch": batched_gemm,
    "gemm_two": two_gemms,
    "gemm_chain": chain,
    "gemm_one_block": partial(gemm, M=128, N=64, K=96, block_M=128, block_N=64, block_K=32),
    "gemm_100_blocks": partial(gemm, M=640, N=640, K=128, block_M=64, block_N=64, block_K=64),
    "gemm_stages_1": partial(small, num_stages=1),
    "gemm_stages_2": partial(small, num_stages=2),
    "gemm_stages_3": partial(small, num_stages=3),
    "gemm_stages_4": partial(small, num_stages=4),
    "copy_only": copy_only,
    "cast_only": cast_only,
    "three_inputs": three_inputs,
    "two_outputs": two_outputs,
}
"""Kernels that compile and run, by the name of their saved file."""

IMPORT_CASES: dict[str, Callable[[], object]] = {
    "clear_accum": clear_accum,
    "whole_product": whole_product,
    "flat_grid": flat_grid,
    "loops": loops,
    "batch_axes": batch_axes,
    "fills": fills,
    "rows": rows,
    "lets": lets,
}
"""Kernels that show one form each of what the importer reads."""
