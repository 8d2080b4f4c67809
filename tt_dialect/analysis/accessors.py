"""What a TensorAccessor of a program stands for: the guard against default-constructed ones.

The compile-time words of an accessor are those of a buffer of the host program. One that is not
bound to such a buffer would be default-constructed: it would find pages where none are.
"""

from __future__ import annotations

from xdsl.ir import OpResult

from tt_dialect.ir import noc
from tt_dialect.ir.program import ArgKind, ProgramOp


def tensor_of_accessor(program: ProgramOp, op: noc.AccessorOp) -> int | None:
    """Number of the tensor whose address argument is the base of an accessor; None without one."""
    owner = op.tensor.owner if isinstance(op.tensor, OpResult) else None
    if not isinstance(owner, noc.RuntimeArgOp):
        return None
    index = owner.index.value.data
    if not 0 <= index < len(program.abi.args):
        return None
    entry = program.abi.args.data[index]
    return entry.value.data if entry.kind.data == ArgKind.ADDRESS else None


def accessor_problem(program: ProgramOp, op: noc.AccessorOp) -> tuple[str, str] | None:
    """(message, hint) if an accessor has no arguments of the buffer it is for; None if it does."""
    number = tensor_of_accessor(program, op)
    if number is None:
        return (
            "an accessor needs the address argument of a tensor as its base",
            "a default-constructed accessor has no arguments: they come from the tensor's buffer",
        )
    if number >= len(program.tensors):
        return (
            f"an accessor of tensor {number}, the program has {len(program.tensors)}",
            "accessor arguments come from the buffer of a tensor",
        )
    tensor, kind = program.tensors.data[number], op.accessor.type
    assert isinstance(kind, noc.AccessorType)
    if kind.layout != tensor.layout or kind.shape != tensor.shape:
        return (
            f"an accessor of tensor '{tensor.label.data}' with another layout or shape",
            "the arguments come from the buffer of the tensor, which has the layout of the tensor",
        )
    return None
