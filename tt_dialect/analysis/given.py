"""Tensors of which a kernel reads the caller's values: what it reads before it has written it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import memref, scf
from xdsl.dialects.linalg import ops as linalg
from xdsl.ir import Block, Operation, Region, SSAValue

from tt_dialect.analysis.index import Range, range_of
from tt_dialect.analysis.loops import Linear, condition_of, extent, linear
from tt_dialect.analysis.regions import is_inside


@dataclass(frozen=True)
class _Touch:
    """A use of a buffer, in program order; without indices it is of all of it."""

    op: Operation
    reads: bool
    writes: bool
    indices: tuple[Linear, ...] | None


def reads_what_it_is_given(func: Operation, tensor: SSAValue) -> bool:
    """Whether a function may read an element of a tensor that it has not written before."""
    touches = [t for op in func.walk() for t in _touches(op, tensor)]
    return any(
        touch.reads and not any(_covers(earlier, touch) for earlier in touches[:number])
        for number, touch in enumerate(touches)
    )


def _touches(op: Operation, tensor: SSAValue) -> Iterator[_Touch]:
    if tensor not in op.operands:
        return
    match op:
        case memref.LoadOp():
            yield _Touch(op, True, False, tuple(linear(i) for i in op.indices))
        case memref.StoreOp():
            yield _Touch(op, False, True, tuple(linear(i) for i in op.indices))
        case linalg.GenericOp():
            block = op.body.block
            read = any(v is tensor for v in op.inputs) or any(
                v is tensor and block.args[len(op.inputs) + n].uses
                for n, v in enumerate(op.outputs)
            )
            yield _Touch(op, read, any(v is tensor for v in op.outputs), None)
        case linalg.FillOp() | linalg.CopyOp():
            yield _Touch(op, tensor in op.inputs, tensor in op.outputs, None)
        case _:
            yield _Touch(op, True, False, None)


def _enclosing(op: Operation) -> list[Operation]:
    """Operations around one, from the outermost."""
    found: list[Operation] = []
    parent = op.parent_op()
    while parent is not None:
        found.insert(0, parent)
        parent = parent.parent_op()
    return found


def _covers(write: _Touch, read: _Touch) -> bool:
    """Whether an earlier write has always written what is read.

    In the same iteration of the loops around both, or in the first one of those whose first
    iteration it is conditional on, the write's own loops must run over all that the read's do.
    """
    around, around_read = _enclosing(write.op), _enclosing(read.op)
    own = [op for op in around if op not in around_read]
    if not write.writes or write.reads:
        return False
    if any(_branch(op, write.op) is not _branch(op, read.op) for op in around if op not in own):
        return False
    once: set[SSAValue] = set()
    for op in own:
        if isinstance(op, scf.ForOp) and extent(op):
            continue
        starts = _starts(op)
        if starts is None:
            return False
        once |= starts
    if write.indices is None:
        return not own
    if read.indices is None:
        return False
    used: set[SSAValue] = set()
    for mine, other in zip(write.indices, read.indices, strict=True):
        inner = [v for v in mine.terms if any(is_inside(v, op) for op in own)]
        if any(v in once for v in mine.terms) or used & set(inner):
            return False
        used |= set(inner)
        written = _contiguous(mine.only(inner))
        shared = mine.plus(mine.only(inner), -1)
        rest = other.plus(shared, -1).range
        if written is None or rest is None:
            return False
        if rest.low < written.low or rest.high > written.high:
            return False
    return True


def _branch(op: Operation, inner: Operation) -> Region:
    """The region of an operation that another operation is in."""
    region = inner.parent_region()
    assert region is not None
    while region.parent_op() is not op:
        parent = region.parent_op()
        assert parent is not None
        region = parent.parent_region()
        assert region is not None
    return region


def _starts(op: Operation) -> set[SSAValue] | None:
    """The variables of loops of which an `if` takes the first iteration only."""
    if not isinstance(op, scf.IfOp):
        return None
    condition = condition_of(op.cond)
    if condition is None:
        return None
    loops = {v: v.owner.parent_op() for v in condition.form.terms if isinstance(v.owner, Block)}
    found = [loop for loop in loops.values() if isinstance(loop, scf.ForOp)]
    if len(found) != len(condition.form.terms):
        return None
    if len(found) == 1:
        low = linear(found[0].lb)
        if low.terms or condition.iterations(found[0]) != range(low.constant, low.constant + 1):
            return None
        return set(loops)
    is_zero = condition.predicate == 0 and condition.form.constant == 0
    from_zero = all(linear(loop.lb) == Linear({}) for loop in found)
    return set(loops) if is_zero and from_zero and min(condition.form.terms.values()) > 0 else None


def _contiguous(form: Linear) -> Range | None:
    """The values of a form, if its variables take every one in between."""
    reach = 1
    for value, factor in sorted(form.terms.items(), key=lambda term: term[1]):
        bounds = range_of(value)
        if bounds is None or not 0 < factor <= reach:
            return None
        reach += factor * (bounds.high - bounds.low)
    return form.range
