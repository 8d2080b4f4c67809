"""Values of the host reference: floats and signed integers, spelled to be read."""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, isfinite, isnan
from typing import cast

from xdsl.dialects import arith, math, memref
from xdsl.dialects.builtin import (
    AnyFloat,
    BFloat16Type,
    Float16Type,
    FloatAttr,
    IntegerType,
)
from xdsl.dialects.linalg import ops as linalg
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue

from tt_dialect.analysis.index import range_of
from tt_dialect.emit.cpp import INDENT, Expr, Lines, Names, Precedence, add, binary
from tt_dialect.emit.expressions import Values, unsupported

HOST_TYPES: dict[type[Attribute], str] = {BFloat16Type: "bfloat16", Float16Type: "_Float16"}
"""Host storage of the 16-bit formats; everything else is `float`."""

SIXTEEN = (BFloat16Type(), Float16Type())

INDEX = "int64_t"

STORED_LEAVES = 8
"""An expression that is only stored is written into the store up to this size."""

_NAMED = "const float x_10 = "
"""About what stands before an expression in its line."""

FUNCTIONS: dict[str, str] = {
    "maximum": """\
// The larger value; NaN if one is.
float maximum(float a, float b) {
    return a > b || std::isnan(a) ? a : b;
}
""",
    "minimum": """\
// The smaller value; NaN if one is.
float minimum(float a, float b) {
    return a < b || std::isnan(a) ? a : b;
}
""",
    "floor_div": """\
// Division that rounds down.
int64_t floor_div(int64_t a, int64_t b) {
    const int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}
""",
}
"""Functions that the reference calls, by name; those it needs are printed before it."""

_CALLS: dict[type[Operation], str] = {
    arith.MaximumfOp: "maximum",
    arith.MinimumfOp: "minimum",
}

_UNORDERED = 14
"""The predicate `uno` of `arith.cmpf`: one of the operands is NaN."""

_KEEP_FORMAT = (
    arith.SelectOp,
    arith.MaximumfOp,
    arith.MinimumfOp,
    arith.NegfOp,
    math.AbsFOp,
)
"""Operations whose result is one of their operands, but for its sign."""

_MONOTONE = (
    arith.AddiOp,
    arith.MuliOp,
    arith.DivSIOp,
    arith.FloorDivSIOp,
    arith.CeilDivSIOp,
    arith.RemSIOp,
    arith.MinSIOp,
    arith.MaxSIOp,
    arith.IndexCastOp,
)
"""Operations that give no negative number if they are given none."""


class HostValues(Values):
    """The C++ expression of each value; what would not fit a line is named, piece by piece."""

    def __init__(self, lines: Lines, names: Names, before_declaration: Callable[[Operation], None]):
        super().__init__(
            lines,
            names,
            index=INDEX,
            signed_index=INDEX,
            before_declaration=before_declaration,
        )
        self.functions: set[str] = set()
        """Names of the `FUNCTIONS` that are called."""
        self.stored_alone: set[SSAValue] = set()
        """Values that are added to what a buffer holds: each has a line for itself."""

    def name(self, value: SSAValue, default: str) -> str:
        """A fresh name after the value's own, else `x` for a float."""
        return super().name(value, "x" if isinstance(value.type, AnyFloat) else default)

    def declare(self, value: SSAValue) -> None:
        """Gives a value a name, for uses after this point."""
        name = self.name(value, "n")
        self._lines.declare(f"const {self._type(value.type)} {name}", self[value].text)
        self.bind(value, name)

    def settle(self, value: SSAValue) -> None:
        """Names a value unless it is a name or a number already."""
        owner = value.owner
        if isinstance(owner, arith.ConstantOp) or self[value].text.isidentifier():
            return
        self.declare(value)

    def stored(self, value: SSAValue, element: Attribute) -> Expr:
        """The value as a buffer of this element type holds it, rounded if it need be."""
        if element not in SIXTEEN or _has_format(value):
            return self[value]
        host = HOST_TYPES[type(element)]
        if not self._lines.fits(f"{' ' * INDENT}{rounded(self[value], host).text};"):
            self.settle(value)
        return rounded(self[value], host)

    def _reads_inline(self, value: OpResult, expr: Expr) -> bool:
        if isinstance(value.op, arith.ConstantOp) or super()._reads_inline(value, expr):
            return True
        return expr.leaves <= STORED_LEAVES and _is_only_stored(value)

    def _expression(self, op: Operation) -> Expr | None:
        expr = self._spelled(op)
        alone = any(r in self.stored_alone or _is_only_stored(r) for r in op.results)
        before = " " * INDENT if alone else _NAMED
        if expr is None or self._lines.fits(f"{before}{expr.text};"):
            return expr
        for value in dict.fromkeys(op.operands):
            if is_in(value, op.parent):
                self.settle(value)
        return self._spelled(op)

    def _spelled(self, op: Operation) -> Expr | None:
        match op:
            case arith.ConstantOp(value=FloatAttr(value=number, type=kind)):
                return literal(number.data, kind)
            case arith.TruncFOp():
                host = HOST_TYPES.get(type(op.result.type))
                if host is None:
                    raise unsupported(op)
                return rounded(self[op.input], host)
            case arith.XOrIOp() if op.result.type == IntegerType(1):
                return self._exclusive(op)
            case arith.FloorDivSIOp() if not _never_negative(op.lhs, op.rhs):
                return self._call("floor_div", self[op.lhs], self[op.rhs])
            case arith.CeilDivSIOp() if not _never_negative(op.lhs, op.rhs):
                # The divisor is a size.
                dividend = binary(
                    "-", Precedence.ADDITIVE, add(self[op.lhs], self[op.rhs]), Expr("1")
                )
                return self._call("floor_div", dividend, self[op.rhs])
            case arith.NegfOp() if self[op.operand].text.startswith("-"):
                return Expr(f"-({self[op.operand].text})", Precedence.UNARY)
            case arith.CmpfOp() if op.lhs is op.rhs and op.predicate.value.data == _UNORDERED:
                return Expr(f"std::isnan({self[op.lhs].text})", leaves=self[op.lhs].leaves)
            case math.RsqrtOp():
                root = Expr(f"std::sqrt({self[op.operand].text})", leaves=self[op.operand].leaves)
                return binary("/", Precedence.MULTIPLICATIVE, Expr("1.0f"), root)
            case _ if type(op) in _CALLS:
                return self._call(_CALLS[type(op)], *(self[v] for v in op.operands))
            case _:
                return super()._expression(op)

    def _exclusive(self, op: arith.XOrIOp) -> Expr:
        for constant, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
            if self[constant].text == "true":
                text = self[other].inside(Precedence.UNARY)
                return Expr(f"!{text}", Precedence.UNARY, leaves=self[other].leaves)
        return binary("!=", Precedence.EQUALITY, self[op.lhs], self[op.rhs])

    def _call(self, function: str, *arguments: Expr) -> Expr:
        self.functions.add(function)
        text = ", ".join(a.text for a in arguments)
        return Expr(f"{function}({text})", leaves=sum(a.leaves for a in arguments))


def _is_only_stored(value: OpResult) -> bool:
    use = value.get_user_of_unique_use()
    return isinstance(use, linalg.YieldOp | memref.StoreOp) and use.parent is value.op.parent


def is_in(value: SSAValue, block: Block | None) -> bool:
    """Whether a block defines a value, so that a name it gets there is known at all its uses."""
    owner = value.owner
    return (owner if isinstance(owner, Block) else owner.parent) is block


def rounded(value: Expr, host: str) -> Expr:
    """The nearest value of a narrower format, as a float."""
    return Expr(f"static_cast<float>(static_cast<{host}>({value.text}))", leaves=value.leaves)


def literal(number: float, kind: Attribute) -> Expr:
    """A number of a format: `0.1f`, `-INFINITY`, `NAN`."""
    value = number
    if not (number.is_integer() and abs(number) <= 256):  # those are exact in every format
        value = _nearest(number, kind)
    if isnan(value):
        return Expr("NAN")
    text = f"{abs(value)!s}f" if isfinite(value) else "INFINITY"
    negative = copysign(1.0, value) < 0
    return Expr(f"-{text}", Precedence.UNARY) if negative else Expr(text)


def _nearest(number: float, kind: Attribute) -> float:
    import ml_dtypes  # here, as most kernels need none of it and NumPy takes long to load
    import numpy as np

    dtype = ml_dtypes.bfloat16 if isinstance(kind, BFloat16Type) else np.float32
    if isinstance(kind, Float16Type):
        dtype = np.float16
    with np.errstate(over="ignore"):
        # As a float32, which prints with no more digits than it has.
        return cast(float, np.float32(np.asarray(number).astype(dtype)))


def _has_format(value: SSAValue) -> bool:
    """Whether a value of a 16-bit type needs no rounding to it."""
    owner = value.owner
    if isinstance(owner, Block):
        return isinstance(owner.parent_op(), linalg.GenericOp)
    if isinstance(owner, _KEEP_FORMAT):
        return all(_has_format(v) for v in owner.operands if isinstance(v.type, AnyFloat))
    return isinstance(owner, arith.ConstantOp | arith.TruncFOp | memref.LoadOp)


def _never_negative(*values: SSAValue) -> bool:
    return all(map(_is_natural, values))


def _is_natural(value: SSAValue) -> bool:
    bounds = range_of(value)
    if bounds is not None:
        return bounds.low >= 0
    owner = value.owner
    if isinstance(owner, _MONOTONE):
        return all(map(_is_natural, owner.operands))
    return isinstance(owner, linalg.IndexOp)
