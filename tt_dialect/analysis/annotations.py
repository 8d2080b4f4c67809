"""What users say of a kernel, as attributes of its function.

`tt.user_layout` and `tt.user_schedule` of a `func.func` are dictionaries in the vocabulary of
`layouts.py`:

    func.func @f(%A: memref<64x64xbf16> {tt.name = "A"}) attributes {
      tt.user_layout = {A = {memory = "L1", strategy = "block", grid = [2, 2]}},
      tt.user_schedule = {core_grid = [2, 2], partition_mode = "local_shard"}}

`tt-infer-layout` turns the first into `tt.layout` of the tensors and takes it away; the second
stays for `tt-partition-work`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    FloatAttr,
    IntAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    i1,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation

from tt_dialect.analysis.annotated_work import ScheduleRequest, read_schedule
from tt_dialect.analysis.annotation_fields import PLACE_KEY, AnnotationError, did_you_mean
from tt_dialect.analysis.layouts import LayoutRequest, read_layouts
from tt_dialect.analysis.naming import name_of
from tt_dialect.diagnostics import Location, error_at

LAYOUT = "tt.user_layout"
OLD_LAYOUT = "tt.layout_desc"
"""Layouts as earlier tools write them, with other names for keys."""
SCHEDULE = "tt.user_schedule"
DEPTH = "tt.cb_depth"
"""A depth that was asked for, in blocks, at a tensor parameter or an allocation."""

T = TypeVar("T")


def attribute_of(value: object) -> Attribute:
    """Plain data as an attribute, without what is None; `TypeError` for what has no form."""
    if isinstance(value, bool):
        return IntegerAttr.from_bool(value)
    if isinstance(value, int):
        return IntegerAttr(value, i64)
    if isinstance(value, str):
        return StringAttr(value)
    if isinstance(value, float) and value.is_integer():
        return IntegerAttr(int(value), i64)
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        said = {str(k): v for k, v in entries.items() if v is not None}
        return DictionaryAttr({k: attribute_of(v) for k, v in said.items()})
    if isinstance(value, list | tuple):
        return ArrayAttr([attribute_of(v) for v in cast("Sequence[object]", value)])
    raise TypeError(f"an annotation holds numbers, words, lists and maps, not {value!r}")


def plain_of(attr: Attribute) -> object:
    """An attribute as plain data; an attribute without such a form is given as its text."""
    match attr:
        case DictionaryAttr():
            return {k: plain_of(v) for k, v in attr.data.items()}
        case ArrayAttr():
            return [plain_of(v) for v in attr]
        case DenseArrayBase():
            return list(cast("DenseArrayBase[Any]", attr).get_values())
        case IntegerAttr():
            number = cast("IntegerAttr[Any]", attr)
            return bool(number.value.data) if number.type == i1 else number.value.data
        case IntAttr():
            return attr.data
        case FloatAttr():
            return cast("FloatAttr[Any]", attr).value.data
        case StringAttr():
            return attr.data
        case UnitAttr():
            return True
        case _:
            return str(attr)


def layouts_of(func: FuncOp) -> dict[str, LayoutRequest]:
    """What users said of the buffers of a kernel; a located error for what cannot be meant."""
    found: dict[str, LayoutRequest] = {}
    for key in (LAYOUT, OLD_LAYOUT):
        held = func.attributes.get(key)
        own = {} if held is None else read_located(func, plain_of(held), read_layouts)
        for name, request in own.items():
            if name in found:
                raise error_at(
                    place_of(func, request.place),
                    f"{OLD_LAYOUT} and {LAYOUT} both speak of '{name}'",
                    "keep one of them",
                )
            found[name] = request
    return found


def schedule_of(func: FuncOp) -> ScheduleRequest:
    """What users said of the division of a kernel's work; empty where nothing was said."""
    held = func.attributes.get(SCHEDULE)
    return ScheduleRequest() if held is None else read_located(func, plain_of(held), read_schedule)


def place_of(subject: Operation, place: str | None) -> Operation | Location:
    """Where an annotation stands: its own file and line, else the operation that carries it."""
    file, _, line = (place or "").rpartition(":")
    return Location(file, int(line)) if file and line.isdigit() else subject


def read_located(
    subject: Operation, value: object, read: Callable[[object], T], at: str | None = None
) -> T:
    """Reads an annotation; what is wrong with it is reported where it stands."""
    try:
        return read(value)
    except AnnotationError as error:
        place = place_of(subject, at or _place_in(value))
        raise error_at(place, str(error), *error.hints) from None


def _place_in(value: object) -> str | None:
    """The first place that stands in an annotation."""
    if not isinstance(value, Mapping):
        return None
    fields = cast("Mapping[str, object]", value)
    found = fields.get(PLACE_KEY)
    if isinstance(found, str):
        return found
    return next((place for v in fields.values() if (place := _place_in(v)) is not None), None)


def annotate(
    func: FuncOp, layout: Mapping[str, Any] | None = None, schedule: Mapping[str, Any] | None = None
) -> None:
    """
    Adds annotations to a kernel: plain data in the vocabulary of `layouts.py`.

    What was said before stays where the new annotation says nothing. Raises `CompileError` for what
    cannot be meant.
    """
    if layout is not None:
        read_located(func, layout, read_layouts)
        known = cast("dict[str, dict[str, Any]]", _held(func, LAYOUT))
        merged = {name: {**known.get(name, {}), **fields} for name, fields in layout.items()}
        func.attributes[LAYOUT] = attribute_of({**known, **merged})
    if schedule is not None:
        read_located(func, schedule, read_schedule)
        func.attributes[SCHEDULE] = attribute_of({**_held(func, SCHEDULE), **schedule})


def _held(func: FuncOp, key: str) -> dict[str, Any]:
    held = func.attributes.get(key)
    return cast("dict[str, Any]", plain_of(held)) if held is not None else {}


def buffer_names(func: FuncOp) -> dict[str, Operation | int]:
    """The names annotations can use: parameters by position, on-chip buffers by allocation."""
    names: dict[str, Operation | int] = {
        name_of(arg, f"argument {arg.index}"): arg.index for arg in func.args
    }
    for number, op in enumerate(o for o in func.walk() if isinstance(o, memref.AllocOp)):
        names.setdefault(name_of(op, f"buffer_{number}"), op)
    return names


def check_names(func: FuncOp, requests: Mapping[str, LayoutRequest]) -> None:
    """Every annotated buffer is one of the kernel's."""
    names = buffer_names(func)
    for name, request in requests.items():
        if name not in names:
            raise error_at(
                place_of(func, request.place),
                f"kernel '{func.sym_name.data}' has no buffer '{name}'",
                did_you_mean(name, names),
            )


# --- files ----------------------------------------------------------------------------------------


def read_layout_file(path: str) -> dict[str, Any]:
    """The layouts in a JSON file, checked, each with its place."""
    text, value = _json(path)
    if not isinstance(value, dict):
        _check(path, text, value, read_layouts)
    placed: dict[str, Any] = {}
    for name, fields in cast("dict[str, Any]", value).items():
        _check(path, text, {name: fields}, read_layouts, name)
        placed[name] = {PLACE_KEY: f"{path}:{_line(text, name)}", **fields}
    return placed


def read_schedule_file(path: str) -> dict[str, Any]:
    """The schedule in a JSON file, checked, with its place."""
    text, value = _json(path)
    _check(path, text, value, read_schedule)
    return {PLACE_KEY: f"{path}:1", **cast("dict[str, Any]", value)}


def _check(
    path: str, text: str, value: object, read: Callable[[object], object], after: str = ""
) -> None:
    try:
        read(value)
    except AnnotationError as error:
        line = _line(text, error.key, after) if error.key else _line(text, after)
        raise error_at(Location(path, line), str(error), *error.hints) from None


class _DuplicateKeyError(ValueError):
    """A key that stands twice in one object of a JSON text."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of a JSON text: each key stands once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKeyError(next(k for i, (k, _) in enumerate(pairs) if k in dict(pairs[:i])))
    return found


def _json(path: str) -> tuple[str, object]:
    form = '{"A": {"memory": "L1", "strategy": "block"}}, say, or {"core_grid": [4, 4]}'
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise error_at(
            None, f"cannot read '{path}': {reason}", f"expected a file that holds {form}"
        ) from None
    try:
        return text, json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        place = Location(path, error.lineno, error.colno)
        raise error_at(place, f"not JSON: {error.msg}", f"expected {form}") from None
    except _DuplicateKeyError as error:
        places = [m.start() for m in re.finditer(_key(str(error)), text)]
        line = text.count("\n", 0, places[-1]) + 1 if places else 1
        raise error_at(
            Location(path, line),
            f"key {str(error)!a} stands twice in one object",
            "keep one of them",
        ) from None
    except RecursionError:
        raise error_at(
            Location(path, 1), "not JSON: nested too deeply", f"expected {form}"
        ) from None
    except ValueError:  # an integer of so many digits that Python refuses it
        found = re.search(r"\d{4301}", text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        raise error_at(
            Location(path, line), "a number of thousands of digits", "numbers are at most 2**63 - 1"
        ) from None


def _key(key: str) -> str:
    """The pattern of a key in a JSON text."""
    return rf'"{re.escape(key)}"\s*:'


def _line(text: str, key: str, after: str = "") -> int:
    """The line of a key, at or after another; 1 where it is not found."""
    start = re.search(_key(after), text) if after else None
    begin = start.start() if start else 0
    found = re.compile(_key(key)).search(text, begin) if key else None
    return text.count("\n", 0, found.start() if found else begin) + 1
