"""TileLang kernels of elementwise operations, broadcasts and reductions.

Needs TileLang. `tools/save_tir.py` saves every entry of `TILE_CASES`; `TILE_REFERENCES` of
`test/references.py` says what each computes.
"""

from collections.abc import Callable

import tilelang
import tilelang.language as T

BF16, FP16, FP32 = "bfloat16", "float16", "float32"


def eltwise_add(M=128, N=192, block=64, dtype=BF16):
    """Z = X + Y, one statement on shared blocks."""

    @T.prim_func
    def eltwise_add(
        X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype), Z: T.Tensor((M, N), dtype)
    ):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            x = T.alloc_shared((block, block), dtype)
            y = T.alloc_shared((block, block), dtype)
            z = T.alloc_fragment((block, block), dtype)
            T.copy(X[by * block, bx * block], x)
            T.copy(Y[by * block, bx * block], y)
            for i, j in T.Parallel(block, block):
                z[i, j] = x[i, j] + y[i, j]
            T.copy(z, Z[by * block, bx * block])

    return eltwise_add


def direct_add(M=128, N=64, block=32, dtype=FP32):
    """Z = X + Y without buffers: the loop reads and writes the tensors."""

    @T.prim_func
    def direct_add(
        X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype), Z: T.Tensor((M, N), dtype)
    ):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            for i, j in T.Parallel(block, block):
                row = by * block + i
                Z[row, bx * block + j] = X[row, bx * block + j] + Y[row, bx * block + j]

    return direct_add


def gemm_bias_relu(M=128, N=128, K=128, block=64, block_K=32, dtype=BF16):
    """C = max(A @ B + bias, 0) with a row vector of biases."""

    @T.prim_func
    def gemm_bias_relu(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        bias: T.Tensor((N,), dtype),
        C: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            A_shared = T.alloc_shared((block, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block), dtype)
            bias_shared = T.alloc_shared((block,), dtype)
            C_local = T.alloc_fragment((block, block), FP32)
            T.clear(C_local)
            T.copy(bias[bx * block], bias_shared)
            for ko in T.Pipelined(K // block_K, num_stages=2):
                T.copy(A[by * block, ko * block_K], A_shared)
                T.copy(B[ko * block_K, bx * block], B_shared)
                T.gemm(A_shared, B_shared, C_local)
            for i, j in T.Parallel(block, block):
                C_local[i, j] = T.max(C_local[i, j] + bias_shared[j], 0)
            T.copy(C_local, C[by * block, bx * block])

    return gemm_bias_relu


def gelu(M=64, N=128, block=64, dtype=BF16):
    """Y = gelu(X), by erf, and Z = its approximation by tanh: two statements and a let."""

    @T.prim_func
    def gelu(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype), Z: T.Tensor((M, N), FP32)):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            x = T.alloc_fragment((block, block), dtype)
            y = T.alloc_fragment((block, block), FP32)
            z = T.alloc_fragment((block, block), FP32)
            T.copy(X[by * block, bx * block], x)
            for i, j in T.Parallel(block, block):
                v = T.Cast(FP32, x[i, j])
                y[i, j] = 0.5 * v * (1.0 + T.erf(v * 0.7071067811865476))
                z[i, j] = 0.5 * v * (1.0 + T.tanh(0.7978845608 * (v + 0.044715 * T.pow(v, 3))))
            T.copy(y, Y[by * block, bx * block])
            T.copy(z, Z[by * block, bx * block])

    return gelu


def softmax(M=128, N=96, block=32, dtype=BF16):
    """Y = softmax(X) along rows, a block of whole rows at a time."""

    @T.prim_func
    def softmax(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(M // block, threads=128) as bx:
            x = T.alloc_fragment((block, N), FP32)
            biggest = T.alloc_fragment((block,), FP32)
            total = T.alloc_fragment((block,), FP32)
            T.copy(X[bx * block, 0], x)
            T.reduce_max(x, biggest, dim=1, clear=True)
            for i, j in T.Parallel(block, N):
                x[i, j] = T.exp(x[i, j] - biggest[i])
            T.reduce_sum(x, total, dim=1)
            for i, j in T.Parallel(block, N):
                x[i, j] = x[i, j] / total[i]
            T.copy(x, Y[bx * block, 0])

    return softmax


def rmsnorm(M=64, N=128, block=32, dtype=BF16):
    """Y = X / sqrt(mean(X^2) + eps) * W."""

    @T.prim_func
    def rmsnorm(X: T.Tensor((M, N), dtype), W: T.Tensor((N,), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(M // block, threads=128) as bx:
            x = T.alloc_shared((block, N), dtype)
            w = T.alloc_shared((N,), dtype)
            square = T.alloc_fragment((block, N), FP32)
            scale = T.alloc_fragment((block,), FP32)
            T.copy(X[bx * block, 0], x)
            T.copy(W, w)
            for i, j in T.Parallel(block, N):
                square[i, j] = T.Cast(FP32, x[i, j]) * x[i, j]
            T.reduce_sum(square, scale, dim=1)
            for i in T.Parallel(block):
                scale[i] = T.rsqrt(scale[i] / N + 1e-5)
            for i, j in T.Parallel(block, N):
                x[i, j] = x[i, j] * scale[i] * w[j]
            T.copy(x, Y[bx * block, 0])

    return rmsnorm


def online_softmax(M=64, N=256, block_M=32, block_N=64, dtype=BF16):
    """Y = softmax(X) in two passes over tiles: running maximum and sum, base 2."""
    scale = 1.4426950408889634

    @T.prim_func
    def online_softmax(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(M // block_M, threads=128) as bx:
            x = T.alloc_shared((block_M, block_N), dtype)
            p = T.alloc_fragment((block_M, block_N), FP32)
            m = T.alloc_fragment((block_M,), FP32)
            m_old = T.alloc_fragment((block_M,), FP32)
            part = T.alloc_fragment((block_M,), FP32)
            total = T.alloc_fragment((block_M,), FP32)
            T.fill(m, -T.infinity(FP32))
            T.fill(total, 0)
            for k in T.Pipelined(N // block_N, num_stages=2):
                T.copy(X[bx * block_M, k * block_N], x)
                T.copy(x, p)
                T.copy(m, m_old)
                T.reduce_max(p, m, dim=1, clear=False)
                for i, j in T.Parallel(block_M, block_N):
                    p[i, j] = T.exp2(p[i, j] * scale - m[i] * scale)
                T.reduce_sum(p, part, dim=1)
                for i in T.Parallel(block_M):
                    total[i] = total[i] * T.exp2((m_old[i] - m[i]) * scale) + part[i]
            for k in T.Pipelined(N // block_N, num_stages=2):
                T.copy(X[bx * block_M, k * block_N], x)
                for i, j in T.Parallel(block_M, block_N):
                    p[i, j] = T.exp2(x[i, j] * scale - m[i] * scale) / total[i]
                T.copy(p, Y[bx * block_M, k * block_N])

    return online_softmax


def causal_mask(N=128, block=32, dtype=FP32):
    """Y = X below the diagonal, -inf above: a computed loop bound and an index comparison."""

    @T.prim_func
    def causal_mask(X: T.Tensor((N, N), dtype), Y: T.Tensor((N, N), dtype)):
        with T.Kernel(N // block, threads=128) as bx:
            x = T.alloc_shared((block, block), dtype)
            y = T.alloc_fragment((block, block), dtype)
            for k in T.Pipelined(T.ceildiv((bx + 1) * block, block), num_stages=1):
                T.copy(X[bx * block, k * block], x)
                for i, j in T.Parallel(block, block):
                    y[i, j] = T.if_then_else(
                        bx * block + i >= k * block + j, x[i, j], -T.infinity(dtype)
                    )
                T.copy(y, Y[bx * block, k * block])
            for k in T.serial(bx + 1, N // block):
                T.fill(y, -T.infinity(dtype))
                T.copy(y, Y[bx * block, k * block])

    return causal_mask


def transposes(M=64, N=96, dtype=BF16):
    """Y = X.T by T.transpose, Z = 2 * X.T by exchanged indices."""

    @T.prim_func
    def transposes(
        X: T.Tensor((M, N), dtype), Y: T.Tensor((N, M), dtype), Z: T.Tensor((N, M), FP32)
    ):
        with T.Kernel(1, threads=128) as _:
            x = T.alloc_shared((M, N), dtype)
            y = T.alloc_shared((N, M), dtype)
            z = T.alloc_fragment((N, M), FP32)
            T.copy(X, x)
            T.transpose(x, y)
            T.copy(y, Y)
            for i, j in T.Parallel(M, N):
                z[j, i] = T.Cast(FP32, x[i, j]) * 2.0
            T.copy(z, Z)

    return transposes


def two_statements(M=64, N=64, dtype=FP32):
    """Y, Z = Y + 1, X + Y: exchanged through a let that is used after its source has changed."""

    @T.prim_func
    def two_statements(
        X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype), Z: T.Tensor((M, N), dtype)
    ):
        with T.Kernel(1, threads=128) as _:
            x = T.alloc_fragment((M, N), dtype)
            y = T.alloc_fragment((M, N), dtype)
            T.copy(X, x)
            T.copy(Y, y)
            for i, j in T.Parallel(M, N):
                old = x[i, j] + y[i, j]
                x[i, j] = y[i, j] + 1.0
                y[i, j] = old
            T.copy(x, Y)
            T.copy(y, Z)

    return two_statements


def index_arithmetic(M=64, N=64, block=32, dtype=FP32):
    """Y = X plus a number made of indices: //, %, min, max, a cast and an `if` without else."""

    @T.prim_func
    def index_arithmetic(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            x = T.alloc_fragment((block, block), dtype)
            T.copy(X[by * block, bx * block], x)
            for i, j in T.Parallel(block, block):
                number = (
                    (by * block + i) // 3 * 2 + (bx * block + j - 7) % 5 - T.min(i, T.max(j, 4))
                )
                x[i, j] = x[i, j] + T.Cast(dtype, number)
                if (i + j) % 2 == 0 and not (i < 3 or j != 5):
                    x[i, j] = -x[i, j]
            if bx == by:
                for i, j in T.Parallel(block, block):
                    x[i, j] = T.abs(x[i, j])
            else:
                for i, j in T.Parallel(block, block):
                    x[i, j] = T.clamp(x[i, j], -3.0, 30.0)
            T.copy(x, Y[by * block, bx * block])

    return index_arithmetic


def scalar_parameters(M=64, N=64, dtype=FP32):
    """Y = a * X where the row is below n, else X / a; with parameters of both kinds."""

    @T.prim_func
    def scalar_parameters(
        X: T.Tensor((M, N), dtype), a: T.float32, n: T.int32, Y: T.Tensor((M, N), dtype)
    ):
        with T.Kernel(1, threads=128) as _:
            x = T.alloc_fragment((M, N), dtype)
            T.copy(X, x)
            for i, j in T.Parallel(M, N):
                x[i, j] = T.Select(i < n, x[i, j] * a, x[i, j] / a)
            T.copy(x, Y)

    return scalar_parameters


def reductions(M=32, N=64, dtype=BF16):
    """Sums, minima and magnitudes, along both axes, with a kept dimension and without a clear."""

    @T.prim_func
    def reductions(
        X: T.Tensor((M, N), dtype),
        rows: T.Tensor((M,), FP32),
        columns: T.Tensor((1, N), FP32),
        biggest: T.Tensor((N,), FP32),
    ):
        with T.Kernel(1, threads=128) as _:
            x = T.alloc_fragment((M, N), FP32)
            r = T.alloc_fragment((M,), FP32)
            s = T.alloc_fragment((M, 1), FP32)
            c = T.alloc_fragment((1, N), FP32)
            b = T.alloc_fragment((N,), FP32)
            T.copy(X, x)
            T.reduce_abssum(x, r, dim=1)
            T.reduce_min(x, s, dim=1)
            for i in T.Parallel(M):
                r[i] = r[i] + s[i, 0]
            T.copy(r, rows)
            T.reduce_absmax(x, c, dim=0)
            T.copy(c, columns)
            T.fill(b, 1.0)
            T.reduce_max(x, b, dim=0, clear=False)
            T.copy(b, biggest)

    return reductions


def functions(M=32, N=32, dtype=FP32):
    """Every function of one argument, a block of the output for each; arguments in (0, 1)."""

    @T.prim_func
    def functions(X: T.Tensor((M, N), dtype), Y: T.Tensor((16 * M, N), dtype)):
        with T.Kernel(1, threads=128) as _:
            x = T.alloc_fragment((M, N), dtype)
            T.copy(X, x)
            for i, j in T.Parallel(M, N):
                Y[i, j] = T.exp(x[i, j])
                Y[i + 32, j] = T.exp2(x[i, j])
                Y[i + 64, j] = T.log(x[i, j])
                Y[i + 96, j] = T.log2(x[i, j])
                Y[i + 128, j] = T.sqrt(x[i, j])
                Y[i + 160, j] = T.rsqrt(x[i, j])
                Y[i + 192, j] = T.tanh(x[i, j])
                Y[i + 224, j] = T.sigmoid(x[i, j])
                Y[i + 256, j] = T.erf(x[i, j])
                Y[i + 288, j] = T.pow(x[i, j], x[i, j])
                Y[i + 320, j] = T.sin(x[i, j])
                Y[i + 352, j] = T.cos(x[i, j])
                Y[i + 384, j] = T.floor(x[i, j] * 5.0)
                Y[i + 416, j] = T.ceil(x[i, j] * 5.0)
                Y[i + 448, j] = T.round(x[i, j] * 5.0)
                Y[i + 480, j] = T.Select(T.isnan(x[i, j]), 0.0, T.trunc(x[i, j] * 5.0))

    return functions


def inner_loop(M=32, N=32, K=16, dtype=FP32):
    """Y = sums of X along K, by a loop in order inside a parallel one."""

    @T.prim_func
    def inner_loop(X: T.Tensor((M, N, K), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(1, threads=128) as _:
            y = T.alloc_fragment((M, N), dtype)
            for i, j in T.Parallel(M, N):
                y[i, j] = 0.0
                for k in T.serial(K):
                    y[i, j] += X[i, j, k]
            T.copy(y, Y)

    return inner_loop


def views(M=64, N=96, dtype=BF16):
    """Y = X - the mean of each row: a sum seen as a vector and as a column, and leading ones."""

    @T.prim_func
    def views(X: T.Tensor((2, M, N), dtype), Y: T.Tensor((2, M, N), dtype)):
        with T.Kernel(2, threads=128) as b:
            x = T.alloc_shared((1, M, N), dtype)
            sums = T.alloc_fragment((1, M), FP32)
            total = T.reshape(sums, (M,))
            column = T.reshape(sums, (M, 1))
            matrix = T.view(x, (M, N))
            wide = T.alloc_fragment((1, M, N), FP32)
            T.copy(X[b, 0, 0], x)
            T.copy(matrix[:, :], wide[0, :, :])
            T.reduce_sum(wide, sums, dim=2)
            for i in T.Parallel(M):
                total[i] = total[i] / N
            for i, j in T.Parallel(M, N):
                x[0, i, j] = x[0, i, j] - column[i, 0]
            T.copy(matrix, Y[b, :, :])

    return views


def variables(M=64, N=64, dtype=FP32):
    """Y = scale of the block * X + the sum of X's diagonal: scalars that change, and do not."""

    @T.prim_func
    def variables(X: T.Tensor((2, M, N), dtype), Y: T.Tensor((2, M, N), dtype)):
        with T.Kernel(2, threads=128) as b:
            x = T.alloc_fragment((M, N), dtype)
            row = T.alloc_var("int32")
            scale = T.alloc_var(FP32)
            total = T.alloc_var(FP32)
            row = b + 1
            scale = T.exp2(-1.0 * row)
            total = 0.0
            T.copy(X[row - 1, 0, 0], x)
            for i in T.serial(M):
                total = total + X[b, i, i]
            for i, j in T.Parallel(M, N):
                x[i, j] = x[i, j] * scale + total
            T.copy(x, Y[b, 0, 0])

    return variables


def elements(M=64, N=64, dtype=FP32):
    """Y = X / X[b, 0, 1] + X[b, 1, 0] and the largest of three elements in Z: single elements."""

    @T.prim_func
    def elements(
        X: T.Tensor((2, M, N), dtype), Y: T.Tensor((2, M, N), dtype), Z: T.Tensor((2,), dtype)
    ):
        with T.Kernel(2, threads=128) as b:
            x = T.alloc_fragment((M, N), dtype)
            biggest = T.alloc_local((1,), dtype)
            T.copy(X[b, 0, 0], x)
            divisor = X[b, 0, 1]
            biggest[0] = T.max(X[b, 0, 0], X[b, 0, 1])
            biggest[0] = T.max(biggest[0], X[b, M - 1, N - 1])
            Z[b] = biggest[0]
            for i, j in T.Parallel(M, N):
                x[i, j] = x[i, j] / divisor + X[b, 1, 0]
            T.copy(x, Y[b, 0, 0])

    return elements


def vectorized(M=32, N=64, dtype=FP32):
    """Y = 2 X + 1: vectorized loops, alone, in T.Parallel and in a loop in order."""

    @T.prim_func
    def vectorized(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(2, threads=128) as b:
            x = T.alloc_shared((M // 2, N), dtype)
            y = T.alloc_shared((M // 2, N), dtype)
            T.copy(X[b * (M // 2), 0], x)
            for i in T.Parallel(M // 2):
                for j in T.vectorized(N):
                    y[i, j] = 2.0 * x[i, j]
            for i in T.serial(M // 2):
                for j in T.vectorized(N):
                    Y[b * (M // 2) + i, j] = y[i, j] + 1.0

    return vectorized


def reducers(M=64, N=128, block=32, dtype=BF16):
    """Sums and maxima of rows, in reducers of both kinds, over steps of a loop."""

    @T.prim_func
    def reducers(
        X: T.Tensor((M, N), dtype),
        V: T.Tensor((N,), dtype),
        S: T.Tensor((M,), FP32),
        B: T.Tensor((M,), FP32),
    ):
        with T.Kernel(M // block, threads=128) as bx:
            x = T.alloc_fragment((block, block), dtype)
            v = T.alloc_fragment((block,), dtype)
            total = T.alloc_reducer((block,), FP32, op="sum", replication="all")
            biggest = T.alloc_reducer((block,), FP32, op="max")
            result = T.alloc_fragment((block,), FP32)
            T.clear(total)
            T.reducer_init(biggest)
            for k in T.Pipelined(N // block, num_stages=2):
                T.copy(X[bx * block, k * block], x)
                T.copy(V[k * block], v)
                for i, j in T.Parallel(block, block):
                    total[i] += T.Cast(FP32, x[i, j]) * v[j]
                for i, j in T.Parallel(block, block):
                    if k * block + j > 2:
                        T.reducer_update(biggest[i], T.Cast(FP32, x[i, j]))
            T.finalize_reducer(total)
            T.finalize_reducer(biggest, result)
            T.copy(total, S[bx * block])
            T.copy(result, B[bx * block])

    return reducers


def conversions(M=64, N=64, dtype=FP32):
    """Whole parts, infinities replaced, and a fill with a number made of indices."""

    @T.prim_func
    def conversions(
        X: T.Tensor((M, N), dtype),
        a: T.float32,
        Y: T.Tensor((M, N), dtype),
        Z: T.Tensor((M, N), FP16),
    ):
        with T.Kernel(2, threads=128) as b:
            x = T.alloc_fragment((M // 2, N), dtype)
            z = T.alloc_fragment((M // 2, N), FP16)
            T.copy(X[b * (M // 2), 0], x)
            T.fill(z, a * T.Cast(FP32, b + 1))
            for i, j in T.Parallel(M // 2, N):
                whole = T.Cast(FP32, T.Cast("int32", x[i, j] * 4.0))
                big = T.if_then_else(i == j, T.infinity(FP32), T.max_value(FP32))
                x[i, j] = T.if_then_else(
                    T.isinf(big) or (i > j and not (j < 2)), whole, x[i, j] * 0.5
                )
            T.copy(x, Y[b * (M // 2), 0])
            T.copy(z, Z[b * (M // 2), 0])

    return conversions


@T.macro
def scaled(source, target, factor, M, N):
    for i, j in T.Parallel(M, N):
        target[i, j] = source[i, j] * factor


def hints(M=64, N=64, dtype=BF16):
    """Y = 6 X by a macro, with what only advises a GPU: swizzles, layouts, barriers, registers."""

    @T.prim_func
    def hints(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(2, 2, threads=128) as (bx, by):
            x = T.alloc_shared((M // 2, N // 2), dtype)
            y = T.alloc_shared((M // 2, N // 2), dtype)
            T.annotate_layout({x: tilelang.layout.make_swizzled_layout(x)})
            T.use_swizzle(panel_size=10, enable=True)
            T.no_set_max_nreg()
            T.copy(X[by * (M // 2), bx * (N // 2)], x, disable_tma=True, coalesced_width=4)
            T.sync_threads()
            scaled(x, y, 2.0, M // 2, N // 2)
            scaled(y, x, 3.0, M // 2, N // 2)
            T.copy(x, Y[by * (M // 2), bx * (N // 2)])

    return hints


def ragged(M=100, N=50, K=70, block=64, dtype=BF16):
    """C = relu(A @ B) and the sums of its rows; blocks that reach beyond all tensors."""

    @T.prim_func
    def ragged(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        C: T.Tensor((M, N), dtype),
        S: T.Tensor((M,), FP32),
    ):
        with T.Kernel(T.ceildiv(M, block), threads=128) as by:
            a = T.alloc_shared((block, block), dtype)
            b = T.alloc_shared((block, block), dtype)
            c = T.alloc_fragment((block, block), FP32)
            s = T.alloc_fragment((block,), FP32)
            T.clear(c)
            for k in T.Pipelined(T.ceildiv(K, block), num_stages=2):
                T.copy(A[by * block, k * block], a)
                T.copy(B[k * block, 0], b)
                T.gemm(a, b, c)
            for i, j in T.Parallel(block, block):
                c[i, j] = T.max(c[i, j], 0)
            T.copy(c, C[by * block, 0])
            T.reduce_sum(c, s, dim=1)
            T.copy(s, S[by * block])

    return ragged


TILE_CASES: dict[str, Callable[[], object]] = {
    make.__name__: make
    for make in (
        eltwise_add,
        direct_add,
        gemm_bias_relu,
        gelu,
        softmax,
        rmsnorm,
        online_softmax,
        causal_mask,
        transposes,
        two_statements,
        index_arithmetic,
        scalar_parameters,
        reductions,
        functions,
        inner_loop,
        views,
        variables,
        elements,
        vectorized,
        reducers,
        conversions,
        hints,
        ragged,
    )
}
"""Kernels that import and run at level TILE, by the name of their saved file."""
