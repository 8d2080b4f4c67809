"""
`annotate_tt_layout` and `annotate_tt_schedule`: what users say of a kernel, in Python.

On a kernel, which is returned with the annotation (a PrimFunc of any tvm, or a `func.func`):

    kernel = annotate_tt_layout(kernel, {"A": {"memory": "L1", "strategy": "block"}})

or inside a TileLang kernel, where buffers stand for their names:

    with T.Kernel(...) as (bx, by):
        annotate_tt_layout({A: {"memory": "L1", "strategy": "block"}})

`with_core_grid`, `with_core_ranges`, `with_work_partition` and `with_layout_desc` say one thing
each, in the same two ways. The vocabulary is `tt_dialect.analysis.layouts`. What it does not
know is refused at once; what does not fit the kernel, by `tt-infer-layout` and `tt-partition-work`.
TVM is not imported: an annotation travels as JSON text in an attribute of the function or in an
annotation of the kernel's block.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, TypeVar, cast, overload

from tt_dialect.analysis.annotated_work import read_schedule
from tt_dialect.analysis.annotation_fields import PLACE_KEY, AnnotationError
from tt_dialect.analysis.layouts import read_layouts
from tt_dialect.diagnostics import CompileError, Diagnostic, Location

LAYOUT = "tt.user_layout"
SCHEDULE = "tt.user_schedule"

Annotation = Mapping[Any, Any]
KernelT = TypeVar("KernelT")


@overload
def annotate_tt_layout(func: KernelT, layout: Annotation, /) -> KernelT: ...
@overload
def annotate_tt_layout(layout: Annotation, /) -> None: ...
def annotate_tt_layout(*args: Any) -> Any:
    """
    Says where the buffers of a kernel live: `{buffer: {memory, layout, strategy, ...}}`.

    With a kernel, gives the annotated kernel; without one, inside a TileLang kernel, annotates it.
    Raises `CompileError` at the caller's line for what the vocabulary does not know.
    """
    place = _caller(inspect.currentframe())
    return _layout(*_arguments("annotate_tt_layout", args, place), place)


@overload
def annotate_tt_schedule(func: KernelT, schedule: Annotation, /) -> KernelT: ...
@overload
def annotate_tt_schedule(schedule: Annotation, /) -> None: ...
def annotate_tt_schedule(*args: Any) -> Any:
    """
    Says how a kernel's work is divided: `{core_grid, partition_mode, strategy, core_ranges, ...}`.

    With a kernel, gives the annotated kernel; without one, inside a TileLang kernel, annotates it.
    Raises `CompileError` at the caller's line for what the vocabulary does not know.
    """
    place = _caller(inspect.currentframe())
    return _schedule(*_arguments("annotate_tt_schedule", args, place), place)


# --- one thing at a time --------------------------------------------------------------------------


@overload
def with_core_grid(func: KernelT, gx: int, gy: int, /) -> KernelT: ...
@overload
def with_core_grid(gx: int, gy: int, /) -> None: ...
def with_core_grid(*args: Any) -> Any:
    """The cores a kernel may use, gx along x and gy along y: `core_grid` of a schedule."""
    place = _caller(inspect.currentframe())
    if len(args) not in (2, 3):
        form = "with_core_grid(kernel, gx, gy) or with_core_grid(gx, gy)"
        raise _fail(place, "with_core_grid takes a kernel and two numbers", form)
    return _schedule(args[0] if len(args) == 3 else None, {"core_grid": list(args[-2:])}, place)


@overload
def with_core_ranges(func: KernelT, ranges: Sequence[Annotation], /) -> KernelT: ...
@overload
def with_core_ranges(ranges: Sequence[Annotation], /) -> None: ...
def with_core_ranges(*args: Any) -> Any:
    """The cores a kernel uses, `[{start: [x, y], extent: [ex, ey]}, ...]`: those of a schedule."""
    place = _caller(inspect.currentframe())
    return _schedule(*_one("with_core_ranges", "core_ranges", args, place), place)


@overload
def with_work_partition(func: KernelT, items: Annotation, /) -> KernelT: ...
@overload
def with_work_partition(items: Annotation, /) -> None: ...
def with_work_partition(*args: Any) -> Any:
    """
    The blocks of each core, `{"(x,y)": [{io, jo}, ...]}` or `{(x, y): [...]}`, as plans list them.

    Each core does a run of blocks in row- or column-major order, or all cores do boxes of one size;
    other lists are an error of `tt-partition-work`.
    """
    place = _caller(inspect.currentframe())
    return _schedule(*_one("with_work_partition", "work_partition", args, place), place)


@overload
def with_layout_desc(func: KernelT, desc: Annotation, /) -> KernelT: ...
@overload
def with_layout_desc(desc: Annotation, /) -> None: ...
def with_layout_desc(*args: Any) -> Any:
    """Layouts in the words of `tt.layout_desc`, `{buffer: {shard, interleave, stride,
    tile_id_order}}`: `annotate_tt_layout`, which knows them too."""
    place = _caller(inspect.currentframe())
    return _layout(*_arguments("with_layout_desc", args, place), place)


def _layout(func: Any, given: Annotation, place: Location) -> Any:
    named = {_name(buffer): value for buffer, value in given.items()}
    _check(read_layouts, named, place)
    at = f"{place.file}:{place.line}"
    placed = {name: {PLACE_KEY: at, **value} for name, value in named.items()}
    return _attach(func, LAYOUT, placed, place)


def _schedule(func: Any, given: Annotation, place: Location) -> Any:
    named = {str(key): value for key, value in given.items()}
    items = named.get("work_partition")
    if isinstance(items, Mapping):
        cores = cast("Annotation", items)
        named["work_partition"] = {str(core): blocks for core, blocks in cores.items()}
    _check(read_schedule, named, place)
    placed = {PLACE_KEY: f"{place.file}:{place.line}", **named}
    return _attach(func, SCHEDULE, placed, place)


def _one(what: str, key: str, args: tuple[Any, ...], place: Location) -> tuple[Any, Annotation]:
    """(kernel or None, a schedule of one key)."""
    if len(args) not in (1, 2):
        raise _fail(place, f"{what} takes a kernel and {key}, or inside a kernel {key}")
    return (args[0] if len(args) == 2 else None), {key: args[-1]}


def _arguments(what: str, args: tuple[Any, ...], place: Location) -> tuple[Any, Annotation]:
    """(kernel or None, annotation)."""
    if not 1 <= len(args) <= 2 or not isinstance(args[-1], Mapping):
        raise _fail(
            place,
            f"{what} takes a kernel and an annotation, or inside a kernel an annotation",
            f"{what}(kernel, {{...}}) or {what}({{...}})",
        )
    return (args[0] if len(args) == 2 else None), cast("Annotation", args[-1])


def _name(buffer: Any) -> str:
    """The name of a TVM buffer, or a name."""
    return buffer if isinstance(buffer, str) else str(getattr(buffer, "name", buffer))


def _check(read: Callable[[object], object], value: object, place: Location) -> None:
    try:
        read(value)
    except AnnotationError as error:
        raise _fail(place, str(error), *error.hints) from None


def _fail(place: Location, message: str, *notes: str) -> CompileError:
    return CompileError(Diagnostic(message, place, notes))


def _caller(frame: FrameType | None) -> Location:
    """The line that calls `frame`; TileLang runs a kernel's lines as a function of its own."""
    from tt_dialect.importer.schema import file_name

    caller = frame.f_back if frame is not None else None
    if caller is None:
        return Location("<python>", 1)
    file = caller.f_locals.get("__tb_fl", caller.f_code.co_filename)
    return Location(file_name(str(file)), caller.f_lineno)


def _attach(func: Any, key: str, value: dict[str, Any], place: Location) -> Any:
    if func is None:
        _in_kernel(key, value, place)
        return None
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.dialects.func import FuncOp

    if isinstance(func, FuncOp | ModuleOp):
        from tt_dialect.analysis.annotations import annotate

        for op in func.walk():
            if isinstance(op, FuncOp):
                annotate(op, **{"layout" if key == LAYOUT else "schedule": value})
        return func
    if not hasattr(func, "with_attr"):
        raise _fail(
            place,
            f"'{type(func).__name__}' cannot be annotated",
            "expected a PrimFunc: a T.prim_func, or get_tir(...) of a jit object",
        )
    held: dict[str, Any] = _plain(func.attrs[key]) if func.attrs and key in func.attrs else {}
    merged: dict[str, Any] = {**held, **value}
    if key == LAYOUT:
        merged = {n: {**held.get(n, {}), **value.get(n, {})} for n in merged}
    return func.with_attr(key, json.dumps(merged))


def _plain(value: Any) -> Any:
    """What TVM holds in an attribute as plain data."""
    if isinstance(value, str):
        return json.loads(value) if value.startswith("{") else str(value)
    if isinstance(value, bool | int | float):
        return value
    if hasattr(value, "items"):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "value"):
        return _plain(value.value)
    return [_plain(v) for v in value]


def _in_kernel(key: str, value: dict[str, Any], place: Location) -> None:
    """An annotation of the block that TileLang is building."""
    language = sys.modules.get("tilelang.language")
    if language is None:
        raise _fail(
            place,
            "an annotation without a kernel stands inside a TileLang kernel",
            "pass the kernel first: annotate_tt_layout(kernel, {...})",
        )
    annotate_block: Callable[[dict[str, str]], None] = language.__dict__["sblock_attr"]
    try:
        annotate_block({f"{key}.{place.line}": json.dumps(value)})
    except Exception as error:
        raise _fail(
            place,
            "an annotation without a kernel stands inside 'with T.Kernel(...)'",
            "or pass the kernel first: annotate_tt_layout(kernel, {...})",
        ) from error
