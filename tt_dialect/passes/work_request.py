"""What users say of the division of a kernel's work: options and annotation as one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from xdsl.dialects.func import FuncOp

from tt_dialect.analysis.annotated_work import (
    MAX_CORES,
    PARTITION_MODES,
    STATED_PAIRS,
    WORK_STRATEGIES,
    RangeRequest,
    ScheduleRequest,
    WorkRequest,
)
from tt_dialect.analysis.annotation_fields import did_you_mean
from tt_dialect.analysis.annotations import place_of, schedule_of
from tt_dialect.analysis.work import shard_extents
from tt_dialect.diagnostics import CompileError, Diagnostic, error_at
from tt_dialect.ir.layout import WORK_ORDERS, PartitionAttr, int_tuple


@dataclass(frozen=True)
class Wishes:
    """What options and the schedule annotation say together."""

    request: ScheduleRequest
    decided: tuple[tuple[str, str], ...]
    """(what, value) of everything that was said."""


def merge(func: FuncOp, options: ScheduleRequest) -> Wishes:
    """The schedule of a kernel: its annotation, and options where that says nothing."""
    own = schedule_of(func)
    fields = ("core_grid", "partition_mode", "strategy", "order", "core_ranges", "work_partition")
    for name in fields:
        said, option = getattr(own, name), getattr(options, name)
        if said is not None and option is not None and said != option:
            raise error_at(
                place_of(func, own.place),
                f"the schedule of '{func.sym_name.data}' says {name} {spell(said)}, the option "
                f"{spell(option)}",
                "say it in one place",
            )
    merged = {
        name: getattr(own, name) if getattr(own, name) is not None else getattr(options, name)
        for name in fields
    }
    decided = tuple((n, spell(v)) for n, v in merged.items() if v is not None)
    return Wishes(replace(own, **merged), decided)


def spell(value: object) -> str:
    """A part of a request as messages and decisions write it."""
    match value:
        case WorkRequest():
            blocks = sum(len(listed) for _, listed in value.items)
            return f"{blocks} blocks on {len(value.items)} cores"
        case RangeRequest():
            return f"[{list(value.start)}, {list(value.extent)}]"
        case tuple():
            return "[" + ", ".join(map(spell, cast("tuple[object, ...]", value))) + "]"
        case _:
            return str(value)


def check_stated(
    func: FuncOp,
    request: ScheduleRequest,
    partition: PartitionAttr,
    axes: Sequence[int | None],
) -> None:
    """What a schedule states of tiles and shards is so; `axes` as `block_axes` gives them."""
    extents, counts = shard_extents(partition, axes)
    mode, name = partition.mode.data, func.sym_name.data
    found = dict(zip(STATED_PAIRS, (int_tuple(partition.tiles), counts, extents), strict=True))
    for key, own in found.items():
        said: tuple[int, ...] | None = getattr(request, key)
        if said is not None and said != own:
            of = "" if key == "grid_tiles" else f" in partition mode {mode}"
            raise error_at(
                place_of(func, request.place),
                f"the schedule says {key} {list(said)}, that of '{name}'{of} is {list(own)}",
                f"it follows from the kernel and its layouts; leave {key} out",
            )


def request_of(
    mode: str | None,
    strategy: str | None,
    order: str | None,
    core_grid: Sequence[int],
    core_ranges: Sequence[int],
) -> ScheduleRequest:
    """The options of the pass as a request."""
    for what, value, known in (
        ("partition mode", mode, PARTITION_MODES),
        ("strategy", strategy, WORK_STRATEGIES),
        ("order", order, WORK_ORDERS),
    ):
        if value is not None and value not in known:
            raise _refused(f"unknown {what} '{value}'", did_you_mean(value, known))
    if core_grid and (len(core_grid) != 2 or min(core_grid) < 1):
        raise _refused(f"core-grid={','.join(map(str, core_grid))}", "expected core-grid=GX,GY")
    if len(core_ranges) % 4 or any(n < 0 for n in core_ranges):
        raise _refused(
            f"core-ranges={','.join(map(str, core_ranges))}",
            "expected X,Y,WIDTH,HEIGHT of each range",
        )
    fours = [core_ranges[i : i + 4] for i in range(0, len(core_ranges), 4)]
    if any(min(w, h) < 1 for _, _, w, h in fours):
        raise _refused("an empty core range", "extents are sizes, at least 1")
    for what, numbers in (("core-ranges", core_ranges), ("core-grid", core_grid)):
        if max(numbers, default=0) > MAX_CORES:
            raise _refused(
                f"{what}={','.join(map(str, numbers))}",
                f"no device has {MAX_CORES} cores on an axis",
            )
    ranges = tuple(RangeRequest((x, y), (w, h)) for x, y, w, h in fours)
    seen: dict[tuple[int, int], int] = {}
    for number, r in enumerate(ranges):
        for core in ScheduleRequest(core_ranges=(r,)).cores() or ():
            if core in seen:
                raise _refused(
                    f"core ranges {seen[core]} and {number} overlap at core {core}",
                    "a core is in one range; extents are sizes, not last cores",
                )
            seen[core] = number
    return ScheduleRequest(
        (core_grid[0], core_grid[1]) if core_grid else None, mode, strategy, order, ranges or None
    )


def _refused(message: str, *notes: str) -> CompileError:
    return CompileError(Diagnostic(message, None, notes))
