#!/usr/bin/env python3
# ruff: noqa: E402
"""Times the native engine on the example GEMM (1024^3, bf16) against NumPy and the simulator.

    tools/bench_native.py [--runs 5] [--json FILE]

NumPy multiplies the same matrices in float64 on one thread. Builds are timed apart: the runtime and
the kernels with an empty cache, and a run with everything in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

import tt_dialect
from tt_dialect.run import simulate
from tt_dialect.run.native import run_native
from tt_dialect.run.native_build import runtime
from tt_dialect.tensors import default_inputs


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> int:
    """Prints the figures; exit 1 if one is over its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--source", default=str(ROOT / "examples" / "gemm.tir.json"))
    parser.add_argument("--arch", default="wormhole")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()

    kernel = tt_dialect.compile(args.source, arch=args.arch)
    inputs = default_inputs(kernel.tensors, 0)
    wide = [x.astype(np.float64) for x in inputs]
    with tempfile.TemporaryDirectory() as cold:
        kept = os.environ.get("TT_DIALECT_CACHE")
        os.environ["TT_DIALECT_CACHE"] = cold
        build_runtime = seconds(runtime)
        first = seconds(lambda: run_native(kernel.program, kernel.sources, inputs))
        cached = seconds(lambda: run_native(kernel.program, kernel.sources, inputs))
        turns = [
            (
                seconds(lambda: np.matmul(*wide)),
                seconds(lambda: run_native(kernel.program, kernel.sources, inputs)),
                seconds(lambda: simulate(kernel.program, inputs)),
            )
            for _ in range(args.runs)
        ]
        if kept is None:
            del os.environ["TT_DIALECT_CACHE"]
        else:
            os.environ["TT_DIALECT_CACHE"] = kept
    numpy, native, simulator = (statistics.median(column) for column in zip(*turns, strict=True))
    figures = {
        "numpy_float64": numpy,
        "native": native,
        "simulator": simulator,
        "native_by_numpy": native / numpy,
        "native_by_simulator": native / simulator,
        "build_runtime": build_runtime,
        "build_kernels": first - native,
        "cached_run": cached,
    }
    limits = {
        "native_by_numpy": 15.0,
        "native_by_simulator": 1.0,
        "build_kernels": 10.0,
        "cached_run": 1.0,
    }
    for name, figure in figures.items():
        limit = f" (limit {limits[name]:g})" if name in limits else ""
        print(f"{name.replace('_', ' ')}: {figure:.3f}{limit}")
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(any(figures[name] > limit for name, limit in limits.items()))


if __name__ == "__main__":
    sys.exit(main())
