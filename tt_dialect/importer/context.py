"""What one kernel's translation carries: where to insert, what variables mean, what is declared."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    AnyFloat,
    FileLineColLoc,
    FloatAttr,
    IndexType,
    IntAttr,
    IntegerAttr,
    StringAttr,
)
from xdsl.ir import Block, Operation, Region, SSAValue

from tt_dialect.diagnostics import CompileError, Location, error_at
from tt_dialect.importer import schema
from tt_dialect.importer.graph import Node

OperationT = TypeVar("OperationT", bound=Operation)


@dataclass(frozen=True)
class Index:
    """An index value: a constant or an SSA value, with bounds where they are known (inclusive)."""

    value: int | SSAValue
    low: int | None
    high: int | None

    @staticmethod
    def constant(value: int) -> Index:
        """A value known now."""
        return Index(value, value, value)


@dataclass(frozen=True)
class LoopVar:
    """A variable of the launch grid or of an enclosing loop."""

    index: Index
    start: Index
    sequential: bool
    """Whether it belongs to a loop whose iterations run in order (not to the launch grid)."""


@dataclass(frozen=True)
class Let:
    """A variable bound to an expression, expanded at each use.

    TileLang may bind a variable in front of the loop that defines what the expression reads
    (`T.Persistent`), so a let is a substitution and never a computation at its own place.
    """

    value: Node


@dataclass(frozen=True)
class ThreadVar:
    """A thread coordinate: always bound by TileLang, an error to use."""


@dataclass(frozen=True)
class ParallelVar:
    """A variable of a `T.Parallel` loop, outside of the expressions that are its loop's body."""


@dataclass(frozen=True)
class Scalar:
    """A floating-point parameter of the kernel."""

    value: SSAValue


@dataclass(frozen=True)
class Kept:
    """A let of a `T.Parallel` loop whose values stand in a buffer, one per iteration."""

    buffer: Buffer
    indices: tuple[Node, ...]


Binding: TypeAlias = LoopVar | Let | ThreadVar | ParallelVar | Scalar | Kept


@dataclass(frozen=True)
class Buffer:
    """A declared buffer with its memref."""

    decl: schema.BufferDecl
    name: str
    """The name it goes by in the program, unique in the kernel."""
    shape: tuple[int, ...]
    value: SSAValue

    @property
    def on_chip(self) -> bool:
        """Whether it was allocated in the kernel rather than passed to it."""
        return self.decl.scope != "global"


@dataclass
class _Scope:
    """A block being filled, with the arithmetic already computed in it."""

    block: Block
    is_body: bool = False
    """Whether it runs once per element: what does not depend on the element stays outside."""
    computed: dict[tuple[str, int | SSAValue, int | SSAValue], SSAValue] = field(
        default_factory=dict[tuple[str, int | SSAValue, int | SSAValue], SSAValue]
    )


@dataclass
class KernelContext:
    """State of the translation of one kernel."""

    name: str
    func_location: Location | None
    entry: Block
    bindings: dict[Node, Binding] = field(default_factory=dict[Node, Binding])
    buffers: dict[Node, Buffer] = field(default_factory=dict[Node, Buffer])
    constants: dict[Node, Node] = field(default_factory=dict[Node, Node])
    """`T.alloc_var` variables that are assigned once: what each is, once it is assigned."""
    assigned_once: set[Node] = field(default_factory=set[Node])
    """The `T.alloc_var` variables that stand for an expression and have no memory."""
    reducers: dict[Node, str] = field(default_factory=dict[Node, str])
    """The data variables of `T.alloc_reducer` buffers, with how each combines."""
    user: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    """User annotations (attribute, plain data), in the order they were met."""
    _kernel: Block | None = None
    _statements: list[Location] = field(default_factory=list[Location])
    _scopes: list[_Scope] = field(default_factory=list[_Scope])
    _constants: dict[int, SSAValue] = field(default_factory=dict[int, SSAValue])
    _truths: dict[bool, SSAValue] = field(default_factory=dict[bool, SSAValue])
    _floats: dict[FloatAttr, SSAValue] = field(default_factory=dict[FloatAttr, SSAValue])

    # Names ----------------------------------------------------------------------------------

    def resolved(self, expr: Node) -> Node:
        """An expression, or what the let or the variable assigned once that it names is."""
        binding = self.bindings.get(expr)
        if isinstance(binding, Let):
            return self.resolved(binding.value)
        if expr.kind == "BufferLoad":
            value = self.constants.get(schema.loaded_buffer(expr))
            return expr if value is None else self.resolved(value)
        return expr

    def unique_name(self, name: str) -> str:
        """A buffer's name, numbered if another buffer of the kernel has it already."""
        taken = {buffer.name for buffer in self.buffers.values()}
        candidates = (name, *(f"{name}_{number}" for number in range(1, len(taken) + 1)))
        return next(candidate for candidate in candidates if candidate not in taken)

    # Places ---------------------------------------------------------------------------------

    @property
    def location(self) -> Location | None:
        """The place of the innermost statement that has one."""
        return self._statements[-1] if self._statements else self.func_location

    @contextmanager
    def at(self, node: Node) -> Generator[None]:
        """Work on a statement: what is emitted or reported inside carries its place."""
        place = schema.location(node)
        if place is None:
            yield
            return
        self._statements.append(place)
        try:
            yield
        finally:
            self._statements.pop()

    def error(self, message: str, *notes: str, node: Node | None = None) -> CompileError:
        """An error at a declaration or at the current statement; names the kernel."""
        place = schema.location(node) or self.location
        if place is None:
            return error_at(None, f"in kernel '{self.name}': {message}", *notes)
        return error_at(place, message, *notes, *self._outer_places(place))

    def _outer_places(self, place: Location) -> list[str]:
        """Where in the kernel's own file a place in another file, a library's macro, is used."""
        if self.func_location is None or place.file == self.func_location.file:
            return []
        own = [p for p in self._statements if p.file == self.func_location.file]
        return [f"in kernel '{self.name}', at {(own or [self.func_location])[-1]}"]

    # Emission -------------------------------------------------------------------------------

    def emit(self, op: OperationT) -> OperationT:
        """Append an operation to the current block, at the current place."""
        op.location = location_attr(self.location) or op.location
        self._scopes[-1].block.add_op(op)
        return op

    def enter_kernel(self, block: Block) -> None:
        """Say which block the kernel's buffers are allocated in."""
        self._kernel = block

    def emit_allocation(self, op: OperationT) -> OperationT:
        """Put an allocation in front of the kernel's statements, after the ones already there."""
        block = self._kernel
        if block is None:
            return self.emit(op)
        op.location = location_attr(self.location) or op.location
        following = next((other for other in block.ops if other.name != op.name), None)
        if following is None:
            block.add_op(op)
        else:
            block.insert_op_before(op, following)
        return op

    @contextmanager
    def inside(self, block: Block, *, is_body: bool = False) -> Generator[None]:
        """Fill a block; values computed in it are forgotten afterwards."""
        self._scopes.append(_Scope(block, is_body))
        try:
            yield
        finally:
            self._scopes.pop()

    @contextmanager
    def hoisted(self, *operands: int | SSAValue) -> Generator[None]:
        """Leave the body being filled for a computation none of whose operands is made in it."""
        scope = self._scopes[-1]
        made_here = any(isinstance(o, SSAValue) and _block_of(o) is scope.block for o in operands)
        if not scope.is_body or made_here:
            yield
            return
        self._scopes.pop()
        try:
            yield
        finally:
            self._scopes.append(scope)

    def computed(self, name: str, lhs: int | SSAValue, rhs: int | SSAValue) -> SSAValue | None:
        """The value of an operation that an enclosing block has already computed."""
        for scope in reversed(self._scopes):
            if (name, lhs, rhs) in scope.computed:
                return scope.computed[name, lhs, rhs]
        return None

    def remember(
        self, name: str, lhs: int | SSAValue, rhs: int | SSAValue, value: SSAValue
    ) -> None:
        """Note a computed value for the rest of the current block."""
        self._scopes[-1].computed[name, lhs, rhs] = value

    def ssa(self, index: Index | int) -> SSAValue:
        """An index as an SSA value; constants stand once, at function entry."""
        value = index.value if isinstance(index, Index) else index
        if isinstance(value, SSAValue):
            return value
        if value not in self._constants:
            attr = IntegerAttr(value, IndexType())
            hint = f"c{value}" if value >= 0 else f"cm{-value}"
            self._constants[value] = self._entry_constant(arith.ConstantOp(attr), hint)
        return self._constants[value]

    def float_constant(self, value: float, type_: AnyFloat) -> SSAValue:
        """A floating-point constant, rounded to its type."""
        attr = rounded(value, type_)
        if attr not in self._floats:
            hint = "zero" if value == 0 else "cst"
            self._floats[attr] = self._entry_constant(arith.ConstantOp(attr), hint)
        return self._floats[attr]

    def truth(self, value: bool) -> SSAValue:
        """A constant condition."""
        if value not in self._truths:
            attr = IntegerAttr.from_bool(value)
            self._truths[value] = self._entry_constant(
                arith.ConstantOp(attr), "true" if value else "false"
            )
        return self._truths[value]

    def _entry_constant(self, op: arith.ConstantOp, hint: str) -> SSAValue:
        op.location = location_attr(self.func_location) or op.location
        op.result.name_hint = hint
        self.entry.add_op(op)
        return op.result


def _block_of(value: SSAValue) -> Block | None:
    """The block a value is made in."""
    return value.owner if isinstance(value.owner, Block) else value.owner.parent


def rounded(value: float, type_: AnyFloat) -> FloatAttr:
    """A constant rounded to its format; beyond its range it is infinite, as IEEE 754 says."""
    try:
        return FloatAttr(value, type_)
    except OverflowError:
        return FloatAttr(math.copysign(math.inf, value), type_)


def location_attr(place: Location | None) -> FileLineColLoc | None:
    """A place as the attribute operations carry."""
    if place is None:
        return None
    return FileLineColLoc(StringAttr(place.file), IntAttr(place.line), IntAttr(place.col))


def single_block(arg_types: tuple[IndexType, ...] = ()) -> tuple[Region, Block]:
    """A region of one block."""
    block = Block(arg_types=arg_types)
    return Region(block), block


def name_value(value: SSAValue, name: str) -> None:
    """Let an SSA value carry a name of the kernel, if the name can be printed."""
    if SSAValue.is_valid_name(name):
        value.name_hint = name
