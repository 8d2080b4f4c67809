"""`tt.compute`, continued: elementwise arithmetic, broadcasts and reductions.

Above (TILED): `map`, a region over the tiles of blocks whose operations are rows of the function
table, and `reduce`. Below (BUFFERED to METALIUM): the same functions on tiles in DST (SFPU),
between circular buffers (FPU), and the inits they need.

A vector has a tile form. A column vector is a block of one tile column with its values in column 0
of the tiles, a row vector a block of one tile row with its values in row 0; what stands in the rest
of the tiles is unspecified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    I32,
    ArrayAttr,
    Float32Type,
    IndexType,
    IntegerAttr,
    StringAttr,
    i32,
)
from xdsl.ir import Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from tt_dialect.ir.cb import BufferType, RequestAttr
from tt_dialect.ir.compute import DstType
from tt_dialect.ir.effects import DstEffect, UnitsEffect
from tt_dialect.ir.functions import FUNCTIONS, Family
from tt_dialect.ir.layout import BlockType, TileType

BROADCASTS = ("none", "row", "col", "scalar")
"""How a map reads an operand: tile by tile, or a row (row 0), column (column 0) or element [0, 0]
of tiles that stand for all rows, columns or both."""
FOLDS = ("add", "max", "min")
DIMS = ("row", "col")
"""Metalium's names: `row` collapses the columns (REDUCE_ROW), `col` the rows (REDUCE_COL)."""
REDUCTIONS = ("sum", "max")


def _one_of(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise VerifyException(f"{what} must be one of {', '.join(known)}, got {value}")


# ---- TILED ----


@irdl_op_definition
class YieldOp(IRDLOperation):
    """The tile a map computes."""

    name = "tt.compute.yield"
    tile = operand_def(TileType)
    assembly_format = "$tile attr-dict `:` type($tile)"
    traits = traits_def(IsTerminator(), Pure())

    def __init__(self, tile: SSAValue):
        super().__init__(operands=[tile])


@irdl_op_definition
class MapOp(IRDLOperation):
    """Computes the tiles of a block one by one from the tiles of its inputs.

    Tile (r, c) of the result is what the region yields for tile (r, c) of every input; an input
    whose broadcast is `row` has one tile row and gives tile (0, c), `col` one tile column and
    (r, 0), `scalar` one tile. Values of the region are tiles in DST; the yielded one is rounded to
    the block's element type. With `fold`, the tiles of a tile row (dim `row`) or tile column (dim
    `col`) are combined by the fold function as they are made, in ascending order: the result has
    one tile column or one tile row, and its tiles still hold 32 partial results per row or column.
    """

    name = "tt.compute.map"
    inputs = var_operand_def(BlockType)
    broadcast = prop_def(ArrayAttr[StringAttr])
    fold = opt_prop_def(StringAttr)
    dim = opt_prop_def(StringAttr)
    rows = prop_def(IntegerAttr[I32])
    cols = prop_def(IntegerAttr[I32])
    """Tiles the region runs over: the result's shape unless folded."""
    cb = prop_def(RequestAttr)
    body = region_def("single_block")
    block = result_def(BlockType)
    assembly_format = (
        "$inputs `broadcast` $broadcast `over` $rows `by` $cols (`fold` $fold^ `dim` $dim)? "
        "`request` $cb attr-dict `:` type($inputs) `->` type($block) $body"
    )
    traits = traits_def(Pure())

    def __init__(
        self,
        inputs: Sequence[SSAValue],
        broadcast: Sequence[str],
        shape: tuple[int, int],
        cb: RequestAttr,
        block: BlockType,
        body: Region,
        fold: tuple[str, str] | None = None,
    ):
        super().__init__(
            operands=[inputs],
            properties={
                "broadcast": ArrayAttr([StringAttr(b) for b in broadcast]),
                "fold": StringAttr(fold[0]) if fold else None,
                "dim": StringAttr(fold[1]) if fold else None,
                "rows": IntegerAttr(shape[0], i32),
                "cols": IntegerAttr(shape[1], i32),
                "cb": cb,
            },
            regions=[body],
            result_types=[block],
        )

    @property
    def broadcasts(self) -> tuple[str, ...]:
        """How each input is read."""
        return tuple(b.data for b in self.broadcast)

    @property
    def extents(self) -> tuple[int, int]:
        """Tiles the region runs over: (rows, columns)."""
        return self.rows.value.data, self.cols.value.data

    @property
    def folding(self) -> tuple[str, str] | None:
        """(fold, dim), None where every tile is a result."""
        if self.fold is None or self.dim is None:
            return None
        return self.fold.data, self.dim.data

    def rebuilt(
        self,
        inputs: Sequence[SSAValue],
        broadcast: Sequence[str],
        body: Region,
        into: tuple[RequestAttr, BlockType] | None = None,
    ) -> MapOp:
        """The same map with other inputs and region, `into` another buffer and block if given."""
        cb, block = into or (self.cb, self.block.type)
        new = MapOp(inputs, broadcast, self.extents, cb, block, body, self.folding)
        new.location = self.location
        new.block.name_hint = self.block.name_hint
        return new

    @property
    def result(self) -> SSAValue:
        """The tile the region yields."""
        end = self.body.block.last_op
        assert isinstance(end, YieldOp)
        return end.tile

    def verify_(self) -> None:
        if len(self.broadcast) != len(self.inputs) or len(self.body.block.args) != len(self.inputs):
            raise VerifyException("a map has one broadcast and one region argument per input")
        rows, cols = self.extents
        read = {"none": (rows, cols), "row": (1, cols), "col": (rows, 1), "scalar": (1, 1)}
        for value, arg, how in zip(self.inputs, self.body.block.args, self.broadcasts, strict=True):
            _one_of("broadcast", how, BROADCASTS)
            assert isinstance(value.type, BlockType)
            if value.type.shape != read[how]:
                raise VerifyException(
                    f"an input read with broadcast {how} has {read[how]} tiles, got "
                    f"{value.type.shape}"
                )
            if arg.type != value.type.tile:
                raise VerifyException(
                    f"a tile of {value.type} is {value.type.tile}, not {arg.type}"
                )
        made = (rows, cols)
        if self.fold is not None and self.dim is not None:
            _one_of("fold", self.fold.data, FOLDS)
            _one_of("dim", self.dim.data, DIMS)
            made = (rows, 1) if self.dim.data == "row" else (1, cols)
        if self.block.type.shape != made:
            raise VerifyException(f"the result has {made} tiles, got {self.block.type.shape}")
        if not isinstance(self.body.block.last_op, YieldOp):
            raise VerifyException("the region of a map ends with tt.compute.yield")


@irdl_op_definition
class ApplyOp(IRDLOperation):
    """A function of the table on tiles; a scalar operand (f32) comes last."""

    name = "tt.compute.apply"
    function = prop_def(StringAttr)
    arguments = var_operand_def(TileType | Float32Type)
    tile = result_def(TileType)
    assembly_format = "$function $arguments attr-dict `:` type($arguments) `->` type($tile)"
    traits = traits_def(Pure())

    def __init__(self, function: str, operands: Sequence[SSAValue], tile: TileType):
        super().__init__(
            operands=[operands],
            properties={"function": StringAttr(function)},
            result_types=[tile],
        )

    @property
    def family(self) -> Family:
        """Family of the row, from the operands."""
        if isinstance(self.operands[-1].type, Float32Type):
            return Family.SCALAR
        return (Family.UNARY, Family.BINARY, Family.TERNARY)[len(self.operands) - 1]

    def verify_(self) -> None:
        if not 1 <= len(self.operands) <= 3:
            raise VerifyException("a function has one to three operands")
        if any(isinstance(v.type, Float32Type) for v in self.operands[:-1]):
            raise VerifyException("only the last operand can be a scalar")
        if (self.function.data, self.family) not in FUNCTIONS:
            raise VerifyException(f"the table has no {self.family} function {self.function.data}")


@irdl_op_definition
class SplatOp(IRDLOperation):
    """A tile whose every element is a scalar."""

    name = "tt.compute.splat"
    value = operand_def(Float32Type)
    tile = result_def(TileType)
    assembly_format = "$value attr-dict `:` type($tile)"
    traits = traits_def(Pure())

    def __init__(self, value: SSAValue, tile: TileType):
        super().__init__(operands=[value], result_types=[tile])


@irdl_op_definition
class IotaOp(IRDLOperation):
    """`rows * r + cols * c + offset`, (r, c) being the element's place in the block of the map."""

    name = "tt.compute.iota"
    rows = prop_def(IntegerAttr[I32])
    cols = prop_def(IntegerAttr[I32])
    offset = operand_def(IndexType)
    tile = result_def(TileType)
    assembly_format = "`rows` $rows `cols` $cols `plus` $offset attr-dict `:` type($tile)"
    traits = traits_def(Pure())

    def __init__(self, rows: int, cols: int, offset: SSAValue, tile: TileType):
        super().__init__(
            operands=[offset],
            properties={"rows": IntegerAttr(rows, i32), "cols": IntegerAttr(cols, i32)},
            result_types=[tile],
        )


@irdl_op_definition
class ReduceOp(IRDLOperation):
    """Reduces a block to a column vector (dim `row`) or a row vector (dim `col`).

    `sum` or `max` over all columns or all rows, by the FPU, tile after tile in ascending order; the
    values go to column 0 or row 0 of the result's tiles, zero elsewhere.
    """

    name = "tt.compute.reduce"
    kind = prop_def(StringAttr)
    dim = prop_def(StringAttr)
    source = operand_def(BlockType)
    cb = prop_def(RequestAttr)
    block = result_def(BlockType)
    assembly_format = (
        "$kind `dim` $dim $source `request` $cb attr-dict `:` type($source) `->` type($block)"
    )
    traits = traits_def(Pure())

    def __init__(self, kind: str, dim: str, source: SSAValue, cb: RequestAttr, block: BlockType):
        super().__init__(
            operands=[source],
            properties={"kind": StringAttr(kind), "dim": StringAttr(dim), "cb": cb},
            result_types=[block],
        )

    def verify_(self) -> None:
        _one_of("kind", self.kind.data, REDUCTIONS)
        _one_of("dim", self.dim.data, DIMS)
        assert isinstance(self.source.type, BlockType)
        rows, cols = self.source.type.shape
        made = (rows, 1) if self.dim.data == "row" else (1, cols)
        if self.block.type.shape != made:
            raise VerifyException(f"the result has {made} tiles, got {self.block.type.shape}")


# ---- BUFFERED and below: tiles ----


@irdl_op_definition
class CopyTileOp(IRDLOperation):
    """Copies page `tile` of the front window to tile `slot` of the DST group."""

    name = "tt.compute.copy_tile"
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
class BroadcastTileOp(IRDLOperation):
    """Copies row 0, column 0 or element [0, 0] of a page to all of tile `slot` (`unary_bcast`)."""

    name = "tt.compute.broadcast_tile"
    how = prop_def(StringAttr)
    cb = operand_def(BufferType)
    tile = operand_def(IndexType)
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = (
        "$how $cb `[` $tile `]` `,` $dst `[` $slot `]` attr-dict `:` type($cb) `,` type($dst)"
    )
    traits = traits_def(DstEffect())

    def __init__(self, how: str, cb: SSAValue, tile: SSAValue, dst: SSAValue, slot: SSAValue):
        super().__init__(operands=[cb, tile, dst, slot], properties={"how": StringAttr(how)})

    def verify_(self) -> None:
        _one_of("broadcast", self.how.data, BROADCASTS[1:])


@irdl_op_definition
class FpuBinaryOp(IRDLOperation):
    """`a + b`, `a - b` or `a * b` of two pages by the FPU, b perhaps broadcast, into tile `slot`.

    Overwrites the tile for add and sub; mul adds to it (ELWMUL accumulates), so a fresh group is
    expected.
    """

    name = "tt.compute.fpu_binary"
    FUNCTIONS: ClassVar = ("add", "sub", "mul")
    function = prop_def(StringAttr)
    how = prop_def(StringAttr)
    a = operand_def(BufferType)
    a_tile = operand_def(IndexType)
    b = operand_def(BufferType)
    b_tile = operand_def(IndexType)
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = (
        "$function `broadcast` $how $a `[` $a_tile `]` `,` $b `[` $b_tile `]` `,` "
        "$dst `[` $slot `]` attr-dict `:` type($a) `,` type($b) `,` type($dst)"
    )
    traits = traits_def(DstEffect())

    def __init__(
        self,
        function: str,
        how: str,
        a: tuple[SSAValue, SSAValue],
        b: tuple[SSAValue, SSAValue],
        dst: SSAValue,
        slot: SSAValue,
    ):
        super().__init__(
            operands=[*a, *b, dst, slot],
            properties={"function": StringAttr(function), "how": StringAttr(how)},
        )

    def verify_(self) -> None:
        _one_of("function", self.function.data, self.FUNCTIONS)
        _one_of("broadcast", self.how.data, BROADCASTS)


@irdl_op_definition
class ReduceTileOp(IRDLOperation):
    """Reduces a page into tile `slot`, on top of what is there (sum adds, max takes the maximum).

    The scaler page holds 1.0 in the first row of every face, zero elsewhere (reduce.h; tt-metal PR
    #52076).
    """

    name = "tt.compute.reduce_tile"
    kind = prop_def(StringAttr)
    dim = prop_def(StringAttr)
    cb = operand_def(BufferType)
    tile = operand_def(IndexType)
    scaler = operand_def(BufferType)
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = (
        "$kind `dim` $dim $cb `[` $tile `]` `,` $scaler `,` $dst `[` $slot `]` attr-dict "
        "`:` type($cb) `,` type($scaler) `,` type($dst)"
    )
    traits = traits_def(DstEffect())

    def __init__(
        self,
        kind: str,
        dim: str,
        page: tuple[SSAValue, SSAValue],
        scaler: SSAValue,
        dst: SSAValue,
        slot: SSAValue,
    ):
        super().__init__(
            operands=[*page, scaler, dst, slot],
            properties={"kind": StringAttr(kind), "dim": StringAttr(dim)},
        )

    def verify_(self) -> None:
        _one_of("kind", self.kind.data, REDUCTIONS)
        _one_of("dim", self.dim.data, DIMS)


class _SfpuOp(IRDLOperation):
    """A row of the function table on tiles of DST groups."""

    FAMILY: ClassVar = Family.UNARY
    function = prop_def(StringAttr)
    traits = traits_def(DstEffect())

    def verify_(self) -> None:
        if (self.function.data, self.FAMILY) not in FUNCTIONS:
            raise VerifyException(f"the table has no {self.FAMILY} function {self.function.data}")


@irdl_op_definition
class SfpuUnaryOp(_SfpuOp):
    """Replaces tile `slot` by a function of it."""

    name = "tt.compute.sfpu_unary"
    FAMILY: ClassVar = Family.UNARY
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = "$function $dst `[` $slot `]` attr-dict `:` type($dst)"

    def __init__(self, function: str, dst: SSAValue, slot: SSAValue):
        super().__init__(operands=[dst, slot], properties={"function": StringAttr(function)})


@irdl_op_definition
class SfpuScalarOp(_SfpuOp):
    """Replaces tile `slot` by a function of it and a scalar."""

    name = "tt.compute.sfpu_scalar"
    FAMILY: ClassVar = Family.SCALAR
    dst = operand_def(DstType)
    slot = operand_def(IndexType)
    value = operand_def(Float32Type)
    assembly_format = "$function $dst `[` $slot `]` `,` $value attr-dict `:` type($dst)"

    def __init__(self, function: str, dst: SSAValue, slot: SSAValue, value: SSAValue):
        super().__init__(operands=[dst, slot, value], properties={"function": StringAttr(function)})


@irdl_op_definition
class SfpuBinaryOp(_SfpuOp):
    """`out[slot] = f(a[slot], b[slot])`; the groups may be the same."""

    name = "tt.compute.sfpu_binary"
    FAMILY: ClassVar = Family.BINARY
    a = operand_def(DstType)
    b = operand_def(DstType)
    out = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = (
        "$function $a `,` $b `into` $out `at` $slot attr-dict "
        "`:` type($a) `,` type($b) `,` type($out)"
    )

    def __init__(self, function: str, a: SSAValue, b: SSAValue, out: SSAValue, slot: SSAValue):
        super().__init__(operands=[a, b, out, slot], properties={"function": StringAttr(function)})


@irdl_op_definition
class SfpuTernaryOp(_SfpuOp):
    """`out[slot] = f(a[slot], b[slot], c[slot])`; the groups may be the same."""

    name = "tt.compute.sfpu_ternary"
    FAMILY: ClassVar = Family.TERNARY
    a = operand_def(DstType)
    b = operand_def(DstType)
    c = operand_def(DstType)
    out = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = (
        "$function $a `,` $b `,` $c `into` $out `at` $slot attr-dict "
        "`:` type($a) `,` type($b) `,` type($c) `,` type($out)"
    )

    def __init__(
        self,
        function: str,
        a: SSAValue,
        b: SSAValue,
        c: SSAValue,
        out: SSAValue,
        slot: SSAValue,
    ):
        super().__init__(
            operands=[a, b, c, out, slot], properties={"function": StringAttr(function)}
        )


@irdl_op_definition
class CopyDstOp(IRDLOperation):
    """`into[slot] = source[slot]` (`copy_dest_values`)."""

    name = "tt.compute.copy_dst"
    source = operand_def(DstType)
    into = operand_def(DstType)
    slot = operand_def(IndexType)
    assembly_format = "$source `into` $into `at` $slot attr-dict `:` type($source) `,` type($into)"
    traits = traits_def(DstEffect())

    def __init__(self, source: SSAValue, into: SSAValue, slot: SSAValue):
        super().__init__(operands=[source, into, slot])


# ---- METALIUM: programming the units ----


@irdl_op_definition
class SfpuInitOp(_SfpuOp):
    """Programs the SFPU for a function of the table."""

    name = "tt.compute.sfpu_init"
    family = prop_def(StringAttr)
    assembly_format = "$family $function attr-dict"
    traits = traits_def(UnitsEffect())

    def __init__(self, family: Family, function: str):
        super().__init__(
            properties={"family": StringAttr(family), "function": StringAttr(function)}
        )

    def verify_(self) -> None:
        _one_of("family", self.family.data, list(Family))
        if (self.function.data, Family(self.family.data)) not in FUNCTIONS:
            raise VerifyException(
                f"the table has no {self.family.data} function {self.function.data}"
            )


@irdl_op_definition
class CopyDstInitOp(IRDLOperation):
    """Programs the SFPU for `copy_dst`."""

    name = "tt.compute.copy_dst_init"
    assembly_format = "attr-dict"
    traits = traits_def(UnitsEffect())

    def __init__(self) -> None:
        super().__init__()


@irdl_op_definition
class FpuBinaryInitOp(IRDLOperation):
    """Programs unpackers and math for `fpu_binary`."""

    name = "tt.compute.fpu_binary_init"
    function = prop_def(StringAttr)
    how = prop_def(StringAttr)
    a = operand_def(BufferType)
    b = operand_def(BufferType)
    assembly_format = "$function `broadcast` $how $a `,` $b attr-dict `:` type($a) `,` type($b)"
    traits = traits_def(UnitsEffect())

    def __init__(self, step: FpuBinaryOp):
        super().__init__(
            operands=[step.a, step.b],
            properties={name: step.properties[name] for name in ("function", "how")},
        )


@irdl_op_definition
class BroadcastInitOp(IRDLOperation):
    """Programs unpacker and math for `broadcast_tile`."""

    name = "tt.compute.broadcast_init"
    how = prop_def(StringAttr)
    cb = operand_def(BufferType)
    out = operand_def(BufferType)
    assembly_format = "$how $cb `,` $out attr-dict `:` type($cb) `,` type($out)"
    traits = traits_def(UnitsEffect())

    def __init__(self, how: str, cb: SSAValue, out: SSAValue):
        super().__init__(operands=[cb, out], properties={"how": StringAttr(how)})


@irdl_op_definition
class BroadcastUninitOp(IRDLOperation):
    """Undoes `broadcast_init`, before an operation of another kind (metalium.md 2.4)."""

    name = "tt.compute.broadcast_uninit"
    how = prop_def(StringAttr)
    cb = operand_def(BufferType)
    assembly_format = "$how $cb attr-dict `:` type($cb)"
    traits = traits_def(UnitsEffect())

    def __init__(self, how: str, cb: SSAValue):
        super().__init__(operands=[cb], properties={"how": StringAttr(how)})


@irdl_op_definition
class ReduceInitOp(IRDLOperation):
    """Programs unpackers, math and the packer's edge mask for `reduce_tile`."""

    name = "tt.compute.reduce_init"
    kind = prop_def(StringAttr)
    dim = prop_def(StringAttr)
    cb = operand_def(BufferType)
    scaler = operand_def(BufferType)
    out = operand_def(BufferType)
    assembly_format = (
        "$kind `dim` $dim $cb `,` $scaler `,` $out attr-dict "
        "`:` type($cb) `,` type($scaler) `,` type($out)"
    )
    traits = traits_def(UnitsEffect())

    def __init__(self, step: ReduceTileOp, out: SSAValue):
        super().__init__(
            operands=[step.cb, step.scaler, out],
            properties={name: step.properties[name] for name in ("kind", "dim")},
        )


@irdl_op_definition
class ReduceUninitOp(IRDLOperation):
    """Clears the packer's edge mask, before anything else is packed (metalium.md 2.4)."""

    name = "tt.compute.reduce_uninit"
    cb = operand_def(BufferType)
    assembly_format = "$cb attr-dict `:` type($cb)"
    traits = traits_def(UnitsEffect())

    def __init__(self, cb: SSAValue):
        super().__init__(operands=[cb])


BLOCK_OPS: list[type[Operation]] = [MapOp, ReduceOp]
"""TILED: on blocks."""
BODY_OPS: list[type[Operation]] = [ApplyOp, SplatOp, IotaOp, YieldOp]
"""TILED: on tiles, in the region of a map."""
DST_OPS: list[type[Operation]] = [
    CopyTileOp,
    BroadcastTileOp,
    FpuBinaryOp,
    ReduceTileOp,
    SfpuUnaryOp,
    SfpuScalarOp,
    SfpuBinaryOp,
    SfpuTernaryOp,
    CopyDstOp,
]
UNIT_OPS: list[type[Operation]] = [
    SfpuInitOp,
    CopyDstInitOp,
    FpuBinaryInitOp,
    BroadcastInitOp,
    BroadcastUninitOp,
    ReduceInitOp,
    ReduceUninitOp,
]
ELTWISE_OPS: list[type[Operation]] = [*BLOCK_OPS, *BODY_OPS, *DST_OPS, *UNIT_OPS]
