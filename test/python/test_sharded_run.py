"""Tensors in DRAM and L1, interleaved and in shards, on the simulator and as C++."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from needs import needs_compiler
from sharded_programs import (
    CASES,
    LAYOUTS,
    NAMES,
    TENSORS,
    Where,
    batched_text,
    compiled,
    program_text,
    traffic,
)

from tt_dialect.analysis.placement import Device, Placement, placement_of
from tt_dialect.analysis.sharding import Sharding
from tt_dialect.api import CompiledKernel
from tt_dialect.diagnostics import CompileError
from tt_dialect.run import simulate
from tt_dialect.run.native import run_native
from tt_dialect.run.numerics import AnyArray
from tt_dialect.run.simulator import RunStats
from tt_dialect.tensors import default_inputs


def check(kernel: CompiledKernel, name: str, case: tuple[str, str, str]) -> list[AnyArray]:
    """Runs a case on the simulator: NumPy's result, and the bytes where they should be."""
    inputs = default_inputs(kernel.tensors, 0)
    (output,), stats = simulate(kernel.program, inputs)
    x, y = (i.astype(np.float32) for i in inputs)
    if name == "add":
        assert np.array_equal(output, (x + y).astype(inputs[0].dtype).astype(np.float32))
    else:
        exact = x.astype(np.float64) @ y.astype(np.float64)
        assert np.abs(output - exact).max() <= np.abs(exact).max() / 128
    where = {t[0]: LAYOUTS[c] for t, c in zip(TENSORS[name], case, strict=True)}
    check_bytes(stats, traffic(kernel, name, where))
    return [output]


def check_bytes(stats: RunStats, expected: dict[str, Counter[str]]) -> None:
    """The counts per tensor, and the totals, which are those of the cores."""
    assert stats.tensors == {t: dict(c) for t, c in expected.items()}
    sums = sum(expected.values(), Counter[str]())
    total = stats.total
    assert total.dram_read + total.dram_write == sums["dram"]
    assert (total.l1_local, total.l1_remote) == (sums["l1_local"], sums["l1_remote"])
    assert total.noc_bytes == sums["dram"] + sums["l1_remote"]
    assert sum(core.l1_local for core in stats.cores.values()) == total.l1_local
    assert all(n.min() == n.max() == 1 for n in stats.page_writes.values())


@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_every_layout_in_every_place(
    case: tuple[str, str, str], name: str, arch: str, tmp_path: Path
) -> None:
    text = program_text(name, *(LAYOUTS[c] for c in case))
    kernel = compiled(text, tmp_path, arch)
    layouts = [t.layout for t in kernel.program.tensors]
    assert [bool(t.shard) for t in layouts] == [LAYOUTS[c].shard is not None for c in case]
    check(kernel, name, case)


@needs_compiler
@pytest.mark.parametrize(
    ("name", "arch", "case"),
    [
        (name, ("wormhole", "blackhole")[(i + j) % 2], case)
        for j, name in enumerate(TENSORS)
        for i, case in enumerate(CASES)
    ],
    ids=str,
)
def test_native_is_the_simulator_to_the_bit(
    name: str, arch: str, case: tuple[str, str, str], tmp_path: Path
) -> None:
    kernel = compiled(program_text(name, *(LAYOUTS[c] for c in case)), tmp_path, arch)
    inputs = default_inputs(kernel.tensors, 0)
    expected, stats = simulate(kernel.program, inputs)
    done = run_native(kernel.program, kernel.sources, inputs, timeout=300)
    assert not [f for f in done.findings if f.severity != "remark"]
    for got, want in zip(done.outputs, expected, strict=True):
        assert np.array_equal(got, want)
    assert done.stats.tensors == stats.tensors
    assert (done.stats.banks, done.stats.in_place) == (stats.banks, stats.in_place)
    for figure in ("dram_read", "dram_write", "noc_bytes", "l1_local", "l1_remote"):
        for core, counts in stats.cores.items():
            assert getattr(done.stats.cores[core], figure) == getattr(counts, figure)


THREE_D = 'nd_shard<axes {axes}, grid {grid}, shard {shard}, order "{order}">'


@needs_compiler
@pytest.mark.parametrize("order", ["row_major", "z_order"])
@pytest.mark.parametrize("memory", ["l1", "dram"])
def test_shards_of_three_dimensions(memory: str, order: str, tmp_path: Path) -> None:
    """2x3x3 shards of 2x2x2 pages of 3x5x5, uneven along each dimension; in L1 1x3x3."""
    batch, count = (3, 1) if memory == "l1" else (2, 2)
    grid, extents = [count, 3, 3], [batch, 64, 64]
    shard = THREE_D.format(axes='["B", "M", "N"]', grid=grid, shard=extents, order=order)
    layout = f'{memory}, sharded, tile<32x32, bf16>, axes ["B", "M", "N"], by "user", {shard}'
    if (memory, order) == ("dram", "z_order"):
        with pytest.raises(CompileError, match="18 shards in order z_order share 12 banks"):
            compiled(batched_text(layout), tmp_path, "wormhole")
        return
    kernel = compiled(batched_text(layout), tmp_path, "wormhole")
    inputs = default_inputs(kernel.tensors, 0)
    outputs, stats = simulate(kernel.program, inputs)
    doubled = (2 * inputs[0].astype(np.float32)).astype(inputs[0].dtype).astype(np.float32)
    assert np.array_equal(outputs[0], doubled)
    assert sum(stats.tensors["X"].values()) == 75 * 2048
    done = run_native(kernel.program, kernel.sources, inputs, timeout=300)
    assert np.array_equal(done.outputs[0], outputs[0])
    assert done.stats.tensors == stats.tensors


def test_statistics_tell_the_kinds(tmp_path: Path) -> None:
    kernel = compiled(program_text("add", *(LAYOUTS[c] for c in CASES[1])), tmp_path, "wormhole")
    kernel.run(*default_inputs(kernel.tensors, 0))
    assert kernel.stats is not None
    told = kernel.stats.as_dict()
    assert told["tensors"] == kernel.stats.tensors
    assert {"l1_local", "l1_remote", "dram_read"} <= kernel.stats.total.as_dict().keys()


def test_pages_of_uneven_shards_keep_their_places() -> None:
    """Each page has a place of its own; a bank has room for whole shards."""
    where = Placement(12, 81, Sharding((9, 9), (2, 2)))
    slots = where.slots()
    assert len(set(slots)) == 81
    assert where.room == 3 * 4  # 25 shards of 4 pages on 12 banks
    assert slots[9 * 8 + 8] == 0 * 12 + 2 * 4  # the last shard, number 24, holds one page
    assert where.place(2) == (1, 0)


@pytest.mark.parametrize(
    ("shard", "message"),
    [
        ((1, 2), "the shard grid 9x5 is larger than the 8x8 core grid"),
        ((1, 9), "9 shards are more than the 2x2 core grid has cores"),
    ],
)
def test_a_shard_outside_the_device_is_an_error(
    shard: tuple[int, int], message: str, tmp_path: Path
) -> None:
    kernel = compiled(program_text("add", *[Where("l1", shard)] * 3), tmp_path, "blackhole")
    simulate(kernel.program, default_inputs(kernel.tensors, 0))
    tensor = kernel.program.tensors.data[0]
    grid = (2, 2) if "2x2" in message else (8, 8)
    device = Device(12, 32, grid, 1 << 20, grid)
    with pytest.raises(CompileError) as caught:
        placement_of(tensor, device, kernel.program)
    assert f"L1 tensor 'X': {message}" in str(caught.value)
    assert re.search(r"program\.mlir:\d+:\d+: error", str(caught.value))


def test_shards_lie_on_the_core_ranges_of_the_user(tmp_path: Path) -> None:
    """In the order of the ranges; without any from (0, 0)."""
    kernel = compiled(program_text("add", *[LAYOUTS["l1 block"]] * 3), tmp_path, "wormhole")
    tensor = kernel.program.tensors.data[0]
    cores = tuple((x + 2, y + 1) for y in range(5) for x in range(5))
    plain = Device.of(kernel.program)
    moved = Device(12, 32, (8, 8), 1 << 20, shard_ranges=(*cores, (0, 0)))
    assert placement_of(tensor, plain, kernel.program).cores[6] == (1, 1)
    assert placement_of(tensor, moved, kernel.program).cores == cores


def test_every_layout_is_named() -> None:
    assert {n for case in CASES for n in case} == set(NAMES)
    assert all({case[i] for case in CASES} == set(NAMES) for i in range(3))
