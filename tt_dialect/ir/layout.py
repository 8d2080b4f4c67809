"""`tt.layout`: where a tensor lives and how it is cut into tiles; `partition.py`: who does what."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import prod
from typing import NamedTuple

from xdsl.dialects.builtin import (
    ArrayAttr,
    BFloat16Type,
    Float16Type,
    Float32Type,
    IntAttr,
    StringAttr,
)
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition, param_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from tt_dialect.ir.partition import (
    MAX_GRID,
    WORK_ORDERS,
    CoreRangeAttr,
    CoreRangesAttr,
    PartitionAttr,
    WorkAttr,
)
from tt_dialect.ir.syntax import (
    Ints,
    int_tuple,
    ints,
    parse_checked,
    parse_ints,
    parse_pair,
    parse_strings,
    print_ints,
    print_strings,
)

__all__ = [
    "ELEMENT_TYPES",
    "LAYOUT_ATTRS",
    "MAX_GRID",
    "WORK_ORDERS",
    "BlockType",
    "BufferAttr",
    "CoreRangeAttr",
    "CoreRangesAttr",
    "Distribution",
    "Ints",
    "Memory",
    "NdShardAttr",
    "PartitionAttr",
    "TileDims",
    "TileType",
    "WorkAttr",
    "int_tuple",
    "ints",
    "parse_checked",
    "parse_ints",
    "parse_pair",
    "parse_strings",
    "print_ints",
    "print_strings",
    "verify_shape",
]

ELEMENT_TYPES = (BFloat16Type, Float16Type, Float32Type)
"""Element types with a tile format; everything else is refused on import."""

_FORMATS: dict[type[Attribute], str] = {
    BFloat16Type: "Float16_b",
    Float16Type: "Float16",
    Float32Type: "Float32",
}
_BYTES: dict[type[Attribute], int] = {BFloat16Type: 2, Float16Type: 2, Float32Type: 4}
_NUMPY: dict[type[Attribute], str] = {
    BFloat16Type: "bfloat16",
    Float16Type: "float16",
    Float32Type: "float32",
}


def verify_shape(shape: Sequence[int], layout: BufferAttr) -> None:
    """A tensor has at least one dimension, all are positive, and its layout tiles some of them."""
    if not shape or min(shape) < 1:
        raise VerifyException("a tensor has at least one dimension, all positive")
    layout.verify_rank(len(shape))


class Memory(StrEnum):
    """The memory a tensor lives in."""

    DRAM = "dram"
    L1 = "l1"


class Distribution(StrEnum):
    """How pages spread over banks: TensorMemoryLayout in buffer_types.hpp."""

    INTERLEAVED = "interleaved"
    SHARDED = "sharded"


@irdl_attr_definition
class TileType(ParametrizedAttribute, TypeAttribute):
    """A tile: one page of tensor storage and the unit of tile arithmetic.

    `!tt.layout.tile<32x32, bf16>`: height x width in elements, element type. Tile sizes in bytes
    are those of `TileType::getSizeBytes` in tt-mlir.
    """

    name = "tt.layout.tile"
    height: IntAttr = param_def()
    width: IntAttr = param_def()
    element_type: Attribute = param_def()

    @classmethod
    def of(cls, element_type: Attribute, height: int = 32, width: int = 32) -> TileType:
        """A 32x32 tile of an element type."""
        return cls(IntAttr(height), IntAttr(width), element_type)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in elements."""
        return self.height.data, self.width.data

    @property
    def bytes(self) -> int:
        """Size of the page that holds one tile."""
        return prod(self.shape) * _BYTES[type(self.element_type)]

    @property
    def data_format(self) -> str:
        """Name in Metalium's `DataFormat` enum."""
        return _FORMATS[type(self.element_type)]

    @property
    def numpy_name(self) -> str:
        """dtype name in NumPy or ml_dtypes."""
        return _NUMPY[type(self.element_type)]

    def verify(self) -> None:
        if not isinstance(self.element_type, ELEMENT_TYPES):
            raise VerifyException(
                f"tile element type must be bf16, f16 or f32, got {self.element_type}"
            )
        if self.height.data not in (16, 32) or self.width.data not in (16, 32):
            raise VerifyException("tile height and width must be 16 or 32")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return cls.parse_body(parser)

    @classmethod
    def parse_body(cls, parser: AttrParser) -> Sequence[Attribute]:
        """`32x32, bf16`"""
        height, width = parse_pair(parser, "a tile as height x width")
        parser.parse_punctuation(",")
        element = parser.parse_type()
        return parse_checked(parser, lambda: cls.of(element, height, width))

    @classmethod
    def parse_short(cls, parser: AttrParser) -> TileType:
        """`tile<32x32, bf16>`, as it stands inside other types."""
        parser.parse_keyword("tile")
        return cls.new(cls.parse_parameters(parser))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.height.data}x{self.width.data}, ")
        printer.print_attribute(self.element_type)
        printer.print_string(">")

    def print_short(self, printer: Printer) -> None:
        """`tile<32x32, bf16>`"""
        printer.print_string("tile")
        self.print_parameters(printer)


@irdl_attr_definition
class BlockType(ParametrizedAttribute, TypeAttribute):
    """A block of tiles as a value: `!tt.layout.block<4x1, tile<32x32, bf16>>` (rows x columns)."""

    name = "tt.layout.block"
    rows: IntAttr = param_def()
    cols: IntAttr = param_def()
    tile: TileType = param_def()

    @classmethod
    def of(cls, rows: int, cols: int, tile: TileType) -> BlockType:
        """A block of rows x cols tiles."""
        return cls(IntAttr(rows), IntAttr(cols), tile)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) in tiles."""
        return self.rows.data, self.cols.data

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return prod(self.shape)

    @property
    def element_type(self) -> Attribute:
        """Element type of the tiles."""
        return self.tile.element_type

    def verify(self) -> None:
        if self.rows.data < 1 or self.cols.data < 1:
            raise VerifyException("a block has at least one tile on each axis")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            rows, cols = parse_pair(parser, "a block as rows x columns")
            parser.parse_punctuation(",")
            tile = TileType.parse_short(parser)
            return parse_checked(parser, lambda: cls.of(rows, cols, tile))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.rows.data}x{self.cols.data}, ")
        self.tile.print_short(printer)
        printer.print_string(">")


@irdl_attr_definition
class NdShardAttr(ParametrizedAttribute):
    """Shards over labelled axes: `<axes ["M"], grid [2], shard [64], order "row_major">`.

    `grid` counts shards per axis, `shard` is the extent of one shard in elements.
    """

    name = "tt.layout.nd_shard"
    axes: ArrayAttr[StringAttr] = param_def()
    grid: Ints = param_def()
    shard: Ints = param_def()
    order: StringAttr = param_def()

    def verify(self) -> None:
        if not len(self.axes) == len(self.grid) == len(self.shard):
            raise VerifyException("nd_shard needs one axis label, grid and shard extent per axis")
        if any(v < 1 for v in (*int_tuple(self.grid), *int_tuple(self.shard))):
            raise VerifyException("nd_shard grid and shard extents must be positive")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            parser.parse_keyword("axes")
            axes = parse_strings(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("grid")
            grid = parse_ints(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("shard")
            shard = parse_ints(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("order")
            order = StringAttr(parser.parse_str_literal())
            return parse_checked(parser, lambda: cls(axes, grid, shard, order))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string("<axes ")
        print_strings(printer, self.axes)
        printer.print_string(", grid ")
        print_ints(printer, self.grid)
        printer.print_string(", shard ")
        print_ints(printer, self.shard)
        printer.print_string(", order ")
        printer.print_string_literal(self.order.data)
        printer.print_string(">")


class TileDims(NamedTuple):
    """Which dimensions of a tensor its tiles lie on: the one place that says so.

    A tensor is a stack of matrices cut into tiles: `outer` dimensions number the matrices in
    tensor order, `row` and `col` are the dimensions of a matrix's rows and columns. Where one of
    these is None the tensor holds vectors: row vectors (no `row`; a vector is the first row of its
    tiles) or column vectors (no `col`; the first column).
    """

    outer: tuple[int, ...]
    row: int | None
    col: int | None

    @property
    def tiled(self) -> tuple[int, ...]:
        """The tiled dimensions, rows first."""
        return tuple(dim for dim in (self.row, self.col) if dim is not None)

    @property
    def order(self) -> tuple[int, ...]:
        """All dimensions of the tensor, outer ones first, then rows, then columns."""
        return (*self.outer, *self.tiled)

    def matrices(self, shape: Sequence[int]) -> tuple[int, ...]:
        """A tensor's shape as `[outer..., rows, columns]`, in elements; a missing axis has one."""
        rows, cols = (1 if dim is None else shape[dim] for dim in (self.row, self.col))
        return (*(shape[dim] for dim in self.outer), rows, cols)

    def pages(self, shape: Sequence[int], tile: TileType) -> tuple[int, ...]:
        """The same in pages: `[outer..., tile rows, tile columns]`, the last tiles perhaps partly
        filled. Pages are numbered row-major over this grid."""
        *outer, rows, cols = self.matrices(shape)
        height, width = tile.shape
        return (*outer, -(-rows // height), -(-cols // width))


@irdl_attr_definition
class BufferAttr(ParametrizedAttribute):
    """Where a tensor lives and how it is cut into pages.

    `#tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">`. A page
    is one tile. `tiled` names the dimensions of the tiles' rows and columns, `_` for an axis that
    does not exist: `tiled [1, 3]` for Q[batch, seq, head, dim], `tiled [_, 0]` for row vectors,
    `tiled [2, _]` for column vectors; without it the last two are tiled. The other dimensions are
    outer. `axes` labels the dimensions by the part they play in the computation (B, M, N, K; empty
    when unknown); `by` says who decided ("default" or "user").
    """

    name = "tt.layout.buffer"
    memory: StringAttr = param_def()
    distribution: StringAttr = param_def()
    tile: TileType = param_def()
    axes: ArrayAttr[StringAttr] = param_def()
    by: StringAttr = param_def()
    shard: ArrayAttr[NdShardAttr] = param_def()
    """At most one entry; empty when interleaved."""
    tiled: Ints = param_def()
    """Row and column dimension, -1 for an axis that does not exist; empty for the last two."""

    @classmethod
    def interleaved(
        cls,
        element_type: Attribute,
        axes: Sequence[str] = (),
        by: str = "default",
        tiled: Sequence[int] = (),
    ) -> BufferAttr:
        """Tiles round-robin over the DRAM banks."""
        return cls(
            StringAttr(Memory.DRAM),
            StringAttr(Distribution.INTERLEAVED),
            TileType.of(element_type),
            ArrayAttr([StringAttr(a) for a in axes]),
            StringAttr(by),
            ArrayAttr([]),
            ints(tiled),
        )

    def dims(self, rank: int) -> TileDims:
        """Outer, row and column dimensions of a tensor of this rank in this layout."""
        row, col = int_tuple(self.tiled) or (rank - 2, rank - 1)
        outer = tuple(dim for dim in range(rank) if dim not in (row, col))
        return TileDims(outer, None if row < 0 else row, None if col < 0 else col)

    def verify_rank(self, rank: int) -> None:
        """Tiled dimensions are dimensions of such a tensor, labels are for all or none."""
        if len(self.axes) not in (0, rank):
            raise VerifyException(f"{len(self.axes)} axis labels for a tensor of rank {rank}")
        if not self.tiled.data and rank < 2:
            raise VerifyException("a tensor of one dimension has a layout with 'tiled'")
        if any(dim >= rank for dim in int_tuple(self.tiled)):
            raise VerifyException(f"tiled {_dims_text(self.tiled)} for a tensor of rank {rank}")

    @property
    def labels(self) -> tuple[str, ...]:
        """Axis labels, outermost dimension first."""
        return tuple(a.data for a in self.axes)

    def verify(self) -> None:
        if self.memory.data not in list(Memory):
            raise VerifyException(f"memory must be dram or l1, got {self.memory.data}")
        if self.distribution.data not in list(Distribution):
            raise VerifyException(
                f"distribution must be interleaved or sharded, got {self.distribution.data}"
            )
        sharded = self.distribution.data == Distribution.SHARDED
        if len(self.shard) != int(sharded):
            raise VerifyException(
                "a sharded buffer needs one nd_shard, an interleaved one has none"
            )
        tiled = int_tuple(self.tiled)
        if tiled and (len(tiled) != 2 or min(tiled) < -1 or tiled[0] == tiled[1]):
            raise VerifyException(
                "tiled names two different dimensions, or one and _: [rows, columns]"
            )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            memory = StringAttr(parser.parse_identifier("memory"))
            parser.parse_punctuation(",")
            distribution = StringAttr(parser.parse_identifier("distribution"))
            parser.parse_punctuation(",")
            tile = TileType.parse_short(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("axes")
            axes = parse_strings(parser)
            parser.parse_punctuation(",")
            tiled = ints([])
            if parser.parse_optional_keyword("tiled") is not None:
                tiled = _parse_dims(parser)
                parser.parse_punctuation(",")
            parser.parse_keyword("by")
            by = StringAttr(parser.parse_str_literal())
            shard: list[NdShardAttr] = []
            if parser.parse_optional_punctuation(",") is not None:
                parser.parse_keyword("nd_shard")
                shard.append(NdShardAttr.new(NdShardAttr.parse_parameters(parser)))
            return parse_checked(
                parser, lambda: cls(memory, distribution, tile, axes, by, ArrayAttr(shard), tiled)
            )

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.memory.data}, {self.distribution.data}, ")
        self.tile.print_short(printer)
        printer.print_string(", axes ")
        print_strings(printer, self.axes)
        if self.tiled.data:
            printer.print_string(f", tiled {_dims_text(self.tiled)}")
        printer.print_string(", by ")
        printer.print_string_literal(self.by.data)
        for shard in self.shard:
            printer.print_string(", nd_shard")
            shard.print_parameters(printer)
        printer.print_string(">")


def _parse_dims(parser: AttrParser) -> Ints:
    """`[1, _]`"""

    def dim() -> int:
        if parser.parse_optional_keyword("_") is not None:
            return -1
        return parser.parse_integer(allow_boolean=False, allow_negative=False)

    return ints(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, dim))


def _dims_text(dims: Ints) -> str:
    """`[1, _]`"""
    return "[" + ", ".join("_" if d < 0 else str(d) for d in int_tuple(dims)) + "]"


LAYOUT_ATTRS: list[type[Attribute]] = [
    TileType,
    BlockType,
    NdShardAttr,
    BufferAttr,
    CoreRangeAttr,
    CoreRangesAttr,
    WorkAttr,
    PartitionAttr,
]
