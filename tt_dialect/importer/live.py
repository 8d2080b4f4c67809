"""Live kernels: TVM objects, TileLang's jit and autotune objects, functions that return a kernel.

TVM objects are recognised by their FFI type key, so no tvm is imported; they are turned into the
JSON graph by the `tvm_ffi` they belong to (tilelang-tir.md 1.2).
"""

from __future__ import annotations

import importlib
import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from tt_dialect.diagnostics import CompileError, Location, error_at
from tt_dialect.importer import schema
from tt_dialect.importer.devices import answer_queries
from tt_dialect.importer.graph import Node, parse_graph

Arguments = Mapping[str, object]

KERNEL_KEYS = frozenset(("tirx.PrimFunc", "ir.IRModule"))
"""FFI type keys of what can be imported."""

KERNEL_NOTE = (
    "a kernel is a T.prim_func, a @tilelang.jit or @tilelang.autotune object, "
    "or a function that returns a T.prim_func"
)

OPTIONAL_PACKAGES = frozenset(("tilelang", "torch", "tvm"))
"""Packages a kernel's source may need and this project does not."""


@dataclass(frozen=True)
class Maker:
    """Something that is, or gives, a kernel."""

    name: str
    value: object
    place: Location | None
    """Where it is defined, as far as that is known."""


def maker_of(value: object, name: str | None = None, file: str | None = None) -> Maker:
    """Describe a value; `name` and `file` say where it was found."""
    function = _python_function(value)
    if function is not None:
        code = function.__code__
        place = Location(schema.file_name(code.co_filename), code.co_firstlineno)
        return Maker(name or function.__name__, value, place)
    return Maker(name or type(value).__name__, value, Location(file, 1) if file else None)


def is_tvm_kernel(value: object) -> bool:
    """Whether a value is a PrimFunc or IRModule of any tvm."""
    info = getattr(type(value), "__tvm_ffi_type_info__", None)
    return getattr(info, "type_key", None) in KERNEL_KEYS


def is_kernel(value: object) -> bool:
    """Whether a value is a TVM kernel or a TileLang object that holds one."""
    return is_tvm_kernel(value) or _get_tir(value) is not None


def graph_of(maker: Maker, args: Arguments) -> Node:
    """Make the kernel, serialise it and decode it."""
    made = _make(maker, args)
    serialization: Any = importlib.import_module("tvm_ffi.serialization")
    return parse_graph(serialization.to_json_graph_str(made), f"<{maker.name}>")


def _python_function(value: object) -> FunctionType | None:
    """The Python function behind a value: itself, or what TileLang's objects wrap."""
    if _get_tir(value) is not None:
        for attribute in ("jit_impl", "func", "orig_func"):
            value = getattr(value, attribute, value)
    return value if isinstance(value, FunctionType) else None


def _get_tir(value: object) -> Callable[..., object] | None:
    """How a TileLang jit or autotune object gives its PrimFunc, if the value is one."""
    if isinstance(value, type | ModuleType):
        return None
    for owner in (value, getattr(value, "jit_impl", None)):
        method = getattr(owner, "get_tir", None)
        if callable(method):
            return method
    return None


def _make(maker: Maker, args: Arguments) -> object:
    """The TVM object behind a kernel: itself, or what making it with `args` gives."""
    value = maker.value
    if is_tvm_kernel(value):
        if args:
            raise error_at(
                maker.place,
                f"kernel '{maker.name}' takes no arguments",
                f"given: {', '.join(args)}",
            )
        return value
    give = _get_tir(value) or value
    if not callable(give):
        raise error_at(maker.place, f"'{maker.name}' is not a kernel", KERNEL_NOTE)
    made = _call(give, args, maker)
    if not is_tvm_kernel(made):
        raise error_at(
            maker.place,
            f"'{maker.name}' returns {type(made).__name__}, not a PrimFunc",
            KERNEL_NOTE,
        )
    return made


def _call(give: Callable[..., object], args: Arguments, maker: Maker) -> object:
    """Call a kernel's maker; what goes wrong inside is reported at the user's line."""
    if isinstance(give, FunctionType):
        signature = inspect.signature(give)
        try:
            signature.bind(**args)
        except TypeError as error:
            raise error_at(
                maker.place,
                f"cannot call '{maker.name}': {error}",
                f"parameters: {', '.join(signature.parameters)}",
            ) from None
    answer_queries()
    try:
        return give(**args)
    except Exception as error:
        raise user_error(error, f"'{maker.name}' failed", maker.place) from error


def user_error(error: Exception, what: str, place: Location | None) -> CompileError:
    """An exception in the user's code, at the innermost line of the file of `place`."""
    if isinstance(error, CompileError):
        return error
    if place is not None:
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            ours = Path(frame.filename).parent == Path(__file__).parent
            if schema.file_name(frame.filename) == place.file and not ours:
                place = Location(place.file, frame.lineno or 1)
                break
    first_line = str(error).strip().partition("\n")[0]
    message = f"{what}: {type(error).__name__}: {first_line}".rstrip(": ")
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing in OPTIONAL_PACKAGES:
        return error_at(place, message, f"install {missing}, or use the kernel's saved .tir.json")
    return error_at(place, message)
