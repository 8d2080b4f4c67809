"""Scalar expressions to `arith` and `math` (tilelang-tir.md 3.6).

Floating-point expressions keep their dtype, integer ones are arithmetic on `index`, conditions are
`i1`. Tables say which operation an operator or function is; what is in none of them is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, IndexType, i1, i32, i64
from xdsl.ir import Operation, SSAValue

from tt_dialect.importer import schema
from tt_dialect.importer.calls import refusal
from tt_dialect.importer.context import Kept, KernelContext, Let, Scalar
from tt_dialect.importer.expressions import construct, index_of
from tt_dialect.importer.generic import DTYPES, cast
from tt_dialect.importer.graph import Node
from tt_dialect.importer.numbers import number

ACCEPTED = (
    "accepted: arithmetic, comparisons, selections, casts and the functions abs, ceil, clamp, cos, "
    "erf, exp, exp2, floor, log, log2, max, min, pow, round, rsqrt, sigmoid, sin, sqrt, tanh, trunc"
)

BINARY: dict[str, Callable[[SSAValue, SSAValue], Operation]] = {
    "Add": arith.AddfOp,
    "Sub": arith.SubfOp,
    "Mul": arith.MulfOp,
    "Div": arith.DivfOp,
    "Max": arith.MaximumfOp,
    "Min": arith.MinimumfOp,
    "pow": math.PowFOp,
}
"""Two operands of the result's dtype: expression kinds and functions."""

UNARY: dict[str, Callable[[SSAValue], Operation]] = {
    "ceil": math.CeilOp,
    "cos": math.CosOp,
    "erf": math.ErfOp,
    "exp": math.ExpOp,
    "exp2": math.Exp2Op,
    "fabs": math.AbsFOp,
    "floor": math.FloorOp,
    "log": math.LogOp,
    "log2": math.Log2Op,
    "nearbyint": math.RoundEvenOp,
    "round": math.RoundEvenOp,
    "rsqrt": math.RsqrtOp,
    "sin": math.SinOp,
    "sqrt": math.SqrtOp,
    "tanh": math.TanhOp,
    "trunc": math.TruncOp,
    "tl.__exp": math.ExpOp,
    "tl.__log": math.LogOp,
    "tl.__log2": math.Log2Op,
    "tl.__sin": math.SinOp,
    "tl.__cos": math.CosOp,
}
"""One operand of the result's dtype; TIR's `round` is to even, as `nearbyint`."""

COMPARISONS: dict[str, tuple[str, str]] = {
    "EQ": ("oeq", "eq"),
    "NE": ("une", "ne"),
    "LT": ("olt", "slt"),
    "LE": ("ole", "sle"),
    "GT": ("ogt", "sgt"),
    "GE": ("oge", "sge"),
}
"""Predicates of `arith.cmpf` and `arith.cmpi`."""

LOGIC: dict[str, type[arith.AndIOp | arith.OrIOp]] = {
    "And": arith.AndIOp,
    "Or": arith.OrIOp,
    "bitwise_and": arith.AndIOp,
    "bitwise_or": arith.OrIOp,
}
"""Of two conditions. Both are evaluated: nothing in an expression has an effect."""

INTEGERS = {"int32": i32, "int64": i64}


def function_name(expr: Node) -> str | None:
    """The function a call names: bare for TVM's own, with its namespace for TileLang's."""
    name = schema.call_name(expr)
    return name and name.removeprefix("tirx.").removeprefix("prim.")


def refuse_load(load: Node, ctx: KernelContext) -> SSAValue:
    """What an element of a buffer is where values are not computed per element."""
    if load.kind == "Var":
        what = f"'{load.text('name')}', an element of a buffer,"
    else:
        what = f"an element of '{schema.buffer_decl(schema.loaded_buffer(load)).name}'"
    raise ctx.error(
        f"{what} decides what is run, which is not supported",
        "accepted: conditions on loop variables, grid indices, parameters and constants",
    )


@dataclass
class Scalars:
    """Translates expressions into the current block; equal subexpressions are computed once."""

    ctx: KernelContext
    load: Callable[[Node, KernelContext], SSAValue] = refuse_load
    """Gives the value of a `BufferLoad`, or of a variable bound to a kept let."""
    _known: dict[Node, SSAValue] = field(default_factory=dict[Node, SSAValue])

    def value(self, expr: Node) -> SSAValue:
        """The value of an expression: a float, an `index`, or an `i1`."""
        if expr not in self._known:
            self._known[expr] = self._translate(expr)
        return self._known[expr]

    def _translate(self, expr: Node) -> SSAValue:
        match expr.kind:
            case "Var":
                bound = self.ctx.bindings.get(expr)
                if isinstance(bound, Let):
                    return self.value(bound.value)
                if isinstance(bound, Scalar):
                    return bound.value
                if isinstance(bound, Kept):
                    return self.load(expr, self.ctx)
            case "BufferLoad":
                known = self.ctx.resolved(expr)
                return self.load(expr, self.ctx) if known is expr else self.value(known)
            case "Select":
                parts = (expr.node(f) for f in ("condition", "true_value", "false_value"))
                return self._select(*parts)
            case _:
                pass
        name = function_name(expr)
        if name == "if_then_else":
            return self._select(*schema.operands(expr, 3)[:3])
        if name == "likely":
            return self.value(schema.operands(expr, 1)[0])
        dtype = schema.dtype_of(expr)
        if dtype == "bool":
            return self._condition(expr)
        if dtype in DTYPES:
            return self._float(expr, DTYPES[dtype])
        if dtype in INTEGERS:
            return self._integer(expr)
        raise self.ctx.error(f"{construct(expr)} of dtype '{dtype}' is not supported", ACCEPTED)

    def _emit(self, op: Operation) -> SSAValue:
        return self.ctx.emit(op).results[0]

    def _select(self, condition: Node, on_true: Node, on_false: Node) -> SSAValue:
        values = [self.value(part) for part in (condition, on_true, on_false)]
        return self._emit(arith.SelectOp(*values))

    # Floating point -------------------------------------------------------------------------

    def _float(self, expr: Node, type_: AnyFloat) -> SSAValue:
        constant = number(expr, self.ctx)
        if constant is not None:
            return self.ctx.float_constant(constant, type_)
        if expr.kind == "Cast":
            return self._cast(expr, type_)
        if expr.kind == "Mul":
            for one, other in (("a", "b"), ("b", "a")):
                if number(expr.node(one), self.ctx) == -1:  # TIR has no negation
                    return self._emit(arith.NegfOp(self.value(expr.node(other))))
        if expr.kind in BINARY:
            return self._emit(
                BINARY[expr.kind](self.value(expr.node("a")), self.value(expr.node("b")))
            )
        name = function_name(expr) or ""
        args = [] if expr.kind != "Call" else expr.nodes("args")
        if name in BINARY and len(args) == 2:
            return self._emit(BINARY[name](*map(self.value, args)))
        if name in UNARY and len(args) == 1:
            return self._emit(UNARY[name](self.value(args[0])))
        if name in EXPANDED:
            return EXPANDED[name](self, args, type_)
        raise refusal(expr, self.ctx, ACCEPTED)

    def _cast(self, expr: Node, type_: AnyFloat) -> SSAValue:
        refused = sorted({"round", "sat", "rbits"} & schema.annotations_of(expr).keys())
        if refused:
            raise self.ctx.error(
                f"a cast with '{refused[0]}' is not supported", "accepted: a plain T.Cast"
            )
        source = self.ctx.resolved(expr.node("value"))
        if source.kind == "Cast" and schema.dtype_of(source) in INTEGERS:
            inner = self.value(source.node("value"))
            if isinstance(inner.type, AnyFloat):  # to an integer and back: cuts off the fraction
                return cast(self._emit(math.TruncOp(inner)), type_, self.ctx)
        value = self.value(source)
        if value.type == i1:
            return self._emit(arith.UIToFPOp(value, type_))
        if not isinstance(value.type, IndexType):
            return cast(value, type_, self.ctx)
        width = INTEGERS[schema.dtype_of(source)]
        return self._emit(arith.SIToFPOp(self._emit(arith.IndexCastOp(value, width)), type_))

    def _sigmoid(self, args: list[Node], type_: AnyFloat) -> SSAValue:
        one = self.ctx.float_constant(1.0, type_)
        exponential = self._emit(math.ExpOp(self._emit(arith.NegfOp(self.value(args[0])))))
        return self._emit(arith.DivfOp(one, self._emit(arith.AddfOp(one, exponential))))

    def _clamp(self, args: list[Node], type_: AnyFloat) -> SSAValue:
        value, low, high = map(self.value, args)
        return self._emit(arith.MinimumfOp(self._emit(arith.MaximumfOp(value, low)), high))

    def _power(self, args: list[Node], type_: AnyFloat) -> SSAValue:
        """A constant power by repeated squaring."""
        base, exponent = self.value(args[0]), args[1].integer("value")
        result: SSAValue | None = None
        while exponent > 0:
            if exponent & 1:
                result = base if result is None else self._emit(arith.MulfOp(result, base))
            exponent >>= 1
            base = self._emit(arith.MulfOp(base, base)) if exponent else base
        if result is None:
            raise self.ctx.error("a power that is not positive is not supported", ACCEPTED)
        return result

    # Integers and conditions ----------------------------------------------------------------

    def _integer(self, expr: Node) -> SSAValue:
        if expr.kind == "Cast":
            value = self.value(expr.node("value"))
            if value.type == i1:
                return self._emit(arith.SelectOp(value, self.ctx.ssa(1), self.ctx.ssa(0)))
            if isinstance(value.type, IndexType):
                return value
            raise self.ctx.error(
                "a cast from floating point to integer is not supported",
                "accepted: one that is cast back to floating point at once; T.floor, T.ceil, "
                "T.round and T.trunc",
            )
        return self.ctx.ssa(index_of(expr, self.ctx))

    def _condition(self, expr: Node) -> SSAValue:
        if expr.kind == "IntImm":
            return self.ctx.truth(expr.integer("value") != 0)
        if expr.kind in COMPARISONS:
            return self._compare(expr)
        name = function_name(expr) or expr.kind
        if name == "Cast":
            value = self.value(expr.node("value"))
            if isinstance(value.type, AnyFloat):
                return self._emit(
                    arith.CmpfOp(value, self.ctx.float_constant(0.0, value.type), "une")
                )
            return value if value.type == i1 else self._compared(value, self.ctx.ssa(0), "NE")
        args = expr.nodes("args") if expr.kind == "Call" else []
        fields = [expr.node(f) for f in ("a", "b") if f in expr.fields]
        operands = [self.value(operand) for operand in (args or fields)]
        if name in LOGIC:
            lhs, rhs = operands
            return self._emit(LOGIC[name](lhs, rhs))
        if name in ("Not", "bitwise_not"):
            return self._emit(arith.XOrIOp(operands[0], self.ctx.truth(True)))
        if name == "isnan":
            return self._emit(arith.CmpfOp(operands[0], operands[0], "uno"))
        if name in ("isinf", "isfinite"):
            type_ = operands[0].type
            assert isinstance(type_, AnyFloat)
            infinity = self.ctx.float_constant(inf, type_)
            magnitude = self._emit(math.AbsFOp(operands[0]))
            predicate = "oeq" if name == "isinf" else "olt"
            return self._emit(arith.CmpfOp(magnitude, infinity, predicate))
        raise self.ctx.error(f"{construct(expr)} as a condition is not supported", ACCEPTED)

    def _compare(self, expr: Node) -> SSAValue:
        return self._compared(self.value(expr.node("a")), self.value(expr.node("b")), expr.kind)

    def _compared(self, lhs: SSAValue, rhs: SSAValue, kind: str) -> SSAValue:
        of_floats, of_integers = COMPARISONS[kind]
        if isinstance(lhs.type, AnyFloat):
            return self._emit(arith.CmpfOp(lhs, rhs, of_floats))
        return self._emit(arith.CmpiOp(lhs, rhs, of_integers))


EXPANDED: dict[str, Callable[[Scalars, list[Node], AnyFloat], SSAValue]] = {
    "sigmoid": Scalars._sigmoid,  # pyright: ignore[reportPrivateUsage]
    "tl.clamp": Scalars._clamp,  # pyright: ignore[reportPrivateUsage]
    "tl.pow_of_int": Scalars._power,  # pyright: ignore[reportPrivateUsage]
}
"""Functions that are several operations."""
