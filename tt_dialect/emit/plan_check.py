"""Plans that people edit: what is wrong with one, block by block, and the division of work meant.

In an edited plan the work items (`work_partition`) count, on the cores of `core_ranges`; `work`,
`arguments` and the cores of `kernels` follow from them. Where the items are null (too many to list)
`work` counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, product
from math import prod
from pathlib import Path
from typing import cast

from xdsl.dialects.builtin import IntAttr
from xdsl.utils.exceptions import VerifyException

from tt_dialect.analysis.sharding import page_at
from tt_dialect.analysis.work import blocks_of, ranges_of
from tt_dialect.arch import ARCHS
from tt_dialect.diagnostics import CompileError, Diagnostic, Location
from tt_dialect.emit.plan_json import (
    MAX_ITEMS,
    Json,
    abi_from,
    arguments_json,
    core_key,
    core_ranges_from,
    item_place,
    partition_from,
    ranges_json,
    work_json,
)
from tt_dialect.emit.plan_rules import (
    PlanTextError,
    block_name,
    box_problem,
    check_plan,
    fixed_problems,
    item_problem,
    load_json,
    schema_problems,
)
from tt_dialect.ir.layout import PartitionAttr, WorkAttr
from tt_dialect.ir.program import ArgKind

Core = tuple[int, int]
Block = tuple[int, ...]


@dataclass(frozen=True)
class EditedPlan:
    """A plan that was read from a file and found right."""

    path: str
    plan: Json
    partition: PartitionAttr
    """The division of work it means."""
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class _Source:
    """A plan and its text, to say where something stands."""

    path: str
    text: str
    plan: Json

    def at(
        self, message: str, key: str | None = None, *notes: str, within: str = "schema_version"
    ) -> Diagnostic:
        """A diagnostic at the line of a key, the first after another; else at the first line."""
        begin = self.text.find(f'"{within}"')
        found = re.compile(rf'"{re.escape(key)}"\s*:').search(self.text, begin) if key else None
        line = self.text.count("\n", 0, found.start()) + 1 if found else 1
        return Diagnostic(message, Location(self.path, line), notes)

    def place(self, message: str) -> Diagnostic:
        """A diagnostic at the line of the first key of the plan that the message names."""
        words = re.findall(r"\(\d+,\d+\)|[\w.]+", message)
        known = [word for word in words if f'"{word}":' in self.text]
        return self.at(message, known[0] if known else None)

    @property
    def grid(self) -> Block:
        """The block grid."""
        return tuple(self.plan["block_grid"])

    @property
    def items(self) -> dict[Core, list[Block]]:
        """The blocks of each core, as listed."""
        rank = len(self.grid)
        listed = cast("dict[str, list[Json]]", self.plan["work_partition"] or {})
        return {
            _core(key): [tuple(item_place(item)[:rank]) for item in items]
            for key, items in listed.items()
        }


def read_edited(path: str) -> EditedPlan:
    """The plan in a file; every violated rule is a diagnostic of the `CompileError` it raises."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CompileError(Diagnostic(f"cannot open '{path}': {error.strerror}")) from error
    except ValueError as error:
        raise CompileError(Diagnostic(f"not JSON: {error}", Location(path, 1))) from error
    try:
        plan = load_json(text)
    except json.JSONDecodeError as error:
        place = Location(path, error.lineno, error.colno)
        raise CompileError(Diagnostic(f"not JSON: {error.msg}", place)) from error
    except PlanTextError as error:
        last = list(re.finditer(rf'"{re.escape(error.key)}"\s*:', text)) if error.key else []
        line = text.count("\n", 0, last[-1].start()) + 1 if last else 1
        raise CompileError(Diagnostic(str(error), Location(path, line))) from error
    except (ValueError, RecursionError) as error:
        raise CompileError(Diagnostic(f"not JSON: {error}", Location(path, 1))) from error
    wrong = [_of_schema(path, text, problem) for problem in schema_problems(plan)]
    if wrong:
        raise CompileError(*wrong)
    source = _Source(path, text, cast(Json, plan))
    wrong = list(_device_problems(source)) or list(_work_problems(source))
    wrong += map(source.place, fixed_problems(source.plan))
    if wrong:
        raise CompileError(*wrong)
    partition, warnings = _partition(source)
    wrong = list(_argument_problems(source, partition))
    if any(found.severity == "error" for found in wrong):
        raise CompileError(*wrong)
    warnings = warnings or wrong  # arguments that are old because the work was edited are no news
    try:
        check_plan(_settled(source.plan, partition))
    except CompileError as error:
        raise _moved(source, error) from None
    return EditedPlan(path, source.plan, partition, tuple(warnings))


def _of_schema(path: str, text: str, problem: str) -> Diagnostic:
    """A violation of the schema, at the last key of its path that the text has."""
    where, _, message = problem.partition(": ")
    keys = re.findall(r"\.(\w+)|\['([^']+)'\]", where)
    line, begin = 1, 0
    for plain, quoted in keys:
        found = re.compile(rf'"{re.escape(plain or quoted)}"\s*:').search(text, begin)
        if found:
            begin = found.start()
            line = text.count("\n", 0, begin) + 1
    prefix = "" if where == "$" else f"{where.removeprefix('$.')}: "
    return Diagnostic(f"{prefix}{message}", Location(path, line))


def _core(key: str) -> Core:
    x, y = key.strip("()").split(",")
    return int(x), int(y)


# ---- rules ----


def _device_problems(source: _Source) -> Iterator[Diagnostic]:
    """Core grid, circular buffers and L1 are those of the architecture."""
    plan, arch = source.plan, ARCHS[source.plan["arch"]]
    if any(n > there for n, there in zip(plan["core_grid"], arch.grid, strict=True)):
        yield source.at(
            f"core grid {plan['core_grid']} is larger than the device",
            "core_grid",
            f"{arch.name} has {arch.grid[0]}x{arch.grid[1]} cores",
        )
    buffers = plan["circular_buffers"]
    if len(buffers) > arch.max_cbs:
        yield source.at(
            f"{len(buffers)} circular buffers, {arch.name} has {arch.max_cbs}", "circular_buffers"
        )
    own = [b for b in buffers if "on_shard_of" not in b]
    need = sum(b["pages"] * b["page_bytes"] for b in own)
    if need > arch.l1_budget:
        yield source.at(
            f"circular buffers take {need} bytes of L1, {arch.l1_budget} are there",
            "circular_buffers",
            " + ".join(f"{b['name']} {b['pages']} x {b['page_bytes']}" for b in own),
        )
    width, height = plan["core_grid"]
    owners: dict[Core, int] = {}
    for number, r in enumerate(plan["core_ranges"]):
        (x, y), (w, h) = r["start"], r["extent"]
        if x + w > width or y + h > height:
            yield source.at(
                f"core range {number}, start {r['start']} extent {r['extent']}, leaves the "
                f"{width}x{height} core grid",
                "core_ranges",
            )
            return
        for core in product(range(x, x + w), range(y, y + h)):
            if core in owners:
                yield source.at(
                    f"core ranges {owners[core]} and {number} overlap at core {core_key(core)}",
                    "core_ranges",
                    "a core is in one range; extents are sizes, not last cores",
                )
                return
            owners[core] = number


def _work_problems(source: _Source) -> Iterator[Diagnostic]:
    """Every block of the grid once, none outside, on the cores of the ranges."""
    if problem := box_problem(source.plan):
        yield source.at(problem, "box")
        return
    if source.plan["work_partition"] is None:
        return
    if prod(source.grid) > MAX_ITEMS:
        message = f"work items are listed, above {MAX_ITEMS} blocks the ranges say all"
        yield source.at(message, "work_partition")
        return
    cores = core_ranges_from(source.plan["core_ranges"]).cores()
    owner: dict[Block, Core] = {}
    for idle in [core for core in cores if core not in source.items]:
        yield source.at(
            f"core {core_key(idle)} is in the core ranges and has no work",
            "core_ranges",
            "core_ranges hold the cores with work, no others",
        )
    for core, blocks in source.items.items():
        key = core_key(core)
        if core not in cores:
            yield source.at(
                f"core {key} has work and is in no core range", key, "edit core_ranges too"
            )
        for block in blocks:
            if len(block) != len(source.grid) or any(
                i >= n for i, n in zip(block, source.grid, strict=True)
            ):
                grid = "x".join(map(str, source.grid))
                yield source.at(
                    f"block {block_name(block)} of core {key} is outside the {grid} block grid", key
                )
            elif block in owner:
                where = (
                    f"twice to core {key}"
                    if owner[block] == core
                    else f"to core {core_key(owner[block])} and to core {key}"
                )
                yield source.at(f"block {block_name(block)} is given {where}", key)
            owner.setdefault(block, core)
    missing = [b for b in product(*map(range, source.grid)) if b not in owner]
    for block in missing[:8]:
        yield source.at(f"block {block_name(block)} is given to no core", "work_partition")
    if len(missing) > 8:
        yield source.at(f"{len(missing) - 8} more blocks are given to no core", "work_partition")
    listed = cast("dict[str, list[Json]]", source.plan["work_partition"])
    rank = len(source.grid)
    for key, items in listed.items():
        for item in items:
            inside = all(i < n for i, n in zip(item_place(item)[:rank], source.grid, strict=True))
            problem = item_problem(source.plan, key, item) if inside else None
            if problem is not None:
                yield source.at(problem, key)


# ---- the division of work ----


def _partition(source: _Source) -> tuple[PartitionAttr, list[Diagnostic]]:
    """The partition that the items of a plan mean, and what in the plan does not say the same."""
    plan = source.plan
    if plan["work_partition"] is None:
        return _stated(source), []
    meant = partition_from(plan, _boxes(source) if "box" in plan else _runs(source))
    try:
        stated = _stated(source)
        if blocks_of(stated) == blocks_of(meant):
            return stated, []
    except CompileError:
        pass
    note = source.at("'work' does not say what 'work_partition' says, which counts", "work")
    return meant, [replace(note, severity="warning")]


def _stated(source: _Source) -> PartitionAttr:
    """The partition that `work` and `core_ranges` mean."""
    plan = source.plan
    try:
        partition = partition_from(plan)
        given = {key: plan[key] for key in ("work", "core_ranges")}
        check_plan({**_settled(plan, partition), **given, "work_partition": None})
        return partition
    except CompileError as error:
        raise _moved(source, error) from None
    except VerifyException as error:
        raise CompileError(source.at(str(error), "work")) from None


def _moved(source: _Source, error: CompileError) -> CompileError:
    """The diagnostics of a plan's check, in the file it was read from."""
    return CompileError(
        *(source.place(d.message.removeprefix("tt.plan.json: ")) for d in error.diagnostics)
    )


def _runs(source: _Source) -> list[WorkAttr]:
    """Runs of work ids, one per core, in the order of ids."""
    order = source.plan.get("order", "row_major")
    rows: list[tuple[int, int, Core]] = []
    for core, blocks in source.items.items():
        ids = [page_at(block, source.grid, order) for block in blocks]
        for i, block in enumerate(blocks):
            if ids[i] != ids[0] + i:
                after = f" after {block_name(blocks[i - 1])}"
                raise CompileError(
                    source.at(
                        f"core {core_key(core)} does block {block_name(block)}{after}, which does "
                        f"not follow it in {order} order",
                        core_key(core),
                        "a core's runtime arguments start_id and count say a run of blocks; give "
                        "whole runs to other cores",
                    )
                )
        rows.append((ids[0], len(ids), core))
    rows.sort()
    return [
        WorkAttr(IntAttr(count), ranges_of([core for _, _, core in group]))
        for count, group in groupby(rows, key=lambda row: row[1])
    ]


def _boxes(source: _Source) -> list[WorkAttr]:
    """Boxes of blocks, one per core, row by row."""
    box = tuple(source.plan["box"])
    owners: dict[Block, Core] = {}
    for core, blocks in source.items.items():
        place = tuple(i // s for i, s in zip(blocks[0], box, strict=True))
        first = [p * s for p, s in zip(place, box, strict=True)]
        ends = [min(f + s, n) for f, s, n in zip(first, box, source.grid, strict=True)]
        wanted = list(product(*map(range, first, ends)))
        if blocks != wanted:
            other = next((b for b, w in zip(blocks, wanted, strict=False) if b != w), blocks[-1])
            raise CompileError(
                source.at(
                    f"core {core_key(core)} does block {block_name(other)}, which is not where the "
                    f"box of {'x'.join(map(str, box))} blocks from {block_name(first)} has it",
                    core_key(core),
                    "each core does one whole box, row by row; give whole boxes to other cores",
                )
            )
        owners[place] = core
    return [WorkAttr(IntAttr(prod(box)), ranges_of([owners[p] for p in sorted(owners)]))]


def _settled(plan: Json, partition: PartitionAttr) -> Json:
    """The plan with the summaries that its items mean."""
    ranges = ranges_json(partition.core_ranges)
    cores = set(partition.core_ranges.cores())
    kernels = [
        kernel
        if cores.issuperset(core_ranges_from(kernel["core_ranges"]).cores())
        else {**kernel, "core_ranges": ranges}
        for kernel in plan["kernels"]
    ]
    return {
        **plan,
        "core_ranges": ranges,
        "work": work_json(partition),
        "arguments": arguments_json(abi_from(plan), partition),
        "kernels": kernels,
    }


def _argument_problems(source: _Source, partition: PartitionAttr) -> Iterator[Diagnostic]:
    """Where `arguments` does not say what follows from the work: a warning if the work was edited
    since, an error for arguments that the work does not change."""
    table = abi_from(source.plan)
    own, stated = arguments_json(table, partition), source.plan["arguments"]
    if own is None or stated is None or own == stated:
        return
    by_work = (ArgKind.START, ArgKind.COUNT, ArgKind.SHARD_COORDINATE, ArgKind.COORDINATE)
    moving = {arg.label.data for arg in table.args if arg.kind.data in by_work}
    for core, given in stated.items():
        expected = own.get(core, next(iter(own.values())))
        for name in {**expected, **given}:
            said, value = given.get(name), expected.get(name)
            if (name not in moving or said is None) and said != value:
                yield source.at(
                    f"argument {name} of core {core} is {value}, 'arguments' says {said}",
                    core,
                    within="arguments",
                )
    note = "'arguments' does not say what follows from the work, which counts"
    yield replace(source.at(note, "arguments"), severity="warning")
