"""Which on-chip vectors stand in a row of their tiles and which in a column.

A buffer of one dimension says nothing about it; its uses do. Read along the rows of a matrix it is
a column vector, along the columns a row vector, and copies and elementwise operations on vectors
keep the form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeAlias

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.ops import CopyOp, GenericOp
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap

from tt_dialect.analysis.access import memref_type, tensor_block
from tt_dialect.analysis.naming import name_of
from tt_dialect.diagnostics import CompileError, error_at, location_of

Form: TypeAlias = Literal["row", "col"]


def vector_forms(func: FuncOp) -> dict[SSAValue, Form]:
    """The form of every vector of a kernel at TILE or CORE: on-chip buffers and views of tensors.

    A vector is a memref of one dimension, or one of whose dimensions only one has more than one
    element. A vector that is never used with a matrix has the form of its shape, (1, n) or (n, 1),
    and is a row where that says nothing. Two uses that disagree are an error at the second.
    """
    found = _Forms()
    for op in func.walk():
        match op:
            case memref.AllocOp():
                found.add(op.memref, op)
            case memref.SubviewOp():
                found.view(op)
            case CopyOp():
                found.link([*op.inputs, *op.outputs], op)
            case GenericOp():
                found.generic(op)
            case _:
                pass
    return found.forms()


def is_vector(value: SSAValue) -> bool:
    """Whether a memref is a vector: of one dimension, or all but one of its extents are one."""
    if not isinstance(value.type, MemRefType):
        return False
    shape = memref_type(value).get_shape()
    return len(shape) == 1 or sum(extent != 1 for extent in shape) == 1


@dataclass
class _Forms:
    """Classes of vectors that have one form, and what said which."""

    vectors: list[SSAValue] = field(default_factory=list[SSAValue])
    parents: dict[object, object] = field(default_factory=dict[object, object])
    said: dict[object, tuple[Form, SSAValue, Operation]] = field(
        default_factory=dict[object, tuple[Form, SSAValue, Operation]]
    )
    """By the root of a class: its form, of which vector, and the operation that demands it."""
    hints: list[tuple[SSAValue, Form]] = field(default_factory=list[tuple[SSAValue, Form]])
    """Forms that shapes suggest."""

    def forms(self) -> dict[SSAValue, Form]:
        """Every vector's form."""
        known: dict[object, Form] = {root: said[0] for root, said in self.said.items()}
        for value, form in self.hints:
            known.setdefault(self._root(value), form)
        return {value: known.get(self._root(value), "row") for value in self.vectors}

    def add(self, value: SSAValue, op: Operation) -> None:
        """Notes a vector; a shape with more than one dimension suggests its form."""
        if value in self.parents or not is_vector(value):
            return
        self.vectors.append(value)
        self.parents[value] = value
        block = tensor_block(value)
        if block is not None and (len(block.extended) == 1 or len(block.kept) == 1):
            # The vectors of a tensor along one dimension are stored in one form.
            dim = block.extended[0] if block.extended else block.kept[0]
            self._join(value, (block.tensor, dim), op)
        shape = memref_type(value).get_shape()
        if len(shape) > 1:
            (long,) = (dim for dim, extent in enumerate(shape) if extent != 1)
            if len(shape) == 2 or long >= len(shape) - 2:
                self.hints.append((value, "col" if long == len(shape) - 2 else "row"))

    def view(self, op: memref.SubviewOp) -> None:
        """A view of a tensor, or of an on-chip vector."""
        self.add(op.result, op)
        if op.source in self.parents and op.result in self.parents:
            self._join(op.result, op.source, op)

    def link(self, values: Sequence[SSAValue], op: Operation) -> None:
        """Vectors with one index have one form."""
        for value in values:
            self.add(value, op)
        vectors = [value for value in values if value in self.parents]
        for first, second in pairwise(vectors):
            self._join(first, second, op)

    def generic(self, op: GenericOp) -> None:
        """Vectors along the rows of the operation's matrix are columns, along its columns rows."""
        operands = [*op.inputs, *op.outputs]
        maps = [m.data for m in op.indexing_maps]
        rows, cols = _matrix_dims(op, operands, maps)
        by_dim: dict[int, list[SSAValue]] = {}
        for value, indexing in zip(operands, maps, strict=True):
            self.add(value, op)
            walked = _walked(value, indexing)
            if value in self.parents and len(walked) == 1:
                by_dim.setdefault(walked[0], []).append(value)
        for dim, vectors in by_dim.items():
            self.link(vectors, op)
            if dim in (rows, cols):
                self.say(vectors[0], "col" if dim == rows else "row", op)

    def say(self, value: SSAValue, form: Form, op: Operation) -> None:
        """Demands a form of a vector."""
        root = self._root(value)
        known = self.said.setdefault(root, (form, value, op))
        if known[0] != form:
            raise _disagreement(known, (form, value, op))

    def _join(self, a: object, b: object, op: Operation) -> None:
        self.parents.setdefault(b, b)
        first, second = self._root(a), self._root(b)
        if first is second:
            return
        one, other = self.said.get(first), self.said.get(second)
        if one is not None and other is not None and one[0] != other[0]:
            raise _disagreement(one, (other[0], other[1], op), other[2])
        self.parents[second] = first
        if other is not None:
            self.said[first] = other

    def _root(self, value: object) -> object:
        while self.parents[value] is not value:
            value = self.parents[value]
        return value


def _matrix_dims(
    op: GenericOp, operands: Sequence[SSAValue], maps: Sequence[AffineMap]
) -> tuple[int | None, int | None]:
    """The loop dimensions that walk along the rows and along the columns of the tiles.

    Tiles are computed where they are written: the result's matrix says which is which, that of an
    input where the result is a vector.
    """
    for value, indexing in reversed(list(zip(operands, maps, strict=True))):
        walked = _walked(value, indexing)
        if len(walked) == 2:
            return walked[0], walked[1]
    return (0, 1) if len(op.iterator_types) == 2 else (None, None)


def _walked(value: SSAValue, indexing: AffineMap) -> list[int]:
    """Loop dimensions along which an operand is walked, in the order of its own dimensions."""
    shape = memref_type(value).get_shape()
    return [
        expr.position
        for expr, extent in zip(indexing.results, shape, strict=True)
        if isinstance(expr, AffineDimExpr) and (extent != 1 or len(shape) == 1)
    ]


_NAMES: dict[Form, str] = {"row": "a row vector", "col": "a column vector"}


def _disagreement(
    known: tuple[Form, SSAValue, Operation],
    asked: tuple[Form, SSAValue, Operation],
    also: Operation | None = None,
) -> CompileError:
    """The error at the second use, with the place of the first and of what the second is from."""
    name, first = label_of_vector(asked[1]), label_of_vector(known[1])
    notes = [f"'{first}' is {_NAMES[known[0]]}{_at(known[2])}"]
    if also is not None:
        notes.append(f"'{name}' is {_NAMES[asked[0]]}{_at(also)}")
    notes.append("use two buffers, each filled from a tensor of its own")
    return error_at(
        asked[2],
        f"'{name}' is {_NAMES[asked[0]]} here, but another use makes it {_NAMES[known[0]]}",
        *notes,
    )


def label_of_vector(value: SSAValue) -> str:
    """The kernel's name for a vector: of its buffer, or of the tensor it is a part of."""
    block = tensor_block(value)
    if block is not None:
        return name_of(block.tensor, "tensor")
    return name_of(value.owner, "vector") if isinstance(value.owner, Operation) else "vector"


def _at(op: Operation) -> str:
    place = location_of(op)
    return "" if place is None else f" at {place}"
