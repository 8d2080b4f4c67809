"""User annotations of a kernel: attributes of the PrimFunc and annotations of its blocks.

Both are maps, or their JSON text, under `tt.user_layout` and `tt.user_schedule`; those of blocks
may be numbered (`tt.user_layout.12`), as one block can carry several. What earlier tools write is
read as well: `tt.layout_desc`, a layout with other names for its keys, and `tt.schedule`; of the
PrimFunc also `tt.buffer.<name>`, the layout of one buffer, and parts of a schedule beside it:
`tt.core_grid`, `tt.core_ranges`, `tt.work_partition`, ...
"""

from __future__ import annotations

import json
from typing import Any, cast

from xdsl.dialects.func import FuncOp

from tt_dialect.analysis.annotated_work import SCHEDULE_KEYS
from tt_dialect.analysis.annotations import LAYOUT, OLD_LAYOUT, SCHEDULE, annotate
from tt_dialect.importer import schema
from tt_dialect.importer.context import KernelContext
from tt_dialect.importer.graph import GraphMap, Node, Value

OLD_BUFFER = "tt.buffer."
"""The layout of the buffer named after it."""
OLD_SCHEDULE = "tt.schedule"
_KINDS = {key: key for key in (LAYOUT, SCHEDULE)} | {OLD_LAYOUT: LAYOUT, OLD_SCHEDULE: SCHEDULE}
_PARTS = {f"tt.{key}": key for key in SCHEDULE_KEYS if key not in ("strategy", "order")}
"""Parts of a schedule as attributes of their own: tt.core_grid, tt.core_ranges, ..."""


def kind_of(key: str) -> str | None:
    """The annotation a key stands for, without its number; None for another key."""
    base = key.rstrip("0123456789").rstrip(".")
    return _KINDS.get(base)


def note_annotations(held: dict[str, Value], ctx: KernelContext) -> None:
    """Remembers the user annotations among the annotations of a function or block."""
    for key, value in held.items():
        kind = kind_of(key)
        if kind is not None:
            ctx.user.append((kind, _mapping(key, value, ctx)))
        elif key in _PARTS:
            ctx.user.append((SCHEDULE, {_PARTS[key]: _part(key, value, ctx)}))
        elif key.startswith(OLD_BUFFER):
            ctx.user.append((LAYOUT, {key.removeprefix(OLD_BUFFER): _mapping(key, value, ctx)}))


def attach_annotations(func: FuncOp, ctx: KernelContext) -> None:
    """Puts what was noted on the function, in order: what is said later holds, field by field.

    The function's own attributes are noted last: they are set on a kernel that is made.
    """
    for kind, value in ctx.user:
        if kind == LAYOUT:
            annotate(func, layout=value)
        else:
            annotate(func, schedule=value)


def function_attributes(prim_func: Node) -> dict[str, Value]:
    """The attributes of a PrimFunc."""
    attrs = prim_func.optional("attrs")
    return attrs.mapping("__dict__").by_name() if attrs is not None else {}


def _mapping(key: str, value: Value, ctx: KernelContext) -> dict[str, Any]:
    found = _plain(value)
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError) as error:
            why = str(error).partition(";")[0]
            raise ctx.error(f"'{key}' is not JSON: {why}", "expected a map") from None
    if not isinstance(found, dict):
        raise ctx.error(f"'{key}' is {found!r}", "expected a map")
    return cast("dict[str, Any]", found)


def _part(key: str, value: Value, ctx: KernelContext) -> Any:
    """A part of a schedule: plain data, or the JSON text of a list or map."""
    found = _plain(value)
    if not isinstance(found, str) or found[:1] not in ("[", "{"):
        return found
    try:
        return json.loads(found)
    except (ValueError, RecursionError) as error:
        why = str(error).partition(";")[0]
        raise ctx.error(f"'{key}' is not JSON: {why}", "expected a list or a map") from None


def _plain(value: Value) -> Any:
    """Plain data of a value of the graph."""
    value = schema.plain(value)
    if isinstance(value, GraphMap):
        return {str(schema.plain(k)): _plain(v) for k, v in value.entries}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value
