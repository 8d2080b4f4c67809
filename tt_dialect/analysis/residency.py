"""Which blocks need not move, because the circular buffer can lie on the core's own L1 shard.

In partition mode `local_shard` a core works on the blocks of its shard. If the blocks it takes, one
after the other, are the pages of that shard from the first to the last, the shard is the circular
buffer: its memory is a globally allocated address (metalium.md 3.2), and pushing a block says that
it is there. That is not taken from labels: the place of every block of every core is computed from
the runtime arguments and compared with where the pages lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import MemRefType, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from tt_dialect.analysis.access import label_of, layout_of, memref_type
from tt_dialect.analysis.buffers import IN_PLACE, Buffer
from tt_dialect.analysis.index import RANGES, Range, combined, constant_value
from tt_dialect.analysis.placement import Device, Placement, placement
from tt_dialect.analysis.sharding import flatten
from tt_dialect.analysis.work import core_arguments
from tt_dialect.ir import noc
from tt_dialect.ir.layout import Memory, PartitionAttr
from tt_dialect.ir.program import AbiAttr, ArgKind


@dataclass(frozen=True)
class OnShard:
    """The shard a circular buffer lies on, and the one operation that then moves nothing."""

    tensor: int
    """Number of the tensor among the tensor parameters."""
    label: str
    pages: int
    """Pages of the shard: the capacity of the buffer."""
    move: noc.LoadBlockOp | noc.StoreBlockOp


def shard_below(func: FuncOp, buffer: Buffer) -> OnShard | None:
    """The shard that can be the memory of a buffer in row-major page order; None if none can.

    For a buffer that one load fills the shard holds the blocks already; for one that a single store
    empties they are made where they are to be stored.
    """
    partition, abi = func.attributes.get("tt.partition"), func.attributes.get("tt.abi")
    if not isinstance(partition, PartitionAttr) or not partition.is_local:
        return None
    if not isinstance(abi, AbiAttr) or len(buffer.values) != 1 or buffer.uses & IN_PLACE:
        return None
    for move in _moves(buffer.values[0]):
        found = _of_move(func, partition, abi, buffer, move)
        if found is not None:
            return found
    return None


def _moves(value: SSAValue) -> list[noc.LoadBlockOp | noc.StoreBlockOp]:
    """The load that makes a block and the one store that is its only use, if there are such.

    A tensor that is loaded may be loaded elsewhere too, but not be written; one that is stored is
    touched by nothing else.
    """
    moves: list[noc.LoadBlockOp | noc.StoreBlockOp] = []
    made, users = value.owner, [use.operation for use in value.uses]
    if isinstance(made, noc.LoadBlockOp) and users:
        if all(isinstance(use.operation, noc.LoadBlockOp) for use in made.tensor.uses):
            moves.append(made)
    if len(users) == 1 and isinstance(users[0], noc.StoreBlockOp):
        store = users[0]
        if isinstance(made, Operation) and made.parent is store.parent:
            if len(list(store.tensor.uses)) == 1:
                moves.append(store)
    return moves


def _of_move(
    func: FuncOp,
    partition: PartitionAttr,
    abi: AbiAttr,
    buffer: Buffer,
    move: noc.LoadBlockOp | noc.StoreBlockOp,
) -> OnShard | None:
    tensor, arch = move.tensor, func.attributes.get("tt.arch")
    if not isinstance(tensor, BlockArgument) or not isinstance(arch, StringAttr):
        return None
    layout = layout_of(func, tensor)
    loop = _work_loop(func, abi, move)
    if loop is None or layout is None or layout.memory.data != Memory.L1 or move.clip is not None:
        return None
    if buffer.block.tile != layout.tile:
        return None
    shape = memref_type(tensor).get_shape()
    pages = prod(layout.dims(len(shape)).pages(shape, layout.tile))
    label = label_of(tensor, f"tensor_{tensor.index}")
    device = Device.at(arch.data, partition)
    where = placement(layout, shape, pages, label, device, func)
    if where.sharding is None:
        return None
    rows, cols = buffer.block.shape
    height, width = where.sharding.shard[-2:]
    even = all(p % s == 0 for p, s in zip(where.sharding.pages, where.sharding.shard, strict=True))
    # A block is a run of pages: whole rows of the shard, or a part of one row.
    run = (cols == width and height % rows == 0) or (rows == 1 and width % cols == 0)
    if not even or not run:
        return None
    arguments = _arguments(func, abi, partition)
    if not _in_order(move, loop, where, arguments, rows * cols):
        return None
    tensors = [arg for arg in func.args if isinstance(arg.type, MemRefType)]
    return OnShard(tensors.index(tensor), label, where.sharding.volume, move)


def _work_loop(func: FuncOp, abi: AbiAttr, op: Operation) -> scf.ForOp | None:
    """The loop over the core's work, if an operation stands directly in it."""
    loop = op.parent_op()
    if not isinstance(loop, scf.ForOp) or loop.parent is not func.body.block:
        return None
    counts = [
        arg
        for arg, entry in zip(_scalars(func), _entries(abi), strict=True)
        if entry == ArgKind.COUNT
    ]
    steps = constant_value(loop.lb), constant_value(loop.step)
    return loop if loop.ub in counts and steps == (0, 1) else None


def _scalars(func: FuncOp) -> list[BlockArgument]:
    return [arg for arg in func.args if not isinstance(arg.type, MemRefType)]


def _entries(abi: AbiAttr) -> list[ArgKind]:
    """Kinds of the runtime arguments that are no addresses: those of `_scalars`, in order."""
    kinds = [ArgKind(arg.kind.data) for arg in abi.args]
    return [kind for kind in kinds if kind is not ArgKind.ADDRESS]


_CoreArguments = list[tuple[tuple[int, int], dict[SSAValue, int], int]]


def _arguments(func: FuncOp, abi: AbiAttr, partition: PartitionAttr) -> _CoreArguments:
    """(core, what is known of the function's arguments there, blocks it does), core by core."""
    zeros = [0] * len(abi.args)
    words = {a.value.data: 0 for a in abi.args if a.kind.data == ArgKind.SCALAR}
    kinds = [ArgKind(arg.kind.data) for arg in abi.args]
    rows: _CoreArguments = []
    for core, values in core_arguments(abi, partition, zeros, words):
        given = [(k, v) for k, v in zip(kinds, values, strict=True) if k is not ArgKind.ADDRESS]
        known: dict[SSAValue, int] = {
            arg: value
            for arg, (kind, value) in zip(_scalars(func), given, strict=True)
            if kind is not ArgKind.SCALAR
        }
        count = next(value for kind, value in given if kind is ArgKind.COUNT)
        rows.append((core, known, count))
    return rows


def _in_order(
    move: noc.LoadBlockOp | noc.StoreBlockOp,
    loop: scf.ForOp,
    where: Placement,
    arguments: _CoreArguments,
    pages: int,
) -> bool:
    """Whether block i of every core is pages [i * pages, (i + 1) * pages) of the core's own shard.

    Blocks are runs of pages of a shard: the first page says where all of them are.
    """
    assert where.sharding is not None
    for core, known, count in arguments:
        if count * pages > where.sharding.volume:
            return False
        for number in range(count):
            now = {**known, loop.body.block.args[0]: number}
            place = [value_at(index, now) for index in move.indices]
            first = _page(place, where.sharding.pages)
            if first is None:
                return False
            bank, offset = where.place(first)
            if where.cores[bank] != core or offset != number * pages:
                return False
    return True


def _page(place: Sequence[int | None], extents: Sequence[int]) -> int | None:
    """Number of the page at a place of the page grid; None if it is not known or not inside."""
    known = [index for index in place if index is not None]
    if len(known) != len(extents) or len(place) != len(extents):
        return None
    inside = all(0 <= i < extent for i, extent in zip(known, extents, strict=True))
    return flatten(tuple(known), tuple(extents)) if inside else None


def value_at(value: SSAValue, known: Mapping[SSAValue, int]) -> int | None:
    """An index where some values are known; None where it depends on anything else."""
    if value in known:
        return known[value]
    if (constant := constant_value(value)) is not None:
        return constant
    owner = value.owner
    if isinstance(owner, Block):
        return None
    if isinstance(owner, arith.IndexCastOp):
        return value_at(owner.operands[0], known)
    if type(owner) not in RANGES:
        return None
    a, b = (value_at(operand, known) for operand in owner.operands)
    if a is None or b is None:
        return None
    found = combined(owner, Range(a, a), Range(b, b))
    return found.low if found is not None and found.low == found.high else None
