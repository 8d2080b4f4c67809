"""Edited plans at the edges: grids of any size, the same cores in other words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tt_dialect
from tt_dialect.analysis.work import coverage_problems
from tt_dialect.diagnostics import CompileError
from tt_dialect.emit.plan_check import read_edited
from tt_dialect.planned import Plan, replanned
from tt_dialect.tensors import default_inputs

ADD = Path(__file__).parent.parent / "data" / "tir" / "tile" / "eltwise_add.tir.json"
"""2 rows of 3 blocks of 2x2 tiles."""


def written(path: Path, plan: dict[str, Any], **edits: object) -> str:
    path.write_text(json.dumps({**plan, **edits}, indent=1))
    return str(path)


@pytest.mark.parametrize("grid", [(100_000, 100_000), (1 << 70, 5)])
def test_coverage_of_a_grid_of_any_size(grid: tuple[int, int]) -> None:
    """Counted, not listed: 2 items of a grid, and the first 8 of the others are named."""
    items = {(0, 0): [(0, 0)], (1, 0): [(0, 2)]}
    found = [message for _, message in coverage_problems(grid, items)]
    assert found[0] == "block (io 0, jo 1) is given to no core"
    assert found[-1] == f"{grid[0] * grid[1] - 2 - 8} more blocks are given to no core"
    assert len(found) == 9


def test_coverage_of_a_small_grid() -> None:
    whole = [(i, j) for i in range(2) for j in range(3)]
    assert list(coverage_problems((2, 3), {(0, 0): whole})) == []
    assert [m for _, m in coverage_problems((2, 3), {(0, 0): whole[:-1]})] == [
        "block (io 1, jo 2) is given to no core"
    ]
    assert [m for _, m in coverage_problems((2, 3), {(0, 0): [*whole, (2, 0)]})] == [
        "block (io 2, jo 0) of core (0,0) is outside the 2x3 block grid"
    ]


@pytest.mark.parametrize("grid", [[100_000, 100_000], [1 << 70, 5]])
def test_a_plan_with_a_huge_grid_is_refused(grid: list[int], tmp_path: Path) -> None:
    plan = tt_dialect.compile(ADD).plan
    for items in (plan["work_partition"], None):
        path = written(tmp_path / "plan.json", plan, block_grid=grid, work_partition=items)
        with pytest.raises(CompileError):
            read_edited(path)


def test_the_tile_grid_is_that_of_an_output(tmp_path: Path) -> None:
    plan = tt_dialect.compile(ADD).plan
    read_edited(written(tmp_path / "plan.json", plan))
    with pytest.raises(CompileError) as error:
        read_edited(written(tmp_path / "plan.json", plan, tile_grid=[1_000_000_000, 7]))
    found = error.value.diagnostics[0]
    assert found.message == ("the tile grid is [1000000000, 7], no tensor the kernel writes has it")
    assert found.location is not None


def test_ranges_of_a_local_plan_cut_otherwise(tmp_path: Path) -> None:
    """Two rows of cores instead of one square: the same cores do the same shards."""
    layout = {
        "memory": "L1",
        "nd_shard": {"axes": ["M", "N"], "grid": [2, 2], "shard_shape": [64, 128]},
    }
    kernel = tt_dialect.compile(ADD, layout=dict.fromkeys("XYZ", layout))
    assert kernel.plan["core_ranges"] == [{"start": [0, 0], "extent": [2, 2]}]
    rows = [{"start": [0, y], "extent": [2, 1]} for y in range(2)]
    path = written(tmp_path / "plan.json", kernel.plan, core_ranges=rows)
    again = replanned(kernel, Plan.read(path))
    inputs = default_inputs(kernel.tensors, 0)
    np.testing.assert_array_equal(again.run(*inputs), kernel.run(*inputs))


def test_a_plan_lists_work_as_a_schedule_may() -> None:
    """Its K blocks are those of the program, several of the kernel's own in one."""
    # It has four K blocks, which are taken in one step.
    source = Path(__file__).parents[2] / "examples" / "batched_gemm.tir.json"
    plan = tt_dialect.compile(source).plan
    items = plan["work_partition"]
    assert {item["len_k"] for work in items.values() for item in work} == {1}
    again = tt_dialect.compile(source, schedule={"work_partition": items})
    assert again.plan["work_partition"] == items
    uneven = {core: [{**item, "len_k": 3} for item in work] for core, work in items.items()}
    with pytest.raises(CompileError, match=r"work items have len_k 3, the K blocks .* are 4"):
        tt_dialect.compile(source, schedule={"work_partition": uneven})
