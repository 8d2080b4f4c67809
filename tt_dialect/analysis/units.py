"""What the units of the compute core are programmed for, and what each operation needs.

Units: `srca` and `srcb` (operand formats), `math` (unpacker and math programs of an operation
kind), `sfpu`, `pack` (output format), `edge` (the packer's edge mask, which `reduce_init` sets) and
`bcast` (whether `broadcast_init` is in force). Rules: metalium.md 2.4 (tt-metal #22219, #22946,
#31483, #51284); `api/compute/reduce.h` and `bcast.h` for the inits that must be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.index import always_runs
from tt_dialect.ir import cb, compute, eltwise
from tt_dialect.ir.functions import FUNCTIONS, Family

State: TypeAlias = dict[str, object]
"""What each unit was last programmed for; a unit that is missing is in an unknown state."""

Units: TypeAlias = list[tuple[str, object]]

OFF = "off"
"""`edge`: nothing is masked. `bcast`: no `broadcast_init` is in force."""
UNKNOWN = object()
"""An operation leaves a unit so that whatever needs it next must program it."""


def _tile(value: SSAValue) -> object:
    assert isinstance(value.type, cb.BufferType)
    return value.type.tile


def _to_dest(value: SSAValue) -> bool:
    return isinstance(value.owner, cb.AllocOp) and value.owner.unpack_to_dest is not None


def _copy(value: SSAValue) -> object:
    return "copy", _tile(value), _to_dest(value)


def _matmul(op: compute.MatmulBlockOp | compute.MatmulBlockInitOp) -> object:
    shape = (op.properties[name] for name in ("rt", "ct", "kt", "transpose"))
    return ("matmul", _tile(op.a), _tile(op.b), *shape)


def _fpu(op: eltwise.FpuBinaryOp | eltwise.FpuBinaryInitOp) -> object:
    return "fpu", op.function.data, op.how.data, _tile(op.a), _tile(op.b)


def _reduce(op: eltwise.ReduceTileOp | eltwise.ReduceInitOp) -> object:
    return "reduce", op.kind.data, op.dim.data, _tile(op.cb), _tile(op.scaler)


def _mask(op: eltwise.ReduceTileOp | eltwise.ReduceInitOp) -> object:
    return "reduce", op.dim.data


def _broadcast(
    op: eltwise.BroadcastTileOp | eltwise.BroadcastInitOp | eltwise.BroadcastUninitOp,
) -> object:
    return "broadcast", op.how.data, _tile(op.cb), _to_dest(op.cb)


def broadcast_state(op: eltwise.BroadcastTileOp | eltwise.BroadcastInitOp) -> Units:
    """What `broadcast_init` programs."""
    return [("math", _broadcast(op)), ("bcast", _broadcast(op))]


def broadcast_formats(op: eltwise.BroadcastTileOp | eltwise.BroadcastInitOp) -> Units:
    """The formats that `broadcast_init` leaves as they are: its page passes either source."""
    tile = _tile(op.cb)
    return [("srca", tile), ("srcb", tile)]


def reduce_state(op: eltwise.ReduceTileOp | eltwise.ReduceInitOp) -> Units:
    """What `reduce_init` programs: the packer's edge mask too (`reduce.h`)."""
    return [("math", _reduce(op)), ("edge", _mask(op))]


def _sfpu(op: Any, family: Family) -> Units:
    # Functions with one init call share what it programs (rows of the table differ in the call).
    return [("sfpu", FUNCTIONS[op.function.data, family].v2.init)]


def reducer(group: SSAValue) -> eltwise.ReduceTileOp | None:
    """The `reduce_tile` that fills a DST group, None if none does."""
    found = [use.operation for use in group.uses]
    return next((op for op in found if isinstance(op, eltwise.ReduceTileOp)), None)


def results(op: Operation) -> list[SSAValue]:
    """The DST groups an operation writes."""
    match op:
        case eltwise.SfpuBinaryOp() | eltwise.SfpuTernaryOp():
            return [op.out]
        case eltwise.CopyDstOp():
            return [op.into]
        case compute.PackBlockOp() | compute.PackTileOp():
            return []
        case _:
            return [v for v in op.operands if isinstance(v.type, compute.DstType)]


def packs(group: SSAValue) -> list[compute.PackBlockOp | compute.PackTileOp]:
    """What packs a DST group, or else the groups computed from it; the nearest first."""
    seen, level = {group}, [group]
    while level:
        users = [use.operation for value in level for use in value.uses]
        if found := [op for op in users if isinstance(op, compute.PACKS)]:
            return found
        level = [v for op in users for v in results(op) if v not in seen]
        seen.update(level)
    return []


def _pack(op: compute.PackBlockOp | compute.PackTileOp) -> Units:
    made = reducer(op.dst)
    if made is None:
        return [("edge", OFF), ("pack", _tile(op.cb))]
    return [("bcast", OFF), ("edge", _mask(made)), ("pack", _tile(op.cb))]


def _copied(op: compute.CopyBlockOp | eltwise.CopyTileOp) -> Units:
    return [("bcast", OFF), ("srca", _tile(op.cb)), ("math", _copy(op.cb))]


_NEEDS: Mapping[type[Operation], Callable[[Any], Units]] = {
    compute.MatmulBlockOp: lambda op: [
        ("bcast", OFF),
        ("srca", _tile(op.b)),
        ("srcb", _tile(op.a)),
        ("math", _matmul(op)),
    ],
    compute.CopyBlockOp: _copied,
    eltwise.CopyTileOp: _copied,
    compute.TransposeTileOp: lambda op: [
        ("bcast", OFF),
        ("srca", _tile(op.cb)),
        ("math", ("transpose", _tile(op.cb))),
    ],
    eltwise.FpuBinaryOp: lambda op: [
        ("bcast", OFF),
        ("srca", _tile(op.a)),
        ("srcb", _tile(op.b)),
        ("math", _fpu(op)),
    ],
    eltwise.ReduceTileOp: lambda op: [
        ("bcast", OFF),
        ("srca", _tile(op.cb)),
        ("srcb", _tile(op.scaler)),
        *reduce_state(op),
    ],
    eltwise.BroadcastTileOp: lambda op: [
        ("edge", OFF),
        ("srca", _tile(op.cb)),
        ("srcb", _tile(op.cb)),
        *broadcast_state(op),
    ],
    compute.FillTileOp: lambda op: [("sfpu", "fill")],
    eltwise.SfpuUnaryOp: lambda op: _sfpu(op, Family.UNARY),
    eltwise.SfpuScalarOp: lambda op: _sfpu(op, Family.SCALAR),
    eltwise.SfpuBinaryOp: lambda op: _sfpu(op, Family.BINARY),
    eltwise.SfpuTernaryOp: lambda op: _sfpu(op, Family.TERNARY),
    eltwise.CopyDstOp: lambda op: [("sfpu", "copy_dst")],
    compute.PackBlockOp: _pack,
    compute.PackTileOp: _pack,
    eltwise.BroadcastInitOp: lambda op: [
        *broadcast_formats(op),
        ("edge", OFF),
        ("bcast", OFF),
    ],
}


def _startup(op: compute.HwStartupOp) -> Units:
    a, b = (op.in1, op.in0) if op.matmul is not None else (op.in0, op.in1)
    formats: Units = [("srca", _tile(a)), ("srcb", _tile(b)), ("pack", _tile(op.out))]
    return [*formats, ("edge", OFF), ("bcast", OFF)]


_PROGRAMS: Mapping[type[Operation], Callable[[Any], Units]] = {
    compute.HwStartupOp: _startup,
    compute.MatmulBlockInitOp: lambda op: [("math", _matmul(op))],
    compute.CopyInitOp: lambda op: [("math", _copy(op.cb))],
    compute.TransposeInitOp: lambda op: [("math", ("transpose", _tile(op.cb)))],
    compute.FillInitOp: lambda op: [("sfpu", "fill")],
    compute.ReconfigSrcAOp: lambda op: [("srca", _tile(op.cb))],
    compute.ReconfigSrcBOp: lambda op: [("srcb", _tile(op.cb))],
    compute.ReconfigPackOp: lambda op: [("pack", _tile(op.cb))],
    eltwise.FpuBinaryInitOp: lambda op: [("math", _fpu(op))],
    eltwise.BroadcastInitOp: broadcast_state,
    eltwise.BroadcastUninitOp: lambda op: [("bcast", OFF), ("math", UNKNOWN)],
    eltwise.ReduceInitOp: reduce_state,
    eltwise.ReduceUninitOp: lambda op: [("edge", OFF), ("math", UNKNOWN)],
    eltwise.SfpuInitOp: lambda op: _sfpu(op, Family(op.family.data)),
    eltwise.CopyDstInitOp: lambda op: [("sfpu", "copy_dst")],
}


def needs(op: Operation) -> Units:
    """What an operation needs, in the order in which it is programmed."""
    rule = _NEEDS.get(type(op))
    return rule(op) if rule is not None else []


def programs(op: Operation) -> Units:
    """What an operation leaves the units programmed for (or `UNKNOWN`)."""
    rule = _PROGRAMS.get(type(op))
    return rule(op) if rule is not None else []


def programmed(state: State, made: Units) -> None:
    """Enters what an operation programs into a state."""
    for unit, key in made:
        if key is UNKNOWN:
            state.pop(unit, None)
        else:
            state[unit] = key


def join(a: State, b: State) -> State:
    """What is known where two paths meet."""
    return {unit: key for unit, key in a.items() if b.get(unit) == key}


def steady(state: State, body: Callable[[State], State]) -> State:
    """What is known at the start of every iteration of a loop entered in `state`.

    The greatest fixed point: a unit is dropped when some iteration leaves it otherwise.
    """
    entry = dict(state)
    while (met := join(entry, body(dict(entry)))) != entry:
        entry = met
    return entry


@dataclass
class UnitFlow:
    """Follows the units forwards; `missing(op, unit, key)` hears of needs that are not met."""

    missing: Callable[[Operation, str, object], None]
    redundant: Callable[[Operation], None] | None = None
    """Hears of operations that program units for what they are programmed for already: on arrival,
    or in every iteration of a loop but the first."""
    _ends: dict[tuple[Block, frozenset[tuple[str, object]]], State] = field(
        default_factory=dict[tuple[Block, frozenset[tuple[str, object]]], State]
    )
    _units: dict[Operation, tuple[Units, Units]] = field(
        default_factory=dict[Operation, tuple[Units, Units]]
    )
    """What each operation needs and programs."""

    def run(self, block: Block, state: State) -> State:
        """State after a block entered in `state`."""
        return self._run(block, state, missing=self.missing, redundant=self.redundant)

    def _end(self, block: Block, state: State) -> State:
        """`run`, unheard."""
        key = block, frozenset(state.items())
        if key not in self._ends:
            self._ends[key] = self._run(block, state)
        return dict(self._ends[key])

    def _run(
        self,
        block: Block,
        state: State,
        *,
        missing: Callable[[Operation, str, object], None] | None = None,
        redundant: Callable[[Operation], None] | None = None,
    ) -> State:
        for op in block.ops:
            if isinstance(op, scf.ForOp):
                body = op.body.block
                entry = steady(state, lambda state, body=body: self._end(body, state))
                if missing is None and redundant is None:
                    after = self._end(body, entry)
                else:
                    after = self._run(body, entry, missing=missing, redundant=redundant)
                if redundant is not None:
                    self._run(body, dict(after), redundant=redundant)
                state = after if always_runs(op) else join(state, after)
            elif isinstance(op, scf.IfOp):
                ends = [
                    self._run(r.block, dict(state), missing=missing, redundant=redundant)
                    if r.blocks
                    else state
                    for r in op.regions
                ]
                state = join(*ends)
            else:
                if op not in self._units:
                    self._units[op] = needs(op), programs(op)
                needed, made = self._units[op]
                for unit, key in needed:
                    if missing is not None and state.get(unit) != key:
                        missing(op, unit, key)
                    state[unit] = key
                if redundant is not None and _holds(state, made):
                    redundant(op)
                programmed(state, made)
        return state


def _holds(state: State, made: Units) -> bool:
    """Whether units are programmed as an operation would, if it programs any."""
    return bool(made) and all(state.get(u) == key for u, key in made if key is not UNKNOWN)
