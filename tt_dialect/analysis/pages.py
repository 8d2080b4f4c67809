"""Page order of a block in a circular buffer, and the choice of subblocks.

A tile's row and column are written in digits, row = sr * h + r and col = sc * w + c, where h x w is
the subblock. Every page order is then a sequence of digits, slowest first, and a page number is a
sum of digits times constants: no division is needed to go from one order to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from tt_dialect.ir.cb import BufferType, PageOrder, PageOrderAttr

_SEQUENCES = {
    PageOrder.ROW_MAJOR: ("sr", "r", "sc", "c"),
    PageOrder.COLUMN_MAJOR: ("sc", "c", "sr", "r"),
    PageOrder.SUBBLOCK: ("sr", "sc", "r", "c"),
}


def sequence(order: PageOrderAttr) -> tuple[str, ...]:
    """Digits of the page number, slowest first."""
    return _SEQUENCES[PageOrder(order.kind.data)]


def digit_extents(block: tuple[int, int], orders: Sequence[PageOrderAttr]) -> dict[str, int]:
    """Extent of each digit for a block (rows, columns) seen in one or more orders.

    The orders may hold one subblock shape between them; without one, rows and columns are one
    digit each.
    """
    shapes = {o.subblock for o in orders if o.kind.data == PageOrder.SUBBLOCK}
    if len(shapes) > 1:
        raise ValueError(f"page orders with different subblocks: {sorted(shapes)}")
    height, width = shapes.pop() if shapes else block
    rows, cols = block
    return {"sr": rows // height, "r": height, "sc": cols // width, "c": width}


def strides(order: Sequence[str], extents: dict[str, int]) -> dict[str, int]:
    """Pages per unit of each digit."""
    return {d: prod(extents[e] for e in order[i + 1 :]) for i, d in enumerate(order)}


def slot_of(buffer: BufferType, row: int, col: int) -> int:
    """Page of tile (row, col) within a block."""
    extents = digit_extents(buffer.block, [buffer.order])
    digits = {
        "sr": row // extents["r"],
        "r": row % extents["r"],
        "sc": col // extents["c"],
        "c": col % extents["c"],
    }
    step = strides(sequence(buffer.order), extents)
    return sum(digits[d] * step[d] for d in digits)


def largest_divisor(value: int, limit: int) -> int:
    """The largest divisor of `value` that is at most `limit`."""
    return max(d for d in range(1, min(value, limit) + 1) if value % d == 0)


def choose_subblock(
    rows: int, cols: int, capacity: int, *, row_major: bool = False
) -> tuple[int, int]:
    """The (rows, columns) of the subblocks in which a block of tiles passes through DST.

    As many tiles as DST holds; then a shape whose page order is row-major (full width or one row);
    then fewest tiles unpacked per 32-deep step, which is rt * (1 + ct) if ct >= rt, else
    ct * (1 + rt) (metalium.md 4.2). `row_major` admits shapes of row-major order only.
    """
    best: tuple[tuple[int, bool, int], tuple[int, int]] | None = None
    for height in (h for h in range(1, rows + 1) if rows % h == 0):
        for width in (w for w in range(1, cols + 1) if cols % w == 0):
            if height * width > capacity:
                continue
            linear = width == cols or height == 1
            if row_major and not linear:
                continue
            unpacked = height * (1 + width) if width >= height else width * (1 + height)
            cost = (-height * width, not linear, unpacked)
            if best is None or cost < best[0]:
                best = cost, (height, width)
    assert best is not None
    return best[1]
