"""Which thread an operation of a kernel belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from tt_dialect.analysis.regions import operations
from tt_dialect.ir import cb, compute, eltwise, noc
from tt_dialect.ir.program import Role


@dataclass
class BufferRoles:
    """Who fills and who reads a circular buffer."""

    producer: Role = Role.COMPUTE
    consumer: Role = Role.COMPUTE


def buffer_roles(func: Operation) -> dict[SSAValue, BufferRoles]:
    """Roles of every circular buffer: pages read into it make it the reader's, and so on.

    What compute neither makes nor reads in a buffer on a shard the reader and the writer only say
    to be there and to be done with.
    """
    roles: dict[SSAValue, BufferRoles] = {}
    for op in operations(func):
        match op:
            case cb.AllocOp(alias=None):
                roles[op.cb] = BufferRoles()
            case cb.AllocOp():
                made, read = _by_compute(op)
                roles[op.cb] = BufferRoles(
                    Role.COMPUTE if made else Role.READER, Role.COMPUTE if read else Role.WRITER
                )
            case cb.WritePtrOp():
                roles[op.cb].producer = Role.READER
            case cb.ReadPtrOp():
                roles[op.cb].consumer = Role.WRITER
            case _:
                pass
    return roles


def _by_compute(alloc: cb.AllocOp) -> tuple[bool, bool]:
    """(made, read): what compute does with the pages of a buffer."""
    users = [use.operation for use in alloc.cb.uses]
    made = any(isinstance(user, compute.PACKS) for user in users)
    return made, any(type(user) in _READS_PAGES for user in users)


def shards_in_place(func: Operation) -> tuple[set[int], set[int]]:
    """(read, written): tensors, by number, that circular buffers on their shards hold.

    A buffer that nobody fills holds what is there; what is made in one is what is stored.
    """
    read: set[int] = set()
    written: set[int] = set()
    for op in operations(func):
        if isinstance(op, cb.AllocOp) and op.alias is not None:
            fills = (*compute.PACKS, cb.WritePtrOp)
            filled = any(isinstance(use.operation, fills) for use in op.cb.uses)
            (written if filled else read).add(op.alias.value.data)
    return read, written


_READS_PAGES = frozenset(
    [
        compute.CopyBlockOp,
        compute.TransposeTileOp,
        compute.MatmulBlockOp,
        *eltwise.DST_OPS,
    ]
)
_COMPUTE = frozenset([*compute.COMPUTE_OPS, *eltwise.DST_OPS, *eltwise.UNIT_OPS])
_PRODUCER = (cb.ReserveBackOp, cb.PushBackOp)
_CONSUMER = (cb.WaitFrontOp, cb.PopFrontOp)
_READER = (cb.WritePtrOp, noc.ReadPageOp, noc.GenerateTileOp, noc.ReadBarrierOp)
_WRITER = (cb.ReadPtrOp, noc.WritePageOp, noc.WriteBarrierOp, noc.WritesFlushedOp)


def role_of(op: Operation, buffers: Mapping[SSAValue, BufferRoles]) -> Role | None:
    """The role an operation belongs to, None if every thread may run it."""
    if isinstance(op, _PRODUCER):
        return buffers[op.operands[0]].producer
    if isinstance(op, _CONSUMER):
        return buffers[op.operands[0]].consumer
    if isinstance(op, _READER):
        return Role.READER
    if isinstance(op, _WRITER):
        return Role.WRITER
    return Role.COMPUTE if type(op) in _COMPUTE else None
