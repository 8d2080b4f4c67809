"""Runs cases in processes of their own, several at a time, each with a time limit."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus_lib.cases import Case

TOOLS = Path(__file__).resolve().parents[1]
ROOT = TOOLS.parent
ARCHS = ("wormhole", "blackhole")
COMPILING = ("imports", "lowers", "verifies")


@dataclass
class Row:
    """One kernel on one architecture."""

    case: Case
    arch: str
    """Empty for level TILE, which has none."""
    stages: tuple[str, ...]
    """What is asked of it, in order."""
    done: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """What is known of each finished stage: `ok`, and `message` or figures."""

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.case.name} for {self.arch}" if self.arch else self.case.name

    @property
    def ok(self) -> bool:
        """Whether every stage was reached and went well."""
        return all(self.done.get(stage, {}).get("ok", False) for stage in self.stages)

    @property
    def failure(self) -> tuple[str, str] | None:
        """The first stage that failed, and its diagnostic."""
        for stage in self.stages:
            if stage in self.done and not self.done[stage]["ok"]:
                return stage, str(self.done[stage]["message"])
        return None

    def figure(self, stage: str, name: str) -> Any:
        """A figure of a stage, None if there is none."""
        return self.done.get(stage, {}).get(name)

    def to_json(self) -> dict[str, Any]:
        """The row for `--json`."""
        return {
            "kernel": self.case.name,
            "arch": self.arch,
            "ok": self.ok,
            "expected": self.case.known is None,
            "known": self.case.known,
            "limit": self.case.limit,
            "stages": {stage: self.done.get(stage) for stage in self.stages},
        }


Report = Callable[[Row, str], None]
"""Called with a row and the stage that it begins."""


def stages_of(engines: Sequence[str]) -> tuple[str, ...]:
    """The stages of a run: TILE is reached by importing alone."""
    return ("imports", "tile") if engines == ("tile",) else (*COMPILING, *engines)


class Runner:
    """What all cases of a run share."""

    def __init__(self, engines: tuple[str, ...], timeout: float, report: Report) -> None:
        self.engines = engines
        self.timeout = timeout
        self.report = report

    def run(self, rows: Sequence[Row], sources: dict[str, Path | str], jobs: int) -> Iterator[Row]:
        """Fills rows, `jobs` at a time, and gives each when it is finished.

        `sources` has the saved kernel of each case, or why there is none.
        """
        with ThreadPoolExecutor(jobs) as pool:
            futures = {pool.submit(self.fill, row, sources[row.case.name]): row for row in rows}
            try:
                for future in as_completed(futures):
                    future.result()
                    yield futures[future]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in tuple(_RUNNING):
                    stop(process)
                raise

    def fill(self, row: Row, source: Path | str) -> None:
        """One row."""
        if isinstance(source, str):
            row.done["imports"] = {"ok": False, "message": source}
            return
        command = ["-m", "corpus_lib.worker", row.case.name, str(source), row.arch, *self.engines]
        current = ["imports"]

        def read(line: str) -> None:
            event = json.loads(line)
            stage = event.pop("stage")
            if event.get("started"):
                current[0] = stage
                self.report(row, stage)
            else:
                row.done[stage] = event

        code, errors = stream([sys.executable, *command], read, self.timeout)
        stage = current[0]
        if code is None:
            row.done[stage] = {"ok": False, "message": f"stopped after {self.timeout:g} s"}
        elif code != 0 and stage not in row.done:
            last = errors.strip().rpartition("\n")[2]
            row.done[stage] = {"ok": False, "message": f"ended with code {code}: {last}"}


_RUNNING: set[subprocess.Popen[str]] = set()
"""Processes that have not ended; each leads a process group of its own."""


def stop(process: subprocess.Popen[str]) -> None:
    """Ends a process with everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    """The environment of a process that finds this package and the project's."""
    paths = [str(TOOLS), str(ROOT)]
    if "PYTHONPATH" in os.environ:
        paths.append(os.environ["PYTHONPATH"])
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def stream(
    command: list[str], read: Callable[[str], None], timeout: float
) -> tuple[int | None, str]:
    """Runs a command and hands on its lines; its exit code, None if it took too long, and stderr.

    It leads a process group of its own, so that what it starts (compilers) ends with it.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors: list[str] = []
    late = threading.Event()

    def expire() -> None:
        late.set()
        stop(process)

    drain = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
    timer = threading.Timer(timeout, expire)
    _RUNNING.add(process)
    drain.start()
    timer.start()
    try:
        for line in process.stdout:
            read(line)
        code = process.wait()
    except BaseException:
        stop(process)
        process.wait()
        raise
    finally:
        timer.cancel()
        _RUNNING.discard(process)
    drain.join(1)
    return (None if late.is_set() else code), "".join(errors)


def example_sources(cases: Sequence[Case]) -> dict[str, Path | str]:
    """The saved kernels of the examples."""
    found: dict[str, Path | str] = {}
    for case in cases:
        path = ROOT / "examples" / f"{case.name}.tir.json"
        missing = f"{path.name} is not there; `tools/corpus save` makes it"
        found[case.name] = path if path.is_file() else missing
    return found


def upstream_sources(
    cases: Sequence[Case],
    checkout: Path,
    python: str,
    directory: Path,
    jobs: int,
    begin: Callable[[str], None],
) -> dict[str, Path | str]:
    """Saves kernels of a TileLang checkout to `directory`; what fails gives its message instead."""

    def save(case: Case) -> Path | str:
        begin(case.name)
        target = directory / f"{case.name.replace('/', '-')}.tir.json"
        command = [python, "-m", "corpus_lib.trace", str(checkout), case.name, str(target)]
        code, errors = stream(command, lambda _: None, 300)
        if code == 0:
            return target
        return errors.strip().rpartition("\n")[2] or f"tracing ended with code {code}"

    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip((c.name for c in cases), pool.map(save, cases), strict=True))
