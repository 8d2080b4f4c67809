"""TIR statements to `scf`: sequences, loops, lets, blocks and tile operations.

Two tables decide: what is translated, and what is refused and how the refusal reads. What is in
neither is refused by its TIR name.
"""

from __future__ import annotations

from collections.abc import Callable

from tt_dialect.importer import schema
from tt_dialect.importer.annotations import kind_of, note_annotations
from tt_dialect.importer.buffers import allocate, allocate_temporary
from tt_dialect.importer.calls import ACCEPTED, DROPPED_CALLS, refusal
from tt_dialect.importer.context import Kept, KernelContext, Let, LoopVar, ThreadVar
from tt_dialect.importer.control import PARALLEL, VECTORIZED, lower_if, lower_loop
from tt_dialect.importer.generic import DTYPES
from tt_dialect.importer.graph import Node
from tt_dialect.importer.loops import lower_store
from tt_dialect.importer.parallel import fill_computed, lower_element, lower_parallel
from tt_dialect.importer.reducers import (
    ANNOTATIONS,
    declare_reducers,
    lower_finalize,
    lower_reducer_init,
)
from tt_dialect.importer.reductions import lower_reduce, lower_transpose
from tt_dialect.importer.regions import located
from tt_dialect.importer.tileops import lower_copy, lower_fill, lower_gemm
from tt_dialect.importer.uses import is_assigned_once, loads_in, variables_in, walk

Handler = Callable[[Node, KernelContext], None]

TILE_OPS: dict[str, Handler] = {
    "tl.tileop.copy": lower_copy,
    "tl.tileop.fill": lambda call, ctx: lower_fill(call, ctx, fill_computed),
    "tl.tileop.finalize_reducer_v2": lower_finalize,
    "tl.tileop.gemm": lower_gemm,
    "tl.tileop.reduce": lower_reduce,
    "tl.tileop.reducer_init": lower_reducer_init,
    "tl.tileop.transpose": lower_transpose,
}
"""Operations that are translated, by operator name."""

REFUSED_STATEMENTS: dict[str, str] = {
    "While": "a 'while' loop",
    "AssertStmt": "an 'assert' statement",
    "AllocBuffer": "a buffer allocated in mid-program",
    "DeclBuffer": "a declared alias of a buffer",
    "Break": "break",
    "Continue": "continue",
    "Return": "return",
}
"""How refused statements are called; all others go by their node name."""

ATTRIBUTE_HINTS = frozenset(("threadblock_swizzle_pattern", "tl.min_blocks_per_sm", "tl.ws_op_id"))
"""`AttrStmt` keys that only advise: the statements inside mean what they mean without them."""

BLOCK_HINTS = {
    "tl.launch_threads": "the number of threads: no thread is named",
    "layout_map": "how shared memory is swizzled: blocks on chip are tiled here",
    "l2_hit_ratio_map": "what a GPU's cache keeps",
    "tl.non_restrict_params": "which tensors may overlap: parameters are different tensors here",
}
"""Block annotations that only advise, with what about."""

REFUSED_ANNOTATIONS = {
    "safe_value_map": "no T.annotate_safe_value: what is outside a tensor is 0",
    "cluster_dims": "no thread block clusters; blocks are cores, which share no memory",
    "barrier_init": "no barriers: statements run in order",
    "pragma_import_c": "kernels without C source",
    "code_block_source": "kernels without C source",
}
"""Block annotations that change the meaning, with what to write instead."""


def lower(statement: Node, ctx: KernelContext) -> None:
    """Translate one statement."""
    handler = STATEMENTS.get(statement.kind)
    with ctx.at(statement):
        if handler is None:
            what = REFUSED_STATEMENTS.get(statement.kind, f"'{statement.type}'")
            raise ctx.error(f"{what} is not supported", ACCEPTED)
        handler(statement, ctx)


def _sequence(statement: Node, ctx: KernelContext) -> None:
    children = statement.nodes("seq")
    for number, child in enumerate(children):
        if child.kind == "Bind" and _is_element(child, children[number + 1 :], ctx):
            with ctx.at(child):
                _keep(child, ctx)
        else:
            lower(child, ctx)


def _evaluate(statement: Node, ctx: KernelContext) -> None:
    call = statement.node("value")
    name = schema.call_name(call)
    if name in TILE_OPS:
        TILE_OPS[name](call, ctx)
    elif name not in DROPPED_CALLS and call.kind != "IntImm":
        raise refusal(call, ctx)


def bind(statement: Node, ctx: KernelContext) -> None:
    """A let: a substitution. What it may not say is refused where it is used."""
    var, value = statement.node("var"), statement.node("value")
    if schema.call_name(value) == "tl.launch_thread_idx":
        ctx.bindings[var] = ThreadVar()
    else:
        ctx.bindings[var] = Let(value)


def _is_element(statement: Node, rest: list[Node], ctx: KernelContext) -> bool:
    """Whether a let holds floating-point elements of buffers and is used."""
    var, value = statement.node("var"), statement.node("value")
    is_float = schema.dtype_of(value) in DTYPES
    return is_float and bool(loads_in(value, ctx)) and any(node is var for node in walk(*rest))


def _keep(statement: Node, ctx: KernelContext) -> None:
    """A let that loads: its value is taken here, once, and kept in a buffer of one element."""
    var, value = statement.node("var"), statement.node("value")
    dtype, zero = schema.dtype_of(value), Node.integer_constant(0)
    buffer = allocate_temporary(var, var.text("name"), dtype, (1,), ctx)
    lower_element(buffer, [zero], value, ctx)
    ctx.bindings[var] = Kept(buffer, (zero,))


def _store(statement: Node, ctx: KernelContext) -> None:
    """A store to one element: in loops over elements it is one of a nest that may be raised."""
    node, indices = statement.node("buffer"), statement.nodes("indices")
    if node in ctx.assigned_once:
        ctx.constants[node] = statement.node("value")
        return
    variables = set[Node]().union(*(variables_in(index, ctx) for index in indices))
    bindings = [ctx.bindings.get(var) for var in variables]
    if any(isinstance(found, LoopVar) and found.sequential for found in bindings):
        lower_store(statement, ctx)
    else:
        buffer, indices, _ = located(node, indices, ctx)
        lower_element(buffer, indices, statement.node("value"), ctx)


def _for(statement: Node, ctx: KernelContext) -> None:
    """A loop: `T.Parallel` loops are elementwise operations, others run in order."""
    if statement.integer("kind") in (PARALLEL, VECTORIZED):
        lower_parallel(statement, ctx)
    else:
        lower_loop(statement, ctx, lower)


def _if(statement: Node, ctx: KernelContext) -> None:
    lower_if(statement, ctx, lower)


def _attribute(statement: Node, ctx: KernelContext) -> None:
    key = statement.text("attr_key")
    if key not in ATTRIBUTE_HINTS:
        raise ctx.error(
            f"the attribute '{key}' is not supported",
            f"accepted: {', '.join(sorted(ATTRIBUTE_HINTS))}",
        )
    lower(statement.node("body"), ctx)


def _block(realize: Node, ctx: KernelContext) -> None:
    """`tilelang_root`: allocations, then the kernel's statements."""
    block = enter_block(realize, ctx)
    declare_reducers(block, ctx)
    for buffer in block.nodes("alloc_buffers"):
        scope = schema.buffer_decl(buffer).scope
        if scope == "local.var" and is_assigned_once(buffer, block.node("body"), ctx):
            ctx.assigned_once.add(buffer)
    for buffer in block.nodes("alloc_buffers"):
        allocate(buffer, ctx)
    lower(block.node("body"), ctx)


def enter_block(realize: Node, ctx: KernelContext) -> Node:
    """Check that a block is only a scope, and return it."""
    block = realize.node("block")
    predicate = realize.node("predicate")
    is_scope = predicate.kind == "IntImm" and predicate.integer("value") == 1
    if not is_scope or block.items("iter_vars") or block.optional("init") is not None:
        raise ctx.error(
            f"the block '{block.text('name_hint')}' iterates or is conditional",
            "accepted: kernels written with tile operations",
        )
    if block.items("match_buffers"):
        raise ctx.error("match_buffer inside a kernel is not supported", "accepted: T.alloc_shared")
    note_annotations(schema.annotations_of(block), ctx)
    for key in schema.annotations_of(block):
        if key not in BLOCK_HINTS and key not in ANNOTATIONS and kind_of(key) is None:
            accepted = REFUSED_ANNOTATIONS.get(key, ", ".join((*BLOCK_HINTS, *ANNOTATIONS)))
            raise ctx.error(
                f"the block annotation '{key}' is not supported", f"accepted: {accepted}"
            )
    return block


STATEMENTS: dict[str, Handler] = {
    "SeqStmt": _sequence,
    "Evaluate": _evaluate,
    "For": _for,
    "IfThenElse": _if,
    "Bind": bind,
    "AttrStmt": _attribute,
    "BufferStore": _store,
    "SBlockRealize": _block,
}
"""Statements that are translated, by node kind."""
