"""`tt-allocate-dst`: DST groups get tiles and the acquire/commit/wait/release protocol."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, i32
from xdsl.ir import Block, Operation
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.dst_lives import Life, lives
from tt_dialect.analysis.regions import ancestor_in
from tt_dialect.analysis.units import packs
from tt_dialect.diagnostics import CompileError, error_at
from tt_dialect.ir import compute
from tt_dialect.ir.program import ProgramOp
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, enclosing, located


@dataclass
class _Window:
    """DST groups of a block whose lives overlap, and where they are computed and packed."""

    lives: list[Life]
    start: int
    """Place of the first group in the block."""
    math: list[Operation]
    packs: list[Operation]

    @property
    def end(self) -> int:
        """The last place of any group."""
        return max(life.last for life in self.lives)


def _windows(block: Block) -> list[_Window]:
    order = {op: i for i, op in enumerate(block.ops)}
    windows: list[_Window] = []
    for life in lives(block):
        group = life.group
        if not packs(group.dst):
            raise error_at(group, "a DST group is never packed")
        if not windows or windows[-1].end < order[group]:
            windows.append(_Window([], order[group], [], []))
        window = windows[-1]
        window.lives.append(life)
        for use in group.dst.uses:
            pack = isinstance(use.operation, compute.PACKS)
            (window.packs if pack else window.math).append(ancestor_in(use.operation, block))
    for window in windows:
        window.math.sort(key=order.__getitem__)
        window.packs.sort(key=order.__getitem__)
        first = window.lives[0].group
        if not window.packs:
            raise error_at(first, "a DST group is not packed in the block that takes it")
        if window.math and order[window.math[-1]] >= order[window.packs[0]]:
            raise error_at(window.packs[0], "DST is computed on after it was packed")
        _check_nesting(window, list(block.ops)[window.start : window.end + 1])
    return windows


def _check_nesting(window: _Window, ops: list[Operation]) -> None:
    """A section of DST is taken and packed before the next: windows do not nest."""
    groups = [life.group for life in window.lives]
    for at in ops:
        for op in at.walk():
            if isinstance(op, compute.DstOp) and op not in groups:
                raise error_at(
                    op,
                    f"a DST group is taken while {_name(groups[0])} of an outer block is live",
                    "pack the outer group before, or take this one in the same block",
                )


def _name(group: compute.DstOp) -> str:
    return f"%{group.dst.name_hint}" if group.dst.name_hint else "one"


def _tiles(count: int) -> str:
    return f"{count} tile" + "s" * (count != 1)


def _place(window: _Window, capacity: int) -> dict[compute.DstOp, int]:
    """First tile of every group: linear scan, lowest free tiles first.

    A group that relies on zeros takes tiles that nobody has used in the window.
    """
    starts = {life.group: window.start if life.fresh else life.first for life in window.lives}
    placed: dict[compute.DstOp, int] = {}
    order = sorted(window.lives, key=lambda life: starts[life.group])
    for i, life in enumerate(order):
        alive = [other for other in order[:i] if other.last >= starts[life.group]]
        first = 0
        for other in sorted(alive, key=lambda other: placed[other.group]):
            if first + life.group.tiles <= placed[other.group]:
                break
            first = max(first, placed[other.group] + other.group.tiles)
        placed[life.group] = first
    if max(first + group.tiles for group, first in placed.items()) > capacity:
        raise _too_many(window, starts, capacity)
    return placed


def _too_many(window: _Window, starts: dict[compute.DstOp, int], capacity: int) -> CompileError:
    def live(place: int) -> list[compute.DstOp]:
        return [o.group for o in window.lives if starts[o.group] <= place <= o.last]

    def size(groups: list[compute.DstOp]) -> int:
        return sum(group.tiles for group in groups)

    groups = max((live(place) for place in starts.values()), key=size)
    names = ", ".join(f"{_name(group)} ({_tiles(group.tiles)})" for group in groups)
    between = "" if size(groups) > capacity else ", and what is free lies between them"
    return error_at(
        window.lives[0].group,
        f"{size(groups)} DST tiles are live at once, the program's DST holds {capacity}{between}",
        f"live: {names}",
        "fewer tiles per operation, or 16-bit accumulation",
    )


class AllocateWindows(RewritePattern):
    """Numbers the DST groups of each window and brackets its math and its packing."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: compute.DstOp, rewriter: PatternRewriter) -> None:
        if op.index is not None:
            return
        block = op.parent
        assert block is not None
        capacity = enclosing(op, ProgramOp).config.dst_tiles
        for window in _windows(block):
            self._bracket(window, capacity, rewriter)

    def _bracket(self, window: _Window, capacity: int, rewriter: PatternRewriter) -> None:
        for group, first in _place(window, capacity).items():
            group.index = IntegerAttr(first, i32)
        groups = [life.group for life in window.lives]
        for point, new in (
            (InsertPoint.before(groups[0]), compute.TileRegsAcquireOp()),
            (InsertPoint.after((window.math or groups)[-1]), compute.TileRegsCommitOp()),
            (InsertPoint.before(window.packs[0]), compute.TileRegsWaitOp()),
            (InsertPoint.after(window.packs[-1]), compute.TileRegsReleaseOp()),
        ):
            located(window.packs[0], [new])
            rewriter.insert(new, point)


@dataclass(frozen=True)
class AllocateDstPass(LevelPass):
    """Gives every DST group its first tile and puts its window between acquire and release.

    Groups of one block whose lives overlap share a window; those that are live at the same time stand side
    by side, the others share tiles, unless they rely on DST being zero, which it is at the start of a window
    only. Math ends before packing begins (`tile_regs_commit`, `tile_regs_wait`), as `reg_api.h` demands.

    Before:
    ```mlir
    tt.program "copy" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [2, 2], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
      %a = tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      %b = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
        %c0 = arith.constant 0 : index
        %dst = tt.compute.dst : !tt.compute.dst<4, bf16>
        tt.compute.copy_block %a[%c0], %dst : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>, !tt.compute.dst<4, bf16>
        tt.cb.reserve_back %b, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
        tt.compute.pack_block %dst, %b : !tt.compute.dst<4, bf16>, !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      }
    }
    ```
    After:
    ```mlir
    tt.compute.tile_regs_acquire
    %dst = tt.compute.dst index 0 : !tt.compute.dst<4, bf16>
    tt.compute.copy_block %a[%c0], %dst
    tt.compute.tile_regs_commit
    tt.cb.reserve_back %b, 4
    tt.compute.tile_regs_wait
    tt.compute.pack_block %dst, %b
    tt.compute.tile_regs_release
    ```
    """

    name = "tt-allocate-dst"
    takes = Level.THREADS
    gives = Level.THREADS

    def patterns(self) -> list[list[RewritePattern]]:
        return [[AllocateWindows()]]
