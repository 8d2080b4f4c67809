"""Turns regions of IR into Python source, once, so that running them costs no interpretation.

A `Compiler` holds a table from operation class to the function that writes its Python. Scalar
arithmetic and structured control flow are the same at every level and live here; each level adds
the operations it knows. What is not in the table is a located error.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    FloatAttr,
    IntegerAttr,
    MemRefType,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

from tt_dialect.diagnostics import CompileError, error_at
from tt_dialect.run.numerics import Format, round_to

Handler: TypeAlias = Callable[[Any, Any], None]
"""Writes one operation: (compiler, operation). Subclasses of `Compiler` have their own."""

_FORMATS: dict[type[Attribute], Format] = {
    BFloat16Type: Format.BF16,
    Float16Type: Format.FP16,
    Float32Type: Format.FP32,
}


def format_of(element: Attribute, subject: Operation | SSAValue) -> Format:
    """The format of an element type; a located error if it has none."""
    fmt = _FORMATS.get(type(element))
    if fmt is None:
        raise error_at(
            subject, f"element type {element} cannot be executed", "bf16, f16 and f32 can"
        )
    return fmt


def memref_type(value: SSAValue) -> MemRefType[Attribute] | None:
    """The type of a value that is a memref."""
    return value.type if isa(value.type, MemRefType) else None


class Compiler:
    """Writes one Python function from the blocks of a region."""

    def __init__(self, handlers: Mapping[type[Operation], Handler]):
        self.handlers = handlers
        self.lines: list[str] = []
        self.origins: list[Operation | None] = []
        """The operation each line was written for."""
        self.filename = ""
        self.depth = 1
        self._current: Operation | None = None
        self.names: dict[SSAValue, str] = {}
        self.globals: dict[str, object] = {}
        self._shared: dict[int, str] = {}
        self._used = 0

    # -- text --

    def line(self, text: str) -> None:
        """Appends a statement at the current indentation."""
        self.lines.append("    " * self.depth + text)
        self.origins.append(self._current)

    def prelude(self, text: str) -> None:
        """Puts a statement at the start of the function."""
        self.lines.insert(0, "    " + text)
        self.origins.insert(0, self._current)

    @contextmanager
    def nested(self) -> Generator[None]:
        """Indents what is written inside."""
        self.depth += 1
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.line("pass")
        self.depth -= 1

    def fresh(self, hint: str | None) -> str:
        """A new variable name; the hint is for people who print the source."""
        self._used += 1
        clean = "".join(c if c.isascii() and c.isalnum() else "_" for c in hint or "v")
        return f"{clean}_{self._used}"

    def shared(self, value: object, hint: str) -> str:
        """The name of an object the generated code refers to; one name per object."""
        name = self._shared.get(id(value))
        if name is None:
            name = self._shared[id(value)] = "_" + self.fresh(hint)
            self.globals[name] = value  # keeps the object alive, so its id stays its own
        return name

    # -- values --

    def get(self, value: SSAValue) -> str:
        """The Python expression of a value defined earlier."""
        return self.names[value]

    def many(self, values: Sequence[SSAValue]) -> str:
        """Comma-separated expressions with a trailing comma: the inside of a tuple."""
        return "".join(self.get(v) + ", " for v in values)

    def alias(self, value: SSAValue, expression: str) -> None:
        """Lets a value stand for an expression (a literal, a name)."""
        self.names[value] = expression

    def define(self, value: SSAValue, expression: str | None = None) -> str:
        """Gives a value its own variable, assigned if there is an expression."""
        name = self.names[value] = self.fresh(value.name_hint)
        if expression is not None:
            self.line(f"{name} = {expression}")
        return name

    # -- operations --

    def block(self, block: Block) -> None:
        """Writes the operations of a block."""
        for op in block.ops:
            self.op(op)

    def op(self, op: Operation) -> None:
        """Writes one operation."""
        handler = self.handlers.get(type(op))
        if handler is None:
            raise error_at(op, f"{op.name} cannot be executed here")
        outer, self._current = self._current, op
        handler(self, op)
        self._current = outer

    def finish(self, name: str, parameters: Sequence[str]) -> Callable[..., Any]:
        """Compiles what was written into a function."""
        source = self.source(name, parameters)
        namespace = dict(self.globals)
        self.filename = f"<{name} {id(self)}>"
        exec(compile(source, self.filename, "exec"), namespace)
        return cast(Callable[..., Any], namespace[name])

    def source(self, name: str, parameters: Sequence[str]) -> str:
        """The text of the function."""
        body = "\n".join(self.lines) or "    pass"
        return f"def {name}({', '.join(parameters)}):\n{body}\n"

    def explain(self, error: Exception) -> CompileError | None:
        """An arithmetic or lookup error of the generated code, at the operation it comes from."""
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.filename:
                op = self.origins[trace.tb_lineno - 2]  # line 1 is the def
                return error_at(op, f"{op.name if op else 'the kernel'} fails: {error}")
            trace = trace.tb_next
        return None


@contextmanager
def explained(compilers: Sequence[Compiler]) -> Generator[None]:
    """Turns failures of generated code (a division by zero, say) into located errors."""
    try:
        yield
    except (ArithmeticError, LookupError) as error:
        for compiler in compilers:
            located = compiler.explain(error)
            if located is not None:
                raise located from error
        raise


# -- scalars ---------------------------------------------------------------------------------------

_BINARY: dict[type[Operation], str] = {
    arith.AddiOp: "{} + {}",
    arith.SubiOp: "{} - {}",
    arith.MuliOp: "{} * {}",
    arith.DivUIOp: "{} // {}",
    arith.FloorDivSIOp: "{} // {}",
    arith.RemUIOp: "{} % {}",
    arith.CeilDivUIOp: "-(-({}) // {})",
    arith.CeilDivSIOp: "-(-({}) // {})",
    arith.MinSIOp: "min({}, {})",
    arith.MinUIOp: "min({}, {})",
    arith.MaxSIOp: "max({}, {})",
    arith.MaxUIOp: "max({}, {})",
    arith.AndIOp: "{} & {}",
    arith.OrIOp: "{} | {}",
    arith.XOrIOp: "{} ^ {}",
    arith.ShLIOp: "{} << {}",
    arith.ShRUIOp: "{} >> {}",
}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=")
"""Predicates of arith.cmpi by number; extents and indices are not negative."""
_ORDERED = {"oeq": "==", "ogt": ">", "oge": ">=", "olt": "<", "ole": "<="}
_PREDICATES = (
    "false oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno true"  # by number
).split()


def truncated_division(a: int, b: int) -> int:
    """`arith.divsi`: rounds towards zero."""
    return -(-a // b) if (a < 0) != (b < 0) else a // b


def _constant(c: Compiler, op: arith.ConstantOp) -> None:
    value = op.value
    if isinstance(value, IntegerAttr):
        number = value.value.data
        if value.type == i1:
            number = number != 0
        c.alias(op.result, f"({number})" if number < 0 else str(number))
    elif isinstance(value, FloatAttr):
        c.alias(op.result, c.shared(float(value.value.data), "const"))
    else:
        raise error_at(op, f"constant {value} cannot be executed")


def _binary(c: Compiler, op: Operation) -> None:
    c.define(op.results[0], _BINARY[type(op)].format(*(c.get(v) for v in op.operands)))


def _divsi(c: Compiler, op: arith.DivSIOp) -> None:
    function = c.shared(truncated_division, "divsi")
    c.define(op.result, f"{function}({c.get(op.lhs)}, {c.get(op.rhs)})")


def _remsi(c: Compiler, op: arith.RemSIOp) -> None:
    function = c.shared(truncated_division, "divsi")
    a, b = c.get(op.lhs), c.get(op.rhs)
    c.define(op.result, f"{a} - {function}({a}, {b}) * {b}")


def _compare(c: Compiler, op: arith.CmpiOp) -> None:
    sign = _COMPARISONS[op.predicate.value.data]
    c.define(op.result, f"{c.get(op.lhs)} {sign} {c.get(op.rhs)}")


def _select(c: Compiler, op: arith.SelectOp) -> None:
    c.define(op.result, f"{c.get(op.lhs)} if {c.get(op.cond)} else {c.get(op.rhs)}")


def _same(c: Compiler, op: Operation) -> None:
    c.alias(op.results[0], c.get(op.operands[0]))


def scalar_in(number: float, fmt: Format) -> float:
    """A number rounded once to a format."""
    return float(round_to(np.asarray(number, np.float64), fmt))


def _to_float(c: Compiler, op: arith.SIToFPOp | arith.UIToFPOp | arith.TruncFOp) -> None:
    fmt = c.shared(format_of(op.result.type, op), "format")
    c.define(op.result, f"{c.shared(scalar_in, 'scalar_in')}({c.get(op.input)}, {fmt})")


def _compare_floats(c: Compiler, op: arith.CmpfOp) -> None:
    name = _PREDICATES[op.predicate.value.data]
    lhs, rhs = c.get(op.lhs), c.get(op.rhs)
    if name in _ORDERED:
        text = f"{lhs} {_ORDERED[name]} {rhs}"
    elif name == "une":
        text = f"{lhs} != {rhs}"
    elif name == "uno":
        isnan = c.shared(np.isnan, "isnan")
        text = f"{isnan}({lhs}) | {isnan}({rhs})"
    else:
        raise error_at(op, f"the comparison '{name}' cannot be executed")
    c.define(op.result, text)


def _nothing(_c: Compiler, _op: Operation) -> None:
    pass


# -- control flow ----------------------------------------------------------------------------------


def _for(c: Compiler, op: scf.ForOp) -> None:
    induction, *carried = op.body.block.args
    for arg, init, result in zip(carried, op.iter_args, op.res, strict=True):
        name = c.define(arg, c.get(init))
        c.alias(result, name)
    bounds = ", ".join(c.get(v) for v in (op.lb, op.ub, op.step))
    c.line(f"for {c.define(induction)} in range({bounds}):")
    with c.nested():
        c.block(op.body.block)


def _yield(c: Compiler, op: scf.YieldOp) -> None:
    parent = op.parent_op()
    targets: list[str] = []
    if isinstance(parent, scf.ForOp):
        targets = [c.get(v) for v in parent.body.block.args[1:]]
    elif isinstance(parent, scf.IfOp):
        targets = [c.get(v) for v in parent.output]
    if targets:
        c.line(f"{', '.join(targets)} = {', '.join(c.get(v) for v in op.operands)}")


def _if(c: Compiler, op: scf.IfOp) -> None:
    for result in op.output:
        c.define(result)
    c.line(f"if {c.get(op.cond)}:")
    with c.nested():
        c.block(op.true_region.block)
    if op.false_region.blocks:
        c.line("else:")
        with c.nested():
            c.block(op.false_region.block)


def _parallel(c: Compiler, op: scf.ParallelOp) -> None:
    before = c.depth
    axes = zip(op.body.block.args, op.lowerBound, op.upperBound, op.step, strict=True)
    for arg, low, high, step in axes:
        bounds = ", ".join(c.get(v) for v in (low, high, step))
        c.line(f"for {c.define(arg)} in range({bounds}):")
        c.depth += 1
    c.line("pass")
    c.block(op.body.block)
    c.depth = before


SCALAR: dict[type[Operation], Handler] = {
    arith.ConstantOp: _constant,
    **dict.fromkeys(_BINARY, _binary),
    arith.DivSIOp: _divsi,
    arith.RemSIOp: _remsi,
    arith.CmpiOp: _compare,
    arith.SelectOp: _select,
    arith.IndexCastOp: _same,
    arith.ExtSIOp: _same,
    arith.ExtUIOp: _same,
    arith.SIToFPOp: _to_float,
    arith.UIToFPOp: _to_float,
    arith.TruncFOp: _to_float,
    arith.ExtFOp: _same,
    arith.CmpfOp: _compare_floats,
    scf.ForOp: _for,
    scf.IfOp: _if,
    scf.YieldOp: _yield,
    scf.ParallelOp: _parallel,
    scf.ReduceOp: _nothing,
    memref.DeallocOp: _nothing,
}
"""Index arithmetic and structured control flow."""


def nothing() -> Handler:
    """A handler for operations that say nothing at run time."""
    return _nothing
