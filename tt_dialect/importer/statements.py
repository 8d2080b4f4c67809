"""TIR statements to `scf`: sequences, loops, lets, blocks and tile operations.

Two tables decide: what is translated, and what is refused and how the refusal reads. What is in
neither is refused by its TIR name.
"""

from __future__ import annotations

from collections.abc import Callable

from tt_dialect.importer import schema
from tt_dialect.importer.buffers import allocate
from tt_dialect.importer.context import KernelContext, Let, ThreadVar
from tt_dialect.importer.control import PARALLEL, lower_if, lower_loop
from tt_dialect.importer.expressions import construct
from tt_dialect.importer.graph import Node
from tt_dialect.importer.loops import lower_store
from tt_dialect.importer.parallel import lower_parallel
from tt_dialect.importer.reductions import lower_reduce, lower_transpose
from tt_dialect.importer.tileops import lower_copy, lower_fill, lower_gemm

Handler = Callable[[Node, KernelContext], None]

TILE_OPS: dict[str, Handler] = {
    "tl.tileop.copy": lower_copy,
    "tl.tileop.fill": lower_fill,
    "tl.tileop.gemm": lower_gemm,
    "tl.tileop.reduce": lower_reduce,
    "tl.tileop.transpose": lower_transpose,
}
"""Operations that are translated, by operator name."""

CHECKS = frozenset(("tirx.assume", "tl.device_assert", "tl.device_assert_with_msg"))
"""Calls that only state or check something: dropped."""

REFUSED_CALLS: dict[str, str] = {
    "tl.tileop.async_copy": "T.async_copy",
    "tl.tileop.cumsum": "T.cumsum",
    "tl.tileop.cummax": "T.cummax",
    "tl.tileop.atomicadd": "T.atomic_add",
    "tl.tileop.atomicmax": "T.atomic_max",
    "tl.tileop.atomicmin": "T.atomic_min",
    "tl.tileop.im2col": "T.im2col",
    "tl.tileop.c2d_im2col": "T.c2d_im2col",
    "tl.tileop.reducer_init": "a reducer",
    "tl.tileop.finalize_reducer": "a reducer",
    "tl.tileop.finalize_reducer_v2": "a reducer",
    "tl.reducer_update": "a reducer",
    "tl.tileop.gemm_sp": "T.gemm_sp",
    "tirx.tvm_storage_sync": "T.sync_threads",
    "tirx.call_extern": "T.call_extern",
    "tirx.break_loop": "break",
    "tl.loop_break": "break",
    "tirx.continue_loop": "continue",
}
"""How refused operations are called in TileLang; all others go by their operator name."""

ACCEPTED_STATEMENTS = (
    "accepted: T.copy, T.gemm, T.fill, T.clear, T.reduce_*, T.transpose, T.Parallel loops, 'if' on "
    "scalars, and loops (range, T.serial, T.unroll, T.Pipelined)"
)

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

BLOCK_HINTS = frozenset(
    ("tl.launch_threads", "layout_map", "l2_hit_ratio_map", "tl.non_restrict_params")
)
"""Block annotations that only advise."""


def lower(statement: Node, ctx: KernelContext) -> None:
    """Translate one statement."""
    handler = STATEMENTS.get(statement.kind)
    with ctx.at(statement):
        if handler is None:
            what = REFUSED_STATEMENTS.get(statement.kind, f"'{statement.type}'")
            raise ctx.error(f"{what} is not supported", ACCEPTED_STATEMENTS)
        handler(statement, ctx)


def _sequence(statement: Node, ctx: KernelContext) -> None:
    for child in statement.nodes("seq"):
        lower(child, ctx)


def _evaluate(statement: Node, ctx: KernelContext) -> None:
    call = statement.node("value")
    name = schema.call_name(call)
    if name in TILE_OPS:
        TILE_OPS[name](call, ctx)
    elif name not in CHECKS and call.kind != "IntImm":
        what = REFUSED_CALLS.get(name or "", construct(call))
        raise ctx.error(f"{what} is not supported", ACCEPTED_STATEMENTS)


def bind(statement: Node, ctx: KernelContext) -> None:
    """A let: a substitution. What it may not say is refused where it is used."""
    var, value = statement.node("var"), statement.node("value")
    if schema.call_name(value) == "tl.launch_thread_idx":
        ctx.bindings[var] = ThreadVar()
    else:
        ctx.bindings[var] = Let(value)


def _for(statement: Node, ctx: KernelContext) -> None:
    """A loop: `T.Parallel` loops are elementwise operations, others run in order."""
    if statement.integer("kind") == PARALLEL:
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
    for key in schema.annotations_of(block):
        if key not in BLOCK_HINTS:
            raise ctx.error(
                f"the block annotation '{key}' is not supported",
                f"accepted: {', '.join(sorted(BLOCK_HINTS))}",
            )
    return block


STATEMENTS: dict[str, Handler] = {
    "SeqStmt": _sequence,
    "Evaluate": _evaluate,
    "For": _for,
    "IfThenElse": _if,
    "Bind": bind,
    "AttrStmt": _attribute,
    "BufferStore": lower_store,
    "SBlockRealize": _block,
}
"""Statements that are translated, by node kind."""
