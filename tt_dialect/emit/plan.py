"""`tt.plan.json`: the plan of a program as JSON, written, read and checked both ways.

The schema is plan.schema.json beside this file; `check_plan` also has the rules it cannot say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any, TypeAlias, cast

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    BFloat16Type,
    Float16Type,
    Float32Type,
    IntAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from tt_dialect.analysis.placement import alias_of
from tt_dialect.analysis.work import blocks_of, core_arguments, ranges_of
from tt_dialect.diagnostics import CompileError, Diagnostic
from tt_dialect.emit.kernel import cb_index
from tt_dialect.emit.names import (
    accessor_label,
    allocs_of,
    kernel_files,
    program_semaphores,
    tensors_of,
)
from tt_dialect.emit.schema import Check, Schema, compiled
from tt_dialect.ir import cb, noc
from tt_dialect.ir.layout import (
    BufferAttr,
    CoreRangeAttr,
    CoreRangesAttr,
    Distribution,
    Memory,
    NdShardAttr,
    PartitionAttr,
    TileType,
    WorkAttr,
    int_tuple,
    ints,
)
from tt_dialect.ir.program import (
    SCALAR_TYPES,
    AbiAttr,
    ArgAttr,
    ArgKind,
    ComputeConfigAttr,
    ProgramOp,
    Role,
    TensorAttr,
)

Json: TypeAlias = dict[str, Any]

SCHEMA_VERSION = 1
MAX_ITEMS = 4096
"""Above this many work items only the ranges are written."""

_ELEMENTS = {"Float16_b": BFloat16Type(), "Float16": Float16Type(), "Float32": Float32Type()}
_SCALARS = {str(kind): kind for kind in SCALAR_TYPES}
_COLUMNS = 100


# ---- writing ----


def print_plan(program: ProgramOp) -> str:
    """The text of tt.plan.json; the same program gives the same bytes."""
    plan = plan_of(program)
    check_plan(plan)
    return format_plan(plan)


def format_plan(plan: Json) -> str:
    """The text of a plan; reading it and writing it again gives the same bytes."""
    return _format(plan) + "\n"


def plan_of(program: ProgramOp) -> Json:
    """The plan as a JSON object."""
    partition = program.partition
    return {
        "schema_version": SCHEMA_VERSION,
        "kernel": program.sym_name.data,
        "arch": program.arch.data,
        "metalium_api": program.metalium_api.data,
        "compute": {
            "fidelity": program.config.fidelity.data,
            "dst32": bool(program.config.dst32),
            "full_sync": bool(program.config.full_sync),
        },
        "partition_mode": partition.mode.data,
        "strategy": partition.strategy.data,
        "core_grid": list(int_tuple(partition.core_grid)),
        "core_ranges": ranges_json(partition.core_ranges),
        "block_grid": list(int_tuple(partition.blocks)),
        "block_tiles": list(int_tuple(partition.block_tiles)),
        "tile_grid": list(int_tuple(partition.tiles)),
        **_numbering(partition),
        "work": work_json(partition),
        "work_partition": _work_items(partition, k_blocks(program)),
        **_arguments(program),
        "layouts": {t.label.data: _layout(t) for t in program.tensors},
        "circular_buffers": [_circular_buffer(alloc, program) for alloc in allocs_of(program)],
        "semaphores": [
            {
                "id": s.id.value.data if s.id is not None else None,
                "name": s.label.data,
                "initial": s.initial.value.data,
            }
            for s in program_semaphores(program)
        ],
        "abi": [
            {"name": a.label.data, "kind": a.kind.data, "value": a.value.data}
            | {"type": str(kind) for kind in a.type}
            for a in program.abi.args
        ],
        "kernels": [
            {
                "file": path,
                "role": thread.role.data,
                "processor": thread.processor.data,
                "noc": thread.noc.value.data,
                "core_ranges": ranges_json(thread.cores),
                "accessors": [accessor_label(program, ops[0]) for ops in tensors_of(thread)],
            }
            for thread, path in kernel_files(program).items()
        ],
        "decisions": [{k: _plain(v) for k, v in d.data.items()} for d in program.decisions],
    }


def ranges_json(ranges: CoreRangesAttr) -> list[Json]:
    """Core ranges as a plan writes them."""
    return [{"start": list(r.start), "extent": list(r.extent)} for r in ranges.ranges]


def _layout(tensor: TensorAttr) -> Json:
    layout = tensor.layout
    shard = layout.shard.data[0] if layout.shard.data else None
    return {
        "direction": tensor.direction.data,
        "shape": list(int_tuple(tensor.shape)),
        "shard": layout.memory.data.upper(),
        "interleave": layout.distribution.data == Distribution.INTERLEAVED,
        "tile": list(layout.tile.shape),
        "format": layout.tile.data_format,
        "page_bytes": layout.tile.bytes,
        "axes": list(layout.labels),
        **_tiled(layout),
        "tile_id_order": "row_major",
        "by": layout.by.data,
        "nd_shard": None
        if shard is None
        else {
            "axes": [a.data for a in shard.axes],
            "grid": list(int_tuple(shard.grid)),
            "shard": list(int_tuple(shard.shard)),
            "order": shard.order.data,
        },
    }


def _tiled(layout: BufferAttr) -> Json:
    """`tiled` where it is not the last two dimensions; null for an axis that does not exist."""
    dims = [None if dim < 0 else dim for dim in int_tuple(layout.tiled)]
    return {"tiled": dims} if dims else {}


def _circular_buffer(alloc: cb.AllocOp, program: ProgramOp) -> Json:
    kind, order = alloc.type, alloc.type.order
    rows, cols = order.subblock
    subblock = order.kind.data == cb.PageOrder.SUBBLOCK
    shard = alias_of(alloc)
    return {
        "id": cb_index(alloc),
        "name": alloc.label.data,
        "tile": list(kind.tile.shape),
        "format": kind.tile.data_format,
        "page_bytes": kind.tile.bytes,
        "pages": kind.capacity,
        "block": list(kind.block),
        "page_order": f"{order.kind.data}<{rows}x{cols}>" if subblock else order.kind.data,
        "unpack_to_dest": alloc.unpack_to_dest is not None,
        **({} if shard is None else {"on_shard_of": program.tensors.data[shard].label.data}),
    }


def _numbering(partition: PartitionAttr) -> Json:
    """What says more than runs of row-major work ids: their order, boxes of blocks, shards."""
    found: Json = {}
    if partition.order.data != "row_major":
        found["order"] = partition.order.data
    if partition.rect.data:
        found["box"] = list(int_tuple(partition.rect))
        found["box_grid"] = list(partition.rect_grid)
    return found


def work_json(partition: PartitionAttr) -> list[Json]:
    """Cores by how many blocks they do, in the order in which work is dealt."""
    if not partition.rect.data:
        return [
            {"count": w.count.data, "core_ranges": ranges_json(w.cores)} for w in partition.work
        ]
    runs = groupby(partition.ids(), key=lambda row: row[2])
    return [
        {"count": count, "core_ranges": ranges_json(ranges_of([core for core, _, _ in rows]))}
        for count, rows in runs
    ]


def _arguments(program: ProgramOp) -> Json:
    """Runtime arguments per core, where they do not follow from `work` alone: all but addresses,
    scalars and semaphores, which are known when the program runs."""
    partition, abi = program.partition, program.abi
    if not partition.rect.data or prod(partition.rect_grid) > MAX_ITEMS:
        return {}
    late = (ArgKind.ADDRESS, ArgKind.SCALAR, ArgKind.SEMAPHORE)
    kept = [i for i, a in enumerate(abi.args) if a.kind.data not in late]
    zeros = [0] * len(abi.args)
    scalars = {a.value.data: 0 for a in abi.args if a.kind.data == ArgKind.SCALAR}
    return {
        "arguments": {
            f"({x},{y})": {abi.args.data[i].label.data: values[i] for i in kept}
            for (x, y), values in core_arguments(abi, partition, zeros, scalars)
        }
    }


def _work_items(partition: PartitionAttr, len_k: int | None) -> Json | None:
    if prod(int_tuple(partition.blocks)) > MAX_ITEMS:
        return None
    return {
        f"({x},{y})": [_item(block, len_k) for block in blocks]
        for (x, y), blocks in blocks_of(partition)
    }


def _item(place: Sequence[int], len_k: int | None) -> Json:
    *batch, row, col = place if len(place) > 1 else [*place, 0]
    item: Json = {"batch": batch} if batch else {}
    return item | {"io": row, "jo": col, "len_k": len_k, "tile_order": "row_major"}


def _plain(attribute: Attribute) -> Any:
    match attribute:
        case StringAttr():
            return attribute.data
        case IntAttr():
            return attribute.data
        case IntegerAttr():
            number = attribute.value.data
            return bool(number) if attribute.type == IntegerType(1) else number
        case ArrayAttr():
            return [_plain(a) for a in attribute]
        case _:
            return str(attribute)


def _format(value: Any, indent: int = 0) -> str:
    """JSON, one line per container that fits a line."""
    text = json.dumps(value)
    if not isinstance(value, dict | list) or not value or indent + len(text) <= _COLUMNS - 24:
        if indent:
            return text
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, dict):
        rows = [
            f"{inner}{json.dumps(k)}: {_format(v, indent + 2)}"
            for k, v in cast(Json, value).items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{pad}}}"
    rows = [inner + _format(v, indent + 2) for v in cast("list[Any]", value)]
    return "[\n" + ",\n".join(rows) + f"\n{pad}]"


# ---- K blocks ----


def k_blocks(program: ProgramOp) -> int | None:
    """K blocks of a work item: how often the reader fills a buffer in it; None if that varies."""
    most: int | None = 1
    for thread in program.threads:
        if thread.role.data != Role.READER:
            continue
        for op in thread.walk():
            if isinstance(op, cb.PushBackOp):
                trips = _trips(op, program.abi)
                most = None if most is None or trips is None else max(most, trips)
    return most


def _trips(op: Operation, abi: AbiAttr) -> int | None:
    trips = 1
    loops = [p for p in _parents(op) if isinstance(p, scf.ForOp)]
    for loop in loops[:-1]:  # the outermost loop runs over work items
        bounds = [_known(v, abi) for v in (loop.lb, loop.ub, loop.step)]
        if None in bounds:
            return None
        low, high, step = cast("list[int]", bounds)
        trips *= max(0, -(-(high - low) // step))
    return trips


def _parents(op: Operation) -> Iterator[Operation]:
    parent = op.parent_op()
    while parent is not None:
        yield parent
        parent = parent.parent_op()


_ARITHMETIC: dict[type[Operation], Callable[[int, int], int]] = {
    arith.AddiOp: lambda a, b: a + b,
    arith.SubiOp: lambda a, b: a - b,
    arith.MuliOp: lambda a, b: a * b,
    arith.DivUIOp: lambda a, b: a // b,
    arith.CeilDivUIOp: lambda a, b: -(-a // b),
}


def _known(value: SSAValue, abi: AbiAttr) -> int | None:
    """The value of an index that is the same on every core."""
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr):
        return owner.value.value.data
    if isinstance(owner, noc.RuntimeArgOp):
        arg = abi.args.data[owner.index.value.data]
        return arg.value.data if arg.kind.data in (ArgKind.EXTENT, ArgKind.SHARD) else None
    if isinstance(owner, Operation) and type(owner) in _ARITHMETIC:
        operands = [_known(v, abi) for v in owner.operands]
        if None not in operands:
            return _ARITHMETIC[type(owner)](*cast("list[int]", operands))
    return None


# ---- reading ----


def read_plan(text: str) -> Json:
    """The plan in a JSON text, checked."""
    try:
        plan = json.loads(text)
    except json.JSONDecodeError as error:
        raise _fail(f"not JSON: {error}") from error
    check_plan(plan)
    return cast(Json, plan)


def partition_from(plan: Json, work: Sequence[WorkAttr] | None = None) -> PartitionAttr:
    """The partition a plan describes, or with another division of its work."""
    return PartitionAttr(
        StringAttr(plan["partition_mode"]),
        StringAttr(plan["strategy"]),
        ints(plan["core_grid"]),
        ints(plan["block_grid"]),
        ints(plan["block_tiles"]),
        ints(plan["tile_grid"]),
        ArrayAttr(_work_from(plan) if work is None else work),
        StringAttr(plan.get("order", "row_major")),
        ints(plan.get("box", ())),
    )


def _work_from(plan: Json) -> list[WorkAttr]:
    if "box" in plan:
        return [WorkAttr(IntAttr(prod(plan["box"])), core_ranges_from(plan["core_ranges"]))]
    return [WorkAttr(IntAttr(w["count"]), core_ranges_from(w["core_ranges"])) for w in plan["work"]]


def abi_from(plan: Json) -> AbiAttr:
    """The argument table a plan describes."""
    return AbiAttr.of(
        [
            ArgAttr.of(ArgKind(a["kind"]), a["name"], a["value"], _SCALARS.get(a.get("type")))
            for a in plan["abi"]
        ]
    )


def config_from(plan: Json) -> ComputeConfigAttr:
    """The compute configuration a plan describes."""
    compute = plan["compute"]
    return ComputeConfigAttr.of(compute["fidelity"], compute["dst32"], compute["full_sync"])


def tensors_from(plan: Json) -> list[TensorAttr]:
    """The tensor parameters a plan describes."""
    return [_tensor(name, layout) for name, layout in plan["layouts"].items()]


def _tensor(name: str, layout: Json) -> TensorAttr:
    shard = layout["nd_shard"]
    shards = [] if shard is None else [_nd_shard(shard)]
    memory = Memory(layout["shard"].lower())
    distribution = Distribution.INTERLEAVED if layout["interleave"] else Distribution.SHARDED
    buffer = BufferAttr(
        StringAttr(memory),
        StringAttr(distribution),
        TileType.of(_ELEMENTS[layout["format"]], *layout["tile"]),
        ArrayAttr([StringAttr(a) for a in layout["axes"]]),
        StringAttr(layout["by"]),
        ArrayAttr(shards),
        ints([-1 if dim is None else dim for dim in layout.get("tiled", ())]),
    )
    return TensorAttr(
        StringAttr(name), StringAttr(layout["direction"]), ints(layout["shape"]), buffer
    )


def _nd_shard(shard: Json) -> NdShardAttr:
    return NdShardAttr(
        ArrayAttr([StringAttr(a) for a in shard["axes"]]),
        ints(shard["grid"]),
        ints(shard["shard"]),
        StringAttr(shard["order"]),
    )


def core_ranges_from(ranges: Sequence[Json]) -> CoreRangesAttr:
    """Core ranges as a plan writes them."""
    return CoreRangesAttr.of([CoreRangeAttr.of(*r["start"], *r["extent"]) for r in ranges])


# ---- checking ----


def check_plan(plan: object) -> None:
    """Raises a `CompileError` that names every violated rule."""
    problems = list(schema_problems(plan)) or list(_rule_problems(cast(Json, plan)))
    if problems:
        raise CompileError(*(Diagnostic(f"tt.plan.json: {p}") for p in problems))


def _fail(message: str) -> CompileError:
    return CompileError(Diagnostic(f"tt.plan.json: {message}"))


@cache
def plan_schema() -> Schema:
    """What plan.schema.json holds."""
    return json.loads((Path(__file__).parent / "plan.schema.json").read_text(encoding="utf-8"))


@cache
def _fits() -> Check:
    return compiled(plan_schema())


def schema_problems(plan: object) -> Iterator[str]:
    """What the schema says against a plan."""
    if _fits()(plan):
        return
    from jsonschema import Draft202012Validator

    errors = cast(Any, Draft202012Validator(plan_schema())).iter_errors(plan)
    for error in sorted(errors, key=lambda e: list(map(str, e.path))):
        yield f"{error.json_path}: {error.message}"


def _rule_problems(plan: Json) -> Iterator[str]:
    width, height = plan["core_grid"]
    cores: list[tuple[int, int]] = []
    for r in plan["core_ranges"]:
        (x, y), (w, h) = r["start"], r["extent"]
        if x + w > width or y + h > height:
            yield f"range {r} leaves the {width}x{height} core grid"
        cores += [(x + i, y + j) for j in range(h) for i in range(w)]
    if len(set(cores)) != len(cores):
        yield "core ranges overlap"
    dealt = _dealt(plan)
    if sorted(core for core, _ in dealt) != sorted(cores):
        yield "the cores of work are not those of core_ranges"
    if sum(count for _, count in dealt) != prod(plan["block_grid"]):
        yield f"work covers {sum(c for _, c in dealt)} of {prod(plan['block_grid'])} blocks"
    for kernel in plan["kernels"]:
        unknown = set(kernel["accessors"]) - set(plan["layouts"])
        if unknown:
            yield f"{kernel['file']} reads tensors without a layout: {sorted(unknown)}"
    for arg in plan["abi"]:
        if arg["kind"] == ArgKind.ADDRESS and arg["value"] >= len(plan["layouts"]):
            yield f"argument {arg['name']} is the address of no tensor"
    ids = [b["id"] for b in plan["circular_buffers"]]
    if len(set(ids)) != len(ids):
        yield "two circular buffers have the same id"
    order = [_ABI_ORDER.get(arg["kind"], 2) for arg in plan["abi"]]
    if order != sorted(order):
        yield "addresses do not come first, scalars second in the argument table"
    for arg in plan["abi"]:
        if (arg["kind"] == ArgKind.SCALAR) != ("type" in arg):
            yield f"argument {arg['name']}: a scalar has a type, others have none"
    for name, layout in plan["layouts"].items():
        yield from _tiled_problems(name, layout)
    if problem := _box_problem(plan):
        yield problem
    elif plan["work_partition"] is not None:
        yield from _item_problems(plan, dealt)


_ABI_ORDER = {ArgKind.ADDRESS: 0, ArgKind.SCALAR: 1}


def _tiled_problems(name: str, layout: Json) -> Iterator[str]:
    """Tiled dimensions are different dimensions of the tensor."""
    rank = len(layout["shape"])
    tiled = layout.get("tiled", [rank - 2, rank - 1])
    dims = [dim for dim in tiled if dim is not None]
    if not dims or len(set(dims)) != len(dims) or not all(0 <= dim < rank for dim in dims):
        yield f"tensor {name} of rank {rank} is tiled along {tiled}"


def _dealt(plan: Json) -> list[tuple[tuple[int, int], int]]:
    return [
        (core, work["count"])
        for work in plan["work"]
        for core in core_ranges_from(work["core_ranges"]).cores()
    ]


def _box_problem(plan: Json) -> str | None:
    """Boxes cover the block grid, one for each core; local_shard has them."""
    if "box" not in plan:
        if plan["partition_mode"] == "local_shard":
            return "a plan in partition mode local_shard has a box"
        return None
    if "order" in plan:
        return "a plan with a box has no order"
    box, blocks = plan["box"], plan["block_grid"]
    if len(box) != len(blocks):
        return f"box {box} has another rank than the block grid {blocks}"
    grid = [-(-b // s) for b, s in zip(blocks, box, strict=True)]
    if plan.get("box_grid") != grid:
        return f"boxes of {box} blocks make a grid {grid}, not {plan.get('box_grid')}"
    cores = len(core_ranges_from(plan["core_ranges"]).cores())
    if cores != prod(grid):
        return f"{prod(grid)} boxes of blocks cannot be given to {cores} cores"
    return None


def _item_problems(plan: Json, dealt: Sequence[tuple[tuple[int, int], int]]) -> Iterator[str]:
    """Every block once, in the order the ranges deal them, and none for cores without work."""
    items: Json = plan["work_partition"]
    unknown = set(items) - {f"({x},{y})" for (x, y), _ in dealt}
    if unknown:
        yield f"work items for cores outside the ranges: {sorted(unknown)}"
    if sum(count for _, count in dealt) != prod(plan["block_grid"]):
        return
    try:
        shares = blocks_of(partition_from(plan))
    except VerifyException as error:
        yield str(error)
        return
    for (x, y), blocks in shares:
        found = [item_place(item) for item in items.get(f"({x},{y})", [])]
        expected = [item_place(_item(block, None)) for block in blocks]
        if found != expected:
            yield f"core ({x},{y}) lists blocks {found}, its share is {expected}"


def item_place(item: Json) -> list[int]:
    """The place of a work item in the block grid."""
    return [*item.get("batch", []), item["io"], item["jo"]]
