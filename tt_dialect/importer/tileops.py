"""Tile operations (`tl.tileop.*`) to `linalg`: fill, copy and gemm."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects.linalg.ops import CopyOp, FillOp
from xdsl.ir import Block, SSAValue
from xdsl.ir.affine import AffineMap

from tt_dialect.importer import schema
from tt_dialect.importer.conditions import first_iteration
from tt_dialect.importer.context import KernelContext, single_block
from tt_dialect.importer.expressions import construct
from tt_dialect.importer.generic import DTYPES, cast, element_type, emit_generic
from tt_dialect.importer.graph import Node
from tt_dialect.importer.numbers import number
from tt_dialect.importer.regions import Region, common_shape, memref_of, memref_type, region_of

COPY_REFUSED = frozenset(("barrier", "dst_block", "cluster_mask", "is_gather4", "is_scatter4"))
"""Annotations of a copy that change what it does; all others are hints (tilelang-tir.md 3.2)."""

GEMM_REFUSED = frozenset(("use_2cta", "is_wgmma", "is_tcgen05"))
"""Annotations of a gemm that change what it does."""

GEMM_ARGUMENTS = 13

FillComputed = Callable[[Region, Node, KernelContext], None]


def lower_fill(call: Node, ctx: KernelContext, computed: FillComputed) -> None:
    """`T.fill(dst, value)` and `T.clear(dst)`: the value takes the buffer's dtype.

    `computed` fills with a value that is not a constant.
    """
    target, value = schema.operands(call, 2)[:2]
    region = region_of(target, ctx)
    if not region.buffer.on_chip:
        raise ctx.error(
            f"fill of the global tensor '{region.name}' is not supported",
            "accepted: T.fill or T.clear of an on-chip buffer, copied out with T.copy",
        )
    constant = number(value, ctx)
    if constant is not None:
        fill(region, constant, ctx)
    else:
        computed(region, value, ctx)


def fill(region: Region, value: float, ctx: KernelContext) -> None:
    """Fill a region with a number."""
    fill_values(memref_of(region, region.extents, ctx), value, ctx)


def fill_values(view: SSAValue, value: float, ctx: KernelContext) -> None:
    """Fill a memref with a number."""
    scalar = ctx.float_constant(value, element_type(view))
    _emit_named(FillOp([scalar], [view], res=[]), ctx)


def _emit_named(op: FillOp | CopyOp, ctx: KernelContext) -> None:
    """Emit a named operation; the body it brings along is at the same place."""
    ctx.emit(op)
    for inner in op.walk():
        inner.location = op.location


def lower_copy(call: Node, ctx: KernelContext) -> None:
    """`T.copy(src, dst)`: pairs the extents that are not one, in order; dst = cast(src)."""
    refused = sorted(COPY_REFUSED & schema.annotations_of(call).keys())
    if refused:
        raise ctx.error(f"T.copy with '{refused[0]}' is not supported", "accepted: plain T.copy")
    source, target = (region_of(operand, ctx) for operand in schema.operands(call, 2)[:2])
    copy_regions(source, target, ctx)


def copy_regions(source: Region, target: Region, ctx: KernelContext) -> None:
    """Copy a region to another one, with a cast where dtypes differ."""
    if source.paired != target.paired:
        raise ctx.error(
            f"T.copy between regions that do not pair: {source} and {target}",
            "accepted: equal extents in equal order, apart from extents of one",
        )
    if source.buffer is target.buffer:
        raise ctx.error(
            f"T.copy of '{source.name}' to itself is not supported",
            "accepted: a copy between two buffers",
        )
    shape = common_shape(source, target)
    copy_values(memref_of(source, shape, ctx), memref_of(target, shape, ctx), ctx)


def copy_values(source: SSAValue, target: SSAValue, ctx: KernelContext) -> None:
    """Copy between memrefs of one shape: `linalg.copy`, or a cast per element."""
    if element_type(source) == element_type(target):
        _emit_named(CopyOp([source], [target], res=[]), ctx)
        return
    rank = memref_type(target).get_num_dims()
    identity = AffineMap.identity(rank)
    move_values(source, target, [identity, identity], ctx)


def move_values(
    source: SSAValue, target: SSAValue, maps: Sequence[AffineMap], ctx: KernelContext
) -> None:
    """A `linalg.generic` that does nothing but cast."""

    def build(block: Block) -> SSAValue:
        return cast(block.args[0], element_type(target), ctx)

    emit_generic(ctx, [source], target, maps, "p" * maps[0].num_dims, build)


def lower_gemm(call: Node, ctx: KernelContext) -> None:
    """`T.gemm(A, B, C)`: C += op(A) op(B), accumulated in C's dtype (tilelang-tir.md 3.4)."""
    args = call.nodes("args")
    if len(args) != GEMM_ARGUMENTS:
        raise call.malformed(f"T.gemm has {len(args)} operands, not {GEMM_ARGUMENTS}")
    refused = sorted(GEMM_REFUSED & schema.annotations_of(call).keys())
    if refused:
        raise ctx.error(f"T.gemm with '{refused[0]}' is not supported", "accepted: plain T.gemm")
    if args[10].kind != "IntImm":
        raise ctx.error("T.gemm with a barrier (mbar) is not supported", "accepted: plain T.gemm")
    a, b, c = (region_of(operand, ctx) for operand in args[:3])
    transposed = [_flag(flag, ctx) for flag in args[3:5]]
    for region in (a, b, c):
        _check_matrix(region, ctx)
    _check_shapes(a, b, c, transposed, ctx)
    _clear(c, args[9], ctx)
    views = [memref_of(region, region.extents[-2:], ctx) for region in (a, b, c)]
    _contract(views, transposed, ctx)


def _flag(expr: Node, ctx: KernelContext) -> bool:
    if expr.kind != "IntImm":
        raise ctx.error(
            f"{construct(expr)} as a flag of T.gemm is not supported", "accepted: True or False"
        )
    return expr.integer("value") != 0


def _check_matrix(region: Region, ctx: KernelContext) -> None:
    if not region.buffer.on_chip:
        raise ctx.error(
            f"T.gemm on the global tensor '{region.name}' is not supported",
            "accepted: on-chip buffers; T.copy the operand to a shared buffer first",
        )
    if len(region.extents) < 2 or any(extent != 1 for extent in region.extents[:-2]):
        raise ctx.error(
            f"T.gemm operand {region} is not a matrix",
            "accepted: two dimensions, with leading extents of one",
        )


def _check_shapes(
    a: Region, b: Region, c: Region, transposed: Sequence[bool], ctx: KernelContext
) -> None:
    """A is (M, K), B is (K, N) and C is (M, N), after the transposes."""
    m, k = a.extents[-2:][:: -1 if transposed[0] else 1]
    k_b, n = b.extents[-2:][:: -1 if transposed[1] else 1]
    if (m, n) != c.extents[-2:] or k != k_b:
        raise ctx.error(
            f"T.gemm shapes disagree: A is {m} x {k}, B is {k_b} x {n}, "
            f"C is {' x '.join(map(str, c.extents[-2:]))}",
            "accepted: (M x K) (K x N) into (M x N)",
        )
    accumulator = DTYPES[c.buffer.decl.dtype]
    for operand in (a, b):
        dtype = DTYPES[operand.buffer.decl.dtype]
        if dtype != accumulator and dtype.bitwidth >= accumulator.bitwidth:
            raise ctx.error(
                f"T.gemm of {operand.buffer.decl.dtype} operand '{operand.name}' into "
                f"{c.buffer.decl.dtype} accumulator '{c.name}' is not supported",
                "accepted: an accumulator of the operands' dtype, or float32",
            )


def _clear(c: Region, clear: Node, ctx: KernelContext) -> None:
    """Zero the accumulator: always, never, or in a loop's first iteration."""
    clear = ctx.resolved(clear)
    if clear.kind == "IntImm":
        if clear.integer("value"):
            fill(c, 0.0, ctx)
        return
    loop = first_iteration(clear, ctx)
    if loop is None:
        raise ctx.error(
            f"T.gemm with clear_accum = {construct(clear)} is not supported",
            "accepted: True, False, or 'k == start' for the variable of an enclosing loop",
        )
    condition = ctx.emit(arith.CmpiOp(ctx.ssa(loop.index), ctx.ssa(loop.start), "eq"))
    region, block = single_block()
    with ctx.inside(block):
        fill(c, 0.0, ctx)
        ctx.emit(scf.YieldOp())
    ctx.emit(scf.IfOp(condition.result, [], region))


def _contract(views: Sequence[SSAValue], transposed: Sequence[bool], ctx: KernelContext) -> None:
    """The contraction; dimensions are (m, n, k), transposes are in the maps."""
    a, b, c = views
    accumulator = element_type(c)

    def build(block: Block) -> SSAValue:
        lhs, rhs, old = block.args
        factors = cast(lhs, accumulator, ctx), cast(rhs, accumulator, ctx)
        product = ctx.emit(arith.MulfOp(*factors)).result
        return ctx.emit(arith.AddfOp(old, product)).result

    maps = [
        AffineMap.from_callable(lambda m, n, k: (k, m) if transposed[0] else (m, k)),
        AffineMap.from_callable(lambda m, n, k: (n, k) if transposed[1] else (k, n)),
        AffineMap.from_callable(lambda m, n, k: (m, n)),
    ]
    emit_generic(ctx, [a, b], c, maps, "ppr", build)
