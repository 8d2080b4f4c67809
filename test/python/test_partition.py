"""tt-partition-work: every block once under every strategy, and (m, n) recovered from work ids."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from amounts import amount
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tt_dialect.analysis.annotations import annotate
from tt_dialect.analysis.work import blocks_of, core_arguments, ranges_of
from tt_dialect.arch import ARCHS
from tt_dialect.ir.layout import PartitionAttr
from tt_dialect.ir.program import AbiAttr
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.grid_to_persistent import GridToPersistentPass
from tt_dialect.passes.partition_work import PartitionWorkPass
from tt_dialect.run import evaluate

DRAM = 'dram, interleaved, tile<32x32, f32>, axes [], by "default"'
STRATEGIES = ("contiguous", "row_major", "column_major", "block")


def copy_kernel(
    blocks: tuple[int, ...], size: tuple[int, int], layout: str = DRAM, axes: str = ""
) -> ModuleOp:
    """`B = A` by blocks of `size` tiles; `blocks` counts them, of one to three axes.

    `axes` is the order of the grid's axes, all in order if empty.
    """
    rank = len(blocks)
    names = [f"i{axis}" for axis in range(rank)]
    order = [int(a) for a in axes] or list(range(rank))
    outer = blocks[:-2]
    rows = blocks[-2] if rank > 1 else blocks[0]
    cols = blocks[-1] if rank > 1 else 1
    shape = [*outer, rows * size[0] * 32, cols * size[1] * 32]
    full = "x".join(map(str, shape))
    part = f"{size[0] * 32}x{size[1] * 32}"
    view = f"memref<{part}xf32, strided<[{shape[-1]}, 1], offset: ?>>"
    where = [*(f"%{n}" for n in names[: len(outer)]), "%m", "%n" if rank > 1 else "0"]
    extents = [*([1] * len(outer)), size[0] * 32, size[1] * 32]
    counts = ", ".join(f"%e{blocks[axis]}" for axis in order)
    lines = [f"%e{n} = arith.constant {n} : index" for n in sorted({*blocks, 0, 1})]
    lines += [f"%h = arith.constant {size[0] * 32} : index"]
    lines += [f"%w = arith.constant {size[1] * 32} : index"]
    zeros, ones = ", ".join(["%e0"] * rank), ", ".join(["%e1"] * rank)
    ivs = ", ".join(f"%{names[axis]}" for axis in order)
    lines += [f"scf.parallel ({ivs}) = ({zeros}) to ({counts}) step ({ones}) {{"]
    lines += [f"%m = arith.muli %{names[-2] if rank > 1 else names[0]}, %h : index"]
    lines += [f"%n = arith.muli %{names[-1]}, %w : index"] if rank > 1 else []
    at = f"[{', '.join(where)}] {extents} {[1] * len(shape)} : memref<{full}xf32> to {view}"
    for tensor in "AB":
        lines.append(f"%{tensor.lower()} = memref.subview %{tensor}{at}")
    lines += [f"linalg.copy ins(%a : {view}) outs(%b : {view})", "}", "func.return"]
    parameters = ", ".join(
        f'%{t}: memref<{full}xf32> {{tt.name = "{t}", tt.layout = #tt.layout.buffer<{layout}>}}'
        for t in "AB"
    )
    body = "\n".join(lines)
    return parse_module(f"func.func @copy({parameters}) {{\n{body}\n}}\n", "copy.mlir")


def kernel_of(module: ModuleOp) -> FuncOp:
    return next(op for op in module.walk() if isinstance(op, FuncOp))


def partition_of(module: ModuleOp) -> PartitionAttr:
    partition = kernel_of(module).attributes["tt.partition"]
    assert isinstance(partition, PartitionAttr)
    return partition


def lower(module: ModuleOp, work: PartitionWorkPass) -> PartitionAttr:
    ctx = make_context()
    work.apply(ctx, module)
    partition = partition_of(module)
    GridToPersistentPass().apply(ctx, module)
    module.verify()
    return partition


def covers_once(partition: PartitionAttr) -> None:
    blocks = [block for _, share in blocks_of(partition) for block in share]
    counts = [n.data for n in partition.blocks]
    assert sorted(blocks) == list(product(*map(range, counts)))
    cores = [core for core, _ in blocks_of(partition)]
    assert len(set(cores)) == len(cores)
    width, height = (n.data for n in partition.core_grid)
    assert all(x < width and y < height for x, y in cores)
    for (core, share), (same, _, count) in zip(blocks_of(partition), partition.ids(), strict=True):
        assert (core, len(share)) == (same, count)


def copies(module: ModuleOp) -> None:
    shape = [n.data for n in kernel_of(module).args[0].type.shape]  # pyright: ignore
    array = np.arange(prod(shape), dtype=np.float32).reshape(shape) % 2039
    (result,) = evaluate(kernel_of(module), [array])
    assert np.array_equal(result, array)


@st.composite
def disjoint_ranges(draw: st.DrawFn, grid: tuple[int, int]) -> tuple[int, ...]:
    """Up to three disjoint rectangles on a core grid, as the option writes them."""
    taken: set[tuple[int, int]] = set()
    found: list[int] = []
    for _ in range(draw(st.integers(1, 3))):
        x, y = draw(st.integers(0, grid[0] - 1)), draw(st.integers(0, grid[1] - 1))
        w, h = draw(st.integers(1, grid[0] - x)), draw(st.integers(1, grid[1] - y))
        cores = {(x + i, y + j) for i in range(w) for j in range(h)}
        if not cores & taken:
            taken |= cores
            found += [x, y, w, h]
    return tuple(found)


@st.composite
def requests(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, int], str, PartitionWorkPass]:
    arch = ARCHS[draw(st.sampled_from(["wormhole", "blackhole"]))]
    blocks = tuple(draw(st.lists(st.integers(1, 7), min_size=1, max_size=3)))
    size = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    axes = "".join(map(str, draw(st.permutations(range(len(blocks))))))
    grid = draw(
        st.one_of(
            st.just(arch.grid),
            st.tuples(st.integers(1, arch.grid[0]), st.integers(1, arch.grid[1])),
        )
    )
    ranges = draw(st.one_of(st.just(()), disjoint_ranges(grid)))
    strategy = draw(st.sampled_from(STRATEGIES))
    options = PartitionWorkPass(
        arch=arch.name, strategy=strategy, core_grid=grid, core_ranges=ranges
    )
    return blocks, size, axes, options


SLOW = (HealthCheck.too_slow,)


@given(requests())
@settings(deadline=None, max_examples=amount(500, 60), suppress_health_check=SLOW)
def test_generated_partitions_cover_every_block_once(request) -> None:
    """500 partitions: coverage, bounds, balance, and cores only where asked for."""
    blocks, size, axes, options = request
    module = copy_kernel(blocks, size, axes=axes)
    options.apply(make_context(), module)
    partition = partition_of(module)
    covers_once(partition)
    counts = [count for _, _, count in partition.ids()]
    if options.strategy != "block":
        assert max(counts) - min(counts) <= 1
    fours = [options.core_ranges[i : i + 4] for i in range(0, len(options.core_ranges), 4)]
    allowed = {(x + i, y + j) for x, y, w, h in fours for i in range(w) for j in range(h)}
    assert not allowed or {core for core, _, _ in partition.ids()} <= allowed


@given(requests())
@settings(deadline=None, max_examples=amount(400, 40), suppress_health_check=SLOW)
def test_generated_partitions_run(request) -> None:
    """400 partitions: the persistent loop does their blocks, whatever order the grid has."""
    blocks, size, axes, options = request
    module = copy_kernel(blocks, size, axes=axes)
    lower(module, options)
    copies(module)


@given(requests())
@settings(deadline=None, max_examples=30, suppress_health_check=SLOW)
def test_a_division_that_is_listed_is_the_same(request) -> None:
    """Every strategy's blocks, core by core in a schedule, give that strategy's division."""
    blocks, size, axes, options = request
    module = copy_kernel(blocks, size, axes=axes)
    options.apply(make_context(), module)
    wanted = blocks_of(partition_of(module))
    items = {str(core): [item(block) for block in share] for core, share in wanted}
    again = copy_kernel(blocks, size, axes=axes)
    annotate(kernel_of(again), schedule={"work_partition": items})
    partition = lower(again, PartitionWorkPass(arch=options.arch, core_grid=options.core_grid))
    assert dict(blocks_of(partition)) == dict(wanted)
    covers_once(partition)
    copies(again)


def item(block: tuple[int, ...]) -> dict[str, object]:
    """A work item as plans write it."""
    *batch, row, col = block if len(block) > 1 else (*block, 0)
    return {"io": row, "jo": col, "len_k": 1, **({"batch": batch} if batch else {})}


@st.composite
def shards(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, int], str, str]:
    blocks = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    size = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    rect = [draw(st.integers(-(-n // 8), n)) for n in blocks]
    grid = [-(-n // r) for n, r in zip(blocks, rect, strict=True)]
    extents = [r * s * 32 for r, s in zip(rect, size, strict=True)]
    order = draw(st.sampled_from(["row_major", "column_major", "z_order", "match_shard"]))
    shard = f'nd_shard<axes ["M", "N"], grid {grid}, shard {extents}, order "{order}">'
    layout = f'l1, sharded, tile<32x32, f32>, axes [], by "user", {shard}'
    return blocks, size, layout, draw(st.sampled_from(["01", "10"]))


@given(shards())
@settings(deadline=None, max_examples=amount(100, 30), suppress_health_check=SLOW)
def test_work_follows_generated_shards(request) -> None:
    """100 layouts, shards of any extent and order, uneven ones too: every block, on its core."""
    blocks, size, layout, axes = request
    module = copy_kernel(blocks, size, layout, axes)
    if "grid [1, 1]" in layout:
        return
    partition = lower(module, PartitionWorkPass())
    assert partition.is_local
    covers_once(partition)
    copies(module)


CASES = [
    # blocks, options, (core, start, count), blocks of the last core
    ((8, 8), {}, [((i % 8, i // 8), i, 1) for i in range(64)], [(7, 7)]),
    ((4, 4), {}, [((i % 8, i // 8), i, 1) for i in range(16)], [(3, 3)]),
    (
        (16, 16),
        {},
        [((i % 8, i // 8), 4 * i, 4) for i in range(64)],
        [(15, c) for c in range(12, 16)],
    ),
    (
        (3, 3),
        {"core_grid": (2, 2)},
        [((0, 0), 0, 3), ((1, 0), 3, 2), ((0, 1), 5, 2), ((1, 1), 7, 2)],
        [(2, 1), (2, 2)],
    ),
    (
        (3, 3),
        {"core_grid": (2, 2), "strategy": "column_major"},
        [((0, 0), 0, 3), ((1, 0), 3, 2), ((0, 1), 5, 2), ((1, 1), 7, 2)],
        [(1, 2), (2, 2)],
    ),
    (
        (3, 5),
        {"core_grid": (2, 2), "strategy": "block"},
        [((0, 0), 0, 6), ((1, 0), 6, 4), ((0, 1), 12, 3), ((1, 1), 18, 2)],
        [(2, 3), (2, 4)],
    ),
    (
        (2, 3, 2),
        {"core_grid": (2, 2), "strategy": "block"},
        [((0, 0), 0, 4), ((1, 0), 4, 4), ((0, 1), 8, 2), ((1, 1), 12, 2)],
        [(0, 2, 1), (1, 2, 1)],
    ),
    (
        (7,),
        {"core_ranges": (5, 5, 2, 1, 0, 0, 1, 1)},
        [((5, 5), 0, 3), ((6, 5), 3, 2), ((0, 0), 5, 2)],
        [(5,), (6,)],
    ),
]


@pytest.mark.parametrize(("blocks", "options", "rows", "last"), CASES)
def test_hand_written_tables(blocks, options, rows, last) -> None:
    module = copy_kernel(blocks, (1, 1))
    partition = lower(module, PartitionWorkPass(**options))
    assert partition.ids() == rows
    assert blocks_of(partition)[-1][1] == last
    covers_once(partition)
    copies(module)


def test_rows_of_local_shards() -> None:
    """Mt = Nt = 4, shards of 2x2 tiles: rows `0,4,2,2,2,2,sy,sx`; core (0, 1) does 8 9 12 13."""
    shard = 'nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">'
    layout = f'l1, sharded, tile<32x32, f32>, axes [], by "user", {shard}'
    module = copy_kernel((4, 4), (1, 1), layout)
    partition = lower(module, PartitionWorkPass())
    abi = kernel_of(module).attributes["tt.abi"]
    assert isinstance(abi, AbiAttr)
    rows = [(core, values[2:]) for core, values in core_arguments(abi, partition, [0, 0])]
    assert rows == [((x, y), [0, 4, 2, 2, 2, 2, y, x]) for y in range(2) for x in range(2)]
    labels = [arg.label.data for arg in abi.args][4:]
    assert labels == ["Sm", "Sn", "Gy", "Gx", "sy", "sx"]
    core, share = blocks_of(partition)[2]
    assert core == (0, 1)
    assert [4 * m + n for m, n in share] == [8, 9, 12, 13]


RANGES = [
    ([(0, 0), (1, 0), (2, 0)], [((0, 0), (3, 1))]),
    ([(0, 0), (1, 0), (0, 1), (1, 1)], [((0, 0), (2, 2))]),
    ([(2, 0), (3, 0), (0, 1), (1, 1)], [((2, 0), (2, 1)), ((0, 1), (2, 1))]),
    ([(1, 1), (0, 0)], [((1, 1), (1, 1)), ((0, 0), (1, 1))]),
    ([(0, 0), (0, 1), (0, 2), (5, 5)], [((0, 0), (1, 3)), ((5, 5), (1, 1))]),
    ([(0, 0), (1, 0), (0, 1)], [((0, 0), (2, 1)), ((0, 1), (1, 1))]),
]


@pytest.mark.parametrize(("cores", "rectangles"), RANGES)
def test_ranges_hold_cores_in_order(cores, rectangles) -> None:
    ranges = ranges_of(cores)
    assert ranges.cores() == cores
    assert [(r.start, r.extent) for r in ranges.ranges] == rectangles
