"""How `tt-lower-memory` spells each block operation in pages and DST groups."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from xdsl.ir import BlockArgument, Operation, SSAValue

from tt_dialect.analysis.access import label_of
from tt_dialect.analysis.index import range_of
from tt_dialect.analysis.pages import digit_extents, largest_divisor, sequence
from tt_dialect.analysis.shard_blocks import Move
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb, compute, noc
from tt_dialect.ir.layout import BlockType
from tt_dialect.passes.emit_ops import Emitter, Index
from tt_dialect.passes.move_plan import Pages, Plan, kind_of, pack, pack_at

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
    extent = accessor.grid[axis]
    return plan.arguments.get((label, extent), extent)


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
    block: Pages,
    op: Move,
    pointer: SSAValue,
    move: type[noc.ReadPageOp | noc.WritePageOp],
) -> None:
    """One page operation per tile of a block, in the page order of the circular buffer."""
    accessor, first, row_pages = _pages(emit, plan, op.tensor, tuple(op.indices))
    if op.clip is not None:
        _clipped(emit, plan, block, op, pointer, (accessor, first, row_pages), move)
        return
    extents = block.extents()
    steps = block.steps(extents)
    with _walk(emit, sequence(block.order), extents) as digits:
        row = emit.add(emit.mul(digits["sr"], extents["r"]), digits["r"])
        col = emit.add(emit.mul(digits["sc"], extents["c"]), digits["c"])
        page = emit.add(first, emit.mul(row, row_pages), col)
        slot = emit.add(block.first, _linear(emit, digits, steps))
        emit.op(move(accessor, emit.value(page), pointer, emit.value(slot)))


def _valid(emit: Emitter, plan: Plan, op: Move, axis: int, extent: int) -> Index:
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
    block: Pages,
    op: Move,
    pointer: SSAValue,
    pages: tuple[SSAValue, Index, Index],
    move: type[noc.ReadPageOp | noc.WritePageOp],
) -> None:
    """A transfer of the tiles inside the tensor; a load writes zero tiles for the others.

    The slower axis of the page order is walked outside: its valid tiles, each with the valid and the
    other tiles of the faster one, then the lines that are outside as a whole.
    """
    accessor, first, row_pages = pages
    extents, order = block.extents(), sequence(block.order)
    steps = block.steps(extents)
    slow = 0 if order.index("sr") < order.index("sc") else 1
    fast = 1 - slow
    valid = [_valid(emit, plan, op, axis, block.block[axis]) for axis in (0, 1)]
    names = ("row", "col")

    def slot(at: tuple[Index, Index]) -> SSAValue:
        digits = {}
        for axis, (outer, inner) in enumerate((("sr", "r"), ("sc", "c"))):
            index = at[axis]
            whole = extents[outer] == 1
            digits[outer], digits[inner] = (
                (0, index) if whole else emit.digits(index, extents[inner])
            )
        place = _linear(emit, {d: digits[d] for d in order}, steps)
        return emit.value(emit.add(block.first, place))

    def zeros(line: Index, start: Index) -> None:
        with emit.loop(block.block[fast], names[fast], start) as place:
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
        with emit.loop(block.block[slow], names[slow], valid[slow]) as line:
            zeros(line, 0)


def lower_load(op: noc.LoadBlockOp, plan: Plan, emit: Emitter) -> None:
    """Reserve, read every page (or write a zero tile, outside the tensor), one barrier, push.

    A block that is in the core's own shard is there; one that is read into it fills pages that are
    reserved as long as the kernel runs.
    """
    block = plan.pages_of(op.block, emit)
    if op in plan.shards:
        return
    circular, stays = block.circular, block.pitch is not None
    pages = kind_of(circular).block_pages
    if not stays:
        emit.op(cb.ReserveBackOp(circular, pages))
    pointer = emit.op(cb.WritePtrOp(circular)).pointer
    pointer.name_hint = f"{circular.name_hint}_l1"
    _transfer(emit, plan, block, op, pointer, noc.ReadPageOp)
    emit.op(noc.ReadBarrierOp())
    if not stays:
        emit.op(cb.PushBackOp(circular, pages))


def lower_store(op: noc.StoreBlockOp, plan: Plan, emit: Emitter) -> None:
    """Write every page inside the tensor, one barrier (the wait and the pop stand around it).

    A block that was made in the core's own shard is where it is to be.
    """
    if op in plan.shards:
        return
    block = plan.pages_of(op.block, emit)
    pointer = emit.op(cb.ReadPtrOp(block.circular)).pointer
    pointer.name_hint = f"{block.circular.name_hint}_l1"
    _transfer(emit, plan, block, op, pointer, noc.WritePageOp)
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
    target = plan.pages_of(op.block, emit)
    in_dst = plan.place_of(op.source)
    if isinstance(in_dst.type, compute.DstType):
        _pack_sum(emit, in_dst, target)
        return
    source = plan.pages_of(op.source, emit)
    extents = target.extents(source)
    order, steps, packed = sequence(target.order), source.steps(extents), target.steps(extents)
    run = 1
    digits_left = list(order)
    while digits_left and steps[digits_left[-1]] == packed[digits_left[-1]] == run:
        run *= extents[digits_left.pop()]
    group = largest_divisor(run, plan.capacity)
    with (
        _walk(emit, tuple(digits_left), extents) as digits,
        emit.loop(run // group, "group") as part,
    ):
        start = emit.mul(part, group)
        first = emit.add(source.first, _linear(emit, digits, steps), start)
        page = emit.add(target.first, _linear(emit, digits, packed), start)
        dst = _dst(emit, plan, source.circular, group)
        emit.op(compute.CopyBlockOp(source.circular, emit.value(first), dst))
        pack_at(emit, dst, target, group, page)


def _pack_sum(emit: Emitter, dst: SSAValue, target: Pages) -> None:
    """Packs an accumulator that stayed in DST, row by row where its pages are part of a shard."""
    rows, cols = target.block
    if target.pitch is None:
        pack(emit, dst, target.circular, rows * cols)
        return
    with emit.loop(rows, "row") as row, emit.loop(cols, "col") as col:
        slot = emit.add(emit.mul(row, cols), col)
        page = emit.add(target.first, emit.mul(row, target.pitch), col)
        emit.op(compute.PackTileOp(dst, emit.value(slot), target.circular, emit.value(page)))


_TURNED = {"sr": "sc", "r": "c", "sc": "sr", "c": "r"}
"""Digits of the source by digits of its transpose."""


def lower_transpose(op: compute.TransposeOp, plan: Plan, emit: Emitter) -> None:
    """Tile (r, c) of the result is tile (c, r) of the source, transposed on its way to DST.

    The pages are made in the result's order and found in the source's.
    """
    source, target = plan.pages_of(op.source, emit), plan.place_of(op.block)
    orders = [kind_of(target).order]
    if source.order.kind.data == cb.PageOrder.SUBBLOCK:
        height, width = source.order.subblock
        orders.append(cb.PageOrderAttr.of(cb.PageOrder.SUBBLOCK, width, height))
    if len({order.subblock for order in orders if order.kind.data == cb.PageOrder.SUBBLOCK}) > 1:
        raise error_at(
            op,
            "the transpose of a sum is added to in subblocks of another shape",
            "copy it to a second buffer first",
        )
    extents = digit_extents(kind_of(target).block, orders)
    turned = source.steps({_TURNED[d]: extent for d, extent in extents.items()})
    *outer, inner = sequence(kind_of(target).order)
    steps = {d: turned[_TURNED[d]] for d in extents}
    group = largest_divisor(extents[inner], plan.capacity)
    with (
        _walk(emit, tuple(outer), extents) as digits,
        emit.loop(extents[inner] // group, "group") as part,
    ):
        dst = _dst(emit, plan, source.circular, group)
        with emit.loop(group, "tile") as tile:
            place = emit.mul(emit.add(emit.mul(part, group), tile), steps[inner])
            page = emit.value(emit.add(source.first, _linear(emit, digits, steps), place))
            emit.op(compute.TransposeTileOp(source.circular, page, dst, emit.value(tile)))
        pack(emit, dst, target, group)


def lower_matmul(op: compute.MatmulOp, plan: Plan, emit: Emitter) -> None:
    """Per subblock: reload the partial sums, add every K tile, pack them again.

    An accumulator that stays in DST is one subblock and needs neither reload nor packing.

    One that starts from a constant, and is not carried by a loop, starts from it in DST.

    The accumulator's circular buffer rotates: a subblock's pages are popped before the updated ones
    are reserved, so a buffer of one block is enough.
    """
    a, b = plan.pages_of(op.a, emit), plan.pages_of(op.b, emit)
    acc, k_tiles = plan.place_of(op.acc), a.block[1]
    block = op.block.type
    assert isinstance(block, BlockType)
    rows, cols = block.shape
    a_row, b_row = a.pitch or k_tiles, b.pitch or cols
    if op.transpose_b is not None and b.pitch is not None:
        b_row = 1  # one row of tiles, which the product takes as a column

    def steps(dst: SSAValue, height: int, width: int, row: Index, col: Index) -> None:
        with emit.loop(k_tiles, "k_tile") as k_tile:
            a_tile = emit.add(a.first, emit.mul(row, height * a_row), k_tile)
            b_tile = emit.add(b.first, emit.mul(k_tile, b_row), emit.mul(col, width))
            emit.op(
                compute.MatmulBlockOp(
                    a.circular,
                    emit.value(a_tile),
                    b.circular,
                    emit.value(b_tile),
                    dst,
                    rt=height,
                    ct=width,
                    kt=a_row,
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
