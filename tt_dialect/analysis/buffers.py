"""Which block values of a TILED kernel share a circular buffer, and what each buffer must be."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from enum import StrEnum

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from tt_dialect.analysis.pages import choose_subblock
from tt_dialect.analysis.regions import ancestor_in, block_of
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute, eltwise, noc
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
    MAP = "map"
    UPDATE = "update"
    """Read by a map that puts its result in the same buffer, some tiles at a time."""
    REDUCE = "reduce"
    TRANSPOSE = "transpose"
    STORE = "store"


TO_DST = frozenset({Use.COPY, Use.ACCUMULATE, Use.MAP, Use.UPDATE})
"""Uses that bring pages to DST as they are: float32 without a loss, by unpack-to-dest."""
IN_PLACE = frozenset({Use.ACCUMULATE, Use.UPDATE})
"""Uses that pop the pages they replace."""


@dataclass(eq=False)
class Buffer:
    """One circular buffer: the values it carries and how they are made and read."""

    values: list[SSAValue] = field(default_factory=list[SSAValue])
    requests: list[RequestAttr] = field(default_factory=list[RequestAttr])
    producers: set[Role] = field(default_factory=set[Role])
    uses: set[Use] = field(default_factory=set[Use])
    stages: int = 1
    """Blocks that are in the buffer at once: 2 where an operation reads one and makes the next."""
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
        stages = max(stages, self.stages)
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
            case eltwise.MapOp() as op:
                update = use.index == updated_input(op)
                found.append((op, Use.UPDATE if update else Use.MAP))
            case eltwise.ReduceOp() as op:
                found.append((op, Use.REDUCE))
            case compute.TransposeOp() as op:
                found.append((op, Use.TRANSPOSE))
            case noc.StoreBlockOp() as op:
                found.append((op, Use.STORE))
            case _:
                pass
    return found


def updated_input(op: eltwise.MapOp) -> int | None:
    """The input a map may replace in place: read tile by tile, for the last time, made by compute.

    The result must stay with compute, and have the type of the input.
    """
    if op.fold is not None or any(isinstance(u.operation, noc.StoreBlockOp) for u in op.block.uses):
        return None
    found: int | None = None
    for number, (value, how) in enumerate(zip(op.inputs, op.broadcasts, strict=True)):
        owner = value.owner
        if how != "none" or value.type != op.block.type or isinstance(owner, noc.LoadBlockOp):
            continue
        block = block_of(value)
        once = len([u for u in value.uses if u.operation is op]) == 1
        if block is not op.parent or not once or not is_last_use(op, value, op.parent):
            continue
        if isinstance(value, BlockArgument):
            if _is_followed(op, value):
                return number  # the result takes its place for the next iteration
            continue
        found = number if found is None else found
    return found


def _is_followed(op: eltwise.MapOp, carried: BlockArgument) -> bool:
    """Whether a map's result is read for the last time before anything else enters the buffer.

    That is what becomes the carried value in the next iteration, and what may be updated in place
    until it does.
    """
    block, end = carried.owner, carried.owner.last_op
    if not isinstance(end, scf.YieldOp) or not isinstance(block.parent_op(), scf.ForOp):
        return False
    successor = end.arguments[carried.index - 1]
    if successor is op.block:
        return True
    makers: set[Operation] = set()
    stack = [successor]
    while stack:
        value = stack.pop()
        made = value.owner
        if isinstance(made, Block) or made.parent is not block or made is op or made in makers:
            continue
        makers.add(made)
        match made:
            case compute.MatmulOp():
                stack.append(made.acc)
            case eltwise.MapOp():
                stack += [v for v in made.inputs if v.type == made.block.type]
            case scf.ForOp():
                assert isinstance(value, OpResult)
                stack.append(made.iter_args[value.index])
            case _:
                pass
    first = next((child for child in block.ops if child in makers), None)
    users = [ancestor_in(use.operation, block) for use in op.block.uses]
    return first is not None and all(u is first or u.is_before_in_block(first) for u in users)


def is_last_use(op: Operation, value: SSAValue, block: Block | None) -> bool:
    """Whether every other use of a value of a block comes before `op`, in the same block."""
    if block is None:
        return False
    for use in value.uses:
        user: Operation | None = use.operation
        while user is not None and user.parent is not block:
            user = user.parent_op()
        if user is None or isinstance(use.operation, scf.YieldOp):
            return False
        if user is not op and not user.is_before_in_block(op):
            return False
        if isinstance(use.operation, scf.ForOp):
            return False
    return True


def is_transfer(op: Operation) -> bool:
    """Whether an operation hands a block on to the next iteration or out of a loop."""
    return isinstance(op, scf.YieldOp | scf.ForOp)


def collect_buffers(
    func: FuncOp, on_shards: Container[SSAValue] = frozenset()
) -> dict[SSAValue, Buffer]:
    """The buffer of every block value; what lies on a shard is a buffer of its own.

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
        elif isinstance(op, eltwise.MapOp):
            update = updated_input(op)
            if update is not None:
                join(op.inputs[update], op.block)
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

    places = _places(func)
    merged: dict[tuple[object, ...], list[Buffer]] = {}
    result: dict[SSAValue, Buffer] = {}
    for buffer in groups.values():
        _check(buffer)
        _count_stages(buffer)
        alike = merged.setdefault(buffer.key(), [])
        if buffer.values[0] in on_shards:
            alike = []
        known = next((b for b in alike if _apart(b, buffer, places)), None)
        if known is None:
            alike.append(buffer)
            known = buffer
        else:
            known.values += buffer.values
            known.requests += buffer.requests
            known.uses |= buffer.uses
            known.stages = max(known.stages, buffer.stages)
        result.update((value, known) for value in buffer.values)
    return result


def _count_stages(buffer: Buffer) -> None:
    """An operation that reads one block of a buffer and makes the next one needs room for two."""
    values = set(buffer.values)
    for value in buffer.values:
        for op, use in uses_of(value):
            if use not in IN_PLACE and values.intersection(op.results):
                buffer.stages = 2


_Places = dict[Operation, tuple[int, int]]
"""First and last number of an operation and those inside it, in program order."""


def _places(func: FuncOp) -> _Places:
    places: _Places = {}
    number = 0

    def visit(op: Operation) -> None:
        nonlocal number
        first = number
        number += 1
        for region in op.regions:
            for block in region.blocks:
                for inner in block.ops:
                    visit(inner)
        places[op] = first, number

    visit(func)
    return places


def _life(buffer: Buffer, places: _Places) -> tuple[int, int]:
    """From the first definition to the last use; a use in a loop lasts to the loop's end."""
    first: list[int] = []
    last: list[int] = []
    for value in buffer.values:
        owner = value.owner
        block = block_of(value)
        made = owner.parent_op() if isinstance(owner, Block) else owner
        assert made is not None and block is not None
        loop = made is owner and isinstance(made, scf.ForOp)  # its results are there at its end
        first.append(places[made][1 if loop else 0])
        last.append(first[-1])
        for use in value.uses:
            last.append(places[ancestor_in(use.operation, block)][1])
    return min(first), max(last)


def _apart(a: Buffer, b: Buffer, places: _Places) -> bool:
    """Whether two buffers are never in use at the same time, so that one FIFO can hold both."""
    (start, end), (start_b, end_b) = _life(a, places), _life(b, places)
    return end <= start_b or end_b <= start


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


_USES_DST = (
    compute.FillOp,
    compute.CopyOp,
    compute.TransposeOp,
    compute.MatmulOp,
    eltwise.MapOp,
    eltwise.ReduceOp,
)


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
