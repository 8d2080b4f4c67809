"""Every error a user can cause, as diagnostics: one reading of exceptions for both tools."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    ParseError,
    UnregisteredConstructException,
    VerifyException,
)

from tt_dialect.diagnostics import CompileError, Diagnostic, Location, location_of

_EXPECTED = (
    CompileError,
    ParseError,
    ArgSpecParseError,
    DiagnosticException,
    UnregisteredConstructException,
    OSError,
    UnicodeDecodeError,
    RecursionError,
)


def is_user_error(error: BaseException) -> bool:
    """True for what input can cause, false for a defect of ours."""
    return isinstance(error, _EXPECTED)


def one_line(op: Operation, limit: int = 160) -> str:
    """The first line of an operation's generic form."""
    from tt_dialect.mlir_text import print_module

    shallow = op.clone_without_regions()
    text = print_module(shallow, generic=True).splitlines()[0].split(" ({")[0]
    return text if len(text) <= limit else text[: limit - 2] + ".."


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def culprit(module: ModuleOp) -> tuple[Operation, str] | None:
    """The first operation that does not verify on its own, and why."""
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except VerifyException as error:
            return op, _first_line(error)
    return None


def _verify_diagnostic(error: DiagnosticException, module: ModuleOp | None) -> Diagnostic:
    found = culprit(module) if module is not None else None
    if found is None:
        return Diagnostic(_first_line(error))
    op, message = found
    prefix = "" if message.startswith(f"'{op.name}'") else f"'{op.name}': "
    try:
        notes = (f"see: {one_line(op)}",)
    except Exception:
        notes = ()
    return Diagnostic(f"{prefix}{message}", location_of(op), notes)


def diagnostics_of(
    error: BaseException, *, module: ModuleOp | None = None, source: str | None = None
) -> tuple[Diagnostic, ...]:
    """What to tell the user about `error`; `module` and `source` say what was being worked on."""
    where = Location(source, 1) if source is not None else None
    match error:
        case CompileError():
            return tuple(error.diagnostics)
        case ParseError():
            place = error.span.get_location()
            return (Diagnostic(error.msg, Location(place.file, place.line, place.col)),)
        case ArgSpecParseError():
            return (Diagnostic(str(error).strip().splitlines()[-1].strip(" ^"), where),)
        case VerifyException():
            return (_verify_diagnostic(error, module),)
        case UnicodeDecodeError():
            return (Diagnostic(f"not UTF-8 text: byte {error.start} is invalid", where),)
        case RecursionError():
            return (Diagnostic("nested too deeply", where),)
        case OSError():
            name = error.filename if error.filename is not None else source
            reason = error.strerror or str(error)
            return (Diagnostic(f"cannot open '{name}': {reason}" if name else reason),)
        case DiagnosticException() | UnregisteredConstructException() | ValueError():
            return (Diagnostic(_first_line(error), where),)
        case _:
            return (
                Diagnostic(
                    f"internal error: {type(error).__name__}: {_first_line(error)}",
                    where,
                    ("this is a defect of the compiler; --debug shows where",),
                ),
            )


def with_path(diagnostic: Diagnostic, path: str | None) -> Diagnostic:
    """Shows the path the user typed where a location holds only the file's name."""
    place = diagnostic.location
    if path is None or place is None or place.file != Path(path).name:
        return diagnostic
    return dataclasses.replace(diagnostic, location=dataclasses.replace(place, file=path))
