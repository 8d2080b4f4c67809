"""The command line of `tools/corpus`."""

from __future__ import annotations

import argparse
import fnmatch
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from corpus_lib import examples, table, upstream
from corpus_lib.runner import (
    ARCHS,
    ROOT,
    Row,
    Runner,
    environment,
    example_sources,
    stages_of,
    upstream_sources,
)

ENGINES = {
    "all": ("sim", "native"),
    "sim": ("sim",),
    "native": ("native",),
    "tile": ("tile",),
}


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="corpus", description="Runs kernels through every stage of the compiler."
    )
    flag = parser.add_argument
    flag("command", nargs="?", choices=("run", "save"), default="run", help="default: run")
    flag(
        "--upstream", metavar="DIR", type=Path, help="also run the examples of a TileLang checkout"
    )
    flag(
        "--only", metavar="PATTERN", action="append", help="kernels whose name matches (or has it)"
    )
    flag("--arch", choices=ARCHS, action="append", help="default: both")
    flag("--engine", choices=tuple(ENGINES), default="all", help="what runs the kernels")
    flag("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    flag("--timeout", type=float, default=300, metavar="S", help="seconds for a row (default 300)")
    flag("--json", action="store_true", help="the outcome as JSON on stdout, not as a table")
    flag("--markdown", metavar="FILE", type=Path, help="also write the table to a Markdown file")
    flag(
        "--tilelang-python",
        metavar="PYTHON",
        help="a Python with TileLang (default: this one, or .venv-tilelang)",
    )
    return parser


def matches(name: str, patterns: Sequence[str] | None) -> bool:
    """Whether a name is asked for."""
    return not patterns or any(p in name or fnmatch.fnmatch(name, p) for p in patterns)


def tilelang_python(given: str | None) -> str:
    """A Python that has TileLang; a `SystemExit` if there is none."""
    own = ROOT / ".venv-tilelang" / "bin" / "python"
    if given is not None:
        return given
    if importlib.util.find_spec("tilelang") is not None:
        return sys.executable
    if own.exists():
        return str(own)
    raise SystemExit(
        "corpus: error: TileLang is not installed; "
        "`make .venv-tilelang/.ready` sets it up, --tilelang-python names another Python"
    )


class Progress:
    """One line on a terminal that says what is going on; nothing elsewhere."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.finished = 0
        self.shown = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace the line."""
        if self.shown:
            width = shutil.get_terminal_size().columns - 1
            line = f"[{self.finished}/{self.total}] {text}"[:width]
            print(f"\r{line:<{width}}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line."""
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def version_of(checkout: Path) -> str:
    """The commit of a checkout, or its version."""
    done = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--show-toplevel", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.split()
    if done.returncode == 0 and Path(lines[0]) == checkout.resolve():
        return lines[1][:12]
    version = checkout / "VERSION"
    return version.read_text().strip() if version.is_file() else "unknown version"


def save(python: str) -> int:
    """Saves every example as TIR: TileLang's with `python`, those of apache-tvm with this one."""
    script = (
        "import sys, pathlib, save_tir as s\n"
        "for name in sys.argv[2:]:\n"
        "    file = pathlib.Path(sys.argv[1]) / f'{name}.py'\n"
        "    module = s.load(file)\n"
        "    s.save(s.prim_func(getattr(module, name), {}), file.with_suffix('.tir.json'))\n"
    )
    ours = [c.name for c in examples.CASES if c.name not in (*examples.APACHE, "gemm")]
    code = 0
    for interpreter, names in ((python, ours), (sys.executable, examples.APACHE)):
        command = [interpreter, "-c", script, str(ROOT / "examples"), *names]
        code |= subprocess.run(command, env=environment(), check=False).returncode
    return code


def run(options: argparse.Namespace) -> int:
    """Runs what is asked for and shows the outcome."""
    engines = ENGINES[options.engine]
    stages = stages_of(engines)
    archs = ("",) if engines == ("tile",) else tuple(options.arch or ARCHS)
    ours = [c for c in examples.CASES if matches(c.name, options.only)]
    checkout: Path | None = options.upstream
    if checkout is not None and not (checkout / "examples").is_dir():
        raise SystemExit(f"corpus: error: '{checkout}' is no TileLang checkout")
    theirs = [c for c in upstream.CASES if checkout and matches(c.name, options.only)]
    rows = [Row(case, arch, stages) for case in (*ours, *theirs) for arch in archs]
    if not rows:
        raise SystemExit(f"corpus: error: no kernel matches {', '.join(options.only)}")
    progress = Progress(len(rows))
    with tempfile.TemporaryDirectory(prefix="corpus-") as directory:
        sources = example_sources(ours)
        if checkout is not None and theirs:
            sources |= upstream_sources(
                theirs,
                checkout.resolve(),
                tilelang_python(options.tilelang_python),
                Path(directory),
                options.jobs,
                lambda name: progress.show(f"{name}: tracing"),
            )
        runner = Runner(
            engines,
            options.timeout,
            lambda row, stage: progress.show(f"{row.title}: {stage}"),
        )
        for row in runner.run(rows, sources, options.jobs):
            progress.finished += 1
            progress.show(f"{row.title}: {'ok' if row.ok else 'failed'}")
    progress.clear()
    if options.json:
        print(json.dumps({"rows": [row.to_json() for row in rows]}, indent=1))
    else:
        print(table.text_table(rows, stages), end="")
    if options.markdown is not None:
        sections = [("Examples", [r for r in rows if r.case.upstream is None])]
        if checkout is not None and theirs:
            title = f"TileLang's examples, unchanged ({version_of(checkout)})"
            sections.append((title, [r for r in rows if r.case.upstream is not None]))
        command = "tools/corpus" + (" --upstream DIR" if theirs else "")
        options.markdown.write_text(table.markdown(sections, stages, command), encoding="utf-8")
    return int(any(not row.ok and row.case.known is None for row in rows))


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point; gives the exit code."""
    options = make_parser().parse_args(argv)
    if options.jobs < 1:
        raise SystemExit("corpus: error: -j needs at least one process")
    try:
        if options.command == "save":
            return save(tilelang_python(options.tilelang_python))
        return run(options)
    except KeyboardInterrupt:
        return 130
