"""Where operations and values stand: blocks, and what contains what."""

from __future__ import annotations

from xdsl.ir import Block, Operation, SSAValue


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
