"""Takes one kernel through every stage for one architecture, in a process of its own.

    python -m corpus_lib.worker CASE SOURCE ARCH ENGINE...

Each finished stage is a line of JSON on stdout as soon as it is finished, so that what a killed
worker did before is known. Anything else that writes to stdout goes to stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from corpus_lib import examples, upstream
from corpus_lib.cases import Array, Case
from tt_dialect import api
from tt_dialect.cli.errors import diagnostics_of, is_user_error
from tt_dialect.mlir_text import make_context
from tt_dialect.passes.pipeline import lower_passes
from tt_dialect.passes.raise_loops import RaisePass
from tt_dialect.tensors import bind, compare

Emit = Callable[[dict[str, Any]], None]


def find(name: str) -> Case:
    """The case of a name."""
    return next(case for case in (*examples.CASES, *upstream.CASES) if case.name == name)


def message_of(error: BaseException) -> str:
    """The first line of what a user would be told; a defect of ours with the place it is at."""
    diagnostic = diagnostics_of(error)[0]
    place = f"{diagnostic.location}: " if diagnostic.location is not None else ""
    text = f"{place}{diagnostic.message}".partition("\n")[0]
    if is_user_error(error):
        return text
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({Path(last.filename).name}:{last.lineno})"


def is_verifier(error: BaseException) -> bool:
    """Whether an exception comes from `tt-verify` or a level's contract."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    return any(f.endswith(("passes/verify.py", "tt_dialect/levels.py")) for f in files)


def same_bits(a: Array, b: Array) -> bool:
    """Equality of shape, type and every bit."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def raised(source: str | os.PathLike[str]) -> api.CompiledKernel:
    """A kernel at level TILE after `tt-raise`."""
    module = api.import_tile(source)
    RaisePass().apply(make_context(), module)
    return api.import_kernel(module)


class Worker:
    """The stages of one kernel."""

    def __init__(self, case: Case, source: str, arch: str, emit: Emit) -> None:
        self.case = case
        self.source = source
        self.arch = arch
        self.emit = emit

    def passed(self, stage: str, **figures: object) -> None:
        """Report a stage that went well."""
        self.emit({"stage": stage, "ok": True, **figures})

    def failed(self, stage: str, message: str, **figures: object) -> None:
        """Report a stage that did not."""
        self.emit({"stage": stage, "ok": False, "message": message, **figures})

    def run(self, engines: list[str]) -> None:
        """All stages, up to the first that the next ones cannot do without."""
        kernel = self.imported() if engines == ["tile"] else self.compiled()
        if kernel is None:
            return
        read = [(t.name, t.shape, t.dtype) for t in kernel.tensors if t.is_read]
        inputs = self.case.inputs(read)
        outputs: dict[str, list[Array]] = {}
        for engine in engines:
            self.emit({"stage": engine, "started": True})
            try:
                start = time.perf_counter()
                outputs[engine] = kernel.execute(bind(kernel.tensors, inputs), engine=engine)  # pyright: ignore[reportArgumentType]
                seconds = time.perf_counter() - start
                if engine == "native" and "sim" in outputs:
                    self.equal(kernel, outputs["sim"], outputs["native"], seconds)
                else:
                    self.close(kernel, engine, inputs, outputs[engine], seconds)
            except Exception as error:
                self.failed(engine, message_of(error))

    def imported(self) -> api.CompiledKernel | None:
        """The kernel at level TILE, raised: loops over single elements take minutes to run."""
        self.emit({"stage": "imports", "started": True})
        try:
            kernel = raised(self.source)
        except Exception as error:
            self.failed("imports", message_of(error))
            return None
        self.passed("imports")
        return kernel

    def compiled(self) -> api.CompiledKernel | None:
        """The kernel at level METALIUM, with artifacts; every level's contract is checked."""
        reached: list[str] = []

        def on_level(level: str, _module: object) -> None:
            if not reached:
                self.passed("imports")
                self.emit({"stage": "lowers", "started": True})
            reached.append(level)

        self.emit({"stage": "imports", "started": True})
        start = time.perf_counter()
        try:
            kernel = api.compile(self.source, arch=self.arch, on_level=on_level)
        except Exception as error:
            if reached and is_verifier(error):
                self.passed("lowers")
                self.failed("verifies", message_of(error))
            else:
                self.failed("lowers" if reached else "imports", message_of(error))
            return None
        seconds = time.perf_counter() - start
        operations = sum(1 for _ in kernel.program.walk())
        self.passed("lowers", seconds=seconds, operations=operations)
        self.emit({"stage": "verifies", "started": True})
        try:
            for level in reached:
                api.check_contract(kernel.modules[level], level)
        except Exception as error:
            self.failed("verifies", message_of(error))
            return None
        self.passed("verifies")
        return kernel

    def close(
        self,
        kernel: api.CompiledKernel,
        engine: str,
        inputs: list[Array],
        outputs: list[Array],
        seconds: float,
    ) -> None:
        """Compares with NumPy in float64."""
        expected = self.case.reference(*(x.astype(np.float64) for x in inputs))
        wanted = list(expected) if isinstance(expected, tuple) else [expected]
        written = [t for t in kernel.tensors if t.is_written]
        shapes = [t.shape for t in written], [x.shape for x in wanted]
        if shapes[0] != shapes[1]:
            self.failed(engine, f"the kernel writes {shapes[0]}, the reference gives {shapes[1]}")
            return
        found = compare(kernel.tensors, outputs, wanted)
        worst = max(found, key=lambda c: c.error)
        wrong = next((c for c in found if not c.error <= self.case.limit), None)
        if wrong is None:
            self.passed(engine, error=worst.error, run_seconds=seconds)
            return
        text = f"max|err|/max|ref| of {wrong.name} is {wrong.error:.3g}, over {self.case.limit:.3g}"
        error = worst.error if np.isfinite(worst.error) else None
        self.failed(engine, text, error=error, run_seconds=seconds)

    def equal(
        self, kernel: api.CompiledKernel, sim: list[Array], native: list[Array], seconds: float
    ) -> None:
        """Compares the native engine with the simulator, bit by bit."""
        written = [t for t in kernel.tensors if t.is_written]
        for tensor, a, b in zip(written, sim, native, strict=True):
            if not same_bits(a, b):
                bits = np.dtype(f"u{a.dtype.itemsize}")
                count = int(np.count_nonzero(a.view(bits) != b.view(bits)))
                text = f"{count} of {a.size} elements of {tensor.name} differ from the simulator's"
                self.failed("native", text)
                return
        self.passed("native", run_seconds=seconds)


def main() -> int:
    """Run one case."""
    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    name, source, arch, *engines = sys.argv[1:]
    lower_passes()  # these imports come before the clock: they are not compiling
    importlib.import_module("tt_dialect.emit")
    worker = Worker(find(name), source, arch, lambda event: print(json.dumps(event), file=events))
    worker.run(engines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
