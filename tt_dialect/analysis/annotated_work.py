"""The vocabulary in which people say how work is divided.

One for `annotate_tt_schedule`, attributes of `func.func` and JSON files. A schedule says

    core_grid       [gx, gy]
    partition_mode  global | local_shard
    strategy        contiguous | row_major | column_major | block
    order           row_major | column_major: how blocks are numbered
    core_ranges     [{start: [x, y], extent: [ex, ey]}, ...]
    work_partition  {"(x,y)": [{io, jo, batch, len_k, tile_order}, ...]}: the blocks of each core

and states facts, which are held against what follows from the kernel, never chosen:

    grid_tiles         [Mt, Nt] tiles of the tensor that is written
    shard_grid         [Gy, Gx] shards that work follows, [1, 1] without such
    local_shape_tiles  [Sm, Sn] tiles of one of them
    runtime_args       names of the runtime arguments after the addresses, in order

Everything here is plain data without IR; what does not fit is an `AnnotationError`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from tt_dialect.analysis.annotation_fields import (
    PLACE_KEY,
    AnnotationError,
    extents,
    keys_of,
    mapping,
    order_of,
    place_text,
    word,
)

PARTITION_MODES = ("global", "local_shard")
WORK_STRATEGIES = ("contiguous", "row_major", "column_major", "block")

STATED_PAIRS = ("grid_tiles", "shard_grid", "local_shape_tiles")
"""Facts of a schedule that are two numbers, rows first."""
SCHEDULE_KEYS = (
    "core_grid",
    "partition_mode",
    "strategy",
    "order",
    "core_ranges",
    "work_partition",
    *STATED_PAIRS,
    "runtime_args",
)
OLD_SCHEDULE_KEYS = {"policy": "strategy"}
ITEM_KEYS = ("io", "jo", "batch", "len_k", "tile_order")
OLD_ARGUMENTS = {
    "tt_start_tile": "start_id",
    "tt_tile_count": "count",
    "start_tile": "start_id",
    "tile_count": "count",
    "kt_tiles": "Kt",
    "tt_shard_coord_y": "sy",
    "tt_shard_coord_x": "sx",
}
"""Names of runtime arguments that earlier tools write, and what they are here."""


MAX_CORES = 256
"""Far more cores on an axis than any chip has; keeps lists of cores short."""


@dataclass(frozen=True)
class RangeRequest:
    """A rectangle of cores: start (x, y) and extent, half-open."""

    start: tuple[int, int]
    extent: tuple[int, int]


@dataclass(frozen=True)
class WorkRequest:
    """The blocks of each core, in the order in which it does them."""

    items: tuple[tuple[tuple[int, int], tuple[tuple[int, ...], ...]], ...]
    """(core (x, y), places in the block grid: batch..., io, jo)."""
    len_k: int | None = None
    """K blocks of every item, where that is said."""


@dataclass(frozen=True)
class ScheduleRequest:
    """What was said of the division of work; None where nothing was."""

    core_grid: tuple[int, int] | None = None
    partition_mode: str | None = None
    strategy: str | None = None
    order: str | None = None
    core_ranges: tuple[RangeRequest, ...] | None = None
    place: str | None = None
    work_partition: WorkRequest | None = None
    grid_tiles: tuple[int, ...] | None = None
    shard_grid: tuple[int, ...] | None = None
    local_shape_tiles: tuple[int, ...] | None = None
    runtime_args: tuple[str, ...] | None = None

    def cores(self) -> list[tuple[int, int]] | None:
        """The cores (x, y) of the ranges, in order; None without ranges."""
        if self.core_ranges is None:
            return None
        return [
            (r.start[0] + i, r.start[1] + j)
            for r in self.core_ranges
            for j in range(r.extent[1])
            for i in range(r.extent[0])
        ]

    def room(self, grid: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of the cores it leaves of a device's `grid`; several ranges are a row."""
        if self.core_ranges is None:
            return self.core_grid or grid
        if len(self.core_ranges) == 1:
            return self.core_ranges[0].extent
        return len(self.cores() or ()), 1


def read_schedule(value: object) -> ScheduleRequest:
    """A schedule."""
    fields = keys_of(
        mapping(value, "a schedule annotation", "{core_grid: [gx, gy], ...}"),
        SCHEDULE_KEYS,
        "the schedule",
        OLD_SCHEDULE_KEYS,
    )
    grid = extents(fields, "core_grid", "of the schedule")
    whose = "of the schedule"
    pairs = {key: extents(fields, key, whose) for key in STATED_PAIRS}
    for key, pair in {"core_grid": grid, **pairs}.items():
        if pair is not None and len(pair) != 2:
            form = "[gx, gy]" if key == "core_grid" else "[rows, columns]"
            raise AnnotationError(f"{key} {whose} is {list(pair)}", f"expected {form}", key=key)
    return ScheduleRequest(
        (grid[0], grid[1]) if grid else None,
        word(fields, "partition_mode", PARTITION_MODES, whose),
        word(fields, "strategy", WORK_STRATEGIES, whose),
        order_of(fields, whose, ("row_major", "column_major")),
        _ranges(fields["core_ranges"]) if fields.get("core_ranges") is not None else None,
        place_text(fields),
        _work(fields["work_partition"]) if fields.get("work_partition") is not None else None,
        **pairs,
        runtime_args=_arguments(fields, whose),
    )


def _ranges(value: object) -> tuple[RangeRequest, ...]:
    """Core ranges, disjoint and not empty."""
    if not isinstance(value, list | tuple) or not value:
        raise AnnotationError(
            f"core_ranges of the schedule are {value!r}",
            "expected [{start: [x, y], extent: [ex, ey]}, ...]",
            key="core_ranges",
        )
    found: list[RangeRequest] = []
    seen: dict[tuple[int, int], int] = {}
    for number, entry in enumerate(cast("Sequence[object]", value)):
        what = f"core range {number}"
        fields = keys_of(
            mapping(entry, what, "{start: [x, y], extent: [ex, ey]}"),
            ("start", "extent"),
            what,
            {},
        )
        start = extents(fields, "start", f"of {what}", least=0)
        extent = extents(fields, "extent", f"of {what}")
        if start is None or extent is None or len(start) != 2 or len(extent) != 2:
            raise AnnotationError(
                f"{what} is {entry!r}",
                "expected {start: [x, y], extent: [ex, ey]}",
                key="core_ranges",
            )
        if max(*start, *extent) > MAX_CORES:
            raise AnnotationError(
                f"{what} is {entry!r}", f"no device has {MAX_CORES} cores on an axis"
            )
        found.append(RangeRequest((start[0], start[1]), (extent[0], extent[1])))
        for core in ScheduleRequest(core_ranges=(found[-1],)).cores() or ():
            if core in seen:
                raise AnnotationError(
                    f"core ranges {seen[core]} and {number} overlap at core {core}",
                    "a core is in one range; extents are sizes, not last cores",
                    key="core_ranges",
                )
            seen[core] = number
    return tuple(found)


def _work(value: object) -> WorkRequest:
    """The blocks of each core; whether they are all blocks of the kernel is not known here."""
    what = "work_partition of the schedule"
    form = '{"(x,y)": [{io: ..., jo: ...}, ...]}'
    listed = mapping(value, what, form)
    found: dict[tuple[int, int], tuple[tuple[int, ...], ...]] = {}
    depths: set[int | None] = set()
    for name, items in listed.items():
        if name == PLACE_KEY:
            continue
        numbers = re.fullmatch(r"\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", name)
        if numbers is None or not isinstance(items, list | tuple) or not items:
            raise AnnotationError(
                f"{what} has {name!r}: {items!r}",
                f"expected {form}: a core and its blocks, at least one",
                key="work_partition",
            )
        core = (int(numbers[1]), int(numbers[2]))
        if core in found:
            raise AnnotationError(f"{what} lists core {name} twice", key="work_partition")
        blocks: list[tuple[int, ...]] = []
        for entry in cast("Sequence[object]", items):
            block, depth = _item(entry, f"an item of core {name}")
            blocks.append(block)
            depths.add(depth)
        found[core] = tuple(blocks)
    if not found:
        raise AnnotationError(f"{what} is empty", f"expected {form}", key="work_partition")
    said = depths - {None}
    if len(said) > 1:
        raise AnnotationError(
            f"work items have len_k {sorted(d for d in said if d is not None)}",
            "the K blocks of a block are not divided: len_k is the same in all items",
            key="work_partition",
        )
    return WorkRequest(tuple(found.items()), next(iter(said), None))


def _item(entry: object, what: str) -> tuple[tuple[int, ...], int | None]:
    """The place of a block, batch first, and its K blocks."""
    fields = keys_of(mapping(entry, what, "{io: ..., jo: ...}"), ITEM_KEYS, what, {})
    io, jo, batch = (extents(fields, key, f"of {what}", 0) for key in ("io", "jo", "batch"))
    if io is None or jo is None or len(io) != 1 or len(jo) != 1:
        raise AnnotationError(
            f"{what} is {entry!r}",
            "io and jo are the row and the column of a block, batch the places before them",
            key="work_partition",
        )
    if fields.get("tile_order") not in (None, "row_major"):
        raise AnnotationError(
            f"tile_order of {what} is {fields['tile_order']!r}",
            "the tiles of a block are row_major",
            key="tile_order",
        )
    depth = extents(fields, "len_k", f"of {what}")
    return (*(batch or ()), *io, *jo), depth[0] if depth else None


def _arguments(fields: dict[str, Any], whose: str) -> tuple[str, ...] | None:
    """Names of runtime arguments, as they are here."""
    value = fields.get("runtime_args")
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(
        isinstance(v, str) for v in cast("Sequence[object]", value)
    ):
        raise AnnotationError(
            f"runtime_args {whose} are {value!r}", "expected names", key="runtime_args"
        )
    return tuple(OLD_ARGUMENTS.get(v, v) for v in cast("Sequence[str]", value))
