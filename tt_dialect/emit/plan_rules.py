"""The rules of tt.plan.json: its schema (plan.schema.json) and what a schema cannot say.

A plan is held against them when it is written and when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, cast

from xdsl.utils.exceptions import VerifyException

from tt_dialect.arch import ARCHS
from tt_dialect.diagnostics import CompileError, Diagnostic
from tt_dialect.emit.plan_json import (
    MAX_ITEMS,
    BlockGrid,
    Json,
    abi_from,
    arguments_json,
    clip_json,
    core_key,
    item_place,
    items_json,
    layout_json,
    partition_from,
    tensors_from,
)
from tt_dialect.ir.layout import PartitionAttr
from tt_dialect.ir.program import ArgKind

SCHEMA_VERSION = 2


class PlanTextError(ValueError):
    """A text that is no plan though it is JSON; `key` is where, if it is known."""

    def __init__(self, message: str, key: str | None = None):
        super().__init__(message)
        self.key = key


def load_json(text: str) -> object:
    """A JSON text as a plan has it: no key twice in an object, no number but integers.

    Raises ValueError: a `PlanTextError` for these two, else what `json.loads` raises.
    """

    def once(pairs: list[tuple[str, Any]]) -> Json:
        found: Json = {}
        for key, value in pairs:
            if key in found:
                raise PlanTextError(f"key '{key}' stands twice in one object", key)
            found[key] = value
        return found

    def integer_only(number: str) -> float:
        raise PlanTextError(f"{number} is no integer, and a plan has no other numbers")

    return json.loads(
        text, object_pairs_hook=once, parse_float=integer_only, parse_constant=integer_only
    )


def read_plan(text: str) -> Json:
    """The plan in a JSON text, checked."""
    try:
        plan = load_json(text)
    except PlanTextError as error:
        raise _fail(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _fail(f"not JSON: {error}") from error
    check_plan(plan)
    return cast(Json, plan)


def check_plan(plan: object) -> None:
    """Raises a `CompileError` that names every violated rule."""
    problems = [f"{p.where}: {p.message}" for p in schema_problems(plan)]
    problems = problems or list(_rule_problems(cast(Json, plan)))
    if problems:
        raise CompileError(*(Diagnostic(f"tt.plan.json: {p}") for p in problems))


def _fail(message: str) -> CompileError:
    return CompileError(Diagnostic(f"tt.plan.json: {message}"))


@cache
def _validator() -> Any:
    from jsonschema_rs import validator_for

    return validator_for((Path(__file__).parent / "plan.schema.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class SchemaProblem:
    """What the schema says against a part of a plan."""

    path: tuple[str | int, ...]
    """Keys and indices that lead to the part."""
    message: str

    @property
    def where(self) -> str:
        """The path as JSONPath writes it: `$.kernels[0].file`, `$.work_partition['(0,0)']`."""
        return "$" + "".join(
            f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
            for step in self.path
        )


def schema_problems(plan: object) -> list[SchemaProblem]:
    """What the schema says against a plan, by place."""
    errors = _validator().iter_errors(plan)
    found = [SchemaProblem(tuple(error.instance_path), error.message) for error in errors]
    return sorted(found, key=lambda problem: list(map(str, problem.path)))


def _rule_problems(plan: Json) -> Iterator[str]:
    """What holds between the parts of a plan that follows its schema."""
    problems = [*_core_problems(plan), *fixed_problems(plan)]
    yield from problems
    if box := box_problem(plan):
        yield box
    elif not problems:
        try:
            partition = partition_from(plan)
        except VerifyException as error:
            yield str(error)
            return
        yield from _share_problems(plan, partition)
        yield from argument_problems(plan, partition)
        yield from _footprint_problems(plan, partition)
        yield from _items_problems(plan, partition)


def fixed_problems(plan: Json) -> Iterator[str]:
    """What is wrong with the parts that the division of work does not change."""
    yield from _abi_problems(plan)
    yield from _layout_problems(plan)
    yield from _buffer_problems(plan)


# ---- cores and work ----


def _core_problems(plan: Json) -> Iterator[str]:
    width, height = plan["core_grid"]
    arch = ARCHS[plan["arch"]]
    if width > arch.grid[0] or height > arch.grid[1]:
        yield f"core grid {[width, height]} is larger than {arch.name}'s {list(arch.grid)}"
    kernels = [(f"{k['file']}: ", k["core_ranges"]) for k in plan["kernels"]]
    work = [("work: ", w["core_ranges"]) for w in plan["work"]]
    outside = False
    for prefix, ranges in [("", plan["core_ranges"]), *work, *kernels]:
        for r in ranges:
            (x, y), (w, h) = r["start"], r["extent"]
            if x + w > width or y + h > height:
                outside = True
                yield f"{prefix}range {r} leaves the {width}x{height} core grid"
    if outside:
        return
    for prefix, ranges in [("", plan["core_ranges"]), *kernels]:
        listed = _cores(ranges)
        if len(set(listed)) != len(listed):
            yield f"{prefix}core ranges overlap"
    cores = _cores(plan["core_ranges"])
    for prefix, ranges in kernels:
        if strays := sorted(set(_cores(ranges)) - set(cores)):
            yield f"{prefix}core {core_key(strays[0])} is in no range of core_ranges"
    dealt = _dealt(plan)
    if sorted(core for core, _ in dealt) != sorted(cores):
        yield "the cores of work are not those of core_ranges"
    if sum(count for _, count in dealt) != prod(plan["block_grid"]):
        yield f"work covers {sum(c for _, c in dealt)} of {prod(plan['block_grid'])} blocks"


def _cores(ranges: Sequence[Json]) -> list[tuple[int, int]]:
    return [
        (r["start"][0] + i, r["start"][1] + j)
        for r in ranges
        for j in range(r["extent"][1])
        for i in range(r["extent"][0])
    ]


def _dealt(plan: Json) -> list[tuple[tuple[int, int], int]]:
    return [(core, w["count"]) for w in plan["work"] for core in _cores(w["core_ranges"])]


def box_problem(plan: Json) -> str | None:
    """Boxes cover the block grid, one for each core; local_shard has them."""
    if "box" not in plan:
        if plan["partition_mode"] == "local_shard":
            return "a plan in partition mode local_shard has a box"
        return "a plan without a box has no box_grid" if "box_grid" in plan else None
    if "order" in plan:
        return "a plan with a box has no order"
    box, blocks = plan["box"], plan["block_grid"]
    if len(box) != len(blocks):
        return f"box {box} has another rank than the block grid {blocks}"
    grid = [-(-b // s) for b, s in zip(blocks, box, strict=True)]
    if plan.get("box_grid") != grid:
        return f"boxes of {box} blocks make a grid {grid}, not {plan.get('box_grid')}"
    cores = sum(prod(r["extent"]) for r in plan["core_ranges"])
    if cores != prod(grid):
        return f"{prod(grid)} boxes of blocks cannot be given to {cores} cores"
    return None


def _share_problems(plan: Json, partition: PartitionAttr) -> Iterator[str]:
    """`work` says how many blocks each core does."""
    own = {core: count for core, _, count in partition.ids()}
    for core, count in _dealt(plan):
        if own.get(core) != count:
            name = core_key(core)
            yield f"work gives {count} blocks to core {name}, its share is {own.get(core)}"


def _items_problems(plan: Json, partition: PartitionAttr) -> Iterator[str]:
    """Every block once, in the order the ranges deal them, and none for cores without work."""
    items, shares = plan["work_partition"], items_json(partition, plan["k_blocks"])
    if items is None or shares is None:
        if items is not None:
            yield f"work items are listed, above {MAX_ITEMS} blocks the ranges say all"
        return
    if unknown := sorted(set(items) - set(shares)):
        yield f"work items for cores outside the ranges: {unknown}"
    for key, expected in shares.items():
        found = items.get(key, [])
        places, own = ([item_place(item) for item in row] for row in (found, expected))
        if places != own:
            yield f"core {key} lists blocks {places}, its share is {own}"
        else:
            yield from (p for item in found if (p := item_problem(plan, key, item)))


def block_name(place: Sequence[int]) -> str:
    """`(io 1, jo 2)`, with the batch before it."""
    *batch, row, col = place if len(place) > 1 else (*place, 0)
    first = f"batch {', '.join(map(str, batch))}, " if batch else ""
    return f"({first}io {row}, jo {col})"


def item_problem(plan: Json, core: str, item: Json) -> str | None:
    """An item covers the K blocks of the kernel and is clipped where the tensor ends."""
    place = item_place(item)[: len(plan["block_grid"])]
    name, depth = f"block {block_name(place)} of core {core}", plan["k_blocks"]
    if item["len_k"] != depth:
        return f"{name} has len_k {item['len_k']}, the kernel has {depth} K blocks"
    full = list(plan["block_tiles"])
    own = BlockGrid.stated(plan).valid(place) or full
    stated = item.get("valid", full)
    if stated != own or ("valid" in item and own == full):
        has = f"{own[0]}x{own[1]} tiles inside of the tensor"
        return f"{name} has {has}, 'valid' says {stated[0]}x{stated[1]}"
    return None


# ---- arguments ----

_ABI_ORDER = {ArgKind.ADDRESS: 0, ArgKind.SCALAR: 1}


def _abi_problems(plan: Json) -> Iterator[str]:
    abi, tensors = plan["abi"], list(plan["layouts"])
    names = [arg["name"] for arg in abi]
    if len(set(names)) != len(names):
        yield "two arguments have the same name"
    order = [_ABI_ORDER.get(arg["kind"], 2) for arg in abi]
    if order != sorted(order):
        yield "addresses do not come first, scalars second in the argument table"
    for arg in abi:
        if arg["kind"] == ArgKind.ADDRESS and arg["value"] >= len(tensors):
            yield f"argument {arg['name']} is the address of no tensor"
        if arg["kind"] == ArgKind.SEMAPHORE and arg["value"] >= len(plan["semaphores"]):
            yield f"argument {arg['name']} is the id of no semaphore"
        if arg["kind"] == ArgKind.COORDINATE and arg["value"] > 1:
            yield f"argument {arg['name']} is no coordinate: 0 is x, 1 is y"
        if arg["kind"] == ArgKind.SHARD_COORDINATE and arg["value"] >= len(plan.get("box", ())):
            yield f"argument {arg['name']} is the place of a box along no axis of the block grid"
        if (arg["kind"] == ArgKind.SCALAR) != ("type" in arg):
            yield f"argument {arg['name']}: a scalar has a type, others have none"
    addressed = [a["value"] for a in abi if a["kind"] == ArgKind.ADDRESS]
    for number, name in enumerate(tensors):
        count = addressed.count(number)
        if count != 1:
            yield f"layout {name} is of no parameter: {count} arguments are its address"
    for kernel in plan["kernels"]:
        unknown = set(kernel["accessors"]) - set(plan["layouts"])
        if unknown:
            yield f"{kernel['file']} reads tensors without a layout: {sorted(unknown)}"


def argument_problems(plan: Json, partition: PartitionAttr) -> Iterator[str]:
    """Every core has every argument, with the value that follows from its work."""
    own, stated = arguments_json(abi_from(plan), partition), plan["arguments"]
    if own is None or stated is None:
        if own != stated:
            yield f"arguments are listed for up to {MAX_ITEMS} cores, and left out above"
        return
    for core in sorted({*own, *stated}):
        if core not in own or core not in stated:
            has = "has arguments and no work" if core in stated else "has work and no arguments"
            yield f"core {core} {has}"
        elif stated[core] != own[core]:
            for name in {**own[core], **stated[core]}:
                said, value = stated[core].get(name), own[core].get(name)
                if said != value:
                    yield f"argument {name} of core {core} is {value}, 'arguments' says {said}"


# ---- tensors and circular buffers ----


def _layout_problems(plan: Json) -> Iterator[str]:
    for name, layout in plan["layouts"].items():
        if found := list(_tiled_problems(name, layout)):
            yield from found
            continue
        try:
            (tensor,) = tensors_from({"layouts": {name: layout}})
        except VerifyException as error:
            yield f"tensor {name}: {error}"
            continue
        own = layout_json(tensor)
        different = sorted(k for k in {*own, *layout} if own.get(k) != layout.get(k))
        if different:
            yield f"tensor {name}: {', '.join(different)} do not agree with the rest of its layout"


def _tiled_problems(name: str, layout: Json) -> Iterator[str]:
    """Tiled dimensions are different dimensions of the tensor."""
    rank = len(layout["shape"])
    tiled = layout.get("tiled", [rank - 2, rank - 1])
    dims = [dim for dim in tiled if dim is not None]
    if not dims or len(set(dims)) != len(dims) or not all(0 <= dim < rank for dim in dims):
        yield f"tensor {name} of rank {rank} is tiled along {tiled}"


def _buffer_problems(plan: Json) -> Iterator[str]:
    buffers, layouts = plan["circular_buffers"], plan["layouts"]
    if len({b["id"] for b in buffers}) != len(buffers):
        yield "two circular buffers have the same id"
    unknown = False
    for buffer in buffers:
        for name in buffer["tensors"]:
            if name not in layouts:
                unknown = True
                yield f"circular buffer {buffer['name']} holds pages of no tensor: {name}"
        shard = buffer.get("on_shard_of")
        if shard is not None:
            layout = layouts.get(shard)
            if layout is None or layout["shard"] != "L1" or layout["nd_shard"] is None:
                yield f"circular buffer {buffer['name']} lies on shards, {shard} has none in L1"
    if not unknown:
        yield from _clip_problems(plan)


def _clip_problems(plan: Json) -> Iterator[str]:
    """The clip bounds are those that shapes and blocks imply."""
    stated = plan["clip"]
    try:
        own = clip_json(plan["layouts"], plan["circular_buffers"])
    except (IndexError, TypeError):
        return  # the layout is wrong, which is said elsewhere
    for name in sorted({*own, *stated}):
        rows, given = own.get(name, []), stated.get(name, [])
        if [r["buffer"] for r in rows] != [r["buffer"] for r in given]:
            through = ", ".join(r["buffer"] for r in rows) or "no circular buffer"
            yield f"clip of tensor {name}: its blocks are clipped in {through}"
            continue
        for row, other in zip(rows, given, strict=True):
            for key in (key for key in row if row[key] != other[key]):
                last = [(n - 1) // b for n, b in zip(row["tiles"], row["block"], strict=True)]
                yield (
                    f"clip of tensor {name} in {row['buffer']}: {key} of the last block, "
                    f"{block_name(last)}, is {row[key]}, the plan says {other[key]}"
                )


def _footprint_problems(plan: Json, partition: PartitionAttr) -> Iterator[str]:
    """In local_shard the core ranges are the footprint of a grid of L1 shards."""
    if not partition.is_local:
        return
    cores = len(partition.core_ranges.cores())
    grids = {
        name: prod(layout["nd_shard"]["grid"])
        for name, layout in plan["layouts"].items()
        if layout["shard"] == "L1" and layout["nd_shard"] is not None
    }
    if cores not in grids.values():
        stated = (
            ", ".join(f"{name} has {count}" for name, count in grids.items()) or "there are none"
        )
        yield (
            "in partition mode local_shard the core ranges are the footprint of L1 shards: "
            f"{cores} cores, {stated}"
        )
