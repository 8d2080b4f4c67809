"""Executes the emitted C++ on this CPU: kernels compiled against the headers of run/include.

    outputs, stats = run_native(program, sources, [a, b])

The kernels run unmodified, one cooperative context per core and thread, on the machine in
run/runtime, which checks every call. A broken rule is a `CompileError` at the TileLang line.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import ml_dtypes
import numpy as np

from tt_dialect.analysis.placement import Device, Placement, alias_of, placement
from tt_dialect.analysis.work import core_arguments
from tt_dialect.arch import ARCHS
from tt_dialect.diagnostics import CompileError, Diagnostic, Location, error_at
from tt_dialect.emit.names import kernel_files, tensor_number, tensors_of
from tt_dialect.ir import cb as cb_ir
from tt_dialect.ir import noc
from tt_dialect.ir.layout import CoreRangesAttr
from tt_dialect.ir.program import ArgKind, ProgramOp, Role, ThreadOp
from tt_dialect.run import numerics
from tt_dialect.run.arguments import Parameter, check_inputs, parameters, split_scalars
from tt_dialect.run.codegen import format_of
from tt_dialect.run.machine import page_count
from tt_dialect.run.native_build import Runtime, cache_root, digest_of, runtime
from tt_dialect.run.numerics import TILE, AnyArray, Format
from tt_dialect.run.statistics import TRAFFIC, BankBytes, RunStats, Stats, planned_stats

SCHEDULES = (
    "block",
    "switch",
    "early",
    "starve:riscv_0",
    "starve:riscv_1",
    "starve:compute",
    "random:1",
)
"""Run until blocked (the default); switch at every call; complete transfers at once; let one
processor run only when no other can; interleave at random with a seed."""

_DTYPES: dict[Format, Any] = {
    Format.BF16: ml_dtypes.bfloat16,
    Format.FP16: np.float16,
    Format.FP32: np.float32,
}
_FIDELITY = {"LoFi": 0, "HiFi2": 2, "HiFi3": 3, "HiFi4": 4}
_PROCESSORS = {"riscv_0": 0, "riscv_1": 1}


@dataclass(frozen=True)
class Finding:
    """Something the sanitizer reports: a broken rule, or a call without effect."""

    severity: str
    rule: str
    message: str
    kernel: str
    file: str
    line: int
    source: str
    core: tuple[int, int] | None
    buffer: str
    note: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """As the runtime writes it."""
        fields: dict[str, Any] = dict(data)
        x, y = fields["core"]
        fields["core"] = (x, y) if x >= 0 else None
        return cls(**fields)

    def diagnostic(self) -> Diagnostic:
        """At the TileLang line if there is one, with the C++ line as a note."""
        on = f" on core {self.core}" if self.core is not None else ""
        notes = [f"{self.file}:{self.line}"] if self.file else []
        notes += [self.note] if self.note else []
        name, _, line = self.source.rpartition(":")
        location = Location(name, int(line)) if name else None
        if location is None and self.file:
            location = Location(self.file, self.line)
            notes = notes[1:]
        severity = "error" if self.severity == "error" else "warning"
        return Diagnostic(f"[{self.rule}] {self.message}{on}", location, tuple(notes), severity)


class NativeError(CompileError):
    """A run that broke a rule or did not come to its end."""

    def __init__(self, findings: Sequence[Finding], *diagnostics: Diagnostic):
        super().__init__(*diagnostics)
        self.findings = tuple(findings)

    def named(self, labels: Mapping[str, str]) -> NativeError:
        """The same error with circular buffers called by their names as well, not `c_0` alone."""
        if not self.findings:
            return self

        def name(text: str) -> str:
            return re.sub(r"\bc_\d+\b", lambda m: labels.get(m[0], m[0]), text)

        findings = [
            replace(f, message=name(f.message), note=name(f.note), buffer=name(f.buffer))
            for f in self.findings
        ]
        broken = [f.diagnostic() for f in findings if f.severity == "error"]
        return NativeError(findings, *(broken or self.diagnostics))


@dataclass(frozen=True)
class NativeRun:
    """Results of a run: the written tensors in parameter order, statistics, remarks."""

    outputs: list[AnyArray]
    stats: RunStats
    findings: tuple[Finding, ...]


def run_native(
    program: ProgramOp,
    sources: Mapping[str, str],
    inputs: Sequence[AnyArray],
    *,
    schedule: str = "block",
    timeout: float | None = None,
) -> NativeRun:
    """Executes the kernels in `sources` (path -> text) as `program` describes them.

    Takes and gives what `simulate` does; `schedule` is one of `SCHEDULES`.
    """
    arch = ARCHS.get(program.arch.data)
    if arch is None or not arch.simulated:
        raise error_at(program, f"programs for '{program.arch.data}' are not executed")
    built = runtime()
    kernels = _place(program, sources)
    given = parameters(program)
    with numerics.quiet():
        check_inputs(program, given, inputs)
        tensors, arrays, scalars = split_scalars(given, inputs)
        with tempfile.TemporaryDirectory(prefix="tt-native-") as directory:
            job = _Job(Path(directory))
            job.line("arch", program.arch.data)
            job.buffers(program, Device.of(program), tensors, arrays)
            job.program(program, kernels, scalars)
            try:
                return job.run(built, tensors, planned_stats(program), schedule, timeout)
            except NativeError as error:
                raise error.named(_labels(program)) from None


def _labels(program: ProgramOp) -> dict[str, str]:
    """`c_0` -> `'A_shared' (c_0)`."""
    numbered = (
        (f"c_{op.id.value.data}", op.label.data)
        for op in program.body.block.ops
        if isinstance(op, cb_ir.AllocOp) and op.id is not None
    )
    return {number: f"'{label}' ({number})" for number, label in numbered}


def _place(program: ProgramOp, sources: Mapping[str, str]) -> dict[ThreadOp, Path]:
    """The kernels as files, under a name that depends on their content alone."""
    files = kernel_files(program)
    texts = {path: sources[path] for path in files.values()}
    root = cache_root() / "sources" / digest_of(x for item in sorted(texts.items()) for x in item)
    for path, text in texts.items():
        file = root / path
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            staged = file.with_name(f".{file.name}.{os.getpid()}")
            staged.write_text(text, encoding="utf-8")
            os.replace(staged, file)
    return {thread: root / path for thread, path in files.items()}


# -- tensors ---------------------------------------------------------------------------------------


def to_pages(array: AnyArray, fmt: Format) -> AnyArray:
    """`[..., rows, cols]` as pages `[n, 2, 2, 16, 16]` in a format: tiles of four faces."""
    dtype = np.dtype(_DTYPES[fmt])
    if array.dtype != dtype:
        array = numerics.store(numerics.load(array, fmt), fmt)
    bits = np.ascontiguousarray(array).view(f"u{fmt.bytes}")
    *outer, rows, cols = bits.shape
    height, width = -(-rows // TILE), -(-cols // TILE)
    if (rows, cols) != (height * TILE, width * TILE):
        padded = np.zeros((*outer, height * TILE, width * TILE), bits.dtype)
        padded[..., :rows, :cols] = bits
        bits = padded
    faces = bits.reshape(-1, height, 2, 16, width, 2, 16).transpose(0, 1, 4, 2, 5, 3, 6)
    return np.ascontiguousarray(faces).reshape(-1, 2, 2, 16, 16)


def from_pages(pages: AnyArray, shape: tuple[int, ...], fmt: Format) -> AnyArray:
    """The inverse of `to_pages`, as float32 values."""
    *outer, rows, cols = shape
    height, width = -(-rows // TILE), -(-cols // TILE)
    faces = pages.reshape(-1, height, width, 2, 2, 16, 16).transpose(0, 1, 3, 5, 2, 4, 6)
    whole = np.ascontiguousarray(faces).reshape(*outer, height * TILE, width * TILE)
    values = np.ascontiguousarray(whole[..., :rows, :cols]).view(_DTYPES[fmt])
    return values.astype(np.float32)


# -- the driver -----------------------------------------------------------------------------------


def run_job(
    built: Runtime,
    directory: Path,
    lines: Sequence[str],
    schedule: str = "block",
    timeout: float | None = None,
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Runs a job (see run/runtime/driver.cpp); its report and findings, or `NativeError`."""
    job, report = directory / "job", directory / "report.json"
    job.write_text("\n".join(lines) + "\n", encoding="utf-8")
    environment = built.environment() | {
        "TT_NATIVE_REPORT": str(report),
        "TT_NATIVE_SCHEDULE": schedule,
    }
    command = [str(built.driver), str(job)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=timeout
        )
    except subprocess.TimeoutExpired as error:
        message = f"the kernels did not finish within {timeout:g} s"
        raise NativeError((), Diagnostic(message)) from error
    told: dict[str, Any] = {}
    if report.exists():
        told = cast("dict[str, Any]", json.loads(report.read_text()))
    findings = tuple(Finding.from_json(f) for f in told.get("findings", ()))
    broken = [f for f in findings if f.severity == "error"]
    if broken:
        raise NativeError(findings, *(f.diagnostic() for f in broken))
    if done.returncode != 0:
        text = done.stderr.strip().splitlines() or ["no message"]
        message = f"the native run ended with code {done.returncode}"
        raise NativeError(findings, Diagnostic(message, None, tuple(text[-20:])))
    return told, findings


# -- the job ---------------------------------------------------------------------------------------


class _Job:
    """What the driver is told, and the files it reads and writes."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.lines: list[str] = []

    def line(self, *words: object) -> None:
        self.lines.append(" ".join(str(w) for w in words))

    def buffers(
        self,
        op: ProgramOp,
        device: Device,
        tensors: Sequence[Parameter],
        inputs: Sequence[AnyArray],
    ) -> None:
        given = iter(inputs)
        for number, tensor in enumerate(tensors):
            source = target = "-"
            if tensor.read:
                source = str(self.directory / f"{number}.in")
                to_pages(tensor.to_matrices(next(given)), tensor.format).tofile(source)
            if tensor.written:
                target = str(self._output(number))
            pages = page_count(tensor.matrix_shape)
            where = placement(tensor.layout, tensor.shape, pages, tensor.label, device, op)
            memory = "l1" if where.in_l1 else "dram"
            shards = _shards(where, tensor.label, op)
            label = "_".join(tensor.label.split())
            self.line("buffer", label, tensor.format, pages, source, target, memory, shards)

    def _output(self, number: int) -> Path:
        return self.directory / f"{number}.out"

    def program(
        self, program: ProgramOp, kernels: Mapping[ThreadOp, Path], scalars: Mapping[int, int]
    ) -> None:
        everywhere = _cores(program.partition.core_ranges)
        direct: list[int] = []
        for op in program.body.block.ops:
            if isinstance(op, cb_ir.AllocOp):
                if op.id is None:
                    raise error_at(op, f"circular buffer '{op.label.data}' has no id")
                number = op.id.value.data
                fmt = format_of(op.type.tile.element_type, op)
                alias = alias_of(op)
                on = [] if alias is None else [alias]
                self.line("cb", number, fmt, op.type.capacity, everywhere, *on)
                if op.unpack_to_dest is not None:
                    direct.append(number)
            elif isinstance(op, noc.SemaphoreOp):
                self.line("semaphore", op.initial.value.data, everywhere)
        for thread, path in kernels.items():
            self._kernel(program, thread, path, direct)
        self._arguments(program, list(kernels), scalars)
        self.line("run")

    def _kernel(
        self, program: ProgramOp, thread: ThreadOp, path: Path, direct: Sequence[int]
    ) -> None:
        cores = _cores(thread.cores)
        if thread.role.data == Role.COMPUTE:
            config = program.config
            fidelity = _FIDELITY[config.fidelity.data]
            dst32, sync = int(bool(config.dst32)), int(bool(config.full_sync))
            self.line("compute", path, fidelity, dst32, sync, cores, _counted(direct))
            return
        accessed = [tensor_number(program, group[0]) for group in tensors_of(thread)]
        processor = _PROCESSORS[thread.processor.data]
        self.line("dm", path, processor, thread.noc.value.data, cores, _counted(accessed))

    def _arguments(
        self, program: ProgramOp, threads: Sequence[ThreadOp], scalars: Mapping[int, int]
    ) -> None:
        """Addresses are the runtime's to choose: argument @I is that of buffer I."""
        addresses = {
            i: f"@{arg.value.data}"
            for i, arg in enumerate(program.abi.args)
            if arg.kind.data == ArgKind.ADDRESS
        }
        on = [set(thread.cores.cores()) for thread in threads]
        zeros = [0] * len(program.tensors)
        unsigned = {position: word & 0xFFFFFFFF for position, word in scalars.items()}
        for core, values in core_arguments(program.abi, program.partition, zeros, unsigned):
            words = [addresses.get(i, value) for i, value in enumerate(values)]
            for number, cores in enumerate(on):
                if core in cores:
                    self.line("args", number, *core, len(words), *words)

    def run(
        self,
        built: Runtime,
        tensors: Sequence[Parameter],
        stats: RunStats,
        schedule: str,
        timeout: float | None,
    ) -> NativeRun:
        told, findings = run_job(built, self.directory, self.lines, schedule, timeout)
        return NativeRun(self._results(tensors, stats, told), stats, findings)

    def _results(
        self, tensors: Sequence[Parameter], stats: RunStats, told: Mapping[str, Any]
    ) -> list[AnyArray]:
        for x, y, figures, dram, l1 in told["cores"]:
            stats.take((x, y), Stats(*figures))
            owners = Counter({(i, j): n for i, j, n in l1})
            stats.banks[x, y] = BankBytes(Counter(dict(dram)), owners)
        stats.sum_up()
        for tensor, counts in zip(tensors, told["tensors"], strict=True):
            kinds = zip(TRAFFIC, counts, strict=True)
            stats.tensors[tensor.label] = {kind: n for kind, n in kinds if n}
        outputs: list[AnyArray] = []
        for number, (tensor, writes) in enumerate(zip(tensors, told["page_writes"], strict=True)):
            if tensor.written:
                pages = np.fromfile(self._output(number), f"u{tensor.format.bytes}")
                values = from_pages(pages, tensor.matrix_shape, tensor.format)
                outputs.append(tensor.from_matrices(values))
                stats.page_writes[tensor.label] = np.asarray(writes, np.int64)
        return outputs


def _shards(where: Placement, label: str, op: ProgramOp) -> str:
    """The shards of a buffer, as the driver takes them."""
    if where.sharding is None:
        return "0"
    shape = [*where.sharding.pages, *where.sharding.shard]
    banks = [n for xy in where.accessor_banks(label, op) for n in xy]
    rank = len(where.sharding.pages)
    return " ".join(map(str, [rank, *shape, len(banks) // 2, *banks]))


def _cores(ranges: CoreRangesAttr) -> str:
    corners = [
        (*r.start, r.start[0] + r.extent[0] - 1, r.start[1] + r.extent[1] - 1)
        for r in ranges.ranges
    ]
    return _counted([str(n) for corner in corners for n in corner], len(corners))


def _counted(values: Sequence[object], count: int | None = None) -> str:
    return " ".join(map(str, [len(values) if count is None else count, *values]))
