"""Division of work over cores, and the runtime arguments that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice, product
from math import prod

from xdsl.dialects.builtin import ArrayAttr, IntAttr

from tt_dialect.analysis.sharding import coord_at, page_at, unflatten
from tt_dialect.ir.layout import (
    CoreRangeAttr,
    CoreRangesAttr,
    PartitionAttr,
    WorkAttr,
    int_tuple,
)
from tt_dialect.ir.program import AbiAttr, ArgKind

Core = tuple[int, int]
Block = tuple[int, ...]
"""The place of a block in the block grid."""

MAX_NAMED = 8
"""Blocks without a core that are named one by one."""


class WorkError(ValueError):
    """Blocks of a core that no partition can say; `hint` says what one can."""

    def __init__(self, core: Core, message: str, hint: str):
        super().__init__(message)
        self.core = core
        self.hint = hint


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


# ---- explicit items: which core does which blocks ----


def spell_core(core: Core) -> str:
    """`(0,1)`, as plans write it."""
    return f"({core[0]},{core[1]})"


def spell_block(block: Block) -> str:
    """`(io 1, jo 2)`, with the batch before it."""
    *batch, row, col = block if len(block) > 1 else (*block, 0)
    first = f"batch {', '.join(map(str, batch))}, " if batch else ""
    return f"({first}io {row}, jo {col})"


def coverage_problems(
    grid: Sequence[int], items: Mapping[Core, Sequence[Block]]
) -> Iterator[tuple[Core | None, str]]:
    """What is wrong with items that are to be every block of a grid once: (core, message)."""
    owner: dict[Block, Core] = {}
    for core, blocks in items.items():
        key = spell_core(core)
        for block in blocks:
            if len(block) != len(grid) or any(
                not 0 <= i < n for i, n in zip(block, grid, strict=True)
            ):
                extent = "x".join(map(str, grid))
                outside = f"is outside the {extent} block grid"
                yield core, f"block {spell_block(block)} of core {key} {outside}"
                continue
            if block in owner:
                where = (
                    f"twice to core {key}"
                    if owner[block] == core
                    else f"to core {spell_core(owner[block])} and to core {key}"
                )
                yield core, f"block {spell_block(block)} is given {where}"
            owner.setdefault(block, core)
    # In as many steps as there are items, however large the grid is said to be.
    total = prod(grid)
    coords = (unflatten(number, grid) for number in range(total))
    for block in islice((b for b in coords if b not in owner), min(MAX_NAMED, total - len(owner))):
        yield None, f"block {spell_block(block)} is given to no core"
    if total - len(owner) > MAX_NAMED:
        yield None, f"{total - len(owner) - MAX_NAMED} more blocks are given to no core"


def runs_of(
    items: Mapping[Core, Sequence[Block]], grid: Sequence[int], order: str
) -> list[WorkAttr]:
    """Items as runs of work ids, one per core, in the order of ids; `WorkError` if one is none."""
    rows: list[tuple[int, int, Core]] = []
    for core, blocks in items.items():
        ids = [page_at(block, grid, order) for block in blocks]
        for i, block in enumerate(blocks):
            if ids[i] != ids[0] + i:
                after = f" after {spell_block(blocks[i - 1])}"
                raise WorkError(
                    core,
                    f"core {spell_core(core)} does block {spell_block(block)}{after}, which does "
                    f"not follow it in {order} order",
                    "a core's runtime arguments start_id and count say a run of blocks; give "
                    "whole runs to other cores",
                )
        rows.append((ids[0], len(ids), core))
    rows.sort()
    return [
        WorkAttr(IntAttr(count), ranges_of([core for _, _, core in group]))
        for count, group in groupby(rows, key=lambda row: row[1])
    ]


def boxes_of(
    items: Mapping[Core, Sequence[Block]], grid: Sequence[int], box: Sequence[int]
) -> list[WorkAttr]:
    """Items as boxes of blocks, one per core, row by row; `WorkError` if one is none."""
    owners: dict[Block, Core] = {}
    for core, blocks in items.items():
        place = tuple(i // s for i, s in zip(blocks[0], box, strict=True))
        first = [p * s for p, s in zip(place, box, strict=True)]
        ends = [min(f + s, n) for f, s, n in zip(first, box, grid, strict=True)]
        wanted = list(product(*map(range, first, ends)))
        if list(blocks) != wanted:
            other = next((b for b, w in zip(blocks, wanted, strict=False) if b != w), blocks[-1])
            raise WorkError(
                core,
                f"core {spell_core(core)} does block {spell_block(other)}, which is not where the "
                f"box of {'x'.join(map(str, box))} blocks from {spell_block(tuple(first))} has it",
                "each core does one whole box, row by row; give whole boxes to other cores",
            )
        owners[place] = core
    return [WorkAttr(IntAttr(prod(box)), ranges_of([owners[p] for p in sorted(owners)]))]


def shard_extents(
    partition: PartitionAttr, axes: Sequence[int | None]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """(Sm, Sn) tiles and (Gy, Gx) shards along rows and columns; the whole and 1 where work
    follows no shards. `axes` as `block_axes` gives them."""
    rect, grid = int_tuple(partition.rect), partition.rect_grid
    tiles, size = int_tuple(partition.tiles), int_tuple(partition.block_tiles)
    found: list[tuple[int, int]] = []
    for place in (-2, -1):
        if not partition.is_local or place not in axes:
            found.append((tiles[place], 1))
            continue
        axis = axes.index(place)
        cut = grid[axis] > 1
        found.append((rect[axis] * size[place] if cut else tiles[place], grid[axis]))
    (sm, gy), (sn, gx) = found
    return (sm, sn), (gy, gx)


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
