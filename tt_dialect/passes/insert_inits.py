"""`tt-insert-inits`: the compute kernel programs its units before it uses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects import scf
from xdsl.ir import Block, Operation
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.index import always_runs
from tt_dialect.analysis.units import State, join, needs, programs
from tt_dialect.ir import compute
from tt_dialect.ir.program import Role, ThreadOp
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, located


def _make(op: Operation, unit: str) -> Operation:
    """The operation that programs a unit for `op`."""
    match unit, op:
        case "srca", compute.MatmulBlockOp():
            return compute.ReconfigSrcAOp(op.b)
        case "srcb", compute.MatmulBlockOp():
            return compute.ReconfigSrcBOp(op.a)
        case "math", compute.MatmulBlockOp():
            return compute.MatmulBlockInitOp(op)
        case "srca", compute.CopyBlockOp() | compute.TransposeTileOp():
            return compute.ReconfigSrcAOp(op.cb)
        case "math", compute.CopyBlockOp():
            return compute.CopyInitOp(op.cb)
        case "math", compute.TransposeTileOp():
            return compute.TransposeInitOp(op.cb)
        case "sfpu", compute.FillTileOp():
            return compute.FillInitOp()
        case "pack", compute.PackBlockOp():
            return compute.ReconfigPackOp(op.cb)
        case _:
            raise ValueError(f"'{op.name}' does not use the unit {unit}")


def _first_needs(block: Block) -> Iterator[tuple[Operation, str, object]]:
    seen: set[str] = set()
    for op in block.walk():
        for unit, key in needs(op):
            if unit not in seen:
                seen.add(unit)
                yield op, unit, key


@dataclass
class _Inserter:
    """Follows the units' state forwards and inserts what is missing."""

    rewriter: PatternRewriter
    missing: set[tuple[Operation, str]] = field(default_factory=set[tuple[Operation, str]])
    """(operation, unit) of every need that was not met, inserted or not."""

    def flow(self, block: Block, state: State, *, emit: bool) -> State:
        """State after a block entered in `state`; inserts inits if `emit`."""
        for op in list(block.ops):
            if isinstance(op, scf.ForOp):
                state = self._loop(op, state, emit=emit)
            elif isinstance(op, scf.IfOp):
                ends = [
                    self.flow(r.block, dict(state), emit=emit) if r.blocks else state
                    for r in op.regions
                ]
                state = join(*ends)
            else:
                for unit, key in needs(op):
                    self._program(op, unit, key, op, state, emit=emit)
        return state

    def _program(
        self,
        user: Operation,
        unit: str,
        key: object,
        before: Operation,
        state: State,
        *,
        emit: bool,
    ) -> None:
        if state.get(unit) == key:
            return
        state[unit] = key
        self.missing.add((user, unit))
        if emit:
            new = _make(user, unit)
            located(before, [new])
            self.rewriter.insert(new, InsertPoint.before(before))

    def _loop(self, loop: scf.ForOp, state: State, *, emit: bool) -> State:
        """A unit that every iteration needs alike is programmed once, before the loop."""
        body = loop.body.block
        end = _Inserter(self.rewriter).flow(body, {}, emit=False)
        first = [need for need in _first_needs(body) if end.get(need[1]) == need[2]]
        inside = _Inserter(self.rewriter)
        inside.flow(body, {unit: key for _, unit, key in first}, emit=False)
        for user, unit, key in first:
            if (user, unit) not in inside.missing:
                self._program(user, unit, key, loop, state, emit=emit)
        entry = {u: key for u, key in state.items() if end.get(u, key) == key}
        after = self.flow(body, entry, emit=emit)
        return after if always_runs(loop) else join(state, after)


class ProgramUnits(RewritePattern):
    """A compute thread starts the hardware once and programs each unit before it is used."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ThreadOp, rewriter: PatternRewriter) -> None:
        block = op.body.block
        started = any(isinstance(o, compute.HwStartupOp) for o in block.ops)
        if op.role.data != Role.COMPUTE or started:
            return
        startup, state = _startup(block)
        if startup is None:
            return
        located(op, [startup])
        rewriter.insert(startup, InsertPoint.at_start(block))
        _Inserter(rewriter).flow(block, state, emit=True)


def _startup(block: Block) -> tuple[compute.HwStartupOp | None, State]:
    """Startup for the first operation that unpacks and the first that packs, and the state after."""
    unpack = pack = None
    for op in block.walk():
        if isinstance(op, compute.PackBlockOp):
            pack = pack or op
        elif needs(op) and not isinstance(op, compute.FillTileOp):
            unpack = unpack or op
    if pack is None:
        return None, {}
    matmul = isinstance(unpack, compute.MatmulBlockOp)
    if isinstance(unpack, compute.MatmulBlockOp):
        in0, in1 = unpack.a, unpack.b
    else:
        in0 = in1 = unpack.operands[0] if unpack is not None else pack.cb
    startup = compute.HwStartupOp(in0, in1, pack.cb, matmul=matmul)
    return startup, dict(programs(startup))


@dataclass(frozen=True)
class InsertInitsPass(LevelPass):
    """Inserts hardware startup, inits and format reconfigurations where the state differs.

    A forward data-flow problem over the state of SrcA, SrcB, math, SFPU and packer: an operation is
    inserted exactly where some path arrives in another state, and moved before a loop whose iterations all
    need and leave the same state.

    Before:
    ```mlir
    tt.program "copy" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [2, 2], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
      %a = tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      %b = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
        %c0 = arith.constant 0 : index
        %dst = tt.compute.dst : !tt.compute.dst<4, bf16>
        tt.compute.copy_block %a[%c0], %dst : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>, !tt.compute.dst<4, bf16>
        tt.cb.reserve_back %b, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
        tt.compute.pack_block %dst, %b : !tt.compute.dst<4, bf16>, !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      }
    }
    ```
    After:
    ```mlir
    tt.compute.hw_startup %a, %a, %b
    tt.compute.copy_init %a
    tt.compute.copy_block %a[%c0], %dst
    ```
    """

    name = "tt-insert-inits"
    takes = Level.THREADS
    gives = Level.THREADS

    def patterns(self) -> list[list[RewritePattern]]:
        return [[ProgramUnits()]]
