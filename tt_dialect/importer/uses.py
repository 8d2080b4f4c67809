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
        known = ctx.resolved(node)
        pending += [known] if known is not node else reversed(list(children(node)))


def loads_in(expr: Node, ctx: KernelContext, lets: Collection[Node] | None = None) -> list[Node]:
    """The loads an expression does, and the kept lets it uses, lets expanded.

    With `lets`, a let that loads must be one of these.
    """
    found: list[Node] = []
    for node in _expanded(expr, ctx):
        binding = ctx.bindings.get(node)
        loads = node.kind == "BufferLoad" and ctx.resolved(node) is node
        if loads or isinstance(binding, Kept):
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


def is_assigned_once(buffer: Node, body: Node, ctx: KernelContext) -> bool:
    """Whether a variable is assigned in one place, in front of all uses, with what does not change.

    It then stands for the expression, as a let does. The expression may load only what is known to
    be assigned once.
    """
    stores = [store for store in stores_in(body) if store.node("buffer") is buffer]
    if len(stores) != 1:
        return False
    (store,) = stores
    for node in walk(store.node("value"), *store.nodes("indices")):
        if node.kind == "BufferLoad" and schema.loaded_buffer(node) not in ctx.assigned_once:
            return False
    after = _following(store, body)
    if after is None or any(_mentions(buffer, node) for node in _walk_without(body, after)):
        return False
    regions = (n for n in walk(*after) if schema.call_name(n) in ("tl.region", "tl.access_ptr"))
    return not any(_mentions(buffer, argument) for n in regions for argument in n.nodes("args"))


def _mentions(buffer: Node, node: Node) -> bool:
    return node.kind == "BufferLoad" and schema.loaded_buffer(node) is buffer


def _following(store: Node, body: Node) -> list[Node] | None:
    """The statements that run after a store whenever it has run, up to the end of its loop."""
    for node in walk(body):
        if node.kind == "SeqStmt" and any(child is store for child in node.nodes("seq")):
            children = node.nodes("seq")
            return children[children.index(store) + 1 :]
    return None


def _walk_without(body: Node, excluded: Sequence[Node]) -> Iterator[Node]:
    """All nodes below that are reached without passing through the excluded statements."""
    seen: set[Node] = set(excluded)
    pending = [body]
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            yield node
            pending += children(node)


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
