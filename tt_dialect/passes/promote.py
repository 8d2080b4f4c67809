"""Patterns of `tt-tensorize` that turn the contents of on-chip buffers into SSA values."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects import arith, memref, scf
from xdsl.ir import Block, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.access import label_of
from tt_dialect.analysis.index import always_runs, range_of
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.compute import FillOp, ReadBufferOp, WriteBufferOp
from tt_dialect.passes.base import uncarry


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
        for use in op.memref.uses:
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
                case _:
                    raise error_at(
                        op,
                        f"on-chip buffer '{self._label}' is written under a condition",
                        "supported: clearing it in the first iteration of a loop",
                    )
        return value

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
        assert last is not None
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


class RemoveDeadCarry(RewritePattern):
    """A value carried through a loop that neither the body nor a later operation reads goes away."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        carried = zip(op.body.block.args[1:], op.res, strict=True)
        dead = {i for i, (arg, result) in enumerate(carried) if not arg.uses and not result.uses}
        if dead:
            uncarry(rewriter, op, dead)
