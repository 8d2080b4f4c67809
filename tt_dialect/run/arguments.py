"""What a kernel takes and gives: tensor parameters, their roles, and each core's arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import IntegerType, StringAttr
from xdsl.dialects.linalg import ops as linalg
from xdsl.ir import Operation, SSAValue

from tt_dialect.analysis.work import core_arguments
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import noc
from tt_dialect.ir.layout import PartitionAttr
from tt_dialect.ir.program import AbiAttr, ArgKind, ProgramOp
from tt_dialect.run.codegen import format_of, memref_type
from tt_dialect.run.numerics import AnyArray, Format


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name for messages, logical shape, format and role.

    A scalar parameter is one without dimensions that is read.
    """

    label: str
    shape: tuple[int, ...]
    format: Format
    read: bool
    written: bool
    integer: bool = False
    """Whether it is an integer scalar; `format` then says nothing."""


@dataclass(frozen=True)
class CoreArguments:
    """A core (x, y) and what a function is called with there, after its tensors."""

    core: tuple[int, int]
    values: tuple[int, ...]


def parameters(op: func.FuncOp | ProgramOp) -> list[Parameter]:
    """The parameters of a kernel that a user gives, in order: not the ABI's of a core function."""
    if isinstance(op, ProgramOp):
        return [
            Parameter(
                t.label.data,
                tuple(v.data for v in t.shape),
                format_of(t.layout.tile.element_type, op),
                t.use.reads,
                t.use.writes,
            )
            for t in op.tensors
        ]
    found: list[Parameter] = []
    for i, arg in enumerate(op.body.block.args):
        kind = memref_type(arg)
        if kind is None and "tt.abi" in op.attributes:
            continue
        label = arg.name_hint or f"parameter {i}"
        if op.arg_attrs is not None:
            named = op.arg_attrs.data[i].data.get("tt.name")
            label = named.data if isinstance(named, StringAttr) else label
        if kind is None:
            integer = isinstance(arg.type, IntegerType)
            fmt = Format.FP32 if integer else format_of(arg.type, op)
            found.append(Parameter(label, (), fmt, True, False, integer))
            continue
        read, written = role(arg)
        fmt = format_of(kind.element_type, op)
        found.append(Parameter(label, kind.get_shape(), fmt, read, written))
    return found


def role(tensor: SSAValue) -> tuple[bool, bool]:
    """(read, written): what the operations that use a tensor, or a view of it, do to it."""
    read = written = False
    for use in tensor.uses:
        r, w = _use(use.operation, use.index)
        read, written = read or r, written or w
    return read, written


def _use(op: Operation, index: int) -> tuple[bool, bool]:
    match op:
        case memref.SubviewOp() | memref.CastOp() | noc.AccessorOp():
            return role(op.results[0])
        case noc.LoadBlockOp() | noc.ReadPageOp():
            return True, False
        case memref.LoadOp():
            return True, False
        case memref.StoreOp():
            return False, True
        case noc.StoreBlockOp() | noc.WritePageOp():
            return False, True
        case linalg.GenericOp():
            if index < len(op.inputs):
                return True, False
            return bool(op.body.block.args[index].uses), True
        case linalg.CopyOp() | linalg.FillOp():
            return (True, False) if index < len(op.inputs) else (False, True)
        case _:
            raise error_at(op, f"{op.name} uses a tensor in a way that cannot be executed")


def check_inputs(
    op: func.FuncOp | ProgramOp, tensors: Sequence[Parameter], inputs: Sequence[AnyArray]
) -> None:
    """The inputs are the parameters that are read, in order, with their shapes."""
    read = [t for t in tensors if t.read]
    names = ", ".join(f"{t.label} {list(t.shape)}" for t in read)
    if len(inputs) != len(read):
        raise error_at(op, f"{len(inputs)} inputs given, the kernel reads {len(read)}", names)
    for t, array in zip(read, inputs, strict=True):
        shape = np.shape(array)
        if shape != t.shape:
            raise error_at(op, f"input {t.label} has shape {list(shape)}, expected {list(t.shape)}")


def function_arguments(op: func.FuncOp) -> list[CoreArguments]:
    """What a function is called with beside its tensors, core by core; one call if no partition."""
    abi, partition = op.attributes.get("tt.abi"), op.attributes.get("tt.partition")
    if not isinstance(abi, AbiAttr) or not isinstance(partition, PartitionAttr):
        return [CoreArguments((0, 0), ())]
    addresses = [arg for arg in abi.args if arg.kind.data == ArgKind.ADDRESS]
    first = len(addresses)  # addresses come first
    return [
        CoreArguments(core, tuple(values[first:]))
        for core, values in core_arguments(abi, partition, [0] * first)
    ]
