"""
`ttc`: compiles TileLang kernels to TT-Metalium C++ and runs them on simulated cores.

    ttc compile examples/gemm.tir.json -o build/gemm
    ttc run build/gemm --check --stats stats.json
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tt_dialect._version import __version__
from tt_dialect.cli.arguments import ArgumentParser
from tt_dialect.diagnostics import CompileError, Diagnostic

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from tt_dialect.api import CompiledKernel
    from tt_dialect.planned import Plan
    from tt_dialect.tensors import Array


def key_value(text: str) -> tuple[str, str]:
    """`NAME=VALUE`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got '{text}'")
    return key, value


def literal(text: str) -> Any:
    """A Python literal (`128`, `True`, `(8, 8)`, `'x'`), else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


COMPILING = ("arch", "metalium_api", "fidelity", "kernel", "arg", "layout", "schedule", "dump_ir")
"""The options that say how to compile: none of them has a default here, the library has them."""


def make_parser() -> ArgumentParser:
    """The command line."""
    parser = ArgumentParser(
        prog="ttc", description="TileLang kernels to TT-Metalium C++, compiled and run."
    )
    parser.add_argument("--version", action="version", version=f"ttc {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    compiling = ArgumentParser(add_help=False)
    flag = compiling.add_argument
    flag("--arch", help="wormhole (default), blackhole or grayskull")
    flag("--metalium-api", help="API generation of the output: v2 (default) or v1")
    flag("--fidelity", help="LoFi, HiFi2, HiFi3 or HiFi4 (default: the best that is correct)")
    flag("--kernel", help="which kernel, when the source holds several")
    flag(
        "--arg",
        metavar="K=V",
        action="append",
        type=key_value,
        help="an argument of the function that makes the kernel (repeatable)",
    )
    flag("--layout", metavar="FILE.json", help="where tensors live, over what the source says")
    flag("--schedule", metavar="FILE.json", help="how work is divided, over what the source says")
    flag(
        "--plan",
        metavar="FILE.json",
        help="a tt.plan.json, perhaps edited: its division of work is used",
    )
    flag("--dump-ir", metavar="DIR", help="write the program at each level to DIR")
    flag("--json", action="store_true", help="machine-readable result, errors included, on stdout")
    flag("--debug", action="store_true", help="show the Python traceback of an error")

    compile_ = commands.add_parser(
        "compile", parents=[compiling], help="write kernels, host program and plan"
    )
    compile_.add_argument("source", metavar="SRC", help="a .tir.json, .mlir or .py file")
    compile_.add_argument("-o", "--output", metavar="DIR", help="default: build/<kernel>")

    run = commands.add_parser("run", parents=[compiling], help="run a kernel on simulated cores")
    run.add_argument("source", metavar="SRC|DIR", help="as for compile, or what compile wrote")
    flag = run.add_argument
    flag(
        "--input",
        metavar="NAME=FILE.npy",
        action="append",
        type=key_value,
        default=[],
        help="an input tensor, or NAME=NUMBER for a scalar (repeatable; the others are random)",
    )
    flag("--seed", type=int, default=0, help="interleaving of the simulated threads (default 0)")
    flag("--input-seed", type=int, default=0, help="seed of the random inputs (default 0)")
    flag("--out-dir", metavar="DIR", help="write each output tensor to DIR/NAME.npy")
    flag(
        "--engine",
        choices=("sim", "native", "tile"),
        default="sim",
        help="METALIUM on simulated cores (default), the emitted C++, or TILE",
    )
    flag("--check", action="store_true", help="compare with the TILE program in float64")
    flag("--stats", metavar="FILE.json", help="write the simulation's statistics")

    check = commands.add_parser(
        "plan-check", help="check a tt.plan.json: schema, coverage, overlap, bounds"
    )
    check.add_argument("source", metavar="FILE", help="a tt.plan.json, or what compile wrote")
    flag = check.add_argument
    flag("--json", action="store_true", help="machine-readable result, errors included, on stdout")
    flag("--debug", action="store_true", help="show the Python traceback of an error")
    return parser


def progress(message: str) -> None:
    """One line on stderr."""
    print(f"ttc: {message}", file=sys.stderr, flush=True)


def level_writer(directory: str | None) -> Callable[[str, ModuleOp], None] | None:
    """Writes each level to DIR/<level>.mlir as soon as it is reached."""
    if directory is None:
        return None
    from tt_dialect.mlir_text import print_module

    root = Path(directory)
    root.mkdir(parents=True, exist_ok=True)

    def write(level: str, module: ModuleOp) -> None:
        text = print_module(module, locations=True)
        (root / f"{level}.mlir").write_text(text, encoding="utf-8")

    return write


def compiled(args: argparse.Namespace, reached: list[str] | None = None) -> CompiledKernel:
    """The kernel of `args.source`, compiled now; the levels it reaches are added to `reached`."""
    from tt_dialect.api import compile

    write = level_writer(args.dump_ir)

    def on_level(level: str, module: ModuleOp) -> None:
        if reached is not None:
            reached.append(level)
        if write is not None:
            write(level, module)

    given = {
        name: value
        for name in ("arch", "metalium_api", "fidelity", "kernel", "layout", "schedule", "plan")
        if (value := getattr(args, name)) is not None
    }
    if args.plan is not None:
        stated = read_plan(args.plan).content
        given = {"arch": stated["arch"], "metalium_api": stated["metalium_api"]} | given
    return compile(args.source, args=arguments_of(args), on_level=on_level, **given)


def read_plan(path: str) -> Plan:
    """The plan in a file; warnings go to stderr."""
    from tt_dialect.planned import Plan

    plan = Plan.read(path)
    tell_warnings(plan)
    return plan


def tell_warnings(plan: Plan) -> None:
    """What is odd about a plan, on stderr."""
    for warning in plan.warnings:
        print(warning, file=sys.stderr)


def arguments_of(args: argparse.Namespace) -> dict[str, Any]:
    """What `--arg` gives."""
    return {key: literal(value) for key, value in args.arg or ()}


def runnable(args: argparse.Namespace) -> CompiledKernel:
    """The kernel compiled, or for `--engine tile` as it is imported if it cannot be lowered."""
    from tt_dialect.api import import_kernel

    reached: list[str] = []
    try:
        return compiled(args, reached)
    except CompileError as error:
        if args.engine != "tile" or not reached:
            raise
        given = {"arch": args.arch} if args.arch is not None else {}
        kernel = import_kernel(args.source, kernel=args.kernel, args=arguments_of(args), **given)
        if not args.json:
            progress(f"{kernel.name} runs at level TILE only: {error.diagnostics[0].message}")
        return kernel


def loaded(args: argparse.Namespace) -> CompiledKernel:
    """The kernel in the directory `args.source`, which is compiled already."""
    from tt_dialect.api import load

    for name in COMPILING:
        if getattr(args, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise CompileError(
                Diagnostic(
                    f"{option} cannot be used with '{args.source}', which is compiled already",
                    notes=(f"give {option} to 'ttc compile', or run the kernel's source file",),
                )
            )
    kernel = load(args.source, plan=args.plan)
    if kernel.planned is not None:
        tell_warnings(kernel.planned)
        if not args.json:
            progress(f"the work is divided as {kernel.planned.path} says")
    return kernel


def describe(kernel: CompiledKernel) -> dict[str, Any]:
    """What `--json` says of a kernel."""
    return {
        "kernel": kernel.name,
        "arch": kernel.arch,
        "metalium_api": kernel.metalium_api,
        "tensors": [
            {
                "name": t.name,
                "shape": list(t.shape),
                "dtype": t.dtype.name,
                "read": t.is_read,
                "written": t.is_written,
            }
            for t in kernel.tensors
        ],
    }


def do_compile(args: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """`ttc compile`."""
    if args.output == "":
        raise CompileError(Diagnostic("-o needs the name of a directory, got ''"))
    start = time.perf_counter()
    kernel = compiled(args)
    directory = args.output if args.output is not None else f"build/{kernel.name}"
    files = kernel.write(directory)
    seconds = time.perf_counter() - start
    if not args.json:
        progress(f"{kernel.name} for {kernel.arch}: compiled in {seconds:.2f} s")
        for file in files:
            print(os.path.join(directory, file))
    return 0, describe(kernel) | {"directory": directory, "files": files, "seconds": seconds}


def gather_inputs(args: argparse.Namespace, kernel: CompiledKernel) -> list[Array]:
    """The inputs from files, the rest random."""
    from tt_dialect.cli.pass_pipeline import suggest
    from tt_dialect.tensors import bind, default_inputs, load_array

    read = [tensor for tensor in kernel.tensors if tensor.is_read]
    arrays = dict(
        zip((t.name for t in read), default_inputs(kernel.tensors, args.input_seed), strict=True)
    )
    by_name = {tensor.name: tensor for tensor in read}
    for name, path in args.input:
        if name not in by_name:
            known = ", ".join(map(str, read))
            raise CompileError(
                Diagnostic(
                    f"the kernel reads no tensor '{name}'",
                    notes=(*suggest(name, by_name), f"it reads {known}"),
                )
            )
        number = None if by_name[name].shape else literal(path)
        if isinstance(number, int | float):
            (arrays[name],) = bind([by_name[name]], [number])
        else:
            arrays[name] = load_array(path, by_name[name])
    return bind(kernel.tensors, list(arrays.values()))


def do_run(args: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """`ttc run`."""
    import numpy as np

    if args.stats is not None and args.engine == "tile":
        raise CompileError(Diagnostic("--stats needs --engine sim or native: tile has none"))
    is_directory = os.path.isdir(args.source)
    start = time.perf_counter()
    kernel = loaded(args) if is_directory else runnable(args)
    tensors = kernel.tensors
    if not args.json:
        verb = "loaded" if is_directory else "compiled"
        progress(f"{kernel.name} for {kernel.arch}: {verb} in {time.perf_counter() - start:.2f} s")
        reads = ", ".join(str(t) for t in tensors if t.is_read)
        writes = ", ".join(str(t) for t in tensors if t.is_written)
        progress(f"reads {reads}; writes {writes}")
    inputs = gather_inputs(args, kernel)
    if not args.json:
        if args.engine == "tile":
            progress("evaluating TILE ...")
        else:
            cores = len(kernel.program.partition.core_ranges.cores())
            progress(f"simulating {cores} cores ...")
    start = time.perf_counter()
    outputs = kernel.execute(inputs, engine=args.engine, seed=args.seed)
    seconds = time.perf_counter() - start
    result = describe(kernel) | {"engine": args.engine, "seconds": seconds}
    if not args.json:
        progress(f"ran in {seconds:.2f} s")

    if args.out_dir is not None:
        root = Path(args.out_dir)
        root.mkdir(parents=True, exist_ok=True)
        for tensor, array in zip((t for t in tensors if t.is_written), outputs, strict=True):
            np.save(root / f"{tensor.name}.npy", array)
    stats = kernel.stats.as_dict() if kernel.stats is not None else None
    if stats is not None:
        result["stats"] = stats
        if not args.json:
            print_totals(stats)
    if args.stats is not None:
        path = Path(args.stats)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(stats, indent=1) + "\n", encoding="utf-8")
    code = 0
    if args.check:
        checks = kernel.check(inputs, outputs)
        code = 0 if all(check.ok for check in checks) else 1
        result["checks"] = [check.to_json() for check in checks]
        if not args.json:
            for check in checks:
                print(f"check {check}")
    return code, result


def do_plan_check(args: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """`ttc plan-check`."""
    from tt_dialect.api import PLAN_FILE

    path = os.path.join(args.source, PLAN_FILE) if os.path.isdir(args.source) else args.source
    plan = read_plan(path)
    rows = plan.partition.ids()
    blocks = sum(count for _, _, count in rows)
    if not args.json:
        print(f"{path}: {blocks} blocks on {len(rows)} cores, each once")
    return 0, {
        "plan": path,
        "kernel": plan.content["kernel"],
        "blocks": blocks,
        "cores": len(rows),
        "warnings": [warning.to_json() for warning in plan.warnings],
    }


def print_totals(stats: dict[str, Any]) -> None:
    """The totals of a simulation, one line each."""
    for key, value in stats["total"].items():
        if isinstance(value, int | float):
            print(f"{key.replace('_', ' ')}: {value:,}")


COMMANDS: dict[str, Callable[[argparse.Namespace], tuple[int, dict[str, Any]]]] = {
    "compile": do_compile,
    "run": do_run,
    "plan-check": do_plan_check,
}


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    as_json, debug, source = "--json" in arguments, "--debug" in arguments, None
    try:
        args = make_parser().parse_args(arguments)
        as_json, debug, source = args.json, args.debug, args.source
        code, result = COMMANDS[args.command](args)
        if as_json:
            print(json.dumps({"ok": code == 0, **result}, indent=1))
        return code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    except BaseException as error:
        if debug or isinstance(error, SystemExit):
            raise
        from tt_dialect.cli.errors import diagnostics_of, with_path

        found = [with_path(d, source) for d in diagnostics_of(error)]
        if as_json:
            print(json.dumps({"ok": False, "diagnostics": [d.to_json() for d in found]}, indent=1))
        for diagnostic in found:
            text = str(diagnostic)
            print(text if diagnostic.location else f"ttc: {text}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
