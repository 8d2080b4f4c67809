"""Page orders and subblocks, without IR."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type
from xdsl.ir import Attribute

from tt_dialect.analysis.pages import (
    choose_subblock,
    digit_extents,
    largest_divisor,
    sequence,
    slot_of,
    strides,
)
from tt_dialect.ir.cb import COLUMN_MAJOR, ROW_MAJOR, BufferType, PageOrder, PageOrderAttr
from tt_dialect.ir.layout import TileType

TILE = TileType.of(BFloat16Type())
small = st.integers(1, 6)


def buffer(block: tuple[int, int], order: PageOrderAttr) -> BufferType:
    return BufferType.of(TILE, block, block[0] * block[1], order)


@st.composite
def buffers(draw: st.DrawFn) -> BufferType:
    """A circular buffer of one block, in any page order."""
    kind = draw(st.sampled_from(PageOrder))
    rows, cols = draw(small), draw(small)
    if kind is not PageOrder.SUBBLOCK:
        return buffer((rows, cols), PageOrderAttr.of(kind))
    height, width = draw(small), draw(small)
    return buffer((rows * height, cols * width), PageOrderAttr.of(kind, height, width))


def slots(kind: BufferType) -> dict[tuple[int, int], int]:
    rows, cols = kind.block
    return {(r, c): slot_of(kind, r, c) for r in range(rows) for c in range(cols)}


@given(buffers())
@settings(deadline=None)
def test_every_tile_has_its_own_page(kind: BufferType) -> None:
    assert sorted(slots(kind).values()) == list(range(kind.block_pages))


@given(buffers())
@settings(deadline=None)
def test_page_order_is_what_its_name_says(kind: BufferType) -> None:
    height, width = kind.order.subblock
    keys = {
        PageOrder.ROW_MAJOR: lambda r, c: (r, c),
        PageOrder.COLUMN_MAJOR: lambda r, c: (c, r),
        PageOrder.SUBBLOCK: lambda r, c: (r // height, c // width, r % height, c % width),
    }
    key = keys[PageOrder(kind.order.kind.data)]
    places = slots(kind)
    assert sorted(places, key=places.__getitem__) == sorted(places, key=lambda rc: key(*rc))


@given(buffers())
@settings(deadline=None)
def test_digits_count_the_block(kind: BufferType) -> None:
    extents = digit_extents(kind.block, [kind.order])
    assert (extents["sr"] * extents["r"], extents["sc"] * extents["c"]) == kind.block
    order = sequence(kind.order)
    assert sorted(order) == sorted(extents)
    steps = strides(order, extents)
    assert steps[order[-1]] == 1
    for slow, fast in pairwise(order):
        assert steps[slow] == steps[fast] * extents[fast]
    assert steps[order[0]] * extents[order[0]] == kind.block_pages


@given(st.data(), small, small, small, small)
@settings(deadline=None)
def test_two_orders_share_digits(
    data: st.DataObject, rows: int, cols: int, height: int, width: int
) -> None:
    """With one set of digits the page in either order is a sum of digits times constants."""
    block = (rows * height, cols * width)
    orders = [
        PageOrderAttr.of(PageOrder.SUBBLOCK, height, width),
        data.draw(st.sampled_from([ROW_MAJOR, COLUMN_MAJOR])),
    ]
    extents = digit_extents(block, orders)
    row = data.draw(st.integers(0, block[0] - 1))
    col = data.draw(st.integers(0, block[1] - 1))
    digits = {"sr": row // height, "r": row % height, "sc": col // width, "c": col % width}
    for order in orders:
        steps = strides(sequence(order), extents)
        assert sum(digits[d] * steps[d] for d in digits) == slot_of(buffer(block, order), row, col)


def test_two_subblocks_cannot_share_digits() -> None:
    orders = [
        PageOrderAttr.of(PageOrder.SUBBLOCK, 1, 2),
        PageOrderAttr.of(PageOrder.SUBBLOCK, 2, 1),
    ]
    with pytest.raises(ValueError, match="different subblocks"):
        digit_extents((2, 2), orders)


@given(st.integers(1, 200), st.integers(1, 200))
@settings(deadline=None)
def test_largest_divisor(value: int, limit: int) -> None:
    found = largest_divisor(value, limit)
    assert value % found == 0
    assert found <= limit
    assert all(value % d for d in range(found + 1, min(value, limit) + 1))


extents = st.integers(1, 12)
capacities = st.sampled_from([4, 8, 16])


@given(extents, extents, capacities, st.booleans())
@settings(deadline=None)
def test_subblock_divides_and_fits(rows: int, cols: int, capacity: int, linear: bool) -> None:
    height, width = choose_subblock(rows, cols, capacity, row_major=linear)
    assert rows % height == 0
    assert cols % width == 0
    assert height * width <= capacity
    if linear:
        assert width == cols or height == 1
    fitting = [
        h * w
        for h in range(1, rows + 1)
        for w in range(1, cols + 1)
        if rows % h == cols % w == 0 and h * w <= capacity and (not linear or w == cols or h == 1)
    ]
    assert height * width == max(fitting)


@given(extents, extents, capacities)
@settings(deadline=None)
def test_row_major_subblocks_pack_in_row_major_order(rows: int, cols: int, capacity: int) -> None:
    shape = choose_subblock(rows, cols, capacity, row_major=True)
    packed = buffer((rows, cols), PageOrderAttr.of(PageOrder.SUBBLOCK, *shape))
    assert slots(packed) == slots(buffer((rows, cols), ROW_MAJOR))


@pytest.mark.parametrize(
    ("block", "capacity", "expected"),
    [
        ((4, 4), 4, (1, 4)),  # a row: as many tiles as 2x2 and already in row-major order
        ((4, 4), 8, (2, 4)),
        ((4, 4), 16, (4, 4)),
        ((3, 2), 4, (3, 1)),  # three tiles, though not in row-major order
        ((3, 2), 8, (3, 2)),
        ((2, 8), 4, (1, 4)),
        ((8, 1), 4, (4, 1)),
        ((1, 1), 8, (1, 1)),
        ((5, 7), 8, (1, 7)),
    ],
)
def test_subblocks_of_known_blocks(
    block: tuple[int, int], capacity: int, expected: tuple[int, int]
) -> None:
    assert choose_subblock(*block, capacity) == expected


@pytest.mark.parametrize(
    ("element", "height", "width", "size"),
    [
        (BFloat16Type(), 32, 32, 2048),
        (BFloat16Type(), 16, 16, 512),
        (Float16Type(), 32, 32, 2048),
        (Float32Type(), 16, 16, 1024),
        (Float32Type(), 32, 32, 4096),
        (Float32Type(), 16, 32, 2048),
    ],
)
def test_page_sizes(element: Attribute, height: int, width: int, size: int) -> None:
    assert TileType.of(element, height, width).bytes == size
