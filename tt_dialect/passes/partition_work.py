"""`tt-partition-work`: blocks of the launch grid over cores."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects import scf
from xdsl.dialects.builtin import StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.access import (
    grid_of,
    grid_order,
    memref_type,
    tile_dims,
    written_blocks,
)
from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.work import split_blocks
from tt_dialect.arch import Arch, get_arch
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.layout import PartitionAttr, ints
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, is_kernel


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


@dataclass
class PartitionGrid(RewritePattern):
    """A kernel with a launch grid gets a partition of its blocks over the cores."""

    arch: Arch

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not is_kernel(op) or "tt.partition" in op.attributes:
            return
        grid = grid_of(op)
        if grid is None:
            raise error_at(
                op,
                f"kernel '{op.sym_name.data}' has no launch grid",
                "expected one scf.parallel (T.Kernel) at the top of the function",
            )
        extents = _extents(op, grid)
        blocks = [extents[axis] for axis in grid_order(op, grid)]
        outputs = written_blocks(op)
        if not outputs:
            raise error_at(op, f"kernel '{op.sym_name.data}' writes no tensor")
        dims = tile_dims(op, outputs[0].tensor)
        shape = dims.matrices(memref_type(outputs[0].tensor).get_shape())[-2:]
        size = dims.matrices(outputs[0].sizes)[-2:]
        op.attributes["tt.arch"] = StringAttr(self.arch.name)
        op.attributes["tt.partition"] = PartitionAttr(
            StringAttr("global"),
            StringAttr("contiguous"),
            ints(self.arch.grid),
            ints(blocks),
            ints([-(-extent // 32) for extent in size]),
            ints([-(-extent // 32) for extent in shape]),
            split_blocks(prod(blocks), self.arch.grid),
        )
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class PartitionWorkPass(LevelPass):
    """Divides the blocks of the launch grid over the cores of an architecture.

    Work ids number the blocks row by row in the tensor that is written (outer dimensions, rows,
    columns, found from its access region, not from the order of grid axes); cores take consecutive
    ids in row-major order, counts differ by at most one. The result is an attribute; the grid stays.

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
    func.func @copy(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]>} {
    ```
    """

    name = "tt-partition-work"
    takes = Level.TILE
    gives = Level.TILE

    arch: str = "wormhole"

    def patterns(self) -> list[list[RewritePattern]]:
        return [[PartitionGrid(get_arch(self.arch))]]
