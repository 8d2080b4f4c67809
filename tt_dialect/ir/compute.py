"""`tt.compute`: tile arithmetic.

Above (TILED): block operations on values, free of protocol. Below (BUFFERED to METALIUM): tile
operations between circular buffers and groups of DST tiles, the DST protocol, and the inits that
program the units. Tile operation semantics: `tt_metal/hw/inc/api/compute/*.h`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from xdsl.dialects.builtin import (
    I32,
    BoolAttr,
    Float32Type,
    FloatAttr,
    IndexType,
    IntAttr,
    IntegerAttr,
    MemRefType,
    UnitAttr,
    f32,
    i32,
)
from xdsl.ir import Attribute, Operation, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    VarConstraint,
    base,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    param_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from tt_dialect.ir.cb import BufferType, RequestAttr
from tt_dialect.ir.effects import DstEffect, UnitsEffect
from tt_dialect.ir.layout import ELEMENT_TYPES, BlockType, parse_checked


@irdl_custom_directive
class FloatLiteral(CustomDirective):
    """A float32 number: `1.5`, and by its bits (`0xff800000 : f32`) what has no decimal form."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        number = parser.parse_optional_float()
        attribute = parser.parse_attribute() if number is None else FloatAttr(number, f32)
        self.value.set(state, attribute)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        attribute = self.value.get(op)
        assert isa(attribute, FloatAttr[Float32Type])
        if isfinite(attribute.value.data):
            printer.print_float(attribute.value.data, f32)
        else:
            printer.print_attribute(attribute)
        state.should_emit_space = True
        state.last_was_punctuation = False


# ---- inside tt-tensorize only: between on-chip memrefs and block values ----


@irdl_op_definition
class ReadBufferOp(IRDLOperation):
    """The block an on-chip buffer holds; lives only while `tt-tensorize` runs."""

    name = "tt.compute.read_buffer"
    buffer = operand_def(MemRefType)
    block = result_def(BlockType)
    assembly_format = "$buffer attr-dict `:` type($buffer) `->` type($block)"
    traits = traits_def(MemoryReadEffect())

    def __init__(self, buffer: SSAValue, block: BlockType):
        super().__init__(operands=[buffer], result_types=[block])


@irdl_op_definition
class WriteBufferOp(IRDLOperation):
    """Replaces what an on-chip buffer holds; lives only while `tt-tensorize` runs."""

    name = "tt.compute.write_buffer"
    block = operand_def(BlockType)
    buffer = operand_def(MemRefType)
    assembly_format = "$block `,` $buffer attr-dict `:` type($block) `,` type($buffer)"
    traits = traits_def(MemoryWriteEffect())

    def __init__(self, block: SSAValue, buffer: SSAValue):
        super().__init__(operands=[block, buffer])


# ---- TILED: blocks ----


@irdl_op_definition
class FillOp(IRDLOperation):
    """A block whose every element is `value`, rounded to the element type."""

    name = "tt.compute.fill"
    value = prop_def(FloatAttr[Float32Type])
    cb = prop_def(RequestAttr)
    block = result_def(BlockType)
    custom_directives = (FloatLiteral,)
    assembly_format = "custom<FloatLiteral>($value) `request` $cb attr-dict `:` type($block)"
    traits = traits_def(Pure())

    def __init__(self, value: float, cb: RequestAttr, block: BlockType):
        super().__init__(
            properties={"value": FloatAttr(value, f32), "cb": cb}, result_types=[block]
        )


@irdl_op_definition
class MatmulOp(IRDLOperation):
    """`acc + a @ b` on blocks, accumulated in the element type of `acc`, 32-deep step by step.

    Shapes in tiles: acc (M, N); a (M, K), or (K, M) with `transpose_a`; b (K, N), or (N, K) with
    `transpose_b`.
    """

    name = "tt.compute.matmul"
    _ACC: ClassVar = VarConstraint("ACC", base(BlockType))
    a = operand_def(BlockType)
    b = operand_def(BlockType)
    acc = operand_def(_ACC)
    transpose_a = opt_prop_def(UnitAttr)
    transpose_b = opt_prop_def(UnitAttr)
    block = result_def(_ACC)
    assembly_format = (
        "$a (`transposed` $transpose_a^)? `,` $b (`transposed` $transpose_b^)? `into` $acc "
        "attr-dict `:` type($a) `,` type($b) `->` type($block)"
    )
    traits = traits_def(Pure())

    def __init__(
        self,
        a: SSAValue,
        b: SSAValue,
        acc: SSAValue,
        *,
        transpose_a: bool = False,
        transpose_b: bool = False,
    ):
        super().__init__(
            operands=[a, b, acc],
            properties={
                "transpose_a": UnitAttr() if transpose_a else None,
                "transpose_b": UnitAttr() if transpose_b else None,
            },
            result_types=[acc.type],
        )

    @property
    def k_tiles(self) -> int:
        """Depth of the contraction in tiles."""
        assert isinstance(self.a.type, BlockType)
        return self.a.type.shape[0 if self.transpose_a is not None else 1]

    def verify_(self) -> None:
        a, b, acc = self.a.type, self.b.type, self.acc.type
        assert isinstance(a, BlockType) and isinstance(b, BlockType) and isinstance(acc, BlockType)
        m, k = reversed(a.shape) if self.transpose_a is not None else a.shape
        k2, n = reversed(b.shape) if self.transpose_b is not None else b.shape
        if k != k2 or (m, n) != acc.shape:
            raise VerifyException(f"shapes do not match: ({m}x{k}) @ ({k2}x{n}) into {acc.shape}")


class _BlockUnaryOp(IRDLOperation):
    source = operand_def(BlockType)
    cb = prop_def(RequestAttr)
    block = result_def(BlockType)
    assembly_format = "$source `request` $cb attr-dict `:` type($source) `->` type($block)"
    traits = traits_def(Pure())

    def __init__(self, source: SSAValue, cb: RequestAttr, block: BlockType):
        super().__init__(operands=[source], properties={"cb": cb}, result_types=[block])


@irdl_op_definition
class CopyOp(_BlockUnaryOp):
    """The same block in another buffer, rounded to the other buffer's element type."""

    name = "tt.compute.copy"

    def verify_(self) -> None:
        source, block = self.source.type, self.block.type
        assert isinstance(source, BlockType) and isinstance(block, BlockType)
        if source.shape != block.shape:
            raise VerifyException("a copy keeps the block's shape")


@irdl_op_definition
class TransposeOp(_BlockUnaryOp):
    """The transposed block: tile (i, j) of the result is tile (j, i), transposed."""

    name = "tt.compute.transpose"

    def verify_(self) -> None:
        source, block = self.source.type, self.block.type
        assert isinstance(source, BlockType) and isinstance(block, BlockType)
        if source.shape != block.shape[::-1] or source.tile != block.tile:
            raise VerifyException("a transpose swaps rows and columns and keeps the tile")


# ---- BUFFERED and below: tiles in DST ----


@irdl_attr_definition
class DstType(ParametrizedAttribute, TypeAttribute):
    """A group of consecutive DST tiles: `!tt.compute.dst<4, f32>` (count, format it is read as).

    f32 needs 32-bit DST; bf16 and f16 are 16-bit DST.
    """

    name = "tt.compute.dst"
    tiles: IntAttr = param_def()
    element_type: Attribute = param_def()

    @classmethod
    def of(cls, tiles: int, element_type: Attribute) -> DstType:
        """A group of `tiles` tiles."""
        return cls(IntAttr(tiles), element_type)

    def verify(self) -> None:
        if self.tiles.data < 1:
            raise VerifyException("a DST group has at least one tile")
        if not isinstance(self.element_type, ELEMENT_TYPES):
            raise VerifyException(f"DST does not hold {self.element_type}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            tiles = parser.parse_integer()
            parser.parse_punctuation(",")
            element = parser.parse_type()
            return parse_checked(parser, lambda: cls.of(tiles, element))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.tiles.data}, ")
        printer.print_attribute(self.element_type)
        printer.print_string(">")


@irdl_op_definition
class DstOp(IRDLOperation):
    """Takes a zeroed group of DST tiles; `index` is its first tile, set by `tt-allocate-dst`.

    Zero because the packer clears a section on release (`_llk_pack_dest_section_done_`).
    """

    name = "tt.compute.dst"
    index = opt_prop_def(IntegerAttr[I32])
    dst = result_def(DstType)
    assembly_format = "(`index` $index^)? attr-dict `:` type($dst)"
    traits = traits_def(DstEffect())

    def __init__(self, dst_type: DstType):
        super().__init__(result_types=[dst_type])
        self.dst.name_hint = "dst"

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        assert isinstance(self.dst.type, DstType)
        return self.dst.type.tiles.data


@irdl_op_definition
class CopyBlockOp(IRDLOperation):
    """Copies tiles of the front window, from page `tile` on, to the whole DST group."""

    name = "tt.compute.copy_block"
    cb = operand_def(BufferType)
    tile = operand_def(IndexType)
    dst = operand_def(DstType)
    assembly_format = "$cb `[` $tile `]` `,` $dst attr-dict `:` type($cb) `,` type($dst)"
    traits = traits_def(DstEffect())

    def __init__(self, cb: SSAValue, tile: SSAValue, dst: SSAValue):
        super().__init__(operands=[cb, tile, dst])


@irdl_op_definition
class TransposeTileOp(IRDLOperation):
    """Transposes page `tile` of the front window into tile `slot` of the DST group."""

    name = "tt.compute.transpose_tile"
    cb = operand_def(BufferType)
    tile = operand_def(IndexType)
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = (
        "$cb `[` $tile `]` `,` $dst `[` $slot `]` attr-dict `:` type($cb) `,` type($dst)"
    )
    traits = traits_def(DstEffect())

    def __init__(self, cb: SSAValue, tile: SSAValue, dst: SSAValue, slot: SSAValue):
        super().__init__(operands=[cb, tile, dst, slot])


@irdl_op_definition
class FillTileOp(IRDLOperation):
    """Sets every element of tile `slot` of the DST group (SFPU `fill_tile`)."""

    name = "tt.compute.fill_tile"
    value = prop_def(FloatAttr[Float32Type])
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    custom_directives = (FloatLiteral,)
    assembly_format = "custom<FloatLiteral>($value) `,` $dst `[` $slot `]` attr-dict `:` type($dst)"
    traits = traits_def(DstEffect())

    def __init__(self, value: FloatAttr[Float32Type], dst: SSAValue, slot: SSAValue):
        super().__init__(operands=[dst, slot], properties={"value": value})


@irdl_op_definition
class MatmulBlockOp(IRDLOperation):
    """One 32-deep step of a subblock: DST[r*ct + c] += A[a_tile + r*kt] @ B[b_tile + c].

    `rt` x `ct` is the subblock in tiles, `kt` the stride between rows of A; `transpose` transposes
    each tile of B. `matmul_block` in `api/compute/matmul.h`.
    """

    name = "tt.compute.matmul_block"
    a = operand_def(BufferType)
    b = operand_def(BufferType)
    a_tile = operand_def(IndexType)
    b_tile = operand_def(IndexType)
    dst = operand_def(DstType)
    rt = prop_def(IntegerAttr[I32])
    ct = prop_def(IntegerAttr[I32])
    kt = prop_def(IntegerAttr[I32])
    transpose = prop_def(BoolAttr)
    assembly_format = (
        "$a `[` $a_tile `]` `,` $b `[` $b_tile `]` `,` $dst `rt` $rt `ct` $ct `kt` $kt "
        "`transpose` $transpose attr-dict `:` type($a) `,` type($b) `,` type($dst)"
    )
    traits = traits_def(DstEffect())

    def __init__(
        self,
        a: SSAValue,
        a_tile: SSAValue,
        b: SSAValue,
        b_tile: SSAValue,
        dst: SSAValue,
        *,
        rt: int,
        ct: int,
        kt: int,
        transpose: bool,
    ):
        super().__init__(
            operands=[a, b, a_tile, b_tile, dst],
            properties={
                "rt": IntegerAttr(rt, i32),
                "ct": IntegerAttr(ct, i32),
                "kt": IntegerAttr(kt, i32),
                "transpose": BoolAttr.from_bool(transpose),
            },
        )

    def verify_(self) -> None:
        assert isinstance(self.dst.type, DstType)
        if min(self.rt.value.data, self.ct.value.data, self.kt.value.data) < 1:
            raise VerifyException("rt, ct and kt are at least 1")
        if self.rt.value.data * self.ct.value.data != self.dst.type.tiles.data:
            raise VerifyException("the DST group has rt * ct tiles")


@irdl_op_definition
class PackBlockOp(IRDLOperation):
    """Packs the whole DST group into the next pages of the reserved window, in order."""

    name = "tt.compute.pack_block"
    dst = operand_def(DstType)
    cb = operand_def(BufferType)
    assembly_format = "$dst `,` $cb attr-dict `:` type($dst) `,` type($cb)"
    traits = traits_def(DstEffect())

    def __init__(self, dst: SSAValue, cb: SSAValue):
        super().__init__(operands=[dst, cb])


@irdl_op_definition
class PackTileOp(IRDLOperation):
    """Packs tile `slot` of the DST group into page `tile` of the reserved window.

    `pack_tile<true>(ifrom_dst, icb, output_tile_index)` of `api/compute/pack.h`: out of order, so
    the window stays reserved until all of its pages are packed.
    """

    name = "tt.compute.pack_tile"
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    cb = operand_def(BufferType)
    tile = operand_def(IndexType)
    assembly_format = (
        "$dst `[` $slot `]` `,` $cb `[` $tile `]` attr-dict `:` type($dst) `,` type($cb)"
    )
    traits = traits_def(DstEffect())

    def __init__(self, dst: SSAValue, slot: SSAValue, cb: SSAValue, tile: SSAValue):
        super().__init__(operands=[dst, slot, cb, tile])


PACKS = (PackBlockOp, PackTileOp)
"""Operations of the packer."""


# ---- METALIUM: DST protocol ----


class _RegsOp(IRDLOperation):
    assembly_format = "attr-dict"
    traits = traits_def(DstEffect())

    def __init__(self) -> None:
        super().__init__()


@irdl_op_definition
class TileRegsAcquireOp(_RegsOp):
    """Math waits for a free, zeroed DST section."""

    name = "tt.compute.tile_regs_acquire"


@irdl_op_definition
class TileRegsCommitOp(_RegsOp):
    """Math hands the section to the packer."""

    name = "tt.compute.tile_regs_commit"


@irdl_op_definition
class TileRegsWaitOp(_RegsOp):
    """The packer waits for a committed section."""

    name = "tt.compute.tile_regs_wait"


@irdl_op_definition
class TileRegsReleaseOp(_RegsOp):
    """The packer clears and frees the section."""

    name = "tt.compute.tile_regs_release"


# ---- METALIUM: programming the units ----


@irdl_op_definition
class HwStartupOp(IRDLOperation):
    """First compute call, exactly once: formats of sources and packer (tt-metal #22219).

    For a kernel that starts with a matmul (`matmul`), in0 goes to SrcB and in1 to SrcA.
    """

    name = "tt.compute.hw_startup"
    in0 = operand_def(BufferType)
    in1 = operand_def(BufferType)
    out = operand_def(BufferType)
    matmul = opt_prop_def(UnitAttr)
    assembly_format = (
        "(`matmul` $matmul^)? $in0 `,` $in1 `,` $out attr-dict "
        "`:` type($in0) `,` type($in1) `,` type($out)"
    )
    traits = traits_def(UnitsEffect())

    def __init__(self, in0: SSAValue, in1: SSAValue, out: SSAValue, *, matmul: bool):
        super().__init__(
            operands=[in0, in1, out], properties={"matmul": UnitAttr() if matmul else None}
        )


@irdl_op_definition
class MatmulBlockInitOp(IRDLOperation):
    """Programs unpackers and math for `matmul_block` with these shapes."""

    name = "tt.compute.matmul_block_init"
    a = operand_def(BufferType)
    b = operand_def(BufferType)
    rt = prop_def(IntegerAttr[I32])
    ct = prop_def(IntegerAttr[I32])
    kt = prop_def(IntegerAttr[I32])
    transpose = prop_def(BoolAttr)
    assembly_format = (
        "$a `,` $b `rt` $rt `ct` $ct `kt` $kt `transpose` $transpose attr-dict "
        "`:` type($a) `,` type($b)"
    )
    traits = traits_def(UnitsEffect())

    def __init__(self, step: MatmulBlockOp):
        super().__init__(
            operands=[step.a, step.b],
            properties={k: step.properties[k] for k in ("rt", "ct", "kt", "transpose")},
        )


class _CBUnitsOp(IRDLOperation):
    cb = operand_def(BufferType)
    assembly_format = "$cb attr-dict `:` type($cb)"
    traits = traits_def(UnitsEffect())

    def __init__(self, cb: SSAValue):
        super().__init__(operands=[cb])


@irdl_op_definition
class CopyInitOp(_CBUnitsOp):
    """Programs unpacker and math for `copy_block`."""

    name = "tt.compute.copy_init"


@irdl_op_definition
class TransposeInitOp(_CBUnitsOp):
    """Programs unpacker and math for `transpose_tile`."""

    name = "tt.compute.transpose_init"


@irdl_op_definition
class ReconfigSrcAOp(_CBUnitsOp):
    """Sets the format of SrcA to that of a circular buffer."""

    name = "tt.compute.reconfig_srca"


@irdl_op_definition
class ReconfigSrcBOp(_CBUnitsOp):
    """Sets the format of SrcB to that of a circular buffer."""

    name = "tt.compute.reconfig_srcb"


@irdl_op_definition
class ReconfigPackOp(_CBUnitsOp):
    """Sets the packer's output format to that of a circular buffer."""

    name = "tt.compute.reconfig_pack"


@irdl_op_definition
class FillInitOp(_RegsOp):
    """Programs the SFPU for `fill_tile`."""

    name = "tt.compute.fill_init"
    traits = traits_def(UnitsEffect())


COMPUTE_ATTRS: list[type[Attribute]] = [DstType]
COMPUTE_OPS: list[type[Operation]] = [
    ReadBufferOp,
    WriteBufferOp,
    FillOp,
    MatmulOp,
    CopyOp,
    TransposeOp,
    DstOp,
    CopyBlockOp,
    TransposeTileOp,
    FillTileOp,
    MatmulBlockOp,
    PackBlockOp,
    PackTileOp,
    TileRegsAcquireOp,
    TileRegsCommitOp,
    TileRegsWaitOp,
    TileRegsReleaseOp,
    HwStartupOp,
    MatmulBlockInitOp,
    CopyInitOp,
    TransposeInitOp,
    ReconfigSrcAOp,
    ReconfigSrcBOp,
    ReconfigPackOp,
    FillInitOp,
]
