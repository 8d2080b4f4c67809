"""`tt.plan.json`: the plan of a program as JSON; what is written has passed the rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import ArrayAttr, IntAttr, IntegerAttr, IntegerType, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue

from tt_dialect.analysis.placement import alias_of
from tt_dialect.analysis.regions import loops_around
from tt_dialect.emit.kernel import cb_index
from tt_dialect.emit.names import (
    accessor_label,
    allocs_of,
    kernel_files,
    program_semaphores,
    tensors_of,
)
from tt_dialect.emit.plan_json import (
    Json,
    arguments_json,
    clip_json,
    items_json,
    layout_json,
    numbering_json,
    ranges_json,
    work_json,
)
from tt_dialect.emit.plan_rules import SCHEMA_VERSION, check_plan
from tt_dialect.ir import cb, noc
from tt_dialect.ir.layout import int_tuple
from tt_dialect.ir.program import AbiAttr, ArgKind, ProgramOp, Role

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
    partition, depth = program.partition, k_blocks(program)
    layouts = {t.label.data: layout_json(t) for t in program.tensors}
    moved = moved_through(program)
    buffers = [_circular_buffer(alloc, moved[alloc], program) for alloc in allocs_of(program)]
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
        **numbering_json(partition),
        "k_blocks": depth,
        "work": work_json(partition),
        "work_partition": items_json(partition, depth),
        "arguments": arguments_json(program.abi, partition),
        "layouts": layouts,
        "circular_buffers": buffers,
        "clip": clip_json(layouts, buffers),
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


def moved_through(program: ProgramOp) -> dict[cb.AllocOp, list[str]]:
    """The tensors whose pages are read into, or written from, each circular buffer."""
    found: dict[cb.AllocOp, list[str]] = {alloc: [] for alloc in allocs_of(program)}
    for op in program.walk():
        if not isinstance(op, noc.ReadPageOp | noc.WritePageOp):
            continue
        pointer, accessor = op.pointer.owner, op.accessor.owner
        if isinstance(pointer, cb.WritePtrOp | cb.ReadPtrOp) and isinstance(
            accessor, noc.AccessorOp
        ):
            alloc, label = pointer.cb.owner, accessor_label(program, accessor)
            if isinstance(alloc, cb.AllocOp) and label not in found[alloc]:
                found[alloc].append(label)
    return found


def _circular_buffer(alloc: cb.AllocOp, tensors: Sequence[str], program: ProgramOp) -> Json:
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
        "tensors": list(tensors),
        "page_order": f"{order.kind.data}<{rows}x{cols}>" if subblock else order.kind.data,
        "unpack_to_dest": alloc.unpack_to_dest is not None,
        **({} if shard is None else {"on_shard_of": program.tensors.data[shard].label.data}),
    }


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
    for loop in loops_around(op)[:-1]:  # the outermost loop runs over work items
        bounds = [_known(v, abi) for v in (loop.lb, loop.ub, loop.step)]
        if None in bounds:
            return None
        low, high, step = cast("list[int]", bounds)
        trips *= max(0, -(-(high - low) // step))
    return trips


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
