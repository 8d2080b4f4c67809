"""`tt-opt -t metalium-reader|compute|writer|host|plan`: one artifact of a METALIUM module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.utils.target import Target

from tt_dialect.diagnostics import error_at
from tt_dialect.ir.program import ProgramOp, Role


def the_program(module: ModuleOp) -> ProgramOp:
    """The only program of a module."""
    programs = [op for op in module.ops if isinstance(op, ProgramOp)]
    if len(programs) != 1:
        raise error_at(
            module,
            f"this target prints a module with one tt.program, found {len(programs)}",
            "lower the kernel to METALIUM first, for example with tt-lower",
        )
    return programs[0]


class _KernelTarget(Target):
    """Prints the kernels of one role, one after the other."""

    role: ClassVar[Role]

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        from tt_dialect.emit.kernel import print_kernel

        program = the_program(module)
        threads = [t for t in program.threads if t.role.data == self.role]
        if not threads:
            raise error_at(program, f"this program has no {self.role} thread")
        output.write("\n".join(print_kernel(program, t) for t in threads))


@dataclass(frozen=True)
class ReaderTarget(_KernelTarget):
    """The reader kernel."""

    name = "metalium-reader"
    role = Role.READER


@dataclass(frozen=True)
class ComputeTarget(_KernelTarget):
    """The compute kernel."""

    name = "metalium-compute"
    role = Role.COMPUTE


@dataclass(frozen=True)
class WriterTarget(_KernelTarget):
    """The writer kernel."""

    name = "metalium-writer"
    role = Role.WRITER


@dataclass(frozen=True)
class HostTarget(Target):
    """The host program; it compares results if the module also holds the TILE function."""

    name = "metalium-host"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        from tt_dialect.emit.host import print_host

        program = the_program(module)
        kernels = [
            op
            for op in module.ops
            if isinstance(op, FuncOp) and op.sym_name.data == program.sym_name.data
        ]
        output.write(print_host(program, kernels[0] if kernels else None))


@dataclass(frozen=True)
class PlanTarget(Target):
    """The plan."""

    name = "metalium-plan"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        from tt_dialect.emit.plan import print_plan

        output.write(print_plan(the_program(module)))
