"""Loop nests brought into the form `tt-raise` takes: perfect nests around one store.

Conditions become loop bounds or stand outside of loops, scalars of an iteration become buffers, and
loops are distributed over their statements.
"""

from __future__ import annotations

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import IndexType, MemRefType
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.access import memref_type
from tt_dialect.analysis.index import range_of
from tt_dialect.analysis.loops import (
    Access,
    Linear,
    accesses,
    carried,
    condition_of,
    extent,
    linear,
    statements,
    variable,
)
from tt_dialect.analysis.regions import ancestor_in, is_inside
from tt_dialect.passes.base import insert, located

# -- parts of bodies -------------------------------------------------------------------------------


def _slice(ops: list[Operation], block: Block) -> set[Operation]:
    """The operations of a block that some of its operations use, themselves included."""
    found: set[Operation] = set()
    pending = list(ops)
    while pending:
        op = pending.pop()
        if op in found:
            continue
        found.add(op)
        for inner in op.walk():
            owners = [v.owner for v in inner.operands]
            pending += [o for o in owners if isinstance(o, Operation) and o.parent is block]
    return found


def _reads_and_effects(part: list[Operation], block: Block) -> list[Access]:
    return [access for op in _slice(part, block) for access in accesses(op)]


def _may_split(block: Block, first: list[Operation], second: list[Operation]) -> bool:
    """Whether what the second part loads may be loaded after the first part has run."""
    order = {op: number for number, op in enumerate(block.ops)}
    written = [(a.buffer, order[op]) for op in first for a in accesses(op) if a.writes]
    return not any(
        isinstance(op, memref.LoadOp)
        and any(op.memref is buffer and order[op] < at for buffer, at in written)
        for op in _slice(second, block)
    )


def _split(rewriter: PatternRewriter, op: scf.ForOp | scf.IfOp, count: int) -> None:
    """Leaves the first statements of a body in `op`, puts the others in a copy behind it."""
    copy = op.clone()
    rewriter.insert(copy, InsertPoint.after(op))
    for owner, kept in ((op, slice(None, count)), (copy, slice(count, None))):
        block = owner.regions[0].block
        keep = set(_slice(statements(block)[kept], block))
        for inner in reversed(list(block.ops)):
            if inner not in keep and not isinstance(inner, scf.YieldOp):
                rewriter.erase(inner)


def _clone_out(
    rewriter: PatternRewriter,
    ops: list[Operation],
    loop: Operation,
    known: dict[SSAValue, SSAValue],
) -> dict[SSAValue, SSAValue]:
    """Clones operations in front of a loop, with what they use of its body."""

    def clone(op: Operation) -> None:
        for inner in op.walk():
            for value in inner.operands:
                owner = value.owner
                outside = not is_inside(value, op) and is_inside(value, loop)
                if outside and value not in known and isinstance(owner, Operation):
                    clone(owner)
        copy = op.clone(known)
        rewriter.insert(copy, InsertPoint.before(loop))
        known.update(zip(op.results, copy.results, strict=True))

    for op in ops:
        clone(op)
    return known


def _inline(rewriter: PatternRewriter, op: scf.IfOp, block: Block) -> None:
    """Puts the inside of a condition in its place."""
    end = block.last_op
    if isinstance(end, scf.YieldOp):
        rewriter.erase(end)
    rewriter.inline_block(block, InsertPoint.before(op))
    rewriter.erase(op)


def _is_plain_if(op: Operation) -> bool:
    """Whether an operation is an `if` without results and without an `else` that does anything."""
    return (
        isinstance(op, scf.IfOp)
        and not op.results
        and not any(statements(block) for block in op.false_region.blocks)
    )


def _only_condition(loop: scf.ForOp) -> scf.IfOp | None:
    """The `if` that is all of a loop's body."""
    inner = statements(loop.body.block)
    if len(inner) != 1 or not isinstance(inner[0], scf.IfOp) or not _is_plain_if(inner[0]):
        return None
    loads = any(isinstance(op, memref.LoadOp) for op in loop.body.block.ops)
    return inner[0] if not loads and _is_of_elements(inner) else None


def _is_of_elements(ops: list[Operation]) -> bool:
    """Whether operations are loops and conditions around element accesses, and nothing else."""
    allowed = (scf.ForOp, scf.IfOp, scf.YieldOp, memref.LoadOp, memref.StoreOp)
    inner = [inner for op in ops for inner in op.walk()]
    return any(isinstance(op, memref.StoreOp) for op in inner) and all(
        isinstance(op, allowed) or op.name.split(".")[0] in ("arith", "math") for op in inner
    )


# -- conditions ------------------------------------------------------------------------------------


class DecideCondition(RewritePattern):
    """An `if` that loop bounds decide goes away."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.IfOp, rewriter: PatternRewriter) -> None:
        condition = condition_of(op.cond)
        decided = condition.decided if condition is not None else None
        if decided is None or op.results or not _is_of_elements([op]):
            return
        region = op.true_region if decided else op.false_region
        if region.blocks:
            _inline(rewriter, op, region.block)
        else:
            rewriter.erase(op)


class SplitCondition(RewritePattern):
    """`if a and b` becomes two, and so does `if 32 * ko + ki == 0`: the inner loop's is outside."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.IfOp, rewriter: PatternRewriter) -> None:
        if not _is_plain_if(op) or not _is_of_elements([op]):
            return
        made: list[Operation] = []
        if isinstance(op.cond.owner, arith.AndIOp):
            conditions = list(op.cond.owner.operands)
        else:
            conditions = self._zeros(op, made)
        if len(conditions) < 2:
            return
        rewriter.insert(made)
        region = rewriter.move_region_contents_to_new_regions(op.true_region)
        for condition in sorted(conditions, key=_depth)[:-1]:
            inner = scf.IfOp(condition, [], region)
            inner.location = op.location
            region = Region(Block([inner, scf.YieldOp()]))
        outer = scf.IfOp(max(conditions, key=_depth), [], region)
        outer.location = op.location
        rewriter.replace(op, outer)

    @staticmethod
    def _zeros(op: scf.IfOp, made: list[Operation]) -> list[SSAValue]:
        """A sum of multiples of values that are not negative is zero where each of them is."""
        condition = condition_of(op.cond)
        if condition is None or condition.predicate != 0 or condition.form.constant:
            return []
        terms = condition.form.terms
        ranges = [range_of(value) for value in terms]
        if any(r is None or r.low < 0 for r in ranges) or min(terms.values(), default=0) < 0:
            return []
        if len(terms) < 2:
            return []
        zero = arith.ConstantOp.from_int_and_width(0, IndexType())
        compared = [arith.CmpiOp(value, zero.result, "eq") for value in terms]
        made += [zero, *compared]
        return [c.result for c in compared]


def _depth(condition: SSAValue) -> int:
    """How many loops are around the innermost variable of a condition."""
    found = condition_of(condition)
    depths = [0]
    for value in found.form.terms if found is not None else ():
        block = value.owner if isinstance(value.owner, Block) else value.owner.parent
        depth = 0
        while block is not None:
            depth += 1
            parent = block.parent_op()
            block = parent.parent if parent is not None else None
        depths.append(depth)
    return max(depths)


class SplitConditional(RewritePattern):
    """`if c { a; b }` becomes `if c { a }` and `if c { b }` in a loop."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.IfOp, rewriter: PatternRewriter) -> None:
        block = op.true_region.block
        inner = statements(block)
        if len(inner) < 2 or not _is_plain_if(op) or condition_of(op.cond) is None:
            return
        if _is_of_elements(inner) and _may_split(block, inner[:1], inner[1:]):
            _split(rewriter, op, 1)


class UnswitchLoop(RewritePattern):
    """`for { if c { .. } }` becomes `if c { for { .. } }` where `c` is the same in all iterations."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        condition = _only_condition(op)
        if condition is None or op.results:
            return
        known = condition_of(condition.cond)
        if known is None or any(is_inside(value, op) for value in known.form.terms):
            return
        value = condition.cond
        if isinstance(value.owner, Operation) and is_inside(value, op):
            value = _clone_out(rewriter, [value.owner], op, {})[value]
        _inline(rewriter, condition, condition.true_region.block)
        outer = scf.IfOp(value, [], Region(Block([op.clone(), scf.YieldOp()])))
        located(condition, [])
        outer.location = condition.location
        rewriter.replace(op, outer)


class ShrinkLoop(RewritePattern):
    """`for i in 0..128 { if i < 100 { .. } }` becomes `for i in 0..100 { .. }`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        condition = _only_condition(op)
        known = condition_of(condition.cond) if condition is not None else None
        values = known.iterations(op) if known is not None else None
        if condition is None or values is None or op.results:
            return
        bounds = [
            arith.ConstantOp.from_int_and_width(n, IndexType()) for n in (values.start, values.stop)
        ]
        insert(rewriter, op, bounds)
        op.operands[0], op.operands[1] = bounds[0].result, bounds[1].result
        _inline(rewriter, condition, condition.true_region.block)
        rewriter.notify_op_modified(op)


class HoistStart(RewritePattern):
    """What a loop does first, and in its first iteration only, stands in front of it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        inner = statements(op.body.block)
        if len(inner) < 2 or not isinstance(inner[0], scf.IfOp) or not _is_plain_if(inner[0]):
            return
        condition, count = condition_of(inner[0].cond), extent(op)
        start = linear(op.lb).constant
        if condition is None or not count or not _is_of_elements(inner[:1]):
            return
        if condition.iterations(op) != range(start, start + 1):
            return
        if not _may_split(op.body.block, inner[:1], inner[1:]):
            return
        body = [o for o in inner[0].true_region.block.ops if not isinstance(o, scf.YieldOp)]
        _clone_out(rewriter, body, op, {variable(op): op.lb})
        rewriter.erase(inner[0])


# -- loops -----------------------------------------------------------------------------------------


class DistributeLoop(RewritePattern):
    """A loop over statements becomes a loop for each where no dependence forbids it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        block = op.body.block
        inner = statements(block)
        if len(inner) < 2 or op.results or not _is_of_elements(inner):
            return
        for count in range(1, len(inner)):
            first, second = inner[:count], inner[count:]
            pairs = [
                (a, b)
                for a in _reads_and_effects(first, block)
                for b in _reads_and_effects(second, block)
            ]
            if _may_split(block, first, second) and not any(carried(a, b, op) for a, b in pairs):
                _split(rewriter, op, count)
                return


class ExpandScalar(RewritePattern):
    """A scalar that every iteration sets before it uses it becomes an element per iteration."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: memref.AllocOp, rewriter: PatternRewriter) -> None:
        kind, block = memref_type(op.memref), op.parent
        users = [use.operation for use in op.memref.uses]
        if block is None or not users or any(extent != 1 for extent in kind.get_shape()):
            return
        if not all(isinstance(user, memref.LoadOp | memref.StoreOp) for user in users):
            return
        loops: list[scf.ForOp] = []
        while True:  # the loops around all uses
            around = {ancestor_in(user, block) for user in users}
            loop = around.pop()
            if around or not isinstance(loop, scf.ForOp):
                break
            loops.append(loop)
            block = loop.body.block
        first = next((s for s in block.ops if any(user in users for user in s.walk())), None)
        extents = [extent(loop) for loop in loops]
        if not loops or not isinstance(first, memref.StoreOp) or first not in users:
            return
        if any(not n for n in extents) or any(linear(loop.lb) != Linear({}) for loop in loops):
            return
        type_ = MemRefType(
            kind.element_type, [n for n in extents if n], memory_space=kind.memory_space
        )
        alloc = memref.AllocOp([], [], type_)
        alloc.attributes, alloc.memref.name_hint = dict(op.attributes), op.memref.name_hint
        insert(rewriter, op, [alloc])
        indices = [variable(loop) for loop in loops]
        for user in users:
            if isinstance(user, memref.LoadOp):
                new: Operation = memref.LoadOp.get(alloc.memref, indices)
            else:
                assert isinstance(user, memref.StoreOp)
                new = memref.StoreOp.get(user.value, alloc.memref, indices)
            new.location = user.location
            rewriter.replace(user, new)
        rewriter.erase(op)


MOVES: tuple[RewritePattern, ...] = (
    DecideCondition(),
    SplitCondition(),
    SplitConditional(),
    UnswitchLoop(),
    ShrinkLoop(),
    HoistStart(),
    ExpandScalar(),
    DistributeLoop(),
)
"""All of them, to run to a fixpoint."""
