"""What a kernel takes and gives: its parameters, their roles, and each core's arguments.

Also the arrays of tensors as the matrices their tiles are cut from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import IntegerType
from xdsl.dialects.linalg import ops as linalg
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.access import layout_of
from tt_dialect.analysis.given import reads_what_it_is_given
from tt_dialect.analysis.naming import name_of
from tt_dialect.analysis.roles import shards_in_place
from tt_dialect.analysis.work import core_arguments
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import noc
from tt_dialect.ir.layout import BufferAttr, PartitionAttr, TileDims, int_tuple
from tt_dialect.ir.program import AbiAttr, ArgAttr, ArgKind, ProgramOp
from tt_dialect.run import numerics
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
    dims: TileDims | None = None
    """The dimensions its tiles lie on; None for scalars, and before a layout says."""
    layout: BufferAttr | None = None
    """Where the tensor lives; None for scalars, and before a layout says."""

    @property
    def scalar(self) -> bool:
        """Whether it is a scalar parameter."""
        return not self.shape

    @property
    def matrix_shape(self) -> tuple[int, ...]:
        """`[outer..., rows, columns]` of the tensor."""
        return self.shape if self.dims is None else self.dims.matrices(self.shape)

    def to_matrices(self, array: AnyArray) -> AnyArray:
        """A tensor's array as `[outer..., rows, columns]`: a view."""
        return array if self.dims is None else matrices(array, self.dims)

    def from_matrices(self, array: AnyArray) -> AnyArray:
        """The inverse of `to_matrices`."""
        return array if self.dims is None else tensor_of(array, self.dims)

    def word(self, value: AnyArray) -> int:
        """The runtime argument that carries a scalar: an integer, or the bits of a float32."""
        if self.integer:
            return int(value)
        return int(numerics.load(np.asarray(value), self.format).view(np.uint32))


def matrices(array: AnyArray, dims: TileDims) -> AnyArray:
    """A tensor as `[outer..., rows, columns]`, a view; an axis that does not exist has extent 1."""
    view = array.transpose(dims.order)
    if dims.row is None:
        view = np.expand_dims(view, -2)
    return np.expand_dims(view, -1) if dims.col is None else view


def tensor_of(array: AnyArray, dims: TileDims) -> AnyArray:
    """The inverse of `matrices`, row-major in memory."""
    if dims.row is None:
        array = array.squeeze(-2)
    if dims.col is None:
        array = array.squeeze(-1)
    return np.ascontiguousarray(array.transpose(np.argsort(dims.order)))


@dataclass(frozen=True)
class CoreArguments:
    """A core (x, y) and what a function is called with there, after its parameters."""

    core: tuple[int, int]
    values: tuple[int, ...]


def parameters(op: func.FuncOp | ProgramOp) -> list[Parameter]:
    """The parameters of a kernel that a user gives, in order: not the ABI's of a core function."""
    if isinstance(op, ProgramOp):
        return _program_parameters(op)
    found: list[Parameter] = []
    read_in_place, written_in_place = shards_in_place(op)
    tensors = 0
    abi = op.attributes.get("tt.abi")
    own = None if not isinstance(abi, AbiAttr) else len(abi.parameters)
    for i, arg in enumerate(op.body.block.args[:own]):
        kind = memref_type(arg)
        label = name_of(arg, f"parameter {i}")
        if kind is None:
            scalar = arg.type
            # The argument of a core function has the type that travels, the table the parameter's.
            if isinstance(abi, AbiAttr):
                scalar = next(a.type.data[0] for a in abi.parameters if _is_scalar(a, i))
            integer = isinstance(scalar, IntegerType)
            fmt = Format.FP32 if integer else format_of(scalar, op)
            found.append(Parameter(label, (), fmt, True, False, integer))
            continue
        read, written = role(arg)
        read, written = read or tensors in read_in_place, written or tensors in written_in_place
        tensors += 1
        fmt = format_of(kind.element_type, op)
        layout = layout_of(op, arg)
        dims = None if layout is None else layout.dims(kind.get_num_dims())
        found.append(
            Parameter(label, kind.get_shape(), fmt, read, written, dims=dims, layout=layout)
        )
    return found


def _is_scalar(entry: ArgAttr, position: int) -> bool:
    return entry.kind.data == ArgKind.SCALAR and entry.value.data == position


def _program_parameters(op: ProgramOp) -> list[Parameter]:
    """Tensors in order, and the scalars of the ABI at their places among them."""
    found = [
        Parameter(
            t.label.data,
            int_tuple(t.shape),
            format_of(t.layout.tile.element_type, op),
            t.use.reads,
            t.use.writes,
            dims=t.layout.dims(len(t.shape)),
            layout=t.layout,
        )
        for t in op.tensors
    ]
    scalars = [arg for arg in op.abi.args if arg.kind.data == ArgKind.SCALAR]
    for arg in sorted(scalars, key=lambda a: a.value.data):
        (kind,) = arg.type
        integer = isinstance(kind, IntegerType)
        fmt = Format.FP32 if integer else format_of(kind, op)
        scalar = Parameter(arg.label.data, (), fmt, True, False, integer)
        found.insert(arg.value.data, scalar)
    return found


def split_scalars(
    given: Sequence[Parameter], inputs: Sequence[AnyArray]
) -> tuple[list[Parameter], list[AnyArray], dict[int, int]]:
    """(tensors, inputs of those that are read, runtime arguments of the scalars by position)."""
    read = [p for p in given if p.read]
    arrays = [array for p, array in zip(read, inputs, strict=True) if not p.scalar]
    return [p for p in given if not p.scalar], arrays, scalar_words(given, inputs)


def scalar_words(given: Sequence[Parameter], inputs: Sequence[AnyArray]) -> dict[int, int]:
    """The runtime argument of every scalar, by position among the parameters."""
    values = iter(inputs)
    words: dict[int, int] = {}
    for position, parameter in enumerate(given):
        value = next(values) if parameter.read else None
        if parameter.scalar and value is not None:
            words[position] = parameter.word(np.asarray(value))
    return words


def role(tensor: SSAValue) -> tuple[bool, bool]:
    """(read, written): what the operations that use a tensor, or a view of it, do to it.

    What a kernel has itself written before is not read in this sense.
    """
    read = written = False
    for use in tensor.uses:
        r, w = _use(use.operation, use.index)
        read, written = read or r, written or w
    if read and written and isinstance(tensor.owner, Block):
        kernel = tensor.owner.parent_op()
        read = kernel is None or reads_what_it_is_given(kernel, tensor)
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
    """What a function is called with after its parameters, core by core.

    One call if there is no partition.
    """
    abi, partition = op.attributes.get("tt.abi"), op.attributes.get("tt.partition")
    if not isinstance(abi, AbiAttr) or not isinstance(partition, PartitionAttr):
        return [CoreArguments((0, 0), ())]
    given = abi.parameters  # they come first
    scalars = {a.value.data: 0 for a in given if a.kind.data == ArgKind.SCALAR}
    return [
        CoreArguments(core, tuple(values[len(given) :]))
        for core, values in core_arguments(abi, partition, [0] * len(given), scalars)
    ]
