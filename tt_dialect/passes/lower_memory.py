"""`tt-lower-memory`: block values move through circular buffers."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from xdsl.dialects import scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    Float32Type,
    MemRefType,
    ModuleOp,
    StringAttr,
    UnitAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint
from xdsl.traits import Pure
from xdsl.transforms.dead_code_elimination import RemoveUnusedOperations
from xdsl.utils.hints import isa

from tt_dialect.analysis.access import label_of, layout_of, memref_type
from tt_dialect.analysis.buffers import (
    IN_PLACE,
    TO_DST,
    Buffer,
    Use,
    collect_buffers,
    is_transfer,
    stays_in_dst,
    updated_input,
    uses_of,
)
from tt_dialect.analysis.dst import dst_is_wide
from tt_dialect.analysis.hazards import check_order
from tt_dialect.analysis.regions import ancestor_in
from tt_dialect.analysis.shard_blocks import OnShard, blocks_on_shards
from tt_dialect.arch import get_arch
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb, compute, eltwise, noc
from tt_dialect.ir.layout import BlockType, TileType, ints
from tt_dialect.ir.program import FIDELITIES, AbiAttr, ArgKind, ComputeConfigAttr
from tt_dialect.levels import Level
from tt_dialect.passes.base import (
    LevelPass,
    decision,
    enclosing,
    located,
    uncarry,
)
from tt_dialect.passes.block_moves import LOWERINGS
from tt_dialect.passes.emit_ops import Emitter
from tt_dialect.passes.map_moves import MAP_LOWERINGS
from tt_dialect.passes.move_plan import PLACES, Plan
from tt_dialect.passes.staging import (
    SinkFill,
    SplitRounding,
    SplitWideMap,
    StageAccumulator,
    StageCarry,
    StageKeptAccumulator,
    StageShard,
    StageStore,
    StageWideSource,
    Staging,
    TransposeOperand,
)

# ---- TILED to BUFFERED ----


def _config(func: FuncOp, fidelity: str | None) -> ComputeConfigAttr:
    """32-bit DST if any block is fp32; accumulators must then all be fp32."""
    arch = func.attributes.get("tt.arch")
    if not isinstance(arch, StringAttr):
        raise error_at(
            func, f"'{func.sym_name.data}' names no architecture", "run tt-partition-work"
        )
    dst32 = dst_is_wide(func)
    for op in func.walk():
        if isinstance(op, compute.MatmulOp) and dst32:
            acc = op.acc.type
            assert isinstance(acc, BlockType)
            if not isinstance(acc.element_type, Float32Type):
                raise error_at(
                    op,
                    f"a {acc.element_type} accumulator stands beside fp32 blocks",
                    "DST is 16 or 32 bits wide for a whole kernel: accumulate in float32",
                )
    chosen = fidelity or get_arch(arch.data).default_fidelity(dst32)
    return ComputeConfigAttr.of(chosen, dst32)


def _unpacks_to_dest(buffer: Buffer) -> bool:
    """Whether float32 pages go to DST as they are; the matrix unit then cannot read them."""
    if not isinstance(buffer.block.element_type, Float32Type) or not buffer.uses & TO_DST:
        return False
    if buffer.uses - TO_DST - {Use.STORE}:
        raise error_at(
            buffer.values[0],
            f"fp32 buffer '{buffer.label}' is both copied and read by the matrix unit",
            "copy it to a second buffer for one of the two",
        )
    return True


def _on_shard(shard: OnShard, tile: TileType, *, filled: bool) -> cb.AllocOp:
    """A circular buffer whose pages are those of the core's own shard."""
    kind = cb.BufferType.of(tile, shard.block, prod(shard.block))
    return cb.AllocOp(f"{shard.label}_{'shard' if filled else 'out_shard'}", kind, shard.tensor)


def _held_open(alloc: cb.AllocOp, emit: Emitter, *, filled: bool) -> list[Operation]:
    """Opens the whole shard as long as the kernel runs: to be read if it is filled already, else to
    be packed. What closes it is returned."""
    pages = alloc.type.capacity
    emit.op(cb.ReserveBackOp(alloc.cb, pages))
    if filled:
        emit.op(cb.PushBackOp(alloc.cb, pages))
        emit.op(cb.WaitFrontOp(alloc.cb, pages))
        return [cb.PopFrontOp(alloc.cb, pages)]
    ends = (cb.PushBackOp, cb.WaitFrontOp, cb.PopFrontOp)
    return [end(alloc.cb, pages) for end in ends]


def _find_updates(func: FuncOp, plan: Plan) -> None:
    """Products that start from a constant, and maps that replace one of their inputs."""
    for op in func.walk():
        if isinstance(op, compute.MatmulOp):
            fill = op.acc.owner
            in_dst = plan.buffers[op.block].in_dst
            if isinstance(fill, compute.FillOp) and fill.parent is op.parent and not in_dst:
                if len(list(fill.block.uses)) == 1:
                    plan.starts[op] = fill.value
                    plan.started.add(fill)
        elif isinstance(op, eltwise.MapOp) and (update := updated_input(op)) is not None:
            plan.updates[op] = update


@dataclass
class DeclareBuffers(RewritePattern):
    """Declares circular buffers and accessors at the top of the kernel, and the compute config."""

    plans: dict[FuncOp, Plan]
    fidelity: str | None

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not op.body.blocks or "tt.config" in op.attributes:
            return
        check_order(op)
        plan, emit = self.plans.setdefault(op, Plan()), Emitter()
        plan.config = op.attributes["tt.config"] = _config(op, self.fidelity)
        plan.shards = blocks_on_shards(op)
        plan.moves = {move.block: move for move in plan.shards}
        plan.buffers = collect_buffers(op, plan.moves)
        on_shards = self._buffers(plan, emit)
        _find_updates(op, plan)
        ends = self._generated(op, plan, emit)
        for alloc, filled in on_shards:
            ends += _held_open(alloc, emit, filled=filled)
        self._accessors(op, plan, emit)
        earlier = op.attributes.get("tt.decisions")
        known = list(earlier) if isa(earlier, ArrayAttr[DictionaryAttr]) else []
        op.attributes["tt.decisions"] = ArrayAttr([*known, *self._decisions(plan)])
        located(op, [*emit.block.ops, *ends])
        rewriter.inline_block(emit.block, InsertPoint.at_start(op.body.block))
        end = op.body.block.last_op
        assert end is not None
        rewriter.insert(ends, InsertPoint.before(end))
        rewriter.notify_op_modified(op)

    def _buffers(self, plan: Plan, emit: Emitter) -> list[tuple[cb.AllocOp, bool]]:
        """Circular buffers; returns those on shards, and whether what they hold is there already.

        Blocks of one shard share a buffer if the same threads use them, in the same way.
        """
        on_shards: dict[tuple[object, ...], tuple[cb.AllocOp, bool]] = {}
        for buffer in dict.fromkeys(plan.buffers.values()):
            if stays_in_dst(buffer, plan.buffers, plan.capacity):
                buffer.in_dst = True
                continue
            to_dest = _unpacks_to_dest(buffer)
            move = plan.moves.get(buffer.values[0])
            if move is None:
                alloc = emit.op(cb.AllocOp(buffer.label, buffer.buffer_type(plan.capacity)))
            else:
                shard, filled = plan.shards[move], isinstance(move, noc.LoadBlockOp)
                users = frozenset(buffer.consumers if filled else buffer.producers)
                key = shard, filled, users, to_dest
                if key not in on_shards:
                    alloc = emit.op(_on_shard(shard, buffer.block.tile, filled=filled))
                    on_shards[key] = alloc, filled
                alloc, _ = on_shards[key]
            if to_dest:
                alloc.unpack_to_dest = UnitAttr()
            plan.cbs[buffer] = alloc.cb
        return list(on_shards.values())

    def _accessors(self, func: FuncOp, plan: Plan, emit: Emitter) -> None:
        """Accessors of the tensors, and the extents that are runtime arguments."""
        for arg in func.args:
            if isinstance(arg.type, MemRefType):
                layout = layout_of(func, arg)
                if layout is None:
                    raise error_at(
                        func, f"parameter {arg.index} has no layout", "run tt-infer-layout"
                    )
                accessor_type = noc.AccessorType(ints(memref_type(arg).get_shape()), layout)
                accessor = emit.op(noc.AccessorOp(arg, accessor_type)).accessor
                accessor.name_hint = label_of(arg, f"tensor_{arg.index}")
                plan.accessors[arg] = accessor
        abi = func.attributes.get("tt.abi")
        if isinstance(abi, AbiAttr):
            scalars = [a for a in abi.args if a.kind.data != ArgKind.ADDRESS]
            values = [a for a in func.args if not isinstance(a.type, MemRefType)]
            plan.arguments = {
                (a.label.data, a.value.data): v
                for a, v in zip(scalars, values, strict=True)
                if a.kind.data == ArgKind.EXTENT
            }

    def _generated(self, func: FuncOp, plan: Plan, emit: Emitter) -> list[Operation]:
        """Tiles the reader makes once: reduction scalers and index patterns; their pops at the end."""
        wanted: list[tuple[str, TileType, tuple[int, int] | None]] = []
        for op in func.walk():
            if isinstance(op, eltwise.ReduceOp):
                assert isinstance(op.source.type, BlockType)
                wanted.append(("reduce_scaler", op.source.type.tile, None))
            elif isinstance(op, eltwise.IotaOp):
                step = op.rows.value.data, op.cols.value.data
                wanted.append(("iota", op.tile.type, step))
        pops: list[Operation] = []
        for kind, tile, step in dict.fromkeys(wanted):
            place = cb.BufferType.of(tile, (1, 1), 1, cb.ROW_MAJOR)
            alloc = emit.op(cb.AllocOp(kind if step is None else "index_tile", place))
            if step is None:
                plan.scalers[tile] = alloc.cb
            else:
                plan.iotas[step] = alloc.cb
                alloc.unpack_to_dest = UnitAttr()
            emit.op(cb.ReserveBackOp(alloc.cb, 1))
            pointer = emit.op(cb.WritePtrOp(alloc.cb)).pointer
            pointer.name_hint = f"{alloc.cb.name_hint}_l1"
            emit.op(noc.GenerateTileOp(kind, pointer, emit.value(0), step))
            emit.op(cb.PushBackOp(alloc.cb, 1))
            emit.op(cb.WaitFrontOp(alloc.cb, 1))
            pops.append(cb.PopFrontOp(alloc.cb, 1))
        return pops

    def _decisions(self, plan: Plan) -> list[DictionaryAttr]:
        """What was chosen here, and who chose it."""
        assert plan.config is not None
        by = "user" if self.fidelity else "default"
        rows = [decision("compute", "fidelity", plan.config.fidelity.data, by)]
        for buffer, circular in plan.cbs.items():
            kind, alloc = circular.type, circular.owner
            assert isinstance(kind, cb.BufferType) and isinstance(alloc, cb.AllocOp)
            stages = kind.capacity // kind.block_pages
            move = plan.moves.get(buffer.values[0])
            if move is not None:
                by = f"shard of {plan.shards[move].label}"
                row = decision(alloc.label.data, "depth", f"{stages} blocks", by)
                if row not in rows:
                    rows.append(row)  # the blocks of a shard have one buffer
                continue
            asked = [
                r for r in buffer.requests if r.stages.data * kind.block_pages == kind.capacity
            ]
            by = asked[0].by.data if asked else "carried"
            rows.append(decision(buffer.label, "depth", f"{stages} blocks", by))
        return rows


@dataclass
class ConsumeBlocks(RewritePattern):
    """Around the operations that read a block: wait before the first, pop after the last.

    An accumulator is popped by the product that updates it; a block handed to the next iteration is
    popped there; a block nobody reads is popped at once.
    """

    plans: dict[FuncOp, Plan]
    done: set[SSAValue] = field(default_factory=set[SSAValue])

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if isinstance(op, ModuleOp):
            return
        plan = self.plans.get(enclosing(op, FuncOp), Plan())
        for region in op.regions:
            for block in region.blocks:
                for argument in block.args:
                    self._consume(argument, block, plan, rewriter)
        if op.parent is not None:
            for result in op.results:
                self._consume(result, op.parent, plan, rewriter)

    def _consume(
        self, value: SSAValue, block: Block, plan: Plan, rewriter: PatternRewriter
    ) -> None:
        buffer = plan.buffers.get(value)
        if buffer is None or buffer.in_dst or value in self.done or value in plan.moves:
            return
        self.done.add(value)
        transferred = any(is_transfer(use.operation) for use in value.uses)
        users = [(ancestor_in(op, block), op, use) for op, use in uses_of(value)]
        positions = {child: i for i, child in enumerate(block.ops)}
        users.sort(key=lambda u: positions[u[0]])
        circular, pages = plan.cbs[buffer], buffer.block.tiles
        if not users:
            if not transferred:
                owner = value.owner
                after = InsertPoint.after(owner) if isinstance(owner, Operation) else None
                ops = [cb.WaitFrontOp(circular, pages), cb.PopFrontOp(circular, pages)]
                rewriter.insert(ops, after or InsertPoint.at_start(block))
            return
        updates = [i for i, (_, _, use) in enumerate(users) if use in IN_PLACE]
        if updates and updates != [len(users) - 1]:
            raise error_at(
                users[updates[0]][1], f"accumulator '{buffer.label}' is read after it changed"
            )
        if not updates or len(users) > 1:
            wait = cb.WaitFrontOp(circular, pages)
            located(users[0][1], [wait])
            rewriter.insert(wait, InsertPoint.before(users[0][0]))
        if not updates and not transferred:
            pop = cb.PopFrontOp(circular, pages)
            located(users[-1][1], [pop])
            rewriter.insert(pop, InsertPoint.after(users[-1][0]))


@dataclass
class LowerBlockOp(RewritePattern):
    """Each block operation becomes loops over pages and DST groups (`block_moves`)."""

    plans: dict[FuncOp, Plan]

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        lower = LOWERINGS.get(type(op)) or MAP_LOWERINGS.get(type(op))
        if lower is None:
            return
        plan, emit = self.plans[enclosing(op, FuncOp)], Emitter()
        lower(op, plan, emit)
        located(op, list(emit.block.ops))
        if emit.block.ops:
            rewriter.inline_block(emit.block, InsertPoint.before(op))
        if isinstance(op, noc.LoadBlockOp) and op in plan.shards:
            return  # its users have still to learn which part of the shard it is
        rewriter.replace(op, [], [plan.place_of(r) for r in op.results])


class DropBlockInShard(RewritePattern):
    """A block in a shard is gone when the last of its users has been lowered."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: noc.LoadBlockOp, rewriter: PatternRewriter) -> None:
        rewriter.erase(op)


class DropBlockCarry(RewritePattern):
    """Loops no longer carry blocks: they are in their circular buffers."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        placed = {i for i, v in enumerate(op.iter_args) if isinstance(v.type, PLACES)}
        if placed:
            uncarry(rewriter, op, placed)


class MergeReadBarriers(RewritePattern):
    """Blocks loaded one after the other share one barrier: all reads are issued, then awaited.

    Only address arithmetic may stand between the two loads, so no kernel can wait for the first
    block before the second is reserved.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: noc.ReadBarrierOp, rewriter: PatternRewriter) -> None:
        pushes: list[Operation] = []
        following = op.next_op
        while isinstance(following, cb.PushBackOp):
            pushes.append(following)
            following = following.next_op
        while following is not None and _issues_reads(following):
            following = following.next_op
        if not pushes or not isinstance(following, noc.ReadBarrierOp):
            return
        for push in reversed(pushes):
            push.detach()
            rewriter.insert(push, InsertPoint.after(following))
        rewriter.erase(op)


def _issues_reads(op: Operation) -> bool:
    if isinstance(op, scf.ForOp):
        return all(_issues_reads(inner) for inner in op.body.block.ops)
    reads = cb.ReserveBackOp | cb.WritePtrOp | noc.ReadPageOp | noc.GenerateTileOp | scf.YieldOp
    return isinstance(op, reads) or op.has_trait(Pure)


@dataclass(frozen=True)
class LowerMemoryPass(LevelPass):
    """Gives every block a circular buffer and turns block operations into page and DST operations.

    The result is still one sequential program: fill (reserve, read pages, barrier, push), use
    (wait, tile operations on DST groups, pack, pop), drain (wait, write pages, barrier, pop).
    An accumulator passes through DST in subblocks; between K blocks it waits in its own circular
    buffer, from which each subblock is reloaded (copied, exact in fp32 by unpack-to-dest), updated
    and packed again, so the order of additions is that of the source. Packer L1 accumulation would
    add in another order and is avoided (tt-mlir #7147, tt-lang #425). An accumulator that fits DST
    and starts from zero stays there for the whole K loop.

    In partition mode `local_shard` a block that is loaded from, or stored to, the core's own L1 shard
    is not moved: a circular buffer lies on the shard (`alias`), is open as long as the kernel runs, and
    is read, and packed by `pack_tile`, where the block is. Where it cannot be proved that a block lies
    in the own shard, its pages go over the NoC.

    Before:
    ```mlir
    func.func @move(%A: memref<32x64xbf16> {tt.name = "A", tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}, %B: memref<32x64xbf16> {tt.name = "B", tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}) attributes {tt.arch = "wormhole"} {
      %c0 = arith.constant 0 : index
      %s = tt.noc.load_block %A[%c0, %c0] request <0, "s", stages 2, by "default"> : memref<32x64xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
      tt.noc.store_block %s, %B[%c0, %c0] : !tt.layout.block<1x2, tile<32x32, bf16>>, memref<32x64xbf16>
      func.return
    }
    ```
    After:
    ```mlir
    %s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
    tt.cb.reserve_back %s, 2
    %{{.*}} = tt.cb.write_ptr %s
    scf.for
    tt.noc.read_page %A
    tt.noc.read_barrier
    tt.cb.push_back %s, 2
    tt.cb.wait_front %s, 2
    %{{.*}} = tt.cb.read_ptr %s
    scf.for
    tt.noc.write_page %B
    tt.noc.write_barrier
    tt.cb.pop_front %s, 2
    ```
    """

    name = "tt-lower-memory"
    takes = Level.TILED
    gives = Level.BUFFERED

    fidelity: str | None = None

    def patterns(self) -> list[list[RewritePattern]]:
        if self.fidelity is not None and self.fidelity not in FIDELITIES:
            raise ValueError(
                f"unknown fidelity '{self.fidelity}', expected one of {', '.join(FIDELITIES)}"
            )
        staging, plans = Staging(), dict[FuncOp, Plan]()
        return [
            [TransposeOperand(staging), StageStore(staging), StageAccumulator(staging)],
            [RemoveUnusedOperations()],
            [SplitRounding(staging), SplitWideMap(staging)],
            [StageKeptAccumulator(staging), StageCarry(staging)],
            [StageWideSource(staging)],
            [StageShard(staging)],
            [SinkFill()],
            [DeclareBuffers(plans, self.fidelity)],
            [ConsumeBlocks(plans)],
            [LowerBlockOp(plans)],
            [DropBlockInShard()],
            [DropBlockCarry(), MergeReadBarriers()],
            [RemoveUnusedOperations()],
        ]
