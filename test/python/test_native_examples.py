"""Programming examples of tt-metal, unmodified, on the host headers.

Runs where `TT_METAL_EXAMPLES` names a directory `.../tt_metal/programming_examples` of tt-metal as
it was between December 2025 and June 2026; nothing of it is kept here.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tt_dialect.run.native_build import run_host

GIVEN = os.environ.get("TT_METAL_EXAMPLES")
EXAMPLES = {
    "loopback/loopback.cpp": "",
    "add_2_integers_in_riscv/add_2_integers_in_riscv.cpp": "Result is 21",
    "eltwise_binary/eltwise_binary.cpp": "Test Passed",
    "eltwise_sfpu/eltwise_sfpu.cpp": "Test Passed",
    "contributed/vecadd/vecadd.cpp": "Partial results",
    "matmul/matmul_single_core/matmul_single_core.cpp": "Test Passed",
    "matmul/matmul_multi_core/matmul_multi_core.cpp": "Test Passed",
}

pytestmark = pytest.mark.skipif(GIVEN is None, reason="TT_METAL_EXAMPLES names no directory")


@pytest.mark.parametrize("schedule", ["block", "switch"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs_right(example: str, schedule: str) -> None:
    root = Path(GIVEN or "")
    options = ["-Wno-narrowing", "-I", str(root / "matmul" / "matmul_common")]
    done = run_host(
        root / example,
        "wormhole",
        schedule=schedule,
        options=options,
        metal_home=root.parents[1],
    )
    assert done.returncode == 0, done.stderr
    assert EXAMPLES[example] in done.stdout
    assert "error:" not in done.stderr
    assert "warning:" not in done.stderr
