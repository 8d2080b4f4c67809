"""The vocabulary in which people say where tensors live and how work is divided.

One for all ways in: `annotate_tt_layout` and `annotate_tt_schedule`, attributes of `func.func`,
JSON files, options of `tt-infer-layout`. A layout says, for one tensor or on-chip buffer,

    memory       DRAM | L1 (also DDR, SRAM)
    layout       interleaved | sharded
    strategy     height | width | block, with `grid` (shards) or `shard_shape` (elements) or neither
    nd_shard     {axes, grid, shard_shape, order, align_tiles}, in place of a strategy
    order        row_major | column_major | match_shard | z_order: how shards are numbered
    stride       [along rows, along columns] in tiles: has to be that of the tile grid
    cb_depth     depth in blocks of the circular buffers that its blocks pass through

and a schedule says

    core_grid       [gx, gy]
    partition_mode  global | local_shard
    strategy        contiguous | row_major | column_major | block
    order           as above
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

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from tt_dialect.analysis.sharding import ORDERS, RESERVED_ORDERS

MEMORIES = {"DRAM": "dram", "DDR": "dram", "L1": "l1", "SRAM": "l1"}
LAYOUTS = ("interleaved", "sharded")
STRATEGIES = ("height", "width", "block")
PARTITION_MODES = ("global", "local_shard")
WORK_STRATEGIES = ("contiguous", "row_major", "column_major", "block")

LAYOUT_KEYS = (
    "memory",
    "layout",
    "strategy",
    "grid",
    "shard_shape",
    "nd_shard",
    "order",
    "cb_depth",
    "tile_shape",
    "stride",
)
OLD_LAYOUT_KEYS = {"shard": "memory", "tile_id_order": "order"}
"""Keys of `tt.layout_desc`, which earlier tools write, and what they are here."""

SHARD_KEYS = ("axes", "grid", "shard_shape", "order", "align_tiles")
OLD_SHARD_KEYS = {"shard_shape_elems": "shard_shape"}
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

PLACE_KEY = "at"
"""Where an annotation stands, `file:line`; added when it is read from a file."""

MAX_DEPTH = 64
MAX_CORES = 256
"""Far more cores on an axis than any chip has; keeps lists of cores short."""


class AnnotationError(ValueError):
    """An annotation that says nothing sensible; `hint` says what would."""

    def __init__(self, message: str, *hints: str, key: str = ""):
        super().__init__(message)
        self.hints = tuple(hint for hint in hints if hint)
        self.key = key
        """The key whose place in a file is the error's place."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The note for a name that is not known: the closest one, or all."""
    names = list(known)
    folded = {n.lower(): n for n in names}
    close = [n for n in folded if name and n.startswith(name.lower())]
    close = close or difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.5)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"expected {', '.join(names)}"


@dataclass(frozen=True)
class ShardRequest:
    """`nd_shard`: shards per axis and the extent of one in elements."""

    axes: tuple[str, ...]
    grid: tuple[int, ...]
    shape: tuple[int, ...]
    order: str = "row_major"
    align_tiles: bool = True


@dataclass(frozen=True)
class LayoutRequest:
    """What was said of one tensor; None where nothing was."""

    memory: str | None = None
    """"dram" or "l1"."""
    layout: str | None = None
    strategy: str | None = None
    grid: tuple[int, ...] | None = None
    shard_shape: tuple[int, ...] | None = None
    nd_shard: ShardRequest | None = None
    order: str | None = None
    cb_depth: int | None = None
    place: str | None = None
    stride: tuple[int, ...] | None = None
    """Tiles from one tile to the next, along rows and along columns: checked, never chosen."""

    @property
    def places(self) -> bool:
        """Whether it says where the tensor lives, not only how its blocks are buffered."""
        return replace(self, cb_depth=None, place=None) != LayoutRequest()

    def over(self, default: LayoutRequest) -> LayoutRequest:
        """This, and the default where this says nothing; how to shard is decided as a whole."""
        merged = replace(
            self,
            memory=self.memory or default.memory,
            cb_depth=self.cb_depth or default.cb_depth,
        )
        if self.layout or self.strategy or self.nd_shard:
            return merged
        return replace(
            merged,
            layout=default.layout,
            strategy=default.strategy,
            grid=self.grid or default.grid,
            shard_shape=self.shard_shape or default.shard_shape,
            nd_shard=default.nd_shard,
            order=self.order or default.order,
        )


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


# --- reading --------------------------------------------------------------------------------------


def read_layouts(value: object) -> dict[str, LayoutRequest]:
    """Layouts by the name of the buffer they are for."""
    return {
        name: read_layout(name, fields)
        for name, fields in _mapping(value, "a layout annotation", "{buffer: {...}}").items()
    }


def read_layout(name: str, value: object) -> LayoutRequest:
    """The layout of one buffer; `name` stands in messages only."""
    whose = f"of '{name}'"
    fields = _keys(
        _mapping(value, f"the layout {whose}", "{memory: ..., layout: ...}"),
        LAYOUT_KEYS,
        f"the layout {whose}",
        OLD_LAYOUT_KEYS,
        ("interleave",),
    )
    memory = _word(fields, "memory", tuple(MEMORIES), whose, fold=str.upper)
    layout = _word(fields, "layout", LAYOUTS, whose)
    interleave = fields.get("interleave")
    if interleave is not None:
        if not isinstance(interleave, bool):
            raise AnnotationError(f"interleave {whose} is {interleave!r}", "expected true or false")
        said = LAYOUTS[0 if interleave else 1]
        if layout not in (None, said):
            raise AnnotationError(
                f"interleave {whose} is {str(interleave).lower()}, its layout {layout}",
                "keep one of them",
                key="interleave",
            )
        layout = said
    strategy = _word(fields, "strategy", STRATEGIES, whose, fold=_strategy_word)
    shard = read_nd_shard(name, fields["nd_shard"]) if "nd_shard" in fields else None
    order = _order(fields, whose)
    if fields.get("tile_shape") not in (None, [32, 32], (32, 32)):
        raise AnnotationError(
            f"tile_shape {whose} is {fields['tile_shape']}", "expected [32, 32]", key="tile_shape"
        )
    request = LayoutRequest(
        MEMORIES[memory] if memory else None,
        layout,
        strategy,
        _extents(fields, "grid", whose),
        _extents(fields, "shard_shape", whose),
        shard,
        order,
        _depth(fields, whose),
        _place(fields),
        _extents(fields, "stride", whose),
    )
    _check_layout(name, request)
    return request


def _check_layout(name: str, request: LayoutRequest) -> None:
    """The parts of a layout go together."""
    if request.strategy and request.nd_shard:
        raise AnnotationError(
            f"the layout of '{name}' has both a strategy and an nd_shard",
            "a strategy is an nd_shard over rows, columns or both; keep one of them",
            key="strategy",
        )
    shards = request.strategy or request.nd_shard
    if request.layout == "interleaved" and shards:
        raise AnnotationError(
            f"the layout of '{name}' is interleaved and sharded",
            "an interleaved tensor has neither strategy nor nd_shard",
            key="layout",
        )
    if request.layout == "sharded" and not shards:
        raise AnnotationError(
            f"nd_shard incomplete: '{name}' is sharded, but nothing says how",
            f"give a strategy ({', '.join(STRATEGIES)}) or an nd_shard with axes, grid and "
            "shard_shape",
            key="layout",
        )
    if (request.grid or request.shard_shape) and not request.strategy:
        key = "grid" if request.grid else "shard_shape"
        raise AnnotationError(
            f"'{key}' of '{name}' belongs to no strategy",
            f"add strategy: {', '.join(STRATEGIES)}, or put it into an nd_shard",
            key=key,
        )
    if request.strategy:
        for key, given in (("grid", request.grid), ("shard_shape", request.shard_shape)):
            wanted = 2 if request.strategy == "block" else 1
            if given and len(given) != wanted:
                raise AnnotationError(
                    f"'{key}' of '{name}' has {len(given)} entries",
                    f"strategy {request.strategy} takes {wanted}",
                    key=key,
                )


def read_nd_shard(name: str, value: object) -> ShardRequest:
    """The `nd_shard` of one buffer."""
    what = f"nd_shard of '{name}'"
    fields = _keys(
        _mapping(value, what, "{axes: [...], grid: [...], shard_shape: [...]}"),
        SHARD_KEYS,
        what,
        OLD_SHARD_KEYS,
    )
    missing = [key for key in ("axes", "grid", "shard_shape") if key not in fields]
    if missing:
        raise AnnotationError(
            f"nd_shard incomplete: '{name}' lacks {', '.join(missing)}",
            "it has axes (labels), grid (shards per axis) and shard_shape (elements per axis)",
            key="nd_shard",
        )
    axes = fields["axes"]
    if not isinstance(axes, list | tuple) or not all(
        isinstance(a, str) and a for a in cast("Sequence[object]", axes)
    ):
        raise AnnotationError(f"axes in the {what} are {axes!r}", 'expected labels: ["M", "N"]')
    labels = tuple(cast("Sequence[str]", axes))
    grid = _extents(fields, "grid", f"in the {what}") or ()
    shape = _extents(fields, "shard_shape", f"in the {what}") or ()
    if not len(labels) == len(grid) == len(shape):
        raise AnnotationError(
            f"the {what} has {len(labels)} axes, {len(grid)} grid extents and {len(shape)} shard "
            "extents",
            "expected one of each per axis",
            key="nd_shard",
        )
    if len(set(labels)) != len(labels):
        raise AnnotationError(
            f"the {what} lists an axis twice: {', '.join(labels)}", "list each axis once"
        )
    align = fields.get("align_tiles", True)
    if not isinstance(align, bool):
        raise AnnotationError(f"align_tiles in the {what} is {align!r}", "expected true or false")
    return ShardRequest(labels, grid, shape, _order(fields, f"in the {what}") or "row_major", align)


def read_schedule(value: object) -> ScheduleRequest:
    """A schedule."""
    fields = _keys(
        _mapping(value, "a schedule annotation", "{core_grid: [gx, gy], ...}"),
        SCHEDULE_KEYS,
        "the schedule",
        {},
    )
    grid = _extents(fields, "core_grid", "of the schedule")
    whose = "of the schedule"
    pairs = {key: _extents(fields, key, whose) for key in STATED_PAIRS}
    for key, pair in {"core_grid": grid, **pairs}.items():
        if pair is not None and len(pair) != 2:
            form = "[gx, gy]" if key == "core_grid" else "[rows, columns]"
            raise AnnotationError(f"{key} {whose} is {list(pair)}", f"expected {form}", key=key)
    return ScheduleRequest(
        (grid[0], grid[1]) if grid else None,
        _word(fields, "partition_mode", PARTITION_MODES, whose),
        _word(fields, "strategy", WORK_STRATEGIES, whose),
        _order(fields, whose),
        _ranges(fields["core_ranges"]) if "core_ranges" in fields else None,
        _place(fields),
        _work(fields["work_partition"]) if "work_partition" in fields else None,
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
        fields = _keys(
            _mapping(entry, what, "{start: [x, y], extent: [ex, ey]}"),
            ("start", "extent"),
            what,
            {},
        )
        start = _extents(fields, "start", f"of {what}", least=0)
        extent = _extents(fields, "extent", f"of {what}")
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
    listed = _mapping(value, what, form)
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
    fields = _keys(_mapping(entry, what, "{io: ..., jo: ...}"), ITEM_KEYS, what, {})
    io, jo, batch = (_extents(fields, key, f"of {what}", 0) for key in ("io", "jo", "batch"))
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
    depth = _extents(fields, "len_k", f"of {what}")
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


# --- fields ---------------------------------------------------------------------------------------


def _mapping(value: object, what: str, form: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise AnnotationError(f"{what} is {value!r}", f"expected {form}")
    return {str(k): v for k, v in cast("Mapping[object, Any]", value).items()}


def _keys(
    fields: dict[str, Any],
    known: Sequence[str],
    what: str,
    old: Mapping[str, str],
    extra: Sequence[str] = (),
) -> dict[str, Any]:
    """The fields under the names they have here."""
    found: dict[str, Any] = {}
    for key, value in fields.items():
        name = old.get(key, key)
        if key == "halo":
            raise AnnotationError(
                f"halo unsupported: {what} asks for one",
                "shards do not overlap; read the neighbour's rows in the kernel",
                key=key,
            )
        if name not in (*known, *extra, PLACE_KEY):
            raise AnnotationError(f"{what} has no key '{key}'", did_you_mean(key, known), key=key)
        if name in found:
            raise AnnotationError(f"{what} says '{name}' twice, as '{key}' too", key=key)
        found[name] = value
    return found


def _word(
    fields: dict[str, Any],
    key: str,
    known: Sequence[str],
    whose: str,
    fold: Callable[[str], str] = str.lower,
) -> str | None:
    """One of a list of words, in any case."""
    value = fields.get(key)
    if value is None:
        return None
    word = fold(value) if isinstance(value, str) else value
    if word not in known:
        hint = did_you_mean(str(value), known)
        raise AnnotationError(f"unknown {key} '{value}' {whose}", hint, key=key)
    return cast(str, word)


def _strategy_word(text: str) -> str:
    return text.lower().removesuffix("_sharded")


def _order(fields: dict[str, Any], whose: str) -> str | None:
    value = fields.get("order")
    if isinstance(value, str) and value.lower().partition("(")[0].strip() in RESERVED_ORDERS:
        raise AnnotationError(
            f"order '{value}' {whose} is reserved: it has no meaning yet",
            f"expected {', '.join(ORDERS)}",
            key="order",
        )
    return _word(fields, "order", ORDERS, whose)


def _extents(
    fields: dict[str, Any], key: str, whose: str, least: int = 1
) -> tuple[int, ...] | None:
    value = fields.get(key)
    if value is None:
        return None
    listed = cast("Sequence[object]", value) if isinstance(value, list | tuple) else (value,)
    found = [v for v in listed if isinstance(v, int) and not isinstance(v, bool) and v >= least]
    if not listed or len(found) != len(listed):
        kind = "positive" if least else "non-negative"
        raise AnnotationError(f"{key} {whose} is {value!r}", f"expected {kind} integers", key=key)
    return tuple(found)


def _depth(fields: dict[str, Any], whose: str) -> int | None:
    value = fields.get("cb_depth")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_DEPTH:
        raise AnnotationError(
            f"cb_depth {whose} is {value!r}",
            f"expected a number of blocks from 1 to {MAX_DEPTH}",
            key="cb_depth",
        )
    return value


def _place(fields: dict[str, Any]) -> str | None:
    value = fields.get(PLACE_KEY)
    if value is not None and not isinstance(value, str):
        raise AnnotationError(f"'{PLACE_KEY}' is {value!r}", "expected 'file:line'")
    return value
