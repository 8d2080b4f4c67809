"""How `tt-lower-memory` spells maps and reductions: loops over tiles and DST registers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import FloatAttr, f32, i32
from xdsl.ir import Block, Operation, Region, SSAValue

from tt_dialect.analysis.pages import digit_extents, largest_divisor, sequence
from tt_dialect.analysis.schedule import (
    Copy,
    Fill,
    Fpu,
    Load,
    Schedule,
    Select,
    Sfpu,
    Step,
    Zero,
    schedule,
)
from tt_dialect.analysis.schedule import Index as IndexStep
from tt_dialect.ir import cb, compute, eltwise
from tt_dialect.ir.cb import ROW_MAJOR
from tt_dialect.ir.functions import Family
from tt_dialect.ir.layout import TileType
from tt_dialect.passes.element_code import float_constant
from tt_dialect.passes.emit_ops import Emitter, Index
from tt_dialect.passes.move_plan import Pages, Plan, kind_of, pack, pack_at

TILE = 32
_NAMES = {"sr": "subblock_row", "sc": "subblock_col", "r": "row", "c": "col"}
_FOLD_START = {"add": 0.0, "max": float("-inf"), "min": float("inf")}
"""What a fold starts from. The SFPU does not see the zeros of an acquired tile, only FPU and packer do
(ZEROACC clears the rows' valid bits)."""


@dataclass(frozen=True)
class _Axis:
    """A loop over tiles: its extent and the pages each operand (and the target) advances."""

    name: str
    extent: int
    steps: tuple[int, ...]
    rows: int
    cols: int
    """Tiles the position in the block advances."""


_KEPT = {"none": "rc", "row": "c", "col": "r", "scalar": ""}
"""The axes that an input of a map has, by how it is broadcast."""


def _axes(op: eltwise.MapOp, sources: Sequence[Pages], target: Pages) -> list[_Axis]:
    """The loops over the tiles of a map, slowest first, in the target's page order.

    The last of their steps is that of the target, where it has as many tiles.
    """
    orders = [s.order for s, how in zip(sources, op.broadcasts, strict=True) if how == "none"]
    if op.fold is None:
        orders.append(target.order)
        order = sequence(target.order)
    else:
        order = sequence(ROW_MAJOR)
        if op.dim is not None and op.dim.data == "col":
            order = ("sc", "c", "sr", "r")
    extents = digit_extents(op.extents, orders)
    pages = [
        source.steps(extents, _KEPT[how])
        for source, how in zip(sources, op.broadcasts, strict=True)
    ]
    if op.fold is None:
        pages.append(target.steps(extents))
    rows = {"sr": extents["r"], "r": 1}
    cols = {"sc": extents["c"], "c": 1}
    axes = [
        _Axis(_NAMES[d], extents[d], tuple(p[d] for p in pages), rows.get(d, 0), cols.get(d, 0))
        for d in order
        if extents[d] > 1
    ]
    return axes or [_Axis("tile", 1, tuple(0 for _ in pages), 0, 0)]


def _merged(axes: list[_Axis], keep: int = 0) -> list[_Axis]:
    """Neighbouring loops that advance every operand evenly become one; the first `keep` stay."""
    result: list[_Axis] = []
    for axis in axes:
        last = result[-1] if len(result) > keep else None
        if last is not None and all(
            a == b * axis.extent for a, b in zip(last.steps, axis.steps, strict=True)
        ):
            even = last.rows == axis.rows * axis.extent and last.cols == axis.cols * axis.extent
            result[-1] = _Axis(
                "tile",
                last.extent * axis.extent,
                axis.steps,
                axis.rows if even else -1,
                axis.cols if even else -1,
            )
        else:
            result.append(axis)
    return result


class _MapWriter:
    """Writes the body of a map for `tiles` tiles at a time."""

    def __init__(
        self,
        op: eltwise.MapOp,
        plan: Plan,
        emit: Emitter,
        registers: Sequence[SSAValue],
        bases: Sequence[Index],
        strides_: Sequence[int],
        tiles: int,
        place: tuple[Index, Index, int, int],
    ):
        self.op, self.plan, self.emit = op, plan, emit
        self.registers, self.bases, self.strides, self.tiles = registers, bases, strides_, tiles
        self.place = place
        """(row, column) of the first tile, and what they advance by tile."""
        self.sources = [plan.place_of(v) for v in op.inputs]

    def write(self, steps: Sequence[Step]) -> None:
        """One loop over the tiles per step, so that a unit is programmed once per step."""
        for step in steps:
            if isinstance(step, Load) and self._block_copy(step):
                continue
            with self.emit.loop(self.tiles, "tile") as tile:
                self.step(step, tile)

    def _block_copy(self, step: Load) -> bool:
        number = step.number
        if self.op.broadcasts[number] != "none" or (self.strides[number] != 1 and self.tiles > 1):
            return False
        first = self.emit.value(self.bases[number])
        register = self.registers[step.register]
        self.emit.op(compute.CopyBlockOp(self.sources[number], first, register))
        return True

    def page(self, number: int, tile: Index) -> SSAValue:
        """Page of an input for a tile."""
        offset = self.emit.mul(tile, self.strides[number])
        return self.emit.value(self.emit.add(self.bases[number], offset))

    def step(self, step: Step, tile: Index) -> None:
        """One step on one tile."""
        emit, slot = self.emit, self.emit.value(tile)
        match step:
            case Load(register, number):
                source, page, dst = (
                    self.sources[number],
                    self.page(number, tile),
                    self.registers[register],
                )
                how = self.op.broadcasts[number]
                if how == "none":
                    emit.op(eltwise.CopyTileOp(source, page, dst, slot))
                else:
                    emit.op(eltwise.BroadcastTileOp(how, source, page, dst, slot))
            case Zero(register):
                zero = FloatAttr(0.0, f32)
                emit.op(compute.FillTileOp(zero, self.registers[register], slot))
            case Fill(register, value):
                self.fill(register, slot, value)
            case IndexStep(register, iota):
                self.index(register, iota, tile, slot)
            case Fpu(register, form):
                a = self.sources[form.a], self.page(form.a, tile)
                b = self.sources[form.b], self.page(form.b, tile)
                dst = self.registers[register]
                emit.op(eltwise.FpuBinaryOp(form.function, form.broadcast, a, b, dst, slot))
            case Sfpu():
                self.sfpu(step, slot)
            case Copy(source, register):
                emit.op(eltwise.CopyDstOp(self.registers[source], self.registers[register], slot))
            case Select():
                self.select(step, tile)

    def fill(self, register: int, slot: SSAValue, value: SSAValue) -> None:
        """A scalar in every element: constants are an immediate, others are added to zero."""
        dst, number = self.registers[register], float_constant(value)
        constant = FloatAttr(0.0 if number is None else number, f32)
        self.emit.op(compute.FillTileOp(constant, dst, slot))
        if number is None:
            self.emit.op(eltwise.SfpuScalarOp("add", dst, slot, value))

    def origin(self, iota: eltwise.IotaOp, tile: Index) -> Index:
        """The index expression at element (0, 0) of a tile."""
        emit = self.emit
        row, col, down, right = self.place
        rows, cols = iota.rows.value.data, iota.cols.value.data
        row = emit.add(row, emit.mul(tile, down))
        col = emit.add(col, emit.mul(tile, right))
        origin = emit.add(iota.offset, emit.mul(row, rows * TILE), emit.mul(col, cols * TILE))
        return emit.named(origin, "first_index")

    def index(self, register: int, iota: eltwise.IotaOp, tile: Index, slot: SSAValue) -> None:
        """The pattern of a tile from its page, plus what its place adds."""
        dst = self.registers[register]
        source = self.plan.iotas[iota.rows.value.data, iota.cols.value.data]
        self.emit.op(eltwise.CopyTileOp(source, self.emit.value(0), dst, slot))
        origin = self.origin(iota, tile)
        if origin == 0 if isinstance(origin, int) else False:
            return
        if isinstance(origin, int):
            number = self.emit.op(arith.ConstantOp(FloatAttr(float(origin), f32))).result
        else:
            integer = self.emit.op(arith.IndexCastOp(origin, i32)).result
            number = self.emit.op(arith.SIToFPOp(integer, f32)).result
        self.emit.op(eltwise.SfpuScalarOp("add", dst, slot, number))

    def sfpu(self, step: Sfpu, slot: SSAValue) -> None:
        """A function of the table."""
        registers = [self.registers[r] for r in step.operands]
        out = self.registers[step.register]
        match step.family:
            case Family.UNARY:
                self.emit.op(eltwise.SfpuUnaryOp(step.function, out, slot))
            case Family.SCALAR:
                assert step.value is not None
                self.emit.op(eltwise.SfpuScalarOp(step.function, out, slot, step.value))
            case Family.BINARY:
                a, b = registers
                self.emit.op(eltwise.SfpuBinaryOp(step.function, a, b, out, slot))
            case Family.TERNARY:
                a, b, c = registers
                self.emit.op(eltwise.SfpuTernaryOp(step.function, a, b, c, out, slot))

    def select(self, step: Select, tile: Index) -> None:
        """A branch on whether the condition holds for all, for none or for some of a tile."""
        emit = self.emit
        rows, cols = step.iota.rows.value.data, step.iota.cols.value.data
        low = min(0, rows * (TILE - 1)) + min(0, cols * (TILE - 1))
        high = max(0, rows * (TILE - 1)) + max(0, cols * (TILE - 1))
        origin = emit.value(self.origin(step.iota, tile))
        always, never = _BOUNDS[step.compare]
        holds = _decided(emit, origin, always, low, high)

        def arm(steps: Sequence[Step]) -> Region:
            with emit.region() as region:
                for inner in steps:
                    self.step(inner, tile)
            return region

        otherwise = Region(Block())
        with emit.inside(otherwise.block):
            fails = _decided(emit, origin, never, low, high)
            emit.op(scf.IfOp(fails, [], arm(step.otherwise), arm(step.mixed)))
            emit.op(scf.YieldOp())
        emit.op(scf.IfOp(holds, [], arm(step.then), otherwise))


_BOUNDS: dict[str, tuple[tuple[str, str] | None, tuple[str, str] | None]] = {
    "gez": (("sge", "low"), ("slt", "high")),
    "gtz": (("sgt", "low"), ("sle", "high")),
    "lez": (("sle", "high"), ("sgt", "low")),
    "ltz": (("slt", "high"), ("sge", "low")),
}
"""Per comparison: (predicate, bound) under which all of a tile passes, and under which none does."""


def _decided(
    emit: Emitter, origin: SSAValue, bound: tuple[str, str] | None, low: int, high: int
) -> SSAValue:
    assert bound is not None
    limit = emit.value(-(low if bound[1] == "low" else high))
    return emit.op(arith.CmpiOp(origin, limit, bound[0])).result


def _plain(steps: Sequence[Step]) -> list[Step]:
    """Selects that have no uniform test (== and !=) are spelled out."""
    result: list[Step] = []
    for step in steps:
        if isinstance(step, Select) and step.compare not in _BOUNDS:
            result += step.mixed
        else:
            result.append(step)
    return result


def _groups(emit: Emitter, plan: Plan, count: int, tiles: int, kind: object) -> list[SSAValue]:
    assert isinstance(kind, TileType)
    return [
        emit.op(compute.DstOp(plan.dst_type(tiles, kind.element_type))).dst for _ in range(count)
    ]


def _position(
    emit: Emitter, at: Sequence[tuple[Index, _Axis]], blocks: Sequence[Pages]
) -> tuple[list[Index], Index, Index]:
    """Pages of the blocks, and row and column of the tile, where the loops are."""
    bases = [
        emit.add(block.first, *(emit.mul(d, a.steps[i]) for d, a in at))
        for i, block in enumerate(blocks)
    ]
    row = emit.add(*(emit.mul(d, a.rows) for d, a in at))
    col = emit.add(*(emit.mul(d, a.cols) for d, a in at))
    return bases, row, col


def lower_map(op: eltwise.MapOp, plan: Plan, emit: Emitter) -> None:
    """As many tiles at a time as the registers leave room for, packed in page order."""
    target = plan.pages_of(op.block, emit)
    sources = [plan.pages_of(v, emit) for v in op.inputs]
    planned = schedule(op)
    if op.fold is not None:
        _lower_fold(op, plan, emit, planned)
        return
    axes = _merged(_axes(op, sources, target))
    if not _has_place(op):
        axes = [_Axis(a.name, a.extent, a.steps, 0, 0) for a in axes]
    elif any(a.rows < 0 for a in axes):
        axes = _axes(op, sources, target)
    *outer, inner = axes
    tiles = largest_divisor(inner.extent, plan.capacity // planned.registers)
    update = plan.updates.get(op)
    with emit.loops([(a.extent, a.name) for a in outer]) as digits:
        with emit.loop(inner.extent // tiles, "group") as group:
            first = emit.mul(group, tiles)
            at = [*zip(digits, outer, strict=True), (first, inner)]
            (*bases, page), row, col = _position(emit, at, [*sources, target])
            registers = _groups(emit, plan, planned.registers, tiles, op.result.type)
            if update is not None:
                bases[update] = 0
                emit.op(cb.WaitFrontOp(target.circular, tiles))
            place = (row, col, inner.rows, inner.cols)
            writer = _MapWriter(op, plan, emit, registers, bases, inner.steps, tiles, place)
            writer.write(_plain(planned.steps))
            if update is not None:
                emit.op(cb.PopFrontOp(target.circular, tiles))
            pack_at(emit, registers[planned.result], target, tiles, page, inner.steps[-1])


def _has_place(op: eltwise.MapOp) -> bool:
    return any(isinstance(inner, eltwise.IotaOp) for inner in op.body.block.ops)


def _lower_fold(op: eltwise.MapOp, plan: Plan, emit: Emitter, planned: Schedule) -> None:
    """Per row (or column) of tiles: an accumulating register and a loop over the tiles."""
    assert op.fold is not None and op.dim is not None
    target = plan.place_of(op.block)
    sources = [plan.pages_of(v, emit) for v in op.inputs]
    axes = _axes(op, sources, Pages(target, kind_of(target).block))
    along = "rows" if op.dim.data == "row" else "cols"
    kept = [a for a in axes if getattr(a, along) != 0]
    folded = _merged([a for a in axes if getattr(a, along) == 0])
    if _has_place(op):
        folded = [a for a in axes if getattr(a, along) == 0]
    *outer, inner = kept or [_Axis("tile", 1, tuple(0 for _ in sources), 0, 0)]
    tiles = largest_divisor(inner.extent, plan.capacity // (planned.registers + 1))
    kind = op.result.type
    name = op.fold.data
    with emit.loops([(a.extent, a.name) for a in outer]) as digits:
        with emit.loop(inner.extent // tiles, "group") as group:
            first = emit.mul(group, tiles)
            (acc,) = _groups(emit, plan, 1, tiles, kind)
            registers = _groups(emit, plan, planned.registers, tiles, kind)
            with emit.loop(tiles, "tile") as tile:
                start = FloatAttr(_FOLD_START[name], f32)
                emit.op(compute.FillTileOp(start, acc, emit.value(tile)))
            with emit.loops([(a.extent, a.name) for a in folded]) as along_digits:
                at = [
                    *zip(digits, outer, strict=True),
                    (first, inner),
                    *zip(along_digits, folded, strict=True),
                ]
                bases, row, col = _position(emit, at, sources)
                place = (row, col, inner.rows, inner.cols)
                writer = _MapWriter(op, plan, emit, registers, bases, inner.steps, tiles, place)
                writer.write(_plain(planned.steps))
                with emit.loop(tiles, "tile") as tile:
                    value = registers[planned.result]
                    emit.op(eltwise.SfpuBinaryOp(name, acc, value, acc, emit.value(tile)))
            pack(emit, acc, target, tiles)


def lower_reduce(op: eltwise.ReduceOp, plan: Plan, emit: Emitter) -> None:
    """Per row (or column): every tile of it is reduced into one DST tile."""
    source, target = plan.pages_of(op.source, emit), plan.place_of(op.block)
    rows, cols = source.block
    extents = source.extents()
    steps = source.steps(extents)
    by_row = op.dim.data == "row"
    kept, folded = (("sr", "r"), ("sc", "c")) if by_row else (("sc", "c"), ("sr", "r"))
    scaler = plan.scalers[kind_of(source.circular).tile]
    count = rows if by_row else cols
    inner = extents[kept[1]]
    tiles = largest_divisor(inner, plan.capacity)
    with (
        emit.loop(count // inner, _NAMES[kept[0]]) as part,
        emit.loop(inner // tiles, "group") as group,
    ):
        (dst,) = _groups(emit, plan, 1, tiles, kind_of(target).tile)
        first = emit.add(
            source.first,
            emit.mul(part, steps[kept[0]]),
            emit.mul(group, tiles * steps[kept[1]]),
        )
        with (
            emit.loop(tiles, "tile") as tile,
            emit.loop(extents[folded[0]], _NAMES[folded[0]]) as high,
            emit.loop(extents[folded[1]], _NAMES[folded[1]]) as low,
        ):
            page = emit.add(
                first,
                emit.mul(tile, steps[kept[1]]),
                emit.mul(high, steps[folded[0]]),
                emit.mul(low, steps[folded[1]]),
            )
            emit.op(
                eltwise.ReduceTileOp(
                    op.kind.data,
                    op.dim.data,
                    (source.circular, emit.value(page)),
                    scaler,
                    dst,
                    emit.value(tile),
                )
            )
        pack(emit, dst, target, tiles)


MAP_LOWERINGS: dict[type[Operation], Callable[[Any, Plan, Emitter], None]] = {
    eltwise.MapOp: lower_map,
    eltwise.ReduceOp: lower_reduce,
}
