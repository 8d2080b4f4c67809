"""
The Python API: compile a kernel, look at every level of it, write its artifacts, run it.

    kernel = tt_dialect.compile("examples/gemm.tir.json", arch="wormhole")
    print(kernel.sources["kernels/compute.cpp"])
    kernel.write("build/gemm")
    c = kernel.run(a, b)
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.utils.exceptions import DiagnosticException, ParseError

from tt_dialect.diagnostics import CompileError, Diagnostic, Location

if TYPE_CHECKING:
    from tt_dialect.ir.program import ProgramOp
    from tt_dialect.planned import Plan
    from tt_dialect.run import RunStats
    from tt_dialect.tensors import Array, Comparison, Tensor

Engine = Literal["sim", "native", "tile"]
Annotation: TypeAlias = "Mapping[str, Any] | str | os.PathLike[str]"
"""What users say of layouts or schedules: plain data, or the name of a JSON file."""

LEVELS = ("tile", "core", "tiled", "buffered", "threads", "metalium")
"""The keys of `CompiledKernel.modules`, in the order a program travels."""

METALIUM_APIS = ("v2", "v1")
PLAN_FILE = "tt.plan.json"
IR_DIRECTORY = "ir"


def _fail(message: str, *notes: str) -> CompileError:
    return CompileError(Diagnostic(message, None, notes))


@dataclass
class CompiledKernel:
    """A kernel with everything made from it."""

    name: str
    arch: str
    metalium_api: str
    modules: Mapping[str, ModuleOp]
    """The program at each level, see `LEVELS`; a kernel read from a directory has two of them."""
    sources: Mapping[str, str]
    """The artifacts: path -> text."""
    stats: RunStats | None = field(default=None)
    """Statistics of the last run on the simulator."""
    planned: Plan | None = field(default=None, repr=False)
    """The plan that its work was divided again by; None for the division it was compiled with."""

    @property
    def plan(self) -> dict[str, Any]:
        """The content of tt.plan.json."""
        return cast("dict[str, Any]", json.loads(self.sources[PLAN_FILE]))

    @property
    def function(self) -> FuncOp:
        """The kernel at TILE level."""
        return next(op for op in self.modules["tile"].walk() if isinstance(op, FuncOp))

    @property
    def program(self) -> ProgramOp:
        """The kernel at METALIUM level."""
        from tt_dialect.ir.program import ProgramOp

        return next(op for op in self.modules["metalium"].walk() if isinstance(op, ProgramOp))

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The parameters, in order; a scalar is a tensor without dimensions."""
        from tt_dialect.tensors import tensors_of

        own = tensors_of(self.function)
        if "metalium" not in self.modules:
            return own
        named = zip(tensors_of(self.program), own, strict=True)
        return tuple(replace(tensor, name=user.name) for tensor, user in named)

    # ------------------------------------------------------------------------- running

    def __call__(self, *inputs: Any, engine: Engine = "sim", seed: int = 0, **named: Any) -> Any:
        return self.run(*inputs, engine=engine, seed=seed, **named)

    def run(self, *inputs: Any, engine: Engine = "sim", seed: int = 0, **named: Any) -> Any:
        """
        Runs the kernel on the parameters it reads, in order; returns the tensors it writes.

        Inputs can be given by name: `kernel.run(x, scale=0.5)`. A scalar is a number.

        `engine="sim"` executes the METALIUM program on simulated cores, `"native"` the emitted C++
        on this CPU, `"tile"` the TILE program.
        `seed` chooses the interleaving of the simulated threads; results do not depend on it.
        NumPy arrays and torch CPU tensors are accepted; torch in, torch out.
        """
        from tt_dialect.tensors import as_torch, bind, is_torch

        bound = bind(self.tensors, inputs, named)
        outputs = self.execute(bound, engine=engine, seed=seed)
        torch = any(map(is_torch, (*inputs, *named.values())))
        results = [as_torch(a) for a in outputs] if torch else outputs
        return results[0] if len(results) == 1 else tuple(results)

    def execute(
        self, inputs: Sequence[Array], *, engine: Engine = "sim", seed: int = 0
    ) -> list[Array]:
        """As `run`, for checked arrays: the written tensors, in the types of the parameters."""
        from tt_dialect.run import evaluate, simulate
        from tt_dialect.run.numerics import Fidelity

        if engine == "tile":
            lowered = "metalium" in self.modules
            fidelity = self.program.config.fidelity.data if lowered else Fidelity.HIFI4
            outputs = evaluate(self.function, inputs, fidelity=fidelity)
        elif engine == "sim":
            outputs, self.stats = simulate(self.program, inputs, seed=seed)
        elif engine == "native":
            from tt_dialect.run.native import run_native

            schedule = f"random:{seed}" if seed else "block"
            done = run_native(self.program, self.sources, inputs, schedule=schedule)
            outputs, self.stats = done.outputs, done.stats
        else:
            raise _fail(f"unknown engine '{engine}', expected 'sim', 'native' or 'tile'")
        written = [tensor for tensor in self.tensors if tensor.is_written]
        return [a.astype(t.dtype, copy=False) for a, t in zip(outputs, written, strict=True)]

    def check(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Comparison]:
        """`outputs` against the TILE program evaluated in float64 on the same inputs."""
        from tt_dialect.run import evaluate
        from tt_dialect.tensors import compare, limit_of

        reference = evaluate(self.function, inputs, exact=True)
        return compare(self.tensors, outputs, reference, limit_of(self.function))

    # ------------------------------------------------------------------------- writing

    def write(self, directory: str | os.PathLike[str]) -> list[str]:
        """Writes all artifacts and the IR needed to run them; all or nothing. Returns the paths."""
        from tt_dialect.mlir_text import print_module

        files = dict(self.sources)
        for level in ("tile", "metalium"):
            files[f"{IR_DIRECTORY}/{level}.mlir"] = print_module(
                self.modules[level], locations=True
            )
        write_directory(Path(directory), files)
        return sorted(files)


def write_directory(target: Path, files: Mapping[str, str]) -> None:
    """Puts `files` in place as a whole: a new directory is filled, then renamed to `target`."""
    if target.exists() and not target.is_dir():
        raise _fail(f"'{target}' is not a directory")
    if target.is_dir() and any(target.iterdir()) and not (target / PLAN_FILE).exists():
        raise _fail(
            f"'{target}' holds other files and would be replaced",
            f"name a new directory, or one that holds a {PLAN_FILE}",
        )
    parent = target.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
    try:
        for path, text in files.items():
            file = staged / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        staged.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
            os.replace(target, old / "old")
            os.replace(staged, target)
            shutil.rmtree(old)
        else:
            os.replace(staged, target)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


# --------------------------------------------------------------------------------- compiling


def read_mlir(path: str | os.PathLike[str]) -> ModuleOp:
    """A module from a file, with errors as diagnostics."""
    from tt_dialect.mlir_text import parse_module

    name = os.fspath(path)
    text = _read(name)
    try:
        return parse_module(text, name)
    except ParseError as error:
        place = error.span.get_location()
        raise CompileError(
            Diagnostic(error.msg, Location(place.file, place.line, place.col))
        ) from error
    except DiagnosticException as error:
        first = str(error).strip().splitlines()[0]
        raise CompileError(Diagnostic(first, Location(name, 1))) from error
    except RecursionError as error:
        raise CompileError(Diagnostic("nested too deeply", Location(name, 1))) from error


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CompileError(
            Diagnostic(f"not UTF-8 text: byte {error.start} is invalid", Location(name, 1))
        ) from error
    except OSError as error:
        raise _fail(f"cannot open '{name}': {error.strerror}") from error


def select_kernel(module: ModuleOp, kernel: str | None, source: str) -> ModuleOp:
    """A module of the one function asked for."""
    functions = {f.sym_name.data: f for f in module.walk() if isinstance(f, FuncOp)}
    names = ", ".join(functions)
    if not functions:
        raise _fail(f"'{source}' holds no function")
    if kernel is None:
        if len(functions) > 1:
            raise _fail(f"'{source}' holds several kernels: {names}", "choose one with --kernel")
        return module
    if kernel not in functions:
        raise _fail(f"'{source}' holds no kernel '{kernel}'", f"it holds: {names}")
    if len(functions) == 1:
        return module
    return ModuleOp([functions[kernel].clone()])


def import_tile(
    source: Any, *, kernel: str | None = None, args: Mapping[str, Any] | None = None
) -> ModuleOp:
    """The TILE module of anything `compile` takes."""
    if isinstance(source, ModuleOp):
        return select_kernel(source.clone(), kernel, "the module")
    if isinstance(source, str | os.PathLike):
        name = os.fspath(cast("str | os.PathLike[str]", source))
        if name.endswith(".mlir"):
            return select_kernel(read_mlir(name), kernel, name)
        if not os.path.exists(name):
            raise _fail(f"cannot open '{name}': No such file or directory")
        if not name.endswith((".json", ".py")):
            raise _fail(
                f"cannot tell what '{name}' is from its name",
                "a .tir.json, a .mlir or a .py file is accepted",
            )
        source = name
    from tt_dialect.importer import import_source

    module = import_source(source, kernel=kernel, args=dict(args or {}))
    return select_kernel(module, None, source if isinstance(source, str) else "the module")


def annotate_module(
    module: ModuleOp, layout: Annotation | None, schedule: Annotation | None
) -> None:
    """Adds annotations, or what JSON files say, to the kernels of a TILE module."""
    if layout is None and schedule is None:
        return
    from tt_dialect.analysis.annotations import annotate, read_layout_file, read_schedule_file

    if isinstance(layout, str | os.PathLike):
        layout = read_layout_file(os.fspath(layout))
    if isinstance(schedule, str | os.PathLike):
        schedule = read_schedule_file(os.fspath(schedule))
    for func in module.walk():
        if isinstance(func, FuncOp):
            annotate(func, layout, schedule)


def check_contract(module: ModuleOp, level: str) -> None:
    """Verifies a module and the contract of its level; raises `CompileError`."""
    from tt_dialect.levels import Level, check_level

    module.verify()
    broken = check_level(module, Level(level))
    if broken:
        raise CompileError(*broken)


@contextmanager
def _no_collection() -> Generator[None]:
    """
    Switches the garbage collector off. A program is many small objects that live to the end; the
    collections they trigger visit the whole process, which costs more than compiling (0.2 s each
    where torch is loaded).
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_no_collection()
def compile(
    source: Any,
    *,
    arch: str = "wormhole",
    metalium_api: str = "v2",
    fidelity: str | None = None,
    kernel: str | None = None,
    args: Mapping[str, Any] | None = None,
    layout: Annotation | None = None,
    schedule: Annotation | None = None,
    plan: str | os.PathLike[str] | None = None,
    strategy: str | None = None,
    double_buffer: bool = True,
    prefetch: bool = False,
    on_level: Callable[[str, ModuleOp], None] | None = None,
) -> CompiledKernel:
    """
    Compiles a PrimFunc, an IRModule, a `.tir.json`, a TILE `.mlir` or a `.py` with kernels.

    `kernel` chooses among several, `args` go to functions that make one. `fidelity` is LoFi, HiFi2,
    HiFi3 or HiFi4; the default is the most exact that the machine computes correctly. `layout` and
    `schedule` are annotations, or JSON files of them, that hold over those in the source.
    `plan` is a tt.plan.json, perhaps edited, whose division of work is used. `strategy`,
    `double_buffer` and `prefetch` are options of tt-lower. `on_level` is called with each level as
    it is reached. Whatever is wrong with the input is a `CompileError`.
    """
    from tt_dialect.arch import ARCHS
    from tt_dialect.ir.program import FIDELITIES

    for what, value, known in (
        ("architecture", arch, tuple(ARCHS)),
        ("metalium api", metalium_api, METALIUM_APIS),
        ("fidelity", fidelity, (None, *FIDELITIES)),
    ):
        if value not in known:
            choices = ", ".join(k for k in known if k is not None)
            raise _fail(f"unknown {what} '{value}', expected one of {choices}")

    module = import_tile(source, kernel=kernel, args=args)
    annotate_module(module, layout, schedule)
    planned = None
    if plan is not None:
        from tt_dialect.planned import Plan

        planned = Plan.read(plan)
        planned.check_given(arch, metalium_api, fidelity)
        planned.give(module)
        fidelity = planned.fidelity

    from tt_dialect.emit import emit_program
    from tt_dialect.ir.program import ProgramOp
    from tt_dialect.mlir_text import make_context
    from tt_dialect.passes.pipeline import lower

    check_contract(module, "tile")
    modules: dict[str, ModuleOp] = {}

    def reached(level: str) -> None:
        modules[level] = module if level == "metalium" else module.clone()
        if on_level is not None:
            on_level(level, module)

    reached("tile")
    ctx = make_context()
    levels = lower(
        ctx,
        module,
        arch,
        metalium_api,
        fidelity,
        strategy=strategy,
        double_buffer=double_buffer,
        prefetch=prefetch,
    )
    for level, _ in levels:
        reached(level.lower())
    module.verify()  # tt-verify has held it against the contract of its level
    program = next(op for op in module.walk() if isinstance(op, ProgramOp))
    if planned is not None:
        planned.check_program(program)
    function = next(op for op in modules["tile"].walk() if isinstance(op, FuncOp))
    sources = emit_program(program, function)
    return CompiledKernel(function.sym_name.data, arch, metalium_api, modules, sources)


def import_kernel(
    source: Any,
    *,
    arch: str = "wormhole",
    kernel: str | None = None,
    args: Mapping[str, Any] | None = None,
) -> CompiledKernel:
    """A kernel at TILE level only: it runs with `engine="tile"`, and has no artifacts."""
    module = import_tile(source, kernel=kernel, args=args)
    check_contract(module, "tile")
    function = next(op for op in module.walk() if isinstance(op, FuncOp))
    return CompiledKernel(function.sym_name.data, arch, "", {"tile": module}, {})


def load(
    directory: str | os.PathLike[str], *, plan: str | os.PathLike[str] | None = None
) -> CompiledKernel:
    """
    A kernel from the directory `write` made.

    Its tt.plan.json may have been edited there: its division of work is used, or that of `plan`, a
    file to use in its place (`CompiledKernel.planned` then tells). A plan that is wrong, or is not
    of this kernel, is a `CompileError`.
    """
    from tt_dialect.ir.program import ProgramOp
    from tt_dialect.planned import Plan, replanned

    root = Path(directory)
    if not (root / PLAN_FILE).is_file():
        raise _fail(f"'{root}' is not a compiled kernel: it holds no {PLAN_FILE}")
    given = Plan.read(root / PLAN_FILE if plan is None else plan)
    modules = {
        level: read_mlir(root / IR_DIRECTORY / f"{level}.mlir") for level in ("tile", "metalium")
    }
    programs = [op for op in modules["metalium"].walk() if isinstance(op, ProgramOp)]
    if not programs:
        raise _fail(f"'{root / IR_DIRECTORY / 'metalium.mlir'}' holds no tt.program")
    artifacts = (".cpp", ".h", ".hpp", ".txt", ".json", ".md")
    paths = sorted(p for p in root.rglob("*") if p.is_file() and p.suffix in artifacts)
    sources = {
        p.relative_to(root).as_posix(): _read(str(p))
        for p in paths
        if p.relative_to(root).parts[0] != IR_DIRECTORY
    }
    program = programs[0]
    kernel = CompiledKernel(
        program.sym_name.data, program.arch.data, program.metalium_api.data, modules, sources
    )
    return kernel if plan is None and given.is_of(program) else replanned(kernel, given)
