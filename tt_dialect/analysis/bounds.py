"""Bounds of an `index` value where it is used: sums cancel, and conditions around the use count."""

from __future__ import annotations

from collections import Counter

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.ir import Operation, SSAValue

from tt_dialect.analysis.access import is_parameter, memref_type
from tt_dialect.analysis.index import RANGES, Range, combined, constant_value, iterated, loop_bounds

_NEVER = 1 << 62
"""Beyond any index."""


class _Bounds:
    """Bounds under what the conditions around an operation say of values."""

    def __init__(self, known: dict[SSAValue, Range]):
        self.known = known

    def of(self, value: SSAValue) -> Range | None:
        """Bounds of a sum of multiples, whose terms may cancel."""
        terms: Counter[SSAValue] = Counter()
        low = high = self._collect(value, 1, terms, first=True)
        for leaf, factor in terms.items():
            if factor == 0:
                continue
            bounds = self._leaf(leaf)
            if bounds is None:
                return None
            ends = factor * bounds.low, factor * bounds.high
            low, high = low + min(ends), high + max(ends)
        return self._within(value, Range(low, high))

    def _collect(
        self, value: SSAValue, factor: int, terms: Counter[SSAValue], *, first: bool = False
    ) -> int:
        """Adds the terms of `factor * value`; gives the constant part."""
        constant = constant_value(value)
        if constant is not None:
            return factor * constant
        if first or value not in self.known:
            match value.owner:
                case arith.AddiOp(lhs=a, rhs=b):
                    return self._collect(a, factor, terms) + self._collect(b, factor, terms)
                case arith.SubiOp(lhs=a, rhs=b):
                    return self._collect(a, factor, terms) + self._collect(b, -factor, terms)
                case arith.MuliOp(lhs=a, rhs=b):
                    for number, other in ((a, b), (b, a)):
                        by = constant_value(number)
                        if by is not None:
                            return self._collect(other, factor * by, terms)
                case arith.IndexCastOp(input=a):
                    return self._collect(a, factor, terms)
                case _:
                    pass
        terms[value] += factor
        return 0

    def _leaf(self, value: SSAValue) -> Range | None:
        if value in self.known and not isinstance(value.owner, arith.AddiOp | arith.SubiOp):
            inner = self._plain(value)
            return self._within(value, inner) if inner is not None else None
        return self.of(value) if value in self.known else self._plain(value)

    def _plain(self, value: SSAValue) -> Range | None:
        ends = loop_bounds(value)
        if ends is not None:
            lower, upper = self.of(ends[0]), self.of(ends[1])
            return iterated(lower, upper, constant_value(ends[2]))
        owner = value.owner
        if not isinstance(owner, Operation) or type(owner) not in RANGES:
            return None
        a, b = (self.of(operand) for operand in owner.operands)
        return combined(owner, a, b)

    def _within(self, value: SSAValue, bounds: Range) -> Range:
        limit = self.known.get(value)
        if limit is None:
            return bounds
        return Range(max(bounds.low, limit.low), min(bounds.high, limit.high))

    def assume(self, condition: SSAValue) -> None:
        """Takes a condition for granted, as far as it bounds a value by a constant."""
        match condition.owner:
            case arith.AndIOp(lhs=a, rhs=b):
                self.assume(a)
                self.assume(b)
            case arith.CmpiOp(lhs=a, rhs=b, predicate=predicate):
                number = predicate.value.data
                self._compare(a, b, number)
                swapped = (0, 1, 4, 5, 2, 3, 8, 9, 6, 7)
                self._compare(b, a, swapped[number])
            case _:
                pass

    def _compare(self, value: SSAValue, other: SSAValue, predicate: int) -> None:
        limit = self.of(other)
        if limit is None or constant_value(value) is not None:
            return
        low, high = {
            0: (limit.low, limit.high),
            2: (-_NEVER, limit.high - 1),
            3: (-_NEVER, limit.high),
            4: (limit.low + 1, _NEVER),
            5: (limit.low, _NEVER),
        }.get(predicate, (-_NEVER, _NEVER))
        before = self.known.get(value, Range(-_NEVER, _NEVER))
        self.known[value] = Range(max(before.low, low), min(before.high, high))


def bounds_at(value: SSAValue, op: Operation) -> Range | None:
    """Bounds of a value at an operation that uses it; None when unknown.

    The conditions of the `scf.if` operations whose first region the operation is in hold.
    """
    conditions: list[SSAValue] = []
    inner, parent = op, op.parent_op()
    while parent is not None:
        if isinstance(parent, scf.IfOp) and inner.parent is parent.true_region.block:
            conditions.append(parent.cond)
        inner, parent = parent, parent.parent_op()
    bounds = _Bounds({})
    for condition in reversed(conditions):
        bounds.assume(condition)
    return bounds.of(value)


def overhangs(op: memref.SubviewOp, dim: int) -> bool:
    """Whether a region of a tensor parameter is not known to end inside of one of its dimensions.

    Only regions of more than one element in that dimension may; on-chip buffers are never left.
    """
    size = op.static_sizes.get_values()[dim]
    if size == 1 or not is_parameter(op.source):
        return False
    offsets = op.static_offsets.get_values()
    bounds = Range(offsets[dim], offsets[dim])
    if offsets[dim] == DYNAMIC_INDEX:
        value = op.offsets[offsets[:dim].count(DYNAMIC_INDEX)]
        bounds = bounds_at(value, op)
    return bounds is None or bounds.high + size > memref_type(op.source).get_shape()[dim]
