"""Reducers (`T.alloc_reducer`): accumulators that all iterations of a nest contribute to.

`reducer[i] += value` in a nest over (i, j), which TileLang refuses on other buffers, is the values
of all iterations in a buffer of their own and a reduction of it into the reducer.
"""

from __future__ import annotations

from dataclasses import dataclass

from tt_dialect.importer import schema
from tt_dialect.importer.context import KernelContext
from tt_dialect.importer.graph import Node
from tt_dialect.importer.numbers import number
from tt_dialect.importer.reductions import REDUCTIONS, Reduction
from tt_dialect.importer.regions import region_of
from tt_dialect.importer.tileops import copy_regions, fill

ANNOTATIONS = ("reducer_info", "reducer_info_v2")
"""Block annotations that say which buffers are reducers, and how they combine."""

COMBINED_BY = {"sum": "Add", "max": "Max", "min": "Min"}
"""The expression that a plain store to a reducer combines with, by the reducer's kind."""


@dataclass(frozen=True)
class Contribution:
    """What an iteration adds to a reducer."""

    buffer: Node
    indices: list[Node]
    value: Node


def declare_reducers(block: Node, ctx: KernelContext) -> None:
    """Note which of a block's buffers are reducers."""
    annotations = schema.annotations_of(block)
    for key in ANNOTATIONS:
        if key not in annotations:
            continue
        for data, info in block.mapping("annotations").entries:
            if data == key:
                _declare(info, block, ctx)


def _declare(info: object, block: Node, ctx: KernelContext) -> None:
    for data, properties in getattr(info, "entries", ()):
        kind = schema.plain(properties.by_name().get("op"))
        if kind not in COMBINED_BY:
            raise ctx.error(
                f"a reducer that combines by '{kind}' is not supported",
                f"accepted: {', '.join(COMBINED_BY)}",
                node=block,
            )
        ctx.reducers[data] = str(kind)


def reduction_of(kind: str) -> Reduction:
    """How a reducer combines."""
    return REDUCTIONS[kind]


def stored_contribution(store: Node, kind: str, ctx: KernelContext) -> Contribution:
    """The contribution of `r[i] += value`: the store's value without what the reducer held."""
    buffer, indices = store.node("buffer"), store.nodes("indices")
    value = ctx.resolved(store.node("value"))
    if value.kind == COMBINED_BY[kind]:
        for old, new in (("a", "b"), ("b", "a")):
            load = ctx.resolved(value.node(old))
            if (
                load.kind == "BufferLoad"
                and schema.loaded_buffer(load) is buffer
                and load.nodes("indices") == indices
            ):
                return Contribution(buffer, indices, value.node(new))
    name = schema.buffer_decl(buffer).name
    raise ctx.error(
        f"a store to the reducer '{name}' does not combine with what it holds",
        f"accepted: {name}[i] = {name}[i] combined by {COMBINED_BY[kind]} with a value",
    )


def updated_contribution(call: Node) -> Contribution:
    """The contribution of `T.reducer_update(r[i], value)`."""
    target, value = schema.operands(call, 2)[:2]
    return Contribution(schema.loaded_buffer(target), target.nodes("indices"), value)


def lower_reducer_init(call: Node, ctx: KernelContext) -> None:
    """`T.reducer_init(reducer, init)`: starts from the identity, or from `init`."""
    operand, *init = schema.operands(call, 1)
    region = region_of(operand, ctx)
    value = number(init[0], ctx) if init else reduction_of(_kind(region.buffer.decl, ctx)).identity
    if value is None:
        raise ctx.error(
            "a reducer that starts from what is not a constant is not supported",
            "accepted: a constant, or none",
        )
    fill(region, value, ctx)


def lower_finalize(call: Node, ctx: KernelContext) -> None:
    """`T.finalize_reducer(reducer, dst)`: copies the values, which are complete here."""
    source, target = schema.operands(call, 2)[:2]
    copy_regions(region_of(source, ctx), region_of(target, ctx), ctx)


def _kind(decl: schema.BufferDecl, ctx: KernelContext) -> str:
    if decl.data not in ctx.reducers:
        raise ctx.error(f"'{decl.name}' is not a reducer", "accepted: a buffer of T.alloc_reducer")
    return ctx.reducers[decl.data]
