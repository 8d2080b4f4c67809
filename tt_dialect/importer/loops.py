"""Loop nests over single elements, as plain TVM writes kernels, to `scf` and `memref.load`/`store`.

A plain TVM function has no launch grid: loops (tilelang-tir.md 5), or blocks in loops, store to
elements of parameters and of intermediate buffers. Loops of every kind run in order here, which is
one of the orders TIR allows; `tt-raise` finds out which iterations depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import memref
from xdsl.dialects.builtin import IntegerAttr, MemRefType, NoneAttr, StringAttr, i64
from xdsl.ir import SSAValue

from tt_dialect.importer import schema
from tt_dialect.importer.buffers import SCOPES, buffer_shape
from tt_dialect.importer.context import (
    Buffer,
    Kept,
    KernelContext,
    Let,
    Scalar,
    location_attr,
    name_value,
)
from tt_dialect.importer.control import lower_if, lower_loop
from tt_dialect.importer.expressions import construct, index_of
from tt_dialect.importer.generic import DTYPES, element_type
from tt_dialect.importer.graph import Node
from tt_dialect.importer.numbers import number
from tt_dialect.importer.regions import located
from tt_dialect.importer.sblocks import is_iterating, lower_sblock
from tt_dialect.importer.scalars import Scalars
from tt_dialect.importer.uses import loads_in, walk

ACCEPTED = (
    "accepted in a function without a launch grid: loops, 'if', blocks and stores to elements of "
    "buffers"
)

PLAIN_SCOPES = frozenset(("global", "local", "local.var"))
"""Where intermediate buffers of a plain function may be: memory that is not chosen yet."""

THREADS = 4
"""`ForKind` of loops over a launch grid or over threads."""

REFUSED_LOOPS = {THREADS: "a thread binding"}


def is_plain(body: Node) -> bool:
    """Whether a function is one of loop nests: it has neither a launch grid nor tile operations."""
    nodes = list(walk(body))
    stores = any(node.kind == "BufferStore" for node in nodes)
    return stores and not any(
        (node.kind == "For" and node.get("kind") == THREADS)
        or (node.kind == "AttrStmt" and node.text("attr_key") == "thread_extent")
        or (schema.call_name(node) or "").startswith("tl.tileop.")
        for node in nodes
    )


def lower_plain(statement: Node, ctx: KernelContext) -> None:
    """Translate a statement of a plain function."""
    handler = STATEMENTS.get(statement.kind)
    with ctx.at(statement):
        if handler is None:
            raise ctx.error(f"'{statement.type}' is not supported", ACCEPTED)
        handler(statement, ctx)


def lower_store(statement: Node, ctx: KernelContext) -> None:
    """A store to one element."""
    if statement.optional("predicate") is not None:
        raise ctx.error("a store with a predicate is not supported", "accepted: an 'if' around it")
    buffer, places, _ = located(statement.node("buffer"), statement.nodes("indices"), ctx)
    indices = _indices(places, buffer, ctx)
    expr = statement.node("value")
    constant = number(expr, ctx)
    if constant is not None:
        value = ctx.float_constant(constant, element_type(buffer.value))
    else:
        value = Scalars(ctx, load_element).value(expr)
    if value.type != element_type(buffer.value):
        raise ctx.error(
            f"a value of type {value.type} is stored to '{buffer.name}'",
            f"accepted: values of its dtype, {buffer.decl.dtype}",
        )
    ctx.emit(memref.StoreOp.get(value, buffer.value, indices))


def load_element(load: Node, ctx: KernelContext) -> SSAValue:
    """The value of one element."""
    kept = ctx.bindings.get(load)
    if isinstance(kept, Kept):
        indices = [ctx.ssa(index_of(index, ctx)) for index in kept.indices]
        return ctx.emit(memref.LoadOp.get(kept.buffer.value, indices)).res
    if load.kind != "BufferLoad" or load.optional("predicate") is not None:
        raise ctx.error("a load with a predicate is not supported", ACCEPTED)
    buffer, places, _ = located(schema.loaded_buffer(load), load.nodes("indices"), ctx)
    indices = _indices(places, buffer, ctx)
    return ctx.emit(memref.LoadOp.get(buffer.value, indices)).res


def _indices(exprs: list[Node], buffer: Buffer, ctx: KernelContext) -> list[SSAValue]:
    if len(exprs) != len(buffer.shape):
        raise ctx.error(
            f"'{buffer.name}' is used with {len(exprs)} indices and has {len(buffer.shape)}"
        )
    indices = [index_of(expr, ctx) for expr in exprs]
    for dim, (index, extent) in enumerate(zip(indices, buffer.shape, strict=True)):
        if isinstance(index.value, int) and not 0 <= index.value < extent:
            raise ctx.error(
                f"index {index.value} is outside dimension {dim} of '{buffer.name}' "
                f"(size {extent})",
                f"accepted: 0 to {extent - 1}",
            )
    return [ctx.ssa(index) for index in indices]


def bind_element(statement: Node, ctx: KernelContext) -> None:
    """A let: a substitution, unless it loads; then its value is taken here, once."""
    var, value = statement.node("var"), statement.node("value")
    if not loads_in(value, ctx):
        ctx.bindings[var] = Let(value)
        return
    if schema.dtype_of(value) not in DTYPES:
        raise ctx.error(
            f"a let of dtype '{schema.dtype_of(value)}' that loads from a buffer is not supported",
            f"accepted: {', '.join(DTYPES)}",
        )
    ctx.bindings[var] = Scalar(Scalars(ctx, load_element).value(value))


def allocate_plain(node: Node, ctx: KernelContext) -> None:
    """An intermediate buffer, at function entry: where it is declared says nothing about its life.

    Buffers in on-chip scopes keep their memory space; others have none yet.
    """
    with ctx.at(node):
        decl = schema.buffer_decl(node)
        if decl.scope not in PLAIN_SCOPES and decl.scope not in SCOPES:
            raise ctx.error(
                f"buffer '{decl.name}' is in scope '{decl.scope}', which is not supported",
                f"accepted: {', '.join(sorted(PLAIN_SCOPES | SCOPES.keys()))}",
            )
        shape = buffer_shape(decl, ctx)
        on_chip = decl.scope not in PLAIN_SCOPES
        space = IntegerAttr(SCOPES[decl.scope], i64) if on_chip else NoneAttr()
        type_ = MemRefType(DTYPES[decl.dtype], shape, memory_space=space)
        op = memref.AllocOp([], [], type_)
        op.location = location_attr(ctx.location) or op.location
        ctx.entry.add_op(op)
        name = ctx.unique_name(decl.name)
        op.attributes["tt.name"] = StringAttr(name)
        name_value(op.memref, name)
        ctx.buffers[node] = Buffer(decl, name, shape, op.memref)


def _sequence(statement: Node, ctx: KernelContext) -> None:
    for child in statement.nodes("seq"):
        lower_plain(child, ctx)


def _for(statement: Node, ctx: KernelContext) -> None:
    lower_loop(statement, ctx, lower_plain, REFUSED_LOOPS)


def _if(statement: Node, ctx: KernelContext) -> None:
    lower_if(statement, ctx, lower_plain)


def _block(realize: Node, ctx: KernelContext) -> None:
    """A block that iterates, or one that is only a scope."""
    block = realize.node("block")
    for buffer in block.nodes("alloc_buffers"):
        allocate_plain(buffer, ctx)
    if is_iterating(realize):
        lower_sblock(realize, ctx, lower_plain)
    else:
        lower_plain(block.node("body"), ctx)


def _evaluate(statement: Node, ctx: KernelContext) -> None:
    value = statement.node("value")
    if value.kind != "IntImm":
        raise ctx.error(f"{construct(value)} is not supported", ACCEPTED)


def _allocate(statement: Node, ctx: KernelContext) -> None:
    allocate_plain(statement.node("buffer"), ctx)


Handler = Callable[[Node, KernelContext], None]

STATEMENTS: dict[str, Handler] = {
    "SeqStmt": _sequence,
    "For": _for,
    "IfThenElse": _if,
    "Bind": bind_element,
    "SBlockRealize": _block,
    "BufferStore": lower_store,
    "AllocBuffer": _allocate,
    "Evaluate": _evaluate,
}
"""Statements of plain functions, by node kind."""
