"""Buffers: parameters and on-chip allocations, and what is accepted of them."""

from __future__ import annotations

from xdsl.dialects import memref
from xdsl.dialects.builtin import IntegerAttr, MemRefType, StringAttr, i64

from tt_dialect.importer import schema
from tt_dialect.importer.context import Buffer, KernelContext, name_value
from tt_dialect.importer.generic import DTYPES
from tt_dialect.importer.graph import Node

SCOPES = {"shared": 1, "shared.dyn": 1, "local.fragment": 2}
"""Memory spaces of on-chip buffers, by TIR scope (TILE level: 1 shared, 2 fragment)."""


def allocate(node: Node, ctx: KernelContext) -> None:
    """An on-chip buffer: a `memref.alloc` in its memory space."""
    with ctx.at(node):
        decl = schema.buffer_decl(node)
        if decl.scope not in SCOPES:
            raise ctx.error(
                f"buffer '{decl.name}' is in scope '{decl.scope}', which is not supported",
                "accepted: T.alloc_shared and T.alloc_fragment",
            )
        shape = buffer_shape(decl, ctx)
        space = IntegerAttr(SCOPES[decl.scope], i64)
        type_ = MemRefType(DTYPES[decl.dtype], shape, memory_space=space)
        op = ctx.emit(memref.AllocOp([], [], type_))
        name = ctx.unique_name(decl.name)
        op.attributes["tt.name"] = StringAttr(name)
        name_value(op.memref, name)
        ctx.buffers[node] = Buffer(decl, name, shape, op.memref)


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
