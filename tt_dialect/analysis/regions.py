"""Where operations and values stand: blocks, and what contains what."""

from __future__ import annotations

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, Region, SSAValue


def operations(top: Operation | Region | Block) -> list[Operation]:
    """An operation and all that is in it, or all that is in a region or a block, in order.

    What xDSL's `walk` gives, in a seventh of the time; and a list, so that operations may be moved
    or erased on the way.
    """
    found: list[Operation] = []

    def visit_block(block: Block) -> None:
        op = block.first_op
        while op is not None:
            found.append(op)
            for region in op.regions:
                visit_region(region)
            op = op.next_op

    def visit_region(region: Region) -> None:
        block = region.first_block
        while block is not None:
            visit_block(block)
            block = block.next_block

    match top:
        case Operation():
            found.append(top)
            for region in top.regions:
                visit_region(region)
        case Region():
            visit_region(top)
        case Block():
            visit_block(top)
    return found


def block_of(value: SSAValue) -> Block | None:
    """The block a value is made in: its owner, or that of the operation that makes it."""
    return value.owner if isinstance(value.owner, Block) else value.owner.parent


def ancestor_in(op: Operation, block: Block) -> Operation:
    """The operation of `block` that is or contains `op`."""
    while op.parent is not block:
        parent = op.parent_op()
        assert parent is not None
        op = parent
    return op


def loops_around(op: Operation) -> list[scf.ForOp]:
    """The `scf.for` loops that contain an operation, innermost first."""
    loops: list[scf.ForOp] = []
    parent = op.parent_op()
    while parent is not None:
        if isinstance(parent, scf.ForOp):
            loops.append(parent)
        parent = parent.parent_op()
    return loops


def contains(op: Operation, block: Block | None) -> bool:
    """Whether a block is in a region of an operation, however deep."""
    while block is not None:
        parent = block.parent_op()
        if parent is op:
            return True
        block = parent.parent if parent is not None else None
    return False


def is_inside(value: SSAValue, op: Operation) -> bool:
    """Whether a value is made in a region of an operation."""
    return contains(op, block_of(value))
