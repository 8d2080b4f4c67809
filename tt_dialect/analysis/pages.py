"""Page order of a block in a circular buffer, and the choice of subblocks."""

from __future__ import annotations

from tt_dialect.ir.cb import BufferType, PageOrder


def slot_of(buffer: BufferType, row: int, col: int) -> int:
    """Page of tile (row, col) within a block."""
    rows, cols = buffer.block
    match PageOrder(buffer.order.kind.data):
        case PageOrder.ROW_MAJOR:
            return row * cols + col
        case PageOrder.COLUMN_MAJOR:
            return col * rows + row
        case PageOrder.SUBBLOCK:
            height, width = buffer.order.subblock
            subblock = row // height * (cols // width) + col // width
            return subblock * height * width + row % height * width + col % width


def choose_subblock(rows: int, cols: int, capacity: int) -> tuple[int, int]:
    """The (rows, columns) of the subblocks in which a block of tiles passes through DST.

    As many tiles as DST holds; then a shape whose page order is row-major (full width or one row);
    then fewest tiles unpacked per 32-deep step, which is rt * (1 + ct) if ct >= rt, else
    ct * (1 + rt) (metalium.md 4.2).
    """
    best: tuple[tuple[int, bool, int], tuple[int, int]] | None = None
    for height in (h for h in range(1, rows + 1) if rows % h == 0):
        for width in (w for w in range(1, cols + 1) if cols % w == 0):
            if height * width > capacity:
                continue
            unpacked = height * (1 + width) if width >= height else width * (1 + height)
            steps = rows // height * (cols // width)
            row_major = width == cols or height == 1
            cost = (-height * width, not row_major, unpacked * steps)
            if best is None or cost < best[0]:
                best = cost, (height, width)
    assert best is not None
    return best[1]
