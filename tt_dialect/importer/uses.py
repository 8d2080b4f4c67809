"""What statements and expressions of `T.Parallel` loops read, store and mention."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tt_dialect.importer import schema
from tt_dialect.importer.context import Kept, KernelContext, Let
from tt_dialect.importer.graph import Node, Value

NOT_EXPRESSIONS = frozenset(("annotations", "attrs", "buffer", "op", "source", "span", "ty"))
"""Fields that hold no part of an expression or statement."""


def children(node: Node) -> Iterator[Node]:
    """The expressions and statements a node is made of."""
    for name, held in node.fields.items():
        if name not in NOT_EXPRESSIONS:
            values: list[Value] = held if isinstance(held, list) else [held]
            yield from (value for value in values if isinstance(value, Node))


def walk(*roots: Node) -> Iterator[Node]:
    """All nodes below, each once."""
    seen: set[Node] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            yield node
            pending += children(node)


def _expanded(expr: Node, ctx: KernelContext) -> Iterator[Node]:
    """All nodes of an expression in a fixed order, and of the lets it uses."""
    seen: set[Node] = set()
    pending = [expr]
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        binding = ctx.bindings.get(node)
        pending += [binding.value] if isinstance(binding, Let) else reversed(list(children(node)))


def loads_in(expr: Node, ctx: KernelContext, lets: Collection[Node] | None = None) -> list[Node]:
    """The loads an expression does, and the kept lets it uses, lets expanded.

    With `lets`, a let that loads must be one of these.
    """
    found: list[Node] = []
    for node in _expanded(expr, ctx):
        binding = ctx.bindings.get(node)
        if node.kind == "BufferLoad" or isinstance(binding, Kept):
            found.append(node)
        elif isinstance(binding, Let) and lets is not None and node not in lets:
            if loads_in(binding.value, ctx):
                raise ctx.error(
                    f"'{node.text('name')}' is an element of a buffer, read outside of T.Parallel",
                    "accepted: elements read where they are used",
                )
    return found


def variables_in(expr: Node, ctx: KernelContext) -> set[Node]:
    """The variables an expression depends on, lets expanded."""
    return {node for node in _expanded(expr, ctx) if node.kind == "Var"}


def stores_in(*statements: Node) -> list[Node]:
    """All stores of statements."""
    return [node for node in walk(*statements) if node.kind == "BufferStore"]


def is_changed_before_use(var: Node, loads: Sequence[Node], rest: Sequence[Node]) -> bool:
    """Whether statements store to what a let of `var` loads, and use the let afterwards."""
    read = {schema.loaded_buffer(load) for load in loads if load.kind == "BufferLoad"}
    names, changed = {var}, False
    pending = list(rest)
    while pending:
        statement = pending.pop(0)
        if statement.kind == "SeqStmt":
            pending = statement.nodes("seq") + pending
            continue
        mentions = any(node in names for node in walk(statement))
        if statement.kind == "Bind":
            names |= {statement.node("var")} if mentions else set()
            continue
        stores = any(store.node("buffer") in read for store in stores_in(statement))
        if mentions and (changed or (stores and statement.kind != "BufferStore")):
            return True
        changed |= stores
    return False
