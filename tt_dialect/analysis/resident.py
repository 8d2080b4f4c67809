"""Which L1 shards a division of the work can follow.

A tensor sharded over the L1 of cores can be worked on where it lies if every axis along which it is
cut is an axis of the launch grid: the place of each of its blocks along that axis is the index of
the grid times the block's extent. That is read from the access regions, not from labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, SSAValue

from tt_dialect.analysis.access import (
    TensorBlock,
    grid_order,
    is_parameter,
    layout_of,
    memref_type,
    tensor_block,
)
from tt_dialect.analysis.index import constant_value, slope_of
from tt_dialect.analysis.naming import name_of
from tt_dialect.analysis.sharding import Sharding, sharding_of
from tt_dialect.ir.layout import Memory


@dataclass(frozen=True)
class Resident:
    """A tensor sharded over L1, and how its shards lie to the blocks of the launch grid."""

    tensor: BlockArgument
    label: str
    sharding: Sharding
    axes: tuple[int, ...] | None
    """Axis of the block grid for each page dimension that is cut, in order; None when the work
    cannot follow the shards."""
    blocks: tuple[int, ...] = ()
    """Extent of a block in pages along each of these dimensions."""

    @property
    def cut(self) -> list[int]:
        """Page dimensions of more than one shard."""
        return [dim for dim, count in enumerate(self.sharding.grid) if count > 1]

    def shards_along(self, axis: int) -> int:
        """Shards along an axis of the block grid."""
        assert self.axes is not None
        return self.sharding.grid[self.cut[self.axes.index(axis)]] if axis in self.axes else 1

    def describe(self) -> str:
        """`'A': shard grid [4, 4] of [2, 2] tiles, row_major`"""
        grid, shard = list(self.sharding.grid), list(self.sharding.shard)
        return f"'{self.label}' has shard grid {grid} of {shard} tiles ({self.sharding.order})"


def resident_tensors(func: FuncOp, grid: scf.ParallelOp) -> list[Resident]:
    """The L1-sharded tensors of a kernel, in parameter order.

    Raises `ShardingError` for a layout that does not fit its tensor.
    """
    found: list[Resident] = []
    order = grid_order(func, grid)
    for arg in func.args:
        layout = layout_of(func, arg) if is_parameter(arg) else None
        if layout is None or layout.memory.data != Memory.L1:
            continue
        sharding = sharding_of(layout, memref_type(arg).get_shape())
        if sharding is not None:
            label = name_of(arg, f"argument {arg.index}")
            found.append(_resident(func, grid, order, arg, label, sharding))
    return found


def _resident(
    func: FuncOp,
    grid: scf.ParallelOp,
    order: Sequence[int],
    arg: BlockArgument,
    label: str,
    sharding: Sharding,
) -> Resident:
    layout = layout_of(func, arg)
    assert layout is not None
    dims = layout.dims(memref_type(arg).get_num_dims())
    page_dims = (*dims.outer, dims.row, dims.col)
    axes: list[int] = []
    pages: list[int] = []
    for where, count in enumerate(sharding.grid):
        if count == 1:
            continue
        dim = page_dims[where]
        unit = 32 if dim in dims.tiled else 1
        followed = None if dim is None else {_axis(b, dim, grid) for b in _blocks(func, arg)}
        if followed is None or len(followed) != 1:
            return Resident(arg, label, sharding, None)
        ((axis, size),) = followed
        if axis is None:
            return Resident(arg, label, sharding, None)
        axes.append(order.index(axis))
        pages.append(-(-size // unit))
    if axes != sorted(set(axes)):
        return Resident(arg, label, sharding, None)
    return Resident(arg, label, sharding, tuple(axes), tuple(pages))


def _blocks(func: FuncOp, arg: BlockArgument) -> Iterator[TensorBlock]:
    """Every block of a tensor that the kernel names; the whole tensor if it is used as it is."""
    for use in arg.uses:
        op = use.operation
        block = tensor_block(op.result if isinstance(op, memref.SubviewOp) else arg)
        if block is not None:
            yield block


def _axis(block: TensorBlock, dim: int, grid: scf.ParallelOp) -> tuple[int | None, int]:
    """(grid axis, extent) if a block's offset is the index of that axis times its extent."""
    offset, size = block.offsets[dim], block.sizes[dim]
    if isinstance(offset, int):
        return None, size
    leaves = set(_leaves(offset))
    ivs: list[SSAValue] = list(grid.body.block.args)
    for axis, iv in enumerate(ivs):
        if leaves == {iv} and slope_of(offset, iv) == size and _at_zero(offset, iv) == 0:
            return axis, size
    return None, size


def _leaves(value: SSAValue) -> Iterator[SSAValue]:
    """What a value is computed from, constants left out."""
    if isinstance(value.owner, Block) or (
        not value.owner.operands and constant_value(value) is None
    ):
        yield value
    else:
        for operand in value.owner.operands:
            yield from _leaves(operand)


def _at_zero(value: SSAValue, iv: SSAValue) -> int | None:
    """A sum of multiples of one value at 0."""
    if value is iv:
        return 0
    if (constant := constant_value(value)) is not None:
        return constant
    owner = value.owner
    if isinstance(owner, arith.AddiOp | arith.SubiOp | arith.MuliOp):
        a, b = _at_zero(owner.lhs, iv), _at_zero(owner.rhs, iv)
        if a is None or b is None:
            return None
        match owner:
            case arith.AddiOp():
                return a + b
            case arith.SubiOp():
                return a - b
            case _:
                return a * b
    return None
