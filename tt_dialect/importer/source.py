"""Where kernels come from: live TVM objects, saved graphs, and Python files that make them.

TVM objects are recognised by their FFI type key, so no tvm is imported; they are turned into the
JSON graph by the `tvm_ffi` they belong to (tilelang-tir.md 1.2).
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from tt_dialect.diagnostics import CompileError, Location, error_at
from tt_dialect.importer import schema
from tt_dialect.importer.graph import Node, malformed_graph, parse_graph

Arguments = Mapping[str, object]

KERNEL_KEYS = frozenset(("tirx.PrimFunc", "ir.IRModule"))
"""FFI type keys of what can be imported."""

KERNEL_NOTE = (
    "a kernel is a T.prim_func, a @tilelang.jit or @tilelang.autotune object, "
    "or a function that returns a T.prim_func"
)


@dataclass(frozen=True)
class GraphKernel:
    """One PrimFunc of a decoded graph, with the name it goes by."""

    name: str
    func: Node


def load(source: object, kernel: str | None, args: Arguments) -> list[GraphKernel]:
    """The kernels of a source: all of them, or the one called `kernel`."""
    if not isinstance(source, str | Path):
        return _load_object(source, kernel, args)
    path = Path(source)
    if path.suffix == ".py":
        return _load_object(_kernel_of_file(path, kernel), None, args)
    if path.suffix == ".json":
        if args:
            raise error_at(None, f"{path.name}: a saved kernel takes no arguments")
        return _select(kernels_of(parse_graph(_read(path), path.name)), kernel)
    raise error_at(None, f"{path.name}: unknown kind of input", "accepted: .tir.json, .py")


def kernels_of(root: Node) -> list[GraphKernel]:
    """The PrimFuncs of a graph, in the order the module lists them."""
    if root.kind == "PrimFunc":
        return [GraphKernel(schema.function_name(root), root)]
    if root.kind != "IRModule":
        raise malformed_graph(root.origin, f"the root is a {root.type}, not a PrimFunc or IRModule")
    kernels = [
        GraphKernel(key.text("name_hint"), value)
        for key, value in root.mapping("functions").entries
        if isinstance(key, Node) and isinstance(value, Node) and value.kind == "PrimFunc"
    ]
    if not kernels:
        raise error_at(Location(root.origin, 1), "the IRModule holds no PrimFunc")
    return kernels


def _select(kernels: list[GraphKernel], name: str | None) -> list[GraphKernel]:
    chosen = [kernel for kernel in kernels if name in (None, kernel.name)]
    if chosen:
        return chosen
    known = ", ".join(kernel.name for kernel in kernels)
    raise error_at(None, f"there is no kernel '{name}'", f"kernels here: {known}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise error_at(None, f"cannot read {path.name}: {error.strerror}") from None


# Live objects ---------------------------------------------------------------------------------


def _load_object(source: object, kernel: str | None, args: Arguments) -> list[GraphKernel]:
    made = _prim_func(source, args)
    name = getattr(source, "__name__", type(source).__name__)
    return _select(kernels_of(parse_graph(_to_json(made), f"<{name}>")), kernel)


def _to_json(made: object) -> str:
    """Serialise a TVM object with the FFI library it came from."""
    serialization: Any = importlib.import_module("tvm_ffi.serialization")
    return serialization.to_json_graph_str(made)


def is_tvm_kernel(value: object) -> bool:
    """Whether a value is a PrimFunc or IRModule of any tvm."""
    info = getattr(type(value), "__tvm_ffi_type_info__", None)
    return getattr(info, "type_key", None) in KERNEL_KEYS


def _get_tir(value: object) -> Callable[..., object] | None:
    """How a TileLang jit or autotune object gives its PrimFunc, if the value is one."""
    if isinstance(value, type | ModuleType):
        return None
    for owner in (value, getattr(value, "jit_impl", None)):
        method = getattr(owner, "get_tir", None)
        if callable(method):
            return method
    return None


def _prim_func(value: object, args: Arguments) -> object:
    """The TVM object behind a kernel: itself, or what making it with `args` gives."""
    if is_tvm_kernel(value):
        if args:
            raise error_at(None, "this kernel takes no arguments", f"given: {', '.join(args)}")
        return value
    maker = _get_tir(value) or value
    if not callable(maker):
        raise error_at(None, f"{type(value).__name__} is not a kernel", KERNEL_NOTE)
    name = getattr(value, "__name__", "the kernel")
    made = _call(maker, args, name)
    if not is_tvm_kernel(made):
        raise error_at(None, f"'{name}' returns {type(made).__name__}, not a PrimFunc", KERNEL_NOTE)
    return made


def _call(maker: Callable[..., object], args: Arguments, name: str) -> object:
    """Call a kernel's maker; what goes wrong inside is reported at the user's line."""
    if isinstance(maker, FunctionType):
        try:
            inspect.signature(maker).bind(**args)
        except TypeError as error:
            parameters = ", ".join(inspect.signature(maker).parameters)
            raise error_at(
                _definition(maker), f"cannot call '{name}': {error}", f"parameters: {parameters}"
            ) from None
    try:
        return maker(**args)
    except Exception as error:
        raise _user_error(error, f"'{name}' failed") from error


def _definition(function: FunctionType) -> Location:
    code = function.__code__
    return Location(schema.file_name(code.co_filename), code.co_firstlineno)


# Python files ---------------------------------------------------------------------------------


def _kernel_of_file(path: Path, name: str | None) -> object:
    """The one kernel of a Python file, or the one of that name."""
    module = _run_module(path)
    found = _kernels_in(module)
    if not found:
        raise error_at(Location(path.name, 1), "no kernel in this file", KERNEL_NOTE)
    if name is not None:
        chosen = [value for key, value in found.items() if name in (key, _symbol(value))]
        if len(chosen) == 1:
            return chosen[0]
        raise error_at(
            Location(path.name, 1),
            f"{'several kernels' if chosen else 'no kernel'} named '{name}'",
            f"kernels here: {', '.join(found)}",
        )
    if len(found) > 1:
        raise error_at(
            Location(path.name, 1),
            f"several kernels in this file: {', '.join(found)}",
            "choose one by name (--kernel)",
        )
    return next(iter(found.values()))


def _kernels_in(module: ModuleType) -> dict[str, object]:
    """What a file offers, by name: kernels if it has any, else functions that make one."""
    members = {k: v for k, v in vars(module).items() if not k.startswith("_")}
    kernels: dict[str, object] = {
        k: v for k, v in members.items() if is_tvm_kernel(v) or _get_tir(v) is not None
    }
    makers: dict[str, object] = {
        k: v
        for k, v in members.items()
        if isinstance(v, FunctionType)
        and v.__module__ == module.__name__
        and "prim_func" in v.__code__.co_names
    }
    return kernels | makers


def _symbol(value: object) -> str | None:
    """The `global_symbol` of a PrimFunc, which may differ from the name it is bound to."""
    if not is_tvm_kernel(value):
        return None
    attrs: Any = getattr(value, "attrs", None)
    return str(attrs["global_symbol"]) if attrs and "global_symbol" in attrs else None


def _run_module(path: Path) -> ModuleType:
    """Import a file as a module of its own; imports next to it work as when it is run."""
    if not path.is_file():
        raise error_at(None, f"cannot read {path.name}: No such file")
    spec = importlib.util.spec_from_file_location(f"tt_kernels_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        place = Location(path.name, error.lineno or 1, error.offset or 0)
        raise error_at(place, f"syntax error: {error.msg}") from None
    except Exception as error:
        raise _user_error(error, f"running {path.name} failed") from error
    finally:
        sys.path.pop(0)
    return module


def _user_error(error: Exception, what: str) -> CompileError:
    """An exception in the user's code, at the user's innermost own line."""
    if isinstance(error, CompileError):
        return error
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename and frame.filename != __file__
    ]
    user = [f for f in frames if not f.filename.startswith("<") and f.lineno is not None]
    place = Location(schema.file_name(user[-1].filename), user[-1].lineno or 1) if user else None
    first_line = str(error).strip().partition("\n")[0]
    message = f"{what}: {type(error).__name__}: {first_line}".rstrip(": ")
    if isinstance(error, ModuleNotFoundError) and error.name in ("tilelang", "tvm", "torch"):
        return error_at(place, message, "compile the kernel's saved .tir.json, or install TileLang")
    return error_at(place, message)
