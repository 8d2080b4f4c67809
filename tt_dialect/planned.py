"""Plans that are read back: kernels compiled or run with the division of work of an edited plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.dialects.func import FuncOp

from tt_dialect.diagnostics import CompileError, Diagnostic, Location

if TYPE_CHECKING:
    from tt_dialect.api import CompiledKernel
    from tt_dialect.ir.layout import PartitionAttr
    from tt_dialect.ir.program import ProgramOp

WORK_KEYS = ("core_ranges", "work", "work_partition", "arguments", "decisions")
"""What follows from the division of work, or tells of it; nothing else of a plan can be edited."""


@dataclass(frozen=True)
class Plan:
    """The plan in a file, checked."""

    path: str
    content: dict[str, Any]
    partition: PartitionAttr
    warnings: Sequence[Diagnostic]

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Plan:
        """Reads a plan; a `CompileError` names what is wrong, with the block and its line."""
        from tt_dialect.emit.plan_check import read_edited

        edited = read_edited(os.fspath(path))
        return cls(edited.path, edited.plan, edited.partition, edited.warnings)

    def fail(self, message: str, *notes: str) -> CompileError:
        """An error about the plan as a whole."""
        return CompileError(Diagnostic(message, Location(self.path, 1), notes))

    @property
    def fidelity(self) -> str | None:
        """The fidelity a user chose; None for the default."""
        rows = [row for row in self.content["decisions"] if row.get("what") == "fidelity"]
        chosen = any(row.get("by") == "user" for row in rows)
        return self.content["compute"]["fidelity"] if chosen else None

    def check_given(self, arch: str, metalium_api: str, fidelity: str | None) -> None:
        """What the caller asks for is what the plan is for."""
        stated = self.content
        for what, asked, own in (
            ("arch", arch, stated["arch"]),
            ("metalium_api", metalium_api, stated["metalium_api"]),
            ("fidelity", fidelity or stated["compute"]["fidelity"], stated["compute"]["fidelity"]),
        ):
            if asked != own:
                raise self.fail(f"the plan is for {what} {own}, asked for is {asked}")

    def give(self, module: ModuleOp) -> None:
        """Gives its division of work to the kernel of a TILE module."""
        from tt_dialect.passes.base import decision

        for func in module.walk():
            if isinstance(func, FuncOp) and func.body.blocks:
                func.attributes["tt.partition"] = self.partition
                rows = [decision("work", "division", "as planned", "plan")]
                func.attributes["tt.decisions"] = ArrayAttr(rows)

    def is_of(self, program: ProgramOp) -> bool:
        """Whether it is the plan that the program was compiled to, as it was written."""
        from tt_dialect.emit.plan import plan_of

        return self.content == plan_of(program)

    def check_program(self, program: ProgramOp) -> None:
        """All that the plan says beside the division of work is what the program has."""
        from tt_dialect.emit.plan import plan_of

        own = plan_of(program)
        different = [
            key
            for key in sorted({*own, *self.content})
            if key not in WORK_KEYS and _fixed(key, own) != _fixed(key, self.content)
        ]
        if different:
            names = ", ".join(f"'{key}'" for key in different)
            raise self.fail(
                f"the plan does not agree with kernel '{program.sym_name.data}': {names}",
                "only the division of work can be edited: work_partition, work and core_ranges",
            )


def _fixed(key: str, plan: dict[str, Any]) -> Any:
    """A part of a plan without the cores of kernels, which follow from the division of work."""
    if key == "kernels":
        return [{**kernel, "core_ranges": None} for kernel in plan[key]]
    return plan.get(key)


def replanned(kernel: CompiledKernel, plan: Plan) -> CompiledKernel:
    """A compiled kernel with the division of work of an edited plan.

    The code of its kernels does not depend on it and is kept as it is: cores, arguments, host
    program and plan are those of the plan.
    """
    from tt_dialect.emit import emit_program
    from tt_dialect.emit.names import kernel_files
    from tt_dialect.ir.program import ProgramOp

    module = kernel.modules["metalium"].clone()
    program = next(op for op in module.walk() if isinstance(op, ProgramOp))
    plan.check_program(program)
    old, new = program.partition, plan.partition
    if old == new:
        return replace(kernel, planned=plan)
    if old.is_local and new != old:
        pairs = zip(old.core_ranges.cores(), new.core_ranges.cores(), strict=True)
        for own, other in pairs:  # core by core: ranges may be cut into other rectangles
            if own != other:
                raise plan.fail(
                    f"core {other} is given the work of the shard that lies on core {own}",
                    "in partition mode local_shard each core works on its own shard",
                )
    cores = set(old.core_ranges.cores())
    for thread in program.threads:
        if set(thread.cores.cores()) != cores:
            raise plan.fail(
                "the kernel shares reads between cores, its work cannot be divided again",
                "give the plan to 'ttc compile' with the kernel's source",
            )
        thread.cores = new.core_ranges
    program.partition = new
    modules = {**kernel.modules, "metalium": module}
    sources = emit_program(program, kernel.function)
    kernels = set(kernel_files(program).values())
    sources |= {path: text for path, text in kernel.sources.items() if path in kernels}
    return replace(kernel, modules=modules, sources=sources, stats=None, planned=plan)
