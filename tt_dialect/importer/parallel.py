"""`T.Parallel` loops to elementwise `linalg.generic` operations, one for each store.

The iterations of a nest may run in any order, so its statements may as well run one after the other
over all iterations, provided that an iteration touches no element that another one writes. That is
checked: accesses to a written buffer walk along it alike, or touch different parts of it.

A let stands for its expression where it is used. When a store in between changes what it reads, its
values are kept in a buffer of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xdsl.dialects import arith
from xdsl.dialects.linalg.ops import IndexOp
from xdsl.ir import Block, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap

from tt_dialect.importer import schema
from tt_dialect.importer.accesses import Access, access_of, bound
from tt_dialect.importer.buffers import allocate_temporary
from tt_dialect.importer.calls import DROPPED_CALLS, REFUSED_CALLS, refusal
from tt_dialect.importer.context import (
    Binding,
    Buffer,
    Index,
    Kept,
    KernelContext,
    Let,
    LoopVar,
    ParallelVar,
    name_value,
)
from tt_dialect.importer.control import PARALLEL, REFUSED_LOOPS, VECTORIZED, lower_if, lower_loop
from tt_dialect.importer.expressions import index_of
from tt_dialect.importer.generic import DTYPES, emit_generic
from tt_dialect.importer.graph import Node
from tt_dialect.importer.reducers import (
    Contribution,
    reduction_of,
    stored_contribution,
    updated_contribution,
)
from tt_dialect.importer.reductions import reduce_values
from tt_dialect.importer.regions import Region, located
from tt_dialect.importer.scalars import Scalars
from tt_dialect.importer.tileops import fill_values
from tt_dialect.importer.uses import (
    is_changed_before_use,
    loads_in,
    stores_in,
    variables_in,
    walk,
)

ACCEPTED = (
    "accepted in T.Parallel: stores to buffers, lets, 'if', and loops that run in order (range, "
    "T.serial)"
)

REFUSED_INSIDE = {kind: what for kind, what in REFUSED_LOOPS.items() if kind != VECTORIZED}
"""Loops that do not run in order in a nest's body."""


@dataclass(frozen=True)
class Guard:
    """A condition under which a statement runs, or runs not."""

    condition: Node
    holds: bool


@dataclass
class Nest:
    """One nest of parallel loops while it is translated."""

    extents: dict[Node, int]
    """Of each loop variable, outermost first."""
    guards: tuple[Guard, ...] = ()
    divided: frozenset[Node] = frozenset()
    """The variables whose iterations TileLang divides among threads: those of `T.Parallel`."""
    reads: list[Access] = field(default_factory=list[Access])
    writes: list[Access] = field(default_factory=list[Access])
    lets: set[Node] = field(default_factory=set[Node])
    """Variables bound inside: only of these is it known when what they read changes."""


def lower_parallel(statement: Node, ctx: KernelContext) -> None:
    """Translate a perfect nest of `T.Parallel` loops."""
    extents: dict[Node, int] = {}
    divided: set[Node] = set()
    body = statement
    while body.kind == "For" and body.integer("kind") in (PARALLEL, VECTORIZED):
        extents[body.node("loop_var")] = _extent(body, ctx)
        if body.integer("kind") == PARALLEL:
            divided.add(body.node("loop_var"))
        body = body.node("body")
    nest = Nest(extents, divided=frozenset(divided))
    ctx.bindings.update(dict.fromkeys(extents, ParallelVar()))
    _statements([body], nest, ctx)


def _extent(loop: Node, ctx: KernelContext) -> int:
    start, extent = (index_of(loop.node(name), ctx).value for name in ("min", "extent"))
    if start == 0 and isinstance(extent, int) and extent > 0:
        return extent
    raise ctx.error(
        "the extent of a T.Parallel loop is not constant and positive",
        "accepted: constant extents, with a condition inside for what should not run",
    )


def _statements(body: Sequence[Node], nest: Nest, ctx: KernelContext) -> None:
    """Translate statements in order."""
    rest = list(body)
    while rest:
        statement = rest.pop(0)
        if statement.kind == "SeqStmt":
            rest = statement.nodes("seq") + rest
            continue
        handler = STATEMENTS.get(statement.kind)
        with ctx.at(statement):
            if statement.kind == "Bind":
                _bind(statement, rest, nest, ctx)
            elif handler is not None:
                handler(statement, nest, ctx)
            elif not _is_empty(statement):
                _call(statement, nest, ctx)


def _is_empty(statement: Node) -> bool:
    return statement.kind == "Evaluate" and statement.node("value").kind == "IntImm"


def _loop(statement: Node, nest: Nest, ctx: KernelContext) -> None:
    """A loop in order inside: each of its statements still runs over all parallel iterations."""
    lower_loop(statement, ctx, lambda body, ctx: _statements([body], nest, ctx), REFUSED_INSIDE)


def _if(statement: Node, nest: Nest, ctx: KernelContext) -> None:
    """A condition per element selects the value that is stored; one for all is an `scf.if`."""
    condition = statement.node("condition")
    loads = loads_in(condition, ctx)
    if not loads and not variables_in(condition, ctx) & nest.extents.keys():
        lower_if(statement, ctx, lambda body, ctx: _statements([body], nest, ctx))
        return
    cases = [(statement.node("then_case"), True)]
    other = statement.optional("else_case")
    if other is not None:
        cases.append((other, False))
    stores = stores_in(*(case for case, _ in cases))
    stored = {store.node("buffer") for store in stores}
    once = len(stores) == 1 and all(node.kind != "For" for case, _ in cases for node in walk(case))
    read = {schema.loaded_buffer(load) for load in loads if load.kind == "BufferLoad"}
    if stored & read and not once:
        raise ctx.error(
            "an 'if' in T.Parallel stores to a buffer its condition reads",
            "accepted: a select, as in A[i] = T.if_then_else(condition, value, A[i])",
        )
    outer = nest.guards
    for case, holds in cases:
        nest.guards = (*outer, Guard(condition, holds))
        _statements([case], nest, ctx)
    nest.guards = outer


def _bind(statement: Node, rest: Sequence[Node], nest: Nest, ctx: KernelContext) -> None:
    """A let: a substitution, or values in a buffer if what it reads is stored to before its use."""
    var, value = statement.node("var"), statement.node("value")
    ctx.bindings[var] = Let(value)
    nest.lets.add(var)
    loads = loads_in(value, ctx)
    if not loads or not is_changed_before_use(var, loads, rest):
        return
    dtype = schema.dtype_of(value)
    if dtype not in DTYPES:
        raise ctx.error(
            f"'{var.text('name')}' of dtype '{dtype}' is used after what it reads has changed",
            f"accepted: {', '.join(DTYPES)}",
        )
    shape = tuple(nest.extents.values())
    buffer = allocate_temporary(var, var.text("name"), dtype, shape, ctx)
    kept = Kept(buffer, tuple(nest.extents))
    _elementwise(kept.buffer, kept.indices, value, replace(nest, guards=()), ctx)
    ctx.bindings[var] = kept


def _store(statement: Node, nest: Nest, ctx: KernelContext) -> None:
    if statement.optional("predicate") is not None:
        raise ctx.error("a store with a predicate is not supported", ACCEPTED)
    node, value = statement.node("buffer"), statement.node("value")
    if node in ctx.assigned_once:
        ctx.constants[node] = value
        return
    buffer, indices, _ = located(node, statement.nodes("indices"), ctx)
    kind = ctx.reducers.get(buffer.decl.data)
    if kind is None:
        _elementwise(buffer, indices, value, nest, ctx)
    else:
        _accumulate(stored_contribution(statement, kind, ctx), nest, ctx)


def _call(statement: Node, nest: Nest, ctx: KernelContext) -> None:
    """A call: an update of a reducer, or one that does nothing."""
    call = statement.node("value") if statement.kind == "Evaluate" else statement
    name = schema.call_name(call)
    if name == "tl.reducer_update":
        _accumulate(updated_contribution(call), nest, ctx)
    elif name is not None and name.startswith("tl.tileop.") and name not in REFUSED_CALLS:
        raise ctx.error("a tile operation in a T.Parallel loop is not supported", ACCEPTED)
    elif name not in DROPPED_CALLS:
        raise refusal(call, ctx, ACCEPTED)


def _accumulate(part: Contribution, nest: Nest, ctx: KernelContext) -> None:
    """All iterations' contributions to a reducer: in a buffer of their own, and then reduced."""
    buffer, indices, _ = located(part.buffer, part.indices, ctx)
    row = reduction_of(ctx.reducers[buffer.decl.data])
    target = access_of(buffer, indices, nest.extents, ctx)
    walked = [var for var in nest.extents if nest.extents[var] != 1 or var in target.dims]
    reduced = [var for var in walked if var not in target.dims]
    if len(reduced) != 1:
        raise ctx.error(
            f"{len(reduced)} variables of T.Parallel are reduced into '{buffer.name}'",
            "accepted: one; a loop in order for the others",
        )
    if any(_read(load, nest, ctx).region.buffer is buffer for load in loads_in(part.value, ctx)):
        raise ctx.error(
            f"a contribution to the reducer '{buffer.name}' reads it",
            "accepted: values that do not depend on the reducer",
        )
    shape = tuple(nest.extents[var] for var in walked)
    name = f"{buffer.name}_parts"
    key = Node.integer_constant(0)
    parts = allocate_temporary(key, name, buffer.decl.dtype, shape, ctx)
    if nest.guards:
        fill_values(parts.value, row.identity, ctx)
    _elementwise(parts, walked, part.value, nest, ctx)
    nest.writes.append(target)
    result, _ = target.memref([var for var in target.dims if var is not None], ctx, is_output=True)
    places = [AffineDimExpr(walked.index(var)) for var in target.dims if var is not None]
    iterators = "".join("r" if var in reduced else "p" for var in walked)
    output_map = AffineMap(len(walked), 0, tuple(places) or (AffineConstantExpr(0),))
    reduce_values(parts.value, result, row, iterators, output_map, ctx)


def fill_computed(region: Region, value: Node, ctx: KernelContext) -> None:
    """Fill a whole buffer with what is computed, each element alike."""
    if not region.is_whole:
        raise ctx.error(
            f"a fill of {region}, a part of its buffer, with what is computed is not supported",
            "accepted: a whole buffer, or a constant; T.Parallel for the rest",
        )
    variables = [
        Node("tirx.Var", -1, "<fill>", {"name": f"i{d}"}) for d in range(len(region.extents))
    ]
    ctx.bindings.update(dict.fromkeys(variables, ParallelVar()))
    nest = Nest(dict(zip(variables, region.extents, strict=True)))
    dtype = region.buffer.decl.dtype
    if schema.dtype_of(value) != dtype:
        value = Node("tirx.Cast", -1, "<fill>", {"dtype": dtype, "value": value})
    _elementwise(region.buffer, variables, value, nest, ctx)


def lower_element(buffer: Buffer, indices: Sequence[Node], value: Node, ctx: KernelContext) -> None:
    """A store to one element outside of `T.Parallel`: an operation over one element."""
    _elementwise(buffer, indices, value, Nest({}), ctx)


def _elementwise(
    buffer: Buffer, indices: Sequence[Node], value: Node, nest: Nest, ctx: KernelContext
) -> None:
    """Emit the store of a value for all iterations; dimensions are in the order of the store's."""
    target = _access(buffer, indices, nest, ctx)
    order = [var for var in target.dims if var is not None]
    for var, extent in nest.extents.items():
        if var not in order and extent != 1:
            raise ctx.error(
                f"iterations of T.Parallel over '{var.text('name')}' store to the same element "
                f"of '{buffer.name}'",
                "accepted: a store indexed by every variable; T.reduce_sum, T.reduce_max and the "
                "like for reductions",
            )
    reads: dict[Node, Access] = {}
    for expr in (value, *(guard.condition for guard in nest.guards)):
        for load in loads_in(expr, ctx, nest.lets):
            reads[load] = _read(load, nest, ctx)
    _check_order(target, reads.values(), nest, ctx)
    sources = {access.key: access for access in reads.values() if access.key != target.key}
    views = [access.memref(order, ctx) for access in sources.values()]
    output, output_map = target.memref(order, ctx, is_output=True)
    places = {key: number for number, key in enumerate(sources)} | {target.key: len(sources)}

    def build(block: Block) -> SSAValue:
        def load(node: Node, ctx: KernelContext) -> SSAValue:
            return block.args[places[reads[node].key]]

        made = {var: ctx.emit(IndexOp(dim)) for dim, var in enumerate(order)}
        for var, op in made.items():
            name_value(op.result, var.text("name"))
        with bound(_indices(made, nest), ctx):
            scalars = Scalars(ctx, load)
            result = scalars.value(value)
            for guard in reversed(nest.guards):
                chosen = (result, block.args[-1]) if guard.holds else (block.args[-1], result)
                result = ctx.emit(arith.SelectOp(scalars.value(guard.condition), *chosen)).result
        for op in made.values():
            if not op.result.uses:
                op.detach()
                op.erase()
        return result

    maps = [*(indexing for _, indexing in views), output_map]
    emit_generic(ctx, [view for view, _ in views], output, maps, "p" * max(len(order), 1), build)


def _read(load: Node, nest: Nest, ctx: KernelContext) -> Access:
    """What the iterations read with a load, or with the use of a kept let."""
    kept = ctx.bindings.get(load)
    if isinstance(kept, Kept):
        return _access(kept.buffer, kept.indices, nest, ctx)
    if load.optional("predicate") is not None:
        raise ctx.error("a load with a predicate is not supported", ACCEPTED)
    buffer, indices, _ = located(schema.loaded_buffer(load), load.nodes("indices"), ctx)
    return _access(buffer, indices, nest, ctx)


def _access(buffer: Buffer, indices: Sequence[Node], nest: Nest, ctx: KernelContext) -> Access:
    """What the iterations touch of a buffer that they may touch."""
    access = access_of(buffer, indices, nest.extents, ctx)
    if buffer.decl.scope == "local" and nest.divided & set(access.dims):
        raise ctx.error(
            f"'{buffer.name}', of which each thread has its own, is indexed by a variable of "
            "T.Parallel",
            "accepted: T.alloc_fragment, which the threads of a block have together",
        )
    return access


def _indices(made: Mapping[Node, IndexOp], nest: Nest) -> dict[Node, Binding]:
    """What the loop variables are in a body: a dimension's index, or 0 where there is only one."""
    zero = Index.constant(0)
    return {
        var: LoopVar(
            Index(made[var].result, 0, extent - 1) if var in made else zero, zero, sequential=False
        )
        for var, extent in nest.extents.items()
    }


def _check_order(target: Access, reads: Collection[Access], nest: Nest, ctx: KernelContext) -> None:
    """Refuse iterations that touch what another one writes, now or in another statement."""
    pairs = [(target, other) for other in (*nest.reads, *nest.writes, *reads)]
    pairs += [(write, read) for write in nest.writes for read in reads]
    for write, other in pairs:
        same = write.region.buffer is other.region.buffer
        if same and not write.is_aligned(other) and not write.is_disjoint(other):
            raise ctx.error(
                f"iterations of T.Parallel touch elements of '{write.region.name}' that others "
                "write",
                "accepted: the same indices wherever a written buffer is used, or a second buffer",
            )
    nest.writes.append(target)
    nest.reads += reads


Handler = Callable[[Node, Nest, KernelContext], None]

STATEMENTS: dict[str, Handler] = {"BufferStore": _store, "For": _loop, "IfThenElse": _if}
"""Statements of a nest's body, by node kind; lets need what follows them."""
