"""`tt-pad-tiles`: blocks and tensors in whole tiles."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.ops import CopyOp, GenericOp
from xdsl.ir import BlockArgument, Operation
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.access import (
    TensorBlock,
    memref_type,
    reads_and_writes,
    tensor_block,
    tile_dims,
    whole_buffer,
)
from tt_dialect.analysis.bounds import bounds_at
from tt_dialect.analysis.index import Range, factor_of
from tt_dialect.analysis.naming import name_of
from tt_dialect.diagnostics import error_at, location_of
from tt_dialect.ir.noc import Clip
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, enclosing

TILE = 32


class CheckBuffer(RewritePattern):
    """An on-chip buffer is a matrix of whole tiles, or a vector of whole tile rows or columns."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: memref.AllocOp, rewriter: PatternRewriter) -> None:
        shape = memref_type(op.memref).get_shape()
        name = name_of(op, "buffer")
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


def _clip_dimension(op: memref.SubviewOp, block: TensorBlock, dim: int, tiled: bool) -> Clip:
    """Checks a block along a dimension of its tensor and says where it may lie."""
    name, offset, size = name_of(block.tensor, "tensor"), block.offsets[dim], block.sizes[dim]
    extent = memref_type(block.tensor).get_shape()[dim]
    bounds = Range(offset, offset) if isinstance(offset, int) else bounds_at(offset, op)
    if bounds is None:
        raise error_at(
            op,
            f"the position of a block of '{name}' in dimension {dim} has no known bounds",
            "expected arithmetic on grid indices, loop indices and constants",
        )
    if bounds.low < 0:
        raise error_at(
            op,
            f"a block of {size} starts before dimension {dim} of '{name}' (extent {extent}): "
            f"at {bounds.low}",
            "blocks may reach beyond a tensor's end, not before its start",
        )
    inside = bounds.high + size <= extent
    if not inside and size == 1:
        raise error_at(
            op,
            f"index {bounds.high} is outside dimension {dim} of '{name}' (extent {extent})",
            "an extent of 1 is an index, not a block; make the grid or the loop end there",
        )
    if not tiled or size == extent == 1:
        return Clip.INSIDE
    factor = offset if isinstance(offset, int) else factor_of(offset)
    if factor % TILE or size % TILE:
        raise error_at(
            op,
            f"a block of '{name}' does not start and end on {TILE}x{TILE} tiles in dimension {dim}",
            f"make its position and extent multiples of {TILE}",
        )
    if inside or bounds.high + size <= -(-extent // TILE) * TILE:
        return Clip.INSIDE
    return Clip.EDGE if bounds.high < extent else Clip.OUTSIDE


def _is_ragged(func: FuncOp, tensor: BlockArgument) -> bool:
    """Whether some tiles of a tensor hold padding."""
    shape = memref_type(tensor).get_shape()
    return any(shape[dim] % TILE and shape[dim] > 1 for dim in tile_dims(func, tensor).tiled)


class CheckPadding(RewritePattern):
    """What a kernel stores to padding is never loaded again: a load outside a tensor is zero.

    A tile that is stored at the edge of a tensor holds more than the tensor does. The host drops
    the rest when the kernel is done, and the blocks of the grid do not see each other; but one block
    must not load the tensor after it has stored to it.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        stored: dict[BlockArgument, Operation] = {}
        for user, reads, writes in reads_and_writes(op):
            for block in filter(None, map(tensor_block, reads)):
                store = stored.get(block.tensor)
                if store is not None:
                    self._refuse(user, store, block.tensor)
            for block in filter(None, map(tensor_block, writes)):
                if _is_ragged(op, block.tensor):
                    stored.setdefault(block.tensor, user)
                    loads = _loads_in_loops_around(user, block.tensor)
                    if loads:
                        self._refuse(loads[0], user, block.tensor)

    @staticmethod
    def _refuse(load: Operation, store: Operation, tensor: BlockArgument) -> None:
        place = location_of(store)
        raise error_at(
            load,
            f"'{name_of(tensor, 'tensor')}' has dimensions that are not multiples of {TILE} and is "
            f"loaded after it is stored{'' if place is None else f' at {place}'}: what "
            "is stored to the padding of its last tiles would be loaded",
            f"keep the block on chip, or make the dimensions multiples of {TILE}",
        )


def _loads_in_loops_around(store: Operation, tensor: BlockArgument) -> list[Operation]:
    """Loads of a tensor that a loop around a store may run after it."""
    outermost, parent = None, store.parent_op()
    while parent is not None:
        outermost = parent if isinstance(parent, scf.ForOp) else outermost
        parent = parent.parent_op()
    if outermost is None:
        return []
    return [
        op
        for op in outermost.walk()
        if isinstance(op, CopyOp | GenericOp)
        for value in op.inputs
        if (block := tensor_block(value)) is not None and block.tensor is tensor
    ]


class CheckBlock(RewritePattern):
    """A block of a tensor lies on its tile grid and does not start before it.

    One that may reach beyond the tensor's last tile says so, per dimension, in `tt.clip`.
    """

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
                f"the block of '{name_of(block.tensor, 'tensor')}' extends over dimensions "
                f"{list(block.extended)}; tiled are {list(dims.tiled)}",
                "make the block's other extents 1, or tile the tensor along its dimensions",
            )
        clips = [
            _clip_dimension(op, block, dim, dim in dims.tiled) for dim in range(len(block.sizes))
        ]
        found = ArrayAttr([StringAttr(clip) for clip in clips])
        if set(clips) == {Clip.INSIDE}:
            if op.attributes.pop("tt.clip", None) is not None:
                rewriter.notify_op_modified(op)
        elif op.attributes.get("tt.clip") != found:
            op.attributes["tt.clip"] = found
            rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class PadTilesPass(LevelPass):
    """Holds blocks and buffers against the 32x32 tile grid, and finds the blocks to clip.

    Tensors are padded to whole tiles, with zeros, by the host; they have ceil(extent / 32) tiles per
    dimension, never more. Every block starts and ends on tiles; a vector has whole tiles along its
    one dimension. A block may reach beyond its tensor's end, where a load reads zeros and a store is
    dropped: `tt.clip` then says of each dimension whether the block is `inside` (padding of the last
    tile included), may hang over the `edge`, or may lie `outside` as a whole. Blocks that are inside
    in all dimensions stay as they are. Refused are blocks that start before the tensor, indices
    outside of dimensions that are not tiled, and loads of padding that the kernel itself stored.

    Before:
    ```mlir
    func.func @rows(%A: memref<100x64xbf16>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c96 = arith.constant 96 : index
      scf.for %i = %c0 to %c2 step %c1 {
        %m = arith.muli %i, %c96 : index
        %a = memref.subview %A[%m, 0] [96, 64] [1, 1] : memref<100x64xbf16> to memref<96x64xbf16, strided<[64, 1], offset: ?>>
      }
      func.return
    }
    ```
    After:
    ```mlir
    %a = memref.subview %A[%m, 0] [96, 64] [1, 1] {tt.clip = ["edge", "inside"]} : memref<100x64xbf16> to memref<96x64xbf16, strided<[64, 1], offset: ?>>
    ```
    """

    name = "tt-pad-tiles"
    takes = Level.TILE
    gives = Level.TILE

    def patterns(self) -> list[list[RewritePattern]]:
        return [[CheckBuffer(), CheckBlock(), CheckPadding()]]
