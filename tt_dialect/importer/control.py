"""Loops that run in order and conditions on scalars, to `scf`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, UnitAttr, i64

from tt_dialect.importer import schema
from tt_dialect.importer.context import Index, KernelContext, LoopVar, name_value, single_block
from tt_dialect.importer.expressions import apply, index_of
from tt_dialect.importer.graph import Node
from tt_dialect.importer.scalars import Scalars

Lower = Callable[[Node, KernelContext], None]
"""Translates a statement of a body."""

PARALLEL, VECTORIZED, UNROLLED = 1, 2, 3
"""`ForKind` of `T.Parallel`, `T.vectorized` and `T.unroll`."""

LOOP_KINDS = range(5)

REFUSED_LOOPS = {
    PARALLEL: "a T.Parallel loop here",
    VECTORIZED: "a T.vectorized loop here",
    4: "a thread binding",
}
"""Loops that are not run in order, by `ForKind`."""


def lower_loop(
    statement: Node,
    ctx: KernelContext,
    lower: Lower,
    refused: Mapping[int, str] = REFUSED_LOOPS,
) -> None:
    """A serial, pipelined or unrolled loop; TileLang writes steps as a let inside."""
    kind = statement.integer("kind")
    if kind in refused:
        raise ctx.error(
            f"{refused[kind]} is not supported",
            "accepted: range, T.serial, T.unroll and T.Pipelined loops, and T.Parallel loops "
            "directly in one another",
        )
    if kind not in LOOP_KINDS:
        raise statement.malformed(f"unknown loop kind {kind}")
    var = statement.node("loop_var")
    start = index_of(statement.node("min"), ctx)
    extent = index_of(statement.node("extent"), ctx)
    step = statement.optional("step")
    if step is not None and index_of(step, ctx).value != 1:
        raise ctx.error("a loop with a step field is not supported", "accepted: a step of one")
    end = apply("Add", start, extent, ctx)  # TIR gives a count
    region, block = single_block((IndexType(),))
    name_value(block.args[0], var.text("name"))
    loop = scf.ForOp(ctx.ssa(start), ctx.ssa(end), ctx.ssa(1), [], region)
    _annotate_loop(loop, statement, kind)
    last = end.high - 1 if end.high is not None else None
    ctx.bindings[var] = LoopVar(Index(block.args[0], start.low, last), start, sequential=True)
    with ctx.inside(block):
        lower(statement.node("body"), ctx)
        ctx.emit(scf.YieldOp())
    ctx.emit(loop)


def _annotate_loop(loop: scf.ForOp, statement: Node, kind: int) -> None:
    """Keep what later passes use of a loop's annotations; the rest are hints."""
    stages = schema.plain(schema.annotations_of(statement).get("num_stages"))
    if isinstance(stages, int) and stages > 0:
        loop.attributes["tt.num_stages"] = IntegerAttr(int(stages), i64)
    if kind == UNROLLED:
        loop.attributes["tt.unroll"] = UnitAttr()


def lower_if(statement: Node, ctx: KernelContext, lower: Lower) -> None:
    """An `if` on loop variables, grid indices and parameters."""
    condition = Scalars(ctx).value(statement.node("condition"))
    regions = [single_block() for _ in range(2)]
    cases = (statement.node("then_case"), statement.optional("else_case"))
    for case, (_, block) in zip(cases, regions, strict=True):
        with ctx.inside(block):
            if case is not None:
                lower(case, ctx)
            ctx.emit(scf.YieldOp())
    (then, _), (other, _) = regions
    ctx.emit(scf.IfOp(condition, [], then, other if cases[1] is not None else None))
