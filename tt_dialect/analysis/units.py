"""What the units of the compute core are programmed for, and what each operation needs.

Units: SrcA and SrcB (operand formats), math (unpacker and math programs of an operation kind), the
SFPU and the packer. Rules: metalium.md 2.4 (tt-metal #22219, #22946, #31483, #51284).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.index import always_runs
from tt_dialect.ir import cb, compute

State: TypeAlias = dict[str, object]
"""What each unit was last programmed for; a unit that is missing is in an unknown state."""

Units: TypeAlias = list[tuple[str, object]]


def _tile(value: SSAValue) -> object:
    assert isinstance(value.type, cb.BufferType)
    return value.type.tile


def _copy(value: SSAValue) -> object:
    to_dest = isinstance(value.owner, cb.AllocOp) and value.owner.unpack_to_dest is not None
    return "copy", _tile(value), to_dest


def _matmul(op: compute.MatmulBlockOp | compute.MatmulBlockInitOp) -> object:
    shape = (op.properties[name] for name in ("rt", "ct", "kt", "transpose"))
    return ("matmul", _tile(op.a), _tile(op.b), *shape)


_USERS = frozenset[type[Operation]](
    {
        compute.MatmulBlockOp,
        compute.CopyBlockOp,
        compute.TransposeTileOp,
        compute.FillTileOp,
        compute.PackBlockOp,
    }
)
_PROGRAMMERS = frozenset[type[Operation]](
    {
        compute.HwStartupOp,
        compute.MatmulBlockInitOp,
        compute.CopyInitOp,
        compute.TransposeInitOp,
        compute.FillInitOp,
        compute.ReconfigSrcAOp,
        compute.ReconfigSrcBOp,
        compute.ReconfigPackOp,
    }
)


def needs(op: Operation) -> Units:
    """What an operation needs, in the order in which it is programmed."""
    if type(op) not in _USERS:
        return []
    match op:
        case compute.MatmulBlockOp():
            return [("srca", _tile(op.b)), ("srcb", _tile(op.a)), ("math", _matmul(op))]
        case compute.CopyBlockOp():
            return [("srca", _tile(op.cb)), ("math", _copy(op.cb))]
        case compute.TransposeTileOp():
            return [("srca", _tile(op.cb)), ("math", ("transpose", _tile(op.cb)))]
        case compute.FillTileOp():
            return [("sfpu", "fill")]
        case compute.PackBlockOp():
            return [("pack", _tile(op.cb))]
        case _:
            return []


def programs(op: Operation) -> Units:
    """What an operation leaves the units programmed for."""
    if type(op) not in _PROGRAMMERS:
        return []
    match op:
        case compute.HwStartupOp():
            a, b = (op.in1, op.in0) if op.matmul is not None else (op.in0, op.in1)
            return [("srca", _tile(a)), ("srcb", _tile(b)), ("pack", _tile(op.out))]
        case compute.MatmulBlockInitOp():
            return [("math", _matmul(op))]
        case compute.CopyInitOp():
            return [("math", _copy(op.cb))]
        case compute.TransposeInitOp():
            return [("math", ("transpose", _tile(op.cb)))]
        case compute.FillInitOp():
            return [("sfpu", "fill")]
        case compute.ReconfigSrcAOp():
            return [("srca", _tile(op.cb))]
        case compute.ReconfigSrcBOp():
            return [("srcb", _tile(op.cb))]
        case compute.ReconfigPackOp():
            return [("pack", _tile(op.cb))]
        case _:
            return []


def join(a: State, b: State) -> State:
    """What is known where two paths meet."""
    return {unit: key for unit, key in a.items() if b.get(unit) == key}


@dataclass
class UnitFlow:
    """Follows the units forwards; `missing(op, unit, key)` hears of needs that are not met."""

    missing: Callable[[Operation, str, object], None]
    redundant: Callable[[Operation], None] = lambda op: None
    """Hears of operations that program units for what they are programmed for already: on arrival,
    or in every iteration of a loop but the first."""

    def run(self, block: Block, state: State) -> State:
        """State after a block entered in `state`."""
        for op in block.ops:
            if isinstance(op, scf.ForOp):
                body = op.body.block
                end = UnitFlow(lambda op, unit, key: None).run(body, {})
                entry = {u: key for u, key in state.items() if end.get(u, key) == key}
                after = self.run(body, entry)
                UnitFlow(lambda op, unit, key: None, self.redundant).run(body, dict(after))
                state = after if always_runs(op) else join(state, after)
            elif isinstance(op, scf.IfOp):
                ends = [self.run(r.block, dict(state)) if r.blocks else state for r in op.regions]
                state = join(*ends)
            else:
                for unit, key in needs(op):
                    if state.get(unit) != key:
                        self.missing(op, unit, key)
                    state[unit] = key
                made = programs(op)
                if made and all(state.get(unit) == key for unit, key in made):
                    self.redundant(op)
                state.update(made)
        return state
