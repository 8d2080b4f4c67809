"""Which block values of a TILED kernel share a circular buffer, and what each buffer must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from tt_dialect.analysis.pages import choose_subblock
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute, noc
from tt_dialect.ir.cb import (
    COLUMN_MAJOR,
    ROW_MAJOR,
    BufferType,
    PageOrder,
    PageOrderAttr,
    RequestAttr,
)
from tt_dialect.ir.layout import BlockType
from tt_dialect.ir.program import Role


class Use(StrEnum):
    """How an operation reads a block."""

    MATMUL_A = "matmul a"
    MATMUL_B = "matmul b"
    MATMUL_B_TRANSPOSED = "transposed matmul b"
    ACCUMULATE = "accumulate"
    COPY = "copy"
    TRANSPOSE = "transpose"
    STORE = "store"


@dataclass(eq=False)
class Buffer:
    """One circular buffer: the values it carries and how they are made and read."""

    values: list[SSAValue] = field(default_factory=list[SSAValue])
    requests: list[RequestAttr] = field(default_factory=list[RequestAttr])
    producers: set[Role] = field(default_factory=set[Role])
    uses: set[Use] = field(default_factory=set[Use])
    in_dst: bool = False
    """The values never leave DST: no circular buffer is needed."""

    @property
    def block(self) -> BlockType:
        """Type of the values."""
        block = self.values[0].type
        assert isinstance(block, BlockType)
        return block

    @property
    def consumers(self) -> set[Role]:
        """Roles that read the buffer."""
        return {Role.WRITER if use is Use.STORE else Role.COMPUTE for use in self.uses}

    def key(self) -> tuple[object, ...]:
        """Buffers with equal keys may share one circular buffer."""
        first = self.requests[0].buffer.data if self.requests else id(self)
        wants = frozenset(self.order_wishes())
        return first, self.block, frozenset(self.producers), frozenset(self.consumers), wants

    def order_wishes(self) -> set[PageOrder]:
        """Page orders that the uses need; empty when any will do."""
        wishes = {
            Use.MATMUL_A: PageOrder.ROW_MAJOR,
            Use.MATMUL_B: PageOrder.ROW_MAJOR,
            Use.MATMUL_B_TRANSPOSED: PageOrder.COLUMN_MAJOR,
            Use.ACCUMULATE: PageOrder.SUBBLOCK,
        }
        return {wishes[use] for use in self.uses if use in wishes}

    def subblock(self, capacity: int) -> tuple[int, int]:
        """Subblock in which an accumulator passes through DST."""
        row_major = PageOrder.ROW_MAJOR in self.order_wishes()
        return choose_subblock(*self.block.shape, capacity, row_major=row_major)

    def order(self, capacity: int) -> PageOrderAttr:
        """The page order, given DST capacity in tiles."""
        rows, cols = self.block.shape
        wishes = self.order_wishes()
        if PageOrder.COLUMN_MAJOR in wishes and min(rows, cols) > 1:
            if len(wishes) > 1:
                raise error_at(
                    self.values[0],
                    f"on-chip buffer '{self.label}' is needed in two page orders: rows first and, "
                    "as a transposed operand, columns first",
                    "load it into a second buffer",
                )
            return COLUMN_MAJOR
        if Use.ACCUMULATE in self.uses:
            height, width = self.subblock(capacity)
            if width != cols and height != 1:
                return PageOrderAttr.of(PageOrder.SUBBLOCK, height, width)
        return ROW_MAJOR

    @property
    def label(self) -> str:
        """The kernel's name for it."""
        return self.requests[0].label.data if self.requests else "buffer"

    def buffer_type(self, capacity: int) -> BufferType:
        """The circular buffer type: the deepest request of its values."""
        stages = max((r.stages.data for r in self.requests), default=1)
        block = self.block
        return BufferType.of(block.tile, block.shape, stages * block.tiles, self.order(capacity))


def uses_of(value: SSAValue) -> list[tuple[Operation, Use]]:
    """Operations that read a block, and how; transfers through loops are left out."""
    found: list[tuple[Operation, Use]] = []
    for use in value.uses:
        match use.operation:
            case compute.MatmulOp() as op:
                plain = Use.MATMUL_B_TRANSPOSED if op.transpose_b is not None else Use.MATMUL_B
                found.append((op, (Use.MATMUL_A, plain, Use.ACCUMULATE)[use.index]))
            case compute.CopyOp() as op:
                found.append((op, Use.COPY))
            case compute.TransposeOp() as op:
                found.append((op, Use.TRANSPOSE))
            case noc.StoreBlockOp() as op:
                found.append((op, Use.STORE))
            case _:
                pass
    return found


def is_transfer(op: Operation) -> bool:
    """Whether an operation hands a block on to the next iteration or out of a loop."""
    return isinstance(op, scf.YieldOp | scf.ForOp)


def collect_buffers(func: FuncOp) -> dict[SSAValue, Buffer]:
    """The buffer of every block value.

    A loop-carried value, what it starts from and what it becomes share a buffer, as do an
    accumulator and the product added to it; so do values of one on-chip buffer that are made and
    read alike.
    """
    parent: dict[SSAValue, SSAValue] = {}

    def root(value: SSAValue) -> SSAValue:
        while parent[value] is not value:
            value = parent[value]
        return value

    def join(*values: SSAValue) -> None:
        for value in values[1:]:
            parent[root(value)] = root(values[0])

    blocks = [v for v in _values(func) if isinstance(v.type, BlockType)]
    parent.update((v, v) for v in blocks)
    for op in func.walk():
        if isinstance(op, compute.MatmulOp):
            join(op.acc, op.block)
        elif isinstance(op, scf.ForOp):
            end = op.body.block.last_op
            assert isinstance(end, scf.YieldOp)
            rows = zip(op.iter_args, op.body.block.args[1:], end.arguments, op.res, strict=True)
            for row in rows:
                if isinstance(row[0].type, BlockType):
                    join(*row)

    groups: dict[SSAValue, Buffer] = {}
    for value in blocks:
        buffer = groups.setdefault(root(value), Buffer())
        buffer.values.append(value)
        buffer.uses |= {use for _, use in uses_of(value)}
        if isinstance(value, OpResult) and not isinstance(value.op, scf.ForOp):
            buffer.producers.add(
                Role.READER if isinstance(value.op, noc.LoadBlockOp) else Role.COMPUTE
            )
            request = value.op.properties.get("cb")
            if isinstance(request, RequestAttr):
                buffer.requests.append(request)

    merged: dict[tuple[object, ...], Buffer] = {}
    result: dict[SSAValue, Buffer] = {}
    for buffer in groups.values():
        _check(buffer)
        known = merged.setdefault(buffer.key(), buffer)
        if known is not buffer:
            known.values += buffer.values
            known.requests += buffer.requests
            known.uses |= buffer.uses
        result.update((value, known) for value in buffer.values)
    return result


def _values(func: FuncOp) -> list[SSAValue]:
    values: list[SSAValue] = []

    def visit(block: Block) -> None:
        values.extend(block.args)
        for op in block.ops:
            values.extend(op.results)
            for region in op.regions:
                for inner in region.blocks:
                    visit(inner)

    visit(func.body.block)
    return values


def _check(buffer: Buffer) -> None:
    value = buffer.values[0]
    where = value.owner.parent_op() if isinstance(value, BlockArgument) else value.owner
    assert where is None or isinstance(where, Operation)
    for roles, what in ((buffer.producers, "filled"), (buffer.consumers, "read")):
        if len(roles) > 1:
            raise error_at(
                where, f"on-chip buffer '{buffer.label}' is {what} by more than one kernel"
            )


_USES_DST = (compute.FillOp, compute.CopyOp, compute.TransposeOp, compute.MatmulOp)


def stays_in_dst(buffer: Buffer, buffers: dict[SSAValue, Buffer], capacity: int) -> bool:
    """Whether an accumulator can stay in DST from its clearing to the copy that takes its sum.

    It fits, starts from zero, is read once, by a copy whose pages are in DST order, and nothing
    else passes through DST in between.
    """
    fills = [v.owner for v in buffer.values if isinstance(v.owner, compute.FillOp)]
    copies = [op for v in buffer.values for op, use in uses_of(v) if use is Use.COPY]
    if (
        buffer.block.tiles > capacity
        or buffer.uses != {Use.ACCUMULATE, Use.COPY}
        or len(buffer.requests) != 1
        or len(fills) != 1
        or len(copies) != 1
        or fills[0].value.value.data != 0.0
        or fills[0].parent is not copies[0].parent
        or buffers[copies[0].results[0]].order(capacity) != ROW_MAJOR
    ):
        return False
    op = fills[0].next_op
    while op is not None and op is not copies[0]:
        for inner in op.walk():
            if isinstance(inner, _USES_DST) and buffers[inner.results[0]] is not buffer:
                return False
        op = op.next_op
    return op is not None
