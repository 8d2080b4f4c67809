"""The layout algebra: orders, shards, banks, cores; hand tables and properties."""

from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ArrayAttr, StringAttr, bf16

from tt_dialect.analysis import sharding as sh
from tt_dialect.analysis.sharding import Sharding, ShardingError
from tt_dialect.ir.layout import BufferAttr, NdShardAttr, ints

grids = st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple)
orders = st.sampled_from(sh.ORDERS)


@st.composite
def shardings(draw: st.DrawFn) -> Sharding:
    pages = draw(grids)
    shard = tuple(draw(st.integers(1, extent + 1)) for extent in pages)
    return Sharding(pages, shard, draw(orders))


def coords(grid: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*map(range, grid)))


def layout(
    axes: tuple[str, ...],
    grid: tuple[int, ...],
    shard: tuple[int, ...],
    labels: tuple[str, ...] = (),
    tiled: tuple[int, ...] = (),
    order: str = "row_major",
) -> BufferAttr:
    nd_shard = NdShardAttr(
        ArrayAttr([StringAttr(a) for a in axes]), ints(grid), ints(shard), StringAttr(order)
    )
    base = BufferAttr.interleaved(bf16, labels, tiled=tiled)
    return BufferAttr(
        base.memory,
        StringAttr("sharded"),
        base.tile,
        base.axes,
        base.by,
        ArrayAttr([nd_shard]),
        base.tiled,
    )


# --- orders ---------------------------------------------------------------------------------------


@given(grids, orders, st.data())
def test_an_order_numbers_every_page_once(
    grid: tuple[int, ...], order: str, data: st.DataObject
) -> None:
    shard = tuple(data.draw(st.integers(1, extent)) for extent in grid)
    numbers = [sh.page_at(c, grid, order, shard) for c in coords(grid)]
    assert sorted(numbers) == list(range(prod(grid)))
    assert [sh.coord_at(n, grid, order, shard) for n in numbers] == coords(grid)


@pytest.mark.parametrize(
    ("order", "shard", "table"),
    [
        ("row_major", (), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]),
        ("column_major", (), [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]),
        ("z_order", (), [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 10, 11]]),
        ("match_shard", (2, 2), [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 10, 11]]),
        ("match_shard", (2, 3), [[0, 1, 2, 6], [3, 4, 5, 7], [8, 9, 10, 11]]),
        ("match_shard", (3, 1), [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]),
    ],
)
def test_orders_by_hand(order: str, shard: tuple[int, ...], table: list[list[int]]) -> None:
    found = [[sh.page_at((r, c), (3, 4), order, shard) for c in range(4)] for r in range(3)]
    assert found == table


def test_the_z_curve_by_hand() -> None:
    found = [[sh.page_at((r, c), (4, 4), "z_order") for c in range(4)] for r in range(4)]
    assert found == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]


def test_outer_dimensions_are_slowest_in_every_order() -> None:
    for order in sh.ORDERS:
        assert [sh.page_at((b, 0, 0), (3, 2, 2), order) // 4 for b in range(3)] == [0, 1, 2]


def test_strides_in_tiles() -> None:
    assert sh.strides_of((3, 4)) == (4, 1)
    assert sh.strides_of((2, 3, 4)) == (12, 4, 1)
    assert sh.flatten((2, 3), (3, 4)) == 2 * 4 + 3


@pytest.mark.parametrize("coord", [(3, 0), (0, 4), (-1, 0)])
def test_pages_outside_of_the_grid(coord: tuple[int, int]) -> None:
    with pytest.raises(IndexError):
        sh.flatten(coord, (3, 4))
    with pytest.raises(IndexError):
        Sharding((3, 4), (2, 2)).shard_of(coord)


# --- shards and banks -----------------------------------------------------------------------------


@given(shardings())
def test_shards_hold_every_page_once(sharding: Sharding) -> None:
    held = [page for shard in range(sharding.shards) for page in sharding.pages_of(shard)]
    assert sorted(held) == list(range(prod(sharding.pages)))
    for shard in range(sharding.shards):
        for page in sharding.coords_of(shard):
            assert sharding.shard_of(page) == shard
            assert 0 <= sharding.offset_in_shard(page) < sharding.volume


@given(shardings(), st.integers(1, 12))
def test_places_are_distinct_and_in_range(sharding: Sharding, banks: int) -> None:
    places = [sharding.place(page, banks) for page in range(prod(sharding.pages))]
    assert len(set(places)) == len(places)
    assert all(0 <= bank < banks for bank, _ in places)
    assert all(0 <= offset < sharding.pages_in_bank(banks) for _, offset in places)


@given(shardings(), st.integers(1, 12))
def test_places_are_those_of_the_tensor_accessor(sharding: Sharding, banks: int) -> None:
    """The rule as it stands in the accessor, word for word, for shards in row-major order."""
    sharding = Sharding(sharding.pages, sharding.shard)
    grid_strides, shard_strides = sh.strides_of(sharding.grid), sh.strides_of(sharding.shard)
    for number, page in enumerate(coords(sharding.pages)):
        flat = sum(p // s * g for p, s, g in zip(page, sharding.shard, grid_strides, strict=True))
        within = sum(p % s * w for p, s, w in zip(page, sharding.shard, shard_strides, strict=True))
        expected = (flat % banks, flat // banks * prod(sharding.shard) + within)
        assert sharding.place(number, banks) == expected


def test_block_shards_by_hand() -> None:
    """5 x 7 tiles in shards of 2 x 3 over 4 banks."""
    sharding = Sharding((5, 7), (2, 3))
    assert sharding.grid == (3, 3)
    assert sharding.pages_of(0) == [0, 1, 2, 7, 8, 9]
    assert sharding.pages_of(2) == [6, 13]
    assert sharding.pages_of(8) == [34]
    assert [s for s in range(9) if sharding.is_uneven(s)] == [2, 5, 6, 7, 8]
    # Tile (1, 3): second column of shards, second row in it: shard 1, offset 1 * 3 + 0.
    assert sharding.place(1 * 7 + 3, 4) == (1, 3)
    # Tile (4, 6): shard 8, the third of bank 0, its first page.
    assert sharding.place(4 * 7 + 6, 4) == (0, 2 * 6)
    # Tile (2, 1): shard 3, offset 0 * 3 + 1.
    assert sharding.place(2 * 7 + 1, 4) == (3, 1)
    assert sharding.pages_in_bank(4) == 3 * 6


def test_height_and_width_shards_by_hand() -> None:
    height, width = Sharding((5, 2), (2, 2)), Sharding((2, 5), (2, 2))
    assert [height.place(p, 2) for p in range(10)] == [
        *[(0, 0), (0, 1), (0, 2), (0, 3)],
        *[(1, 0), (1, 1), (1, 2), (1, 3)],
        *[(0, 4), (0, 5)],
    ]
    assert [width.place(p, 3)[0] for p in range(10)] == [0, 0, 1, 1, 2, 0, 0, 1, 1, 2]
    assert [width.place(p, 3)[1] for p in range(10)] == [0, 1, 0, 1, 0, 2, 3, 2, 3, 2]


def test_shards_counted_by_columns() -> None:
    sharding = Sharding((4, 4), (2, 2), "column_major")
    assert [sharding.shard_of(page) for page in ((0, 0), (2, 0), (0, 2), (2, 2))] == [0, 1, 2, 3]


def test_interleaved() -> None:
    assert [sh.place_of(None, page, 12) for page in (0, 11, 12, 30)] == [
        (0, 0),
        (11, 0),
        (0, 1),
        (6, 2),
    ]


@given(st.integers(1, 12), st.integers(1, 200))
def test_interleaved_places_are_distinct(banks: int, pages: int) -> None:
    places = [sh.interleaved_place(page, banks) for page in range(pages)]
    assert len(set(places)) == pages
    assert all(bank < banks and offset <= pages // banks for bank, offset in places)


# --- cores ----------------------------------------------------------------------------------------


def test_shards_on_cores() -> None:
    block, tall = Sharding((4, 6), (2, 2)), Sharding((10, 1), (1, 1))
    assert sh.shard_cores(block) == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert sh.shard_cores(tall)[7:] == [(7, 0), (0, 1), (1, 1)]
    ranges = [(3, 3), (4, 3), (0, 0), (1, 0), (2, 0), (0, 1)]
    assert sh.shard_cores(block, ranges) == ranges
    assert sh.shard_cores(block, [*ranges, (7, 7)]) == ranges


def test_outer_dimensions_fold_into_rows_of_cores() -> None:
    """[B, M, N] in 2x3x2 shards: six rows of two; what is not cut does not count."""
    batched = Sharding((2, 3, 4), (1, 1, 2))
    assert sh.shard_cores(batched) == [(s % 2, s // 2) for s in range(12)]
    assert sh.shard_cores(Sharding((2, 1, 4), (1, 1, 2))) == [(0, 0), (1, 0), (0, 1), (1, 1)]
    heads = Sharding((4, 2, 5, 5), (1, 1, 5, 5))
    assert sh.shard_cores(heads) == sh.shard_cores(Sharding((4, 2), (1, 1)))
    assert sh.shard_cores(Sharding((9, 2, 2), (1, 2, 2)))[8] == (0, 1)


@pytest.mark.parametrize(
    ("sharding", "ranges", "message"),
    [
        (Sharding((9, 2), (1, 1)), None, "the shard grid 9x2 is larger than the 8x8 core grid"),
        (Sharding((3, 4, 2), (1, 1, 1)), None, "the shard grid 3x4x2, 12 rows of 2, is larger"),
        (Sharding((65, 1), (1, 1)), None, "65 shards are more than the 8x8 core grid has cores"),
        (
            Sharding((2, 2), (1, 1)),
            [(0, 0), (1, 0)],
            "4 shards are more than the 2 cores of the core ranges",
        ),
    ],
)
def test_shards_without_a_core(
    sharding: Sharding, ranges: list[tuple[int, int]] | None, message: str
) -> None:
    with pytest.raises(ShardingError, match=message):
        sh.shard_cores(sharding, ranges)


@given(shardings())
def test_every_shard_has_a_core_of_its_own(sharding: Sharding) -> None:
    try:
        cores = sh.shard_cores(sharding)
    except ShardingError:
        *outer, across = [n for n in sharding.grid if n > 1]
        assert sharding.shards > 64 or (outer and (across > 8 or prod(outer) > 8))
        return
    assert len(set(cores)) == sharding.shards
    assert all(0 <= x < 8 and 0 <= y < 8 for x, y in cores)


# --- layouts --------------------------------------------------------------------------------------


def test_strategies_as_shards() -> None:
    shape = (5 * 32, 7 * 32)
    assert sh.sharding_of(BufferAttr.interleaved(bf16), shape) is None
    assert sh.sharding_of(layout(("M",), (3,), (64,)), shape) == Sharding((5, 7), (2, 7))
    assert sh.sharding_of(layout(("N",), (3,), (96,)), shape) == Sharding((5, 7), (5, 3))
    block = layout(("M", "N"), (3, 3), (64, 96))
    assert sh.sharding_of(block, shape) == Sharding((5, 7), (2, 3))


def test_axes_are_found_by_label() -> None:
    """[B, H, M, N] as the tensor stores it, cut along N, B and M."""
    nd = layout(("N", "B", "M"), (2, 2, 3), (64, 1, 32), ("B", "H", "M", "N"))
    assert sh.shard_dims(nd, 4) == (3, 0, 2)
    found = sh.sharding_of(nd, (2, 5, 96, 128))
    assert found == Sharding((2, 5, 3, 4), (1, 5, 1, 2))


def test_tiled_dimensions_move_the_axes() -> None:
    """Q[batch, seq, head, dim] with tiles over seq and dim: pages are (batch, head, seq, dim)."""
    nd = layout(("S", "H"), (2, 4), (64, 2), ("B", "S", "H", "D"), tiled=(1, 3))
    assert sh.sharding_of(nd, (2, 128, 8, 64)) == Sharding((2, 8, 4, 2), (2, 2, 2, 2))


def test_vectors() -> None:
    row = layout(("N",), (2,), (64,), tiled=(-1, 0))
    assert sh.sharding_of(row, (128,)) == Sharding((1, 4), (1, 2))


def test_a_ragged_tensor_ends_in_a_partly_filled_page() -> None:
    assert sh.sharding_of(layout(("M",), (2,), (64,)), (100, 33)) == Sharding((4, 2), (2, 2))


@pytest.mark.parametrize(
    ("nd", "message", "hint"),
    [
        (
            layout(("Q",), (2,), (64,), ("M", "N")),
            "nd_shard axis 'Q' labels no dimension of the tensor",
            "expected M, N",
        ),
        (
            layout(("M", "N"), (2, 2), (64, 64), ("K", "M")),
            "two nd_shard axes cut dimension 1 of the tensor",
            "list each dimension once",
        ),
        (
            layout(("M",), (3,), (48,)),
            "shards of 48 elements along M end inside a tile of 32",
            "make the extent of a shard a multiple of 32: 64 instead of 48",
        ),
        (
            layout(("M",), (2,), (32,)),
            "2 shards of 32 along M do not cover its extent 128",
            "4 shards of 32 would, or 2 shards of 64",
        ),
        (
            layout(("M",), (5,), (64,)),
            "5 shards of 64 along M leave 3 of them outside of its extent 128",
            "2 shards of 64 cover it",
        ),
        (
            layout(("M",), (1,), (160,)),
            "shards of 160 elements along M are longer than its extent 128",
            "at most 128",
        ),
    ],
)
def test_shards_that_do_not_fit(nd: BufferAttr, message: str, hint: str) -> None:
    with pytest.raises(ShardingError) as error:
        sh.sharding_of(nd, (128, 128))
    assert (str(error.value), error.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("nd", "shape", "expected"),
    [
        (layout(("M", "N"), (2, 4), (64, 64)), (128, 256), (2, 4, 2, 2)),
        (layout(("N", "M"), (4, 2), (64, 64), ("N", "M")), (256, 128), (2, 4, 2, 2)),
        (layout(("M",), (4,), (64,)), (256, 96), (4, 1, 2, 3)),
        (layout(("N",), (3,), (32,)), (256, 96), (1, 3, 8, 1)),
        (layout(("M", "K"), (2, 3), (128, 32), ("M", "K")), (256, 96), (2, 3, 4, 1)),
        (layout(("K", "M"), (3, 2), (32, 128), ("K", "M")), (96, 256), (2, 3, 4, 1)),
        (layout(("B", "M", "N"), (1, 2, 2), (3, 32, 32), ("B", "M", "N")), (3, 64, 64), (2, 2)),
    ],
)
def test_projection(nd: BufferAttr, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    found = sh.project(nd, shape)
    assert (found.gy, found.gx, found.sm, found.sn)[: len(expected)] == expected


def test_a_cut_axis_that_is_neither_m_nor_n() -> None:
    nd = layout(("B", "M"), (3, 2), (1, 32), ("B", "M", "N"))
    assert sh.project(nd, (3, 64, 64)) == sh.Projection(2, 1, 1, 2, outer=3)
    with pytest.raises(ShardingError, match="an interleaved tensor has no shards"):
        sh.project(BufferAttr.interleaved(bf16), (64, 64))


@given(grids, st.data())
def test_a_layout_covers_its_tensor(pages: tuple[int, ...], data: st.DataObject) -> None:
    if len(pages) < 2:
        pages = (1, *pages)
    labels = tuple("ABCMN"[-len(pages) :])
    shard = tuple(data.draw(st.integers(1, extent)) for extent in pages)
    units = (*[1] * (len(pages) - 2), 32, 32)
    grid = tuple(-(-p // s) for p, s in zip(pages, shard, strict=True))
    elements = tuple(s * u for s, u in zip(shard, units, strict=True))
    shape = tuple(p * u for p, u in zip(pages, units, strict=True))
    assert sh.sharding_of(layout(labels, grid, elements, labels), shape) == Sharding(pages, shard)
