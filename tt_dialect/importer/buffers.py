"""Buffers: parameters and on-chip allocations, and what is accepted of them."""

from __future__ import annotations

from xdsl.dialects import memref
from xdsl.dialects.builtin import IntegerAttr, MemRefType, StringAttr, i64

from tt_dialect.importer import schema
from tt_dialect.importer.context import Buffer, KernelContext, name_value
from tt_dialect.importer.generic import DTYPES
from tt_dialect.importer.graph import Node

FRAGMENT = 2

SCOPES = {
    "shared": 1,
    "shared.dyn": 1,
    "local.fragment": FRAGMENT,
    "local": FRAGMENT,
    "local.var": FRAGMENT,
    "local.reducer": FRAGMENT,
}
"""Memory spaces of on-chip buffers, by TIR scope (TILE level: 1 shared, 2 fragment).

What is private to a thread is one for the whole block here: a kernel whose threads differ uses
thread indices, which are refused.
"""


def allocate(node: Node, ctx: KernelContext) -> None:
    """An on-chip buffer: a `memref.alloc` in its memory space."""
    with ctx.at(node):
        decl = schema.buffer_decl(node)
        if decl.scope not in SCOPES:
            raise ctx.error(
                f"buffer '{decl.name}' is in scope '{decl.scope}', which is not supported",
                "accepted: T.alloc_shared, T.alloc_fragment, T.alloc_local and T.alloc_var",
            )
        if node in ctx.assigned_once:
            return
        if decl.scope == "local.var" and decl.dtype not in DTYPES:
            raise ctx.error(
                f"the variable '{decl.name}' of dtype '{decl.dtype}' changes",
                "accepted: a variable that is not of a floating-point dtype assigned once, in "
                "front of its uses, with what needs no buffer; or a let",
            )
        _allocate(node, decl, buffer_shape(decl, ctx), ctx)


def _allocate(
    node: Node, decl: schema.BufferDecl, shape: tuple[int, ...], ctx: KernelContext
) -> Buffer:
    """The `memref.alloc` of a buffer, declared as `node`.

    Dimensions of one element are left out where there are more than two dimensions.
    """
    shape = _without_ones(shape)
    space = IntegerAttr(SCOPES[decl.scope], i64)
    type_ = MemRefType(DTYPES[decl.dtype], shape, memory_space=space)
    op = ctx.emit_allocation(memref.AllocOp([], [], type_))
    name = ctx.unique_name(decl.name)
    op.attributes["tt.name"] = StringAttr(name)
    name_value(op.memref, name)
    ctx.buffers[node] = Buffer(decl, name, shape, op.memref)
    return ctx.buffers[node]


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    while len(shape) > 2 and 1 in shape:
        first = shape.index(1)
        shape = shape[:first] + shape[first + 1 :]
    return shape


def allocate_temporary(
    node: Node, name: str, dtype: str, shape: tuple[int, ...], ctx: KernelContext
) -> Buffer:
    """A fragment the program does not declare; `node` is what it goes by."""
    decl = schema.BufferDecl(node, node, name, dtype, "local.fragment", (), (), None, False)
    return _allocate(node, decl, shape, ctx)


def buffer_shape(decl: schema.BufferDecl, ctx: KernelContext) -> tuple[int, ...]:
    """A buffer's constant shape, after checking that it is dense, row-major and of our dtypes."""
    if decl.dtype not in DTYPES:
        raise ctx.error(
            f"unsupported dtype '{decl.dtype}' of buffer '{decl.name}'",
            f"accepted: {', '.join(DTYPES)}",
        )
    shape: list[int] = []
    for extent in decl.shape:
        if extent.kind != "IntImm":
            raise ctx.error(
                f"buffer '{decl.name}' has a dynamic shape", "accepted: constant shapes"
            )
        shape.append(extent.integer("value"))
    if not _is_dense(decl, shape):
        raise ctx.error(
            f"buffer '{decl.name}' is not dense and row-major",
            "accepted: T.Tensor parameters and on-chip buffers without strides or layout",
        )
    return tuple(shape)


def _is_dense(decl: schema.BufferDecl, shape: list[int]) -> bool:
    offset = decl.elem_offset
    shifted = offset is not None and (offset.kind, offset.fields.get("value")) != ("IntImm", 0)
    if decl.has_custom_layout or shifted:
        return False
    if not decl.strides:
        return True
    expected: list[int] = []
    stride = 1
    for extent in reversed(shape):
        expected.append(stride)
        stride *= extent
    return [s.fields.get("value") for s in decl.strides] == expected[::-1]
