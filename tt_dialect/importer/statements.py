"""TIR statements to `scf`: sequences, loops, lets, blocks and tile operations.

Two tables decide: what is translated, and what is refused and how the refusal reads. What is in
neither is refused by its TIR name.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import (
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    UnitAttr,
    i64,
)

from tt_dialect.importer import schema
from tt_dialect.importer.context import (
    Buffer,
    Index,
    KernelContext,
    Let,
    LoopVar,
    ThreadVar,
    name_value,
    single_block,
)
from tt_dialect.importer.expressions import apply, construct, index_of
from tt_dialect.importer.graph import Node
from tt_dialect.importer.tileops import DTYPES, lower_copy, lower_fill, lower_gemm

Handler = Callable[[Node, KernelContext], None]

TILE_OPS: dict[str, Handler] = {
    "tl.tileop.copy": lower_copy,
    "tl.tileop.fill": lower_fill,
    "tl.tileop.gemm": lower_gemm,
}
"""Operations that are translated, by operator name."""

CHECKS = frozenset(("tirx.assume", "tl.device_assert", "tl.device_assert_with_msg"))
"""Calls that only state or check something: dropped."""

REFUSED_CALLS: dict[str, str] = {
    "tl.tileop.async_copy": "T.async_copy",
    "tl.tileop.reduce": "T.reduce",
    "tl.tileop.transpose": "T.transpose",
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
    "accepted: T.copy, T.gemm, T.fill, T.clear and loops (range, T.serial, T.unroll, T.Pipelined)"
)

REFUSED_STATEMENTS: dict[str, str] = {
    "BufferStore": "a store to single elements",
    "IfThenElse": "an 'if' statement",
    "While": "a 'while' loop",
    "AssertStmt": "an 'assert' statement",
    "AllocBuffer": "a buffer allocated in mid-program",
    "DeclBuffer": "a declared alias of a buffer",
    "Break": "break",
    "Continue": "continue",
    "Return": "return",
}
"""How refused statements are called; all others go by their node name."""

REFUSED_LOOPS = {1: "a T.Parallel loop", 2: "a T.vectorized loop", 4: "a thread binding"}
"""Loops that are not run in order, by `ForKind`."""

UNROLLED = 3

ATTRIBUTE_HINTS = frozenset(("threadblock_swizzle_pattern", "tl.min_blocks_per_sm", "tl.ws_op_id"))
"""`AttrStmt` keys that only advise: the statements inside mean what they mean without them."""

BLOCK_HINTS = frozenset(
    ("tl.launch_threads", "layout_map", "l2_hit_ratio_map", "tl.non_restrict_params")
)
"""Block annotations that only advise."""

SCOPES = {"shared": 1, "shared.dyn": 1, "local.fragment": 2}
"""Memory spaces of on-chip buffers, by TIR scope (TILE level: 1 shared, 2 fragment)."""


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


def _loop(statement: Node, ctx: KernelContext) -> None:
    """A serial, pipelined or unrolled loop; TileLang writes steps as a let inside."""
    kind = statement.integer("kind")
    if kind in REFUSED_LOOPS:
        raise ctx.error(
            f"{REFUSED_LOOPS[kind]} is not supported",
            "accepted: range, T.serial, T.unroll and T.Pipelined loops around tile operations",
        )
    if kind not in (0, UNROLLED):
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


def allocate(node: Node, ctx: KernelContext) -> None:
    """An on-chip buffer: a `memref.alloc` in its memory space."""
    with ctx.at(node):
        decl = schema.buffer_decl(node)
        if decl.scope not in SCOPES:
            raise ctx.error(
                f"buffer '{decl.name}' is in scope '{decl.scope}', which is not supported",
                "accepted: T.alloc_shared and T.alloc_fragment",
            )
        shape = buffer_shape(decl, ctx)
        space = IntegerAttr(SCOPES[decl.scope], i64)
        type_ = MemRefType(DTYPES[decl.dtype], shape, memory_space=space)
        op = ctx.emit(memref.AllocOp([], [], type_))
        name = ctx.unique_name(decl.name)
        op.attributes["tt.name"] = StringAttr(name)
        name_value(op.memref, name)
        ctx.buffers[node] = Buffer(decl, name, shape, op.memref)


def buffer_shape(decl: schema.BufferDecl, ctx: KernelContext) -> tuple[int, ...]:
    """A buffer's constant shape, after checking that it is dense, row-major and of our dtypes."""
    if decl.dtype not in DTYPES:
        raise ctx.error(
            f"unsupported dtype '{decl.dtype}' of buffer '{decl.name}'",
            f"accepted: {', '.join(DTYPES)}",
        )
    shape: list[int] = []
    for extent in decl.shape:
        if extent.kind != "IntImm":
            raise ctx.error(
                f"buffer '{decl.name}' has a dynamic shape", "accepted: constant shapes"
            )
        shape.append(extent.integer("value"))
    if not _is_dense(decl, shape):
        raise ctx.error(
            f"buffer '{decl.name}' is not dense and row-major",
            "accepted: T.Tensor parameters and on-chip buffers without strides or layout",
        )
    return tuple(shape)


def _is_dense(decl: schema.BufferDecl, shape: list[int]) -> bool:
    offset = decl.elem_offset
    shifted = offset is not None and (offset.kind, offset.fields.get("value")) != ("IntImm", 0)
    if decl.has_custom_layout or shifted:
        return False
    if not decl.strides:
        return True
    expected: list[int] = []
    stride = 1
    for extent in reversed(shape):
        expected.append(stride)
        stride *= extent
    return [s.fields.get("value") for s in decl.strides] == expected[::-1]


STATEMENTS: dict[str, Handler] = {
    "SeqStmt": _sequence,
    "Evaluate": _evaluate,
    "For": _loop,
    "Bind": bind,
    "AttrStmt": _attribute,
    "SBlockRealize": _block,
}
"""Statements that are translated, by node kind."""
