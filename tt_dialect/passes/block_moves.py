"""How `tt-lower-memory` spells each block operation in pages and DST groups."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from xdsl.ir import BlockArgument, Operation, SSAValue

from tt_dialect.analysis.access import label_of
from tt_dialect.analysis.index import range_of
from tt_dialect.analysis.pages import digit_extents, largest_divisor, sequence, strides
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb, compute, noc
from tt_dialect.ir.layout import BlockType
from tt_dialect.passes.emit_ops import Emitter, Index
from tt_dialect.passes.move_plan import Plan, kind_of, pack

_NAMES = {"sr": "subblock_row", "sc": "subblock_col", "r": "row", "c": "col"}


def _linear(emit: Emitter, digits: dict[str, Index], steps: dict[str, int]) -> Index:
    return emit.add(*(emit.mul(digits[d], steps[d]) for d in digits))


@contextmanager
def _walk(
    emit: Emitter, order: tuple[str, ...], extents: dict[str, int]
) -> Generator[dict[str, Index]]:
    """Loops over the digits of a block, slowest first."""
    with emit.loops([(extents[d], _NAMES[d]) for d in order]) as indices:
        yield dict(zip(order, indices, strict=True))


def _tile_extent(plan: Plan, accessor: noc.AccessorType, axis: int) -> Index:
    """Tile rows (axis -2) or tile columns (-1) of a tensor: an argument if the ABI has it."""
    dim = (accessor.dims.row, accessor.dims.col)[axis]
    label = f"{accessor.layout.labels[dim]}t" if accessor.layout.labels and dim is not None else ""
    return plan.arguments.get(label, accessor.grid[axis])


def _pages(
    emit: Emitter, plan: Plan, tensor: SSAValue, indices: tuple[SSAValue, ...]
) -> tuple[SSAValue, Index, Index]:
    """(accessor, page of the block's first tile, pages per tile row)."""
    accessor = plan.accessors[tensor]
    assert isinstance(accessor.type, noc.AccessorType) and isinstance(tensor, BlockArgument)
    rows, cols = (_tile_extent(plan, accessor.type, axis) for axis in (-2, -1))
    outer: Index = 0
    for extent, index in zip(accessor.type.grid[:-2], indices[:-2], strict=True):
        outer = emit.add(emit.mul(outer, extent), index)
    row = emit.add(emit.mul(outer, rows), indices[-2])
    first = emit.add(emit.mul(row, cols), indices[-1])
    emit.named(first, f"{label_of(tensor, 'tensor')}_page")
    return accessor, first, cols


def _transfer(
    emit: Emitter,
    plan: Plan,
    circular: SSAValue,
    op: noc.LoadBlockOp | noc.StoreBlockOp,
    pointer: SSAValue,
    move: type[noc.ReadPageOp | noc.WritePageOp],
) -> None:
    """One page operation per tile of a block, in the page order of the circular buffer."""
    kind = kind_of(circular)
    accessor, first, row_pages = _pages(emit, plan, op.tensor, tuple(op.indices))
    if op.clip is not None:
        _clipped(emit, plan, circular, op, pointer, (accessor, first, row_pages), move)
        return
    extents = digit_extents(kind.block, [kind.order])
    order = sequence(kind.order)
    steps = strides(order, extents)
    with _walk(emit, order, extents) as digits:
        row = emit.add(emit.mul(digits["sr"], extents["r"]), digits["r"])
        col = emit.add(emit.mul(digits["sc"], extents["c"]), digits["c"])
        page = emit.add(first, emit.mul(row, row_pages), col)
        slot = _linear(emit, {d: digits[d] for d in order}, steps)
        emit.op(move(accessor, emit.value(page), pointer, emit.value(slot)))


def _valid(
    emit: Emitter, plan: Plan, op: noc.LoadBlockOp | noc.StoreBlockOp, axis: int, extent: int
) -> Index:
    """Tile rows (axis 0) or columns (1) of a block that are inside its tensor.

    `min(block, tensor - start)`; the difference is not negative, start is cut to the tensor where it
    may lie outside.
    """
    accessor, clip = plan.accessors[op.tensor].type, op.clips[axis]
    assert isinstance(accessor, noc.AccessorType)
    if clip is noc.Clip.INSIDE:
        return extent
    available, place = _tile_extent(plan, accessor, axis - 2), op.indices[axis - 2]
    bounds = range_of(place)
    start = bounds.low if bounds is not None and bounds.low == bounds.high else place
    if clip is noc.Clip.OUTSIDE:
        start = emit.min(start, available)
    valid = emit.min(extent, emit.sub(available, start))
    return emit.named(valid, ("rows_valid", "cols_valid")[axis])


def _clipped(
    emit: Emitter,
    plan: Plan,
    circular: SSAValue,
    op: noc.LoadBlockOp | noc.StoreBlockOp,
    pointer: SSAValue,
    pages: tuple[SSAValue, Index, Index],
    move: type[noc.ReadPageOp | noc.WritePageOp],
) -> None:
    """A transfer of the tiles inside the tensor; a load writes zero tiles for the others.

    The slower axis of the page order is walked outside: its valid tiles, each with the valid and the
    other tiles of the faster one, then the lines that are outside as a whole.
    """
    kind = kind_of(circular)
    accessor, first, row_pages = pages
    extents = digit_extents(kind.block, [kind.order])
    order = sequence(kind.order)
    steps = strides(order, extents)
    slow = 0 if order.index("sr") < order.index("sc") else 1
    fast = 1 - slow
    valid = [_valid(emit, plan, op, axis, kind.block[axis]) for axis in (0, 1)]
    names = ("row", "col")

    def slot(at: tuple[Index, Index]) -> SSAValue:
        digits = {}
        for axis, (outer, inner) in enumerate((("sr", "r"), ("sc", "c"))):
            index = at[axis]
            whole = extents[outer] == 1
            digits[outer], digits[inner] = (
                (0, index) if whole else emit.digits(index, extents[inner])
            )
        return emit.value(_linear(emit, {d: digits[d] for d in order}, steps))

    def zeros(line: Index, start: Index) -> None:
        with emit.loop(kind.block[fast], names[fast], start) as place:
            at = (line, place) if slow == 0 else (place, line)
            emit.op(noc.GenerateTileOp("zero", pointer, slot(at)))

    loading = move is noc.ReadPageOp
    with emit.loop(valid[slow], names[slow]) as line:
        with emit.loop(valid[fast], names[fast]) as place:
            row, col = (line, place) if slow == 0 else (place, line)
            page = emit.add(first, emit.mul(row, row_pages), col)
            emit.op(move(accessor, emit.value(page), pointer, slot((row, col))))
        if loading and op.clips[fast] is not noc.Clip.INSIDE:
            zeros(line, valid[fast])
    if loading and op.clips[slow] is not noc.Clip.INSIDE:
        with emit.loop(kind.block[slow], names[slow], valid[slow]) as line:
            zeros(line, 0)


def lower_load(op: noc.LoadBlockOp, plan: Plan, emit: Emitter) -> None:
    """Reserve, read every page (or write a zero tile, outside the tensor), one barrier, push.

    A block that lies in the buffer already, on the core's own shard, is only pushed.
    """
    circular = plan.place_of(op.block)
    pages = kind_of(circular).block_pages
    emit.op(cb.ReserveBackOp(circular, pages))
    if op in plan.in_place:
        emit.op(cb.PushBackOp(circular, pages))
        return
    pointer = emit.op(cb.WritePtrOp(circular)).pointer
    pointer.name_hint = f"{circular.name_hint}_l1"
    _transfer(emit, plan, circular, op, pointer, noc.ReadPageOp)
    emit.op(noc.ReadBarrierOp())
    emit.op(cb.PushBackOp(circular, pages))


def lower_store(op: noc.StoreBlockOp, plan: Plan, emit: Emitter) -> None:
    """Write every page inside the tensor, one barrier (the wait and the pop stand around it).

    A block that was made where it is to be stored, on the core's own shard, is only waited for.
    """
    if op in plan.in_place:
        return
    circular = plan.place_of(op.block)
    pointer = emit.op(cb.ReadPtrOp(circular)).pointer
    pointer.name_hint = f"{circular.name_hint}_l1"
    _transfer(emit, plan, circular, op, pointer, noc.WritePageOp)
    emit.op(noc.WriteBarrierOp())


def _dst(emit: Emitter, plan: Plan, circular: SSAValue, tiles: int) -> SSAValue:
    """A zeroed DST group for tiles of a circular buffer."""
    return emit.op(compute.DstOp(plan.dst_type(tiles, kind_of(circular).tile.element_type))).dst


def lower_fill(op: compute.FillOp, plan: Plan, emit: Emitter) -> None:
    """DST groups, zero as they come or filled, packed one after the other."""
    if op in plan.started:
        return  # each subblock starts from the constant in DST
    buffer = plan.buffers[op.block]
    if buffer.in_dst:
        kind = plan.dst_type(buffer.block.tiles, buffer.block.element_type)
        plan.groups[buffer] = emit.op(compute.DstOp(kind)).dst
        return
    circular = plan.place_of(op.block)
    pages = kind_of(circular).block_pages
    group = largest_divisor(pages, plan.capacity)
    with emit.loop(pages // group, "group"):
        dst = _dst(emit, plan, circular, group)
        if op.value.value.data != 0.0:
            with emit.loop(group, "tile") as tile:
                emit.op(compute.FillTileOp(op.value, dst, emit.value(tile)))
        pack(emit, dst, circular, group)


def lower_copy(op: compute.CopyOp, plan: Plan, emit: Emitter) -> None:
    """Runs of tiles that are consecutive in both page orders, as many as DST holds."""
    source, target = plan.place_of(op.source), plan.place_of(op.block)
    if isinstance(source.type, compute.DstType):
        pack(emit, source, target, source.type.tiles.data)
        return
    orders = [kind_of(source).order, kind_of(target).order]
    extents = digit_extents(kind_of(target).block, orders)
    order, steps = sequence(orders[1]), strides(sequence(orders[0]), extents)
    run = 1
    digits_left = list(order)
    while digits_left and steps[digits_left[-1]] == run:
        run *= extents[digits_left.pop()]
    group = largest_divisor(run, plan.capacity)
    with (
        _walk(emit, tuple(digits_left), extents) as digits,
        emit.loop(run // group, "group") as part,
    ):
        first = emit.add(_linear(emit, digits, steps), emit.mul(part, group))
        dst = _dst(emit, plan, source, group)
        emit.op(compute.CopyBlockOp(source, emit.value(first), dst))
        pack(emit, dst, target, group)


_TURNED = {"sr": "sc", "r": "c", "sc": "sr", "c": "r"}
"""Digits of the source by digits of its transpose."""


def lower_transpose(op: compute.TransposeOp, plan: Plan, emit: Emitter) -> None:
    """Tile (r, c) of the result is tile (c, r) of the source, transposed on its way to DST.

    The pages are made in the result's order and found in the source's.
    """
    source, target = plan.place_of(op.source), plan.place_of(op.block)
    orders = [kind_of(target).order]
    if kind_of(source).order.kind.data == cb.PageOrder.SUBBLOCK:
        height, width = kind_of(source).order.subblock
        orders.append(cb.PageOrderAttr.of(cb.PageOrder.SUBBLOCK, width, height))
    if len({order.subblock for order in orders if order.kind.data == cb.PageOrder.SUBBLOCK}) > 1:
        raise error_at(
            op,
            "the transpose of a sum is added to in subblocks of another shape",
            "copy it to a second buffer first",
        )
    extents = digit_extents(kind_of(target).block, orders)
    turned = strides(
        sequence(kind_of(source).order), {_TURNED[d]: extent for d, extent in extents.items()}
    )
    *outer, inner = sequence(kind_of(target).order)
    steps = {d: turned[_TURNED[d]] for d in extents}
    group = largest_divisor(extents[inner], plan.capacity)
    with (
        _walk(emit, tuple(outer), extents) as digits,
        emit.loop(extents[inner] // group, "group") as part,
    ):
        dst = _dst(emit, plan, source, group)
        with emit.loop(group, "tile") as tile:
            place = emit.mul(emit.add(emit.mul(part, group), tile), steps[inner])
            page = emit.add(_linear(emit, digits, steps), place)
            emit.op(compute.TransposeTileOp(source, emit.value(page), dst, emit.value(tile)))
        pack(emit, dst, target, group)


def lower_matmul(op: compute.MatmulOp, plan: Plan, emit: Emitter) -> None:
    """Per subblock: reload the partial sums, add every K tile, pack them again.

    An accumulator that stays in DST is one subblock and needs neither reload nor packing.

    One that starts from a constant, and is not carried by a loop, starts from it in DST.

    The accumulator's circular buffer rotates: a subblock's pages are popped before the updated ones
    are reserved, so a buffer of one block is enough.
    """
    a, b, acc = (plan.place_of(v) for v in (op.a, op.b, op.acc))
    k_tiles = kind_of(a).block[1]
    block = op.block.type
    assert isinstance(block, BlockType)
    rows, cols = block.shape

    def steps(dst: SSAValue, height: int, width: int, row: Index, col: Index) -> None:
        with emit.loop(k_tiles, "k_tile") as k_tile:
            a_tile = emit.add(emit.mul(row, height * k_tiles), k_tile)
            b_tile = emit.add(emit.mul(k_tile, cols), emit.mul(col, width))
            emit.op(
                compute.MatmulBlockOp(
                    a,
                    emit.value(a_tile),
                    b,
                    emit.value(b_tile),
                    dst,
                    rt=height,
                    ct=width,
                    kt=k_tiles,
                    transpose=op.transpose_b is not None,
                )
            )

    if isinstance(acc.type, compute.DstType):
        steps(acc, rows, cols, 0, 0)
        return
    height, width = plan.buffers[op.block].subblock(plan.capacity)
    tiles = height * width
    with (
        emit.loop(rows // height, "subblock_row") as sub_row,
        emit.loop(cols // width, "subblock_col") as sub_col,
    ):
        dst = _dst(emit, plan, acc, tiles)
        start = plan.starts.get(op)
        if start is None:
            emit.op(cb.WaitFrontOp(acc, tiles))
            emit.op(compute.CopyBlockOp(acc, emit.value(0), dst))
            emit.op(cb.PopFrontOp(acc, tiles))
        elif start.value.data != 0.0:
            with emit.loop(tiles, "tile") as tile:
                emit.op(compute.FillTileOp(start, dst, emit.value(tile)))
        steps(dst, height, width, sub_row, sub_col)
        pack(emit, dst, acc, tiles)


LOWERINGS: dict[type[Operation], Callable[[Any, Plan, Emitter], None]] = {
    noc.LoadBlockOp: lower_load,
    noc.StoreBlockOp: lower_store,
    compute.FillOp: lower_fill,
    compute.CopyOp: lower_copy,
    compute.TransposeOp: lower_transpose,
    compute.MatmulOp: lower_matmul,
}
