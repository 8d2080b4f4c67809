"""`tt-allocate-dst`: DST groups get tiles and the acquire/commit/wait/release protocol."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, i32
from xdsl.ir import Block, Operation
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute
from tt_dialect.ir.program import ProgramOp
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, ancestor_in, enclosing, located


@dataclass
class _Window:
    """DST groups of a block whose lives overlap, and where they are computed and packed."""

    groups: list[compute.DstOp]
    math: list[Operation]
    packs: list[Operation]

    def overlaps(self, other: _Window, order: dict[Operation, int]) -> bool:
        """Whether the other window starts before this one is packed."""
        return order[other.groups[0]] < max(order[op] for op in self.packs)


def _windows(block: Block) -> list[_Window]:
    order = {op: i for i, op in enumerate(block.ops)}
    windows: list[_Window] = []
    for op in block.ops:
        if not isinstance(op, compute.DstOp):
            continue
        users = sorted(
            ((ancestor_in(u.operation, block), u.operation) for u in op.dst.uses),
            key=lambda pair: order[pair[0]],
        )
        packs = [at for at, user in users if isinstance(user, compute.PackBlockOp)]
        math = [at for at, user in users if not isinstance(user, compute.PackBlockOp)]
        if not packs:
            raise error_at(op, "a DST group is never packed")
        window = _Window([op], math, packs)
        if windows and windows[-1].overlaps(window, order):
            windows[-1].groups += window.groups
            windows[-1].math += math
            windows[-1].packs += packs
        else:
            windows.append(window)
    for window in windows:
        window.math.sort(key=order.__getitem__)
        window.packs.sort(key=order.__getitem__)
        if window.math and order[window.math[-1]] >= order[window.packs[0]]:
            raise error_at(window.packs[0], "DST is computed on after it was packed")
    return windows


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
        first = 0
        for group in window.groups:
            group.index = IntegerAttr(first, i32)
            first += group.tiles
        if first > capacity:
            raise error_at(
                window.groups[0],
                f"{first} DST tiles are live at once, the program's DST holds {capacity}",
                "fewer tiles per operation, or 16-bit accumulation",
            )
        start, last_math = window.groups[0], (window.math or window.groups)[-1]
        for point, new in (
            (InsertPoint.before(start), compute.TileRegsAcquireOp()),
            (InsertPoint.after(last_math), compute.TileRegsCommitOp()),
            (InsertPoint.before(window.packs[0]), compute.TileRegsWaitOp()),
            (InsertPoint.after(window.packs[-1]), compute.TileRegsReleaseOp()),
        ):
            located(window.packs[0], [new])
            rewriter.insert(new, point)


@dataclass(frozen=True)
class AllocateDstPass(LevelPass):
    """Gives every DST group its first tile and puts its window between acquire and release.

    Groups of one block whose lives overlap share a window and stand side by side. Math ends before
    packing begins (`tile_regs_commit`, `tile_regs_wait`), as `reg_api.h` demands.

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
