"""
`tt-opt`: everything `xdsl-opt` offers, for our dialect, with the manners of `mlir-opt`.

    tt-opt gemm.mlir --pass-pipeline='builtin.module(tt-lower{arch=blackhole})' -t metalium-host

Errors are `file:line:col: error: ..` on stderr with exit code 1; dumps and timing go to stderr, so
that stdout is always the result.
"""

from __future__ import annotations

import argparse
import dataclasses
import fnmatch
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.universe import Universe
from xdsl.utils.exceptions import ParseError, ShrinkException
from xdsl.xdsl_opt_main import xDSLOptMain

from tt_dialect._version import __version__
from tt_dialect.cli.arguments import usage_error
from tt_dialect.cli.errors import diagnostics_of, is_user_error, with_path
from tt_dialect.cli.pass_pipeline import describe_passes, read_pipeline
from tt_dialect.diagnostics import CompileError, Diagnostic, Location
from tt_dialect.mlir_text import ModuleParser, print_module, register_dialects, verify
from tt_dialect.universe import UNIVERSE


class Timing:
    """Wall time by name, in the order the names first appear."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Generator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - start)

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def report(self) -> str:
        rule = "===" + "-" * 73 + "==="
        total = sum(self.seconds.values())
        lines = [rule, " " * 25 + "... Execution time report ...", rule]
        lines += [f"  Total Execution Time: {total:.4f} seconds", ""]
        lines += ["  ----Wall Time----  ----Name----"]
        for name, seconds in [*self.seconds.items(), ("Total", total)]:
            share = 100 * seconds / total if total else 0.0
            lines.append(f"  {seconds:8.4f} ({share:5.1f}%)  {name}")
        return "\n".join(lines)


def expand(one: ModulePass) -> list[ModulePass]:
    """The steps of `tt-lower`, so that each is seen by dumps, timing and contracts."""
    if one.name != "tt-lower":
        return [one]
    from tt_dialect.passes.pipeline import LowerPass, lower_passes

    assert isinstance(one, LowerPass)
    groups = lower_passes(one.arch, one.metalium_api, one.fidelity)
    return [step for _, steps in groups for step in steps]


class TTOptMain(xDSLOptMain):
    """xDSL's tool with our pipeline text, parser, printer and errors."""

    version_format = f"tt-opt {__version__} (xDSL {{xdsl_version}})"

    def __init__(self, args: Sequence[str] | None = None):
        self.timing = Timing()
        self._line_offset = 0
        self._pass_started = 0.0
        self._running: ModulePass | None = None
        super().__init__("The tt_dialect optimizer driver", args)

    @cached_property
    def universe(self) -> Universe:
        """All installed universes, ours even from a checkout that is not installed."""
        found = Universe.get_multiverse()
        return Universe(
            all_dialects=found.all_dialects | UNIVERSE.all_dialects,
            all_passes=found.all_passes | UNIVERSE.all_passes,
            all_targets=found.all_targets | UNIVERSE.all_targets,
        )

    # --------------------------------------------------------------------- registration

    def register_all_dialects(self) -> None:
        register_dialects(self.ctx, self.universe.all_dialects)

    def register_all_frontends(self) -> None:
        def parse_mlir(io: IO[bytes]) -> ModuleOp:
            parser = ModuleParser(self.ctx, io.read(), self.get_input_name(), self._line_offset)
            return parser.parse_module(not self.args.no_implicit_module)

        self.available_frontends["mlir"] = parse_mlir

    def register_all_passes(self) -> None:
        for name, factory in self.universe.all_passes.items():
            self.register_pass(name, factory)

    def register_all_targets(self) -> None:
        self.available_targets.update(self.universe.all_targets)

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.prog = "tt-opt"
        arg_parser.error = partial(usage_error, arg_parser)
        flag = arg_parser.add_argument
        flag(
            "--pass-pipeline",
            metavar="PIPELINE",
            help="passes as mlir-opt takes them: 'builtin.module(a, func.func(b), c{opt=1 flag})'",
        )
        flag(
            "--list-passes",
            metavar="GLOB",
            nargs="?",
            const="tt-*",
            help="list passes with their options, types and defaults (default: ours) and exit",
        )
        flag(
            "--verify-levels",
            action="store_true",
            help="check the contract of the level each pass takes and gives",
        )
        for when, what in (
            ("before-all", "before every pass"),
            ("after-all", "after every pass"),
            ("after-failure", "when a pass fails"),
        ):
            flag(
                f"--mlir-print-ir-{when}",
                f"--print-ir-{when}",
                dest=f"print_ir_{when.replace('-', '_')}",
                action="store_true",
                help=f"print the module {what} to stderr",
            )
        flag(
            "--mlir-timing",
            "--timing",
            dest="timing",
            action="store_true",
            help="print the time of parsing, each pass, verifying and printing to stderr",
        )
        flag("--debug", action="store_true", help="show the Python traceback of an error")

    # ------------------------------------------------------------------------- pipeline

    def setup_pipeline(self) -> None:
        args = self.args
        if args.passes and args.pass_pipeline is not None:
            raise CompileError(Diagnostic("-p and --pass-pipeline exclude each other"))
        text, source = (
            (args.passes, "--passes")
            if args.pass_pipeline is None
            else (args.pass_pipeline, "--pass-pipeline")
        )
        if args.list_passes is not None:
            return
        passes = read_pipeline(text, self.available_passes, source=source)
        if args.verify_levels or args.timing or args.print_ir_after_all or args.print_ir_before_all:
            passes = tuple(step for one in passes for step in expand(one))
        self.pipeline = PassPipeline(passes, self.between_passes)

    def between_passes(
        self, previous: ModulePass | None, module: ModuleOp, following: ModulePass | None
    ) -> None:
        """Verification, contracts, dumps and timing around every pass."""
        args = self.args
        if previous is not None:
            self.timing.add(previous.name, time.perf_counter() - self._pass_started)
        if not args.disable_verify:
            with self.timing.measure("(verify)"):
                if previous is None:
                    verify(module)
                else:
                    module.verify()
        if args.verify_levels:
            with self.timing.measure("(verify levels)"):
                self.check_levels(previous, module, following)
        after_each = args.print_ir_after_all or args.print_between_passes
        if previous is not None and after_each:
            self.dump(f"After {previous.name}", module)
        if following is not None and args.print_ir_before_all:
            self.dump(f"Before {following.name}", module)
        self._running = following
        self._pass_started = time.perf_counter()

    def check_levels(
        self, previous: ModulePass | None, module: ModuleOp, following: ModulePass | None
    ) -> None:
        """Raises what breaks the level `previous` gives or `following` takes."""
        from tt_dialect.levels import check_level

        for owner, verb in ((previous, "gives"), (following, "takes")):
            level = getattr(owner, verb, None)
            if owner is None or level is None:
                continue
            broken = check_level(module, level)
            if broken:
                note = f"pass '{owner.name}' {verb} level {level}"
                raise CompileError(
                    *(dataclasses.replace(d, notes=(*d.notes, note)) for d in broken)
                )

    def dump(self, title: str, module: ModuleOp) -> None:
        generic = self.args.print_op_generic
        print(f"// -----// IR Dump {title} //----- //", file=sys.stderr)
        print(print_module(module, generic=generic), file=sys.stderr)

    # ---------------------------------------------------------------------- input, output

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        self._line_offset = start_offset
        try:
            with self.timing.measure("(parse)"):
                return super().parse_chunk(chunk, file_extension, start_offset)
        except ParseError as error:
            error.span = dataclasses.replace(error.span, line_offset=start_offset)
            raise

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        try:
            return super().prepare_input()
        except ValueError as error:
            known = ", ".join(f".{name}" for name in self.available_frontends)
            raise CompileError(
                Diagnostic(
                    f"cannot tell the language of '{self.get_input_name()}' from its name",
                    notes=(f"known extensions: {known}; or name the language with -f",),
                )
            ) from error

    def output_resulting_program(self, prog: ModuleOp) -> str:
        args = self.args
        with self.timing.measure("(print)"):
            if args.target != "mlir" or args.syntax_highlight or args.print_no_properties:
                return super().output_resulting_program(prog)
            return print_module(prog, generic=args.print_op_generic, locations=args.print_debuginfo)

    # ------------------------------------------------------------------------------- run

    def execute(self) -> int:
        """Processes the input; returns the exit code."""
        if self.args.list_passes is not None:
            names = fnmatch.filter(self.available_passes, self.args.list_passes)
            print(describe_passes(self.available_passes, names))
            return 0
        chunks, extension = self.prepare_input()
        results: list[str] = []
        failed = False
        for chunk, offset in chunks:
            module: ModuleOp | None = None
            self._running = None
            try:
                with chunk:
                    module = self.parse_chunk(chunk, extension, offset)
                if module is not None:
                    self.apply_passes(module)
                    results.append(self.output_resulting_program(module))
            except ShrinkException:
                print("Success, can shrink")
                return 0
            except BaseException as error:
                expected = self.args.verify_diagnostics or (
                    self.args.parsing_diagnostics and isinstance(error, ParseError)
                )
                if self.args.debug or not (is_user_error(error) or isinstance(error, Exception)):
                    raise
                report = self.report(error, module)
                if expected and is_user_error(error):
                    results.append(report)
                    continue
                failed = True
                print(report, end="", file=sys.stderr)
        if self.args.shrink:
            print("Failure, can't shrink")
            return 1
        if not failed or results:
            self.write("// -----\n".join(results), failed)
        if self.args.timing or self.args.time_passes:
            print(self.timing.report(), file=sys.stderr)
        return 1 if failed else 0

    def report(self, error: BaseException, module: ModuleOp | None) -> str:
        """The text of an error, with the pass it happened in."""
        found = diagnostics_of(error, module=module, source=self.get_input_name())
        if self._running is not None and not isinstance(error, (CompileError, ParseError)):
            note = f"in pass '{self._running.name}'"
            found = tuple(dataclasses.replace(d, notes=(*d.notes, note)) for d in found)
        if module is not None:
            start = Location(self.get_input_name(), self._line_offset + 1)
            found = tuple(
                d if d.location is not None else dataclasses.replace(d, location=start)
                for d in found
            )
        if module is not None and self.args.print_ir_after_failure and self._running is not None:
            self.dump(f"After {self._running.name} Failed", module)
        return "".join(f"{with_path(d, self.args.input_file)}\n" for d in found)

    def write(self, text: str, failed: bool) -> None:
        """Writes the result; a file is left alone when anything failed."""
        if self.args.output_file in (None, "-"):
            sys.stdout.write(text)
            sys.stdout.flush()
        elif not failed:
            with open(self.args.output_file, "w", encoding="utf-8") as file:
                file.write(text)

    def run(self) -> None:
        code = self.execute()
        if code:
            sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        return TTOptMain(arguments).execute()
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    except SystemExit:
        raise
    except BaseException as error:
        if "--debug" in arguments:
            raise
        for diagnostic in diagnostics_of(error):
            print(
                f"tt-opt: {diagnostic}" if diagnostic.location is None else diagnostic,
                file=sys.stderr,
            )
        return 1


if __name__ == "__main__":
    sys.exit(main())
