"""How many pages move through a circular buffer, as a polynomial in trip counts and conditions."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from xdsl.dialects import arith, scf
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.index import constant_value, loop_bounds
from tt_dialect.ir import cb, noc

Monomial: TypeAlias = tuple[str, ...]
Count: TypeAlias = Counter[Monomial]
"""Pages per product of unknown trip counts and conditions; `()` is the constant term."""


def _trips(loop: scf.ForOp) -> tuple[int, Monomial]:
    """Trip count: a constant factor and unknowns, named by what they are, not by SSA name."""
    low, high, step = (constant_value(v) for v in (loop.lb, loop.ub, loop.step))
    if low is not None and high is not None and step:
        return max(0, -(-(high - low) // step)), ()
    return 1, (f"{_name(loop.lb)}..{_name(loop.ub)} by {_name(loop.step)}",)


def _name(value: SSAValue) -> str:
    if (constant := constant_value(value)) is not None:
        return str(constant)
    owner = value.owner
    if isinstance(owner, noc.RuntimeArgOp):
        return f"argument {owner.index.value.data}"
    if isinstance(owner, Operation):
        how = f" {owner.predicate.value.data}" if isinstance(owner, arith.CmpiOp) else ""
        return f"{owner.name}{how}({', '.join(_name(v) for v in owner.operands)})"
    bounds = loop_bounds(value)
    return "index" if bounds is None else f"index in {_name(bounds[0])}..{_name(bounds[1])}"


def _branches(op: scf.IfOp, kind: type[Operation]) -> dict[SSAValue, Count]:
    """What a branch moves, times the condition, unless both branches move the same."""
    then, other = (moved(r.block, kind) if r.blocks else {} for r in op.regions)
    counts: dict[SSAValue, Count] = {}
    for buffer in then | other:
        a, b = then.get(buffer, Counter()), other.get(buffer, Counter())
        if a == b:
            counts[buffer] = a
            continue
        total = counts.setdefault(buffer, Counter())
        for word, inner in (("if", a), ("unless", b)):
            for monomial, pages in inner.items():
                total[tuple(sorted((*monomial, f"{word} {_name(op.cond)}")))] += pages
    return counts


def moved(block: Block, kind: type[Operation]) -> dict[SSAValue, Count]:
    """Pages that a block's protocol operations of one kind move, per circular buffer."""
    counts: dict[SSAValue, Count] = {}
    for op in block.ops:
        if isinstance(op, kind):
            assert isinstance(op, cb.PushBackOp | cb.PopFrontOp | cb.ReserveBackOp | cb.WaitFrontOp)
            counts.setdefault(op.cb, Counter())[()] += op.count
        elif isinstance(op, scf.ForOp):
            factor, unknown = _trips(op)
            for buffer, inner in moved(op.body.block, kind).items():
                total = counts.setdefault(buffer, Counter())
                for monomial, pages in inner.items():
                    total[tuple(sorted((*monomial, *unknown)))] += factor * pages
        elif isinstance(op, scf.IfOp):
            for buffer, inner in _branches(op, kind).items():
                counts.setdefault(buffer, Counter()).update(inner)
        else:
            for region in op.regions:
                for nested in region.blocks:
                    for buffer, inner in moved(nested, kind).items():
                        counts.setdefault(buffer, Counter()).update(inner)
    return counts


def show(count: Count) -> str:
    """`16 + 4 * (0..argument 4 by 1)`"""
    terms = [" * ".join([str(n), *(f"({u})" for u in m)]) for m, n in sorted(count.items()) if n]
    return " + ".join(terms) or "0"
