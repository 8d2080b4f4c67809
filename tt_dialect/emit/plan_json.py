"""The parts of tt.plan.json, both ways: attributes as JSON, JSON as attributes.

Parts that follow from others (work items, runtime arguments, clip bounds) are computed here for the
writer and for the rules that hold a plan against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import Any, TypeAlias

from xdsl.dialects.builtin import (
    ArrayAttr,
    BFloat16Type,
    Float16Type,
    Float32Type,
    IntAttr,
    StringAttr,
)

from tt_dialect.analysis.work import blocks_of, core_arguments, ranges_of
from tt_dialect.ir.layout import (
    BufferAttr,
    CoreRangeAttr,
    CoreRangesAttr,
    Distribution,
    Memory,
    NdShardAttr,
    PartitionAttr,
    TileType,
    WorkAttr,
    int_tuple,
    ints,
)
from tt_dialect.ir.program import (
    SCALAR_TYPES,
    AbiAttr,
    ArgAttr,
    ArgKind,
    ComputeConfigAttr,
    TensorAttr,
)

Json: TypeAlias = dict[str, Any]

MAX_ITEMS = 4096
"""Above this many work items, or cores, only the ranges are written."""

LATE = (ArgKind.ADDRESS, ArgKind.SCALAR, ArgKind.SEMAPHORE)
"""Arguments known only when the program runs."""

_ELEMENTS = {"Float16_b": BFloat16Type(), "Float16": Float16Type(), "Float32": Float32Type()}
_SCALARS = {str(kind): kind for kind in SCALAR_TYPES}

# ---- writing ----


def ranges_json(ranges: CoreRangesAttr) -> list[Json]:
    """Core ranges as a plan writes them."""
    return [{"start": list(r.start), "extent": list(r.extent)} for r in ranges.ranges]


def layout_json(tensor: TensorAttr) -> Json:
    """A tensor parameter."""
    layout = tensor.layout
    shard = layout.shard.data[0] if layout.shard.data else None
    return {
        "direction": tensor.direction.data,
        "shape": list(int_tuple(tensor.shape)),
        "shard": layout.memory.data.upper(),
        "interleave": layout.distribution.data == Distribution.INTERLEAVED,
        "tile": list(layout.tile.shape),
        "format": layout.tile.data_format,
        "page_bytes": layout.tile.bytes,
        "axes": list(layout.labels),
        **_tiled(layout),
        "tile_id_order": "row_major",
        "by": layout.by.data,
        "nd_shard": None
        if shard is None
        else {
            "axes": [a.data for a in shard.axes],
            "grid": list(int_tuple(shard.grid)),
            "shard": list(int_tuple(shard.shard)),
            "order": shard.order.data,
        },
    }


def _tiled(layout: BufferAttr) -> Json:
    """`tiled` where it is not the last two dimensions; null for an axis that does not exist."""
    dims = [None if dim < 0 else dim for dim in int_tuple(layout.tiled)]
    return {"tiled": dims} if dims else {}


def numbering_json(partition: PartitionAttr) -> Json:
    """What says more than runs of row-major work ids: their order, boxes of blocks, shards."""
    found: Json = {}
    if partition.order.data != "row_major":
        found["order"] = partition.order.data
    if partition.rect.data:
        found["box"] = list(int_tuple(partition.rect))
        found["box_grid"] = list(partition.rect_grid)
    for ranges in partition.shard_ranges:
        found["shard_ranges"] = ranges_json(ranges)
    return found


def work_json(partition: PartitionAttr) -> list[Json]:
    """Cores by how many blocks they do, in the order in which work is dealt."""
    if not partition.rect.data:
        return [
            {"count": w.count.data, "core_ranges": ranges_json(w.cores)} for w in partition.work
        ]
    runs = groupby(partition.ids(), key=lambda row: row[2])
    return [
        {"count": count, "core_ranges": ranges_json(ranges_of([core for core, _, _ in rows]))}
        for count, rows in runs
    ]


def arguments_json(abi: AbiAttr, partition: PartitionAttr) -> Json | None:
    """The runtime arguments of each core by name, all but those known only when the program runs:
    addresses, scalars and semaphores. None for more cores than a plan lists."""
    if sum(prod(r.extent) for r in partition.core_ranges.ranges) > MAX_ITEMS:
        return None
    kept = [i for i, a in enumerate(abi.args) if a.kind.data not in LATE]
    zeros = [0] * len(abi.args)
    scalars = {a.value.data: 0 for a in abi.args if a.kind.data == ArgKind.SCALAR}
    return {
        core_key(core): {abi.args.data[i].label.data: values[i] for i in kept}
        for core, values in core_arguments(abi, partition, zeros, scalars)
    }


def core_key(core: Sequence[int]) -> str:
    """A core as a plan names it: `(x,y)`."""
    return f"({core[0]},{core[1]})"


def items_json(partition: PartitionAttr, len_k: int | None) -> Json | None:
    """The blocks of each core, in the order it does them; None for more than a plan lists."""
    if prod(int_tuple(partition.blocks)) > MAX_ITEMS:
        return None
    grid = BlockGrid.of(partition)
    return {
        core_key(core): [_item(block, len_k, grid.valid(block)) for block in row]
        for core, row in blocks_of(partition)
    }


def _item(place: Sequence[int], len_k: int | None, valid: Sequence[int] | None) -> Json:
    *batch, row, col = place if len(place) > 1 else [*place, 0]
    item: Json = {"batch": batch} if batch else {}
    item |= {"io": row, "jo": col, "len_k": len_k, "tile_order": "row_major"}
    return item if valid is None else item | {"valid": list(valid)}


def item_place(item: Json) -> list[int]:
    """The place of a work item in the block grid."""
    return [*item.get("batch", []), item["io"], item["jo"]]


# ---- clip bounds ----


@dataclass(frozen=True)
class BlockGrid:
    """The block grid of a plan over its tile grid (rows, columns)."""

    blocks: tuple[int, ...]
    block_tiles: tuple[int, int]
    tiles: tuple[int, int]

    @classmethod
    def of(cls, partition: PartitionAttr) -> BlockGrid:
        """That of a partition."""
        (a, b), (rows, cols) = int_tuple(partition.block_tiles), int_tuple(partition.tiles)
        return cls(int_tuple(partition.blocks), (a, b), (rows, cols))

    @classmethod
    def stated(cls, plan: Json) -> BlockGrid:
        """That of a plan that follows the schema."""
        (a, b), (rows, cols) = plan["block_tiles"], plan["tile_grid"]
        return cls(tuple(plan["block_grid"]), (a, b), (rows, cols))

    @property
    def axes(self) -> tuple[int | None, int | None]:
        """The axes of the block grid that count blocks along rows and columns of the tile grid.

        None for an axis along which there is one block, or where a work item does more than one.
        """
        rows, cols = (-(-n // b) for n, b in zip(self.tiles, self.block_tiles, strict=True))
        last = len(self.blocks) - 1
        if self.blocks[-2:] == (rows, cols):
            return last - 1, last
        if (self.blocks[last], cols) == (rows, 1):
            return last, None
        return (None, last) if (rows, self.blocks[last]) == (1, cols) else (None, None)

    def valid(self, place: Sequence[int]) -> list[int] | None:
        """Tiles (rows, columns) of a block inside of the tile grid; None if that is all of them."""
        valid: list[int] = []
        for axis, block, extent in zip(self.axes, self.block_tiles, self.tiles, strict=True):
            left = extent if axis is None else extent - place[axis] * block
            valid.append(block if axis is None and left > block else min(block, left))
        return None if valid == list(self.block_tiles) else valid


def clip_json(layouts: Json, buffers: Sequence[Json]) -> Json:
    """The clip bounds of tensors that blocks do not divide, by tensor.

    One entry per circular buffer their blocks pass through, each [rows, columns]: the `block` in
    tiles, the tensor in `tiles` and in `elements`, and what is inside of the tensor of the last
    block, in tiles (`last`) and in elements (`last_elements`).
    """
    found: Json = {}
    for buffer in buffers:
        for name in buffer["tensors"]:
            entry = _clip_of(layouts[name], buffer)
            if entry is not None:
                found.setdefault(name, []).append(entry)
    return found


def _clip_of(layout: Json, buffer: Json) -> Json | None:
    """None where blocks divide the tensor; along an axis that does not exist it has one element."""
    shape, block, tile = layout["shape"], buffer["block"], layout["tile"]
    dims = layout.get("tiled", [len(shape) - 2, len(shape) - 1])
    elements = [1 if dim is None else shape[dim] for dim in dims]
    whole = [b if dim is None else b * t for dim, b, t in zip(dims, block, tile, strict=True)]
    if all(e % w == 0 for e, w in zip(elements, whole, strict=True)):
        return None
    tiles = [-(-e // t) for e, t in zip(elements, tile, strict=True)]
    first = [(n - 1) // b * b for n, b in zip(tiles, block, strict=True)]
    return {
        "buffer": buffer["name"],
        "block": list(block),
        "tiles": tiles,
        "elements": elements,
        "last": [n - f for n, f in zip(tiles, first, strict=True)],
        "last_elements": [e - f * t for e, f, t in zip(elements, first, tile, strict=True)],
    }


# ---- reading ----


def partition_from(plan: Json, work: Sequence[WorkAttr] | None = None) -> PartitionAttr:
    """The partition a plan describes, or with another division of its work."""
    return PartitionAttr(
        StringAttr(plan["partition_mode"]),
        StringAttr(plan["strategy"]),
        ints(plan["core_grid"]),
        ints(plan["block_grid"]),
        ints(plan["block_tiles"]),
        ints(plan["tile_grid"]),
        ArrayAttr(_work_from(plan) if work is None else work),
        StringAttr(plan.get("order", "row_major")),
        ints(plan.get("box", ())),
        core_ranges_from(plan["shard_ranges"]) if "shard_ranges" in plan else None,
    )


def _work_from(plan: Json) -> list[WorkAttr]:
    if "box" in plan:
        return [WorkAttr(IntAttr(prod(plan["box"])), core_ranges_from(plan["core_ranges"]))]
    return [WorkAttr(IntAttr(w["count"]), core_ranges_from(w["core_ranges"])) for w in plan["work"]]


def abi_from(plan: Json) -> AbiAttr:
    """The argument table a plan describes."""
    return AbiAttr.of(
        [
            ArgAttr.of(ArgKind(a["kind"]), a["name"], a["value"], _SCALARS.get(a.get("type")))
            for a in plan["abi"]
        ]
    )


def config_from(plan: Json) -> ComputeConfigAttr:
    """The compute configuration a plan describes."""
    compute = plan["compute"]
    return ComputeConfigAttr.of(compute["fidelity"], compute["dst32"], compute["full_sync"])


def tensors_from(plan: Json) -> list[TensorAttr]:
    """The tensor parameters a plan describes."""
    return [_tensor(name, layout) for name, layout in plan["layouts"].items()]


def _tensor(name: str, layout: Json) -> TensorAttr:
    shard = layout["nd_shard"]
    shards = [] if shard is None else [_nd_shard(shard)]
    memory = Memory(layout["shard"].lower())
    distribution = Distribution.INTERLEAVED if layout["interleave"] else Distribution.SHARDED
    buffer = BufferAttr(
        StringAttr(memory),
        StringAttr(distribution),
        TileType.of(_ELEMENTS[layout["format"]], *layout["tile"]),
        ArrayAttr([StringAttr(a) for a in layout["axes"]]),
        StringAttr(layout["by"]),
        ArrayAttr(shards),
        ints([-1 if dim is None else dim for dim in layout.get("tiled", ())]),
    )
    return TensorAttr(
        StringAttr(name), StringAttr(layout["direction"]), ints(layout["shape"]), buffer
    )


def _nd_shard(shard: Json) -> NdShardAttr:
    return NdShardAttr(
        ArrayAttr([StringAttr(a) for a in shard["axes"]]),
        ints(shard["grid"]),
        ints(shard["shard"]),
        StringAttr(shard["order"]),
    )


def core_ranges_from(ranges: Sequence[Json]) -> CoreRangesAttr:
    """Core ranges as a plan writes them."""
    return CoreRangesAttr.of([CoreRangeAttr.of(*r["start"], *r["extent"]) for r in ranges])
