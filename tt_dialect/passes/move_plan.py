"""What the lowering of blocks knows: where each block is, and what it is computed with."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.builtin import Float32Type, FloatAttr, f32
from xdsl.ir import Attribute, Operation, SSAValue

from tt_dialect.analysis.buffers import Buffer
from tt_dialect.analysis.pages import digit_extents, sequence, strides
from tt_dialect.analysis.shard_blocks import Move, OnShard
from tt_dialect.ir import cb, compute
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.ir.program import ComputeConfigAttr
from tt_dialect.passes.emit_ops import Emitter, Index

PLACES = (cb.BufferType, compute.DstType)
"""Types that take the place of block types."""


@dataclass(frozen=True)
class Pages:
    """Where the tiles of a block are: a page of a circular buffer, and steps from it by digit."""

    circular: SSAValue
    block: tuple[int, int]
    """Rows and columns of tiles."""
    first: Index = 0
    pitch: int | None = None
    """Pages from one row to the next, where the block is a part of a shard."""

    @property
    def order(self) -> cb.PageOrderAttr:
        """Page order of the circular buffer."""
        return kind_of(self.circular).order

    def extents(self, *others: Pages) -> dict[str, int]:
        """Extents of the digits of the block, seen in the page orders of others as well."""
        return digit_extents(self.block, [self.order, *(other.order for other in others)])

    def steps(self, extents: dict[str, int], kept: str = "rc") -> dict[str, int]:
        """Pages per unit of each digit, none for the digits of an axis the block lacks."""
        inner = {digit: n for digit, n in extents.items() if digit[-1] in kept}
        steps = strides([digit for digit in sequence(self.order) if digit in inner], inner)
        if self.pitch is not None:
            steps = {"sr": extents["r"] * self.pitch, "r": self.pitch, "sc": extents["c"], "c": 1}
        return {digit: steps[digit] if digit in inner else 0 for digit in extents}


@dataclass
class Plan:
    """Circular buffer of every block value, and what the lowering of each operation needs."""

    config: ComputeConfigAttr | None = None
    buffers: dict[SSAValue, Buffer] = field(default_factory=dict[SSAValue, Buffer])
    cbs: dict[Buffer, SSAValue] = field(default_factory=dict[Buffer, SSAValue])
    groups: dict[Buffer, SSAValue] = field(default_factory=dict[Buffer, SSAValue])
    """DST groups of accumulators that stay in DST."""
    accessors: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    updates: dict[Operation, int] = field(default_factory=dict[Operation, int])
    """Maps that update one of their inputs in place, with its number."""
    starts: dict[Operation, FloatAttr[Float32Type]] = field(
        default_factory=dict[Operation, "FloatAttr[Float32Type]"]
    )
    """Products whose accumulator is a constant that nobody else reads."""
    started: set[Operation] = field(default_factory=set[Operation])
    """The fills with those constants."""
    scalers: dict[TileType, SSAValue] = field(default_factory=dict[TileType, SSAValue])
    """Circular buffers of one tile that `reduce_tile` multiplies with."""
    iotas: dict[tuple[int, int], SSAValue] = field(default_factory=dict[tuple[int, int], SSAValue])
    """Circular buffers of one tile with `rows * r + cols * c`, by (rows, cols)."""
    shards: dict[Move, OnShard] = field(default_factory=dict[Move, OnShard])
    """Loads and stores of blocks that lie in the core's own shard."""
    moves: dict[SSAValue, Move] = field(default_factory=dict[SSAValue, Move])
    """The one of them by its block."""
    firsts: dict[SSAValue, Index] = field(default_factory=dict[SSAValue, Index])
    """Page in the shard of the first tile of such a block."""
    arguments: dict[tuple[str, int], SSAValue] = field(
        default_factory=dict[tuple[str, int], SSAValue]
    )
    """Extents of the kernel that are runtime arguments, by name and value."""

    @property
    def capacity(self) -> int:
        """DST tiles."""
        assert self.config is not None
        return self.config.dst_tiles

    def place_of(self, value: SSAValue) -> SSAValue:
        """The circular buffer or DST group of a block; it may already stand in its place."""
        if isinstance(value.type, PLACES):
            return value
        buffer = self.buffers[value]
        return self.groups[buffer] if buffer.in_dst else self.cbs[buffer]

    def pages_of(self, value: SSAValue, emit: Emitter) -> Pages:
        """Where the tiles of a block are."""
        move = self.moves.get(value)
        if move is None:
            circular = self.place_of(value)
            return Pages(circular, kind_of(circular).block)
        here, block = self.shards[move], value.type
        assert isinstance(block, BlockType)
        if value not in self.firsts:
            extents = [1] * (len(here.shard) - 2) + list(block.shape)
            first: Index = 0
            for index, extent, pages, shards in zip(
                move.indices, extents, here.shard, here.grid, strict=True
            ):
                place: Index = 0
                if extent < pages:
                    place = index if shards == 1 else emit.remainder(index, pages)
                first = emit.add(emit.mul(first, pages), place)
            self.firsts[value] = emit.named(first, f"{here.label}_page")
        return Pages(self.place_of(value), block.shape, self.firsts[value], here.shard[-1])

    def dst_type(self, tiles: int, element_type: Attribute) -> compute.DstType:
        """A DST group in the program's DST width."""
        assert self.config is not None
        return compute.DstType.of(tiles, f32 if bool(self.config.dst32) else element_type)


def kind_of(circular: SSAValue) -> cb.BufferType:
    """The type of a circular buffer."""
    assert isinstance(circular.type, cb.BufferType)
    return circular.type


def pack(emit: Emitter, dst: SSAValue, circular: SSAValue, tiles: int) -> None:
    """Packs a DST group into the next pages of a circular buffer."""
    emit.op(cb.ReserveBackOp(circular, tiles))
    emit.op(compute.PackBlockOp(dst, circular))
    emit.op(cb.PushBackOp(circular, tiles))


def pack_at(
    emit: Emitter, dst: SSAValue, target: Pages, tiles: int, first: Index, step: int = 1
) -> None:
    """Packs a DST group into the next pages, or into every step-th of a shard from `first` on."""
    if target.pitch is None:
        pack(emit, dst, target.circular, tiles)
        return
    with emit.loop(tiles, "tile") as tile:
        page = emit.value(emit.add(first, emit.mul(tile, step)))
        emit.op(compute.PackTileOp(dst, emit.value(tile), target.circular, page))
