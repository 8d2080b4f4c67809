#!/usr/bin/env python3
"""
The benchmarks, side by side in one run, as ratios.

    make bench, or  python tools/bench.py --tilelang-python .venv-tilelang/bin/python

(a) live PrimFunc to all artifacts for the 1024³ GEMM, against TileLang lowering it to CUDA source
(b) `tt-opt` on a small file, against `xdsl-opt`
(c) simulation of 1024³ in bf16, and seconds per tile product at 2048³ against 1024³
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

SMALL_FILE = """\
func.func @f(%n: index, %x: f32, %m: memref<64xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f32) {
    %v = memref.load %m[%i] : memref<64xf32>
    %s = arith.addf %a, %v : f32
    scf.yield %s : f32
  }
  func.return %r : f32
}
"""


def alternate(runs: int, **tasks: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of each task, taken in turns so that a slow minute hits all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()  # warm
    for _ in range(runs):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def live_gemm(size: int) -> Any:
    """The PrimFunc of examples/gemm.py for size³."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("gemm", ROOT / "examples" / "gemm.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.matmul.get_tir(M=size, N=size, K=size)


# ------------------------------------------------------------- parts run in other processes


def part_compile(runs: int) -> dict[str, Any]:
    """(a), in the TileLang environment."""
    import tilelang
    from tilelang.engine.lower import lower

    import tt_dialect

    target = {"kind": "cuda", "arch": "sm_80"}
    function = live_gemm(1024)

    def cuda() -> object:
        with tilelang.tvm.target.Target(target):
            return lower(function, target=target, enable_device_compile=False).kernel_source

    def ours() -> object:
        return tt_dialect.compile(function).sources

    seconds = alternate(runs, tt_dialect=ours, tilelang=cuda)
    return {name: statistics.median(values) for name, values in seconds.items()}


def part_write(directory: str, size: int) -> dict[str, Any]:
    """Compiles the size³ GEMM to a directory, in the TileLang environment."""
    import tt_dialect

    tt_dialect.compile(live_gemm(size)).write(directory)
    return {}


def part_simulate(directory: str, runs: int) -> dict[str, Any]:
    """(c): one compiled kernel, in a process of its own."""
    from tt_dialect.api import load
    from tt_dialect.tensors import default_inputs

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    kernel = load(directory)
    inputs = default_inputs(kernel.tensors, 0)
    before = peak()
    seconds: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        kernel.execute(inputs)
        seconds.append(time.perf_counter() - start)
    rows, columns = kernel.tensors[-1].shape
    depth = kernel.tensors[0].shape[1]
    return {
        "seconds": min(seconds),
        "products": rows * columns * depth // 32**3,
        "megabytes": peak(),
        "megabytes_before": before,
    }


# ----------------------------------------------------------------------------------- the run


def run_part(python: str, *arguments: object) -> dict[str, Any]:
    """The JSON another process of this file prints last."""
    command = [python, __file__, *map(str, arguments)]
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def bench_tools(runs: int) -> dict[str, float]:
    """(b)"""
    bin_dir = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "small.mlir"
        file.write_text(SMALL_FILE)

        def call(tool: str) -> Callable[[], object]:
            command = [str(bin_dir / tool), str(file)]
            return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        seconds = alternate(runs, **{"tt-opt": call("tt-opt"), "xdsl-opt": call("xdsl-opt")})
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> int:
    """Runs everything and prints one line per figure; exit code 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tilelang-python", help="the Python of the TileLang environment")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=("a", "b", "c"), action="append")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        name, *rest = args.part
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "compile": lambda: part_compile(int(rest[0])),
            "write": lambda: part_write(rest[0], int(rest[1])),
            "simulate": lambda: part_simulate(rest[0], int(rest[1])),
        }
        print(json.dumps(parts[name]()))
        return 0

    chosen = args.only or ["a", "b", "c"]
    live = args.tilelang_python
    if live is None and set(chosen) & {"a", "c"}:
        parser.error("--tilelang-python is needed for (a) and (c): `make bench` passes it")
    results: list[tuple[str, float, str, float]] = []  # text, figure, relation, limit

    if "a" in chosen:
        a = run_part(live, "--part", "compile", args.runs)
        ratio = a["tilelang"] / a["tt_dialect"]
        text = (
            f"(a) 1024³ GEMM: all artifacts {a['tt_dialect'] * 1e3:.0f} ms, "
            f"TileLang to CUDA source {a['tilelang'] * 1e3:.0f} ms; times faster"
        )
        results.append((text, ratio, ">=", 8))
    if "b" in chosen:
        b = bench_tools(max(args.runs, 15))
        text = (
            f"(b) small file: tt-opt {b['tt-opt'] * 1e3:.0f} ms, "
            f"xdsl-opt {b['xdsl-opt'] * 1e3:.0f} ms; ratio"
        )
        results.append((text, b["tt-opt"] / b["xdsl-opt"], "<=", 1.3))
    if "c" in chosen:
        with tempfile.TemporaryDirectory() as scratch:
            runs: dict[int, dict[str, Any]] = {}
            for size, times in ((1024, 3), (2048, 2)):
                directory = f"{scratch}/gemm{size}"
                run_part(live, "--part", "write", directory, size)
                runs[size] = run_part(sys.executable, "--part", "simulate", directory, times)
        small, large = runs[1024], runs[2048]
        per_small = small["seconds"] / small["products"]
        per_large = large["seconds"] / large["products"]
        results += [
            (f"(c) 1024³ bf16, {small['products']:,} tile products: s", small["seconds"], "<=", 3),
            (
                f"(c) 1024³ bf16: peak MB ({small['megabytes_before']:.0f} before the run)",
                small["megabytes"],
                "<=",
                600,
            ),
            (
                f"(c) 2048³ in {large['seconds']:.1f} s: {per_large * 1e6:.1f} µs per tile "
                f"product, 1024³ {per_small * 1e6:.1f} µs; ratio",
                per_large / per_small,
                "<=",
                1.2,
            ),
        ]

    failed = False
    for text, figure, relation, limit in results:
        good = figure >= limit if relation == ">=" else figure <= limit
        failed |= not good
        print(f"{text} {figure:.2f} ({relation} {limit:g}) {'ok' if good else 'MISSED'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
