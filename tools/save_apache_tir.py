"""Save the fixtures that come from apache-tvm; run it with 0.25 and with 0.27 installed.

    python tools/save_apache_tir.py apache_0_25      # or apache_0_27

writes `test/data/tir/<prefix>_*.tir.json`:

* `matmul`: a `te` matmul, as apache-tvm users have it. It has no launch grid.
* `gemm`: a kernel with TileLang's tile operations, built by hand in this tvm's own schema, so that
  the reader meets buffers, loads, calls and constants as each version writes them.
"""

import sys
from pathlib import Path

import tvm
from save_tir import save
from tvm import te, tirx

DATA = Path(__file__).resolve().parent.parent / "test" / "data" / "tir"
IS_0_27 = not hasattr(tirx.PrimFunc, "buffer_map")
TILE_OPS = ("tl.region", "tl.tileop.copy", "tl.tileop.fill", "tl.tileop.gemm")

if IS_0_27:
    from tvm.ir import Var
    from tvm.s_tir import SBlock, SBlockRealize
else:
    from tvm.tirx import SBlock, SBlockRealize, Var


def matmul(size=64):
    """C = A @ B by `te`."""
    A = te.placeholder((size, size), "float32", name="A")
    B = te.placeholder((size, size), "float32", name="B")
    k = te.reduce_axis((0, size), "k")
    C = te.compute((size, size), lambda i, j: te.sum(A[i, k] * B[k, j], axis=k), name="C")
    return te.create_prim_func([A, B, C])


def call(name, *args):
    """A call of a TileLang operation."""
    op = tvm.ir.Op.get(name)
    if IS_0_27:
        return tvm.ir.Call(op, args, ret_ty=tvm.ir.PointerType(tvm.ir.PrimType("void")))
    return tirx.Call("handle", op, args)


def region(buffer, minima, mask, *extents):
    """`tl.region`."""
    return call("tl.region", tirx.BufferLoad(buffer, minima), i32(mask), *map(i32, extents))


def i32(value):
    """A constant index."""
    return tvm.tirx.IntImm("int32", value)


def flag(value):
    """A constant bool."""
    return tvm.tirx.IntImm("bool", value)


def loop(name, extent, kind, body, tag=None, annotations=None):
    """A loop around the statement that `body` makes of its variable."""
    var = Var(name, "int32")
    binding = tirx.IterVar(None, Var(tag, "int32"), 1, tag) if tag else None
    return tirx.For(var, i32(0), i32(extent), kind, body(var), binding, annotations)


def block(name, body, allocated=()):
    """A block that is only a scope."""
    inner = SBlock([], [], [], name, body, None, list(allocated), [], None)
    return SBlockRealize([], flag(1), inner)


def gemm(M=128, N=64, K=96, m=64, n=32, k=32):
    """C = A @ B, float16 in, float32 out, with tile operations on a two-dimensional grid."""
    declare = tirx.decl_buffer
    A = declare((M, K), "float16", name="A")
    B = declare((K, N), "float16", name="B")
    C = declare((M, N), "float32", name="C")
    As = declare((m, k), "float16", name="A_shared", scope="shared.dyn")
    Bs = declare((k, n), "float16", name="B_shared", scope="shared.dyn")
    Cl = declare((m, n), "float32", name="C_local", scope="local.fragment")
    zero = i32(0)

    def run(name, *args):
        return tirx.Evaluate(call(f"tl.tileop.{name}", *args))

    def whole(buffer, mask, *extents):
        return region(buffer, [zero, zero], mask, *extents)

    def steps(bx, by, ko):
        operands = (whole(As, 1, m, k), whole(Bs, 1, k, n), whole(Cl, 3, m, n))
        sizes = (i32(m), i32(n), i32(k))
        return tirx.SeqStmt(
            [
                run("copy", region(A, [by * m, ko * k], 1, m, k), whole(As, 2, m, k)),
                run("copy", region(B, [ko * k, bx * n], 1, k, n), whole(Bs, 2, k, n)),
                run("gemm", *operands, flag(0), flag(0), *sizes, zero, flag(0), *[zero] * 3),
            ]
        )

    def program(bx, by):
        stages = {"num_stages": i32(2)}
        body = tirx.SeqStmt(
            [
                run("fill", whole(Cl, 2, m, n), zero),
                loop("ko", K // k, 0, lambda ko: steps(bx, by, ko), annotations=stages),
                run("copy", whole(Cl, 1, m, n), region(C, [by * m, bx * n], 2, m, n)),
            ]
        )
        return block("tilelang_root", body, [As, Bs, Cl])

    def rows(bx):
        return loop("by", M // m, 4, lambda by: program(bx, by), "blockIdx.y")

    body = block("root", loop("bx", N // n, 4, rows, "blockIdx.x"))
    if IS_0_27:
        func = tirx.PrimFunc([A, B, C], body)
    else:
        params = {Var(f"{buffer.name}_handle", "handle"): buffer for buffer in (A, B, C)}
        func = tirx.PrimFunc(list(params), body, buffer_map=params)
    return func.with_attr("global_symbol", "gemm")


def main() -> None:
    """Save both fixtures under the given prefix."""
    for name in TILE_OPS:
        tvm.ir._ffi_api.RegisterOp(name, "a TileLang operation")
        tvm.ir.register_op_attr(name, "TCallEffectKind", int(tirx.CallEffectKind.Opaque.value))
    for make in (matmul, gemm):
        save(make(), DATA / f"{sys.argv[1]}_{make.__name__}.tir.json")


if __name__ == "__main__":
    main()
