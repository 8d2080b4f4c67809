"""Kernels in Python files: the file is imported as a module and its members are looked through."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from tt_dialect.diagnostics import CompileError, Location, error_at
from tt_dialect.importer import live


def find_kernel(path: Path, name: str | None) -> live.Maker:
    """The one kernel of a Python file, or the one called `name`.

    A file that fails while it is loaded still gives the kernels that it has defined by then: that
    of TileLang's examples which go on to run them on a GPU.
    """
    module, error = _run_module(path)
    found = _kernels_in(module)
    if error is not None and (name not in found if name is not None else len(found) != 1):
        raise error
    start = Location(path.name, 1)
    if not found:
        raise error_at(start, "no kernel in this file", live.KERNEL_NOTE)
    known = f"kernels here: {', '.join(found)}"
    chosen = [key for key, value in found.items() if name in (None, key, _symbol(value))]
    if not chosen:
        raise error_at(start, f"no kernel named '{name}'", known)
    if len(chosen) > 1:
        raise error_at(start, "several kernels in this file", known, "choose one with --kernel")
    return live.maker_of(found[chosen[0]], chosen[0], path.name)


def _kernels_in(module: ModuleType) -> dict[str, object]:
    """What a file offers, by name; functions count if they are its own and use `prim_func`."""
    members: dict[str, object] = dict(vars(module))
    return {
        name: value
        for name, value in members.items()
        if not name.startswith("_") and (live.is_kernel(value) or _makes_kernel(value, module))
    }


def _makes_kernel(value: object, module: ModuleType) -> bool:
    return (
        isinstance(value, FunctionType)
        and value.__module__ == module.__name__
        and "prim_func" in value.__code__.co_names
    )


def _symbol(value: object) -> str | None:
    """The `global_symbol` of a PrimFunc, which may differ from the name it is bound to."""
    attrs: Any = getattr(value, "attrs", None) if live.is_tvm_kernel(value) else None
    return str(attrs["global_symbol"]) if attrs and "global_symbol" in attrs else None


def _run_module(path: Path) -> tuple[ModuleType, CompileError | None]:
    """Import a file as a module of its own; imports next to it work as when it is run.

    Gives the module as far as it got, and what ended it.
    """
    if not path.is_file():
        raise error_at(None, f"cannot read {path.name}: no such file")
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
    except SystemExit as error:
        return module, _exited(error, path)
    except Exception as error:
        start = Location(path.name, 1)
        return module, live.user_error(error, f"importing {path.name} failed", start)
    finally:
        sys.path.pop(0)
    return module, None


def _exited(error: SystemExit, path: Path) -> CompileError:
    """A file that calls `sys.exit`, at the line that does."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    line = next((f.lineno for f in frames if Path(f.filename).name == path.name), 1)
    said = str(error.code) if error.code is not None and not isinstance(error.code, int) else None
    code = 1 if said is not None else error.code or 0
    message = f"{path.name} exited with code {code} while it was loaded"
    return error_at(Location(path.name, line or 1), message, *([said] if said else []))
