"""Which tensor a block of a TILE program comes from, and what part its axes play."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, bf16
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap

from tt_dialect.analysis.naming import label_of as label_of
from tt_dialect.analysis.regions import operations
from tt_dialect.ir.layout import BufferAttr, TileDims

DEFAULT_LAYOUT = BufferAttr.interleaved(bf16)
"""Stands for a layout nobody has given yet; its element type says nothing."""


@dataclass(frozen=True)
class TensorBlock:
    """A block of a tensor parameter: minima and extents per dimension of the tensor."""

    tensor: BlockArgument
    offsets: tuple[SSAValue | int, ...]
    sizes: tuple[int, ...]
    kept: tuple[int, ...]
    """Dimensions of the tensor that are dimensions of the block, in order."""
    view: Operation | None
    """The subview, None when the whole tensor is meant."""

    @property
    def extended(self) -> tuple[int, ...]:
        """Dimensions of the tensor over which the block extends: those of more than one element."""
        return tuple(dim for dim, size in enumerate(self.sizes) if size > 1)


def memref_type(value: SSAValue) -> MemRefType[Attribute]:
    """The type of a memref value."""
    assert isinstance(value.type, MemRefType)
    return cast("MemRefType[Attribute]", value.type)


def layout_of(func: FuncOp, arg: BlockArgument) -> BufferAttr | None:
    """The layout of a tensor parameter, None before `tt-infer-layout`."""
    if func.arg_attrs is None:
        return None
    layout = func.arg_attrs.data[arg.index].data.get("tt.layout")
    return layout if isinstance(layout, BufferAttr) else None


def tile_dims(func: FuncOp, arg: BlockArgument) -> TileDims:
    """Outer, row and column dimensions of a tensor parameter; the last two before a layout says."""
    return (layout_of(func, arg) or DEFAULT_LAYOUT).dims(memref_type(arg).get_num_dims())


def tile_indices(
    layout: BufferAttr | None, block: TensorBlock
) -> tuple[tuple[SSAValue | int, ...], SSAValue | int, SSAValue | int]:
    """Where a block starts: offsets along the outer dimensions, the rows and the columns.

    All in elements; 0 along an axis that the tensor's tiles do not have. Without a layout the last
    two dimensions are tiled.
    """
    dims = (layout or DEFAULT_LAYOUT).dims(len(block.sizes))
    row, col = (0 if dim is None else block.offsets[dim] for dim in (dims.row, dims.col))
    return tuple(block.offsets[dim] for dim in dims.outer), row, col


def is_parameter(value: SSAValue) -> bool:
    """Whether a memref is a tensor parameter of the kernel."""
    return (
        isinstance(value, BlockArgument)
        and isinstance(value.type, MemRefType)
        and isinstance(value.owner.parent_op(), FuncOp)
    )


def tensor_block(value: SSAValue) -> TensorBlock | None:
    """The tensor block a memref value denotes, None for on-chip buffers and other views."""
    if is_parameter(value):
        assert isinstance(value, BlockArgument)
        shape = memref_type(value).get_shape()
        return TensorBlock(value, (0,) * len(shape), shape, tuple(range(len(shape))), None)
    view = value.owner
    if not isinstance(view, memref.SubviewOp) or not is_parameter(view.source):
        return None
    source = view.source
    assert isinstance(source, BlockArgument)
    dynamic = iter(view.offsets)
    offsets = tuple(
        next(dynamic) if offset == DYNAMIC_INDEX else offset
        for offset in view.static_offsets.get_values()
    )
    sizes = tuple(view.static_sizes.get_values())
    kept = kept_dims(sizes, memref_type(view.result).get_shape())
    return TensorBlock(source, offsets, sizes, kept, view)


def kept_dims(sizes: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """Dimensions left by a rank-reducing subview of these sizes whose result has this shape.

    Only unit extents are dropped, the leading ones first where there is a choice.
    """
    kept: list[int] = []
    dim = len(sizes)
    for wanted in reversed(range(len(shape))):
        dim -= 1
        while sizes[dim] != shape[wanted]:
            dim -= 1
        kept.insert(0, dim)
    return tuple(kept)


def whole_buffer(value: SSAValue) -> SSAValue:
    """The on-chip buffer that a memref is all of: itself, or one it is a view of.

    A view of all elements only drops extents of one. Any other view is itself.
    """
    view = value.owner
    if not isinstance(view, memref.SubviewOp) or tensor_block(value) is not None:
        return value
    sizes = tuple(view.static_sizes.get_values())
    if sizes != memref_type(view.source).get_shape() or any(view.static_offsets.get_values()):
        return value
    return whole_buffer(view.source)


def reads_and_writes(func: FuncOp) -> Iterator[tuple[Operation, list[SSAValue], list[SSAValue]]]:
    """(operation, memrefs read, memrefs written) of every tile operation, in program order."""
    for op in operations(func):
        match op:
            case GenericOp():
                accumulates = bool(op.body.block.args[-1].uses)
                yield op, [*op.inputs, *(op.outputs if accumulates else ())], list(op.outputs)
            case CopyOp():
                yield op, list(op.inputs), list(op.outputs)
            case FillOp():
                yield op, [], list(op.outputs)
            case _:
                pass


def written_blocks(func: FuncOp) -> list[TensorBlock]:
    """Blocks of tensor parameters that the kernel writes, in program order."""
    blocks = [tensor_block(v) for _, _, writes in reads_and_writes(func) for v in writes]
    return [b for b in blocks if b is not None]


def is_contraction(op: Operation) -> bool:
    """Whether a linalg.generic is a matrix product (two inputs, one reduction)."""
    return (
        isinstance(op, GenericOp)
        and len(op.inputs) == 2
        and [i.data.value for i in op.iterator_types] == ["parallel", "parallel", "reduction"]
    )


def multiplies_and_adds(op: GenericOp) -> bool:
    """Whether the body of a linalg.generic with two inputs is `acc + a * b`, perhaps with casts."""
    end = op.body.block.last_op
    if len(op.body.block.args) != 3 or end is None or len(end.operands) != 1:
        return False
    a, b, acc = op.body.block.args
    total = end.operands[0].owner
    if not isinstance(total, arith.AddfOp) or acc not in total.operands:
        return False
    product = (total.rhs if total.lhs is acc else total.lhs).owner
    if not isinstance(product, arith.MulfOp):
        return False
    return [_before_casts(v) for v in product.operands] in ([a, b], [b, a])


def _before_casts(value: SSAValue) -> SSAValue:
    while isinstance(value.owner, arith.ExtFOp | arith.TruncFOp):
        value = value.owner.input
    return value


def is_copy(op: Operation) -> bool:
    """Whether an operation moves a block as it is, with or without a cast of its elements."""
    if isinstance(op, CopyOp):
        return True
    if not isinstance(op, GenericOp) or len(op.inputs) != 1 or len(op.outputs) != 1:
        return False
    end = op.body.block.last_op
    value = end.operands[0] if end is not None else None
    for step in (arith.TruncFOp, arith.ExtFOp):  # in the other order, bits would be lost
        if value is not None and isinstance(value.owner, step):
            value = value.owner.input
    identity = AffineMap.identity(len(op.iterator_types))
    return value is op.body.block.args[0] and all(m.data == identity for m in op.indexing_maps)


def contraction_dims(op: GenericOp) -> list[list[str]]:
    """Labels M, N, K of the dimensions of the two inputs and of the output."""
    names = "MNK"
    labels: list[list[str]] = []
    for indexing in op.indexing_maps:
        dims = [e.position for e in indexing.data.results if isinstance(e, AffineDimExpr)]
        labels.append([names[d] for d in dims])
    return labels


def axis_labels(func: FuncOp) -> dict[BlockArgument, tuple[str, ...]]:
    """The part each tensor dimension plays in the kernel's contractions.

    On-chip operands are traced through copies to the tensors they are read from or written to.
    Empty when the extents of a label differ between tensors (the kernel is no single product), and
    a tensor that plays two parts is left out. Leading dimensions are B.
    """
    links: list[tuple[SSAValue, SSAValue]] = []
    labels: dict[SSAValue, set[tuple[str, ...]]] = {}
    for op, reads, writes in reads_and_writes(func):
        if isinstance(op, GenericOp) and is_contraction(op):
            for value, names in zip((*op.inputs, *op.outputs), contraction_dims(op), strict=True):
                labels.setdefault(value, set()).add(tuple(names))
        else:
            links += [(source, target) for source in reads for target in writes]
    tensors: dict[BlockArgument, set[tuple[str, ...]]] = {}
    for value, names in labels.items():
        for block in _connected(value, links):
            rank = len(block.sizes)
            for name in names:
                full = ["B"] * rank
                for dim, label in zip(block.kept, name, strict=False):
                    full[dim] = label
                tensors.setdefault(block.tensor, set()).add(tuple(full))
    unique = {t: next(iter(n)) for t, n in tensors.items() if len(n) == 1}
    extents: dict[str, int] = {}
    for tensor, names in unique.items():
        for label, extent in zip(names, memref_type(tensor).get_shape(), strict=True):
            if label != "B" and extents.setdefault(label, extent) != extent:
                return {}
    return unique if set(extents) == {"M", "N", "K"} else {}


def _connected(value: SSAValue, links: list[tuple[SSAValue, SSAValue]]) -> list[TensorBlock]:
    found = {value}
    grown = True
    while grown:
        new = {b for a, b in links if a in found} | {a for a, b in links if b in found}
        grown = not new <= found
        found |= new
    return [b for b in map(tensor_block, sorted(found, key=str)) if b is not None]


def grid_of(func: FuncOp) -> scf.ParallelOp | None:
    """The launch grid: the function's outermost scf.parallel."""
    for op in func.body.block.ops:
        if isinstance(op, scf.ParallelOp):
            return op
    return None


def grid_order(func: FuncOp, grid: scf.ParallelOp) -> list[int]:
    """Grid axes from outermost to innermost in work order.

    An axis stands where it indexes the first written tensor (outer dimensions, rows, columns),
    found from the access region; axes that no dimension depends on come first.
    """
    axes = list(grid.body.block.args)
    position = dict.fromkeys(range(len(axes)), -1)
    for block in written_blocks(func)[:1]:
        for place, dim in enumerate(tile_dims(func, block.tensor).order):
            offset = block.offsets[dim]
            if isinstance(offset, int):
                continue
            for axis, iv in enumerate(axes):
                if _depends(offset, iv):
                    position[axis] = place
    return sorted(position, key=lambda axis: (position[axis], axis))


def block_axes(func: FuncOp, grid: scf.ParallelOp) -> list[int | None]:
    """What each axis of the block grid (in the order of `grid_order`) runs along.

    A page dimension of the first written tensor, counted from the end: -1 columns, -2 rows, -3 and
    below outer dimensions; None for an axis on which the place of its blocks does not depend.
    """
    axes = list(grid.body.block.args)
    along: dict[int, int] = {}
    for block in written_blocks(func)[:1]:
        dims = tile_dims(func, block.tensor)
        for place, dim in enumerate((dims.col, dims.row, *reversed(dims.outer))):
            offset = 0 if dim is None else block.offsets[dim]
            if isinstance(offset, int):
                continue
            for axis, iv in enumerate(axes):
                if _depends(offset, iv):
                    along.setdefault(axis, -1 - place)
    return [along.get(axis) for axis in grid_order(func, grid)]


def _depends(value: SSAValue, on: SSAValue) -> bool:
    if value is on:
        return True
    owner = value.owner
    return not isinstance(owner, Block) and any(_depends(v, on) for v in owner.operands)
