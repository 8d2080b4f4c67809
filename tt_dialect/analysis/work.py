"""Division of work over cores, and the runtime arguments that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from xdsl.dialects.builtin import ArrayAttr, IntAttr

from tt_dialect.analysis.sharding import coord_at
from tt_dialect.ir.layout import (
    CoreRangeAttr,
    CoreRangesAttr,
    PartitionAttr,
    WorkAttr,
    int_tuple,
)
from tt_dialect.ir.program import AbiAttr, ArgKind


def core_ranges(first: int, count: int, width: int) -> CoreRangesAttr:
    """Cores number `first` to `first + count - 1`, row by row on a grid `width` wide.

    At most three rectangles: the rest of a row, full rows, the start of a row.
    """
    ranges: list[CoreRangeAttr] = []
    while count:
        x, y = first % width, first // width
        if x or count < width:
            taken = min(width - x, count)
            ranges.append(CoreRangeAttr.of(x, y, taken, 1))
        else:
            taken = count // width * width
            ranges.append(CoreRangeAttr.of(0, y, width, count // width))
        first, count = first + taken, count - taken
    return CoreRangesAttr.of(ranges)


def split_blocks(blocks: int, grid: tuple[int, int]) -> ArrayAttr[WorkAttr]:
    """Blocks over the cores of a grid, counts differing by at most one, larger shares first.

    The arithmetic of `split_work_to_cores` (work_split.hpp) with row-major cores.
    """
    width, height = grid
    cores = min(blocks, width * height)
    share, extra = divmod(blocks, cores)
    work: list[WorkAttr] = []
    if extra:
        work.append(WorkAttr(IntAttr(share + 1), core_ranges(0, extra, width)))
    work.append(WorkAttr(IntAttr(share), core_ranges(extra, cores - extra, width)))
    return ArrayAttr(work)


def ranges_of(cores: Sequence[tuple[int, int]]) -> CoreRangesAttr:
    """A list of cores as rectangles that hold them in the same order."""
    ranges: list[CoreRangeAttr] = []
    first = 0
    while first < len(cores):
        (x, y), width, height = cores[first], 1, 1
        while cores[first + width : first + width + 1] == [(x + width, y)]:
            width += 1
        while True:
            row = [(x + i, y + height) for i in range(width)]
            begin = first + height * width
            if list(cores[begin : begin + width]) != row:
                break
            height += 1
        ranges.append(CoreRangeAttr.of(x, y, width, height))
        first += width * height
    return CoreRangesAttr.of(ranges)


def split_over(blocks: int, cores: Sequence[tuple[int, int]]) -> ArrayAttr[WorkAttr]:
    """As `split_blocks`, over a list of cores."""
    used = min(blocks, len(cores))
    share, extra = divmod(blocks, used)
    work: list[WorkAttr] = []
    if extra:
        work.append(WorkAttr(IntAttr(share + 1), ranges_of(cores[:extra])))
    work.append(WorkAttr(IntAttr(share), ranges_of(cores[extra:used])))
    return ArrayAttr(work)


def split_boxes(
    blocks: Sequence[int], cores: Sequence[tuple[int, int]]
) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """Boxes of equal size, in blocks, and the cores that take them, row by row.

    Rows (the last axis but one) are cut over core rows, columns over core columns; a box holds all
    of the axes before. Cores that are no rectangle are arranged in as many rows as make the largest
    box smallest. A grid of one axis is cut over all cores.
    """
    *outer, rows, cols = (1, *blocks) if len(blocks) == 1 else blocks
    width, height = len(cores), 1
    whole = ranges_of(cores).ranges.data
    if len(blocks) > 1:
        if len(whole) == 1:
            width, height = whole[0].extent
        else:
            options = [(len(cores) // h, h) for h in range(1, len(cores) + 1)]
            width, height = min(
                options, key=lambda wh: (-(-rows // wh[1]) * -(-cols // wh[0]), wh[1])
            )
    size = (-(-rows // height), -(-cols // width))
    down, across = -(-rows // size[0]), -(-cols // size[1])
    taken = [cores[y * width + x] for y in range(down) for x in range(across)]
    return (size[1:] if len(blocks) == 1 else (*outer, *size)), taken


def blocks_of(
    partition: PartitionAttr,
) -> list[tuple[tuple[int, int], list[tuple[int, ...]]]]:
    """(core, its blocks in the order it does them) of every core with work."""
    blocks, rect = int_tuple(partition.blocks), int_tuple(partition.rect)
    rows: list[tuple[tuple[int, int], list[tuple[int, ...]]]] = []
    places = partition.coordinates()
    for i, (core, start, count) in enumerate(partition.ids()):
        if not rect:
            order = partition.order.data
            rows.append((core, [coord_at(start + j, blocks, order) for j in range(count)]))
            continue
        first = [c * r for c, r in zip(places[i], rect, strict=True)]
        ends = [min(f + r, b) for f, r, b in zip(first, rect, blocks, strict=True)]
        rows.append((core, list(product(*map(range, first, ends)))))
    return rows


def core_arguments(
    abi: AbiAttr,
    partition: PartitionAttr,
    addresses: Sequence[int],
    scalars: Mapping[int, int] | None = None,
) -> list[tuple[tuple[int, int], list[int]]]:
    """(core, runtime argument values) of every core with work, values in ABI order.

    `addresses` are the base addresses of the tensor parameters, in parameter order; `scalars` the
    32-bit words of the scalar parameters, by position among all parameters.
    """
    words = scalars or {}
    rows: list[tuple[tuple[int, int], list[int]]] = []
    places = partition.coordinates()
    for i, (core, start, count) in enumerate(partition.ids()):
        by_kind = {ArgKind.START: start, ArgKind.COUNT: count}
        values: list[int] = []
        for arg in abi.args:
            kind, value = ArgKind(arg.kind.data), arg.value.data
            if kind is ArgKind.ADDRESS:
                values.append(addresses[value])
            elif kind is ArgKind.SHARD_COORDINATE:
                values.append(places[i][value])
            elif kind is ArgKind.COORDINATE:
                values.append(core[value])
            elif kind is ArgKind.SCALAR:
                values.append(words[value])
            else:
                values.append(by_kind.get(kind, value))
        rows.append((core, values))
    return rows
