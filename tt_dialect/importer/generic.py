"""Building `linalg.generic` operations: element types, casts, and a body that knows its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    BFloat16Type,
    Float16Type,
    Float32Type,
)
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import GenericOp, YieldOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.ir.affine import AffineMap

from tt_dialect.importer.context import KernelContext
from tt_dialect.importer.regions import memref_type

DTYPES: dict[str, AnyFloat] = {
    "bfloat16": BFloat16Type(),
    "float16": Float16Type(),
    "float32": Float32Type(),
}
"""Element types, by their TIR names."""

ITERATORS: dict[str, Callable[[], IteratorTypeAttr]] = {
    "p": IteratorTypeAttr.parallel,
    "r": IteratorTypeAttr.reduction,
}
"""Iterator types by the letters `emit_generic` takes."""


def emit_generic(
    ctx: KernelContext,
    inputs: Sequence[SSAValue],
    output: SSAValue,
    maps: Sequence[AffineMap],
    iterators: str,
    build: Callable[[Block], SSAValue],
) -> None:
    """Emit a `linalg.generic` with one output.

    `maps` are those of the inputs and the output, `iterators` has a letter of `ITERATORS` for each
    dimension; `build` fills the body, whose arguments are the elements, and gives the result.
    """
    block = Block(arg_types=[element_type(value) for value in (*inputs, output)])
    with ctx.inside(block, is_body=True):
        ctx.emit(YieldOp(build(block)))
    ctx.emit(
        GenericOp(
            inputs,
            [output],
            Region(block),
            [AffineMapAttr(m) for m in maps],
            [ITERATORS[letter]() for letter in iterators],
        )
    )


def cast(value: SSAValue, target: AnyFloat, ctx: KernelContext) -> SSAValue:
    """Convert a scalar; the two 16-bit formats go through 32 bits, which is exact."""
    source = value.type
    assert isinstance(source, AnyFloat)
    if source == target:
        return value
    if source.bitwidth == target.bitwidth:
        return cast(cast(value, Float32Type(), ctx), target, ctx)
    op = arith.ExtFOp if source.bitwidth < target.bitwidth else arith.TruncFOp
    return ctx.emit(op(value, target)).result


def element_type(value: SSAValue) -> AnyFloat:
    """The element type of a memref of one of our dtypes."""
    element = memref_type(value).get_element_type()
    assert isinstance(element, AnyFloat)
    return element
