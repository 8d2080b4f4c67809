"""Building loops and index arithmetic without trivial loops, zero terms and unit factors."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from xdsl.builder import Builder
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.index import constant_value

Index: TypeAlias = SSAValue | int
_Op = TypeVar("_Op", bound=Operation)


@dataclass
class Emitter:
    """Appends operations to a block that is inserted later; integers stay integers until used."""

    block: Block = field(default_factory=Block)

    def __post_init__(self) -> None:
        self._builder = Builder(InsertPoint.at_end(self.block))

    def op(self, op: _Op) -> _Op:
        """Appends an operation."""
        return self._builder.insert(op)

    def value(self, index: Index) -> SSAValue:
        """An index as an SSA value."""
        if isinstance(index, SSAValue):
            return index
        constant = self.op(arith.ConstantOp.from_int_and_width(index, IndexType()))
        constant.result.name_hint = f"c{index}"
        return constant.result

    def add(self, *terms: Index) -> Index:
        """Sum of terms."""
        total: Index = 0
        for term in map(_known, terms):
            if isinstance(total, int) and isinstance(term, int):
                total += term
            elif term == 0 if isinstance(term, int) else False:
                continue
            elif total == 0 if isinstance(total, int) else False:
                total = term
            else:
                total = self.op(arith.AddiOp(self.value(total), self.value(term))).result
        return total

    def mul(self, a: Index, b: Index) -> Index:
        """Product of two indices."""
        a, b = _known(a), _known(b)
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        for factor, other in ((a, b), (b, a)):
            if isinstance(factor, int) and factor in (0, 1):
                return other if factor else 0
        return self.op(arith.MuliOp(self.value(a), self.value(b))).result

    def named(self, index: Index, name: str) -> Index:
        """The same index, its value named for readers of the output."""
        if isinstance(index, SSAValue) and index.name_hint is None:
            index.name_hint = name
        return index

    def sub(self, a: Index, b: Index) -> Index:
        """Difference of two indices; it must not be negative."""
        a, b = _known(a), _known(b)
        if isinstance(b, int) and (isinstance(a, int) or b == 0):
            return a - b if isinstance(a, int) else a
        return self.op(arith.SubiOp(self.value(a), self.value(b))).result

    def min(self, a: Index, b: Index) -> Index:
        """The smaller of two indices."""
        a, b = _known(a), _known(b)
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return self.op(arith.MinUIOp(self.value(a), self.value(b))).result

    def digits(self, index: Index, base: int) -> tuple[Index, Index]:
        """(quotient, remainder) by a constant."""
        index = _known(index)
        if isinstance(index, int):
            return divmod(index, base)
        if base == 1:
            return index, 0
        divisor = self.value(base)
        quotient = self.op(arith.DivUIOp(index, divisor)).result
        return quotient, self.op(arith.RemUIOp(index, divisor)).result

    def remainder(self, index: Index, base: int) -> Index:
        """The remainder by a constant."""
        index = _known(index)
        if isinstance(index, int) or base == 1:
            return index % base if isinstance(index, int) else 0
        return self.op(arith.RemUIOp(index, self.value(base))).result

    @contextmanager
    def loop(self, extent: Index, name: str, start: Index = 0) -> Generator[Index]:
        """`for name in start..extent`; one iteration makes no loop. Yields the index."""
        if isinstance(extent, int) and isinstance(start, int) and extent - start == 1:
            yield start
            return
        low, high, step = self.value(start), self.value(extent), self.value(1)
        body = Block(arg_types=[IndexType()])
        body.args[0].name_hint = name
        outer, self._builder = self._builder, Builder(InsertPoint.at_end(body))
        yield body.args[0]
        self.op(scf.YieldOp())
        self._builder = outer
        self.op(scf.ForOp(low, high, step, [], Region(body)))

    @contextmanager
    def inside(self, block: Block) -> Generator[None]:
        """Appends to another block for a while."""
        outer, self._builder = self._builder, Builder(InsertPoint.at_end(block))
        yield
        self._builder = outer

    @contextmanager
    def region(self) -> Generator[Region]:
        """A region of one block that ends with a yield; what is emitted inside goes there."""
        block = Block()
        region = Region(block)
        with self.inside(block):
            yield region
            self.op(scf.YieldOp())

    @contextmanager
    def loops(self, extents: Sequence[tuple[Index, str]]) -> Generator[list[Index]]:
        """Nested loops, outermost first."""
        if not extents:
            yield []
            return
        with self.loop(*extents[0]) as index, self.loops(extents[1:]) as rest:
            yield [index, *rest]


def _known(index: Index) -> Index:
    constant = constant_value(index) if isinstance(index, SSAValue) else None
    return index if constant is None else constant
