"""Prints the TILE program of a kernel as plain loops over floats, to compare the device with."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from math import prod

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    IntegerType,
    MemRefType,
    StringAttr,
    bf16,
    f16,
    f32,
    i32,
    i64,
)
from xdsl.dialects.linalg import ops as linalg
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)
from xdsl.utils.hints import isa

from tt_dialect.analysis.access import kept_dims
from tt_dialect.analysis.bounds import overhangs
from tt_dialect.analysis.naming import name_of
from tt_dialect.diagnostics import error_at, location_of
from tt_dialect.emit.cpp import CPP_RESERVED, Expr, Lines, Names, Precedence, add, binary, mul
from tt_dialect.emit.expressions import unsupported
from tt_dialect.emit.host_elements import FUNCTIONS, HOST_TYPES, INDEX, SIXTEEN, HostValues, is_in
from tt_dialect.emit.names import base_name

__all__ = ["HOST_TYPES", "SCALAR_HOST_TYPES", "Reference", "View", "print_reference"]

SCALAR_HOST_TYPES: dict[Attribute, str] = {
    f32: "float",
    bf16: "float",
    f16: "float",
    i32: "int32_t",
    i64: "int64_t",
}
"""Types of scalar parameters on the host."""

TITLE = "// The kernel as plain loops over floats, to compare the device with."
SWAPPABLE = "bugprone-easily-swappable-parameters"

ZERO = Expr("0")

PLACE_COLUMNS = 40
"""The place of a region in its tensor has a name if it is longer."""


_LOOPS = "ijklmnpq"
"""Names of loops by dimension."""


@dataclass(frozen=True)
class View:
    """A region of a flat buffer: one offset and stride per buffer dimension, and which of them the
    view's own dimensions walk along."""

    buffer: str
    strides: tuple[int, ...]
    offsets: tuple[Expr, ...]
    dims: tuple[int, ...]
    shape: tuple[int, ...]
    start: Expr = ZERO
    """What is added to every place."""
    limits: tuple[tuple[int, Expr, int], ...] = ()
    """(dimension of the view, where it starts, extent) where it may reach beyond the buffer."""

    @classmethod
    def whole(cls, buffer: str, shape: Sequence[int]) -> View:
        """All of a row-major buffer."""
        strides = tuple(prod(shape[d + 1 :]) for d in range(len(shape)))
        return cls(buffer, strides, (ZERO,) * len(shape), tuple(range(len(shape))), tuple(shape))

    def element(self, indices: Sequence[Expr]) -> Expr:
        """The element at these indices of the view."""
        places = list(self.offsets)
        for dim, index in zip(self.dims, indices, strict=True):
            places[dim] = add(places[dim], index)
        return Expr(f"{self.buffer}[{self._position(places).text}]")

    def inside(self, indices: Sequence[Expr]) -> Expr | None:
        """Whether an element is in the buffer; None if every one is."""
        conditions = [
            binary("<", Precedence.RELATIONAL, add(start, indices[dim]), Expr(str(extent)))
            for dim, start, extent in self.limits
        ]
        if not conditions:
            return None
        return reduce(lambda a, b: binary("&&", Precedence.AND, a, b), conditions)

    def read(self, indices: Sequence[Expr]) -> Expr:
        """The value of an element: zero outside of the buffer."""
        element, inside = self.element(indices), self.inside(indices)
        if inside is None:
            return element
        leaves = element.leaves + inside.leaves
        text = f"{inside.text} ? {element.text} : 0.0f"
        return Expr(text, Precedence.CONDITIONAL, leaves=leaves)

    @property
    def origin(self) -> Expr:
        """The place of the first element."""
        return self._position(self.offsets)

    def at(self, origin: Expr) -> View:
        """The same view, with its origin spelled like this."""
        return replace(self, start=origin, offsets=(ZERO,) * len(self.offsets))

    def _position(self, places: Sequence[Expr]) -> Expr:
        position = self.start
        for place, stride in zip(places, self.strides, strict=True):
            position = add(position, mul(place, Expr(str(stride))))
        return position


@dataclass(frozen=True)
class Reference:
    """The reference function: its name, its text, and whether it needs `<algorithm>`."""

    name: str
    text: str
    uses_algorithm: bool


def print_reference(kernel: func.FuncOp, written: Sequence[bool]) -> Reference:
    """`void <kernel>_reference(...)`: inputs by const reference, written tensors by reference.

    `written` has an entry for each parameter; scalars are passed by value.
    """
    return _ReferencePrinter(kernel, written).print()


class _ReferencePrinter:
    def __init__(self, kernel: func.FuncOp, written: Sequence[bool]):
        self.kernel = kernel
        self.written = written
        self.lines = Lines()
        self.names = Names([*CPP_RESERVED, *FUNCTIONS])
        self.values = HostValues(self.lines, self.names, self.source_comment)
        self.views: dict[SSAValue, View] = {}
        self.place = ""
        self.in_body = False

    def print(self) -> Reference:
        """The function with its title comment."""
        name = self.names.fresh(f"{self.kernel.sym_name.data}_reference")
        parameters: list[str] = []
        for arg, label, is_written in zip(
            self.kernel.body.block.args, argument_names(self.kernel), self.written, strict=True
        ):
            parameter = self.names.fresh(label)
            if not isa(arg.type, MemRefType):
                if arg.type not in SCALAR_HOST_TYPES:
                    raise error_at(arg, f"a parameter of type {arg.type} has no host reference")
                self.values.bind(arg, parameter)
                parameters.append(f"{SCALAR_HOST_TYPES[arg.type]} {parameter}")
                continue
            self.views[arg] = View.whole(parameter, arg.type.get_shape())
            const = "" if is_written else "const "
            parameters.append(f"{const}std::vector<float>& {parameter}")
        self.lines.call(name, parameters, before="void ", after=" {")
        with self.lines.continued():
            self.print_block(self.kernel.body.block)
        functions = [text for name, text in FUNCTIONS.items() if name in self.values.functions]
        text = f"{_unlinted(functions)}\n" if functions else ""
        body = self.lines.text()
        if len(parameters) > 1:  # they are the kernel's own, in its order
            body = _unlinted([body])
        text = f"{text}{TITLE}\n{body}"
        return Reference(name, text, self.values.uses_algorithm)

    # ---- statements ----

    def print_block(self, block: Block) -> None:
        for op in block.ops:
            self.print_op(op)

    def print_op(self, op: Operation) -> None:
        match op:
            case scf.YieldOp() | scf.ReduceOp() | func.ReturnOp():
                pass
            case memref.AllocOp():
                self.print_alloc(op)
            case memref.SubviewOp():
                self.print_subview(op)
            case scf.ParallelOp():
                self.print_parallel(op)
            case scf.ForOp():
                self.print_for(op)
            case scf.IfOp():
                self.print_if(op)
            case linalg.FillOp():
                self.print_fill(op)
            case linalg.CopyOp():
                self.print_copy(op)
            case linalg.GenericOp():
                self.print_generic(op)
            case memref.LoadOp():
                self.print_load(op)
            case memref.StoreOp():
                self.print_store(op)
            case _ if self.values.visit(op):
                pass
            case _:
                raise unsupported(op)

    def print_alloc(self, op: memref.AllocOp) -> None:
        label = op.attributes.get("tt.name")
        wish = label.data if isinstance(label, StringAttr) else op.memref.name_hint or "buffer"
        shape = op.memref.type.get_shape()
        name = self.names.fresh(wish)
        self.source_comment(op)
        self.lines.line(f"std::vector<float> {name}({prod(shape)});")
        self.views[op.memref] = View.whole(name, shape)

    def print_parallel(self, op: scf.ParallelOp) -> None:
        self.source_comment(op)
        with ExitStack() as nest:
            nest.enter_context(self.names.scope())
            for arg, *bounds in zip(
                op.body.block.args, op.lowerBound, op.upperBound, op.step, strict=True
            ):
                low, high, step = (self.values[v] for v in bounds)
                name = self.values.name(arg, "i")
                self.values.bind(arg, name)
                nest.enter_context(self.lines.block(_loop(name, low, high, step)))
            self.print_block(op.body.block)

    def print_for(self, op: scf.ForOp) -> None:
        if op.iter_args:
            raise unsupported(op)
        self.source_comment(op)
        low, high, step = (self.values[v] for v in (op.lb, op.ub, op.step))
        with self.names.scope():
            name = self.values.name(op.body.block.args[0], "i")
            self.values.bind(op.body.block.args[0], name)
            with self.lines.block(_loop(name, low, high, step)):
                self.print_block(op.body.block)

    def print_if(self, op: scf.IfOp) -> None:
        if op.results:
            raise unsupported(op)
        self.source_comment(op)
        otherwise = op.false_region.blocks and len(op.false_region.block.ops) > 1
        head = f"if ({self.values[op.cond].text})"
        with self.names.scope(), self.lines.block(head, "} else {" if otherwise else "}"):
            self.print_block(op.true_region.block)
        if otherwise:
            with self.names.scope(), self.lines.continued():
                self.print_block(op.false_region.block)

    def print_fill(self, op: linalg.FillOp) -> None:
        self.source_comment(op)
        (target,) = op.outputs
        view = self.views[target]
        with self.loops(view.shape) as indices, self.guard(view, indices):
            value = self.values.stored(op.inputs[0], _element_type(target))
            self.print_assignment(view.element(indices), "=", value)

    def print_copy(self, op: linalg.CopyOp) -> None:
        self.source_comment(op)
        source, target = self.views[op.inputs[0]], self.views[op.outputs[0]]
        with self.loops(target.shape) as indices, self.guard(target, indices):
            self.print_assignment(target.element(indices), "=", source.read(indices))

    def print_load(self, op: memref.LoadOp) -> None:
        """An element; named if a later store may change it before it is used."""
        self.values.bind(op.res, self.element(op.memref, op.indices))
        if not _is_used_at_once(op):
            self.source_comment(op)
            self.values.declare(op.res)

    def print_store(self, op: memref.StoreOp) -> None:
        target = self.element(op.memref, op.indices)
        self.source_comment(op)
        added = self.added(op.value, target)
        if added is not None:  # a sum over a loop: the machine rounds when it is complete
            self.print_assignment(target, "+=", self.values[added])
        else:
            value = self.values.stored(op.value, _element_type(op.memref))
            self.print_assignment(target, "=", value)

    def element(self, buffer: SSAValue, indices: Sequence[SSAValue]) -> Expr:
        """An element of a buffer, as an lvalue."""
        return self.views[buffer].element([self.values[v] for v in indices])

    def print_generic(self, op: linalg.GenericOp) -> None:
        """A loop per dimension, in order; in a product the last parallel one is innermost, so that
        compilers vectorise it."""
        self.source_comment(op)
        operands = [self.views[v] for v in (*op.inputs, *op.outputs)]
        maps = [m.data for m in op.indexing_maps]
        extents = _extents(op, maps, operands)
        parallel = [
            d for d, kind in enumerate(op.iterator_types) if kind.data is IteratorType.PARALLEL
        ]
        reduced = [d for d in range(len(extents)) if d not in parallel]
        order = list(range(len(extents)))
        if len(parallel) > 1 and len(op.inputs) > 1:
            order = [*parallel[:-1], *reduced, parallel[-1]]
        wishes = [_LOOPS[d] if d < len(_LOOPS) else "i" for d in order]
        with self.loops([extents[d] for d in order], wishes) as indices:
            by_dim = dict(zip(order, indices, strict=True))
            places = [[_affine(op, e, by_dim) for e in m.results] for m in maps]
            count = len(op.inputs)
            elements = [
                view.read(place) if i < count else view.element(place)
                for i, (view, place) in enumerate(zip(operands, places, strict=True))
            ]
            with ExitStack() as guards:
                for view, place in zip(operands[count:], places[count:], strict=True):
                    guards.enter_context(self.guard(view, place))
                self.print_scalar_body(op, elements, by_dim)

    def print_scalar_body(
        self, op: linalg.GenericOp, elements: Sequence[Expr], indices: dict[int, Expr]
    ) -> None:
        """The body on these elements; `indices` are the loops by dimension."""
        self.in_body = True
        body = op.body.block
        several = len(op.outputs) > 1  # the first store must not change what the next one reads
        same: dict[str, list[SSAValue]] = {}
        for arg, element in zip(body.args, elements, strict=True):
            self.values.bind(arg, element)
            same.setdefault(element.text, []).append(arg)
        for args in same.values():
            uses = sum(map(_reads, args))
            if uses > 1 or (several and uses):
                self.values.declare(args[0])
                for arg in args:
                    self.values.bind(arg, self.values[args[0]])
        targets = elements[len(op.inputs) :]
        results = list(zip(op.outputs, targets, _yielded(op), strict=True))
        is_sum = any(kind.data is IteratorType.REDUCTION for kind in op.iterator_types)
        sums = {
            value: added
            for buffer, target, value in results
            if (is_sum or _element_type(buffer) not in SIXTEEN)
            and (added := self.added(value, target)) is not None
        }
        self.values.stored_alone.update(sums.values())
        for scalar in body.ops:
            if isinstance(scalar, linalg.IndexOp):
                self.values.bind(scalar.result, indices[scalar.dim.value.data])
            elif isinstance(scalar, linalg.YieldOp) or any(r in sums for r in scalar.results):
                pass
            elif not self.values.visit(scalar):
                raise unsupported(scalar)
        if several:
            for value in dict.fromkeys(v for _, _, v in results):
                if value not in sums and not isinstance(value.owner, Block):
                    self.values.settle(value)
        for buffer, target, value in results:
            if value in sums:
                self.print_assignment(target, "+=", self.values[sums[value]])
            elif is_sum:  # the machine rounds when the reduction is complete
                self.print_assignment(target, "=", self.values[value])
            else:
                stored = self.values.stored(value, _element_type(buffer))
                self.print_assignment(target, "=", stored)
        self.in_body = False

    def added(self, value: SSAValue, target: Expr) -> SSAValue | None:
        """What is added to the target, if the value is their sum and is only stored there."""
        owner = value.owner
        if not isinstance(owner, arith.AddfOp) or not value.has_one_use():
            return None
        for held, other in ((owner.lhs, owner.rhs), (owner.rhs, owner.lhs)):
            if held in self.values and self.values[held].text == target.text:
                return other
        return None

    def print_assignment(self, target: Expr, sign: str, value: Expr) -> None:
        """`target = value;`, broken after the sign where it is too long."""
        if sign == "=":
            self.lines.declare(target.text, value.text)
        elif self.lines.fits(f"{target.text} {sign} {value.text};"):
            self.lines.line(f"{target.text} {sign} {value.text};")
        else:
            self.lines.line(f"{target.text} {sign}")
            self.lines.line(f"    {value.text};")

    # ---- pieces ----

    @contextmanager
    def guard(self, view: View, indices: Sequence[Expr]) -> Generator[None]:
        """What is inside runs where this element is in its buffer: other stores are dropped."""
        inside = view.inside(indices)
        if inside is None:
            yield
            return
        with self.names.scope(), self.lines.block(f"if ({inside.text})"):
            yield

    def loops(self, extents: Sequence[int], wishes: Sequence[str] = _LOOPS) -> _LoopNest:
        """A nest of counted loops, with a name wished for each."""
        return _LoopNest(self.lines, self.names, extents, wishes)

    def subview(self, op: memref.SubviewOp) -> View:
        """A region of a view; dimensions of extent 1 that the result lacks are dropped."""
        source = self.views[op.source]
        offsets = _mixed(op.static_offsets, [self.values[v] for v in op.offsets])
        sizes = [int(e.text) for e in _mixed(op.static_sizes, [self.values[v] for v in op.sizes])]
        strides = _mixed(op.static_strides, [self.values[v] for v in op.strides])
        if any(s.text != "1" for s in strides):
            raise error_at(op, "a strided region has no host reference")
        places = list(source.offsets)
        for dim, offset in zip(source.dims, offsets, strict=True):
            places[dim] = add(places[dim], offset)
        kept = kept_dims(sizes, op.result.type.get_shape())
        limits = tuple(
            (dim, offsets[k], source.shape[k]) for dim, k in enumerate(kept) if overhangs(op, k)
        )
        return View(
            source.buffer,
            source.strides,
            tuple(places),
            tuple(source.dims[k] for k in kept),
            tuple(sizes[k] for k in kept),
            limits=limits,
        )

    def print_subview(self, op: memref.SubviewOp) -> None:
        """Nothing, or the place where the region starts if that is long."""
        view = self.subview(op)
        if len(view.origin.text) > PLACE_COLUMNS and op.result.uses:
            self.source_comment(op)
            for place in op.offsets:
                if not self.lines.fits(f"    {view.origin.text};") and is_in(place, op.parent):
                    self.values.settle(place)
                    view = self.subview(op)
            name = self.names.fresh(f"{view.buffer}_start")
            self.lines.declare(f"const {INDEX} {name}", view.origin.text)
            view = view.at(Expr(name))
        self.views[op.result] = view

    def source_comment(self, op: Operation) -> None:
        """Names the source line where it changes, outside of loop bodies."""
        if self.in_body:
            return
        location = location_of(op)
        place = f"{base_name(location.file)}:{location.line}" if location is not None else ""
        if place and place != self.place:
            self.lines.blank()
            self.lines.line(f"// {place}")
            self.place = place


class _LoopNest(ExitStack):
    """Enters one loop per extent and yields the index expressions."""

    def __init__(self, lines: Lines, names: Names, extents: Sequence[int], wishes: Sequence[str]):
        super().__init__()
        self.printed = (lines, names, extents, wishes)

    def __enter__(self) -> list[Expr]:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().__enter__()
        lines, names, extents, wishes = self.printed
        self.enter_context(names.scope())
        indices: list[Expr] = []
        for wish, extent in zip(wishes, extents, strict=False):
            name = names.fresh(wish)
            self.enter_context(lines.block(_loop(name, ZERO, Expr(str(extent)), Expr("1"))))
            indices.append(Expr(name))
        return indices


def _reads(value: SSAValue) -> int:
    """How often the text of a value will be printed; conversions to a wider format have none."""
    return sum(
        _reads(use.operation.result) if isinstance(use.operation, arith.ExtFOp) else 1
        for use in value.uses
    )


def _unlinted(functions: Sequence[str]) -> str:
    """Functions whose parameters have one type."""
    text = "\n".join(functions)
    return f"// NOLINTBEGIN({SWAPPABLE})\n{text}// NOLINTEND({SWAPPABLE})\n"


def _element_type(buffer: SSAValue) -> Attribute:
    assert isa(buffer.type, MemRefType)
    return buffer.type.element_type


def _yielded(op: linalg.GenericOp) -> Sequence[SSAValue]:
    terminator = op.body.block.last_op
    assert isinstance(terminator, linalg.YieldOp)
    return terminator.arguments


def _is_used_at_once(op: memref.LoadOp) -> bool:
    """Whether nothing but a last store follows a load that is read once."""
    use = op.res.get_user_of_unique_use()
    if use is None or use.parent is not op.parent:
        return False
    effects = 0
    following = op.next_op
    while following is not None:
        if following.regions:
            return False
        effects += isinstance(following, memref.StoreOp)
        following = following.next_op
    return effects <= 1


def argument_names(kernel: func.FuncOp) -> list[str]:
    """The names of a kernel's parameters."""
    return [name_of(arg, f"arg{arg.index}") for arg in kernel.body.block.args]


def _loop(name: str, low: Expr, high: Expr, step: Expr) -> str:
    advance = f"++{name}" if step.text == "1" else f"{name} += {step.text}"
    return f"for ({INDEX} {name} = {low.text}; {name} < {high.text}; {advance})"


def _mixed(static: DenseArrayBase[IntegerType], dynamic: Sequence[Expr]) -> list[Expr]:
    values = iter(dynamic)
    return [next(values) if v == DYNAMIC_INDEX else Expr(str(v)) for v in static.get_values()]


def _extents(op: linalg.GenericOp, maps: Sequence[AffineMap], views: Sequence[View]) -> list[int]:
    found: dict[int, int] = {}
    for affine_map, view in zip(maps, views, strict=True):
        for expr, extent in zip(affine_map.results, view.shape, strict=True):
            if isinstance(expr, AffineDimExpr):
                found.setdefault(expr.position, extent)
    if len(found) != len(op.iterator_types):
        raise error_at(op, "a loop extent does not follow from the operands")
    return [found[d] for d in range(len(found))]


def _affine(op: Operation, expr: AffineExpr, dims: dict[int, Expr]) -> Expr:
    match expr:
        case AffineDimExpr():
            return dims[expr.position]
        case AffineConstantExpr():
            return Expr(str(expr.value))
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Add):
            return add(_affine(op, expr.lhs, dims), _affine(op, expr.rhs, dims))
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Mul):
            return mul(_affine(op, expr.lhs, dims), _affine(op, expr.rhs, dims))
        case _:
            raise error_at(op, f"the index {expr} has no host reference")
