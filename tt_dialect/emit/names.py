"""What kernels and host must name alike: buffers, accessors and their order, the source file."""

from __future__ import annotations

from typing import cast

from xdsl.ir import OpResult

from tt_dialect.arch import get_arch
from tt_dialect.diagnostics import error_at, location_of
from tt_dialect.ir import cb, noc
from tt_dialect.ir.program import ArgKind, ProgramOp, TensorAttr, ThreadOp


def program_of(thread: ThreadOp) -> ProgramOp:
    """The program around a thread."""
    return cast(ProgramOp, thread.parent_op())


def allocs_of(program: ProgramOp) -> list[cb.AllocOp]:
    """The circular buffers of a program, in order."""
    return [op for op in program.body.block.ops if isinstance(op, cb.AllocOp)]


def buffers_of(thread: ThreadOp) -> list[cb.AllocOp]:
    """The circular buffers a thread touches, in the program's order."""
    used = {operand for op in thread.walk() for operand in op.operands}
    return [alloc for alloc in allocs_of(program_of(thread)) if alloc.cb in used]


def semaphores_of(thread: ThreadOp) -> list[noc.SemaphoreOp]:
    """The semaphores a thread uses, in the program's order."""
    used = {operand for op in thread.walk() for operand in op.operands}
    ops = program_of(thread).body.block.ops
    return [op for op in ops if isinstance(op, noc.SemaphoreOp) and op.semaphore in used]


def tensors_of(thread: ThreadOp) -> list[list[noc.AccessorOp]]:
    """The accessors of a thread, grouped by tensor, in order of first appearance."""
    groups: dict[int, list[noc.AccessorOp]] = {}
    for op in thread.walk():
        if isinstance(op, noc.AccessorOp):
            groups.setdefault(tensor_number(program_of(thread), op), []).append(op)
    return list(groups.values())


def tensor_number(program: ProgramOp, op: noc.AccessorOp) -> int:
    """The tensor parameter an accessor reaches: its base is that tensor's address argument."""
    owner = op.tensor.owner if isinstance(op.tensor, OpResult) else None
    if isinstance(owner, noc.RuntimeArgOp) and owner.index.value.data < len(program.abi.args):
        entry = program.abi.args.data[owner.index.value.data]
        if entry.kind.data == ArgKind.ADDRESS:
            return entry.value.data
    raise error_at(op, "an accessor needs the address argument of a tensor as its base")


def accessor_tensor(program: ProgramOp, op: noc.AccessorOp) -> TensorAttr:
    """The tensor parameter an accessor reaches."""
    return program.tensors.data[tensor_number(program, op)]


def accessor_label(program: ProgramOp, op: noc.AccessorOp) -> str:
    """The kernel's name for the tensor an accessor reaches."""
    return accessor_tensor(program, op).label.data


def source_name(program: ProgramOp) -> str:
    """The file a kernel comes from, without its directory; "" when unknown."""
    places = (location_of(op) for op in program.walk())
    first = next((place for place in places if place is not None), None)
    return base_name(first.file) if first is not None else ""


def title_of(program: ProgramOp, text: str) -> str:
    """The first comment of a file: what it is, where it comes from, what nobody has checked."""
    origin = source_name(program)
    title = f"// {program.sym_name.data}: {text}"
    if origin:
        title += f"; from {origin}"
    if not get_arch(program.arch.data).simulated:
        title += f"; UNVERIFIED: programs for {program.arch.data} are never executed"
    return title


def base_name(path: str) -> str:
    """The last component of a path of any system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def program_semaphores(program: ProgramOp) -> list[noc.SemaphoreOp]:
    """The semaphores of a program, in order."""
    return [op for op in program.body.block.ops if isinstance(op, noc.SemaphoreOp)]


def kernel_files(program: ProgramOp) -> dict[ThreadOp, str]:
    """The file each thread is printed to: by role, numbered where a role has several threads."""
    files: dict[ThreadOp, str] = {}
    counts: dict[str, int] = {}
    for thread in program.threads:
        role = thread.role.data
        counts[role] = counts.get(role, 0) + 1
        number = "" if counts[role] == 1 else f"_{counts[role]}"
        files[thread] = f"kernels/{role}{number}.cpp"
    return files
