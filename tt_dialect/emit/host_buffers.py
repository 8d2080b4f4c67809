"""Prints how the host makes the buffers of tensors: interleaved, or cut into shards.

Sharded buffers follow buffer.hpp and buffer_distribution_spec.hpp: a `BufferDistributionSpec` says
which pages are where (TensorAccessorArgs needs one, tensor_accessor_args.cpp), and height-, width-
and block-sharded ones have a `ShardSpecBuffer` as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tt_dialect.analysis.placement import CoreXY, Device, Placement, placement_of
from tt_dialect.analysis.sharding import Sharding
from tt_dialect.diagnostics import error_at
from tt_dialect.emit.cpp import Lines, Names
from tt_dialect.ir.layout import Memory
from tt_dialect.ir.program import ProgramOp, TensorAttr

MAX_RANK = 8
"""Dimensions of a tensor an accessor knows (tensor_accessor.h)."""

SHARDED_HEADERS = """\
#include <tt-metalium/buffer.hpp>
#include <tt-metalium/buffer_distribution_spec.hpp>
"""

SHARDED_BUFFER = """\
// A DRAM or L1 buffer of tiles, one page each, in shards.
std::shared_ptr<distributed::MeshBuffer> create_sharded_buffer(
    distributed::MeshDevice& device,
    BufferType type,
    DataFormat format,
    uint32_t tiles,
    const BufferShardingArgs& sharding) {
    const uint32_t page_bytes = tile_size(format);
    const distributed::DeviceLocalBufferConfig local{
        .page_size = page_bytes,
        .buffer_type = type,
        .sharding_args = sharding,
    };
    const distributed::ReplicatedBufferConfig replicated{.size = uint64_t{tiles} * page_bytes};
    return distributed::MeshBuffer::create(replicated, local, &device);
}
"""


@dataclass(frozen=True)
class HostBuffer:
    """A tensor's buffer: its variable (without `_buffer`), its pages and where they are."""

    name: str
    tensor: TensorAttr
    where: Placement

    @property
    def memory(self) -> str:
        """`DRAM` or `L1`."""
        return "DRAM" if self.tensor.layout.memory.data == Memory.DRAM else "L1"


def host_buffer(program: ProgramOp, tensor: TensorAttr, name: str) -> HostBuffer:
    """Where a tensor lives on the device of a program; located errors if it cannot be there."""
    where = placement_of(tensor, Device.of(program), program)
    label = tensor.label.data
    if where.sharding is not None and len(where.sharding.pages) > MAX_RANK:
        raise error_at(
            program,
            f"tensor '{label}' has {len(where.sharding.pages)} dimensions, the accessor of a "
            f"sharded tensor knows {MAX_RANK}",
        )
    return HostBuffer(name, tensor, where)


def print_buffer(lines: Lines, names: Names, buffer: HostBuffer, program: ProgramOp) -> None:
    """`auto A_buffer = ...`, after the description of its shards."""
    name, layout, where = buffer.name, buffer.tensor.layout, buffer.where
    arguments = [
        "*device",
        f"BufferType::{buffer.memory}",
        f"DataFormat::{layout.tile.data_format}",
        str(where.pages),
    ]
    sharding = where.sharding
    if sharding is None:
        lines.call("create_buffer", arguments, before=f"auto {name}_buffer = ")
        return
    banks = where.accessor_banks(buffer.tensor.label.data, program)
    rectangle = _rectangle(banks)
    layout_name = None if rectangle is None else _layout(where, sharding)
    lines.comment(
        f"{name}: {_by(sharding.grid)} shards of {_by(sharding.shard)} tiles, {sharding.order}."
    )
    cores, shards = names.fresh(f"{name}_cores"), names.fresh(f"{name}_shards")
    grid = names.fresh(f"{name}_grid")
    if rectangle is None:
        entries = [f"CoreCoord({x}, {y})" for x, y in banks]
        lines.braced(f"const std::vector<CoreCoord> {cores} = {{", entries)
    else:
        lines.line(f"const CoreRangeSet {grid}({rectangle});")
        arranged = [grid, "std::nullopt", "true"]
        before = f"const std::vector<CoreCoord> {cores} = "
        lines.call("corerange_to_cores", arranged, before=before)
    extents = [_shape(sharding.pages), _shape(sharding.shard), cores]
    lines.call(shards, extents, before="const BufferDistributionSpec ")
    described = shards
    if layout_name is not None:
        spec = names.fresh(f"{name}_spec")
        tile = layout.tile.shape
        shard = [s * t for s, t in zip(sharding.shard, tile, strict=True)]
        lists = [_list(shard), "ShardOrientation::ROW_MAJOR", _list(tile), _list(sharding.pages)]
        lines.call(spec, [grid, *lists], before="const ShardSpecBuffer ")
        described = f"{shards}, {spec}, TensorMemoryLayout::{layout_name}"
    lines.call(
        "create_sharded_buffer",
        [*arguments, f"BufferShardingArgs({described})"],
        before=f"auto {name}_buffer = ",
    )


def describe(where: Placement) -> str:
    """`interleaved`, or `4x4 shards of 2x2 tiles`."""
    if where.sharding is None:
        return "interleaved"
    return f"{_by(where.sharding.grid)} shards of {_by(where.sharding.shard)} tiles"


def _layout(where: Placement, sharding: Sharding) -> str | None:
    """The TensorMemoryLayout of shards on a rectangle of cores; None if they are N-D."""
    if len(sharding.grid) != 2 or sharding.shards > where.banks:
        return None
    down, across = sharding.grid
    if across == 1:
        return "HEIGHT_SHARDED"
    if down == 1:
        return "WIDTH_SHARDED"
    return "BLOCK_SHARDED" if where.in_l1 else None  # banks of DRAM are one row


def _rectangle(cores: Sequence[CoreXY]) -> str | None:
    """`CoreRange(...)` if the cores are a rectangle, row by row."""
    (x0, y0), (x1, y1) = cores[0], cores[-1]
    if list(cores) != [(x, y) for y in range(y0, y1 + 1) for x in range(x0, x1 + 1)]:
        return None
    return f"CoreRange({{{x0}, {y0}}}, {{{x1}, {y1}}})"


def _shape(extents: Sequence[int]) -> str:
    return f"Shape{_list(extents)}"


def _list(extents: Sequence[int]) -> str:
    return "{" + ", ".join(map(str, extents)) + "}"


def _by(extents: Sequence[int]) -> str:
    return "x".join(map(str, extents))
