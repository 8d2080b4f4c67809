"""Prints the TILE program of a kernel as plain loops over floats, to compare the device with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    BFloat16Type,
    DenseArrayBase,
    Float16Type,
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
from tt_dialect.diagnostics import error_at, location_of
from tt_dialect.emit.cpp import CPP_RESERVED, Expr, Lines, Names, add, mul
from tt_dialect.emit.expressions import Values, unsupported
from tt_dialect.emit.names import base_name

HOST_TYPES: dict[type[Attribute], str] = {BFloat16Type: "bfloat16", Float16Type: "_Float16"}
"""Host storage of the 16-bit formats; everything else is `float`."""

SCALAR_HOST_TYPES: dict[Attribute, str] = {
    f32: "float",
    bf16: "float",
    f16: "float",
    i32: "int32_t",
    i64: "int64_t",
}
"""Types of scalar parameters on the host."""

INDEX = "int64_t"


@dataclass(frozen=True)
class View:
    """A region of a flat buffer: one offset and stride per buffer dimension, and which of them the
    view's own dimensions walk along."""

    buffer: str
    strides: tuple[int, ...]
    offsets: tuple[Expr, ...]
    dims: tuple[int, ...]
    shape: tuple[int, ...]

    @classmethod
    def whole(cls, buffer: str, shape: Sequence[int]) -> View:
        """All of a row-major buffer."""
        strides = tuple(prod(shape[d + 1 :]) for d in range(len(shape)))
        return cls(
            buffer, strides, (Expr("0"),) * len(shape), tuple(range(len(shape))), tuple(shape)
        )

    def element(self, indices: Sequence[Expr]) -> Expr:
        """The element at these indices of the view."""
        places = list(self.offsets)
        for dim, index in zip(self.dims, indices, strict=True):
            places[dim] = add(places[dim], index)
        position = Expr("0")
        for place, stride in zip(places, self.strides, strict=True):
            position = add(position, mul(place, Expr(str(stride))))
        return Expr(f"{self.buffer}[{position.text}]")


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
        self.names = Names(CPP_RESERVED)
        self.values = Values(
            self.lines,
            self.names,
            index=INDEX,
            signed_index=INDEX,
            before_declaration=self.source_comment,
        )
        self.views: dict[SSAValue, View] = {}
        self.place = ""

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
        self.lines.comment("The kernel as plain loops over floats, to compare the device with.")
        if len(parameters) > 1:  # they are the kernel's own, in its order
            self.lines.line("// NOLINTBEGIN(bugprone-easily-swappable-parameters)")
        self.lines.call(name, parameters, before="void ", after=" {")
        with self.lines.continued():
            self.print_block(self.kernel.body.block)
        if len(parameters) > 1:
            self.lines.line("// NOLINTEND(bugprone-easily-swappable-parameters)")
        return Reference(name, self.lines.text(), self.values.uses_algorithm)

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
                self.views[op.result] = self.subview(op)
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
                element = self.element(op.memref, op.indices)
                self.source_comment(op)
                self.lines.declare(element.text, self.values[op.value].text)
            case arith.TruncFOp():
                self.values.bind(op.result, self.rounded(op))
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
        view = self.views[op.outputs[0]]
        with self.loops(view.shape) as indices:
            self.lines.declare(view.element(indices).text, self.values[op.inputs[0]].text)

    def print_copy(self, op: linalg.CopyOp) -> None:
        self.source_comment(op)
        source, target = self.views[op.inputs[0]], self.views[op.outputs[0]]
        with self.loops(target.shape) as indices:
            self.lines.declare(target.element(indices).text, source.element(indices).text)

    def print_load(self, op: memref.LoadOp) -> None:
        """A value as it is now: a later store must not change it."""
        self.source_comment(op)
        name = self.values.name(op.res, "x")
        self.lines.declare(f"const float {name}", self.element(op.memref, op.indices).text)
        self.values.bind(op.res, name)

    def element(self, buffer: SSAValue, indices: Sequence[SSAValue]) -> Expr:
        """An element of a buffer, as an lvalue."""
        return self.views[buffer].element([self.values[v] for v in indices])

    def print_generic(self, op: linalg.GenericOp) -> None:
        """A loop per dimension; the last parallel one innermost, so that compilers vectorise it."""
        self.source_comment(op)
        operands = [self.views[v] for v in (*op.inputs, *op.outputs)]
        maps = [m.data for m in op.indexing_maps]
        extents = _extents(op, maps, operands)
        parallel = [
            d for d, kind in enumerate(op.iterator_types) if kind.data is IteratorType.PARALLEL
        ]
        reduced = [d for d in range(len(extents)) if d not in parallel]
        order = [*parallel[:-1], *reduced, *parallel[-1:]]
        wishes = "".join("ijklmnpq"[d] for d in order)
        with self.loops([extents[d] for d in order], wishes) as indices:
            by_dim = dict(zip(order, indices, strict=True))
            elements = [
                view.element([_affine(op, e, by_dim) for e in m.results])
                for view, m in zip(operands, maps, strict=True)
            ]
            self.print_scalar_body(op, elements, by_dim)

    def print_scalar_body(
        self, op: linalg.GenericOp, elements: Sequence[Expr], indices: dict[int, Expr]
    ) -> None:
        """The body on these elements; `indices` are the loops by dimension."""
        body = op.body.block
        for arg, element in zip(body.args, elements, strict=True):
            self.values.bind(arg, element)
        for scalar in body.ops:
            if isinstance(scalar, arith.TruncFOp):
                self.values.bind(scalar.result, self.rounded(scalar))
            elif isinstance(scalar, linalg.IndexOp):
                self.values.bind(scalar.result, indices[scalar.dim.value.data])
            elif isinstance(scalar, linalg.YieldOp):
                targets = list(zip(body.args, elements, strict=True))[len(op.inputs) :]
                for (arg, target), value in zip(targets, scalar.arguments, strict=True):
                    self.print_update(target, arg, value)
            elif not self.values.visit(scalar, inline=True):
                raise unsupported(scalar)

    def print_update(self, target: Expr, arg: SSAValue, value: SSAValue) -> None:
        """`target = value`, as `+=` where the value is a sum with the target itself."""
        owner = value.owner
        if isinstance(owner, arith.AddfOp) and owner.lhs is arg:
            self.lines.line(f"{target.text} += {self.values[owner.rhs].text};")
        else:
            self.lines.declare(target.text, self.values[value].text)

    # ---- pieces ----

    def rounded(self, op: arith.TruncFOp) -> Expr:
        """The nearest value of a narrower format, as a float."""
        text = self.values[op.input].text
        host = HOST_TYPES.get(type(op.result.type))
        if host is None:
            raise unsupported(op)
        return Expr(f"static_cast<float>(static_cast<{host}>({text}))")

    def loops(self, extents: Sequence[int], wishes: str = "ijklmnpq") -> _LoopNest:
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
        return View(
            source.buffer,
            source.strides,
            tuple(places),
            tuple(source.dims[k] for k in kept),
            tuple(sizes[k] for k in kept),
        )

    def source_comment(self, op: Operation) -> None:
        """Names the source line where it changes."""
        location = location_of(op)
        place = f"{base_name(location.file)}:{location.line}" if location is not None else ""
        if place and place != self.place:
            self.lines.blank()
            self.lines.line(f"// {place}")
            self.place = place


class _LoopNest(ExitStack):
    """Enters one loop per extent and yields the index expressions."""

    def __init__(self, lines: Lines, names: Names, extents: Sequence[int], wishes: str):
        super().__init__()
        self.printed = (lines, names, extents, wishes)

    def __enter__(self) -> list[Expr]:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().__enter__()
        lines, names, extents, wishes = self.printed
        self.enter_context(names.scope())
        indices: list[Expr] = []
        for wish, extent in zip(wishes, extents, strict=False):
            name = names.fresh(wish)
            self.enter_context(lines.block(_loop(name, Expr("0"), Expr(str(extent)), Expr("1"))))
            indices.append(Expr(name))
        return indices


def argument_names(kernel: func.FuncOp) -> list[str]:
    """The names of a kernel's parameters."""
    names: list[str] = []
    for number, arg in enumerate(kernel.body.block.args):
        label = None
        if kernel.arg_attrs is not None:
            label = kernel.arg_attrs.data[number].data.get("tt.name")
        default = arg.name_hint or f"arg{number}"
        names.append(label.data if isinstance(label, StringAttr) else default)
    return names


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
