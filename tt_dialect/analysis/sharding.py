"""Layout algebra: tensor, pages, shards, banks, cores.

Pure functions without IR, in pages (a page is one tile). A tensor is a grid of pages
(outer dimensions..., tile rows, tile columns), numbered row-major: its page ids. A sharded tensor
cuts that grid into boxes of equal size, the shards; those at the far edges may be partly empty but
take the full room, as Metalium allocates them. `README.md` next to this file draws the picture.

Bank and offset of a page are those of TensorAccessor (tt_metal/api/tensor/tensor_accessor.h): shard
s of a distribution over n banks is the (s div n)-th of bank s mod n, and a page lies in it at the
row-major offset of its coordinates, with the strides of the full shard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tt_dialect.ir.layout import BufferAttr, NdShardAttr

ORDERS = ("row_major", "column_major", "match_shard", "z_order")
"""Orders of pages and of shards; `page_at` says what each means."""

RESERVED_ORDERS = ("block_linear",)
"""Orders that have a name and no meaning yet: a diagnostic."""

Coord = tuple[int, ...]


class ShardingError(ValueError):
    """A sharding that does not fit its tensor; `hint` says what would."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


# --- orders ---------------------------------------------------------------------------------------


def flatten(coord: Sequence[int], grid: Sequence[int]) -> int:
    """Row-major number of a coordinate, last dimension fastest."""
    number = 0
    for index, extent in zip(coord, grid, strict=True):
        if not 0 <= index < extent:
            raise IndexError(f"{tuple(coord)} is outside of {tuple(grid)}")
        number = number * extent + index
    return number


def unflatten(number: int, grid: Sequence[int]) -> Coord:
    """The coordinate with a row-major number."""
    if not 0 <= number < prod(grid):
        raise IndexError(f"{number} is outside of {tuple(grid)}")
    coord: list[int] = []
    for extent in reversed(grid):
        number, index = divmod(number, extent)
        coord.append(index)
    return tuple(reversed(coord))


def page_at(
    coord: Sequence[int], grid: Sequence[int], order: str, shard: Sequence[int] = ()
) -> int:
    """
    The number of a coordinate of a grid in one of the orders.

    Dimensions before the last two are slowest, in every order. `row_major`: the last dimension is
    fastest; `column_major`: the one before it; `z_order`: along the Z curve (bits of row and column
    interleaved, those of the column lowest), skipping what lies outside of the grid; `match_shard`:
    shard after shard of extent `shard`, row-major both among and within them.
    """
    if order == "row_major" or (len(grid) < 2 and order != "match_shard"):
        return flatten(coord, grid)
    if order == "column_major":
        return flatten(_swapped(coord), _swapped(grid))
    if order == "z_order":
        *outer, row, col = coord
        inner = (grid[-2], grid[-1])
        at = _z_table(*inner)[flatten((row, col), inner)]
        return flatten(outer, grid[:-2]) * prod(inner) + at
    if order == "match_shard":
        return _shard_number(tuple(coord), tuple(grid), tuple(shard) or tuple(grid))
    raise ValueError(f"unknown order '{order}'")


def coord_at(number: int, grid: Sequence[int], order: str, shard: Sequence[int] = ()) -> Coord:
    """The coordinate with a number in an order: the inverse of `page_at`."""
    if order == "row_major" or (len(grid) < 2 and order != "match_shard"):
        return unflatten(number, grid)
    if order == "column_major":
        return _swapped(unflatten(number, _swapped(grid)))
    if order == "z_order":
        outer, at = divmod(number, grid[-2] * grid[-1])
        inner = _z_coords(grid[-2], grid[-1])[at]
        return (*unflatten(outer, grid[:-2]), *inner)
    if order == "match_shard":
        return _match_shard_coords(tuple(grid), tuple(shard) or tuple(grid))[number]
    raise ValueError(f"unknown order '{order}'")


def strides_of(grid: Sequence[int]) -> tuple[int, ...]:
    """Row-major strides of a grid, in pages: for [Mt, Nt] they are [Nt, 1]."""
    return tuple(prod(grid[i + 1 :]) for i in range(len(grid)))


def _swapped(values: Sequence[int]) -> Coord:
    return (*values[:-2], values[-1], values[-2])


def _z_code(row: int, col: int) -> int:
    """The bits of row and column interleaved."""
    code = 0
    for bit in range(max(row, col).bit_length()):
        code |= (col >> bit & 1) << 2 * bit | (row >> bit & 1) << 2 * bit + 1
    return code


@lru_cache(maxsize=32)
def _z_coords(rows: int, cols: int) -> tuple[tuple[int, int], ...]:
    coords = [(row, col) for row in range(rows) for col in range(cols)]
    return tuple(sorted(coords, key=lambda c: _z_code(*c)))


@lru_cache(maxsize=32)
def _z_table(rows: int, cols: int) -> tuple[int, ...]:
    table = [0] * (rows * cols)
    for number, (row, col) in enumerate(_z_coords(rows, cols)):
        table[row * cols + col] = number
    return tuple(table)


def _shard_number(coord: Coord, grid: Coord, shard: Coord) -> int:
    """Pages in the shards before the one of `coord`, plus those before it in that shard."""
    before, within = 0, 0
    # Of the shard that holds the coordinate.
    extents = [min(s, g - c // s * s) for c, g, s in zip(coord, grid, shard, strict=True)]
    for dim, (index, step) in enumerate(zip(coord, shard, strict=True)):
        # All shards that agree on the dimensions before, and are earlier in this one.
        before += prod(extents[:dim]) * (index // step * step) * prod(grid[dim + 1 :])
        within = within * extents[dim] + index % step
    return before + within


@lru_cache(maxsize=8)
def _match_shard_coords(grid: Coord, shard: Coord) -> tuple[Coord, ...]:
    coords = product(*(range(extent) for extent in grid))
    return tuple(sorted(coords, key=lambda c: _shard_number(c, grid, shard)))


# --- shards ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sharding:
    """
    How the pages of a tensor are cut into shards.

    `pages` is the page grid of the tensor (outer dimensions..., tile rows, tile columns), `shard`
    the pages of one shard along each of its dimensions, `order` numbers the shards. Raises
    `ValueError` when the two differ in rank, an extent is not positive or the order is unknown.
    """

    pages: tuple[int, ...]
    shard: tuple[int, ...]
    order: str = "row_major"

    def __post_init__(self) -> None:
        if len(self.pages) != len(self.shard) or not self.pages:
            raise ValueError(f"shards of {self.shard} pages do not fit a grid {self.pages}")
        if min(*self.pages, *self.shard) < 1:
            raise ValueError("extents of a sharding are positive")
        if self.order not in ORDERS:
            raise ValueError(f"unknown order '{self.order}'")

    @cached_property
    def grid(self) -> tuple[int, ...]:
        """Shards along each dimension, the last one perhaps partly empty."""
        return tuple(-(-p // s) for p, s in zip(self.pages, self.shard, strict=True))

    @property
    def shards(self) -> int:
        """Number of shards."""
        return prod(self.grid)

    @property
    def volume(self) -> int:
        """Pages of room in a shard."""
        return prod(self.shard)

    def page_id(self, page: Coord) -> int:
        """Number of a page, row-major over the tensor: what a kernel hands to the accessor."""
        return flatten(page, self.pages)

    def page_coord(self, page_id: int) -> Coord:
        """The page with a number."""
        return unflatten(page_id, self.pages)

    def shard_coord(self, shard: int) -> Coord:
        """The place in the shard grid of the shard with a number."""
        return coord_at(shard, self.grid, self._shard_order)

    def shard_number(self, coord: Coord) -> int:
        """The number of the shard at a place in the shard grid."""
        return page_at(coord, self.grid, self._shard_order)

    @property
    def _shard_order(self) -> str:
        """Among the shards themselves `match_shard` is row-major."""
        return "row_major" if self.order == "match_shard" else self.order

    def shard_of(self, page: Coord) -> int:
        """Number of the shard that holds a page."""
        flatten(page, self.pages)
        return self.shard_number(tuple(p // s for p, s in zip(page, self.shard, strict=True)))

    def offset_in_shard(self, page: Coord) -> int:
        """Pages from the start of the shard to a page, with the strides of the full shard."""
        flatten(page, self.pages)
        within = tuple(p % s for p, s in zip(page, self.shard, strict=True))
        return flatten(within, self.shard)

    def place(self, page_id: int, banks: int) -> tuple[int, int]:
        """(bank, pages from the start of the tensor's room in it) of a page, over `banks` banks."""
        if banks < 1:
            raise ValueError("pages need at least one bank")
        page = self.page_coord(page_id)
        shard = self.shard_of(page)
        return shard % banks, shard // banks * self.volume + self.offset_in_shard(page)

    def pages_in_bank(self, banks: int) -> int:
        """Pages of room each bank gives to the tensor: the same in all."""
        return -(-self.shards // banks) * self.volume

    def box(self, shard: int) -> tuple[tuple[int, int], ...]:
        """[first, end) of the pages a shard really holds, along each dimension."""
        starts = [c * s for c, s in zip(self.shard_coord(shard), self.shard, strict=True)]
        return tuple(
            (start, min(start + s, p))
            for start, s, p in zip(starts, self.shard, self.pages, strict=True)
        )

    def coords_of(self, shard: int) -> Iterator[Coord]:
        """The pages a shard really holds, row-major."""
        return product(*(range(first, end) for first, end in self.box(shard)))

    def pages_of(self, shard: int) -> list[int]:
        """Numbers of the pages a shard really holds, row-major within it."""
        return [flatten(page, self.pages) for page in self.coords_of(shard)]

    def is_uneven(self, shard: int) -> bool:
        """Whether a shard holds fewer pages than it has room for."""
        return any(e - f < s for (f, e), s in zip(self.box(shard), self.shard, strict=True))


def interleaved_place(page_id: int, banks: int) -> tuple[int, int]:
    """(bank, page offset in the bank) of a page of an interleaved tensor: round robin."""
    return page_id % banks, page_id // banks


def place_of(sharding: Sharding | None, page_id: int, banks: int) -> tuple[int, int]:
    """(bank, page offset in the bank) of a page; None stands for interleaved."""
    return interleaved_place(page_id, banks) if sharding is None else sharding.place(page_id, banks)


def shard_cores(
    sharding: Sharding,
    ranges: Sequence[tuple[int, int]] | None = None,
    core_grid: tuple[int, int] = (8, 8),
) -> list[tuple[int, int]]:
    """
    Cores (x, y) of the shards of an L1 tensor, by shard number: shard s is on the s-th core.

    `ranges` are the cores of the user's core ranges, in order. Without them the shards lie on the
    core grid (width, height) from (0, 0). Where several dimensions are cut, the last one of them is
    along x and the others fold into y: (s mod Gx, s div Gx); where one is, shards fill the grid row
    by row. Raises `ShardingError` when there are fewer cores than shards or the shard grid is
    larger.
    """
    if ranges is not None:
        if sharding.shards > len(ranges):
            raise ShardingError(
                f"{sharding.shards} shards are more than the {len(ranges)} cores of the core "
                "ranges",
                "an L1 shard is owned by exactly one core; use fewer, larger shards",
            )
        return list(ranges[: sharding.shards])
    width, height = core_grid
    *outer, across = [count for count in sharding.grid if count > 1] or [1]
    if outer:
        down = prod(outer)
        if across > width or down > height:
            text = "x".join(map(str, (*outer, across)))
            folded = f", {down} rows of {across}," if len(outer) > 1 else ""
            raise ShardingError(
                f"the shard grid {text}{folded} is larger than the {width}x{height} core grid",
                f"at most {height} shards along rows and {width} along columns",
            )
        width = across
    elif sharding.shards > width * height:
        raise ShardingError(
            f"{sharding.shards} shards are more than the {width}x{height} core grid has cores",
            "an L1 shard is owned by exactly one core; use fewer, larger shards",
        )
    return [(s % width, s // width) for s in range(sharding.shards)]


def row_major_numbers(sharding: Sharding) -> list[int]:
    """The numbers of the shards of a grid, gone through row-major."""
    coords = product(*(range(extent) for extent in sharding.grid))
    return [sharding.shard_number(coord) for coord in coords]


# --- from layouts ---------------------------------------------------------------------------------


def nd_shard_of(layout: BufferAttr) -> NdShardAttr | None:
    """The shards of a layout; None when interleaved."""
    return layout.shard.data[0] if layout.shard.data else None


def shard_dims(layout: BufferAttr, rank: int) -> tuple[int, ...]:
    """
    The dimension of the tensor that each axis of its nd_shard cuts.

    An axis is found by its label among the layout's. M and N, when the tensor has no such label,
    are the rows and the columns of its tile grid. Raises `ShardingError` for an axis that is
    neither, and for two axes on one dimension.
    """
    shard = nd_shard_of(layout)
    assert shard is not None
    tile_dims = layout.dims(rank)
    rows_and_columns = {"M": tile_dims.row, "N": tile_dims.col}
    found: list[int] = []
    for axis in (a.data for a in shard.axes):
        label_dims = [i for i, label in enumerate(layout.labels) if label == axis]
        if len(label_dims) > 1:
            raise ShardingError(
                f"nd_shard axis '{axis}' labels {len(label_dims)} dimensions of the tensor",
                "cut other axes, or name all in their order",
            )
        dim = label_dims[0] if label_dims else rows_and_columns.get(axis)
        if dim is None:
            known = ", ".join(dict.fromkeys((*(a for a in layout.labels if a), "M", "N")))
            raise ShardingError(
                f"nd_shard axis '{axis}' labels no dimension of the tensor", f"expected {known}"
            )
        if dim in found:
            raise ShardingError(
                f"two nd_shard axes cut dimension {dim} of the tensor", "list each dimension once"
            )
        found.append(dim)
    return tuple(found)


def sharding_of(layout: BufferAttr, shape: Sequence[int]) -> Sharding | None:
    """
    The shards of a tensor in pages; None when interleaved.

    `shape` is the tensor's, in elements. Dimensions the nd_shard does not name are not cut. Raises
    `ShardingError` where the nd_shard does not fit: an axis the tensor does not have, shards that
    end inside a tile or are longer than the tensor, a grid that does not cover the tensor or has
    shards outside of it.
    """
    shard = nd_shard_of(layout)
    if shard is None:
        return None
    dims = layout.dims(len(shape))
    pages = dims.pages(shape, layout.tile)
    extent = list(pages)
    height, width = layout.tile.shape
    position = {dim: i for i, dim in enumerate(dims.outer)}
    for dim, where in ((dims.row, len(pages) - 2), (dims.col, len(pages) - 1)):
        if dim is not None:
            position[dim] = where
    cuts = zip(
        shard_dims(layout, len(shape)),
        (a.data for a in shard.axes),
        (g.data for g in shard.grid),
        (s.data for s in shard.shard),
        strict=True,
    )
    for dim, axis, count, size in cuts:
        unit = height if dim == dims.row else width if dim == dims.col else 1
        if size % unit and count > 1:
            raise ShardingError(
                f"shards of {size} elements along {axis} end inside a tile of {unit}",
                f"make the extent of a shard a multiple of {unit}: "
                f"{-(-size // unit) * unit} instead of {size}",
            )
        where = position[dim]
        extent[where] = -(-size // unit)
        if extent[where] > pages[where]:
            raise ShardingError(
                f"shards of {size} elements along {axis} are longer than its extent {shape[dim]}",
                f"at most {pages[where] * unit}",
            )
        needed = -(-pages[where] // extent[where])
        if needed > count:
            raise ShardingError(
                f"{count} shards of {size} along {axis} do not cover its extent {shape[dim]}",
                f"{needed} shards of {size} would, or {count} shards of "
                f"{-(-pages[where] // count) * unit}",
            )
        if needed < count:
            raise ShardingError(
                f"{count} shards of {size} along {axis} leave {count - needed} of them outside of "
                f"its extent {shape[dim]}",
                f"{needed} shards of {size} cover it",
            )
    return Sharding(pages, tuple(extent), shard.order.data)


@dataclass(frozen=True)
class Projection:
    """An nd_shard seen on (M, N): shards along them, and tiles of one shard."""

    gy: int
    gx: int
    sm: int
    sn: int
    outer: int = 1
    """Shards along all other axes together."""


def project(layout: BufferAttr, shape: Sequence[int]) -> Projection:
    """
    The (M, N) projection of a sharded layout, by label, wherever M and N stand among the axes.

    An axis that the nd_shard does not name counts one shard over its whole extent. Raises
    `ShardingError` for an interleaved layout.
    """
    shard, sharding = nd_shard_of(layout), sharding_of(layout, shape)
    if shard is None or sharding is None:
        raise ShardingError("an interleaved tensor has no shards", "")
    dims = layout.dims(len(shape))
    cut = dict(zip((a.data for a in shard.axes), shard_dims(layout, len(shape)), strict=True))
    labels = {label: i for i, label in enumerate(layout.labels) if label}
    row, col = labels.get("M", cut.get("M", dims.row)), labels.get("N", cut.get("N", dims.col))
    if row == col:  # A transposed operand: M is its columns, and it has no N.
        row, col = (row, dims.row) if "M" in labels else (dims.col, col)
    page_dims = (*dims.outer, dims.row, dims.col)

    def along(dim: int | None) -> tuple[int, int]:
        if dim is None or dim not in page_dims:
            return 1, 1
        where = page_dims.index(dim)
        return sharding.grid[where], sharding.shard[where]

    (gy, sm), (gx, sn) = along(row), along(col)
    return Projection(gy, gx, sm, sn, sharding.shards // (gy * gx))
