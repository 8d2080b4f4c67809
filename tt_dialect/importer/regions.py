"""Regions of buffers, and the memrefs that stand for them.

TIR writes a region as `tl.region(load, mask, extent, ...)`: the load's indices are the minimum per
dimension, the mask is not authoritative and ignored (tilelang-tir.md 3.1). A region of a parameter
becomes a `memref.subview`; a whole on-chip buffer stands for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType, StridedLayoutAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.hints import isa

from tt_dialect.importer import schema
from tt_dialect.importer.context import Buffer, Index, KernelContext, name_value
from tt_dialect.importer.expressions import construct, index_of
from tt_dialect.importer.graph import Node


@dataclass(frozen=True)
class Region:
    """A rectangle of a buffer."""

    buffer: Buffer
    minima: tuple[Index, ...]
    extents: tuple[int, ...]

    @property
    def name(self) -> str:
        """The buffer's name, for messages."""
        return self.buffer.name

    @property
    def paired(self) -> tuple[int, ...]:
        """The extents that pair with another region's: those that are not one."""
        return tuple(extent for extent in self.extents if extent != 1)

    @property
    def is_whole(self) -> bool:
        """Whether the region is all of its buffer."""
        starts_at_zero = all(minimum.value == 0 for minimum in self.minima)
        return starts_at_zero and self.extents == self.buffer.shape

    def __str__(self) -> str:
        sizes = " x ".join(str(extent) for extent in self.extents)
        return f"{self.name} ({sizes})"


def region_of(operand: Node, ctx: KernelContext) -> Region:
    """Decode a `tl.region` operand and check it against its buffer."""
    if schema.call_name(operand) != "tl.region":
        raise ctx.error(
            f"{construct(operand)} as operand of a tile operation is not supported",
            "accepted: a buffer or a rectangular region of one",
        )
    load, _, *extents = schema.operands(operand, 2)
    indices = load.nodes("indices")
    if len(indices) != len(extents):
        raise operand.malformed("a region needs one minimum and one extent per dimension")
    buffer, indices, extents = located(schema.loaded_buffer(load), indices, ctx, extents)
    minima = tuple(_minimum(index, ctx) for index in indices)
    region = Region(buffer, minima, tuple(_extent(e, buffer, ctx) for e in extents))
    for dim in range(len(buffer.shape)):
        check_bounds(region, dim, ctx)
    return region


def located(
    node: Node, indices: Sequence[Node], ctx: KernelContext, extents: Sequence[Node] = ()
) -> tuple[Buffer, list[Node], list[Node]]:
    """The declared buffer behind a buffer object, with indices and extents in its dimensions.

    A view (T.view, T.reshape) has the dimensions of the buffer it is of, apart from ones of one
    element, and so has the memref of a buffer.
    """
    buffer = declared_buffer(node, ctx)
    decl = schema.buffer_decl(node)
    if len(indices) != len(decl.shape):
        raise ctx.error(
            f"'{decl.name}' is used with {len(indices)} indices and has {len(decl.shape)}"
        )
    shape = tuple(extent.get("value") for extent in decl.shape)
    if shape == buffer.shape:
        return buffer, list(indices), list(extents)
    for dim, extent in enumerate(shape):
        given = [(indices[dim], 0), *((extents[dim], 1) for _ in extents[:1])]
        for expr, only in given:
            if extent == 1 and expr.kind == "IntImm" and expr.integer("value") != only:
                raise ctx.error(f"dimension {dim} of '{decl.name}' has one element, number 0")
    own = dimensions(shape, buffer)
    zero, one = Node.integer_constant(0), Node.integer_constant(1)
    return (
        buffer,
        [zero if dim is None else indices[dim] for dim in own],
        [one if dim is None else extents[dim] for dim in own] if extents else [],
    )


def dimensions(shape: Sequence[object], buffer: Buffer) -> list[int | None]:
    """For each dimension of a buffer, which one of a view's shape it is; None for one element."""
    walked = iter([dim for dim, extent in enumerate(shape) if extent != 1])
    return [next(walked) if extent != 1 else None for extent in buffer.shape]


def declared_buffer(node: Node, ctx: KernelContext) -> Buffer:
    """The declaration behind a buffer object; views of other shapes or dtypes are refused."""
    if node in ctx.buffers:
        return ctx.buffers[node]
    decl = schema.buffer_decl(node)
    base = next((b for b in ctx.buffers.values() if b.decl.data is decl.data), None)
    if base is None:
        raise ctx.error(f"buffer '{decl.name}' is not declared in this kernel")
    shape = tuple(extent.get("value") for extent in decl.shape)
    renamed = [extent for extent in shape if extent != 1]
    if renamed != [extent for extent in base.shape if extent != 1]:
        raise ctx.error(
            f"'{decl.name}' is a view of '{base.name}' in another shape (T.view, T.reshape), which "
            "is not supported",
            f"accepted: the shape '{base.name}' is declared with, apart from extents of one",
        )
    if decl.dtype != base.decl.dtype:
        raise ctx.error(
            f"'{decl.name}' is a view of '{base.name}' in another dtype, which is not supported",
            "accepted: T.copy or T.Cast, which convert values",
        )
    return base


def _minimum(index: Node, ctx: KernelContext) -> Index:
    """The first index of a dimension; a stride-1 `Ramp` says the same in another form."""
    if index.kind == "Ramp" and index_of(index.node("stride"), ctx).value == 1:
        return index_of(index.node("base"), ctx)
    return index_of(index, ctx)


def _extent(extent: Node, buffer: Buffer, ctx: KernelContext) -> int:
    value = index_of(extent, ctx).value
    if isinstance(value, int) and value > 0:
        return value
    what = "is not constant" if isinstance(value, SSAValue) else f"is {value}"
    raise ctx.error(
        f"an extent of the region of '{buffer.name}' {what}",
        "accepted: constant, positive extents",
    )


def check_bounds(region: Region, dim: int, ctx: KernelContext) -> None:
    """Refuse what is certainly wrong: outside the buffer, or (on chip) larger than it."""
    minimum, extent = region.minima[dim], region.extents[dim]
    size = region.buffer.shape[dim]
    if isinstance(minimum.value, int) and not 0 <= minimum.value < size:
        raise ctx.error(
            f"index {minimum.value} is outside dimension {dim} of '{region.name}' (size {size})",
            f"accepted: 0 to {size - 1}",
        )
    if not region.buffer.on_chip:
        return
    if minimum.low is not None and minimum.low < 0:
        raise ctx.error(
            f"region {region} starts at {minimum.low} in dimension {dim} of an on-chip buffer",
            "accepted: regions inside the buffer",
        )
    last = (minimum.high if minimum.high is not None else 0) + extent
    if last > size:
        raise ctx.error(
            f"region {region} reaches {last} in dimension {dim} of an on-chip buffer of {size}",
            "accepted: regions inside the buffer; slice the other side to the same extents",
        )


def memref_of(region: Region, shape: Sequence[int], ctx: KernelContext) -> SSAValue:
    """A memref of `shape` for the region: `shape` is the extents with some ones left out."""
    kept = _kept(region.extents, shape)
    assert kept is not None
    return view_of(region, kept, ctx)


def view_of(region: Region, kept: Sequence[int], ctx: KernelContext) -> SSAValue:
    """A memref of the dimensions `kept` of a region, whose others are of one element."""
    buffer = region.buffer
    if region.is_whole and buffer.on_chip and len(kept) == len(buffer.shape):
        return buffer.value
    offsets: list[SSAValue | int] = [
        minimum.value if buffer.on_chip else ctx.ssa(minimum) for minimum in region.minima
    ]
    ones = [1] * len(offsets)
    full = memref.SubviewOp.infer_result_type(
        memref_type(buffer.value), offsets, region.extents, ones
    )
    result = _rank_reduced(full, kept)
    view = ctx.emit(memref.SubviewOp.get(buffer.value, offsets, region.extents, ones, result))
    name_value(view.result, f"{region.name}_view")
    return view.result


def _kept(extents: Sequence[int], shape: Sequence[int]) -> list[int] | None:
    """The dimensions of `extents` that make up `shape` when the others, all ones, are left out."""
    kept: list[int] = []
    for dim, extent in enumerate(extents):
        if len(kept) < len(shape) and shape[len(kept)] == extent:
            kept.append(dim)
        elif extent != 1:
            return None
    return kept if len(kept) == len(shape) else None


def memref_type(value: SSAValue) -> MemRefType[Attribute]:
    """The type of a value that is a memref by construction."""
    assert isa(value.type, MemRefType)
    return value.type


def _rank_reduced(full: MemRefType[Attribute], kept: Sequence[int]) -> MemRefType[Attribute]:
    """The type with only the kept dimensions."""
    layout = full.layout
    assert isinstance(layout, StridedLayoutAttr)
    strides = [layout.strides.data[dim] for dim in kept]
    return MemRefType(
        full.element_type,
        [full.get_shape()[dim] for dim in kept],
        StridedLayoutAttr(strides, layout.offset),
        full.memory_space,
    )


def common_shape(source: Region, target: Region) -> tuple[int, ...]:
    """The shape two paired regions are seen in.

    Unit extents are dropped on both sides, except where a whole on-chip buffer has them and the
    other side can keep as many in the same places: then the buffer stands for itself.
    """
    for region, other in ((target, source), (source, target)):
        if region.buffer.on_chip and region.is_whole and _kept(other.extents, region.extents):
            return region.extents
    return source.paired
