"""Pure values as C++ expressions: read inline where used once nearby, named constants otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, isinf, isnan

from xdsl.dialects import arith, math, scf
from xdsl.dialects.builtin import FloatAttr, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, OpResult, SSAValue

from tt_dialect.analysis.index import range_of
from tt_dialect.diagnostics import error_at
from tt_dialect.emit.cpp import Expr, Lines, Names, Precedence, add, binary

_INLINE_LEAVES = 5
"""Larger expressions get a name; counted in leaves, so that renaming a kernel changes nothing."""


@dataclass(frozen=True)
class Infix:
    """A binary operator."""

    operator: str
    precedence: Precedence


@dataclass(frozen=True)
class Function:
    """A call of operands `{0}`, `{1}`; `{T}` is the index type, `{S}` its signed counterpart."""

    text: str


OPERATORS: dict[type[Operation], Infix | Function] = {
    arith.AddiOp: Infix("+", Precedence.ADDITIVE),
    arith.SubiOp: Infix("-", Precedence.ADDITIVE),
    arith.MuliOp: Infix("*", Precedence.MULTIPLICATIVE),
    arith.DivUIOp: Infix("/", Precedence.MULTIPLICATIVE),
    arith.DivSIOp: Infix("/", Precedence.MULTIPLICATIVE),
    arith.FloorDivSIOp: Infix("/", Precedence.MULTIPLICATIVE),
    arith.RemUIOp: Infix("%", Precedence.MULTIPLICATIVE),
    arith.RemSIOp: Infix("%", Precedence.MULTIPLICATIVE),
    arith.AndIOp: Infix("&", Precedence.BIT_AND),
    arith.OrIOp: Infix("|", Precedence.BIT_OR),
    arith.XOrIOp: Infix("^", Precedence.BIT_XOR),
    arith.ShLIOp: Infix("<<", Precedence.SHIFT),
    arith.ShRUIOp: Infix(">>", Precedence.SHIFT),
    arith.MinSIOp: Function("std::min<{S}>({0}, {1})"),
    arith.MaxSIOp: Function("std::max<{S}>({0}, {1})"),
    arith.MinUIOp: Function("std::min<{T}>({0}, {1})"),
    arith.MaxUIOp: Function("std::max<{T}>({0}, {1})"),
    arith.AddfOp: Infix("+", Precedence.ADDITIVE),
    arith.SubfOp: Infix("-", Precedence.ADDITIVE),
    arith.MulfOp: Infix("*", Precedence.MULTIPLICATIVE),
    arith.DivfOp: Infix("/", Precedence.MULTIPLICATIVE),
    arith.MaximumfOp: Function("std::max({0}, {1})"),
    arith.MinimumfOp: Function("std::min({0}, {1})"),
    arith.MaxnumfOp: Function("std::max({0}, {1})"),
    arith.MinnumfOp: Function("std::min({0}, {1})"),
    math.AbsFOp: Function("std::abs({0})"),
    math.CeilOp: Function("std::ceil({0})"),
    math.CosOp: Function("std::cos({0})"),
    math.ErfOp: Function("std::erf({0})"),
    math.Exp2Op: Function("std::exp2({0})"),
    math.ExpOp: Function("std::exp({0})"),
    math.FloorOp: Function("std::floor({0})"),
    math.Log2Op: Function("std::log2({0})"),
    math.LogOp: Function("std::log({0})"),
    math.PowFOp: Function("std::pow({0}, {1})"),
    math.RoundEvenOp: Function("std::nearbyint({0})"),
    math.RsqrtOp: Function("(1.0f / std::sqrt({0}))"),
    math.SinOp: Function("std::sin({0})"),
    math.SqrtOp: Function("std::sqrt({0})"),
    math.TanhOp: Function("std::tanh({0})"),
    math.TruncOp: Function("std::trunc({0})"),
}
"""On the device `index` holds non-negative values wherever it is divided: `/` is the floor."""

LOGICAL: dict[type[Operation], Infix] = {
    arith.AndIOp: Infix("&&", Precedence.AND),
    arith.OrIOp: Infix("||", Precedence.OR),
    arith.XOrIOp: Infix("!=", Precedence.EQUALITY),
}
"""The same on `i1`: operands have no effects, so short-circuiting changes nothing."""

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=")
"""By `arith.cmpi` predicate; 2 to 5 are signed, 6 to 9 unsigned."""

_ORDERED = {"oeq": "==", "ogt": ">", "oge": ">=", "olt": "<", "ole": "<=", "une": "!="}
_UNORDERED = {"ugt": "<=", "uge": "<", "ult": ">=", "ule": ">"}
"""Comparisons that NaN makes true: the opposite of what it makes false."""
_PREDICATES = (
    "false oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno true"  # by number
).split()


def unsupported(op: Operation) -> Exception:
    """The error for an operation no table row spells."""
    return error_at(
        op,
        f"{op.name} has no C++ spelling",
        "every operation that is printed is a row of tt_dialect/emit/spelling.py",
    )


class Values:
    """The C++ expression of each SSA value that is in scope."""

    def __init__(
        self,
        lines: Lines,
        names: Names,
        *,
        index: str = "uint32_t",
        signed_index: str = "int32_t",
        before_declaration: Callable[[Operation], None] = lambda op: None,
    ):
        self._lines = lines
        self._names = names
        self._index = index
        self._signed = signed_index
        self._before = before_declaration
        self._values: dict[SSAValue, Expr] = {}
        self.uses_algorithm = False

    def bind(self, value: SSAValue, expr: Expr | str) -> None:
        """Says how a value reads."""
        self._values[value] = Expr(expr) if isinstance(expr, str) else expr

    def __contains__(self, value: SSAValue) -> bool:
        return value in self._values

    def __getitem__(self, value: SSAValue) -> Expr:
        if value not in self._values:
            raise error_at(value, "this value has no C++ expression at this level")
        return self._values[value]

    def name(self, value: SSAValue, default: str) -> str:
        """A fresh name after the value's own, or after `default`."""
        return self._names.fresh(value.name_hint or default)

    def visit(self, op: Operation, *, inline: bool = False) -> bool:
        """Takes a pure arithmetic operation; False if it is something else.

        `inline` never names the value (inside expressions of the host reference).
        """
        expr = self._expression(op)
        if expr is None:
            return False
        result = op.results[0]
        if inline or not result.uses or self._reads_inline(result, expr):
            self.bind(result, expr)
        else:
            self._before(op)
            name = self.name(result, "n")
            self._lines.declare(f"const {self._type(result.type)} {name}", expr.text)
            self.bind(result, name)
        return True

    def _type(self, value_type: Attribute) -> str:
        if isinstance(value_type, IndexType):
            return self._index
        if isinstance(value_type, IntegerType):
            return "bool" if value_type == IntegerType(1) else "int32_t"
        return "float"

    def _reads_inline(self, value: OpResult, expr: Expr) -> bool:
        if expr.precedence == Precedence.PRIMARY and "(" not in expr.text:
            return True
        use = value.get_user_of_unique_use()
        return (
            use is not None
            and use.parent is value.op.parent
            and not isinstance(use, scf.ForOp)
            and expr.leaves <= _INLINE_LEAVES
        )

    def _expression(self, op: Operation) -> Expr | None:
        if isinstance(op, arith.ConstantOp):
            return _literal(op)
        if isinstance(op, arith.IndexCastOp | arith.ExtFOp):
            return self[op.operands[0]]
        if isinstance(op, arith.SIToFPOp):
            # An index is printed unsigned; a negative one is there modulo its width.
            value = self[op.input]
            signed = value.text
            if self._signed != self._index:
                signed = f"static_cast<{self._signed}>({signed})"
            return Expr(f"static_cast<float>({signed})", leaves=value.leaves)
        if isinstance(op, arith.UIToFPOp):
            return Expr(f"static_cast<float>({self[op.input].text})", leaves=self[op.input].leaves)
        if isinstance(op, arith.CmpiOp):
            return self._comparison(op)
        if isinstance(op, arith.CmpfOp):
            return self._float_comparison(op)
        if isinstance(op, arith.SelectOp):
            cond, left, right = (
                self[v].inside(Precedence.CONDITIONAL, right=True) for v in op.operands
            )
            return Expr(f"{cond} ? {left} : {right}", Precedence.CONDITIONAL)
        if isinstance(op, arith.NegfOp):
            return Expr(f"-{self[op.operands[0]].inside(Precedence.UNARY)}", Precedence.UNARY)
        if isinstance(op, arith.CeilDivUIOp | arith.CeilDivSIOp):
            left, right = (self[v] for v in op.operands)
            rounded = binary("-", Precedence.ADDITIVE, add(left, right), Expr("1"))
            return binary("/", Precedence.MULTIPLICATIVE, rounded, right)
        if isinstance(op, arith.FloorDivSIOp) and self._signed == self._index:
            bounds = range_of(op.lhs)
            if bounds is None or bounds.low < 0:
                return self._floor_division(op)
        row = OPERATORS.get(type(op))
        if op.results and op.results[0].type == IntegerType(1):
            row = LOGICAL.get(type(op), row)
        if isinstance(row, Infix):
            return binary(row.operator, row.precedence, *(self[v] for v in op.operands))
        if isinstance(row, Function):
            self.uses_algorithm = True
            operands = [self[v].text for v in op.operands]
            text = row.text.format(*operands, T=self._index, S=self._signed)
            return Expr(text, leaves=sum(self[v].leaves for v in op.operands))
        return None

    def _floor_division(self, op: arith.FloorDivSIOp) -> Expr:
        """`(a - (a % b + b) % b) / b`: `/` of C++ rounds towards zero."""
        a, b = self[op.lhs], self[op.rhs]
        product, total = Precedence.MULTIPLICATIVE, Precedence.ADDITIVE
        rest = binary("%", product, add(binary("%", product, a, b), b), b)
        return binary("/", product, binary("-", total, a, rest), b)

    def _comparison(self, op: arith.CmpiOp) -> Expr:
        predicate = op.predicate.value.data
        operator = _COMPARISONS[predicate]
        precedence = Precedence.EQUALITY if predicate < 2 else Precedence.RELATIONAL
        operands = [self[op.lhs], self[op.rhs]]
        if 2 <= predicate <= 5 and self._signed != self._index:
            operands = [Expr(f"static_cast<{self._signed}>({e.text})") for e in operands]
        return binary(operator, precedence, *operands)

    def _float_comparison(self, op: arith.CmpfOp) -> Expr:
        predicate = _PREDICATES[op.predicate.value.data]
        left, right = self[op.lhs], self[op.rhs]
        leaves = left.leaves + right.leaves
        nan = f"std::isnan({left.text}) || std::isnan({right.text})"
        if predicate == "uno":
            return Expr(nan, Precedence.OR, "||", leaves)
        if predicate == "ord":
            return Expr(f"!({nan})", Precedence.UNARY, leaves=leaves)
        if predicate in _ORDERED:
            precedence = (
                Precedence.EQUALITY if predicate in ("oeq", "une") else Precedence.RELATIONAL
            )
            return binary(_ORDERED[predicate], precedence, left, right)
        if predicate in _UNORDERED:
            opposite = binary(_UNORDERED[predicate], Precedence.RELATIONAL, left, right)
            return Expr(f"!({opposite.text})", Precedence.UNARY, leaves=leaves)
        if predicate in ("one", "ueq"):
            less, more = (binary(o, Precedence.RELATIONAL, left, right) for o in "<>")
            sign = "" if predicate == "one" else "!"
            return Expr(f"{sign}({less.text} || {more.text})", leaves=2 * leaves)
        return Expr(predicate)


def _literal(op: arith.ConstantOp) -> Expr:
    value = op.value
    if isinstance(value, IntegerAttr):
        number = value.value.data
        if value.type == IntegerType(1):
            return Expr("true" if number else "false")
        return Expr(str(number), Precedence.PRIMARY if number >= 0 else Precedence.UNARY)
    if isinstance(value, FloatAttr):
        return float_literal(value.value.data)
    raise unsupported(op)


def float_literal(number: float) -> Expr:
    """`1.5f`; for infinity and NaN the builtins of GCC and Clang, which need no header."""
    if isnan(number):
        return Expr('__builtin_nanf("")')
    text = "__builtin_inff()" if isinf(number) else f"{abs(number)!r}f"
    negative = copysign(1.0, number) < 0
    return Expr(f"-{text}", Precedence.UNARY) if negative else Expr(text)
