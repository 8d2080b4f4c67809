"""Patterns of `tt-lower-memory` at TILED: every block has one consumer role and the form it needs."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from itertools import count

from xdsl.dialects import scf
from xdsl.dialects.builtin import Float32Type, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint
from xdsl.traits import Pure

from tt_dialect.analysis.access import label_of
from tt_dialect.analysis.buffers import (
    TO_DST,
    Use,
    collect_buffers,
    is_last_use,
    updated_input,
    uses_of,
)
from tt_dialect.analysis.dst import dst_is_wide, dst_tiles
from tt_dialect.analysis.regions import ancestor_in, block_of
from tt_dialect.analysis.schedule import registers_needed
from tt_dialect.analysis.shard_blocks import blocks_on_shards, packs_anywhere, visible
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb, compute, eltwise, noc
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.passes.base import enclosing, insert, located, replace
from tt_dialect.passes.map_folding import sweep


@dataclass
class Staging:
    """Fresh buffers for the copies that legalisation inserts."""

    numbers: Iterator[int] = field(default_factory=lambda: count(1 << 17))

    def copy(self, value: SSAValue, label: str, stages: int) -> compute.CopyOp:
        """A copy of a block into a buffer of its own."""
        assert isinstance(value.type, BlockType)
        request = cb.RequestAttr.of(next(self.numbers), label, stages, "staging")
        op = compute.CopyOp(value, request, value.type)
        op.block.name_hint = label
        return op


class TransposeOperand(RewritePattern):
    """`matmul` transposes tiles of B only, read column by column.

    A transposed A is transposed into its own buffer; so is a transposed B that another product reads
    row by row.
    """

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: compute.MatmulOp, rewriter: PatternRewriter) -> None:
        by_rows = {Use.MATMUL_A, Use.MATMUL_B}
        shared = {use for _, use in uses_of(op.b)} & by_rows and _is_matrix(op.b)
        turn_a = op.transpose_a is not None
        turn_b = op.transpose_b is not None and bool(shared)
        if not turn_a and not turn_b:
            return
        a = self._transposed(op, op.a, rewriter) if turn_a else op.a
        b = self._transposed(op, op.b, rewriter) if turn_b else op.b
        keep_b = op.transpose_b is not None and not turn_b
        replace(rewriter, op, compute.MatmulOp(a, b, op.acc, transpose_b=keep_b))

    def _transposed(self, op: Operation, value: SSAValue, rewriter: PatternRewriter) -> SSAValue:
        block = value.type
        assert isinstance(block, BlockType)
        rows, cols = block.shape
        label = f"{value.name_hint or 'block'}_transposed"
        request = cb.RequestAttr.of(next(self.staging.numbers), label, 2, "staging")
        turned = compute.TransposeOp(value, request, BlockType.of(cols, rows, block.tile))
        turned.block.name_hint = label
        insert(rewriter, op, [turned])
        return turned.block


def _is_matrix(value: SSAValue) -> bool:
    return isinstance(value.type, BlockType) and min(value.type.shape) > 1


class StageStore(RewritePattern):
    """A stored block that compute also reads, or carries through a loop, is copied for the writer."""

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: noc.StoreBlockOp, rewriter: PatternRewriter) -> None:
        value = op.block
        made = value.owner
        carried = isinstance(made, Block | scf.ForOp | compute.MatmulOp)
        only_stored = all(isinstance(use.operation, noc.StoreBlockOp) for use in value.uses)
        if only_stored and not carried:
            return
        copy = self.staging.copy(value, f"{label_of(op.tensor, 'tensor')}_out", 2)
        insert(rewriter, op, [copy])
        op.operands[0] = copy.block
        rewriter.notify_op_modified(op)


class StageShard(RewritePattern):
    """What is to lie in the core's own shard is made by an operation that packs anywhere in it.

    A transposed operand, which is read column by column, is copied out of the shard.
    """

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        on_shards = blocks_on_shards(op, staged=False)
        for move in on_shards:
            if isinstance(move, noc.StoreBlockOp):
                self._store(move, on_shards, rewriter)
            else:
                self._load(move, rewriter)

    def _store(
        self, op: noc.StoreBlockOp, on_shards: Container[Operation], rewriter: PatternRewriter
    ) -> None:
        made = op.block.owner
        assert isinstance(made, Operation)
        for index in op.indices:
            hoist(index, made)
        if packs_anywhere(op, on_shards):
            return
        copy = self.staging.copy(op.block, f"{label_of(op.tensor, 'tensor')}_out", 2)
        located(op, [copy])
        rewriter.insert(copy, InsertPoint.before(op))
        op.operands[0] = copy.block
        rewriter.notify_op_modified(op)

    def _load(self, op: noc.LoadBlockOp, rewriter: PatternRewriter) -> None:
        assert isinstance(op.block.type, BlockType)
        if op.block.type.shape[0] == 1:
            return
        for user, use in uses_of(op.block):
            if use is Use.MATMUL_B_TRANSPOSED:
                copy = self.staging.copy(op.block, op.cb.label.data, 1)
                located(user, [copy])
                rewriter.insert(copy, InsertPoint.before(user))
                user.operands[1] = copy.block
                rewriter.notify_op_modified(user)


def hoist(value: SSAValue, op: Operation) -> None:
    """Moves what computes an index before an operation of the same block, where it is not yet."""
    made = value.owner
    if not isinstance(made, Operation) or visible(value, op) or not made.has_trait(Pure):
        return
    for operand in made.operands:
        hoist(operand, op)
    if not all(visible(operand, op) for operand in made.operands):
        return
    made.detach()
    block = op.parent
    assert block is not None
    block.insert_op_before(made, op)


class SinkFill(RewritePattern):
    """A fill moves down to its first reader, past operations that would keep it out of DST."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: compute.FillOp, rewriter: PatternRewriter) -> None:
        block = op.parent
        if block is None or not op.block.uses:
            return
        users = {ancestor_in(use.operation, block) for use in op.block.uses}
        first = next(child for child in block.ops if child in users)
        following = op.next_op
        while isinstance(following, compute.FillOp):
            following = following.next_op
        if following is not first:
            op.detach()
            rewriter.insert(op, InsertPoint.before(first))


class StageAccumulator(RewritePattern):
    """An accumulator that starts from a loaded block starts from a copy made by compute."""

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: noc.LoadBlockOp, rewriter: PatternRewriter) -> None:
        for use in list(op.block.uses):
            user = use.operation
            if isinstance(user, compute.MatmulOp):
                accumulates = use.index == 2
            elif isinstance(user, scf.ForOp):
                accumulates = _accumulates(user.body.block.args[use.index - 2])
            else:
                accumulates = False
            if accumulates:
                copy = self.staging.copy(op.block, op.cb.label.data, 1)
                located(op, [copy])
                rewriter.insert(copy, InsertPoint.after(op))
                user.operands[use.index] = copy.block
                rewriter.notify_op_modified(user)


class StageKeptAccumulator(RewritePattern):
    """A product replaces its accumulator: one that is needed again is copied first.

    Read later, made outside the loop that the product is in, or handed on by a loop.
    """

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: compute.MatmulOp, rewriter: PatternRewriter) -> None:
        owner = op.acc.owner
        if block_of(op.acc) is op.parent and is_last_use(op, op.acc, op.parent):
            return
        copy: compute.FillOp | compute.CopyOp
        if isinstance(owner, compute.FillOp):
            copy = compute.FillOp(owner.value.value.data, owner.cb, owner.block.type)
            copy.block.name_hint = op.acc.name_hint
        else:
            copy = self.staging.copy(op.acc, op.acc.name_hint or "sum", 1)
        insert(rewriter, op, [copy])
        op.operands[2] = copy.block
        rewriter.notify_op_modified(op)


def _accumulates(carried: BlockArgument) -> bool:
    for use in carried.uses:
        user = use.operation
        if isinstance(user, compute.MatmulOp) and use.index == 2:
            return True
        if isinstance(user, scf.ForOp) and _accumulates(user.body.block.args[use.index - 2]):
            return True
    return False


def _chain_start(value: SSAValue, body: Block) -> SSAValue:
    """The first of the values that are updated in place until they are `value`."""
    while True:
        owner = value.owner
        match owner:
            case compute.MatmulOp():
                before = owner.acc
            case eltwise.MapOp() if (number := updated_input(owner)) is not None:
                before = owner.inputs[number]
            case scf.ForOp():
                assert isinstance(value, OpResult)
                before = owner.iter_args[value.index]
            case _:
                return value
        if block_of(before) is not body:
            return value
        value = before


class StageCarry(RewritePattern):
    """A block that a loop carries stays in one circular buffer: copies where lives overlap.

    The successor may be pushed when its predecessor is read for the last time, or takes its place
    tile by tile. A block that does not wait that long, or is not made by compute in the loop, is
    copied at the loop's end; one that the loop starts from and others read too, before the loop.
    """

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        body, end = op.body.block, op.body.block.last_op
        assert isinstance(end, scf.YieldOp)
        for i, (start, arg) in enumerate(zip(op.iter_args, body.args[1:], strict=True)):
            if not isinstance(arg.type, BlockType):
                continue
            if isinstance(start.owner, noc.LoadBlockOp) or len(list(start.uses)) > 1:
                copy = self._copy(start, arg)
                insert(rewriter, op, [copy])
                op.operands[3 + i] = copy.block
                rewriter.notify_op_modified(op)
            last = end.arguments[i]
            if not self._follows(arg, last, body):
                copy = self._copy(last, arg)
                located(op, [copy])
                first = isinstance(last, BlockArgument) or last.owner.parent is not body
                point = InsertPoint.at_start(body) if first else InsertPoint.before(end)
                rewriter.insert(copy, point)
                end.operands[i] = copy.block
                rewriter.notify_op_modified(end)

    def _copy(self, value: SSAValue, arg: BlockArgument) -> compute.CopyOp:
        return self.staging.copy(value, arg.name_hint or "carried", 1)

    @staticmethod
    def _follows(arg: BlockArgument, last: SSAValue, body: Block) -> bool:
        """Whether `last` can take the place of `arg` in its buffer."""
        made = last.owner
        if isinstance(made, Block) or made.parent is not body or isinstance(made, noc.LoadBlockOp):
            return False
        if len([u for u in last.uses if isinstance(u.operation, scf.YieldOp)]) > 1:
            return False
        start = _chain_start(last, body)
        if start is arg:
            return True
        if isinstance(start.owner, Block | scf.ForOp | noc.LoadBlockOp):
            return False
        for use in arg.uses:
            user = ancestor_in(use.operation, body)
            if user is start.owner:
                continue
            if not user.is_before_in_block(start.owner):
                return False
        return True


class StageWideSource(RewritePattern):
    """A float32 block goes to DST as it is, or through SrcA and SrcB: a buffer does one of the two.

    Blocks that need both are copied for the reduction, the transpose or the product
    (`UnpackToDestMode` is a property of a circular buffer).
    """

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not op.body.blocks:
            return
        for buffer in dict.fromkeys(collect_buffers(op).values()):
            wide = isinstance(buffer.block.element_type, Float32Type)
            if not wide or not buffer.uses & TO_DST or not buffer.uses - TO_DST - {Use.STORE}:
                continue
            for value in buffer.values:
                for user, use in uses_of(value):
                    if use in TO_DST or use is Use.STORE:
                        continue
                    copy = self.staging.copy(value, f"{buffer.label}_source", 1)
                    located(user, [copy])
                    rewriter.insert(copy, InsertPoint.before(user))
                    user.operands[list(user.operands).index(value)] = copy.block
                    rewriter.notify_op_modified(user)


class SplitWideMap(RewritePattern):
    """A map that needs more DST registers than there are hands a part of it to a map of its own.

    The part is the largest that fits; its block waits in a circular buffer (a spill).
    """

    def __init__(self, staging: Staging):
        self.staging = staging

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: eltwise.MapOp, rewriter: PatternRewriter) -> None:
        capacity = dst_tiles(enclosing(op, FuncOp))
        if registers_needed(op) <= capacity:
            return
        best: tuple[int, SSAValue] | None = None
        for inner in op.body.block.ops:
            if not isinstance(inner, eltwise.ApplyOp) or inner.tile is op.result:
                continue
            size = len(_tree(inner.tile))
            if (best is None or size > best[0]) and self._fits(op, inner.tile, capacity):
                best = size, inner.tile
        if best is None or best[0] < 2:
            raise error_at(
                op,
                f"an elementwise operation needs {registers_needed(op)} tiles in DST at once, "
                f"there are {capacity}",
                "split the expression into several statements",
            )
        # In 32-bit DST a 16-bit value may hold more than its type says: the spill keeps it.
        kind = TileType.of(f32) if dst_is_wide(enclosing(op, FuncOp)) else best[1].type
        assert isinstance(kind, TileType)
        self.split(op, best[1], best[1], kind, rewriter)

    def split(
        self,
        op: eltwise.MapOp,
        value: SSAValue,
        result: SSAValue,
        kind: TileType,
        rewriter: PatternRewriter,
    ) -> None:
        """`value` is computed by a map of its own and packed; that block stands for `result`."""
        part = self._part(op, value, kind)
        located(op, [part])
        rewriter.insert(part, InsertPoint.before(op))
        body = op.body.block
        argument = body.insert_arg(kind, len(body.args))
        result.replace_all_uses_with(argument)
        region = rewriter.move_region_contents_to_new_regions(op.body)
        sweep(region.block, rewriter)
        new = op.rebuilt([*op.inputs, part.block], [*op.broadcasts, "none"], region)
        replace(rewriter, op, new)

    def _fits(self, op: eltwise.MapOp, value: SSAValue, capacity: int) -> bool:
        kind = value.type
        assert isinstance(kind, TileType)
        part = self._part(op, value, kind)
        needed = registers_needed(part)
        part.drop_all_references()
        return needed <= capacity

    def _part(self, op: eltwise.MapOp, value: SSAValue, kind: TileType) -> eltwise.MapOp:
        """A map that computes `value` of the region of `op`, packed as `kind`."""
        body = Block(arg_types=[a.type for a in op.body.block.args])
        values: dict[SSAValue, SSAValue] = dict(zip(op.body.block.args, body.args, strict=True))
        kept = _tree(value)
        for inner in op.body.block.ops:
            if inner in kept:
                clone = inner.clone(values)
                body.add_op(clone)
                values[inner.results[0]] = clone.results[0]
        body.add_op(eltwise.YieldOp(values[value]))
        label = f"{op.cb.label.data}_part"
        request = cb.RequestAttr.of(next(self.staging.numbers), label, 1, "spill")
        block = BlockType.of(*op.extents, kind)
        part = eltwise.MapOp(
            list(op.inputs), op.broadcasts, op.extents, request, block, Region(body)
        )
        part.block.name_hint = label
        return part


class SplitRounding(SplitWideMap):
    """A float16 value within an expression is packed: in 32-bit DST only the packer rounds to it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: eltwise.ApplyOp, rewriter: PatternRewriter) -> None:
        parent = op.parent_op()
        if op.function.data == "round_f16" and isinstance(parent, eltwise.MapOp):
            kind = op.tile.type
            assert isinstance(kind, TileType)
            self.split(parent, op.arguments[0], op.tile, kind, rewriter)


def _tree(value: SSAValue) -> set[Operation]:
    """Operations of a region that a value is computed by."""
    found: set[Operation] = set()
    stack = [value]
    while stack:
        owner = stack.pop().owner
        if isinstance(owner, eltwise.ApplyOp | eltwise.SplatOp | eltwise.IotaOp):
            if owner not in found:
                found.add(owner)
                stack.extend(owner.operands)
    return found
