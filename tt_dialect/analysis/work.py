"""Division of work over cores, and the runtime arguments that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import ArrayAttr, IntAttr

from tt_dialect.ir.layout import CoreRangeAttr, CoreRangesAttr, PartitionAttr, WorkAttr
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
    for core, start, count in partition.ids():
        by_kind = {ArgKind.START: start, ArgKind.COUNT: count}
        values: list[int] = []
        for arg in abi.args:
            kind, value = ArgKind(arg.kind.data), arg.value.data
            if kind is ArgKind.ADDRESS:
                values.append(addresses[value])
            elif kind is ArgKind.COORDINATE:
                values.append(core[value])
            elif kind is ArgKind.SCALAR:
                values.append(words[value])
            else:
                values.append(by_kind.get(kind, value))
        rows.append((core, values))
    return rows
