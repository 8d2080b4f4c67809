"""Blocks that iterate (`T.sblock`, what `te.create_prim_func` writes): tilelang-tir.md 5.

A block's variables stand for the values its realisation gives them. Its `init` runs where every
reduction variable is at its start, in front of the body; both run only where the predicate holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from xdsl.dialects import arith, scf
from xdsl.ir import SSAValue

from tt_dialect.importer import schema
from tt_dialect.importer.annotations import kind_of, note_annotations
from tt_dialect.importer.context import KernelContext, Let, single_block
from tt_dialect.importer.expressions import index_of
from tt_dialect.importer.graph import Node
from tt_dialect.importer.scalars import Scalars

Lower = Callable[[Node, KernelContext], None]

SPATIAL, REDUCTION = 0, 2
"""`IterVar.iter_type` of variables whose iterations are independent, and of reduced ones."""

HINTS = frozenset(("layout_free_placeholders", "script_parsing_detect_access"))
"""Block annotations that change nothing about what the block computes."""


def is_iterating(realize: Node) -> bool:
    """Whether a block is more than a scope of buffers."""
    block, predicate = realize.node("block"), realize.node("predicate")
    holds = predicate.kind == "IntImm" and predicate.integer("value") == 1
    return not holds or bool(block.items("iter_vars")) or block.optional("init") is not None


def lower_sblock(realize: Node, ctx: KernelContext, lower: Lower) -> None:
    """Translate a block with variables; its buffers are declared already."""
    block = realize.node("block")
    _check(block, ctx)
    starts: list[tuple[Node, Node]] = []
    for axis, value in zip(block.nodes("iter_vars"), realize.nodes("iter_values"), strict=True):
        ctx.bindings[axis.node("var")] = Let(value)
        if axis.integer("iter_type") == REDUCTION:
            starts.append((value, axis.node("dom").node("min")))
    predicate = realize.node("predicate")
    always = predicate.kind == "IntImm" and predicate.integer("value") == 1
    conditions = [] if always else [Scalars(ctx).value(predicate)]
    with ExitStack() as stack:
        _conditional(conditions, ctx, stack)
        init = block.optional("init")
        if init is not None:
            _initialise(init, starts, ctx, lower)
        lower(block.node("body"), ctx)


def _check(block: Node, ctx: KernelContext) -> None:
    name = block.text("name_hint")
    if block.items("match_buffers"):
        raise ctx.error(
            f"match_buffer in the block '{name}' is not supported",
            "accepted: buffers used in the shape they are declared with",
        )
    note_annotations(schema.annotations_of(block), ctx)
    for key in schema.annotations_of(block):
        if key not in HINTS and kind_of(key) is None:
            raise ctx.error(
                f"the annotation '{key}' of the block '{name}' is not supported",
                f"accepted: {', '.join(sorted(HINTS))}",
            )
    for axis in block.nodes("iter_vars"):
        if axis.integer("iter_type") not in (SPATIAL, REDUCTION):
            variable = axis.node("var").text("name")
            raise ctx.error(
                f"the variable '{variable}' of the block '{name}' is neither spatial nor a "
                "reduction",
                "accepted: T.axis.spatial, T.axis.reduce",
            )


def _initialise(
    init: Node, starts: Sequence[tuple[Node, Node]], ctx: KernelContext, lower: Lower
) -> None:
    """`init` under one `if` for each reduction variable, that of the last one outermost.

    So the `if` of the innermost loop of a nest in the order of the variables is its first
    statement.
    """
    conditions: list[SSAValue] = []
    for value, start in reversed(starts):
        index, first = index_of(value, ctx), index_of(start, ctx)
        if index.value == first.value:
            continue
        if isinstance(index.value, int) and isinstance(first.value, int):
            return  # never at its start
        conditions.append(ctx.emit(arith.CmpiOp(ctx.ssa(index), ctx.ssa(first), "eq")).result)
    with ExitStack() as stack:
        _conditional(conditions, ctx, stack)
        lower(init, ctx)


def _conditional(conditions: Sequence[SSAValue], ctx: KernelContext, stack: ExitStack) -> None:
    """Fill the inside of an `if` per condition until the stack is left."""
    for condition in conditions:
        region, body = single_block()
        ctx.emit(scf.IfOp(condition, [], region))
        stack.enter_context(ctx.inside(body))
        stack.callback(_end, ctx)


def _end(ctx: KernelContext) -> None:
    ctx.emit(scf.YieldOp())
