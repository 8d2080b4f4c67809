"""Division of work over cores: every block once, in order, shares that differ by at most one."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import StringAttr

from tt_dialect.analysis.work import core_arguments, core_ranges, split_blocks
from tt_dialect.arch import ARCHS
from tt_dialect.ir.layout import PartitionAttr, ints
from tt_dialect.ir.program import AbiAttr, ArgAttr, ArgKind

GRIDS = [arch.grid for arch in ARCHS.values()]
WORMHOLE = ARCHS["wormhole"].grid

extents = st.lists(st.integers(1, 40), min_size=1, max_size=3)
grids = st.one_of(st.sampled_from(GRIDS), st.tuples(st.integers(1, 14), st.integers(1, 14)))


def partition(blocks: list[int], grid: tuple[int, int]) -> PartitionAttr:
    return PartitionAttr(
        StringAttr("global"),
        StringAttr("contiguous"),
        ints(grid),
        ints(blocks),
        ints([1, 1]),
        ints(([1, *blocks])[-2:]),
        split_blocks(prod(blocks), grid),
    )


def row_major(grid: tuple[int, int]) -> list[tuple[int, int]]:
    width, height = grid
    return [(x, y) for y in range(height) for x in range(width)]


@given(extents, grids)
@settings(deadline=None)
def test_every_block_is_done_once_in_order(blocks: list[int], grid: tuple[int, int]) -> None:
    plan = partition(blocks, grid)
    rows = plan.ids()
    ids = [i for _, start, count in rows for i in range(start, start + count)]
    assert ids == list(range(prod(blocks)))
    counts = [count for _, _, count in rows]
    assert max(counts) - min(counts) <= 1
    assert counts == sorted(counts, reverse=True)
    assert min(counts) >= 1
    assert [core for core, _, _ in rows] == row_major(grid)[: len(rows)]
    assert len(rows) == min(prod(blocks), prod(grid))
    assert set(plan.core_ranges.cores()) == {core for core, _, _ in rows}


@given(st.data(), grids)
@settings(deadline=None)
def test_core_ranges_are_consecutive_cores(data: st.DataObject, grid: tuple[int, int]) -> None:
    first = data.draw(st.integers(0, prod(grid) - 1))
    count = data.draw(st.integers(1, prod(grid) - first))
    ranges = core_ranges(first, count, grid[0])
    assert len(ranges.ranges) <= 3
    assert ranges.cores() == row_major(grid)[first : first + count]


@pytest.mark.parametrize(
    ("launch", "shares"),
    [
        ([8, 8], [(1, 64)]),
        ([4, 4], [(1, 16)]),
        ([16, 16], [(4, 64)]),
        ([10, 10], [(2, 36), (1, 28)]),
        ([1, 1], [(1, 1)]),
        ([65], [(2, 1), (1, 63)]),
        ([32], [(1, 32)]),
        ([2, 2, 2], [(1, 8)]),
    ],
    ids=str,
)
def test_launch_over_64_cores(launch: list[int], shares: list[tuple[int, int]]) -> None:
    work = split_blocks(prod(launch), WORMHOLE)
    assert [(w.count.data, len(w.cores.cores())) for w in work] == shares


def test_row_by_row() -> None:
    ids = partition([8, 8], WORMHOLE).ids()
    assert {n: ids[n][0] for n in (0, 8, 9, 63)} == {0: (0, 0), 8: (0, 1), 9: (1, 1), 63: (7, 7)}
    assert all(start == n for n, (_, start, _) in enumerate(ids))


def test_uneven_counts_as_rectangles() -> None:
    work = split_blocks(100, WORMHOLE)
    assert [[(r.start, r.extent) for r in w.cores.ranges] for w in work] == [
        [((0, 0), (8, 4)), ((0, 4), (4, 1))],
        [((4, 4), (4, 1)), ((0, 5), (8, 3))],
    ]


def test_runtime_arguments_of_one_core() -> None:
    """All 64 blocks of a 256x256x256 product on one core: 0, 64, and 8 tiles on each axis."""
    abi = AbiAttr.of(
        [
            ArgAttr.of(ArgKind.ADDRESS, "A_addr", 0),
            ArgAttr.of(ArgKind.ADDRESS, "B_addr", 1),
            ArgAttr.of(ArgKind.START, "start_id"),
            ArgAttr.of(ArgKind.COUNT, "count"),
            *(ArgAttr.of(ArgKind.EXTENT, f"{axis}t", 8) for axis in "MKN"),
        ]
    )
    one = partition([8, 8], (1, 1))
    assert core_arguments(abi, one, [0x1000, 0x2000]) == [
        ((0, 0), [0x1000, 0x2000, 0, 64, 8, 8, 8])
    ]


@given(extents, grids)
@settings(deadline=None)
def test_runtime_arguments_follow_the_table(blocks: list[int], grid: tuple[int, int]) -> None:
    abi = AbiAttr.of(
        [
            ArgAttr.of(ArgKind.COORDINATE, "sy", 1),
            ArgAttr.of(ArgKind.COUNT, "count"),
            ArgAttr.of(ArgKind.SHARD, "Sm", 4),
            ArgAttr.of(ArgKind.START, "start_id"),
            ArgAttr.of(ArgKind.COORDINATE, "sx", 0),
            ArgAttr.of(ArgKind.ADDRESS, "A_addr", 0),
        ]
    )
    plan = partition(blocks, grid)
    rows = core_arguments(abi, plan, [64])
    assert [core for core, _ in rows] == [core for core, _, _ in plan.ids()]
    for (core, start, count), (_, values) in zip(plan.ids(), rows, strict=True):
        assert values == [core[1], count, 4, start, core[0], 64]
