"""What the lowering of blocks knows: where each block is, and what it is computed with."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.builtin import Float32Type, FloatAttr, f32
from xdsl.ir import Attribute, Operation, SSAValue

from tt_dialect.analysis.buffers import Buffer
from tt_dialect.analysis.residency import OnShard
from tt_dialect.ir import cb, compute
from tt_dialect.ir.layout import TileType
from tt_dialect.ir.program import ComputeConfigAttr
from tt_dialect.passes.emit_ops import Emitter

PLACES = (cb.BufferType, compute.DstType)
"""Types that take the place of block types."""


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
    shards: dict[Buffer, OnShard] = field(default_factory=dict[Buffer, OnShard])
    """Buffers that lie on the core's own shard of a tensor."""
    in_place: set[Operation] = field(default_factory=set[Operation])
    """The loads and stores of their blocks, which move nothing."""
    arguments: dict[str, SSAValue] = field(default_factory=dict[str, SSAValue])

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

    def dst_type(self, tiles: int, element_type: Attribute) -> compute.DstType:
        """A DST group in the program's DST width."""
        assert self.config is not None
        return compute.DstType.of(tiles, f32 if bool(self.config.dst32) else element_type)


def kind_of(circular: SSAValue) -> cb.BufferType:
    """The type of a circular buffer."""
    assert isinstance(circular.type, cb.BufferType)
    return circular.type


def pack(emit: Emitter, dst: SSAValue, circular: SSAValue, tiles: int) -> None:
    """Packs a DST group into a circular buffer."""
    emit.op(cb.ReserveBackOp(circular, tiles))
    emit.op(compute.PackBlockOp(dst, circular))
    emit.op(cb.PushBackOp(circular, tiles))
