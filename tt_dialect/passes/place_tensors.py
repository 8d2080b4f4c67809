"""From what was asked of a tensor to its layout, held against the tensor and the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from tt_dialect.analysis.annotated_work import ScheduleRequest
from tt_dialect.analysis.layouts import Fact, LayoutRequest, ShardRequest
from tt_dialect.analysis.placement import Placement
from tt_dialect.analysis.sharding import (
    Sharding,
    ShardingError,
    interleaved_place,
    project,
    shard_cores,
    sharding_of,
    strides_of,
)
from tt_dialect.arch import Arch
from tt_dialect.diagnostics import Location, error_at
from tt_dialect.ir.layout import BufferAttr, Distribution, Memory, NdShardAttr, ints, verify_shape

Place = Operation | Location


def layout_for(
    place: Place,
    name: str,
    shape: Sequence[int],
    base: BufferAttr,
    request: LayoutRequest,
    by: str,
    core_grid: tuple[int, int],
) -> BufferAttr:
    """
    The layout of a tensor of `shape` (elements) that a request asks for.

    `base` has its tile, tiled dimensions and axis labels; a strategy without a grid takes as many
    shards as the cores `core_grid` (width, height) have room for.
    """
    shards: list[NdShardAttr] = []
    labels = base.labels
    strides = strides_of(base.dims(len(shape)).pages(shape, base.tile))[-2:]
    if request.stride not in (None, strides):
        raise error_at(
            place,
            f"stride {list(request.stride or ())} of '{name}' is not that of its tile grid, "
            f"{list(strides)}",
            "strides are in tiles and follow from the shape; leave stride out",
        )
    if request.nd_shard is not None:
        shard = request.nd_shard
        if len(shard.axes) == len(shape) and _names_all(shard.axes, labels):
            labels = shard.axes
        if not shard.align_tiles and request.memory == Memory.L1:
            raise error_at(
                place,
                f"L1 shard requires tile alignment: align_tiles of '{name}' is false",
                "leave align_tiles out, and make shard_shape whole tiles",
            )
        shards.append(_nd_shard(shard))
    elif request.strategy is not None:
        shards.append(_nd_shard(_by_strategy(place, name, shape, base, request, core_grid)))
    elif request.order not in (None, "row_major"):
        raise error_at(
            place,
            f"order {request.order} of '{name}' numbers shards, and it is interleaved",
            "interleaved pages are row_major; add a strategy or an nd_shard",
        )
    return BufferAttr(
        StringAttr(request.memory or Memory.DRAM),
        StringAttr(Distribution.SHARDED if shards else Distribution.INTERLEAVED),
        base.tile,
        ArrayAttr([StringAttr(label) for label in labels]),
        StringAttr(by),
        ArrayAttr(shards),
        base.tiled,
    )


def check_facts(
    place: Place, name: str, shape: Sequence[int], layout: BufferAttr, request: LayoutRequest
) -> None:
    """What was stated of a tensor of `shape` (elements) in a layout is so."""
    stated = dict(request.stated)
    if request.nd_shard is not None:
        stated |= request.nd_shard.stated
    if not stated:
        return
    dims, padded = layout.dims(len(shape)), list(shape)
    for dim, unit in zip((dims.row, dims.col), layout.tile.shape, strict=True):
        if dim is not None:
            padded[dim] = -(-shape[dim] // unit) * unit
    found: dict[str, Fact] = {
        "dtype": layout.tile.numpy_name,
        "data_format": layout.tile.data_format,
        "needs_padding": padded != list(shape),
        "padded_shape": tuple(padded),
    }
    if layout.shard.data:
        projection = project(layout, shape)
        found["projected_grid"] = (projection.gy, projection.gx)
        found["projected_shard_tiles"] = (projection.sm, projection.sn)
    for key, said in stated.items():
        if said != found[key]:
            raise error_at(
                place,
                f"{key} of '{name}' is said to be {_spell(said)}, it is {_spell(found[key])}",
                f"it follows from the tensor and its shards; leave {key} out",
            )


def _spell(fact: Fact) -> str:
    match fact:
        case bool():
            return str(fact).lower()
        case tuple():
            return str(list(fact))
        case _:
            return fact


def describe(layout: BufferAttr) -> str:
    """`L1, 4 x 4 shards of 64 x 64 over M, N (row_major)`, as decisions spell it."""
    memory = layout.memory.data.upper()
    if not layout.shard.data:
        return f"{memory}, interleaved"
    shard = layout.shard.data[0]
    grid, extent = (" x ".join(str(v.data) for v in part) for part in (shard.grid, shard.shard))
    axes = ", ".join(axis.data for axis in shard.axes)
    return f"{memory}, {grid} shards of {extent} over {axes} ({shard.order.data})"


def _nd_shard(shard: ShardRequest) -> NdShardAttr:
    return NdShardAttr(
        ArrayAttr([StringAttr(axis) for axis in shard.axes]),
        ints(shard.grid),
        ints(shard.shape),
        StringAttr(shard.order),
    )


def _by_strategy(
    place: Place,
    name: str,
    shape: Sequence[int],
    base: BufferAttr,
    request: LayoutRequest,
    core_grid: tuple[int, int],
) -> ShardRequest:
    """Height, width or block as shards over rows, columns or both."""
    dims = base.dims(len(shape))
    pages = dims.pages(shape, base.tile)
    width, height = core_grid
    sides = {
        "height": ((dims.row, pages[-2], base.tile.shape[0], width * height, "M"),),
        "width": ((dims.col, pages[-1], base.tile.shape[1], width * height, "N"),),
        "block": (
            (dims.row, pages[-2], base.tile.shape[0], height, "M"),
            (dims.col, pages[-1], base.tile.shape[1], width, "N"),
        ),
    }[request.strategy or "block"]
    axes: list[str] = []
    grid: list[int] = []
    extents: list[int] = []
    for i, (dim, tiles, unit, room, letter) in enumerate(sides):
        if dim is None:
            what = "rows" if letter == "M" else "columns"
            raise error_at(
                place,
                f"'{name}' holds vectors: it has no {what} to shard by {request.strategy}",
                "use strategy width for row vectors, height for column vectors",
            )
        if request.shard_shape is not None:
            extent = request.shard_shape[i]
            count = -(-shape[dim] // extent)
            if request.grid is not None:
                count = request.grid[i]
        else:
            wanted = request.grid[i] if request.grid is not None else min(room, tiles)
            extent = -(-tiles // wanted) * unit
            count = wanted if request.grid is not None else -(-tiles // (extent // unit))
        axes.append(_axis(base.labels, dim, letter))
        grid.append(count)
        extents.append(extent)
    return ShardRequest(tuple(axes), tuple(grid), tuple(extents), request.order or "row_major")


def _names_all(axes: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether axes name the dimensions in order: those that the kernel labels alike or not at all.

    Two batch dimensions of a product are both B there; only other names tell them apart.
    """
    return not any(labels) or all(
        not label or label == axis or labels.count(label) > 1
        for axis, label in zip(axes, labels, strict=True)
    )


def _axis(labels: Sequence[str], dim: int, letter: str) -> str:
    """M for rows and N for columns, unless the tensor calls another dimension so."""
    return labels[dim] if letter in labels and labels[dim] != letter else letter


@dataclass
class L1Use:
    """L1 that resident tensors take on every core."""

    arch: Arch
    takers: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    @property
    def bytes(self) -> int:
        """The sum, in bytes."""
        return sum(size for _, size in self.takers)


def check_layout(
    place: Place,
    name: str,
    shape: Sequence[int],
    layout: BufferAttr,
    used: L1Use,
    schedule: ScheduleRequest,
) -> None:
    """A layout fits its tensor, the cores and L1; adds what it takes to `used`."""
    arch = used.arch
    in_l1 = layout.memory.data == Memory.L1
    try:
        verify_shape(shape, layout)
    except VerifyException as error:
        raise error_at(
            place,
            f"the layout of '{name}' does not fit its shape: {error}",
            "axes labels each dimension or none; tiled names two of them, or one and _",
        ) from None
    try:
        sharding = sharding_of(layout, shape)
        if sharding is not None and in_l1:
            _check_cores(place, name, sharding, arch, schedule)
        elif sharding is not None:
            banks = arch.dram_banks
            Placement(banks, prod(sharding.pages), sharding).accessor_banks(name, place)
    except ShardingError as error:
        text = str(error)
        if in_l1 and "end inside a tile" in text:
            text = f"L1 shard requires tile alignment: {text}"
        hints = [error.hint] if error.hint else []
        raise error_at(place, f"'{name}': {text}", *hints) from None
    if not in_l1:
        return
    tile = layout.tile.bytes
    if sharding is not None:
        pages, what = sharding.volume, " x ".join(map(str, sharding.shard))
        what = f"a shard of '{name}' is {what} tiles"
    else:
        total = prod(layout.dims(len(shape)).pages(shape, layout.tile))
        pages = interleaved_place(total - 1, arch.cores)[1] + 1
        what = f"'{name}' puts {pages} of its {total} tiles in a core"
    size = pages * tile
    others = " + ".join(f"{taken} B of '{other}'" for other, taken in used.takers)
    used.takers.append((name, size))
    if used.bytes > arch.l1_budget:
        more = f"; with {others} that is {used.bytes} B" if others else ""
        raise error_at(
            place,
            f"L1 shard exceeds capacity: {what} x {tile} B = {size} B{more}, and a core of "
            f"{arch.name} has {arch.l1_budget} B",
            f"{arch.l1_bytes} B of L1 - {arch.l1_reserved} B reserved = {arch.l1_budget} B, for "
            "circular buffers too",
            "use more, smaller shards, or DRAM",
        )


def _check_cores(
    place: Place, name: str, sharding: Sharding, arch: Arch, schedule: ScheduleRequest
) -> None:
    """Every shard in L1 has a core of its own, where the schedule leaves it one."""
    grid = schedule.core_grid or arch.grid
    try:
        shard_cores(sharding, schedule.cores(), grid)
    except ShardingError as error:
        whose = f"of {arch.name}" if schedule.core_grid is None else "of the schedule"
        by = "" if schedule.core_ranges is not None else f" {whose}"
        raise error_at(place, f"'{name}': {error}{by}", error.hint) from None
