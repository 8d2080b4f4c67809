"""TileLang kernels that the importer refuses for an operation or dtype; as in `rejected.py`."""

from collections.abc import Callable

import tilelang.language as T

BF16, FP32 = "bfloat16", "float32"
S = (64, 64)


def atomic_element():
    @T.prim_func
    def atomic_element(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            for i, j in T.Parallel(64, 64):
                T.atomic_add(Y[i, j], X[i, j])  # ERROR: T.atomic_add is not supported

    return atomic_element


def atomic_max():
    @T.prim_func
    def atomic_max(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            for i, j in T.Parallel(64, 64):
                T.atomic_max(Y[i, j], X[i, j])  # ERROR: T.atomic_max is not supported

    return atomic_max


def cumsum():
    @T.prim_func
    def cumsum(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), FP32)
            T.copy(X, block)
            T.cumsum(block, dim=1)  # ERROR: T.cumsum is not supported
            T.copy(block, Y)

    return cumsum


def async_copy():
    @T.prim_func
    def async_copy(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.async_copy(X, block)  # ERROR: T.async_copy is not supported
            T.copy(block, Y)

    return async_copy


def tma_copy():
    @T.prim_func
    def tma_copy(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)
            T.tma_copy(block, Y)  # ERROR: T.tma_copy is not supported

    return tma_copy


def barrier():
    @T.prim_func
    def barrier(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:  # ERROR: the block annotation 'barrier_init'
            block = T.alloc_shared((64, 64), BF16)
            done = T.alloc_barrier(128)
            T.copy(X, block)
            T.barrier_arrive(done)

    return barrier


def warp():
    @T.prim_func
    def warp(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=32) as _:
            Y[0, 0] = T.warp_reduce_sum(X[0, 0])  # ERROR: a warp operation

    return warp


def stop():
    @T.prim_func
    def stop(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as bx:
            block = T.alloc_shared((1, 64), BF16)
            for i in T.serial(64):
                T.copy(X[i, 0], block)
                if i > bx:
                    T.loop_break()  # ERROR: break is not supported

    return stop


def sub_byte():
    @T.prim_func
    def sub_byte(X: T.Tensor(S, "int4"), Y: T.Tensor(S, BF16)):  # ERROR: dtype 'int4' of buffer 'X'
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), "int4")
            T.copy(X, block)

    return sub_byte


def integers():
    @T.prim_func
    def integers(X: T.Tensor(S, BF16), Z: T.Tensor(S, "int32")):  # ERROR: 'int32' of buffer 'Z'
        with T.Kernel(1, threads=128) as _:
            for i, j in T.Parallel(64, 64):
                Z[i, j] = T.Cast("int32", X[i, j])

    return integers


def to_integer():
    @T.prim_func
    def to_integer(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            for i, j in T.Parallel(64, 64):
                Y[i, j] = T.Cast(FP32, T.Cast("int32", X[i, j]) % 3)  # ERROR: an element

    return to_integer


def convolution():
    @T.prim_func
    def convolution(X: T.Tensor((1, 8, 8, 32), BF16), Y: T.Tensor((64, 32), BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 32), BF16)
            T.c2d_im2col(X, block, 0, 0, 3, 1, 1, 1)  # ERROR: T.im2col is not supported
            T.copy(block, Y)

    return convolution


def computed_extent():
    @T.prim_func
    def computed_extent(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16), n: T.int32):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X[0:n, :], block[0:n, :])  # ERROR: an extent of the region of 'X'
            T.copy(block, Y)

    return computed_extent


def reducer_store():
    @T.prim_func
    def reducer_store(X: T.Tensor(S, FP32), Y: T.Tensor((64,), FP32)):
        with T.Kernel(1, threads=128) as _:
            x = T.alloc_fragment((64, 64), FP32)
            y = T.alloc_reducer((64,), FP32, op="sum", replication="all")
            T.copy(X, x)
            T.clear(y)
            for i, j in T.Parallel(64, 64):
                y[i] = y[i] * x[i, j]  # ERROR: a store to the reducer 'y' does not combine
            T.finalize_reducer(y)
            T.copy(y, Y)

    return reducer_store


def register_count():
    @T.prim_func
    def register_count(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            T.evaluate(T.call_intrin("handle", "tirx.ptx_wait_group", 0))  # ERROR: PTX instruction

    return register_count


REJECTED: dict[str, Callable[[], object]] = {
    make.__name__: make
    for make in (
        atomic_element,
        atomic_max,
        cumsum,
        async_copy,
        tma_copy,
        barrier,
        warp,
        stop,
        sub_byte,
        integers,
        to_integer,
        convolution,
        computed_extent,
        reducer_store,
        register_count,
    )
}
