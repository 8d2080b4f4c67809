"""`tt-partition-work`: blocks of the launch grid over cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from xdsl.dialects import scf
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntAttr, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.utils.hints import isa

from tt_dialect.analysis.access import (
    block_axes,
    grid_of,
    grid_order,
    memref_type,
    tile_dims,
    written_blocks,
)
from tt_dialect.analysis.annotated_work import RangeRequest, ScheduleRequest
from tt_dialect.analysis.annotations import place_of
from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.resident import Resident, resident_tensors
from tt_dialect.analysis.sharding import ShardingError, row_major_numbers, shard_cores
from tt_dialect.analysis.work import (
    blocks_of,
    ranges_of,
    spell_core,
    split_blocks,
    split_boxes,
    split_over,
)
from tt_dialect.arch import Arch, get_arch
from tt_dialect.diagnostics import CompileError, error_at
from tt_dialect.ir.layout import (
    WORK_ORDERS,
    CoreRangesAttr,
    PartitionAttr,
    WorkAttr,
    int_tuple,
    ints,
)
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, decision, is_kernel
from tt_dialect.passes.listed_work import division_of, items_of
from tt_dialect.passes.work_request import Wishes, check_stated, merge, request_of, spell


def _extents(func: FuncOp, grid: scf.ParallelOp) -> list[int]:
    extents: list[int] = []
    for low, high, step in zip(grid.lowerBound, grid.upperBound, grid.step, strict=True):
        bounds = [constant_value(v) for v in (low, high, step)]
        if bounds[0] != 0 or bounds[1] is None or bounds[2] != 1:
            raise error_at(
                grid,
                f"the launch grid of '{func.sym_name.data}' is not static",
                "each axis must run from 0 to a constant in steps of 1",
            )
        if bounds[1] < 1:
            raise error_at(grid, f"the launch grid of '{func.sym_name.data}' is empty")
        extents.append(bounds[1])
    return extents


@dataclass(frozen=True)
class _Blocks:
    """The blocks of a kernel."""

    func: FuncOp
    grid: scf.ParallelOp
    counts: tuple[int, ...]
    """Blocks along each axis, outermost first."""
    block_tiles: tuple[int, ...]
    tiles: tuple[int, ...]
    shards_on: CoreRangesAttr | None = None
    """The user's core ranges, where L1 shards lie on them."""


@dataclass
class PartitionGrid(RewritePattern):
    """A kernel with a launch grid gets a partition of its blocks over the cores."""

    arch: Arch
    options: ScheduleRequest

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not is_kernel(op):
            return
        _check_arch(op, self.arch)
        given = op.attributes.get("tt.partition")
        if given is not None and grid_of(op) is None:
            return
        blocks = _blocks(op)
        op.attributes["tt.arch"] = StringAttr(self.arch.name)
        wishes = merge(op, self.options)
        if isinstance(given, PartitionAttr):
            wishes = replace(wishes, request=_on_cores_of(given, wishes.request))
        partition, rows = self._partition(blocks, wishes)
        check_stated(
            op,
            wishes.request,
            given if isinstance(given, PartitionAttr) else partition,
            block_axes(op, blocks.grid),
        )
        if isinstance(given, PartitionAttr):
            _check_given(op, given, partition, blocks, self.arch)
            return
        op.attributes["tt.partition"] = partition
        if rows:
            known = op.attributes.get("tt.decisions")
            earlier = list(known) if isa(known, ArrayAttr[DictionaryAttr]) else []
            op.attributes["tt.decisions"] = ArrayAttr([*earlier, *rows])
        rewriter.notify_op_modified(op)

    def _partition(
        self, blocks: _Blocks, wishes: Wishes
    ) -> tuple[PartitionAttr, list[DictionaryAttr]]:
        """The partition, and what was decided for it."""
        request = wishes.request
        rows = [decision("work", what, value, "user") for what, value in wishes.decided]
        core_grid = self._core_grid(blocks.func, request)
        if request.core_grid is None:
            rows.append(decision("work", "core_grid", spell(core_grid), self.arch.name))
        try:
            residents = resident_tensors(blocks.func, blocks.grid)
        except ShardingError as error:
            raise error_at(blocks.func, str(error), *filter(None, [error.hint])) from None
        ranges = request.cores()
        for resident in residents:
            _cores_of_shards(blocks.func, resident, core_grid, ranges)
        if residents and ranges is not None:
            blocks = replace(blocks, shards_on=ranges_of(ranges))
        asked = request.partition_mode
        if request.work_partition is not None:
            partition, why = _listed(blocks, residents, request, core_grid)
            return partition, [*rows, *why]
        if asked == "global" or (asked is None and not residents):
            return self._global(blocks, request, core_grid), rows
        try:
            local = _local(blocks, residents, request, core_grid)
        except _NotFollowedError as reason:
            if asked is not None:
                raise reason.error from None
            rows.append(decision("work", "partition_mode", "global", reason.by))
            return self._global(blocks, request, core_grid), rows
        if asked is None:
            by = next(r.label for r in residents if r.axes is not None)
            rows.append(decision("work", "partition_mode", "local_shard", f"L1 shards of {by}"))
        return local, rows

    def _core_grid(self, func: FuncOp, request: ScheduleRequest) -> tuple[int, int]:
        """The core grid asked for, or the whole device; ranges lie inside."""
        grid = request.core_grid or self.arch.grid
        place = place_of(func, request.place)
        if any(wanted > there for wanted, there in zip(grid, self.arch.grid, strict=True)):
            raise error_at(
                place,
                f"core grid {list(grid)} is larger than the device",
                f"{self.arch.name} has {self.arch.grid[0]}x{self.arch.grid[1]} cores",
            )
        for number, r in enumerate(request.core_ranges or ()):
            ends = [s + e for s, e in zip(r.start, r.extent, strict=True)]
            if any(end > size for end, size in zip(ends, grid, strict=True)):
                raise error_at(
                    place,
                    f"core range {number}, {spell(r)}, leaves the {grid[0]}x{grid[1]} core grid",
                    "a range is [start, extent], both [x, y]",
                )
        return grid

    def _global(
        self, blocks: _Blocks, request: ScheduleRequest, core_grid: tuple[int, int]
    ) -> PartitionAttr:
        """Runs of work ids, or boxes of blocks, over the cores asked for."""
        strategy, order = request.strategy or "contiguous", request.order
        named = strategy if strategy in WORK_ORDERS else None
        place = place_of(blocks.func, request.place)
        if named is not None and order not in (None, named):
            raise error_at(
                place,
                f"strategy {strategy} numbers blocks another way than order {order}",
                "say one of the two",
            )
        order = named or order or "row_major"
        if order not in WORK_ORDERS:
            raise error_at(
                place,
                f"order {order} is none in which work is numbered",
                f"expected {' or '.join(WORK_ORDERS)}",
            )
        cores = request.cores()
        if strategy != "block":
            total = prod(blocks.counts)
            work = split_blocks(total, core_grid) if cores is None else split_over(total, cores)
            return _attribute(blocks, "global", strategy, core_grid, work, order)
        if order != "row_major":
            raise error_at(
                place, f"strategy block does not number blocks in order {order}", "leave out order"
            )
        width, height = core_grid
        everywhere = [(x, y) for y in range(height) for x in range(width)]
        rect, taken = split_boxes(blocks.counts, everywhere if cores is None else cores)
        work = _one_entry(rect, taken)
        return _attribute(blocks, "global", strategy, core_grid, work, "row_major", rect)


def _listed(
    blocks: _Blocks,
    residents: Sequence[Resident],
    request: ScheduleRequest,
    core_grid: tuple[int, int],
) -> tuple[PartitionAttr, list[DictionaryAttr]]:
    """The partition that gives each core the blocks the schedule lists for it, and its mode."""
    func, asked = blocks.func, request.partition_mode
    items = items_of(func, blocks.counts, request, core_grid)
    rows: list[DictionaryAttr] = []
    if asked == "local_shard" or (asked is None and residents):
        try:
            local = _local(blocks, residents, request, core_grid)
            own = dict(blocks_of(local))
            strays = [core for core in items if own.get(core) != items[core]]
            if not strays and own.keys() == items.keys():
                return local, rows
            if asked is not None:
                core = next(iter([*strays, *(c for c in own if c not in items)]))
                raise error_at(
                    place_of(func, request.place),
                    f"core {spell_core(core)} is given other blocks than those of its shard",
                    "in partition mode local_shard each core works on its own shard",
                )
        except _NotFollowedError as reason:
            if asked is not None:
                raise reason.error from None
        rows.append(decision("work", "partition_mode", "global", "work_partition"))
    found = division_of(func, items, blocks.counts, request)
    partition = _attribute(
        blocks, "global", found.strategy, core_grid, found.work, found.order, found.rect
    )
    return partition, rows


def _blocks(func: FuncOp) -> _Blocks:
    """The blocks of a kernel's launch grid, and of the first tensor it writes."""
    grid = grid_of(func)
    if grid is None:
        raise error_at(
            func,
            f"kernel '{func.sym_name.data}' has no launch grid",
            "expected one scf.parallel (T.Kernel) at the top of the function",
        )
    extents = _extents(func, grid)
    counts = tuple(extents[axis] for axis in grid_order(func, grid))
    outputs = written_blocks(func)
    if not outputs:
        raise error_at(func, f"kernel '{func.sym_name.data}' writes no tensor")
    dims = tile_dims(func, outputs[0].tensor)
    shape = dims.matrices(memref_type(outputs[0].tensor).get_shape())[-2:]
    size = dims.matrices(outputs[0].sizes)[-2:]
    block_tiles, tiles = (tuple(-(-extent // 32) for extent in e) for e in (size, shape))
    return _Blocks(func, grid, counts, block_tiles, tiles)


def _attribute(
    blocks: _Blocks,
    mode: str,
    strategy: str,
    core_grid: Sequence[int],
    work: ArrayAttr[WorkAttr],
    order: str = "row_major",
    rect: Sequence[int] = (),
) -> PartitionAttr:
    return PartitionAttr(
        StringAttr(mode),
        StringAttr(strategy),
        ints(core_grid),
        ints(blocks.counts),
        ints(blocks.block_tiles),
        ints(blocks.tiles),
        work,
        StringAttr(order),
        ints(rect),
        blocks.shards_on,
    )


def _one_entry(rect: Sequence[int], cores: Sequence[tuple[int, int]]) -> ArrayAttr[WorkAttr]:
    return ArrayAttr([WorkAttr(IntAttr(prod(rect)), ranges_of(cores))])


# ---- local_shard ----


class _NotFollowedError(Exception):
    """Work cannot follow the shards: `error` says so to who asked for it, `by` in a decision."""

    def __init__(self, by: str, error: CompileError):
        super().__init__(by)
        self.by = by
        self.error = error


def _local(
    blocks: _Blocks,
    residents: Sequence[Resident],
    request: ScheduleRequest,
    core_grid: tuple[int, int],
) -> PartitionAttr:
    """Each core does the blocks of the shard it holds; `_NotFollowedError` where none can."""
    func, place = blocks.func, place_of(blocks.func, request.place)
    followed = [r for r in residents if r.axes is not None]
    if not followed:
        raise _no_shards(func, residents)
    for key, said, fits in (
        ("strategy", request.strategy, "contiguous"),
        ("order", request.order, "row_major"),
    ):
        if said not in (None, fits):
            raise _NotFollowedError(
                f"{key} {said}",
                error_at(
                    place,
                    f"{key} {said} and partition mode local_shard contradict each other",
                    f"in local_shard the shards divide the work; leave out {key} or say mode global",
                ),
            )
    rects = [_rect(blocks, resident) for resident in followed]
    ranges = request.cores()
    owners = [_cores_by_place(func, resident, core_grid, ranges) for resident in followed]
    first, cores = followed[0], owners[0]
    for other, rect, own in zip(followed, rects, owners, strict=True):
        grids = [[r.shards_along(a) for a in range(len(blocks.counts))] for r in (first, other)]
        if (rect, grids[1], own) != (rects[0], grids[0], cores):
            raise _NotFollowedError(
                f"L1 shards of {first.label} and {other.label} disagree",
                error_at(
                    func,
                    f"L1-sharded tensors disagree: {first.describe()}, {other.describe()}",
                    "work can follow one shard grid: shard both alike, keep one in DRAM, or say "
                    "partition mode global (every access then goes through the NoC)",
                ),
            )
    if ranges is not None and len(ranges) != len(cores):
        raise _NotFollowedError(
            f"core ranges of {len(ranges)} cores for {len(cores)} L1 shards of {first.label}",
            error_at(
                place,
                f"core ranges hold {len(ranges)} cores, {first.describe()}: {len(cores)} shards",
                "in partition mode local_shard the core ranges are the footprint of the shard grid",
            ),
        )
    work = _one_entry(rects[0], cores)
    return _attribute(blocks, "local_shard", "contiguous", core_grid, work, "row_major", rects[0])


def _no_shards(func: FuncOp, residents: Sequence[Resident]) -> _NotFollowedError:
    names = ", ".join(r.label for r in residents)
    return _NotFollowedError(
        f"L1 shards of {names} along axes no work follows",
        error_at(
            func,
            "partition mode local_shard needs a tensor sharded over L1 along axes of the launch "
            "grid",
            f"the shards of {names} are cut along other axes"
            if names
            else "no tensor is L1 sharded",
        ),
    )


def _rect(blocks: _Blocks, resident: Resident) -> tuple[int, ...]:
    """Blocks of a shard along each axis of the block grid."""
    assert resident.axes is not None
    rect = list(blocks.counts)
    for dim, axis, size in zip(resident.cut, resident.axes, resident.blocks, strict=True):
        extent = resident.sharding.shard[dim]
        if extent % size:
            raise _NotFollowedError(
                f"blocks of {size} tiles across L1 shards of {resident.label} of {extent}",
                error_at(
                    blocks.func,
                    f"a block of {size} tiles does not divide the shards of '{resident.label}', "
                    f"{extent} tiles along dimension {dim} of its tile grid",
                    "choose shards of whole blocks, or partition mode global",
                ),
            )
        rect[axis] = extent // size
    return tuple(rect)


Cores = list[tuple[int, int]]


def _cores_by_place(
    func: FuncOp, resident: Resident, core_grid: tuple[int, int], ranges: Cores | None
) -> Cores:
    """The cores of a tensor's shards, going through the shard grid row by row."""
    cores = _cores_of_shards(func, resident, core_grid, ranges)
    return [cores[number] for number in row_major_numbers(resident.sharding)]


def _cores_of_shards(
    func: FuncOp, resident: Resident, core_grid: tuple[int, int], ranges: Cores | None
) -> Cores:
    """The cores of a tensor's shards, by number; an error where there are not enough."""
    try:
        return shard_cores(resident.sharding, ranges, core_grid)
    except ShardingError as error:
        room = f"the core grid of {core_grid[0]}x{core_grid[1]} cores"
        if ranges is not None:
            room = f"the core ranges of {len(ranges)} cores"
        raise error_at(
            func,
            f"the shard grid is larger than {room}: {resident.describe()}, "
            f"{resident.sharding.shards} shards",
            error.hint,
            "a shard lies on one core: use larger shards, or core ranges with a core for each",
        ) from None


def _on_cores_of(given: PartitionAttr, request: ScheduleRequest) -> ScheduleRequest:
    """A request with the mode and the cores of a partition that is given, where it says nothing."""
    width, height = int_tuple(given.core_grid)
    ranges = request.core_ranges
    if ranges is None and given.shard_ranges.data:
        ranges = tuple(RangeRequest(r.start, r.extent) for r in given.shard_ranges.data[0].ranges)
    return replace(
        request,
        core_grid=request.core_grid or (width, height),
        partition_mode=request.partition_mode or given.mode.data,
        core_ranges=ranges,
    )


def _check_arch(func: FuncOp, arch: Arch) -> None:
    """A kernel that names its architecture is compiled for that one."""
    named = func.attributes.get("tt.arch")
    if named is not None and named != StringAttr(arch.name):
        own = named.data if isinstance(named, StringAttr) else str(named)
        raise error_at(
            func,
            f"'{func.sym_name.data}' is for arch {own}, asked for is {arch.name}",
            f"compile for {own}, or leave tt.arch out",
        )


def _check_given(
    func: FuncOp, given: PartitionAttr, own: PartitionAttr, blocks: _Blocks, arch: Arch
) -> None:
    """A partition that came with the kernel divides its blocks, on cores that can do them."""
    name = func.sym_name.data
    for what, stated, counted in (
        ("block grid", given.blocks, blocks.counts),
        ("blocks of tiles", given.block_tiles, blocks.block_tiles),
        ("tile grid", given.tiles, blocks.tiles),
    ):
        if stated != ints(counted):
            raise error_at(
                func,
                f"the partition given is of another kernel: its {what} is "
                f"{[i.data for i in stated]}, that of '{name}' is {list(counted)}",
                "leave it (tt.partition, a plan) out, and the work is divided anew",
            )
    if any(there < here for there, here in zip(arch.grid, int_tuple(given.core_grid), strict=True)):
        raise error_at(
            func,
            f"the partition given uses a core grid of {list(int_tuple(given.core_grid))}",
            f"{arch.name} has {arch.grid[0]}x{arch.grid[1]} cores",
        )
    if not given.is_local:
        return
    if not own.is_local or own.rect != given.rect:
        raise error_at(func, f"the partition given is local_shard, '{name}' has no such shards")
    for place, core, owner in zip(
        own.coordinates(), given.core_ranges.cores(), own.core_ranges.cores(), strict=True
    ):
        if core != owner:
            raise error_at(
                func,
                f"core {core} is given the work of shard {list(place)}, which lies on core {owner}",
                "in partition mode local_shard each core works on its own shard",
            )


@dataclass(frozen=True)
class PartitionWorkPass(LevelPass):
    """Divides the blocks of the launch grid over the cores of an architecture.

    Work ids number the blocks row by row in the tensor that is written (outer dimensions, rows,
    columns, found from its access region, not from the order of grid axes), with `strategy` or
    `order` column_major column by column; cores take consecutive ids, those of the core grid row by
    row, those of `core-ranges=X,Y,WIDTH,HEIGHT,...` in the order given, and counts differ by at most
    one. `strategy=block` gives each core a rectangle of blocks, core rows along rows.

    Tensors sharded over L1 select `mode=local_shard`: each core does the blocks of the shard it
    holds, and the cores are those of the shards. Where work cannot follow them (shards along axes
    that no grid axis follows, shard grids that disagree, blocks that cross shards, a strategy that
    divides the work another way) it is an error if `local_shard` was asked for; else the mode is
    `global`, which a decision says with its reason. `mode=global` divides the work without regard to
    shards. These lie on the core grid from (0, 0), or on the user's core ranges, which then stand in
    the partition as `shards_on`: `analysis/README.md` has the rule.

    The schedule annotation `tt.user_schedule` says the same; where it and an option differ is an
    error. It may list the blocks of each core, `work_partition`: runs of work ids in either order,
    boxes of one size, or the shards; and state facts (`grid_tiles`, `shard_grid`,
    `local_shape_tiles`), which have to be so. A partition the function has already (a plan that was
    read) is held against the kernel and kept.

    The result is an attribute; the grid stays.

    Before:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c32 = arith.constant 32 : index
      "scf.parallel"(%c0, %c2, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
      ^bb0(%by: index):
        %m = arith.muli %by, %c32 : index
        %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<64x64xbf16> to memref<32x64xbf16, strided<[64, 1], offset: ?>>
        %b = memref.subview %B[%m, 0] [32, 64] [1, 1] : memref<64x64xbf16> to memref<32x64xbf16, strided<[64, 1], offset: ?>>
        linalg.copy ins(%a : memref<32x64xbf16, strided<[64, 1], offset: ?>>) outs(%b : memref<32x64xbf16, strided<[64, 1], offset: ?>>)
        scf.reduce
      }) : (index, index, index) -> ()
      func.return
    }
    ```
    After:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]>, tt.decisions = [{subject = "work", what = "core_grid", value = "[8, 8]", by = "wormhole"}]} {
    ```
    """

    name = "tt-partition-work"
    takes = Level.TILE
    gives = Level.TILE

    arch: str = "wormhole"
    mode: str | None = None
    strategy: str | None = None
    order: str | None = None
    core_grid: tuple[int, ...] = ()
    core_ranges: tuple[int, ...] = ()

    def patterns(self) -> list[list[RewritePattern]]:
        arch = get_arch(self.arch)
        options = request_of(self.mode, self.strategy, self.order, self.core_grid, self.core_ranges)
        return [[PartitionGrid(arch, options)]]
