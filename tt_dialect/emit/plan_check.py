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
from itertools import product
from math import prod
from pathlib import Path
from typing import cast

from xdsl.utils.exceptions import VerifyException

from tt_dialect.analysis.placement import Device
from tt_dialect.analysis.sharding import ShardingError, row_major_numbers, sharding_of
from tt_dialect.analysis.work import (
    Block,
    Core,
    WorkError,
    blocks_of,
    boxes_of,
    coverage_problems,
    runs_of,
    spell_core,
)
from tt_dialect.arch import ARCHS
from tt_dialect.diagnostics import CompileError, Diagnostic, Location
from tt_dialect.emit.plan_json import (
    MAX_ITEMS,
    Json,
    abi_from,
    arguments_json,
    core_ranges_from,
    item_place,
    partition_from,
    ranges_json,
    tensors_from,
    work_json,
)
from tt_dialect.emit.plan_rules import (
    PlanTextError,
    SchemaProblem,
    box_problem,
    check_plan,
    fixed_problems,
    item_problem,
    load_json,
    schema_problems,
)
from tt_dialect.ir.layout import Memory, PartitionAttr, int_tuple
from tt_dialect.ir.program import ArgKind


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
    wrong = list(_shard_problems(source, partition))
    if wrong:
        raise CompileError(*wrong)
    return EditedPlan(path, source.plan, partition, tuple(warnings))


def _of_schema(path: str, text: str, problem: SchemaProblem) -> Diagnostic:
    """A violation of the schema, at the last key of its path that the text has."""
    line, begin = 1, 0
    for key in problem.path:
        found = re.compile(rf'"{re.escape(str(key))}"\s*:').search(text, begin)
        if found and isinstance(key, str):
            begin = found.start()
            line = text.count("\n", 0, begin) + 1
    prefix = f"{problem.where.removeprefix('$.')}: " if problem.path else ""
    return Diagnostic(f"{prefix}{problem.message}", Location(path, line))


def _core(key: str) -> Core:
    x, y = key.strip("()").split(",")
    return int(x), int(y)


# ---- rules ----


def _tile_grid_problems(source: _Source) -> Iterator[Diagnostic]:
    """The tile grid is that of a tensor the kernel writes."""
    grids: dict[str, list[int]] = {}
    for name, layout in source.plan["layouts"].items():
        if layout["direction"] not in ("out", "inout"):
            continue
        shape = layout["shape"]
        dims = layout.get("tiled", [len(shape) - 2, len(shape) - 1])
        if any(dim is not None and not 0 <= dim < len(shape) for dim in dims):
            return  # which is said elsewhere
        extents = [1 if dim is None else shape[dim] for dim in dims]
        grids[name] = [-(-e // t) for e, t in zip(extents, layout["tile"], strict=True)]
    stated = source.plan["tile_grid"]
    if grids and stated not in grids.values():
        yield source.at(
            f"the tile grid is {stated}, no tensor the kernel writes has it",
            "tile_grid",
            ", ".join(f"that of {name} is {grid}" for name, grid in grids.items()),
        )


def _device_problems(source: _Source) -> Iterator[Diagnostic]:
    """Core grid, circular buffers and L1 are those of the architecture; the tile grid is so."""
    yield from _tile_grid_problems(source)
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
    for key in ("core_ranges", "shard_ranges"):
        yield from _range_problems(source, key)


def _range_problems(source: _Source, key: str) -> Iterator[Diagnostic]:
    """Ranges lie inside the core grid and hold no core twice."""
    width, height = source.plan["core_grid"]
    what = key.removesuffix("s").replace("_", " ")
    owners: dict[Core, int] = {}
    for number, r in enumerate(source.plan.get(key, ())):
        (x, y), (w, h) = r["start"], r["extent"]
        if x + w > width or y + h > height:
            yield source.at(
                f"{what} {number}, start {r['start']} extent {r['extent']}, leaves the "
                f"{width}x{height} core grid",
                key,
            )
            return
        for core in product(range(x, x + w), range(y, y + h)):
            if core in owners:
                yield source.at(
                    f"{what}s {owners[core]} and {number} overlap at core {spell_core(core)}",
                    key,
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
    for idle in [core for core in cores if core not in source.items]:
        yield source.at(
            f"core {spell_core(idle)} is in the core ranges and has no work",
            "core_ranges",
            "core_ranges hold the cores with work, no others",
        )
    for core in source.items:
        if core not in cores:
            key = spell_core(core)
            yield source.at(
                f"core {key} has work and is in no core range", key, "edit core_ranges too"
            )
    for core, message in coverage_problems(source.grid, source.items):
        yield source.at(message, "work_partition" if core is None else spell_core(core))
    listed = cast("dict[str, list[Json]]", source.plan["work_partition"])
    rank = len(source.grid)
    for key, items in listed.items():
        for item in items:
            inside = all(i < n for i, n in zip(item_place(item)[:rank], source.grid, strict=True))
            problem = item_problem(source.plan, key, item) if inside else None
            if problem is not None:
                yield source.at(problem, key)


def _shard_problems(source: _Source, partition: PartitionAttr) -> Iterator[Diagnostic]:
    """Every L1 shard has a core; in local_shard each core works on the shard it holds."""
    device = Device.at(source.plan["arch"], partition)
    held: list[tuple[str, list[Core]]] = []
    try:
        for tensor in tensors_from(source.plan):
            name = tensor.label.data
            if tensor.layout.memory.data != Memory.L1 or not tensor.layout.shard.data:
                continue
            sharding = sharding_of(tensor.layout, int_tuple(tensor.shape))
            assert sharding is not None
            cores = device.shard_cores(sharding)
            held.append((name, [cores[n] for n in row_major_numbers(sharding)]))
    except (ShardingError, VerifyException) as error:
        yield source.at(f"layouts: {error}", "layouts", *filter(None, [getattr(error, "hint", "")]))
        return
    workers = partition.core_ranges.cores()
    followed = [(name, cores) for name, cores in held if len(cores) == len(workers)]
    if not partition.is_local or any(cores == workers for _, cores in followed):
        return
    if not followed:
        yield source.at(
            f"no L1 tensor has a shard on each of the {len(workers)} cores with work",
            "core_ranges",
            "in partition mode local_shard the core ranges are the footprint of the shard grid",
        )
        return
    name, cores = followed[0]
    core, owner = next((w, c) for w, c in zip(workers, cores, strict=True) if w != c)
    yield source.at(
        f"core {spell_core(core)} is given the work of a shard of '{name}' that lies on core "
        f"{spell_core(owner)}",
        spell_core(core),
        "in partition mode local_shard each core works on its own shard",
    )


# ---- the division of work ----


def _partition(source: _Source) -> tuple[PartitionAttr, list[Diagnostic]]:
    """The partition that the items of a plan mean, and what in the plan does not say the same."""
    plan = source.plan
    if plan["work_partition"] is None:
        return _stated(source), []
    try:
        if "box" in plan:
            work = boxes_of(source.items, source.grid, plan["box"])
        else:
            work = runs_of(source.items, source.grid, plan.get("order", "row_major"))
    except WorkError as error:
        raise CompileError(source.at(str(error), spell_core(error.core), error.hint)) from None
    meant = partition_from(plan, work)
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
