#!/usr/bin/env python3
"""Mutates the emitted GEMM kernels, one call at a time, and counts what the native engine notices.

    tools/mutate.py [test/data/tir/gemm_blocks.tir.json ...]

All mutants are enumerated: every circular buffer, barrier, init, reconfig and DST call of every
kernel is dropped, duplicated, swapped with its neighbour, and its page count changed by one. A
mutant is caught when a rule of the sanitizer breaks, an output changes, or a call that had an
effect (or was not there) has none; survivors are run under adversarial schedules too. Survivors are
printed; `equivalent` says which of them mean the same program.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xdsl.dialects.builtin import ArrayAttr, IntAttr

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.ir.layout import CoreRangeAttr, CoreRangesAttr, PartitionAttr, WorkAttr
from tt_dialect.ir.program import ProgramOp
from tt_dialect.run.native import SCHEDULES, Finding, NativeError, run_native
from tt_dialect.tensors import default_inputs

CALLS = re.compile(
    r"(cb_\w+|noc_async_\w*(?:barrier|flushed)|tile_regs_\w+|\w+_init(?:_short)?|"
    r"compute_kernel_hw_startup|\w*reconfig_data_format\w*)\b"
)
COUNTED = re.compile(r"cb_(?:reserve_back|push_back|wait_front|pop_front)\(([^,]*), (.*)\);$", re.S)


@dataclass
class Statement:
    """A statement of a block: its text from start to end, and those of its own block."""

    start: int
    end: int
    inner: list[Statement] = field(default_factory=list)


def statements(text: str, at: int, end: int) -> list[Statement]:
    """The statements between two places, comments left out."""
    found: list[Statement] = []
    while at < end:
        blank = re.compile(r"(?:\s|//[^\n]*\n)+").match(text, at)
        if blank is not None:
            at = blank.end()
            continue
        start, depth = at, 0
        inner: list[Statement] = []
        while at < end:
            char = text[at]
            if char in "([":
                depth += 1
            elif char in ")]":
                depth -= 1
            elif char == ";" and depth == 0:
                at += 1
                break
            elif char == "{" and depth == 0:
                close = matching(text, at)
                inner += statements(text, at + 1, close)
                at = close + 1
                if not re.compile(r"\s*else\b").match(text, at):
                    break
                continue
            at += 1
        found.append(Statement(start, at, inner))
    return found


def matching(text: str, at: int) -> int:
    """The brace that closes the one at a place."""
    depth = 0
    for i in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i
    raise ValueError("unbalanced braces")


@dataclass(frozen=True)
class Mutant:
    """A changed kernel."""

    kernel: str
    line: int
    kind: str
    call: str
    other: str
    text: str
    whole: str
    """All of the neighbour's text."""

    def __str__(self) -> str:
        other = f" with {self.other}" if self.other else ""
        return f"{self.kernel}:{self.line}: {self.kind} {self.call}{other}"


def flat(text: str) -> str:
    """On one line, shortened."""
    joined = " ".join(text.split())
    return joined if len(joined) < 70 else joined[:67] + "..."


def mutants(kernel: str, text: str) -> Iterator[Mutant]:
    """All mutants of a kernel."""
    open_ = text.index("{", text.index("void kernel_main()"))

    def visit(block: list[Statement]) -> Iterator[Mutant]:
        for i, s in enumerate(block):
            yield from visit(s.inner)
            code = text[s.start : s.end]
            if s.inner or not CALLS.match(code):
                continue
            line = text.count("\n", 0, s.start) + 1

            def changed(kind: str, a: int, b: int, new: str, other: str = "") -> Mutant:
                where, what, mutated = line, flat(code), text[:a] + new + text[b:]
                return Mutant(kernel, where, kind, what, flat(other), mutated, other)

            yield changed("drop", s.start, s.end, "")
            yield changed("duplicate", s.end, s.end, "\n" + code)
            for j in (i - 1, i + 1):
                if not 0 <= j < len(block):
                    continue
                a, b = sorted((block[i], block[j]), key=lambda x: x.start)
                first, second = text[a.start : a.end], text[b.start : b.end]
                both_calls = CALLS.match(first) and CALLS.match(second) and not (a.inner or b.inner)
                if j < i and both_calls:
                    continue  # enumerated with the other one
                new = second + text[a.end : b.start] + first
                other = second if j > i else first
                yield changed("swap", a.start, b.end, new, other)
            counted = COUNTED.match(code)
            if counted is not None:
                a, b = s.start + counted.start(2), s.start + counted.end(2)
                for step in ("+ 1", "- 1"):
                    yield changed(f"count {step}", a, b, f"{counted[2]} {step}")

    yield from visit(statements(text, open_ + 1, matching(text, open_)))


def remarks(findings: tuple[Finding, ...]) -> Counter[str]:
    """What is said without stopping, apart from lines and counts."""
    said = (f"{f.rule} {f.kernel} {re.sub(r' in [0-9]+ calls', '', f.message)}" for f in findings)
    return Counter(said)


_THREADS = {
    "unpack": r"cb_wait_front|cb_pop_front|copy_init|copy_tile_to_dst|reconfig_data_format",
    "pack": r"cb_reserve_back|cb_push_back|pack_|tile_regs_wait|tile_regs_release",
    "math": r"tile_regs_acquire|tile_regs_commit",
}
"""The thread of a compute core a call runs on; inits also program math."""
_PROGRAMS = (
    r"reconfig_data_format|pack_reconfig|copy_init|copy_tile_to_dst|matmul_block_init|mm_block"
)
_BOTH = {
    frozenset({"cb_reserve_back", "tile_regs_wait"}): "both only wait, and the packer needs both",
    frozenset({"cb_push_back", "tile_regs_release"}): "both only hand over what is packed",
}


def thread_of(call: str) -> str:
    """The thread of a compute core a call runs on."""
    return next((name for name, calls in _THREADS.items() if re.match(f"(?:{calls})", call)), "")


def buffer_of(call: str) -> str:
    """The circular buffer of a call."""
    found = re.match(r"cb_\w+\(cb_(\w+)", call)
    return found[1] if found else ""


def equivalent(mutant: Mutant) -> str:
    """Why a mutant means the same program; "" if nobody has said."""
    a, b = mutant.call, mutant.other
    if mutant.kind != "swap":
        return ""
    first, second = a.split("(")[0], b.split("(")[0]
    buffer = buffer_of(a)
    if re.match(r"const(expr)? ", b) and "get_write_ptr" not in b and "get_read_ptr" not in b:
        return "a declaration that reads nothing the call changes"
    if "get_write_ptr" in b or "get_read_ptr" in b:
        return "the pointer stays until the push or pop"
    if frozenset({first, second}) in _BOTH:
        return _BOTH[frozenset({first, second})]
    if first == second and buffer != buffer_of(b):
        return "the same call on different buffers"
    if buffer and b.startswith("for ") and buffer not in mutant.whole:
        return "the loop does not touch the buffer"
    if mutant.kernel.endswith("compute.cpp"):
        if thread_of(a) and thread_of(b) and thread_of(a) != thread_of(b):
            return "calls of different threads of the core"
        kinds = [bool(re.match(r"cb_(wait|pop)_front", x)) for x in (a, b)]
        programs = [bool(re.match(_PROGRAMS, x)) for x in (a, b)]
        if (kinds[0] and programs[1]) or (programs[0] and kinds[1]):
            return "programming a unit reads no page"
    return ""


class Runner:
    """Runs mutants of one kernel program."""

    def __init__(self, kernel: CompiledKernel):
        self.kernel = kernel
        self.inputs = default_inputs(kernel.tensors, 0)
        # Also with all the work on one core: some calls matter from the second work item on only.
        self.programs = (kernel.program, on_one_core(kernel.program))
        self.expected = [run_native(p, kernel.sources, self.inputs) for p in self.programs]

    def verdict(self, mutant: Mutant) -> str:
        """What caught a mutant; "" if nothing did."""
        sources = {**self.kernel.sources, mutant.kernel: mutant.text}
        turns = [(0, schedule) for schedule in (*SCHEDULES, "random:2", "random:3")]
        for number, schedule in (*turns, (1, "block")):
            program, expected = self.programs[number], self.expected[number]
            try:
                done = run_native(program, sources, self.inputs, schedule=schedule, timeout=60)
            except NativeError as error:
                broken = [f.rule for f in error.findings if f.severity == "error"]
                if broken:
                    return broken[0]
                first = error.diagnostics[0]
                compiles = not any("does not compile" in n for n in (first.message, *first.notes))
                return "run" if compiles else "compiler"
            if not all(map(np.array_equal, done.outputs, expected.outputs)):
                return "output"
            if new := remarks(done.findings) - remarks(expected.findings):
                return next(iter(new)).split(" ")[0]
        return ""


def on_one_core(program: ProgramOp) -> ProgramOp:
    """A program with its work on core (0, 0)."""
    alone = program.clone()
    core = CoreRangesAttr.of([CoreRangeAttr.of(0, 0, 1, 1)])
    total = sum(count for _, _, count in program.partition.ids())
    work = ArrayAttr([WorkAttr(IntAttr(total), core)])
    parameters = [work if p == program.partition.work else p for p in program.partition.parameters]
    alone.properties["partition"] = PartitionAttr.new(parameters)
    for thread in alone.threads:
        thread.properties["cores"] = core
    return alone


def main() -> int:
    """Prints the score; exit 1 below 98 %, or with a survivor nobody has explained."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = ["test/data/tir/gemm_100_blocks.tir.json", "test/data/tir/gemm_blocks.tir.json"]
    parser.add_argument("sources", nargs="*", default=default)
    parser.add_argument("--arch", default="wormhole")
    parser.add_argument("--metalium-api", default="v2")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th mutant only")
    parser.add_argument("--all", action="store_true", help="print every mutant with its verdict")
    args = parser.parse_args()
    total, caught, open_ = 0, 0, 0
    for source in args.sources:
        kernel = tt_dialect.compile(source, arch=args.arch, metalium_api=args.metalium_api)
        runner = Runner(kernel)
        paths = sorted(p for p in kernel.sources if p.startswith("kernels/"))
        every = [m for p in paths for m in mutants(p, kernel.sources[p])][:: args.every]
        with ThreadPoolExecutor(args.jobs) as pool:
            verdicts = list(pool.map(runner.verdict, every))
        survivors = [m for m, v in zip(every, verdicts, strict=True) if not v]
        same = {m: why for m in survivors if (why := equivalent(m))}
        print(f"{source}: {len(every)} mutants, {len(every) - len(survivors)} caught")
        for verdict, count in Counter(v for v in verdicts if v).most_common():
            print(f"  {count:4} {verdict}")
        for m, verdict in zip(every, verdicts, strict=True):
            if not verdict:
                print(f"  survives: {m}: {same.get(m, 'UNEXPLAINED')}")
            elif args.all:
                print(f"  {verdict}: {m}")
        total += len(every) - len(same)
        caught += len(every) - len(survivors)
        open_ += len(survivors) - len(same)
    score = caught / total if total else 0.0
    print(f"{caught} of {total} mutants that change the program are caught: {score:.1%}")
    return 0 if score >= 0.98 and open_ == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
