"""Loop nests on single elements, at TILE before `tt-raise`: loads, stores and scalar arithmetic.

Every operation computes in float64 and rounds once, as the body of a `linalg.generic` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xdsl.dialects import arith, memref
from xdsl.ir import Operation

from tt_dialect.diagnostics import error_at
from tt_dialect.run.codegen import Handler, format_of, memref_type
from tt_dialect.run.elements import FLOAT, WRITERS, as_float64
from tt_dialect.run.numerics import AnyArray

if TYPE_CHECKING:
    from tt_dialect.run.blocks import BlockCompiler


def place(array: AnyArray, indices: Sequence[int], op: Operation) -> tuple[int, ...]:
    """The indices, if they are in the array; Python would count negative ones from the end."""
    for axis, (index, extent) in enumerate(zip(indices, array.shape, strict=True)):
        if not 0 <= index < extent:
            raise error_at(op, f"index {index} leaves dimension {axis} of extent {extent}")
    return tuple(indices)


def _place(c: BlockCompiler, op: memref.LoadOp | memref.StoreOp) -> str:
    array, indices = c.get(op.memref), f"({c.many(op.indices)})"
    return f"{array}[{c.call(place, array, indices, c.shared(op, 'op'))}]"


def _load(c: BlockCompiler, op: memref.LoadOp) -> None:
    c.define(op.res, _place(c, op))


def _store(c: BlockCompiler, op: memref.StoreOp) -> None:
    kind = memref_type(op.memref)
    assert kind is not None
    value = c.get(op.value)
    if not c.exact:
        wide = c.shared(as_float64, "f64")
        value = c.rounded(f"{wide}({value})", format_of(kind.element_type, op))
    c.line(f"{_place(c, op)} = {value}")


_OPERATORS: dict[type[Operation], str] = {arith.AddfOp: "+", arith.SubfOp: "-", arith.MulfOp: "*"}
"""What Python computes on numbers as NumPy does on arrays, in a fraction of the time."""


def _float(c: BlockCompiler, op: Operation) -> None:
    wide = c.shared(as_float64, "f64")
    sign = _OPERATORS.get(type(op))
    if sign is not None:
        value = f" {sign} ".join(f"float({c.get(v)})" for v in op.operands)
        value = value if c.exact else f"{wide}({value})"
    else:
        arguments = ", ".join(f"{wide}({c.get(v)})" for v in op.operands)
        function = FLOAT[type(op)]
        value = f"{c.shared(function, function.__name__)}({arguments})"
    c.define(op.results[0], c.rounded(value, format_of(op.results[0].type, op)))


LOOPS: dict[type[Operation], Handler] = {
    memref.LoadOp: _load,
    memref.StoreOp: _store,
    **dict.fromkeys(FLOAT, _float),
    **{kind: writer for kind, writer in WRITERS.items() if kind is not arith.CmpiOp},
}
"""Operations on elements; comparisons of indices are those of every level."""
