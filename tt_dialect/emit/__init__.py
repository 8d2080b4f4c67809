"""METALIUM to artifacts: kernels, host program, build file, plan. Printers decide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.dialects.func import FuncOp

    from tt_dialect.ir.program import ProgramOp

PLAN_FILE = "tt.plan.json"


def emit_program(program: ProgramOp, tile_func: FuncOp | None = None) -> dict[str, str]:
    """All artifacts of a METALIUM program, path -> text.

    `tile_func` is the kernel at TILE level, from which the host's reference is printed; without it
    the host program runs the kernel and compares nothing.
    """
    from tt_dialect.emit.cmake import print_cmake
    from tt_dialect.emit.host import print_host
    from tt_dialect.emit.kernel import print_kernel
    from tt_dialect.emit.names import kernel_files
    from tt_dialect.emit.plan import print_plan

    files = {path: print_kernel(program, t) for t, path in kernel_files(program).items()}
    files["main.cpp"] = print_host(program, tile_func)
    files["CMakeLists.txt"] = print_cmake(program)
    files[PLAN_FILE] = print_plan(program)
    return files
