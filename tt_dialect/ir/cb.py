"""`tt.cb`: circular buffers and their protocol.

Semantics follow `tt_metal/hw/inc/api/dataflow/circular_buffer.h` and `dataflow_api.h`: one
producer and one consumer thread per buffer, counters in pages, no block straddles the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import I32, IntAttr, IntegerAttr, StringAttr, UnitAttr, i32
from xdsl.ir import Attribute, Operation, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    param_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from tt_dialect.ir.effects import CBEffect
from tt_dialect.ir.layout import TileType, parse_checked, parse_pair


class PageOrder(StrEnum):
    """Order of a block's tiles over consecutive pages."""

    ROW_MAJOR = "row_major"
    COLUMN_MAJOR = "column_major"
    SUBBLOCK = "subblock"


@irdl_attr_definition
class PageOrderAttr(ParametrizedAttribute):
    """`row_major`, `column_major`, or `subblock<2x2>` (subblocks row by row, each row-major)."""

    name = "tt.cb.page_order"
    kind: StringAttr = param_def()
    rows: IntAttr = param_def()
    cols: IntAttr = param_def()

    @classmethod
    def of(cls, kind: PageOrder, rows: int = 1, cols: int = 1) -> PageOrderAttr:
        """An order; rows x cols is the subblock and 1x1 otherwise."""
        return cls(StringAttr(kind), IntAttr(rows), IntAttr(cols))

    @property
    def subblock(self) -> tuple[int, int]:
        """(rows, columns) of a subblock in tiles."""
        return self.rows.data, self.cols.data

    def verify(self) -> None:
        if self.kind.data not in list(PageOrder):
            raise VerifyException(f"unknown page order {self.kind.data}")
        if min(self.subblock) < 1 or (
            self.kind.data != PageOrder.SUBBLOCK and self.subblock != (1, 1)
        ):
            raise VerifyException("a subblock has at least one tile on each axis")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return cls.parse_short(parser).parameters

    @classmethod
    def parse_short(cls, parser: AttrParser) -> PageOrderAttr:
        """`row_major`, `column_major`, `subblock<2x2>`"""
        kind = parser.parse_str_enum(PageOrder)
        rows = cols = 1
        position = parser.pos
        if kind is PageOrder.SUBBLOCK:
            with parser.in_angle_brackets():
                rows, cols = parse_pair(parser, "a subblock as rows x columns")
        try:
            return cls.of(kind, rows, cols)
        except VerifyException as error:
            parser.raise_error(str(error), position)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            self.print_short(printer)

    def print_short(self, printer: Printer) -> None:
        """`row_major`, `column_major`, `subblock<2x2>`"""
        printer.print_string(self.kind.data)
        if self.kind.data == PageOrder.SUBBLOCK:
            printer.print_string(f"<{self.rows.data}x{self.cols.data}>")


ROW_MAJOR = PageOrderAttr.of(PageOrder.ROW_MAJOR)
COLUMN_MAJOR = PageOrderAttr.of(PageOrder.COLUMN_MAJOR)


@irdl_attr_definition
class BufferType(ParametrizedAttribute, TypeAttribute):
    """A circular buffer: `!tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>`.

    A page holds one tile; `block` (rows x columns) is what one production step fills, `pages` the
    capacity, a multiple of the block. The page order says where tile (r, c) of a block stands.
    """

    name = "tt.cb.buffer"
    tile: TileType = param_def()
    rows: IntAttr = param_def()
    cols: IntAttr = param_def()
    pages: IntAttr = param_def()
    order: PageOrderAttr = param_def()

    @classmethod
    def of(
        cls, tile: TileType, block: tuple[int, int], pages: int, order: PageOrderAttr = ROW_MAJOR
    ) -> BufferType:
        """A buffer of `pages` pages for blocks of `block` tiles."""
        return cls(tile, IntAttr(block[0]), IntAttr(block[1]), IntAttr(pages), order)

    @property
    def block(self) -> tuple[int, int]:
        """(rows, columns) of a block in tiles."""
        return self.rows.data, self.cols.data

    @property
    def block_pages(self) -> int:
        """Pages of one block."""
        return self.rows.data * self.cols.data

    @property
    def capacity(self) -> int:
        """Pages of the buffer."""
        return self.pages.data

    @property
    def bytes(self) -> int:
        """L1 bytes."""
        return self.capacity * self.tile.bytes

    def verify(self) -> None:
        if not 0 < self.pages.data < 65536:
            raise VerifyException("a circular buffer has 1 to 65535 pages (16-bit counters)")
        if self.block_pages < 1 or self.pages.data % self.block_pages:
            raise VerifyException(
                f"{self.pages.data} pages are no multiple of the {self.block_pages}-page block"
            )
        rows, cols = self.order.subblock
        if self.rows.data % rows or self.cols.data % cols:
            raise VerifyException("subblocks do not divide the block")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            tile = TileType.parse_short(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("block")
            block = parse_pair(parser, "a block as rows x columns")
            parser.parse_punctuation(",")
            parser.parse_keyword("pages")
            pages = parser.parse_integer()
            parser.parse_punctuation(",")
            order = PageOrderAttr.parse_short(parser)
            return parse_checked(parser, lambda: cls.of(tile, block, pages, order))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string("<")
        self.tile.print_short(printer)
        printer.print_string(
            f", block {self.rows.data}x{self.cols.data}, pages {self.pages.data}, "
        )
        self.order.print_short(printer)
        printer.print_string(">")


@irdl_attr_definition
class PointerType(ParametrizedAttribute, TypeAttribute):
    """A byte address in L1 at a page of a circular buffer, as `get_write_ptr` returns it."""

    name = "tt.cb.pointer"


@irdl_attr_definition
class RequestAttr(ParametrizedAttribute):
    """What an on-chip buffer asks for: `#tt.cb.request<0, "A_shared", stages 3, by "num_stages">`.

    The number identifies the on-chip buffer (values of one buffer share one circular buffer), the
    name is for people, `stages` is the depth in blocks. A request until `tt-plan-cbs`.
    """

    name = "tt.cb.request"
    buffer: IntAttr = param_def()
    label: StringAttr = param_def()
    stages: IntAttr = param_def()
    by: StringAttr = param_def()

    @classmethod
    def of(cls, buffer: int, label: str, stages: int, by: str) -> RequestAttr:
        """A request for `stages` blocks."""
        return cls(IntAttr(buffer), StringAttr(label), IntAttr(stages), StringAttr(by))

    def verify(self) -> None:
        if self.stages.data < 1:
            raise VerifyException("a circular buffer holds at least one block")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            buffer = parser.parse_integer()
            parser.parse_punctuation(",")
            label = parser.parse_str_literal()
            parser.parse_punctuation(",")
            parser.parse_keyword("stages")
            stages = parser.parse_integer()
            parser.parse_punctuation(",")
            parser.parse_keyword("by")
            by = parser.parse_str_literal()
            return parse_checked(parser, lambda: cls.of(buffer, label, stages, by))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.buffer.data}, ")
        printer.print_string_literal(self.label.data)
        printer.print_string(f", stages {self.stages.data}, by ")
        printer.print_string_literal(self.by.data)
        printer.print_string(">")


@irdl_op_definition
class AllocOp(IRDLOperation):
    """Declares a circular buffer of a core. `id` is set by `tt-plan-cbs`.

    `unpack_to_dest` asks for `UnpackToDestMode::UnpackToDestFp32`, which brings fp32 pages into
    32-bit DST without the loss of SrcA (metalium.md 2.5).

    With `alias 0` its memory is the core's own shard of tensor parameter 0, counted among the
    tensors: the host hands that tensor's buffer to `set_globally_allocated_address`.
    """

    name = "tt.cb.alloc"
    label = prop_def(StringAttr)
    id = opt_prop_def(IntegerAttr[I32])
    alias = opt_prop_def(IntegerAttr[I32])
    unpack_to_dest = opt_prop_def(UnitAttr)
    cb = result_def(BufferType)
    assembly_format = (
        "$label (`id` $id^)? (`alias` $alias^)? (`unpack_to_dest` $unpack_to_dest^)? "
        "attr-dict `:` type($cb)"
    )
    traits = traits_def(CBEffect())

    def __init__(self, label: str, cb_type: BufferType, alias: int | None = None):
        properties: dict[str, Attribute | None] = {"label": StringAttr(label)}
        properties["alias"] = None if alias is None else IntegerAttr(alias, i32)
        super().__init__(properties=properties, result_types=[cb_type])
        self.cb.name_hint = label

    @property
    def type(self) -> BufferType:
        """Its type."""
        assert isinstance(self.cb.type, BufferType)
        return self.cb.type

    def verify_(self) -> None:
        if self.alias is None:
            return
        if self.alias.value.data < 0:
            raise VerifyException(f"there is no tensor parameter {self.alias.value.data}")
        if self.type.order.kind.data != PageOrder.ROW_MAJOR:
            raise VerifyException(
                f"the pages of a shard are in row-major order, not {self.type.order.kind.data}"
            )


class _ProtocolOp(IRDLOperation):
    cb = operand_def(BufferType)
    pages = prop_def(IntegerAttr[I32])
    assembly_format = "$cb `,` $pages attr-dict `:` type($cb)"
    traits = traits_def(CBEffect())

    def __init__(self, cb: SSAValue | Operation, pages: int):
        super().__init__(operands=[cb], properties={"pages": IntegerAttr(pages, i32)})

    @property
    def count(self) -> int:
        """Number of pages."""
        return self.pages.value.data

    def verify_(self) -> None:
        assert isinstance(self.cb.type, BufferType)
        if not 0 < self.count <= self.cb.type.capacity:
            raise VerifyException(
                f"{self.count} pages do not fit the buffer's {self.cb.type.capacity}"
            )


@irdl_op_definition
class ReserveBackOp(_ProtocolOp):
    """Producer: blocks until `pages` pages are free."""

    name = "tt.cb.reserve_back"


@irdl_op_definition
class PushBackOp(_ProtocolOp):
    """Producer: hands `pages` filled pages to the consumer."""

    name = "tt.cb.push_back"


@irdl_op_definition
class WaitFrontOp(_ProtocolOp):
    """Consumer: blocks until `pages` pages are filled; waits are cumulative, not additive."""

    name = "tt.cb.wait_front"


@irdl_op_definition
class PopFrontOp(_ProtocolOp):
    """Consumer: gives `pages` pages back."""

    name = "tt.cb.pop_front"


class _PointerOp(IRDLOperation):
    cb = operand_def(BufferType)
    pointer = result_def(PointerType)
    assembly_format = "$cb attr-dict `:` type($cb)"
    traits = traits_def(CBEffect())

    def __init__(self, cb: SSAValue | Operation):
        super().__init__(operands=[cb], result_types=[PointerType()])


@irdl_op_definition
class WritePtrOp(_PointerOp):
    """Address of the first reserved page, valid between reserve and push; data movement only."""

    name = "tt.cb.write_ptr"


@irdl_op_definition
class ReadPtrOp(_PointerOp):
    """Address of the first waited page, valid between wait and pop; data movement only."""

    name = "tt.cb.read_ptr"


CB_ATTRS: list[type[Attribute]] = [PageOrderAttr, BufferType, PointerType, RequestAttr]
CB_OPS: list[type[Operation]] = [
    AllocOp,
    ReserveBackOp,
    PushBackOp,
    WaitFrontOp,
    PopFrontOp,
    WritePtrOp,
    ReadPtrOp,
]
