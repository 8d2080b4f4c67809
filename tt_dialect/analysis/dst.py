"""What DST holds and which operations of a map the FPU can do: shared by passes and engines."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from tt_dialect.ir.compute import DstType
from tt_dialect.ir.eltwise import ApplyOp, FpuBinaryOp, MapOp
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.ir.program import FIDELITIES, ComputeConfigAttr


def _holds_f32(kind: Attribute) -> bool:
    if isinstance(kind, BlockType | TileType | DstType):
        return isinstance(kind.element_type, Float32Type)
    return False


def dst_is_wide(kernel: Operation) -> bool:
    """Whether a TILED kernel needs 32-bit DST: some block, or some tile of a map, is f32."""
    for op in kernel.walk():
        values: list[SSAValue] = list(op.results)
        for region in op.regions:
            for block in region.blocks:
                values += block.args
        if any(_holds_f32(value.type) for value in values):
            return True
    return False


def dst_tiles(kernel: Operation) -> int:
    """Tiles that DST will hold for a TILED kernel; fidelity does not matter to that."""
    return ComputeConfigAttr.of(FIDELITIES[-1], dst_is_wide(kernel)).dst_tiles


@dataclass(frozen=True)
class FpuForm:
    """An operation between two circular buffers: inputs of the map, and how b is read."""

    function: str
    a: int
    b: int
    broadcast: str


def fpu_form(op: Operation) -> FpuForm | None:
    """The FPU operation that an `apply` of a map can be, None if the SFPU must do it.

    Both operands are inputs of the map in one 16-bit format, so that nothing is lost in SrcA and
    SrcB but what the fidelity drops, and at most one is broadcast.
    """
    if not isinstance(op, ApplyOp) or op.function.data not in FpuBinaryOp.FUNCTIONS:
        return None
    body = op.parent
    parent = op.parent_op()
    if len(op.operands) != 2 or not isinstance(parent, MapOp) or not isinstance(body, Block):
        return None
    inputs: list[int] = []
    for operand in op.operands:
        if not isinstance(operand, BlockArgument) or operand.owner is not body:
            return None
        if _holds_f32(operand.type):
            return None
        inputs.append(operand.index)
    a, b = inputs
    if body.args[a].type != body.args[b].type:
        return None
    how = parent.broadcasts
    if how[a] != "none" and how[b] == "none" and op.function.data != "sub":
        a, b = b, a
    return FpuForm(op.function.data, a, b, how[b]) if how[a] == "none" else None
