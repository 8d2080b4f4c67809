"""How `tt-tensorize` turns the scalar body of a `linalg.generic` into operations on tiles.

A scalar of the body is one of three things: a tile, whose elements differ; a uniform scalar, the
same for all elements; or an index expression `rows * r + cols * c + offset`, kept symbolic so that
comparisons of indices can be decided tile by tile. Integers that are none of the latter two are
tiles of float32, exact up to 2^24.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    AnyFloat,
    Float32Type,
    FloatAttr,
    IndexType,
    IntegerType,
    f32,
    i1,
    i32,
)
from xdsl.dialects.linalg.ops import GenericOp, IndexOp
from xdsl.dialects.linalg.ops import YieldOp as LinalgYieldOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.schedule import AGAINST_ZERO
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.eltwise import ApplyOp, IotaOp, SplatOp, YieldOp
from tt_dialect.ir.functions import Family, function
from tt_dialect.ir.layout import ELEMENT_TYPES, TileType
from tt_dialect.passes.emit_ops import Emitter, Index


@dataclass(frozen=True)
class Affine:
    """`rows * r + cols * c + offset`, (r, c) the element's place in the block."""

    rows: int
    cols: int
    offset: Index


@dataclass(frozen=True)
class Tile:
    """A tile in the region of the map."""

    value: SSAValue


@dataclass(frozen=True)
class Uniform:
    """A scalar defined outside the region."""

    value: SSAValue


Element: TypeAlias = Affine | Tile | Uniform

UNARY: dict[type[Operation], str] = {
    arith.NegfOp: "neg",
    math.AbsFOp: "abs",
    math.CeilOp: "ceil",
    math.CosOp: "cos",
    math.ErfOp: "erf",
    math.Exp2Op: "exp2",
    math.ExpOp: "exp",
    math.FloorOp: "floor",
    math.Log2Op: "log2",
    math.LogOp: "log",
    math.RsqrtOp: "rsqrt",
    math.SinOp: "sin",
    math.SqrtOp: "sqrt",
    math.TanhOp: "tanh",
    math.TruncOp: "trunc",
    math.RoundEvenOp: "round_even",
    arith.FPToSIOp: "trunc",
    arith.FPToUIOp: "trunc",
}
BINARY: dict[type[Operation], str] = {
    arith.AddfOp: "add",
    arith.SubfOp: "sub",
    arith.MulfOp: "mul",
    arith.DivfOp: "div",
    arith.MaximumfOp: "max",
    arith.MinimumfOp: "min",
    math.PowFOp: "pow",
    arith.AddiOp: "add",
    arith.SubiOp: "sub",
    arith.MuliOp: "mul",
    arith.MaxSIOp: "max",
    arith.MinSIOp: "min",
    arith.MaxUIOp: "max",
    arith.MinUIOp: "min",
    arith.AndIOp: "mul",  # of 0 and 1
    arith.OrIOp: "max",
    arith.XOrIOp: "ne",
}
COMMUTATIVE = frozenset({"add", "mul", "max", "min", "eq", "ne"})
SWAPPED = {"sub": "rsub"}
"""The scalar function for a scalar on the left."""
_ORDERED = ("eq", "gt", "ge", "lt", "le", "ne")
CMPF = ("", *_ORDERED, "", *_ORDERED, "", "")
"""Functions of `arith.cmpf` predicates by number; ordered and unordered differ on NaN only."""
CMPI = ("eq", "ne", "lt", "le", "gt", "ge", "lt", "le", "gt", "ge")
_SAME = (
    arith.IndexCastOp,
    arith.ExtSIOp,
    arith.ExtUIOp,
    arith.TruncIOp,
)


def float_constant(value: SSAValue) -> float | None:
    """The number of a float `arith.constant`, None for anything else."""
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and isa(owner.value, FloatAttr[AnyFloat]):
        return owner.value.value.data
    return None


@dataclass
class ElementCode:
    """Translates one body; `outside` collects operations that stand before the map."""

    op: GenericOp
    axes: tuple[str, ...]
    """What each dimension of the iteration space is: "row" or "col"."""
    values: dict[SSAValue, Element] = field(default_factory=dict[SSAValue, Element])
    body: Block = field(default_factory=Block)
    outside: Emitter = field(default_factory=Emitter)

    # ---- forms of a value ----

    def emit(self, op: ApplyOp | SplatOp | IotaOp) -> Tile:
        """Appends to the region."""
        self.body.add_op(op)
        return Tile(op.tile)

    def apply(self, name: str, *operands: SSAValue, kind: Attribute | None = None) -> Tile:
        """A function of the table on elements of a float type, of f32 for integers.

        Without `kind`, the result has the type of the widest tile operand.
        """
        kinds = [v.type for v in operands if isinstance(v.type, TileType)]
        wide = [k for k in kinds if isinstance(k.element_type, Float32Type)]
        made = (wide or kinds)[0]
        if kind is not None:
            made = TileType.of(kind if isinstance(kind, ELEMENT_TYPES) else f32)
        return self.emit(ApplyOp(name, operands, made))

    def element(self, value: SSAValue) -> Element:
        """What a scalar of the body is."""
        return self.values.get(value) or Uniform(value)

    def scalar(self, value: SSAValue) -> SSAValue:
        """A uniform scalar as f32."""
        kind = value.type
        if isinstance(kind, Float32Type):
            return value
        number = float_constant(value)
        if number is None and isinstance(kind, IndexType | IntegerType):
            integer = constant_value(value)
            # A true i1 is the integer -1.
            number = None if integer is None else float(abs(integer) if kind == i1 else integer)
        if number is not None:
            return self.outside.op(arith.ConstantOp(FloatAttr(number, f32))).result
        if isinstance(kind, ELEMENT_TYPES):
            return self.outside.op(arith.ExtFOp(value, f32)).result
        if kind == i1:
            one, zero = (
                self.outside.op(arith.ConstantOp(FloatAttr(n, f32))).result for n in (1.0, 0.0)
            )
            return self.outside.op(arith.SelectOp(value, one, zero)).result
        if isinstance(kind, IndexType):
            value = self.outside.op(arith.IndexCastOp(value, i32)).result
        return self.outside.op(arith.SIToFPOp(value, f32)).result

    def tile(self, element: Element, kind: Attribute = f32) -> SSAValue:
        """A value as a tile; `kind` is the element type a scalar gets."""
        match element:
            case Tile(value):
                return value
            case Uniform(value):
                target = TileType.of(kind if isinstance(kind, ELEMENT_TYPES) else f32)
                return self.emit(SplatOp(self.scalar(value), target)).value
            case Affine(rows, cols, offset):
                if rows == cols == 0:
                    return self.tile(Uniform(self.outside.value(offset)))
                return self.emit(
                    IotaOp(rows, cols, self.outside.value(offset), TileType.of(f32))
                ).value

    def affine(self, element: Element) -> Affine | None:
        """An integer as an index expression, None if it is a tile."""
        match element:
            case Affine():
                return element
            case Uniform(value) if isinstance(value.type, IndexType):
                constant = constant_value(value)
                return Affine(0, 0, value if constant is None else constant)
            case Uniform(value) if value.type != i1 and isinstance(value.type, IntegerType):
                constant = constant_value(value)
                if constant is not None:
                    return Affine(0, 0, constant)
                cast = self.outside.op(arith.IndexCastOp(value, IndexType()))
                return Affine(0, 0, cast.result)
            case _:
                return None

    # ---- operations ----

    def run(self) -> SSAValue:
        """Translates the body; the tile it yields."""
        for op in self.op.body.block.ops:
            if isinstance(op, LinalgYieldOp):
                return self.finish(op.operands[0])
            self.values[op.results[0]] = self.translate(op)
        raise error_at(self.op, "the body of this operation yields nothing")

    def finish(self, value: SSAValue) -> SSAValue:
        """Yields a value: the pack rounds it to the block's element type."""
        while isinstance(value.owner, arith.TruncFOp) and value.type == value.owner.result.type:
            inner = self.element(value.owner.input)
            if not isinstance(inner, Tile):
                break
            value = value.owner.input
        tile = self.tile(self.element(value), value.type)
        self.body.add_op(YieldOp(tile))
        return tile

    def translate(self, op: Operation) -> Element:
        """One operation of the body."""
        if isinstance(op, IndexOp):
            axis = self.axes[op.dim.value.data]
            return Affine(int(axis == "row"), int(axis == "col"), 0)
        operands = [self.element(v) for v in op.operands]
        if all(isinstance(e, Uniform) for e in operands):
            return self.hoist(op)
        if isinstance(op, _SAME):
            return operands[0]
        handler = _HANDLERS.get(type(op))
        if handler is not None:
            return handler(self, op, operands)
        if (name := UNARY.get(type(op))) is not None:
            return self.apply(name, self.tile(operands[0]), kind=op.results[0].type)
        bits = isinstance(op, arith.AndIOp | arith.OrIOp | arith.XOrIOp)
        if (name := BINARY.get(type(op))) is not None and (not bits or op.results[0].type == i1):
            return self.integer(op, operands) or self.binary(name, operands, op.results[0].type)
        raise error_at(
            op,
            f"'{op.name}' has no tile function",
            "docs/functions.md lists the functions there are",
        )

    def hoist(self, op: Operation) -> Element:
        """An operation on uniform scalars is done once, before the map, if it is on integers."""
        values = [self._outer(v) for v in op.operands]
        kind = op.results[0].type
        if isinstance(kind, ELEMENT_TYPES) and values:
            if isinstance(op, arith.ExtFOp | arith.SIToFPOp | arith.UIToFPOp):
                return Uniform(self.scalar(values[0]))
            tile = Tile(self.tile(Uniform(values[0])))
            if (name := UNARY.get(type(op))) is not None:
                return self.apply(name, tile.value, kind=kind)
            if (name := BINARY.get(type(op))) is not None:
                return self.binary(name, [tile, Uniform(values[1])], kind)
            if isinstance(op, arith.TruncFOp):
                return self.round(tile.value, kind)
        if isinstance(op, arith.CmpfOp):
            first = Tile(self.tile(Uniform(values[0]), op.operands[0].type))
            return _compare_floats(self, op, [first, Uniform(values[1])])
        clone = self.outside.op(op.clone(dict(zip(op.operands, values, strict=True))))
        return Uniform(clone.results[0])

    def _outer(self, value: SSAValue) -> SSAValue:
        known = self.values.get(value)
        return known.value if isinstance(known, Uniform) else value

    def integer(self, op: Operation, operands: list[Element]) -> Element | None:
        """Sums, differences and multiples of index expressions stay index expressions."""
        if not isinstance(op, arith.AddiOp | arith.SubiOp | arith.MuliOp):
            return None
        a, b = self.affine(operands[0]), self.affine(operands[1])
        if a is None or b is None:
            return None
        add, mul = self.outside.add, self.outside.mul
        if isinstance(op, arith.MuliOp):
            if b.rows or b.cols or not isinstance(b.offset, int):
                a, b = b, a
            if b.rows or b.cols or not isinstance(b.offset, int):
                return None
            return Affine(a.rows * b.offset, a.cols * b.offset, mul(a.offset, b.offset))
        sign = 1 if isinstance(op, arith.AddiOp) else -1
        return Affine(
            a.rows + sign * b.rows,
            a.cols + sign * b.cols,
            add(a.offset, b.offset) if sign == 1 else self.subtract(a.offset, b.offset),
        )

    def subtract(self, a: Index, b: Index) -> Index:
        """Difference of two indices."""
        if isinstance(b, int):
            return self.outside.add(a, -b)
        value = self.outside.op(arith.SubiOp(self.outside.value(a), b))
        return value.result

    def binary(self, name: str, operands: list[Element], kind: Attribute) -> Tile:
        """A function of two operands, in its immediate form where one is uniform and has one."""
        left, right = operands
        if isinstance(left, Uniform) and name in COMMUTATIVE:
            left, right = right, left
        if isinstance(left, Uniform):
            if name == "div" and float_constant(left.value) == 1.0:
                return self.apply("recip", self.tile(right), kind=kind)
            swapped = SWAPPED.get(name)
            if swapped is not None and function(swapped, Family.SCALAR) is not None:
                return self.apply(swapped, self.tile(right), self.scalar(left.value), kind=kind)
        if isinstance(right, Uniform) and function(name, Family.SCALAR) is not None:
            return self.apply(name, self.tile(left), self.scalar(right.value), kind=kind)
        return self.apply(name, self.tile(left, kind), self.tile(right, kind), kind=kind)

    def round(self, tile: SSAValue, kind: Attribute) -> Tile:
        """A float32 tile rounded to a 16-bit format."""
        assert isinstance(tile.type, TileType)
        if tile.type.element_type == kind:
            return Tile(tile)
        target = TileType.of(kind)
        return self.emit(ApplyOp(f"round_{kind}", [tile], target))


# ---- operations that are not one function ----


def _extend(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    return operands[0]


def _truncate(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    ends = all(isinstance(use.operation, LinalgYieldOp) for use in op.results[0].uses)
    if ends:
        return operands[0]
    return code.round(code.tile(operands[0]), op.results[0].type)


def _to_float(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    return Tile(code.tile(operands[0]))


def _compare_integers(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    assert isinstance(op, arith.CmpiOp)
    name = CMPI[op.predicate.value.data]
    a, b = (code.affine(e) for e in operands)
    if a is not None and b is not None:
        difference = Affine(a.rows - b.rows, a.cols - b.cols, code.subtract(a.offset, b.offset))
        return code.apply(AGAINST_ZERO[name], code.tile(difference))
    return code.binary(name, operands, f32)


def _compare_floats(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    assert isinstance(op, arith.CmpfOp)
    name = CMPF[op.predicate.value.data]
    if op.predicate.value.data in _NAN_TESTS:
        return _is_nan(code, op, operands)
    if not name:
        raise error_at(
            op,
            "a comparison of floats that is always true or always false has no tile function",
            "write the value itself",
        )
    left, right = operands
    if isinstance(left, Uniform):
        flipped = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
        left, right, name = right, left, flipped.get(name, name)
    if isinstance(right, Uniform):
        if float_constant(right.value) == 0.0:
            return code.apply(AGAINST_ZERO[name], code.tile(left))
    kind = op.operands[0].type
    return code.binary(name, [left, right], kind)


_NAN_TESTS = {7: "ord", 14: "uno"}
"""Predicates of `arith.cmpf` that ask whether an operand is NaN."""


def _is_nan(code: ElementCode, op: arith.CmpfOp, operands: list[Element]) -> Element:
    """NaN differs from itself."""
    numbers = [e for e in operands if not isinstance(e, Uniform) or not float_constant(e.value)]
    tiles = list(dict.fromkeys(code.tile(e) for e in numbers or operands[:1]))
    found = code.apply("ne", tiles[0], tiles[0])
    for tile in tiles[1:]:
        found = code.apply("max", found.value, code.apply("ne", tile, tile).value)
    if _NAN_TESTS[op.predicate.value.data] == "ord":
        found = code.apply("eqz", found.value)
    return found


def _select(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    kind = op.results[0].type
    condition, a, b = (code.tile(e, kind) for e in operands)
    return code.apply("where", condition, a, b, kind=kind)


def _floor_divide(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    """floor((a + 1/2) / b): the half keeps quotients off the integers, whatever rounds."""
    a, b = operands
    half = code.outside.op(arith.ConstantOp(FloatAttr(0.5, f32))).result
    shifted = code.apply("add", code.tile(a), half)
    return code.apply("floor", code.binary("div", [shifted, b], f32).value)


def _remainder(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    quotient = _floor_divide(code, op, operands)
    product = code.binary("mul", [quotient, operands[1]], f32)
    return code.binary("sub", [operands[0], product], f32)


def _truncated_divide(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    """sign(a) * floor((|a| + 1/2) / b), b positive."""
    value = Tile(code.tile(operands[0]))
    size = code.apply("abs", value.value)
    quotient = _floor_divide(code, op, [size, operands[1]])
    return code.binary("mul", [quotient, code.apply("sign", value.value)], f32)


def _signed_remainder(code: ElementCode, op: Operation, operands: list[Element]) -> Element:
    quotient = _truncated_divide(code, op, operands)
    product = code.binary("mul", [quotient, operands[1]], f32)
    return code.binary("sub", [operands[0], product], f32)


_HANDLERS: dict[type[Operation], Callable[[ElementCode, Operation, list[Element]], Element]] = {
    arith.ExtFOp: _extend,
    arith.TruncFOp: _truncate,
    arith.SIToFPOp: _to_float,
    arith.UIToFPOp: _to_float,
    arith.CmpiOp: _compare_integers,
    arith.CmpfOp: _compare_floats,
    arith.SelectOp: _select,
    arith.FloorDivSIOp: _floor_divide,
    arith.DivUIOp: _floor_divide,
    arith.RemUIOp: _remainder,
    arith.DivSIOp: _truncated_divide,
    arith.RemSIOp: _signed_remainder,
}
