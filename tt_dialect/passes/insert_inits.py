"""`tt-insert-inits`: the compute kernel programs its units before it uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.index import range_of
from tt_dialect.ir import cb, compute
from tt_dialect.ir.program import Role, ThreadOp
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, located

State: TypeAlias = dict[str, object]
"""What each unit was last programmed for; a unit that is missing is in an unknown state."""


@dataclass(frozen=True)
class Need:
    """A unit must be programmed for `key`; `make` builds the operation that does it."""

    unit: str
    key: object
    make: Callable[[], Operation]


def _tile(value: SSAValue) -> object:
    assert isinstance(value.type, cb.BufferType)
    return value.type.tile


def _unpacks_to_dest(value: SSAValue) -> bool:
    return isinstance(value.owner, cb.AllocOp) and value.owner.unpack_to_dest is not None


def needs(op: Operation) -> list[Need]:
    """What an operation needs, in the order in which it must be programmed (metalium.md 2.4)."""
    match op:
        case compute.MatmulBlockOp():
            a, b = op.a, op.b
            shape = tuple(op.properties[k] for k in ("rt", "ct", "kt", "transpose"))
            return [
                Need("srca", _tile(b), lambda: compute.ReconfigSrcAOp(b)),
                Need("srcb", _tile(a), lambda: compute.ReconfigSrcBOp(a)),
                Need(
                    "math",
                    ("matmul", _tile(a), _tile(b), *shape),
                    lambda: compute.MatmulBlockInitOp(op),
                ),
            ]
        case compute.CopyBlockOp():
            source, key = op.cb, ("copy", _tile(op.cb), _unpacks_to_dest(op.cb))
            return [
                Need("srca", _tile(source), lambda: compute.ReconfigSrcAOp(source)),
                Need("math", key, lambda: compute.CopyInitOp(source)),
            ]
        case compute.TransposeTileOp():
            source = op.cb
            return [
                Need("srca", _tile(source), lambda: compute.ReconfigSrcAOp(source)),
                Need("math", ("transpose", _tile(source)), lambda: compute.TransposeInitOp(source)),
            ]
        case compute.FillTileOp():
            return [Need("sfpu", "fill", compute.FillInitOp)]
        case compute.PackBlockOp():
            target = op.cb
            return [Need("pack", _tile(target), lambda: compute.ReconfigPackOp(target))]
        case _:
            return []


def _first_needs(block: Block) -> Iterator[Need]:
    seen: set[str] = set()
    for op in block.walk():
        for need in needs(op):
            if need.unit not in seen:
                seen.add(need.unit)
                yield need


def _runs(loop: scf.ForOp) -> bool:
    low, high = range_of(loop.lb), range_of(loop.ub)
    return low is not None and high is not None and high.low > low.high


def _join(a: State, b: State) -> State:
    return {unit: key for unit, key in a.items() if b.get(unit) == key}


@dataclass
class _Inserter:
    """Follows the units' state forwards and inserts what is missing."""

    rewriter: PatternRewriter
    missing: set[tuple[str, object]] = field(default_factory=set[tuple[str, object]])
    """(unit, key) of everything that was missing, inserted or not."""

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
                state = _join(*ends)
            else:
                for need in needs(op):
                    self._program(need, op, state, emit=emit)
        return state

    def _program(self, need: Need, before: Operation, state: State, *, emit: bool) -> None:
        if state.get(need.unit) == need.key:
            return
        state[need.unit] = need.key
        self.missing.add((need.unit, need.key))
        if emit:
            new = need.make()
            located(before, [new])
            self.rewriter.insert(new, InsertPoint.before(before))

    def _loop(self, loop: scf.ForOp, state: State, *, emit: bool) -> State:
        """A unit that every iteration needs alike is programmed once, before the loop."""
        body = loop.body.block
        end = self.flow(body, {}, emit=False)
        steady = {n.unit: n.key for n in _first_needs(body) if end.get(n.unit) == n.key}
        inside = _Inserter(self.rewriter)
        inside.flow(body, dict(steady), emit=False)
        for need in list(_first_needs(body)):
            if need.unit in steady and (need.unit, need.key) not in inside.missing:
                self._program(need, loop, state, emit=emit)
        entry = {u: key for u, key in state.items() if end.get(u, key) == key}
        after = self.flow(body, entry, emit=emit)
        return after if _runs(loop) else _join(state, after)


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
    state: State = {
        "srca": _tile(in1 if matmul else in0),
        "srcb": _tile(in0 if matmul else in1),
        "pack": _tile(pack.cb),
    }
    return compute.HwStartupOp(in0, in1, pack.cb, matmul=matmul), state


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
