"""The vocabulary in which people say where tensors live.

One for all ways in: `annotate_tt_layout`, attributes of `func.func`, JSON files, options of
`tt-infer-layout`; `annotated_work.py` is the one for the division of work. A layout says, for one
tensor or on-chip buffer,

    memory       DRAM | L1 (also DDR, SRAM)
    layout       interleaved | sharded
    strategy     height | width | block, with `grid` (shards) or `shard_shape` (elements) or neither
    nd_shard     {axes, grid, shard_shape, order, align_tiles}, in place of a strategy
    order        row_major | column_major | match_shard | z_order: how shards are numbered
    cb_depth     depth in blocks of the circular buffers that its blocks pass through

and states facts, which are held against what follows from the tensor, never chosen:

    stride         [along rows, along columns] in tiles: [Nt, 1]
    dtype          bfloat16 | float16 | float32
    data_format    its name in Metalium: Float16_b | Float16 | Float32
    needs_padding  whether rows or columns are no whole tiles, and `padded_shape` what they become
    projected_grid, projected_shard_tiles (of an nd_shard)   [Gy, Gx], [Sm, Sn] along M and N

Everything here is plain data without IR; what does not fit is an `AnnotationError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from tt_dialect.analysis.annotation_fields import (
    AnnotationError,
    extents,
    keys_of,
    mapping,
    order_of,
    place_text,
    word,
)

MEMORIES = {"DRAM": "dram", "DDR": "dram", "L1": "l1", "SRAM": "l1"}
LAYOUTS = ("interleaved", "sharded")
STRATEGIES = ("height", "width", "block")

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
    "dtype",
    "data_format",
    "needs_padding",
    "padded_shape",
)
OLD_LAYOUT_KEYS = {"shard": "memory", "tile_id_order": "order"}
"""Keys of `tt.layout_desc`, which earlier tools write, and what they are here."""

SHARD_FACTS = ("projected_grid", "projected_shard_tiles")
SHARD_KEYS = ("axes", "grid", "shard_shape", "order", "align_tiles", *SHARD_FACTS)
OLD_SHARD_KEYS = {"shard_shape_elems": "shard_shape"}
DTYPES = {
    **{name: name for name in ("bfloat16", "float16", "float32")},
    "bf16": "bfloat16",
    "f16": "float16",
    "fp16": "float16",
    "f32": "float32",
    "fp32": "float32",
}
MAX_DEPTH = 64

Fact = bool | str | tuple[int, ...]


@dataclass(frozen=True)
class ShardRequest:
    """`nd_shard`: shards per axis and the extent of one in elements."""

    axes: tuple[str, ...]
    grid: tuple[int, ...]
    shape: tuple[int, ...]
    order: str = "row_major"
    align_tiles: bool = True
    stated: tuple[tuple[str, Fact], ...] = ()
    """Facts about its projection on (M, N)."""


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
    stated: tuple[tuple[str, Fact], ...] = ()
    """Other facts, by key."""

    @property
    def places(self) -> bool:
        """Whether it says where the tensor lives, not only how its blocks are buffered."""
        return replace(self, cb_depth=None, place=None, stated=()) != LayoutRequest()

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


# --- reading --------------------------------------------------------------------------------------


def read_layouts(value: object) -> dict[str, LayoutRequest]:
    """Layouts by the name of the buffer they are for."""
    return {
        name: read_layout(name, fields)
        for name, fields in mapping(value, "a layout annotation", "{buffer: {...}}").items()
    }


def read_layout(name: str, value: object) -> LayoutRequest:
    """The layout of one buffer; `name` stands in messages only."""
    whose = f"of '{name}'"
    fields = keys_of(
        mapping(value, f"the layout {whose}", "{memory: ..., layout: ...}"),
        LAYOUT_KEYS,
        f"the layout {whose}",
        OLD_LAYOUT_KEYS,
        ("interleave",),
    )
    memory = word(fields, "memory", tuple(MEMORIES), whose, fold=str.upper)
    layout = word(fields, "layout", LAYOUTS, whose)
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
    strategy = word(fields, "strategy", STRATEGIES, whose, fold=_strategy_word)
    order, own = order_of(fields, whose), fields.get("nd_shard")
    shard = None if own is None else read_nd_shard(name, own)
    pages = order == "row_major" and "tile_id_order" in cast("Mapping[str, object]", value)
    if shard is not None and order is not None and not pages:
        if cast("Mapping[str, object]", own).get("order") not in (None, order):
            raise AnnotationError(
                f"order {whose} is {order}, that of its nd_shard {shard.order}",
                "shards are numbered in one order; keep one of them",
                key="order",
            )
        shard = replace(shard, order=order)
    if fields.get("tile_shape") not in (None, [32, 32], (32, 32)):
        raise AnnotationError(
            f"tile_shape {whose} is {fields['tile_shape']}", "expected [32, 32]", key="tile_shape"
        )
    request = LayoutRequest(
        MEMORIES[memory] if memory else None,
        layout,
        strategy,
        extents(fields, "grid", whose),
        extents(fields, "shard_shape", whose),
        shard,
        order,
        _depth(fields, whose),
        place_text(fields),
        extents(fields, "stride", whose),
        _stated(fields, whose),
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
    fields = keys_of(
        mapping(value, what, "{axes: [...], grid: [...], shard_shape: [...]}"),
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
    grid = extents(fields, "grid", f"in the {what}") or ()
    shape = extents(fields, "shard_shape", f"in the {what}") or ()
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
    order = order_of(fields, f"in the {what}") or "row_major"
    facts = [(key, extents(fields, key, f"in the {what}")) for key in SHARD_FACTS]
    stated = tuple((key, fact) for key, fact in facts if fact is not None)
    return ShardRequest(labels, grid, shape, order, align, stated)


def _stated(fields: dict[str, Any], whose: str) -> tuple[tuple[str, Fact], ...]:
    """The facts of a layout that say what kind of tensor it is for."""
    found: dict[str, Fact] = {}
    dtype = word(fields, "dtype", tuple(DTYPES), whose)
    if dtype is not None:
        found["dtype"] = DTYPES[dtype]
    for key, kind, form in (
        ("data_format", str, "the name of a DataFormat"),
        ("needs_padding", bool, "true or false"),
    ):
        value = fields.get(key)
        if value is None:
            continue
        if not isinstance(value, kind):
            raise AnnotationError(f"{key} {whose} is {value!r}", f"expected {form}", key=key)
        found[key] = value
    shape = extents(fields, "padded_shape", whose)
    if shape is not None:
        found["padded_shape"] = shape
    return tuple(found.items())


def _strategy_word(text: str) -> str:
    return text.lower().removesuffix("_sharded")


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
