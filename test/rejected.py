"""TileLang kernels that the importer refuses, sources of `test/data/tir/rejected/*.tir.json`.

Needs TileLang. Each kernel has one line with a comment `# ERROR: text`: the error must be located
at that line and contain the text. Kernels are as small as shows the construct.
"""

from collections.abc import Callable

import tilelang.language as T

BF16, FP16, FP32 = "bfloat16", "float16", "float32"
S = (64, 64)


def vectorized():
    @T.prim_func
    def vectorized(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            for i in T.vectorized(32):
                Y[0, i + 1] = Y[0, i]  # ERROR: touch elements of 'Y' that others write

    return vectorized


def while_loop():
    @T.prim_func
    def while_loop(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            n = T.alloc_shared((1,), FP32)
            while n[0] < 3.0:  # ERROR: a 'while' loop is not supported
                T.copy(X, block)

    return while_loop


def element_store():
    @T.prim_func
    def element_store(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            Y[0, 64] = X[0, 0]  # ERROR: index 64 is outside dimension 1 of 'Y'

    return element_store


def atomic():
    @T.prim_func
    def atomic(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), FP32)
            T.copy(X, block)
            T.atomic_add(Y[0:64, 0:64], block)  # ERROR: T.atomic_add is not supported

    return atomic


def thread_index():
    @T.prim_func
    def thread_index(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((1, 64), BF16)
            tx = T.get_thread_binding()
            T.copy(X[tx, 0], block)  # ERROR: thread index 'tx' is used
            T.copy(block, Y[0, 0])

    return thread_index


def extern_call():
    @T.prim_func
    def extern_call(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            T.call_extern("handle", "f", X[0, 0])  # ERROR: T.call_extern is not supported

    return extern_call


def unequal_extents():
    @T.prim_func
    def unequal_extents(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((32, 32), BF16)
            T.copy(X[0:16, 0:32], block)  # ERROR: X (16 x 32) and block (32 x 32)
            T.copy(block, Y[0, 0])

    return unequal_extents


def too_large():
    @T.prim_func
    def too_large(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            row = T.alloc_shared((1, 16), BF16)
            block = T.alloc_shared((16, 16), BF16)
            T.copy(X[0, 0], row)
            T.copy(row, block[0:16, 0:16])  # ERROR: reaches 16 in dimension 0 of
            T.copy(block, Y[0, 0])

    return too_large


def index_too_large():
    @T.prim_func
    def index_too_large(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((32, 32), BF16)
            T.copy(X[64, 0], block)  # ERROR: index 64 is outside dimension 0 of 'X' (size 64)
            T.copy(block, Y[0, 0])

    return index_too_large


def negative_index():
    @T.prim_func
    def negative_index(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((1, 64), BF16)
            T.copy(X[-1, 0], block)  # ERROR: index -1 is outside dimension 0 of 'X' (size 64)
            T.copy(block, Y[0, 0])

    return negative_index


def data_dependent():
    @T.prim_func
    def data_dependent(X: T.Tensor(S, BF16), rows: T.Tensor((4,), BF16)):
        with T.Kernel(4, threads=128) as bx:
            block = T.alloc_shared((1, 64), BF16)
            row = T.Cast("int32", rows[bx])
            T.copy(X[row, 0], block)  # ERROR: an element of a buffer (a data-dependent index)

    return data_dependent


def parameter_dtype():
    @T.prim_func
    def parameter_dtype(X: T.Tensor(S, "int8"), Y: T.Tensor(S, BF16)):  # ERROR: dtype 'int8'
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), "int8")
            T.copy(X, block)

    return parameter_dtype


def buffer_dtype():
    @T.prim_func
    def buffer_dtype(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), "float8_e4m3")  # ERROR: of buffer 'block'
            T.copy(X, block)

    return buffer_dtype


def dynamic_shape():
    n = T.dynamic("n")

    @T.prim_func
    def dynamic_shape(X: T.Tensor((n, 64), BF16), Y: T.Tensor(S, BF16)):  # ERROR: a dynamic shape
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X[0, 0], block)

    return dynamic_shape


def strided():
    @T.prim_func
    def strided(X: T.StridedTensor(S, (1, 64), BF16), Y: T.Tensor(S, BF16)):  # ERROR: not dense
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)

    return strided


def view():
    @T.prim_func
    def view(X: T.Tensor(S, BF16), Y: T.Tensor((32, 128), BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)
            flat = T.reshape(block, (32, 128))
            T.copy(flat, Y[0:32, 0:128])  # ERROR: is a view of 'block' in another shape

    return view


def view_dtype():
    @T.prim_func
    def view_dtype(X: T.Tensor(S, BF16), Y: T.Tensor(S, FP16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)
            bits = T.view(block, (64, 64), dtype=FP16)
            T.copy(bits, Y)  # ERROR: is a view of 'block' in another dtype

    return view_dtype


def local_buffer():
    @T.prim_func
    def local_buffer(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            row = T.alloc_local((64,), BF16)
            for i in T.Parallel(64):
                row[i] = X[0, i]  # ERROR: 'row', of which each thread has its own

    return local_buffer


def variable():
    @T.prim_func
    def variable(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((1, 64), BF16)
            n = T.alloc_var("int32")  # ERROR: the variable 'n' of dtype 'int32' changes
            n = 0
            for _i in T.serial(4):
                T.copy(X[n, 0], block)
                n = n + 2
            T.copy(block, Y[0, 0])

    return variable


def fill_value():
    @T.prim_func
    def fill_value(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.fill(block[0:32, 0:64], X[0, 0])  # ERROR: with what is computed is not supported
            T.copy(block, Y)

    return fill_value


def fill_global():
    @T.prim_func
    def fill_global(Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            T.clear(Y)  # ERROR: fill of the global tensor 'Y' is not supported

    return fill_global


def safe_value():
    @T.prim_func
    def safe_value(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:  # ERROR: the block annotation 'safe_value_map'
            block = T.alloc_shared((64, 64), BF16)
            T.annotate_safe_value({X: 1.0})
            T.copy(X, block)
            T.copy(block, Y)

    return safe_value


def gemm_global():
    @T.prim_func
    def gemm_global(A: T.Tensor(S, BF16), B: T.Tensor(S, BF16), C: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            B_shared = T.alloc_shared((64, 64), BF16)
            C_local = T.alloc_fragment((64, 64), FP32)
            T.clear(C_local)
            T.copy(B, B_shared)
            T.gemm(A, B_shared, C_local)  # ERROR: T.gemm on the global tensor 'A'
            T.copy(C_local, C)

    return gemm_global


def gemm_dtypes():
    @T.prim_func
    def gemm_dtypes(A: T.Tensor(S, FP32), C: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            A_shared = T.alloc_shared((64, 64), FP32)
            C_local = T.alloc_fragment((64, 64), BF16)
            T.clear(C_local)
            T.copy(A, A_shared)
            T.gemm(A_shared, A_shared, C_local)  # ERROR: float32 operand 'A_shared' into bfloat16
            T.copy(C_local, C)

    return gemm_dtypes


def clear_condition():
    @T.prim_func
    def clear_condition(A: T.Tensor(S, BF16), C: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            A_shared = T.alloc_shared((64, 64), BF16)
            C_local = T.alloc_fragment((64, 64), FP32)
            T.copy(A, A_shared)
            for k in T.serial(4):
                T.gemm(A_shared, A_shared, C_local, clear_accum=k == 1)  # ERROR: clear_accum
            T.copy(C_local, C)

    return clear_condition


def no_grid():
    @T.prim_func
    def no_grid(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        for i in T.serial(64):  # ERROR: the kernel has no launch grid
            T.copy(X[i, 0:64], Y[i, 0:64])

    return no_grid


def empty_grid():
    @T.prim_func
    def empty_grid(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(threads=128):  # ERROR: the kernel has no launch grid
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)
            T.copy(block, Y)

    return empty_grid


def two_kernels():
    @T.prim_func
    def two_kernels(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):  # ERROR: 2 kernels
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)
        with T.Kernel(1, threads=128) as _:
            other = T.alloc_shared((64, 64), BF16)
            T.copy(other, Y)

    return two_kernels


def shared_annotation():
    tensor = T.Tensor(S, BF16)

    @T.prim_func
    def shared_annotation(X: tensor, Y: tensor):  # ERROR: two parameters are one buffer
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared(S, BF16)
            T.copy(X, block)
            T.copy(block, Y)

    return shared_annotation


def dynamic_grid():
    n = T.dynamic("n")

    @T.prim_func
    def dynamic_grid(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(n, threads=128) as _:  # ERROR: variable 'n' has no definition here
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)

    return dynamic_grid


def loop_extent():
    @T.prim_func
    def loop_extent(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            for i in T.serial(T.if_then_else(X[0, 0] > 0, 1, 2)):  # ERROR: T.if_then_else
                T.copy(X, block)

    return loop_extent


def race():
    @T.prim_func
    def race(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_fragment((64, 64), FP32)
            T.copy(X, block)
            for i, j in T.Parallel(64, 64):
                block[i, j] = block[j, i]  # ERROR: touch elements of 'block' that others write
            T.copy(block, Y)

    return race


def carried():
    @T.prim_func
    def carried(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_fragment((64, 64), FP32)
            T.copy(X, block)
            for i, j in T.Parallel(63, 64):
                block[i + 1, j] = block[i, j]  # ERROR: touch elements of 'block' that others write
            T.copy(block, Y)

    return carried


def carried_between():
    @T.prim_func
    def carried_between(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_fragment((64, 64), FP32)
            other = T.alloc_fragment((64, 64), FP32)
            T.copy(X, block)
            for i, j in T.Parallel(64, 64):
                other[i, j] = block[i, 0]
                block[i, j] = 0.0  # ERROR: touch elements of 'block' that others write
            T.copy(other, Y)

    return carried_between


def same_element():
    @T.prim_func
    def same_element(X: T.Tensor(S, FP32), Y: T.Tensor((64,), FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_fragment((64, 64), FP32)
            total = T.alloc_fragment((64,), FP32)
            T.copy(X, block)
            T.clear(total)
            for i, j in T.Parallel(64, 64):
                total[i] += block[i, j]  # ERROR: over 'j' store to the same element of 'total'
            T.copy(total, Y)

    return same_element


def parallel_copy():
    @T.prim_func
    def parallel_copy(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((1, 64), BF16)
            for i in T.Parallel(64):
                T.copy(X[i, 0], block)  # ERROR: a tile operation in a T.Parallel loop
                T.copy(block, Y[i, 0])

    return parallel_copy


def imperfect():
    @T.prim_func
    def imperfect(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32), Z: T.Tensor((64,), FP32)):
        with T.Kernel(1, threads=128) as _:
            for i in T.Parallel(64):
                Z[i] = 0.0
                for j in T.Parallel(64):  # ERROR: a T.Parallel loop here is not supported
                    Y[i, j] = X[i, j]

    return imperfect


def strided_access():
    @T.prim_func
    def strided_access(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            for i, j in T.Parallel(64, 32):
                Y[i, j] = X[i, 2 * j]  # ERROR: index 1 of 'X' is not one variable of T.Parallel

    return strided_access


def gather():
    @T.prim_func
    def gather(X: T.Tensor(S, FP32), rows: T.Tensor((64,), FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            for i, j in T.Parallel(64, 64):
                Y[i, j] = X[T.Cast("int32", rows[i]), j]  # ERROR: (a data-dependent index)

    return gather


def function():
    @T.prim_func
    def function(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            for i, j in T.Parallel(64, 64):
                Y[i, j] = T.atan2(X[i, j], 2.0)  # ERROR: 'tirx.atan2' is not supported

    return function


def condition_changes():
    @T.prim_func
    def condition_changes(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            x = T.alloc_fragment((64, 64), FP32)
            T.copy(X, x)
            for i, j in T.Parallel(64, 64):
                if x[i, j] < 0.0:  # ERROR: stores to a buffer its condition reads
                    x[i, j] = 1.0
                else:
                    x[i, j] = 2.0
            T.copy(x, Y)

    return condition_changes


def data_dependent_if():
    @T.prim_func
    def data_dependent_if(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), FP32)
            T.copy(X, block)
            if block[0, 0] > 0.0:  # ERROR: an element of 'block' decides what is run
                T.copy(block, Y)

    return data_dependent_if


def data_dependent_let():
    @T.prim_func
    def data_dependent_let(X: T.Tensor(S, FP32), Y: T.Tensor(S, FP32)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), FP32)
            first = X[0, 0]
            if first > 0.0:  # ERROR: 'first', an element of a buffer, decides what is run
                T.copy(X, block)
                T.copy(block, Y)

    return data_dependent_let


def parameter_kind():
    @T.prim_func
    def parameter_kind(X: T.Tensor(S, BF16), n: T.float64):  # ERROR: 'n' is neither a tensor
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)

    return parameter_kind


def transpose_itself():
    @T.prim_func
    def transpose_itself(X: T.Tensor(S, BF16), Y: T.Tensor(S, BF16)):
        with T.Kernel(1, threads=128) as _:
            block = T.alloc_shared((64, 64), BF16)
            T.copy(X, block)
            T.transpose(block, block)  # ERROR: T.transpose of 'block' to itself
            T.copy(block, Y)

    return transpose_itself


REJECTED: dict[str, Callable[[], object]] = {
    make.__name__: make
    for make in (
        vectorized,
        while_loop,
        element_store,
        atomic,
        thread_index,
        extern_call,
        unequal_extents,
        too_large,
        index_too_large,
        negative_index,
        data_dependent,
        parameter_dtype,
        buffer_dtype,
        dynamic_shape,
        strided,
        view,
        local_buffer,
        fill_value,
        fill_global,
        safe_value,
        gemm_global,
        gemm_dtypes,
        clear_condition,
        no_grid,
        empty_grid,
        two_kernels,
        shared_annotation,
        dynamic_grid,
        loop_extent,
        race,
        carried,
        carried_between,
        same_element,
        parallel_copy,
        imperfect,
        strided_access,
        gather,
        function,
        condition_changes,
        data_dependent_if,
        data_dependent_let,
        parameter_kind,
        transpose_itself,
        view_dtype,
        variable,
    )
}
