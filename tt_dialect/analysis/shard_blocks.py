"""Which blocks need not move, because they lie in the core's own L1 shard.

In partition mode `local_shard` a core works on the blocks of its shard. A circular buffer can then
lie on the shard (a globally allocated address, metalium.md 3.2): its pages are there from the
start, and a block is a part of some of its rows. That is not taken from labels: the tiles that a
block may cover are computed from the runtime arguments of each core and compared with its shard.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, MemRefType, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from tt_dialect.analysis.access import label_of, layout_of, memref_type
from tt_dialect.analysis.buffers import Use, is_transfer, uses_of
from tt_dialect.analysis.hazards import loads_of, needs, same_index
from tt_dialect.analysis.index import Range, range_of
from tt_dialect.analysis.placement import CoreXY, Device, Placement, placement
from tt_dialect.analysis.regions import ancestor_in
from tt_dialect.analysis.work import core_arguments
from tt_dialect.ir import compute, eltwise, noc
from tt_dialect.ir.layout import BlockType, Memory, PartitionAttr
from tt_dialect.ir.program import AbiAttr, ArgKind

Move: TypeAlias = noc.LoadBlockOp | noc.StoreBlockOp


@dataclass(frozen=True)
class OnShard:
    """The shard that holds a block which is loaded or stored."""

    tensor: int
    """Number of the tensor among the tensor parameters."""
    label: str
    shard: tuple[int, ...]
    """Pages of a shard along each page dimension."""
    grid: tuple[int, ...]
    """Shards along each page dimension."""

    @property
    def block(self) -> tuple[int, int]:
        """The shard as one block of tiles (rows, columns)."""
        return prod(self.shard[:-1]), self.shard[-1]


def blocks_on_shards(func: FuncOp, *, staged: bool = True) -> dict[Move, OnShard]:
    """The loads and stores of a TILED kernel that move nothing.

    A tensor that is only read is used in place wherever it can be. One that is written is so if
    all its stores can be, if nothing that is read of it is needed after it is replaced, and if the
    order of its reads and stores does not rest on another thread than compute. With
    `staged` blocks must be made by what can pack anywhere in the shard, else it is assumed that
    copies will be inserted.
    """
    moved: set[Operation] = set()
    while True:
        found = _found(func, moved, staged=staged)
        late = _hurried(func, found) if found else set[Operation]()
        if not late:
            return found
        moved |= late


def _hurried(func: FuncOp, found: Container[Operation]) -> set[Operation]:
    """Loads that must be the reader's, as a store waits for them until a tensor has been read.

    `hazards.check_order` has seen that it needs such a load: were all of them in place, the writer
    could overtake the reader.
    """
    moves = [op for op in func.walk() if isinstance(op, Move) and op not in found]
    late: set[Operation] = set()
    for load in moves:
        for store in moves:
            if not isinstance(load, noc.LoadBlockOp) or not isinstance(store, noc.StoreBlockOp):
                continue
            if load.tensor is store.tensor and not needs(store, load, found):
                late.update(op for op in loads_of(store.block, set()) if op in found)
    return late


def _found(func: FuncOp, moved: Container[Operation], *, staged: bool) -> dict[Move, OnShard]:
    """The loads and stores that are in place, none of them in `moved`."""
    partition, abi = func.attributes.get("tt.partition"), func.attributes.get("tt.abi")
    arch = func.attributes.get("tt.arch")
    if not isinstance(partition, PartitionAttr) or not partition.is_local:
        return {}
    if not isinstance(abi, AbiAttr) or not isinstance(arch, StringAttr):
        return {}
    cores = _arguments(func, abi, partition)
    device = Device.at(arch.data, partition)
    found: dict[Move, OnShard] = {}
    tensors = [arg for arg in func.args if isinstance(arg.type, MemRefType)]
    written: list[tuple[list[Move], OnShard]] = []
    for number, tensor in enumerate(tensors):
        where = _shards(func, tensor, device)
        if where is None or where.sharding is None:
            continue
        label, sharding = label_of(tensor, f"tensor_{number}"), where.sharding
        here = OnShard(number, label, sharding.shard, sharding.grid)
        moves: list[Move] = []
        for use in tensor.uses:
            if isinstance(use.operation, Move):
                moves.append(use.operation)
        own = [m for m in moves if m not in moved and _is_own(m, where, cores) and _can_stay(m)]
        if all(isinstance(move, noc.LoadBlockOp) for move in moves):
            found.update((move, here) for move in own)
        elif len(own) == len(list(tensor.uses)):
            written.append((own, here))
    # What is copied from shard to shard is read in place, and packed where it is to be.
    for moves, here in written:
        stores = [m for m in moves if isinstance(m, noc.StoreBlockOp)]
        if staged and not all(packs_anywhere(store, found) for store in stores):
            continue
        loads = [m for m in moves if isinstance(m, noc.LoadBlockOp)]
        if not _in_order(stores, found):
            continue
        if all(_read_before(load, store, found) for load in loads for store in stores):
            found.update((move, here) for move in moves)
    return found


def packs_anywhere(store: noc.StoreBlockOp, on_shards: Container[Operation]) -> bool:
    """Whether a block is made by an operation that can put its tiles anywhere in a shard.

    A load can, unless what it loads is in a shard as well: then compute has to copy it.
    """
    match store.block.owner:
        case compute.CopyOp() | eltwise.MapOp(fold=None):
            return all(visible(index, store.block.owner) for index in store.indices)
        case noc.LoadBlockOp() as load:
            return load not in on_shards and all(visible(i, load) for i in store.indices)
        case _:
            return False


def visible(value: SSAValue, op: Operation) -> bool:
    """Whether a value of the block of `op`, or of one around it, is there when `op` begins."""
    made = value.owner
    return not isinstance(made, Operation) or (
        made.parent is not op.parent or made.is_before_in_block(op)
    )


def _shards(func: FuncOp, tensor: BlockArgument, device: Device) -> Placement | None:
    layout = layout_of(func, tensor)
    if layout is None or layout.memory.data != Memory.L1:
        return None
    shape = memref_type(tensor).get_shape()
    pages = prod(layout.dims(len(shape)).pages(shape, layout.tile))
    return placement(layout, shape, pages, label_of(tensor, "tensor"), device, func)


_CoreArguments: TypeAlias = list[tuple[CoreXY, dict[SSAValue, Range]]]


def _arguments(func: FuncOp, abi: AbiAttr, partition: PartitionAttr) -> _CoreArguments:
    """What is known of the function's arguments on each core that has work."""
    zeros = [0] * len(abi.args)
    words = {a.value.data: 0 for a in abi.args if a.kind.data == ArgKind.SCALAR}
    scalars = [arg for arg in func.args if not isinstance(arg.type, MemRefType)]
    kinds = [ArgKind(arg.kind.data) for arg in abi.args]
    rows: _CoreArguments = []
    for core, values in core_arguments(abi, partition, zeros, words):
        given = [(k, v) for k, v in zip(kinds, values, strict=True) if k is not ArgKind.ADDRESS]
        if any(kind is ArgKind.COUNT and value == 0 for kind, value in given):
            continue
        known: dict[SSAValue, Range] = {
            arg: Range(value, value)
            for arg, (kind, value) in zip(scalars, given, strict=True)
            if kind is not ArgKind.SCALAR
        }
        rows.append((core, known))
    return rows


def _extents(move: Move) -> list[int]:
    """Pages of a block along each page dimension."""
    block = move.block.type
    assert isinstance(block, BlockType)
    return [1] * (len(move.indices) - 2) + list(block.shape)


def _is_own(move: Move, where: Placement, cores: _CoreArguments) -> bool:
    """Whether every block, on every core, lies in the core's own shard, its padding included."""
    block, sharding = move.block.type, where.sharding
    layout = noc.parameter_layout(move.tensor)
    assert isinstance(block, BlockType) and sharding is not None
    if layout is None or block.tile != layout.tile or len(move.indices) != len(sharding.shard):
        return False
    extents = _extents(move)
    for core, known in cores:
        place: list[int] = []
        for index, extent, size in zip(move.indices, extents, sharding.shard, strict=True):
            bounds = range_of(index, known)
            if bounds is None or bounds.low < 0:
                return False
            first, last = bounds.low // size, (bounds.high + extent - 1) // size
            if first != last:
                return False
            place.append(first)
        if any(i >= count for i, count in zip(place, sharding.grid, strict=True)):
            return False
        if where.cores[sharding.shard_number(tuple(place))] != core:
            return False
    return True


def _can_stay(move: Move) -> bool:
    """Whether the users of a block can do with a part of a shard."""
    if isinstance(move, noc.StoreBlockOp):
        made = move.block.owner
        if not isinstance(made, Operation) or made.parent is not move.parent:
            return False
        alone = len(list(move.block.uses)) == 1
        return alone and (not isinstance(made, noc.LoadBlockOp) or _is_copied_exactly(move.block))
    users = uses_of(move.block)
    if not users or any(is_transfer(use.operation) for use in move.block.uses):
        return False
    uses = {use for _, use in users}
    if Use.MATMUL_B_TRANSPOSED in uses and not _is_copied_exactly(move.block):
        return False
    outside = [axis for axis, clip in enumerate(move.clips) if clip is not noc.Clip.INSIDE]
    return all(_is_dropped(move, move.block, axis, set()) for axis in outside)


def _is_copied_exactly(block: SSAValue) -> bool:
    """Whether compute can copy a block without changing a bit: float32 by unpack-to-dest."""
    assert isinstance(block.type, BlockType)
    element = block.type.element_type
    if isinstance(element, Float32Type):
        others = {Use.MATMUL_A, Use.MATMUL_B, Use.REDUCE, Use.TRANSPOSE}
        return not any(use in others for _, use in uses_of(block))
    return isinstance(element, BFloat16Type | Float16Type)


def _is_dropped(
    load: noc.LoadBlockOp, value: SSAValue, axis: int, seen: set[tuple[SSAValue, int]]
) -> bool:
    """Whether tiles outside of the tensor along an axis (0 rows, 1 columns) come to nothing.

    A load makes them zero; a shard has whatever there is. They must stay among themselves until
    they are stored, outside of a tensor of the same extent.
    """
    if (value, axis) in seen:
        return True
    seen.add((value, axis))
    following: list[tuple[SSAValue, int]] = []
    for use in value.uses:
        match use.operation:
            case noc.StoreBlockOp() as store:
                if not _ends_alike(load, store, axis):
                    return False
            case compute.CopyOp() as op:
                following.append((op.block, axis))
            case eltwise.MapOp() as op:
                how = op.broadcasts[use.index] if use.index < len(op.broadcasts) else "scalar"
                kept = how == "none" or how == ("col", "row")[axis]
                folded = op.dim is not None and op.dim.data == ("col", "row")[axis]
                if not kept or folded:
                    return False
                following.append((op.block, axis))
            case eltwise.ReduceOp() as op:
                if op.dim.data == ("col", "row")[axis]:
                    return False
                following.append((op.block, axis))
            case compute.MatmulOp() as op:
                if use.index < 2 and (
                    op.transpose_a is not None or op.transpose_b is not None or use.index != axis
                ):
                    return False
                following.append((op.block, axis))
            case scf.ForOp() as loop:
                number = use.index - 3
                following += [(loop.body.block.args[number + 1], axis), (loop.res[number], axis)]
            case scf.YieldOp() as end:
                loop = end.parent_op()
                if not isinstance(loop, scf.ForOp):
                    return False
                following += [
                    (loop.body.block.args[use.index + 1], axis),
                    (loop.res[use.index], axis),
                ]
            case _:
                return False
    return all(_is_dropped(load, value, axis, seen) for value, axis in following)


def _ends_alike(load: noc.LoadBlockOp, store: noc.StoreBlockOp, axis: int) -> bool:
    """Whether a store drops every tile that the load has outside of its tensor along an axis."""
    if store.clips[axis] is noc.Clip.INSIDE:
        return False
    ends = [_tile_extent(move.tensor, axis) for move in (load, store)]
    places = load.indices[axis - 2], store.indices[axis - 2]
    return ends[0] == ends[1] and same_index(*places)


def _tile_extent(tensor: SSAValue, axis: int) -> int | None:
    layout = noc.parameter_layout(tensor)
    if layout is None:
        return None
    shape = memref_type(tensor).get_shape()
    return layout.dims(len(shape)).pages(shape, layout.tile)[axis - 2]


def _by_reader(made: object, found: Container[Operation]) -> bool:
    """Whether a block is filled by the reader: loaded, and not from where compute will copy it."""
    return isinstance(made, noc.LoadBlockOp) and made not in found


def _in_order(stores: Sequence[noc.StoreBlockOp], found: Container[Operation]) -> bool:
    """Whether the blocks of one tensor are made in the order in which they are stored, by compute.

    From where one is made to where it is stored no other may be made or stored.
    """
    if len(stores) < 2:
        return True
    for store in stores:
        made = store.block.owner
        if not isinstance(made, Operation) or _by_reader(made, found):
            return False
        others: set[object] = {s for s in stores if s is not store}
        others |= {s.block.owner for s in stores if s is not store}
        between = made.next_op
        while between is not None and between is not store:
            if any(inner in others for inner in between.walk()):
                return False
            between = between.next_op
    return True


def _read_before(
    load: noc.LoadBlockOp, store: noc.StoreBlockOp, found: Container[Operation]
) -> bool:
    """Whether a block is read for the last time before it is replaced, or tile by tile as it is.

    `hazards.check_order` has seen that both are the same block, another one in each iteration. Only
    what compute does is done in order: reader and writer wait for no block in a shard.
    """
    made, block = store.block.owner, load.parent
    if not isinstance(made, Operation) or block is None or made.parent is not block:
        return False
    if made is not load and _by_reader(made, found):
        return False
    for user, _ in uses_of(load.block):
        if user is store:
            continue  # a copy of a tensor to itself
        if isinstance(user, noc.StoreBlockOp):
            return False
        if user is made:
            if not isinstance(made, compute.CopyOp | eltwise.MapOp) or not _tile_by_tile(
                made, load.block
            ):
                return False
        elif not ancestor_in(user, block).is_before_in_block(made):
            return False
    return True


def _tile_by_tile(op: compute.CopyOp | eltwise.MapOp, value: SSAValue) -> bool:
    if isinstance(op, compute.CopyOp):
        return True
    pairs: Sequence[tuple[SSAValue, str]] = list(zip(op.inputs, op.broadcasts, strict=True))
    return op.fold is None and all(how == "none" for v, how in pairs if v is value)
