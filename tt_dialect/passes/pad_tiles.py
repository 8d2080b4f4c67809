"""`tt-pad-tiles`: blocks and tensors in whole tiles."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.func import FuncOp
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.access import (
    TensorBlock,
    label_of,
    memref_type,
    tensor_block,
    tile_dims,
    whole_buffer,
)
from tt_dialect.analysis.bounds import bounds_at
from tt_dialect.analysis.index import Range, factor_of
from tt_dialect.diagnostics import error_at
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, enclosing

TILE = 32


class CheckBuffer(RewritePattern):
    """An on-chip buffer is a matrix of whole tiles, or a vector of whole tile rows or columns."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: memref.AllocOp, rewriter: PatternRewriter) -> None:
        shape = memref_type(op.memref).get_shape()
        name = label_of(op, "buffer")
        long = [extent for extent in shape if extent != 1]
        if len(long) > 2:
            raise error_at(
                op,
                f"on-chip buffer '{name}' of shape {shape} has more than two dimensions",
                "expected rows and columns; other extents must be 1",
            )
        if any(extent % TILE for extent in long):
            raise error_at(
                op,
                f"on-chip buffer '{name}' of shape {shape} is not made of whole {TILE}x{TILE} tiles",
                f"make both extents multiples of {TILE}"
                if len(long) == 2
                else f"make its extent a multiple of {TILE}",
            )


def _check_dimension(op: memref.SubviewOp, block: TensorBlock, dim: int, tiled: bool) -> None:
    name, offset, size = label_of(block.tensor, "tensor"), block.offsets[dim], block.sizes[dim]
    extent = memref_type(block.tensor).get_shape()[dim]
    bounds = Range(offset, offset) if isinstance(offset, int) else bounds_at(offset, op)
    if bounds is None:
        raise error_at(
            op,
            f"the position of a block of '{name}' in dimension {dim} has no known bounds",
            "expected arithmetic on grid indices, loop indices and constants",
        )
    if bounds.low < 0 or bounds.high + size > extent:
        raise error_at(
            op,
            f"a block of {size} does not divide dimension {dim} of '{name}' (extent {extent}): "
            f"it reaches from {bounds.low} to {bounds.high + size}",
            "choose block sizes that divide the tensor",
        )
    if not tiled or extent == 1:
        return
    factor = offset if isinstance(offset, int) else factor_of(offset)
    if factor % TILE or size % TILE:
        raise error_at(
            op,
            f"a block of '{name}' does not start and end on {TILE}x{TILE} tiles in dimension {dim}",
            f"make its position and extent multiples of {TILE}",
        )


class CheckBlock(RewritePattern):
    """A block of a tensor lies inside it and on its tile grid."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: memref.SubviewOp, rewriter: PatternRewriter) -> None:
        block = tensor_block(op.result)
        if whole_buffer(op.result) is not op.result:
            return
        if block is None:
            raise error_at(
                op, "a part of an on-chip buffer is not supported", "use the whole buffer"
            )
        dims = tile_dims(enclosing(op, FuncOp), block.tensor)
        if not set(block.extended) <= set(dims.tiled):
            raise error_at(
                op,
                f"the block of '{label_of(block.tensor, 'tensor')}' extends over dimensions "
                f"{list(block.extended)}; tiled are {list(dims.tiled)}",
                "make the block's other extents 1, or tile the tensor along its dimensions",
            )
        for dim in range(len(block.sizes)):
            _check_dimension(op, block, dim, dim in dims.tiled)


@dataclass(frozen=True)
class PadTilesPass(LevelPass):
    """Holds blocks and buffers against the 32x32 tile grid.

    Every block starts and ends on tiles and lies inside its tensor; what would need padding or
    clipping is an error. A vector has whole tiles along its one dimension. The program does not
    change.

    Before:
    ```mlir
    func.func @alloc() {
      %s = memref.alloc() : memref<64x32xbf16, 1 : i64>
      func.return
    }
    ```
    After:
    ```mlir
    func.func @alloc() {
      %s = memref.alloc() : memref<64x32xbf16, 1 : i64>
      func.return
    }
    ```
    """

    name = "tt-pad-tiles"
    takes = Level.TILE
    gives = Level.TILE

    def patterns(self) -> list[list[RewritePattern]]:
        return [[CheckBuffer(), CheckBlock()]]
