"""Tensors that a kernel both reads and writes: is the order of the source kept by two threads?

Reader and writer run concurrently, so a read may overtake an earlier write, or the other way round.
The one safe form is reading a block and then writing that same block, with every iteration touching
another block, and a value written that needs this read or a later one.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from xdsl.dialects import scf
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from tt_dialect.analysis.index import constant_value, slope_of
from tt_dialect.analysis.naming import name_of
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.layout import BlockType
from tt_dialect.ir.noc import LoadBlockOp, StoreBlockOp


def same_index(a: SSAValue, b: SSAValue) -> bool:
    """Whether two indices are the same expression."""
    if a is b:
        return True
    first, second = constant_value(a), constant_value(b)
    if first is not None or second is not None:
        return first == second
    x, y = a.owner, b.owner
    return (
        not isinstance(x, Block)
        and not isinstance(y, Block)
        and type(x) is type(y)
        and bool(x.operands)
        and x.properties == y.properties
        and all(same_index(p, q) for p, q in zip(x.operands, y.operands, strict=True))
    )


def _moves(store: StoreBlockOp, iv: SSAValue) -> bool:
    """Whether the block stored is another one, disjoint, in each iteration."""
    block = store.block.type
    assert isinstance(block, BlockType)
    extents = [1] * (len(store.indices) - 2) + list(block.shape)
    slopes = [slope_of(index, iv) for index in store.indices]
    return any(s is not None and abs(s) >= e for s, e in zip(slopes, extents, strict=True))


def loads_of(value: SSAValue, seen: set[SSAValue]) -> Iterator[LoadBlockOp]:
    """The loads a block is computed from."""
    if value in seen or not isinstance(value.type, BlockType):
        return
    seen.add(value)
    owner = value.owner
    if isinstance(owner, LoadBlockOp):
        yield owner
    elif isinstance(owner, Block):
        loop = owner.parent_op()
        if isinstance(loop, scf.ForOp) and isinstance(value, BlockArgument):
            yield from loads_of(loop.iter_args[value.index - 1], seen)
    elif isinstance(owner, scf.ForOp):
        end = owner.body.block.last_op
        assert end is not None and isinstance(value, OpResult)
        yield from loads_of(end.operands[value.index], seen)
        yield from loads_of(owner.iter_args[value.index], seen)
    else:
        for operand in owner.operands:
            yield from loads_of(operand, seen)


def needs(
    store: StoreBlockOp, load: LoadBlockOp, in_place: Container[Operation] = frozenset()
) -> bool:
    """Whether a store waits for a load: the reader completes its reads in order.

    Loads `in_place` move nothing, the reader has no part in them.
    """
    block = load.parent
    for source in loads_of(store.block, set()):
        if source in in_place:
            continue
        op: Operation | None = source
        while op is not None and op.parent is not block:
            op = op.parent_op()
        if source is load or (op is not None and load.is_before_in_block(op)):
            return True
    return False


def _keeps_order(load: LoadBlockOp, store: StoreBlockOp) -> bool:
    if load.parent is None or load.parent is not store.parent:
        return False
    if load.block.type != store.block.type or not load.is_before_in_block(store):
        return False
    if not needs(store, load):
        return False
    if not all(same_index(a, b) for a, b in zip(load.indices, store.indices, strict=True)):
        return False
    loop = load.parent_op()
    while loop is not None and not isinstance(loop, FuncOp):
        outermost = isinstance(loop.parent_op(), FuncOp)
        # Work items are independent, as blocks of a launch grid are.
        if not outermost and not (
            isinstance(loop, scf.ForOp) and _moves(store, loop.body.block.args[0])
        ):
            return False
        loop = loop.parent_op()
    return True


def check_order(func: FuncOp) -> None:
    """Raises a located error where splitting the kernel could let a read overtake a write."""
    loads = [op for op in func.walk() if isinstance(op, LoadBlockOp)]
    stores = [op for op in func.walk() if isinstance(op, StoreBlockOp)]
    for load in loads:
        for store in stores:
            if load.tensor is store.tensor and not _keeps_order(load, store):
                assert isinstance(load.tensor.type, MemRefType)
                raise error_at(
                    load,
                    f"tensor '{name_of(load.tensor, 'tensor')}' is read and written in an order "
                    "that concurrent reader and writer kernels do not keep",
                    "read each block before it is written, once, or write to another tensor",
                )
