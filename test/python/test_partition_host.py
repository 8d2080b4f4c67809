"""Host programs that give each core a box of blocks compile without a warning and check results."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tt_dialect
from tt_dialect.run.native_build import run_host

ADD = Path(__file__).parent.parent / "data" / "tir" / "tile" / "eltwise_add.tir.json"
SHARDS = {"axes": ["M", "N"], "grid": [2, 2], "shard_shape": [64, 128]}
L1 = {name: {"memory": "L1", "nd_shard": SHARDS} for name in "XYZ"}


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
@pytest.mark.parametrize(
    "options",
    [{"strategy": "block", "schedule": {"core_grid": [2, 2]}}, {"layout": L1}],
    ids=["block", "local_shard"],
)
def test_host_program_of_boxes(options: dict, tmp_path: Path) -> None:
    kernel = tt_dialect.compile(ADD, **options)
    kernel.write(tmp_path / "out")
    strict = ("-Wall", "-Wextra", "-Werror")
    done = run_host(tmp_path / "out" / "main.cpp", "wormhole", options=strict)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": ok" in done.stdout
