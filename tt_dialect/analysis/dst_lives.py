"""From where to where in a block a DST group holds something, and whether it relies on zeros.

DST is zero at `tile_regs_acquire` only (the packer clears a section on release): a group that takes
over tiles of an earlier one must overwrite them before anything reads them or adds to them. matmul,
reduce_tile and the FPU's mul add (metalium.md 2.3, ELWMUL.md); copies, fills, FPU add and sub
overwrite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from xdsl.dialects import arith, scf
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.index import always_runs, constant_value
from tt_dialect.analysis.regions import operations
from tt_dialect.ir import compute, eltwise

_OVERWRITES = (
    eltwise.CopyTileOp,
    eltwise.BroadcastTileOp,
    compute.TransposeTileOp,
    compute.FillTileOp,
)
_MAX_CASES = 256
"""Iterations of the loops around a slot that are looked at one by one."""


@dataclass(frozen=True)
class Life:
    """The places in the block, first and last, between which a group occupies its tiles."""

    group: compute.DstOp
    first: int
    last: int
    fresh: bool
    """Whether its tiles must be zero when it begins: nobody has used them in the window."""


def _around(op: Operation, block: Block) -> list[Operation]:
    """The operations of and inside a block that contain `op`, outermost first."""
    found: list[Operation] = []
    while op.parent is not block:
        parent = op.parent_op()
        assert parent is not None
        found.append(op := parent)
    return found[::-1]


def _evaluate(value: SSAValue, known: Mapping[SSAValue, int]) -> int | None:
    if value in known:
        return known[value]
    if (constant := constant_value(value)) is not None:
        return constant
    owner = value.owner
    if not isinstance(owner, arith.AddiOp | arith.SubiOp | arith.MuliOp):
        return None
    a, b = (_evaluate(operand, known) for operand in owner.operands)
    if a is None or b is None:
        return None
    if isinstance(owner, arith.AddiOp):
        return a + b
    return a - b if isinstance(owner, arith.SubiOp) else a * b


def _slots(slot: SSAValue, around: list[Operation]) -> set[int]:
    """The slots that are certainly met when the loops around run, nothing if that is unknown."""
    ranges: dict[SSAValue, range] = {}
    cases = 1
    for op in around:
        if not isinstance(op, scf.ForOp):
            return set()
        bounds = [constant_value(v) for v in (op.lb, op.ub, op.step)]
        if all(bound is not None for bound in bounds) and bounds[2]:
            ranges[op.body.block.args[0]] = range(*(bound or 0 for bound in bounds))
            cases *= len(ranges[op.body.block.args[0]])
        elif not always_runs(op):
            return set()
    if cases > _MAX_CASES:
        return set()
    found: set[int] = set()
    for values in product(*ranges.values()):
        met = _evaluate(slot, dict(zip(ranges, values, strict=True)))
        if met is None:
            return set()
        found.add(met)
    return found


@dataclass
class _Coverage:
    """Which tiles of a group have been overwritten, as its users are met in their order."""

    group: compute.DstOp
    block: Block
    done: set[int] = field(default_factory=set[int])
    _loops: list[tuple[Operation, set[int]]] = field(
        default_factory=list[tuple[Operation, set[int]]]
    )
    """Slots that are overwritten once a loop has ended."""
    _written: list[tuple[Operation, SSAValue]] = field(
        default_factory=list[tuple[Operation, SSAValue]]
    )

    def _arrive(self, op: Operation) -> None:
        around = _around(op, self.block)
        for loop, slots in self._loops:
            if loop not in around:
                self.done |= slots
        self._loops = [(loop, slots) for loop, slots in self._loops if loop in around]

    def whole(self) -> bool:
        """Whether every tile is overwritten."""
        return self.done >= set(range(self.group.tiles))

    def write(self, op: Operation, slot: SSAValue) -> None:
        """Tile `slot` is overwritten."""
        self._arrive(op)
        around = _around(op, self.block)
        self._written.append((op, slot))
        slots = _slots(slot, around)
        if around:
            self._loops.append((around[0], slots))
        else:
            self.done |= slots

    def write_all(self, op: Operation) -> None:
        """The whole group is overwritten."""
        self._arrive(op)
        if all(isinstance(o, scf.ForOp) and always_runs(o) for o in _around(op, self.block)):
            self.done |= set(range(self.group.tiles))

    def covers(self, op: Operation, slot: SSAValue | None) -> bool:
        """Whether what `op` reads (a tile, or the group) has been overwritten."""
        self._arrive(op)
        if self.whole():
            return True
        if slot is None:
            return False
        if constant_value(slot) in self.done:
            return True
        # In the same iteration: the write stands in a block around the read.
        around = {op.parent, *(o.parent for o in _around(op, self.block))}
        return any(v is slot and writer.parent in around for writer, v in self._written)


def _relies_on_zeros(group: compute.DstOp, users: list[Operation], block: Block) -> bool:
    covered = _Coverage(group, block)
    dst = group.dst
    for op in users:
        match op:
            case compute.CopyBlockOp():
                covered.write_all(op)
                continue
            case compute.PackBlockOp() | compute.MatmulBlockOp():
                slot, reads, writes = None, True, False
            case compute.PackTileOp():
                slot, reads, writes = op.slot, True, False
            case eltwise.SfpuBinaryOp():
                slot, reads, writes = op.slot, dst in (op.a, op.b), op.out is dst
            case eltwise.SfpuTernaryOp():
                slot, reads, writes = op.slot, dst in (op.a, op.b, op.c), op.out is dst
            case eltwise.CopyDstOp():
                slot, reads, writes = op.slot, op.source is dst, op.into is dst
            case eltwise.FpuBinaryOp():
                adds = op.function.data == "mul"
                slot, reads, writes = op.slot, adds, not adds
            case _ if isinstance(op, _OVERWRITES):
                slot, reads, writes = op.slot, False, True
            case eltwise.SfpuUnaryOp() | eltwise.SfpuScalarOp() | eltwise.ReduceTileOp():
                slot, reads, writes = op.slot, True, False
            case _:
                slot, reads, writes = None, True, False
        if reads and not covered.covers(op, slot):
            return True
        if writes and slot is not None:
            covered.write(op, slot)
    return False


def lives(block: Block) -> Iterator[Life]:
    """The life of every DST group of a block, in the order in which they are taken.

    An operation with a region is one place: what it uses, it uses all the time.
    """
    users: dict[SSAValue, list[Operation]] = {}
    places: dict[SSAValue, list[int]] = {}
    for place, at in enumerate(block.ops):
        if isinstance(at, compute.DstOp):
            users[at.dst], places[at.dst] = [], [place]
        for op in operations(at):
            for dst in dict.fromkeys(op.operands):
                if dst in users:
                    users[dst].append(op)
                    places[dst].append(place)
    for dst, ops in users.items():
        group = dst.owner
        assert isinstance(group, compute.DstOp)
        taken, *used = places[dst]
        fresh = _relies_on_zeros(group, ops, block)
        yield Life(group, min(used, default=taken), max(used, default=taken), fresh)
