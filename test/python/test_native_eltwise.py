"""Elementwise kernels, from TIR to C++ that runs: the simulator's numbers, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from needs import needs_compiler

import tt_dialect
from tt_dialect.run import simulate
from tt_dialect.run.native import SCHEDULES, run_native
from tt_dialect.tensors import default_inputs

CORPUS = Path(__file__).parents[1] / "data" / "tir" / "tile"
NAMES = """
    causal_mask conversions direct_add eltwise_add functions gelu gemm_bias_relu hints
    index_arithmetic scalar_parameters transposes two_statements
""".split()
ONLY_V2 = {
    "conversions",  # v1 compares by a difference, which is NaN between infinities
    "gemm_bias_relu",  # v1 cannot broadcast into a section of DST that holds something
}
COUNTED = ("dram_read", "dram_write", "noc_bytes", "tile_products", "semaphore_waits")
"""Figures of both generations."""
PAGES = ("pages_unpacked", "pages_packed")
CASES = [(name, "v2") for name in NAMES] + [(name, "v1") for name in NAMES if name not in ONLY_V2]

pytestmark = needs_compiler


@pytest.mark.parametrize(("name", "api"), CASES)
def test_native_is_the_simulator_to_the_bit(name: str, api: str) -> None:
    """Under every schedule; no rule is broken, and the same is read, computed and packed."""
    kernel = tt_dialect.compile(CORPUS / f"{name}.tir.json", metalium_api=api)
    inputs = default_inputs(kernel.tensors, 0)
    expected, stats = simulate(kernel.program, inputs)
    counted = [*COUNTED, *PAGES]
    if api == "v2":  # v1 makes two calls of some comparisons
        counted.append("tile_ops")
    for schedule in SCHEDULES if api == "v2" else SCHEDULES[:1]:
        done = run_native(kernel.program, kernel.sources, inputs, schedule=schedule, timeout=120)
        assert not [f for f in done.findings if f.severity != "remark"], schedule
        for got, want in zip(done.outputs, expected, strict=True):
            assert np.array_equal(got, want, equal_nan=True), schedule
        for figure in counted:
            assert getattr(done.stats.total, figure) == getattr(stats.total, figure), figure
