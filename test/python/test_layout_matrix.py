"""The layout matrix: operand layouts x outputs x strategies x machines, against NumPy.

Every cell runs on the simulator, and some natively, with each layout in each place. What each cell
moves, in total and on each core, is compared with a count made by hand (`layout_cells.py`).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import product

import numpy as np
import pytest
from amounts import EVERYTHING
from layout_cells import (
    BLOCKS,
    BYTES,
    DEVICE,
    LAYOUTS,
    LOCAL,
    OUTPUTS,
    STRATEGIES,
    TENSORS,
    Cell,
    Core,
    cells,
    compiled,
    data,
    local_cells,
    shares,
    traffic,
    transfers,
)
from needs import needs_compiler

from tt_dialect.analysis.work import blocks_of
from tt_dialect.api import CompiledKernel
from tt_dialect.arch import get_arch
from tt_dialect.run import simulate
from tt_dialect.run.machine import Event
from tt_dialect.run.native import run_native
from tt_dialect.run.numerics import AnyArray
from tt_dialect.run.simulator import RunStats

CELLS = cells()
LOCAL_CELLS = local_cells()
NATIVE = [
    cell
    for number, cell in enumerate(CELLS)
    if (number % 9 - number // 9 % 9) % 9 == (1, 3)[number // 81]
] + LOCAL_CELLS[::6]
"""A diagonal of each kernel's square of operand layouts: each layout once in each place. All cells
where everything is run."""
if EVERYTHING:
    NATIVE = [*CELLS, *LOCAL_CELLS]


def float32(kernel: str) -> list[AnyArray]:
    return [array.astype(np.float32) for array in data(kernel)[0]]


@cache
def simulated(cell: Cell) -> tuple[CompiledKernel, AnyArray, RunStats]:
    """A cell's program, its output and what its run counted."""
    kernel = compiled(cell)
    (output,), stats = simulate(kernel.program, float32(cell.kernel))
    return kernel, output, stats


def check_counts(cell: Cell, stats: RunStats) -> None:
    """DRAM, local and remote L1 bytes: of every tensor, of every core, and all together."""
    expected = traffic(cell)
    assert stats.tensors == {tensor: dict(n) for tensor, n in expected.tensors.items()}
    assert set(stats.cores) == set(expected.cores)
    kinds = ("dram_read", "dram_write", "l1_local", "l1_remote")
    for core, counts in expected.cores.items():
        found = stats.cores[core]
        assert [getattr(found, kind) for kind in kinds] == [counts[kind] for kind in kinds], core
        assert found.noc_bytes == sum(counts.values()) - counts["l1_local"]
    total = sum(expected.cores.values(), Counter[str]())
    assert [getattr(stats.total, kind) for kind in kinds] == [total[kind] for kind in kinds]


# --- the matrix -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_cell(cell: Cell) -> None:
    kernel, output, stats = simulated(cell)
    assert np.array_equal(output.astype(np.float64), data(cell.kernel)[1])
    assert {core: list(work) for core, work in blocks_of(kernel.program.partition)} == shares(
        cell.strategy, cell.grid
    )
    check_counts(cell, stats)
    assert all(n.min() == n.max() == 1 for n in stats.page_writes.values())


@pytest.mark.parametrize("cell", LOCAL_CELLS, ids=str)
def test_work_follows_the_shards_of_the_output(cell: Cell) -> None:
    """In local_shard each core does the blocks of its shard: those pages never touch the NoC."""
    kernel, output, stats = simulated(cell)
    assert np.array_equal(output.astype(np.float64), data(cell.kernel)[1])
    found = {core: list(work) for core, work in blocks_of(kernel.program.partition)}
    assert found == shares("local", cell.grid)
    check_counts(cell, stats)
    followed = [
        t for t, name in zip(TENSORS[cell.kernel], cell.layouts, strict=True) if name == LOCAL
    ]
    for tensor in followed:
        assert stats.tensors[tensor] == {}
    if set(cell.layouts) == {LOCAL}:
        assert stats.total.noc_bytes == stats.total.dram_read == stats.total.l1_remote == 0


@needs_compiler
@pytest.mark.parametrize("cell", NATIVE, ids=str)
def test_cell_as_cpp(cell: Cell) -> None:
    kernel, expected, counted = simulated(cell)
    done = run_native(kernel.program, kernel.sources, float32(cell.kernel), timeout=300)
    assert not [finding for finding in done.findings if finding.severity != "remark"]
    (output,) = done.outputs
    assert np.array_equal(output, expected)
    assert np.array_equal(output.astype(np.float64), data(cell.kernel)[1])
    check_counts(cell, done.stats)
    assert done.stats.tensors == counted.tensors


@pytest.mark.parametrize("cell", [*CELLS[::9], *CELLS[4::9]], ids=str)
def test_pages_come_from_their_banks(cell: Cell) -> None:
    """Every transfer of every core: which page, and in which bank."""
    seen: Counter[tuple[str, Core, int, int]] = Counter()

    def watch(event: Event) -> None:
        if event.phase == "issue" and event.kind in ("read", "write"):
            seen[event.kind, event.core, event.bank, event.page] += 1

    simulate(simulated(cell)[0].program, float32(cell.kernel), observer=watch)
    assert seen == transfers(cell, get_arch(cell.arch).dram_banks)


# --- hand-written tables --------------------------------------------------------------------------

Row = tuple[int, list[tuple[int, int, int, int]]]
"""Blocks of a core, and the ranges of cores with so many: x, y and extents."""


def ranges(kernel: CompiledKernel) -> list[Row]:
    """The division of work of a program."""
    return [
        (work.count.data, [(*r.start, *r.extent) for r in work.cores.ranges])
        for work in kernel.program.partition.work
    ]


UNEVEN = [(3, [(0, 0, 4, 1), (0, 1, 1, 1)]), (2, [(1, 1, 3, 1), (0, 2, 4, 3)])]
"""45 blocks on 4x5 cores: five do three, the others two."""
RANGES = [
    ("contiguous", "wormhole", True, UNEVEN),
    ("column_major", "blackhole", True, UNEVEN),
    # boxes of 2x2 blocks: five down, three across
    ("block", "wormhole", True, [(4, [(0, 0, 3, 5)])]),
    # fewer blocks than cores
    ("row_major", "wormhole", False, [(1, [(0, 0, 8, 5), (0, 5, 5, 1)])]),
    ("contiguous", "blackhole", False, [(1, [(0, 0, 11, 4), (0, 4, 1, 1)])]),
    # eight rows of cores: boxes of 2x1; ten rows: of 1x1
    ("block", "wormhole", False, [(2, [(0, 0, 5, 5)])]),
    ("block", "blackhole", False, [(1, [(0, 0, 5, 9)])]),
]


@pytest.mark.parametrize("kernel", TENSORS)
@pytest.mark.parametrize(("strategy", "arch", "small", "table"), RANGES)
def test_ranges(
    kernel: str,
    strategy: str,
    arch: str,
    small: bool,
    table: list[Row],
) -> None:
    cell = Cell(kernel, ("l1 block", "dram nd", "l1 block"), strategy, arch, small)
    assert ranges(simulated(cell)[0]) == table


TWO = [(0, 0, 5, 2), (2, 3, 5, 3)]
"""Disjoint core ranges of ten and fifteen cores."""


@pytest.mark.parametrize("arch", DEVICE)
@pytest.mark.parametrize(
    ("layouts", "strategy", "table"),
    [
        (
            ("dram nd", "dram block", "dram"),
            "column_major",
            [(2, [(0, 0, 5, 2), (2, 3, 5, 2)]), (1, [(2, 5, 5, 1)])],
        ),
        # five rows of five cores: boxes of 2x1 blocks
        (("dram height", "dram", "dram"), "block", [(2, TWO)]),
        # 5x5 shards, one on each core
        (("dram width", LOCAL, LOCAL), "local", [(2, TWO)]),
        ((LOCAL, "dram block", LOCAL), "local", [(2, TWO)]),
    ],
)
def test_core_ranges(
    layouts: tuple[str, str, str], strategy: str, table: list[Row], arch: str
) -> None:
    """Work, and the shards it follows, lie on the ranges asked for; shard s on the s-th core."""
    kernel = compiled(Cell("add", layouts, strategy, arch), TWO)
    assert ranges(kernel) == table
    (output,), stats = simulate(kernel.program, float32("add"))
    assert np.array_equal(output.astype(np.float64), data("add")[1])
    everything = 9 * 10 * BYTES["bf16"]
    moved = [{} if name == LOCAL else {"dram": everything} for name in layouts]
    assert stats.tensors == dict(zip("XYZ", moved, strict=True))
    corners = [(x + i, y + j) for x, y, w, h in TWO for j in range(h) for i in range(w)]
    assert set(stats.cores) == set(corners)


BLOCKS_OF = [
    # (strategy, small, core, its blocks)
    ("contiguous", True, (0, 0), [(0, 0), (0, 1), (0, 2)]),
    ("row_major", True, (1, 1), [(3, 0), (3, 1)]),
    ("column_major", True, (0, 0), [(0, 0), (1, 0), (2, 0)]),
    ("column_major", True, (3, 4), [(7, 4), (8, 4)]),
    ("block", True, (2, 4), [(8, 4)]),
    ("block", True, (1, 0), [(0, 2), (0, 3), (1, 2), (1, 3)]),
    ("block", False, (4, 4), [(8, 4)]),
]


@pytest.mark.parametrize(("strategy", "small", "core", "blocks"), BLOCKS_OF)
def test_blocks_of_a_core(
    strategy: str, small: bool, core: Core, blocks: list[tuple[int, int]]
) -> None:
    cell = Cell("add", ("dram", "l1 nd", "dram"), strategy, "wormhole", small)
    assert dict(blocks_of(simulated(cell)[0].program.partition))[core] == blocks
    assert shares(strategy, cell.grid)[core] == blocks


# --- the matrix is what it says -------------------------------------------------------------------


def test_the_matrix_covers() -> None:
    """Every two values of two factors meet, on each kernel; shards are many and uneven."""
    assert len(CELLS) >= 120
    for kernel in TENSORS:
        rows = [(*c.layouts, c.strategy, c.arch, c.small) for c in CELLS if c.kernel == kernel]
        factors = (LAYOUTS, LAYOUTS, OUTPUTS, STRATEGIES, DEVICE, (False, True))
        for a, b in product(range(6), repeat=2):
            if a < b:
                wanted = set(product(factors[a], factors[b]))
                assert {(row[a], row[b]) for row in rows} == wanted, (a, b)
        for place in (0, 1):
            met = {(row[place], row[3], row[4]) for row in rows}
            assert met == set(product(LAYOUTS, STRATEGIES, DEVICE))
        assert {row[2:5] for row in rows} == set(product(OUTPUTS, STRATEGIES, DEVICE))
    sizes = {size[:2] for tensors in TENSORS.values() for size in tensors.values()}
    for where, (rows, cols) in product(LAYOUTS.values(), sizes):
        if where.kind == "interleaved":
            continue
        down, across = where.grid(rows, cols)
        assert where.kind == "width" or down >= 4
        assert where.kind == "height" or across >= 4
        high, wide = where.shard(rows, cols)
        assert where.thin or rows % high or cols % wide


def test_the_native_cells_cover() -> None:
    """Each layout in each place, on each kernel; both outputs, all strategies, both machines."""
    assert len(NATIVE) >= 24
    for kernel in TENSORS:
        rows = [c for c in NATIVE if c.kernel == kernel]
        for place in (0, 1):
            assert {c.layouts[place] for c in rows} >= set(LAYOUTS)
        assert {c.layouts[2] for c in rows} >= set(OUTPUTS)
        assert {c.strategy for c in rows} >= set(STRATEGIES)
        assert {c.arch for c in rows} == set(DEVICE)


def test_the_count_of_bytes_is_that_of_the_kernel() -> None:
    """A product reads A once for each block column and B once for each block row."""
    found = traffic(CELLS[-1]).tensors
    assert found["A"].total() == 9 * 7 * BLOCKS[1] * BYTES["bf16"]
    assert found["B"].total() == 7 * 10 * BLOCKS[0] * BYTES["bf16"]
    assert found["C"].total() == 9 * 10 * BYTES["f32"]
