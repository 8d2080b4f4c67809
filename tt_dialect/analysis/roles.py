"""Which thread an operation of a kernel belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from tt_dialect.ir import cb, compute, eltwise, noc
from tt_dialect.ir.program import Role


@dataclass
class BufferRoles:
    """Who fills and who reads a circular buffer."""

    producer: Role = Role.COMPUTE
    consumer: Role = Role.COMPUTE


def buffer_roles(func: Operation) -> dict[SSAValue, BufferRoles]:
    """Roles of every circular buffer: pages read into it make it the reader's, and so on."""
    roles: dict[SSAValue, BufferRoles] = {}
    for op in func.walk():
        match op:
            case cb.AllocOp():
                roles[op.cb] = BufferRoles()
            case cb.WritePtrOp():
                roles[op.cb].producer = Role.READER
            case cb.ReadPtrOp():
                roles[op.cb].consumer = Role.WRITER
            case _:
                pass
    return roles


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
