"""Where L1 shards lie: batches fold into the core grid, core ranges hold in every mode."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import needs_compiler

import tt_dialect
from tt_dialect.analysis.placement import Device, placement_of
from tt_dialect.api import PLAN_FILE, CompiledKernel
from tt_dialect.diagnostics import CompileError
from tt_dialect.mlir_text import parse_module
from tt_dialect.planned import Plan, replanned
from tt_dialect.run import simulate
from tt_dialect.run.machine import Event
from tt_dialect.run.native import run_native
from tt_dialect.tensors import default_inputs

BATCH, ROWS, COLS = 2, 4, 4
"""Matrices and tiles of the tensors; blocks are one tile, the launch grid has three axes."""

KERNEL = """
!T = memref<2x128x128xbf16>
!V = memref<32x32xbf16, strided<[128, 1], offset: ?>>
func.func @add(%X: !T {tt.name = "X"}, %Y: !T {tt.name = "Y"}, %Z: !T {tt.name = "Z"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%b, %by, %bx) = (%c0, %c0, %c0) to (%c2, %c4, %c4) step (%c1, %c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c32 : index
    %x = memref.subview %X[%b, %m, %n] [1, 32, 32] [1, 1, 1] : !T to !V
    %y = memref.subview %Y[%b, %m, %n] [1, 32, 32] [1, 1, 1] : !T to !V
    %z = memref.subview %Z[%b, %m, %n] [1, 32, 32] [1, 1, 1] : !T to !V
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, \
affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%x, %y : !V, !V) \
outs(%z : !V) {
    ^bb0(%p: bf16, %q: bf16, %r: bf16):
      %sum = arith.addf %p, %q : bf16
      linalg.yield %sum : bf16
    }
    scf.reduce
  }
  func.return
}
"""
TILE = 2048
SHARDS = {
    "memory": "L1",
    "nd_shard": {"axes": ["B", "M", "N"], "grid": [2, 2, 2], "shard_shape": [1, 64, 64]},
}
PIECES = [{"start": [3, 1], "extent": [2, 2]}, {"start": [0, 6], "extent": [4, 1]}]
PIECE_CORES = [(3, 1), (4, 1), (3, 2), (4, 2), (0, 6), (1, 6), (2, 6), (3, 6)]
FOLDED = [(s % 2, s // 2) for s in range(8)]


def compiled(layout: dict[str, Any], **options: Any) -> CompiledKernel:
    return tt_dialect.compile(parse_module(KERNEL, "kernel.mlir"), layout=layout, **options)


def owners(kernel: CompiledKernel, number: int = 0) -> tuple[tuple[int, int], ...]:
    program = kernel.program
    return placement_of(program.tensors.data[number], Device.of(program), program).cores


def checked(kernel: CompiledKernel) -> Counter[str]:
    """Runs it against NumPy; the bytes by kind."""
    inputs = default_inputs(kernel.tensors, 0)
    for seed in (0, 1):
        (output,), stats = simulate(kernel.program, inputs, seed=seed)
        exact = inputs[0].astype(np.float32) + inputs[1].astype(np.float32)
        assert np.array_equal(output, exact.astype(inputs[0].dtype).astype(np.float32))
    total = stats.total
    return Counter(
        dram=total.dram_read + total.dram_write, local=total.l1_local, remote=total.l1_remote
    )


def decided(kernel: CompiledKernel) -> list[tuple[str, str]]:
    rows = kernel.plan["decisions"]
    return [(r["value"], r["by"]) for r in rows if r["what"] == "partition_mode"]


def shard_of(page: int) -> int:
    """The shard, of 2x2x2, that holds a page of the 2x4x4 tiles."""
    batch, rest = divmod(page, ROWS * COLS)
    row, col = divmod(rest, COLS)
    return batch * 4 + row // 2 * 2 + col // 2


@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
@pytest.mark.parametrize("ranges", [None, PIECES], ids=["core grid", "ranges"])
def test_work_follows_batches(arch: str, ranges: Any) -> None:
    """One core per shard of [B, M, N]; nothing is read from DRAM or from another core."""
    schedule = {} if ranges is None else {"core_ranges": ranges}
    kernel = compiled(dict.fromkeys("XYZ", SHARDS), arch=arch, schedule=schedule)
    cores = FOLDED if ranges is None else PIECE_CORES
    assert list(owners(kernel)) == cores
    partition = kernel.program.partition
    assert [core for core, _, _ in partition.ids()] == cores
    assert partition.coordinates() == [(b, y, x) for b in (0, 1) for y in (0, 1) for x in (0, 1)]
    assert decided(kernel) == [("local_shard", "L1 shards of X")]
    moved = checked(kernel)
    assert (moved["dram"], moved["remote"]) == (0, 0)


@pytest.mark.parametrize("ranges", [None, PIECES], ids=["core grid", "ranges"])
def test_global_work_on_batches(ranges: Any) -> None:
    """Through the accessor: every page comes from the core that the rule names."""
    schedule: dict[str, Any] = {"partition_mode": "global"}
    if ranges is not None:
        schedule["core_ranges"] = ranges
    kernel = compiled({"X": SHARDS, "Z": SHARDS}, schedule=schedule)
    cores = FOLDED if ranges is None else PIECE_CORES
    assert list(owners(kernel)) == cores
    workers: dict[int, tuple[int, int]] = {}
    for core, start, count in kernel.program.partition.ids():
        workers.update(dict.fromkeys(range(start, start + count), core))
    own = sum(cores[shard_of(page)] == worker for page, worker in workers.items())
    assert checked(kernel) == {
        "dram": 32 * TILE,
        "local": 2 * own * TILE,
        "remote": 2 * (32 - own) * TILE,
    }
    seen: set[tuple[int, int]] = set()

    def watch(event: Event) -> None:
        if event.phase == "issue" and event.kind == "write":
            seen.add((event.page, event.bank))

    simulate(kernel.program, default_inputs(kernel.tensors, 0), observer=watch)
    assert seen == {(page, shard_of(page)) for page in range(32)}


@needs_compiler
def test_host_places_shards_on_ranges() -> None:
    """The emitted program finds them there, in mode global with fewer blocks than cores."""
    one = [{"start": [2, 1], "extent": [4, 2]}]
    kernel = compiled({"X": SHARDS}, schedule={"partition_mode": "global", "core_ranges": one})
    assert "CoreRange({2, 1}, {5, 2})" in kernel.sources["main.cpp"]
    inputs = default_inputs(kernel.tensors, 0)
    want, stats = simulate(kernel.program, inputs)
    done = run_native(kernel.program, kernel.sources, inputs, timeout=300)
    assert not [f for f in done.findings if f.severity != "remark"]
    assert np.array_equal(done.outputs[0], want[0])
    assert done.stats.tensors == stats.tensors


def test_the_plan_knows_the_ranges(tmp_path: Path) -> None:
    kernel = compiled({"X": SHARDS}, schedule={"partition_mode": "global", "core_ranges": PIECES})
    assert kernel.plan["shard_ranges"] == PIECES
    path = tmp_path / "tt.plan.json"
    path.write_text(kernel.sources[PLAN_FILE])
    plan = Plan.read(path)
    assert plan.partition == kernel.program.partition
    again = replanned(kernel, plan)
    assert again.sources == kernel.sources
    compiled_again = compiled({"X": SHARDS}, plan=path)
    assert compiled_again.program.partition == kernel.program.partition
    assert list(owners(compiled_again)) == PIECE_CORES


@pytest.fixture(scope="module")
def on_ranges() -> CompiledKernel:
    """Work that follows shards on the user's core ranges."""
    return compiled(dict.fromkeys("XYZ", SHARDS), schedule={"core_ranges": PIECES})


def far(plan: dict[str, Any]) -> None:
    plan["shard_ranges"][0]["start"] = [7, 1]


def twice(plan: dict[str, Any]) -> None:
    plan["shard_ranges"].append({"start": [3, 1], "extent": [1, 1]})


def few(plan: dict[str, Any]) -> None:
    del plan["shard_ranges"][1]


def moved(plan: dict[str, Any]) -> None:
    plan["shard_ranges"].reverse()


def swapped(plan: dict[str, Any]) -> None:
    items = plan["work_partition"]
    items["(0,6)"], items["(3,6)"] = items["(3,6)"], items["(0,6)"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (far, r"shard range 0, start \[7, 1\] extent \[2, 2\], leaves the 8x8 core grid"),
        (twice, r"shard ranges 0 and 2 overlap at core \(3,1\)"),
        (few, "layouts: 8 shards are more than the 4 cores of the core ranges"),
        (moved, r"core \(3,1\) is given the work of a shard of 'X' that lies on core \(0,6\)"),
        (swapped, r"core \(3,6\) is given the work of a shard of 'X' that lies on core \(0,6\)"),
    ],
)
def test_plans_that_move_shards(
    on_ranges: CompiledKernel, edit: Any, message: str, tmp_path: Path
) -> None:
    plan = json.loads(on_ranges.sources[PLAN_FILE])
    edit(plan)
    path = tmp_path / "tt.plan.json"
    path.write_text(json.dumps(plan, indent=1))
    with pytest.raises(CompileError, match=message) as error:
        Plan.read(path)
    place = error.value.diagnostics[0].location
    assert place is not None
    assert place.line > 1


def test_shards_that_disagree_are_worked_on_globally() -> None:
    """Nobody asked for local_shard; who does is refused."""
    rows = {"memory": "L1", "strategy": "height", "grid": [4]}
    layout = {"X": SHARDS, "Y": rows, "Z": SHARDS}
    kernel = compiled(layout)
    assert decided(kernel) == [("global", "L1 shards of X and Y disagree")]
    assert checked(kernel)["dram"] == 0
    with pytest.raises(CompileError, match=r"disagree: 'X' has shard grid.*'Y' has shard grid"):
        compiled(layout, schedule={"partition_mode": "local_shard"})


# -- products with two batch axes ------------------------------------------------------------------

HEADS = """
func.func @heads(%A: memref<2x3x32x32xf32> {tt.name = "A"}, %B: memref<2x3x32x64xf32> {tt.name = "B"},
                 %C: memref<2x3x32x64xf32> {tt.name = "C"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%b, %h) = (%c0, %c0) to (%c2, %c3) step (%c1, %c1) {
    %a = memref.alloc() {tt.name = "a"} : memref<32x32xf32, 1 : i64>
    %w = memref.alloc() {tt.name = "w"} : memref<32x64xf32, 1 : i64>
    %acc = memref.alloc() {tt.name = "acc"} : memref<32x64xf32, 2 : i64>
    linalg.fill ins(%zero : f32) outs(%acc : memref<32x64xf32, 2 : i64>)
    %from = memref.subview %A[%b, %h, %c0, %c0] [1, 1, 32, 32] [1, 1, 1, 1] : memref<2x3x32x32xf32> to memref<32x32xf32, strided<[32, 1], offset: ?>>
    linalg.copy ins(%from : memref<32x32xf32, strided<[32, 1], offset: ?>>) outs(%a : memref<32x32xf32, 1 : i64>)
    %with = memref.subview %B[%b, %h, %c0, %c0] [1, 1, 32, 64] [1, 1, 1, 1] : memref<2x3x32x64xf32> to memref<32x64xf32, strided<[64, 1], offset: ?>>
    linalg.copy ins(%with : memref<32x64xf32, strided<[64, 1], offset: ?>>) outs(%w : memref<32x64xf32, 1 : i64>)
    linalg.generic {indexing_maps = [affine_map<(i, j, l) -> (i, l)>, affine_map<(i, j, l) -> (l, j)>, affine_map<(i, j, l) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %w : memref<32x32xf32, 1 : i64>, memref<32x64xf32, 1 : i64>) outs(%acc : memref<32x64xf32, 2 : i64>) {
    ^bb0(%x: f32, %y: f32, %o: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    }
    %to = memref.subview %C[%b, %h, %c0, %c0] [1, 1, 32, 64] [1, 1, 1, 1] : memref<2x3x32x64xf32> to memref<32x64xf32, strided<[64, 1], offset: ?>>
    linalg.copy ins(%acc : memref<32x64xf32, 2 : i64>) outs(%to : memref<32x64xf32, strided<[64, 1], offset: ?>>)
    scf.reduce
  }
  func.return
}
"""  # noqa: E501
CUT = {"grid": [2, 3, 1, 1], "shard_shape": [1, 1, 32, 32]}


def test_batch_axes_of_a_product_have_the_names_a_layout_gives_them() -> None:
    """Work follows the shards of one head each; another tensor may name the axes otherwise."""
    a = {"memory": "L1", "nd_shard": {**CUT, "axes": ["B", "H", "M", "K"]}}
    rows = {"axes": ["H", "B", "M", "N"], "grid": [2, 1, 1, 1], "shard_shape": [1, 3, 32, 64]}
    c = {"memory": "DRAM", "nd_shard": rows}
    kernel = tt_dialect.compile(parse_module(HEADS, "heads.mlir"), layout={"A": a, "C": c})
    assert kernel.plan["partition_mode"] == "local_shard"
    assert kernel.plan["layouts"]["A"]["axes"] == ["B", "H", "M", "K"]
    x = (np.arange(2 * 3 * 32 * 32).reshape(2, 3, 32, 32) % 7 - 3).astype(np.float32)
    y = (np.arange(2 * 3 * 32 * 64).reshape(2, 3, 32, 64) % 5 - 2).astype(np.float32)
    assert np.array_equal(kernel.run(x, y), x @ y)


def test_names_of_a_product_stay_where_they_are() -> None:
    a = {"memory": "L1", "nd_shard": {**CUT, "axes": ["B", "H", "K", "M"]}}
    with pytest.raises(CompileError) as caught:
        tt_dialect.compile(parse_module(HEADS, "heads.mlir"), layout={"A": a})
    (found,) = caught.value.diagnostics
    assert found.message == "'A': nd_shard axis 'B' labels 2 dimensions of the tensor"
    assert found.notes == ("cut other axes, or name all in their order",)
