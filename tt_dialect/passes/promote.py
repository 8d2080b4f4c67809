"""Patterns of `tt-tensorize` that turn the contents of on-chip buffers into SSA values."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import FloatAttr, f32
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint
from xdsl.traits import Pure

from tt_dialect.analysis.access import label_of
from tt_dialect.analysis.index import always_runs, range_of
from tt_dialect.analysis.regions import contains, is_inside
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.ir.compute import FillOp, ReadBufferOp, WriteBufferOp
from tt_dialect.ir.eltwise import ApplyOp, MapOp, SplatOp, YieldOp
from tt_dialect.ir.layout import BlockType
from tt_dialect.passes.base import located, uncarry


class HoistFirstIteration(RewritePattern):
    """`if (k == first) { fill }` at the start of a loop over k moves before the loop."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.IfOp, rewriter: PatternRewriter) -> None:
        loop, condition = op.parent_op(), op.cond.owner
        if not isinstance(loop, scf.ForOp) or not isinstance(condition, arith.CmpiOp):
            return
        iv = loop.body.block.args[0]
        body = list(op.true_region.block.ops)
        written = [w.buffer for w in body if isinstance(w, WriteBufferOp)]
        if (
            condition.predicate.value.data != 0  # eq
            or condition.lhs is not iv
            or not _same_constant(condition.rhs, loop.lb)
            or not always_runs(loop)
            or op.results
            or not all(isinstance(inner, FillOp | WriteBufferOp | scf.YieldOp) for inner in body)
            or any(block.ops for region in op.regions[1:] for block in region.blocks)
            or _touched_before(loop.body.block, op, written)
        ):
            return
        body = op.true_region.block
        if body.last_op is not None:
            rewriter.erase(body.last_op)
        rewriter.inline_block(body, InsertPoint.before(loop))
        rewriter.erase(op)


def _same_constant(a: SSAValue, b: SSAValue) -> bool:
    first, second = range_of(a), range_of(b)
    return first is not None and first == second and first.low == first.high


def _touched_before(block: Block, until: Operation, buffers: list[SSAValue]) -> bool:
    for op in block.ops:
        if op is until:
            return False
        if any(operand in buffers for nested in op.walk() for operand in nested.operands):
            return True
    return False


class PromoteBuffer(RewritePattern):
    """A buffer that is only read and written whole becomes the value it holds at each point."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: memref.AllocOp, rewriter: PatternRewriter) -> None:
        for use in list(op.memref.uses):
            if isinstance(use.operation, memref.SubviewOp) and not use.operation.result.uses:
                rewriter.erase(use.operation)  # of a view that stood for the whole buffer
                continue
            if not isinstance(use.operation, ReadBufferOp | WriteBufferOp):
                raise error_at(
                    use.operation, f"'{use.operation.name}' uses a part of an on-chip buffer"
                )
        block = op.parent
        assert block is not None
        _Promotion(op, rewriter).run(block, None)
        rewriter.erase(op)


@dataclass
class _Promotion:
    """Follows one buffer through structured control flow."""

    alloc: memref.AllocOp
    rewriter: PatternRewriter
    touching: set[Operation] = field(default_factory=set[Operation])
    writing: set[Operation] = field(default_factory=set[Operation])

    def __post_init__(self) -> None:
        for use in self.alloc.memref.uses:
            writes = isinstance(use.operation, WriteBufferOp)
            op: Operation | None = use.operation
            while op is not None and op is not self.alloc.parent_op():
                self.touching.add(op)
                if writes:
                    self.writing.add(op)
                op = op.parent_op()

    def run(self, block: Block, value: SSAValue | None) -> SSAValue | None:
        """Rewrites a block entered with `value` in the buffer; returns what it leaves there."""
        for op in list(block.ops):
            if op not in self.touching:
                continue
            match op:
                case ReadBufferOp():
                    self.rewriter.replace(op, [], [self._known(op, value)])
                case WriteBufferOp():
                    value = op.block
                    self.rewriter.erase(op)
                case scf.ForOp():
                    value = self._loop(op, value)
                case _ if op not in self.writing:
                    for region in op.regions:
                        for inner in region.blocks:
                            self.run(inner, value)
                case scf.IfOp():
                    value = self._branch(op, value)
                case _:
                    raise error_at(op, f"on-chip buffer '{self._label}' is written in a region")
        return value

    def _branch(self, op: scf.IfOp, value: SSAValue | None) -> SSAValue | None:
        """What a conditional leaves: one of two blocks, None if they cannot be told apart later.

        Both are computed where nothing but arithmetic on blocks is conditional, and the condition
        selects one. A buffer that holds nothing before, or is loaded in a branch, holds nothing
        certain after it.
        """
        ends: list[SSAValue | None] = []
        for region in op.regions:
            ends.append(self.run(region.block, value) if region.blocks else value)
        first, second = ends
        if first is second:
            return first
        if first is None or second is None:
            return None
        for end in (first, second):
            if not self._hoist(end, op):
                return None
        outer = op.parent
        assert outer is not None
        point = InsertPoint.before(op)
        made = _selected(op.cond, first, second, self.alloc.attributes["tt.cb"])
        located(op, made)
        self.rewriter.insert(made, point)
        return made[-1].results[0]

    def _hoist(self, value: SSAValue, branch: scf.IfOp) -> bool:
        """Moves what computes a block in front of the conditional; whether that can be done."""
        wanted: list[Operation] = []
        stack = [value]
        while stack:
            owner = stack.pop().owner
            if isinstance(owner, Block):
                if owner.parent_op() is branch or contains(branch, owner):
                    return False
                continue
            if not contains(branch, owner.parent) or owner in wanted:
                continue
            if not owner.has_trait(Pure):
                return False
            wanted.append(owner)
            stack += [
                v for inner in owner.walk() for v in inner.operands if not is_inside(v, owner)
            ]
        wanted = [o for o in wanted if not _nested(o, wanted)]
        order = {inner: i for i, inner in enumerate(branch.walk())}
        for inner in sorted(wanted, key=order.__getitem__):
            inner.detach()
            self.rewriter.insert(inner, InsertPoint.before(branch))
        return True

    @property
    def _label(self) -> str:
        return label_of(self.alloc, "buffer")

    def _known(self, op: Operation, value: SSAValue | None) -> SSAValue:
        if value is None:
            raise error_at(
                op,
                f"on-chip buffer '{self._label}' may be read before it is written",
                "fill, clear or copy into it first",
            )
        return value

    def _loop(self, loop: scf.ForOp, value: SSAValue | None) -> SSAValue | None:
        if value is None or loop not in self.writing:
            self.run(loop.body.block, value)
            return value
        body = loop.body.block
        carried = body.insert_arg(value.type, len(body.args))
        carried.name_hint = value.name_hint
        last = self.run(body, carried)
        if last is None:
            if carried.uses:
                raise error_at(
                    loop,
                    f"on-chip buffer '{self._label}' holds nothing certain after an iteration",
                    "write it in every iteration, not under a condition, before it is read",
                )
            self.rewriter.erase_block_argument(carried)
            return None
        end = body.last_op
        assert isinstance(end, scf.YieldOp)
        self.rewriter.replace(end, scf.YieldOp(*end.arguments, last))
        region = self.rewriter.move_region_contents_to_new_regions(loop.body)
        new = scf.ForOp(loop.lb, loop.ub, loop.step, [*loop.iter_args, value], region)
        new.attributes, new.location = dict(loop.attributes), loop.location
        new.res[-1].name_hint = value.name_hint
        for old, result in zip(loop.res, new.res, strict=False):
            result.name_hint = old.name_hint
        for marked in (self.touching, self.writing):
            marked.add(new)
        self.rewriter.replace(loop, new, new.res[:-1])
        return new.res[-1]


def _nested(op: Operation, others: list[Operation]) -> bool:
    parent = op.parent_op()
    while parent is not None:
        if parent in others:
            return True
        parent = parent.parent_op()
    return False


def _selected(
    condition: SSAValue, first: SSAValue, second: SSAValue, request: Attribute
) -> list[Operation]:
    """`condition ? first : second` on blocks of one type, as a map."""
    kind = first.type
    assert isinstance(kind, BlockType)
    one, zero = (arith.ConstantOp(FloatAttr(n, f32)) for n in (1.0, 0.0))
    number = arith.SelectOp(condition, one.result, zero.result)
    body = Block(arg_types=[kind.tile, kind.tile])
    mask = SplatOp(number.result, kind.tile)
    chosen = ApplyOp("where", [mask.tile, *body.args], kind.tile)
    body.add_ops([mask, chosen, YieldOp(chosen.tile)])
    assert isinstance(request, RequestAttr)
    both = MapOp([first, second], ["none", "none"], kind.shape, request, kind, Region(body))
    both.block.name_hint = first.name_hint
    return [one, zero, number, both]


class RemoveDeadCarry(RewritePattern):
    """A carried value that nobody reads, or that never changes, is not carried."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        end = op.body.block.last_op
        assert isinstance(end, scf.YieldOp)
        carried = zip(op.body.block.args[1:], op.res, end.arguments, strict=True)
        dead = {
            i
            for i, (arg, result, last) in enumerate(carried)
            if (not arg.uses and not result.uses) or last is arg
        }
        if dead:
            uncarry(rewriter, op, dead)
