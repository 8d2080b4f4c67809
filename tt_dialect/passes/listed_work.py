"""Work that a schedule lists block by block, as a partition can say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import ArrayAttr
from xdsl.dialects.func import FuncOp

from tt_dialect.analysis.access import reads_and_writes, tensor_block
from tt_dialect.analysis.annotated_work import ScheduleRequest
from tt_dialect.analysis.annotations import place_of
from tt_dialect.analysis.loops import extent
from tt_dialect.analysis.regions import loops_around
from tt_dialect.analysis.work import (
    Block,
    Core,
    WorkError,
    boxes_of,
    coverage_problems,
    runs_of,
    spell_core,
)
from tt_dialect.diagnostics import CompileError, diagnostic_at, error_at
from tt_dialect.ir.layout import WORK_ORDERS, WorkAttr

Items = Mapping[Core, Sequence[Block]]


@dataclass(frozen=True)
class Division:
    """Listed work as the fields of a partition."""

    strategy: str
    order: str
    rect: tuple[int, ...]
    work: ArrayAttr[WorkAttr]


def items_of(
    func: FuncOp, counts: Sequence[int], request: ScheduleRequest, core_grid: tuple[int, int]
) -> Items:
    """
    The blocks listed for each core, places in the block grid of `counts` blocks.

    Every block has to be there once, on cores of the core grid and the core ranges, with the K
    blocks of the kernel.
    """
    listed = request.work_partition
    assert listed is not None
    place = place_of(func, request.place)
    # A grid of one axis has rows only: jo is 0.
    short = len(counts) == 1
    items = {
        core: [block[:1] if short and block[1:] == (0,) else block for block in blocks]
        for core, blocks in listed.items
    }
    wrong = [message for _, message in coverage_problems(counts, items)]
    if wrong:
        hint = f"list each block of the {' x '.join(map(str, counts))} grid once"
        raise CompileError(*(diagnostic_at(place, message, hint) for message in wrong))
    ranges = request.cores()
    for core in items:
        if any(at >= size for at, size in zip(core, core_grid, strict=True)):
            width, height = core_grid
            raise error_at(
                place,
                f"core {spell_core(core)} has work outside the {width}x{height} core grid",
                "cores are named (x,y), from (0,0)",
            )
        if ranges is not None and core not in ranges:
            raise error_at(place, f"core {spell_core(core)} has work and is in no core range")
    own = _k_blocks(func)
    # A plan counts the blocks that `tt-reblock-k` has made of the kernel's, several at a time.
    if listed.len_k is not None and (own is None or own % listed.len_k):
        known = "not the same for all of its tensors" if own is None else str(own)
        raise error_at(
            place,
            f"work items have len_k {listed.len_k}, the K blocks of '{func.sym_name.data}' are "
            f"{known}",
            "len_k follows from the kernel: leave it out",
        )
    return items


def _k_blocks(func: FuncOp) -> int | None:
    """How often a work item reads of its tensors, at most; None where that varies."""
    most: int | None = 1
    for op, reads, _ in reads_and_writes(func):
        if any(tensor_block(value) is not None for value in reads):
            trips = [extent(loop) for loop in loops_around(op)]
            known = [t for t in trips if t is not None]
            most = None if most is None or len(known) < len(trips) else max(most, prod(known))
    return most


def division_of(
    func: FuncOp, items: Items, counts: Sequence[int], request: ScheduleRequest
) -> Division:
    """
    Items as runs of work ids, in one of the two orders, or as boxes of one size.

    A strategy or order that is asked for has to be theirs. Lists that are neither are an error: the
    runtime arguments of a core are `start_id` and `count`.
    """
    wanted = request.strategy if request.strategy in WORK_ORDERS else request.order
    orders = [wanted] if wanted in WORK_ORDERS else list(WORK_ORDERS)
    problem: WorkError | None = None
    for order in () if request.strategy == "block" else orders:
        try:
            work = runs_of(items, counts, order)
        except WorkError as error:
            problem = problem or error
            continue
        strategy = request.strategy or "contiguous"
        return Division(strategy, order, (), ArrayAttr(work))
    if request.strategy in (None, "block") and wanted in (None, "row_major"):
        box = tuple(
            max(len({block[axis] for block in blocks}) for blocks in items.values())
            for axis in range(len(counts))
        )
        try:
            return Division("block", "row_major", box, ArrayAttr(boxes_of(items, counts, box)))
        except WorkError as error:
            problem = problem or error
    assert problem is not None
    raise error_at(
        place_of(func, request.place),
        f"work_partition: {problem}",
        problem.hint,
        "or list boxes of one size, each row by row",
    ) from None
