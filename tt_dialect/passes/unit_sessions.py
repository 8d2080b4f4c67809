"""Where a broadcast or a reduction ends: part of `tt-insert-inits`.

`broadcast_init` and the edge mask of `reduce_init` are in force until they are undone. An operation
demands that a session of a kind is open or that none is; others do not care. A session is closed
after its last operation when what comes next, on some path, demands otherwise; where paths meet, all
of them have it open or none has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.ir import Block, Operation
from xdsl.pattern_rewriter import PatternRewriter
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.index import always_runs
from tt_dialect.analysis.units import OFF, needs, reducer
from tt_dialect.ir import compute, eltwise
from tt_dialect.passes.base import located

_PASSING = object()
"""A path without demands."""


@dataclass(frozen=True)
class _Open:
    """An open session: what it is for, and an operation of it."""

    key: object
    op: Operation


def _key(session: _Open | None) -> object:
    return OFF if session is None else session.key


@dataclass
class _Sessions:
    """Closes the sessions of one unit."""

    unit: str
    close: Callable[[Operation], Operation]
    rewriter: PatternRewriter

    def demand(self, op: Operation) -> object | None:
        """What an operation demands: a key, `OFF` or nothing."""
        return next((key for unit, key in needs(op) if unit == self.unit), None)

    def first(self, block: Block) -> set[object]:
        """What may be the first demand of a block, `_PASSING` among it if there may be none."""
        found: set[object] = set()
        for op in block.ops:
            if isinstance(op, scf.ForOp):
                inner = self.first(op.body.block)
                passing = _PASSING in inner or not always_runs(op)
            elif isinstance(op, scf.IfOp):
                inner = self._first_of(op)
                passing = _PASSING in inner
            else:
                demand = self.demand(op)
                inner, passing = {demand} - {None}, demand is None
            found |= inner - {_PASSING}
            if not passing:
                return found
        return found | {_PASSING}

    def _first_of(self, branch: scf.IfOp) -> set[object]:
        regions = [self.first(r.block) if r.blocks else {_PASSING} for r in branch.regions]
        return set[object]().union(*regions)

    def _insert(self, session: _Open, point: InsertPoint, *, emit: bool) -> None:
        if emit:
            new = self.close(session.op)
            located(session.op, [new])
            self.rewriter.insert(new, point)

    def follow(
        self, block: Block, session: _Open | None, *, emit: bool
    ) -> tuple[_Open | None, Operation | None]:
        """The session open after a block, and the last operation of the block that belongs to it."""
        last: Operation | None = None

        def close(before: Operation) -> None:
            nonlocal session
            if session is not None:
                after = InsertPoint.after(last) if last is not None else InsertPoint.before(before)
                self._insert(session, after, emit=emit)
            session = None

        for op in list(block.ops):
            if isinstance(op, scf.ForOp):
                if not self.first(op.body.block) - {_PASSING}:
                    continue
                if not self._goes_on(op, session):
                    close(op)
                session = self._iterate(op, session, emit=emit)
                last = op
            elif isinstance(op, scf.IfOp):
                if not self._first_of(op) - {_PASSING}:
                    continue
                if not self._branches_agree(op, session):
                    close(op)
                session = self._branch(op, session, emit=emit)
                last = op
            elif (demand := self.demand(op)) is not None:
                if demand != _key(session):
                    close(op)
                if demand != OFF:
                    session, last = _Open(demand, op), op
        return session, last

    def _goes_on(self, loop: scf.ForOp, session: _Open | None) -> bool:
        """Whether a loop can be entered with the session: it begins and leaves every iteration so.

        One that closes it begins its next iteration with an init, which must not find it open.
        """
        if session is None:
            return True
        if not self._begins(loop.body.block, session):
            return False
        end, _ = self.follow(loop.body.block, session, emit=False)
        return _key(end) == session.key

    def _begins(self, block: Block, session: _Open) -> bool:
        """Whether a block takes up the session, and no loop in it begins with an init of its own."""
        if self.first(block) - {_PASSING} != {session.key}:
            return False
        for op in block.ops:
            if isinstance(op, scf.ForOp):
                if self.first(op.body.block) - {_PASSING}:
                    return self._goes_on(op, session)
            elif isinstance(op, scf.IfOp):
                if self._first_of(op) - {_PASSING}:
                    blocks = [r.block for r in op.regions if r.blocks]
                    return all(
                        self.first(b) == {_PASSING} or self._begins(b, session) for b in blocks
                    )
            elif self.demand(op) is not None:
                return True
        return True

    def _iterate(self, loop: scf.ForOp, session: _Open | None, *, emit: bool) -> _Open | None:
        """A session is left open for the next iteration if that can only begin with it."""
        body = loop.body.block
        end, last = self.follow(body, session, emit=emit)
        if end is not None and not self._begins(body, end):
            self._insert(end, _at_end(body, last), emit=emit)
            return None
        return end

    def _branches_agree(self, branch: scf.IfOp, session: _Open | None) -> bool:
        """Whether the session may stay open up to the branches."""
        if session is None:
            return True
        first = self._first_of(branch)
        if _PASSING not in first:
            return session.key in first
        ends = (
            self.follow(r.block, session, emit=False)[0] if r.blocks else session
            for r in branch.regions
        )
        return len({_key(end) for end in ends}) == 1

    def _branch(self, branch: scf.IfOp, session: _Open | None, *, emit: bool) -> _Open | None:
        ends: list[tuple[Block | None, _Open | None, Operation | None]] = []
        for region in branch.regions:
            block = region.block if region.blocks else None
            end, last = session, None
            if block is not None:
                end, last = self.follow(block, session, emit=emit)
            ends.append((block, end, last))
        if len({_key(end) for _, end, _ in ends}) == 1:
            return ends[0][1]
        for block, end, last in ends:
            if end is not None:
                assert block is not None
                self._insert(end, _at_end(block, last), emit=emit)
        return None


def _at_end(block: Block, last: Operation | None) -> InsertPoint:
    if last is not None:
        return InsertPoint.after(last)
    assert block.last_op is not None
    return InsertPoint.before(block.last_op)


def _end_reduction(op: Operation) -> Operation:
    step = reducer(op.dst) if isinstance(op, compute.PACKS) else op
    assert isinstance(step, eltwise.ReduceTileOp)
    return eltwise.ReduceUninitOp(step.cb)


def _end_broadcast(op: Operation) -> Operation:
    assert isinstance(op, eltwise.BroadcastTileOp)
    return eltwise.BroadcastUninitOp(op.how.data, op.cb)


def end_sessions(block: Block, rewriter: PatternRewriter) -> None:
    """Inserts every `reduce_uninit` and `broadcast_uninit` of a compute thread."""
    for unit, close in (("edge", _end_reduction), ("bcast", _end_broadcast)):
        _Sessions(unit, close, rewriter).follow(block, None, emit=True)
