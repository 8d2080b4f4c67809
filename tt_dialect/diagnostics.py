"""Errors a user sees: located, with notes, never a traceback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xdsl.ir import Operation, SSAValue


@dataclass(frozen=True)
class Location:
    """A place in a source file; `col` 0 means the whole line."""

    file: str
    line: int
    col: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col or 1}"


@dataclass(frozen=True)
class Diagnostic:
    """One message with its place and its hints."""

    message: str
    location: Location | None = None
    notes: tuple[str, ...] = ()
    severity: str = "error"

    def __str__(self) -> str:
        prefix = f"{self.location}: " if self.location is not None else ""
        lines = [f"{prefix}{self.severity}: {self.message}"]
        lines += [f"{prefix}note: {note}" for note in self.notes]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The form `--json` prints."""
        place = self.location
        return {
            "severity": self.severity,
            "message": self.message,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": (place.col or 1) if place else None,
            "notes": list(self.notes),
        }


class CompileError(Exception):
    """Input that cannot be compiled or run; carries at least one `Diagnostic`."""

    def __init__(self, *diagnostics: Diagnostic):
        super().__init__("\n".join(str(d) for d in diagnostics))
        self.diagnostics = diagnostics


def location_of(subject: Operation | SSAValue | None) -> Location | None:
    """The source place of an operation or of a value's owner, searching outwards to its parents."""
    from xdsl.dialects.builtin import FileLineColLoc
    from xdsl.ir import Block, Operation, SSAValue

    if isinstance(subject, SSAValue):
        owner = subject.owner
        subject = owner.parent_op() if isinstance(owner, Block) else owner
    while isinstance(subject, Operation):
        loc = subject.location
        if isinstance(loc, FileLineColLoc):
            return Location(loc.filename.data, loc.line.data, loc.column.data)
        subject = subject.parent_op()
    return None


def diagnostic_at(subject: Operation | SSAValue | Location | None, message: str, *notes: str):
    """A `Diagnostic` at an operation, a value or a place."""
    location = subject if isinstance(subject, Location) else location_of(subject)
    return Diagnostic(message, location, notes)


def error_at(
    subject: Operation | SSAValue | Location | None, message: str, *notes: str
) -> CompileError:
    """A `CompileError` at an operation, a value or a place; the caller raises it."""
    return CompileError(diagnostic_at(subject, message, *notes))
