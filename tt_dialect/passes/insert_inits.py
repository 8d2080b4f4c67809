"""`tt-insert-inits`: the compute kernel programs its units before it uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.index import always_runs
from tt_dialect.analysis.units import (
    OFF,
    State,
    Units,
    broadcast_formats,
    broadcast_state,
    join,
    needs,
    packs,
    programmed,
    programs,
    reduce_state,
    reducer,
    steady,
)
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute, eltwise
from tt_dialect.ir.functions import Family
from tt_dialect.ir.program import Role, ThreadOp
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, located
from tt_dialect.passes.unit_sessions import end_sessions


@dataclass(frozen=True)
class _Maker:
    """How a unit is programmed for an operation."""

    make: Callable[[Any], Operation]
    state: Callable[[Any], Units] | None = None
    """What it programs, where that is more than the unit asked for."""
    first: Callable[[Any], Units] = lambda op: []
    """What must be programmed before."""


def _out(op: eltwise.BroadcastTileOp | eltwise.ReduceTileOp) -> SSAValue:
    """The circular buffer that the group of an operation is packed to."""
    found = packs(op.dst)
    if not found:
        raise error_at(op, f"what '{op.name}' computes is never packed")
    return found[0].cb


def _reducer(op: compute.PackBlockOp | compute.PackTileOp) -> eltwise.ReduceTileOp:
    made = reducer(op.dst)
    assert made is not None
    return made


_SRCA = _Maker(lambda op: compute.ReconfigSrcAOp(op.cb))
_BROADCAST = _Maker(
    lambda op: eltwise.BroadcastInitOp(op.how.data, op.cb, _out(op)),
    broadcast_state,
    broadcast_formats,
)
_REDUCE = _Maker(lambda op: eltwise.ReduceInitOp(op, _out(op)), reduce_state)
_COPY = _Maker(lambda op: compute.CopyInitOp(op.cb))


def _sfpu(family: Family) -> _Maker:
    return _Maker(lambda op: eltwise.SfpuInitOp(family, op.function.data))


_PACK = _Maker(lambda op: compute.ReconfigPackOp(op.cb))
# The mask was taken away, for another pack, since the group was reduced.
_MASK = _Maker(
    lambda op: eltwise.ReduceInitOp(_reducer(op), op.cb), lambda op: reduce_state(_reducer(op))
)

_MAKERS: Mapping[tuple[str, type[Operation]], _Maker] = {
    ("srca", compute.MatmulBlockOp): _Maker(lambda op: compute.ReconfigSrcAOp(op.b)),
    ("srcb", compute.MatmulBlockOp): _Maker(lambda op: compute.ReconfigSrcBOp(op.a)),
    ("math", compute.MatmulBlockOp): _Maker(compute.MatmulBlockInitOp),
    ("srca", compute.CopyBlockOp): _SRCA,
    ("math", compute.CopyBlockOp): _COPY,
    ("srca", eltwise.CopyTileOp): _SRCA,
    ("math", eltwise.CopyTileOp): _COPY,
    ("srca", compute.TransposeTileOp): _SRCA,
    ("math", compute.TransposeTileOp): _Maker(lambda op: compute.TransposeInitOp(op.cb)),
    ("srca", eltwise.FpuBinaryOp): _Maker(lambda op: compute.ReconfigSrcAOp(op.a)),
    ("srcb", eltwise.FpuBinaryOp): _Maker(lambda op: compute.ReconfigSrcBOp(op.b)),
    ("math", eltwise.FpuBinaryOp): _Maker(eltwise.FpuBinaryInitOp),
    ("srca", eltwise.ReduceTileOp): _SRCA,
    ("srcb", eltwise.ReduceTileOp): _Maker(lambda op: compute.ReconfigSrcBOp(op.scaler)),
    ("math", eltwise.ReduceTileOp): _REDUCE,
    ("edge", eltwise.ReduceTileOp): _REDUCE,
    ("bcast", eltwise.BroadcastTileOp): _BROADCAST,
    ("math", eltwise.BroadcastTileOp): _BROADCAST,
    ("srca", eltwise.BroadcastTileOp): _SRCA,
    ("srcb", eltwise.BroadcastTileOp): _Maker(lambda op: compute.ReconfigSrcBOp(op.cb)),
    ("sfpu", compute.FillTileOp): _Maker(lambda op: compute.FillInitOp()),
    ("sfpu", eltwise.SfpuUnaryOp): _sfpu(Family.UNARY),
    ("sfpu", eltwise.SfpuScalarOp): _sfpu(Family.SCALAR),
    ("sfpu", eltwise.SfpuBinaryOp): _sfpu(Family.BINARY),
    ("sfpu", eltwise.SfpuTernaryOp): _sfpu(Family.TERNARY),
    ("sfpu", eltwise.CopyDstOp): _Maker(lambda op: eltwise.CopyDstInitOp()),
    **{("pack", kind): _PACK for kind in compute.PACKS},
    **{("edge", kind): _MASK for kind in compute.PACKS},
}
"""(unit, operation that needs it) to what programs it. That a unit needs to be `OFF` is the affair
of `Sessions`, and given when the units are programmed."""

_SESSIONS = ("edge", "bcast")
"""Units that follow from `math`: its inits set them."""

_Key: TypeAlias = tuple[Block, frozenset[tuple[str, object]]]
_Need: TypeAlias = tuple[Operation, str, object]


def _first_needs(block: Block) -> list[list[_Need]]:
    """The first need of each unit, and after it the first that is certain, if that is another.

    A unit that only one branch of an `scf.if` needs is not needed by every iteration, and left out.
    """
    found: dict[str, _Need] = {}

    def follow(block: Block) -> dict[str, _Need]:
        certain: dict[str, _Need] = {}
        for op in block.ops:
            own = {unit: (op, unit, key) for unit, key in needs(op) if unit not in _SESSIONS}
            for unit, need in own.items():
                found.setdefault(unit, need)
            inner = [follow(r.block) if r.blocks else {} for r in op.regions]
            if inner:
                shared = set(inner[0]).intersection(*inner)
                own |= {unit: need for unit, need in inner[0].items() if unit in shared}
            certain = own | certain
        return certain

    certain = follow(block)
    tried = [list(dict.fromkeys((found[unit], need))) for unit, need in certain.items()]
    return tried


@dataclass
class _Inserter:
    """Follows the units' state forwards and inserts what is missing."""

    rewriter: PatternRewriter
    _known: dict[_Key, tuple[State, frozenset[tuple[Operation, str]]]] = field(
        default_factory=dict[_Key, tuple[State, frozenset[tuple[Operation, str]]]]
    )
    """End state and unmet needs of blocks that nothing was inserted in yet, by state on entry."""
    _unmet: set[tuple[Operation, str]] = field(default_factory=set[tuple[Operation, str]])
    _hoists: dict[_Key, list[_Need]] = field(default_factory=dict[_Key, list[_Need]])
    """What is programmed before loops, by body and state on entry, before anything was inserted."""
    _needs: dict[Operation, Units] = field(default_factory=dict[Operation, Units])

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
                if op not in self._needs:
                    self._needs[op] = needs(op)
                for unit, key in self._needs[op]:
                    self._program(op, unit, key, op, state, emit=emit)
                programmed(state, programs(op))
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
        self._unmet.add((user, unit))
        if key == OFF:
            if emit:
                raise error_at(user, f"'{user.name}' finds the unit {unit} in use on some path")
            state[unit] = OFF
            return
        maker = _MAKERS[unit, type(user)]
        for other, value in maker.first(user):
            self._program(user, other, value, before, state, emit=emit)
        made = maker.state(user) if maker.state is not None else [(unit, key)]
        self._unmet.update((user, unit) for unit, _ in made)
        programmed(state, made)
        if emit:
            new = maker.make(user)
            located(before, [new])
            self.rewriter.insert(new, InsertPoint.before(before))

    def _ahead(self, block: Block, state: State) -> tuple[State, frozenset[tuple[Operation, str]]]:
        """End state and unmet needs of a block, without inserting."""
        key = block, frozenset(state.items())
        if key not in self._known:
            outer, self._unmet = self._unmet, set()
            end = self.flow(block, dict(state), emit=False)
            self._known[key] = end, frozenset(self._unmet)
            self._unmet = outer
        end, unmet = self._known[key]
        return dict(end), unmet

    def _loop(self, loop: scf.ForOp, state: State, *, emit: bool) -> State:
        """A unit that every iteration needs alike is programmed once, before the loop."""
        body = loop.body.block
        for user, unit, key in self._hoisted(body, state):
            self._program(user, unit, key, loop, state, emit=emit)
        entry = steady(state, lambda state: self._ahead(body, state)[0])
        if emit:
            after = self.flow(body, entry, emit=True)
        else:
            after, unmet = self._ahead(body, entry)
            self._unmet |= unmet
        return after if always_runs(loop) else join(state, after)

    def _hoisted(self, body: Block, state: State) -> list[_Need]:
        """The first needs of a loop body that hold in every iteration once they are met."""
        entered = body, frozenset(state.items())
        if entered not in self._hoists:
            self._hoists[entered] = self._find_hoisted(body, state)
        return self._hoists[entered]

    def _find_hoisted(self, body: Block, state: State) -> list[_Need]:
        tried = _first_needs(body)
        outer, self._unmet = self._unmet, set()
        while True:
            before = dict(state)
            hoisted = [needs[0] for needs in tried]
            for user, unit, key in hoisted:
                self._program(user, unit, key, user, before, emit=False)
            entry = steady(before, lambda state: self._ahead(body, state)[0])
            missing = self._ahead(body, entry)[1]
            useless = {need for need in hoisted if need[:2] in missing} or {
                need for need in hoisted if not self._counts(need, body, entry)
            }
            if not useless:
                self._unmet = outer
                return hoisted
            tried = [needs[1:] if needs[0] in useless else needs for needs in tried]
            tried = [needs for needs in tried if needs]

    def _counts(self, need: _Need, body: Block, entry: State) -> bool:
        """Whether nothing in the body programs the unit before its first user all the same."""
        user, unit, _ = need
        without = {u: key for u, key in entry.items() if u != unit}
        return (user, unit) in self._ahead(body, without)[1]


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
        end_sessions(block, rewriter)
        _Inserter(rewriter).flow(block, state, emit=True)


_SOURCES: Mapping[type[Operation], Callable[[Any], tuple[SSAValue, SSAValue]]] = {
    compute.MatmulBlockOp: lambda op: (op.a, op.b),
    compute.CopyBlockOp: lambda op: (op.cb, op.cb),
    compute.TransposeTileOp: lambda op: (op.cb, op.cb),
    eltwise.CopyTileOp: lambda op: (op.cb, op.cb),
    eltwise.BroadcastTileOp: lambda op: (op.cb, op.cb),
    eltwise.FpuBinaryOp: lambda op: (op.a, op.b),
    eltwise.ReduceTileOp: lambda op: (op.cb, op.scaler),
}
"""Operations that unpack, and their operands: in0, in1."""


def _startup(block: Block) -> tuple[compute.HwStartupOp | None, State]:
    """Startup for the first operation that unpacks and the first that packs, and the state after."""
    unpack = next((op for op in block.walk() if type(op) in _SOURCES), None)
    pack = next((op for op in block.walk() if isinstance(op, compute.PACKS)), None)
    if pack is None:
        return None, {}
    in0, in1 = _SOURCES[type(unpack)](unpack) if unpack is not None else (pack.cb, pack.cb)
    matmul = isinstance(unpack, compute.MatmulBlockOp)
    startup = compute.HwStartupOp(in0, in1, pack.cb, matmul=matmul)
    return startup, dict(programs(startup))


@dataclass(frozen=True)
class InsertInitsPass(LevelPass):
    """Inserts hardware startup, inits and format reconfigurations where the state differs.

    A forward data-flow problem over the state of SrcA, SrcB, math, SFPU and packer: an operation is
    inserted exactly where some path arrives in another state, and moved before a loop whose iterations all
    need and leave the same state. Broadcasts and reductions are undone after their last operation, before
    one that does not share their init.

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
