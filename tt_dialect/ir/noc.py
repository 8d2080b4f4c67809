"""`tt.noc`: moving pages between memories and cores, and ordering the moves.

Semantics follow `tt_metal/hw/inc/api/dataflow/dataflow_api.h`. Transfers are asynchronous: data has
arrived only after the barrier. Every transfer of a thread names its NoC (0 or 1), which
`tt-split-threads` sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import prod
from typing import ClassVar

from xdsl.dialects.builtin import (
    I32,
    ArrayAttr,
    Float32Type,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    UnitAttr,
    i32,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import (
    Attribute,
    BlockArgument,
    Operation,
    ParametrizedAttribute,
    SSAValue,
    TypeAttribute,
)
from xdsl.irdl import (
    AnyOf,
    IRDLOperation,
    MessageConstraint,
    base,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    param_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import MemoryReadEffect, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from tt_dialect.ir import cb as cb_ir
from tt_dialect.ir.effects import NocEffect
from tt_dialect.ir.layout import (
    BlockType,
    BufferAttr,
    Ints,
    TileDims,
    int_tuple,
    parse_checked,
    parse_ints,
    print_ints,
    verify_shape,
)


@irdl_attr_definition
class AccessorType(ParametrizedAttribute, TypeAttribute):
    """A TensorAccessor: `!tt.noc.accessor<[1024, 1024], #tt.layout.buffer<...>>`.

    The shape is in elements. Pages are numbered row-major: the outer dimensions in tensor order,
    then tile rows, then tile columns (`tt_metal/hw/inc/api/tensor/tensor_accessor.h`).
    """

    name = "tt.noc.accessor"
    shape: Ints = param_def()
    layout: BufferAttr = param_def()

    def verify(self) -> None:
        verify_shape(int_tuple(self.shape), self.layout)

    @property
    def pages(self) -> int:
        """Number of pages (tiles) of the tensor."""
        return prod(self.grid)

    @property
    def dims(self) -> TileDims:
        """Outer, row and column dimensions of the tensor."""
        return self.layout.dims(len(self.shape))

    @property
    def grid(self) -> tuple[int, ...]:
        """The tensor in pages: `[outer..., tile rows, tile columns]`."""
        return self.dims.pages(int_tuple(self.shape), self.layout.tile)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            shape = parse_ints(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("buffer")
            layout = BufferAttr.new(BufferAttr.parse_parameters(parser))
            return parse_checked(parser, lambda: cls(shape, layout))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string("<")
        print_ints(printer, self.shape)
        printer.print_string(", buffer")
        self.layout.print_parameters(printer)
        printer.print_string(">")


@irdl_attr_definition
class SemaphoreType(ParametrizedAttribute, TypeAttribute):
    """An L1 semaphore, at the same address on every core of its core set."""

    name = "tt.noc.semaphore"


# ---- TILED: blocks in and out of tensors ----


class Clip(StrEnum):
    """Where a block may lie along an axis of its tensor, in whole tiles."""

    INSIDE = "inside"
    """Always inside: the block is whole."""
    EDGE = "edge"
    """It starts inside and may hang over the end."""
    OUTSIDE = "outside"
    """It may also start behind the end."""


def clip_attr(rows: Clip, cols: Clip) -> ArrayAttr[StringAttr] | None:
    """The `clip` of a block that may leave its tensor, None for one that never does."""
    if rows == cols == Clip.INSIDE:
        return None
    return ArrayAttr([StringAttr(rows), StringAttr(cols)])


def _verify_clip(clip: ArrayAttr[StringAttr] | None) -> None:
    known = set(Clip)
    if clip is not None and (len(clip) != 2 or any(c.data not in known for c in clip)):
        raise VerifyException(
            f"clip says for rows and columns one of {', '.join(Clip)}, not {clip}"
        )


def _clips(clip: ArrayAttr[StringAttr] | None) -> tuple[Clip, Clip]:
    if clip is None:
        return Clip.INSIDE, Clip.INSIDE
    rows, cols = (Clip(c.data) for c in clip)
    return rows, cols


@irdl_op_definition
class LoadBlockOp(IRDLOperation):
    """Reads a block of tiles of a tensor.

    The indices are those of the outer dimensions, in tensor order and in elements, then the tile
    row and the tile column, in tiles; of a vector too, whose missing axis has index 0.

    With `clip` the block may hang over the end of the tensor along rows or columns; tiles outside
    are zero.
    """

    name = "tt.noc.load_block"
    tensor = operand_def(MemRefType)
    indices = var_operand_def(IndexType)
    clip = opt_prop_def(ArrayAttr[StringAttr])
    cb = prop_def(cb_ir.RequestAttr)
    block = result_def(BlockType)
    assembly_format = (
        "$tensor `[` $indices `]` (`clip` $clip^)? `request` $cb attr-dict "
        "`:` type($tensor) `->` type($block)"
    )
    traits = traits_def(MemoryReadEffect())

    def __init__(
        self,
        tensor: SSAValue,
        indices: Sequence[SSAValue | Operation],
        cb: cb_ir.RequestAttr,
        block: BlockType,
        clip: ArrayAttr[StringAttr] | None = None,
    ):
        super().__init__(
            operands=[tensor, indices], properties={"cb": cb, "clip": clip}, result_types=[block]
        )

    def verify_(self) -> None:
        _verify_indices(self.tensor, self.indices)
        _verify_clip(self.clip)

    @property
    def clips(self) -> tuple[Clip, Clip]:
        """Where the block may lie, along rows and columns."""
        return _clips(self.clip)


@irdl_op_definition
class StoreBlockOp(IRDLOperation):
    """Writes a block of tiles to a tensor; indices and `clip` as those of `load_block`.

    Tiles outside the tensor are dropped.
    """

    name = "tt.noc.store_block"
    block = operand_def(BlockType)
    tensor = operand_def(MemRefType)
    indices = var_operand_def(IndexType)
    clip = opt_prop_def(ArrayAttr[StringAttr])
    assembly_format = (
        "$block `,` $tensor `[` $indices `]` (`clip` $clip^)? attr-dict "
        "`:` type($block) `,` type($tensor)"
    )
    traits = traits_def(NocEffect())

    def __init__(
        self,
        block: SSAValue,
        tensor: SSAValue,
        indices: Sequence[SSAValue | Operation],
        clip: ArrayAttr[StringAttr] | None = None,
    ):
        super().__init__(operands=[block, tensor, indices], properties={"clip": clip})

    def verify_(self) -> None:
        _verify_indices(self.tensor, self.indices)
        _verify_clip(self.clip)

    @property
    def clips(self) -> tuple[Clip, Clip]:
        """Where the block may lie, along rows and columns."""
        return _clips(self.clip)


def _verify_indices(tensor: SSAValue, indices: Sequence[SSAValue]) -> None:
    assert isa(tensor.type, MemRefType[Attribute])
    rank = tensor.type.get_num_dims()
    layout = parameter_layout(tensor)
    outer = rank - 2 if layout is None else len(layout.dims(rank).outer)
    if len(indices) != outer + 2:
        raise VerifyException(f"{len(indices)} indices for a tensor of rank {rank}")


def parameter_layout(tensor: SSAValue) -> BufferAttr | None:
    """The layout of a tensor parameter, None before `tt-infer-layout`."""
    if not isinstance(tensor, BlockArgument):
        return None
    func = tensor.owner.parent_op()
    if not isinstance(func, FuncOp) or func.arg_attrs is None:
        return None
    layout = func.arg_attrs.data[tensor.index].data.get("tt.layout")
    return layout if isinstance(layout, BufferAttr) else None


# ---- BUFFERED and below: pages ----


@irdl_op_definition
class RuntimeArgOp(IRDLOperation):
    """Reads entry `index` of the ABI table on this core (`get_arg_val`): a number or a float32."""

    name = "tt.noc.runtime_arg"
    index = prop_def(IntegerAttr[I32])
    value = result_def(IndexType | Float32Type)
    assembly_format = "$index attr-dict `:` type($value)"
    traits = traits_def(Pure())

    def verify_(self) -> None:
        if self.index.value.data < 0:
            raise VerifyException("a runtime argument has a non-negative index")

    def __init__(self, index: int, kind: Attribute | None = None):
        super().__init__(
            properties={"index": IntegerAttr(index, i32)}, result_types=[kind or IndexType()]
        )


@irdl_op_definition
class AccessorOp(IRDLOperation):
    """Binds a tensor (BUFFERED) or its base address (THREADS) to the tensor's layout."""

    name = "tt.noc.accessor"
    tensor = operand_def(
        MessageConstraint(
            AnyOf((base(MemRefType), base(IndexType))),
            "expected a tensor (memref) or its address (index)",
        )
    )
    accessor = result_def(AccessorType)
    assembly_format = "$tensor attr-dict `:` type($tensor) `->` type($accessor)"
    traits = traits_def(Pure())

    def __init__(self, tensor: SSAValue, accessor: AccessorType):
        super().__init__(operands=[tensor], result_types=[accessor])

    def verify_(self) -> None:
        accessor = self.accessor.type
        assert isinstance(accessor, AccessorType)
        if isa(self.tensor.type, MemRefType[Attribute]):
            if self.tensor.type.get_shape() != int_tuple(accessor.shape):
                raise VerifyException("the accessor has another shape than the tensor")
            if self.tensor.type.element_type != accessor.layout.tile.element_type:
                raise VerifyException("the accessor has another element type than the tensor")


class _PageOp(IRDLOperation):
    accessor = operand_def(AccessorType)
    page = operand_def(IndexType)
    pointer = operand_def(cb_ir.PointerType)
    slot = operand_def(IndexType)
    noc = opt_prop_def(IntegerAttr[I32])
    traits = traits_def(NocEffect())
    assembly_format = (
        "$accessor `[` $page `]` `,` $pointer `[` $slot `]` (`noc` $noc^)? attr-dict "
        "`:` type($accessor)"
    )

    def __init__(self, accessor: SSAValue, page: SSAValue, pointer: SSAValue, slot: SSAValue):
        super().__init__(operands=[accessor, page, pointer, slot])


@irdl_op_definition
class ReadPageOp(_PageOp):
    """Issues a read of one page into L1, `slot` pages after the pointer."""

    name = "tt.noc.read_page"


@irdl_op_definition
class WritePageOp(_PageOp):
    """Issues a write of the page `slot` pages after the pointer to page `page` of the tensor."""

    name = "tt.noc.write_page"


@irdl_op_definition
class GenerateTileOp(IRDLOperation):
    """Writes a tile into L1, `slot` pages after the pointer, from the core itself.

    `reduce_scaler` holds 1.0 in the first row of every face, zero elsewhere (reduce.h; tt-metal PR
    #52076); `iota` holds `rows * r + cols * c` at (r, c); `zero` holds zeros.
    """

    name = "tt.noc.generate_tile"
    KINDS: ClassVar = ("reduce_scaler", "iota", "zero")
    kind = prop_def(StringAttr)
    rows = opt_prop_def(IntegerAttr[I32])
    cols = opt_prop_def(IntegerAttr[I32])
    pointer = operand_def(cb_ir.PointerType)
    slot = operand_def(IndexType)
    assembly_format = "$kind (`rows` $rows^ `cols` $cols)? $pointer `[` $slot `]` attr-dict"
    traits = traits_def(NocEffect())

    def __init__(
        self, kind: str, pointer: SSAValue, slot: SSAValue, step: tuple[int, int] | None = None
    ):
        super().__init__(
            operands=[pointer, slot],
            properties={
                "kind": StringAttr(kind),
                "rows": IntegerAttr(step[0], i32) if step else None,
                "cols": IntegerAttr(step[1], i32) if step else None,
            },
        )

    def verify_(self) -> None:
        if self.kind.data not in self.KINDS:
            raise VerifyException(f"kind must be one of {', '.join(self.KINDS)}")
        if (self.kind.data == "iota") != (self.rows is not None and self.cols is not None):
            raise VerifyException("iota has the steps rows and cols, other kinds have none")


class _BarrierOp(IRDLOperation):
    noc = opt_prop_def(IntegerAttr[I32])
    assembly_format = "(`noc` $noc^)? attr-dict"
    traits = traits_def(NocEffect())

    def __init__(self) -> None:
        super().__init__()


@irdl_op_definition
class ReadBarrierOp(_BarrierOp):
    """Waits until all issued reads have arrived in L1."""

    name = "tt.noc.read_barrier"


@irdl_op_definition
class WriteBarrierOp(_BarrierOp):
    """Waits until all issued writes are acknowledged."""

    name = "tt.noc.write_barrier"


@irdl_op_definition
class WritesFlushedOp(_BarrierOp):
    """Waits until all issued writes have left this core: their source may be reused."""

    name = "tt.noc.writes_flushed"


@irdl_op_definition
class AtomicBarrierOp(_BarrierOp):
    """Waits until all semaphore increments are done."""

    name = "tt.noc.atomic_barrier"


# ---- coordinates, semaphores, multicast ----


@irdl_op_definition
class CoreCoordOp(IRDLOperation):
    """Logical coordinates (x, y) of this core (`get_absolute_logical_x/y`)."""

    name = "tt.noc.core_coord"
    x = result_def(IndexType)
    y = result_def(IndexType)
    assembly_format = "attr-dict `:` type($x) `,` type($y)"
    traits = traits_def(Pure())

    def __init__(self) -> None:
        super().__init__(result_types=[IndexType(), IndexType()])


@irdl_op_definition
class SemaphoreOp(IRDLOperation):
    """Declares a semaphore of the program's cores with its initial value (`CreateSemaphore`)."""

    name = "tt.noc.semaphore"
    label = prop_def(StringAttr)
    initial = prop_def(IntegerAttr[I32])
    id = opt_prop_def(IntegerAttr[I32])
    semaphore = result_def(SemaphoreType)
    assembly_format = "$label `initial` $initial (`id` $id^)? attr-dict `:` type($semaphore)"
    traits = traits_def(NocEffect())

    def __init__(self, label: str, initial: int = 0):
        super().__init__(
            properties={"label": StringAttr(label), "initial": IntegerAttr(initial, i32)},
            result_types=[SemaphoreType()],
        )


class _SemaphoreValueOp(IRDLOperation):
    semaphore = operand_def(SemaphoreType)
    value = operand_def(IndexType)
    assembly_format = "$semaphore `,` $value attr-dict"
    traits = traits_def(NocEffect())

    def __init__(self, semaphore: SSAValue, value: SSAValue):
        super().__init__(operands=[semaphore, value])


@irdl_op_definition
class SemaphoreSetOp(_SemaphoreValueOp):
    """Stores a value in this core's semaphore."""

    name = "tt.noc.semaphore_set"


@irdl_op_definition
class SemaphoreWaitOp(_SemaphoreValueOp):
    """Blocks until this core's semaphore equals the value."""

    name = "tt.noc.semaphore_wait"


@irdl_op_definition
class SemaphoreWaitMinOp(_SemaphoreValueOp):
    """Blocks until this core's semaphore is at least the value."""

    name = "tt.noc.semaphore_wait_min"


@irdl_op_definition
class SemaphoreIncOp(IRDLOperation):
    """Increments the semaphore of core (x, y) by an atomic over the NoC."""

    name = "tt.noc.semaphore_inc"
    semaphore = operand_def(SemaphoreType)
    x = operand_def(IndexType)
    y = operand_def(IndexType)
    value = operand_def(IndexType)
    noc = opt_prop_def(IntegerAttr[I32])
    assembly_format = "$semaphore `at` `(` $x `,` $y `)` `,` $value (`noc` $noc^)? attr-dict"
    traits = traits_def(NocEffect())

    def __init__(self, semaphore: SSAValue, x: SSAValue, y: SSAValue, value: SSAValue):
        super().__init__(operands=[semaphore, x, y, value])


class _RectangleOp(IRDLOperation):
    x = operand_def(IndexType)
    y = operand_def(IndexType)
    x_end = operand_def(IndexType)
    y_end = operand_def(IndexType)
    dests = prop_def(IntegerAttr[I32])
    loopback = opt_prop_def(UnitAttr)
    linked = opt_prop_def(UnitAttr)
    noc = opt_prop_def(IntegerAttr[I32])
    traits = traits_def(NocEffect())

    def verify_(self) -> None:
        least = 2 if self.loopback is not None else 1
        if self.dests.value.data < least:
            raise VerifyException("a multicast has at least one destination besides its sender")


@irdl_op_definition
class SemaphoreSetMulticastOp(_RectangleOp):
    """Writes this core's semaphore value to the inclusive rectangle (x, y) to (x_end, y_end)."""

    name = "tt.noc.semaphore_set_multicast"
    semaphore = operand_def(SemaphoreType)
    assembly_format = (
        "$semaphore `to` `(` $x `,` $y `)` `,` `(` $x_end `,` $y_end `)` `dests` $dests "
        "(`loopback` $loopback^)? (`linked` $linked^)? (`noc` $noc^)? attr-dict"
    )

    def __init__(self, semaphore: SSAValue, rectangle: Sequence[SSAValue], dests: int):
        super().__init__(
            operands=[*rectangle, semaphore],
            properties={"dests": IntegerAttr(dests, i32)},
        )


@irdl_op_definition
class MulticastOp(_RectangleOp):
    """Writes `pages` pages at the pointer to the same L1 address of every core of a rectangle.

    The sender is not written unless `loopback`; `dests` counts the cores written.
    """

    name = "tt.noc.multicast"
    pointer = operand_def(cb_ir.PointerType)
    page = operand_def(cb_ir.BufferType)
    pages = prop_def(IntegerAttr[I32])
    assembly_format = (
        "$pointer `,` $page `,` $pages `to` `(` $x `,` $y `)` `,` `(` $x_end `,` $y_end `)` "
        "`dests` $dests (`loopback` $loopback^)? (`linked` $linked^)? (`noc` $noc^)? "
        "attr-dict `:` type($page)"
    )

    def verify_(self) -> None:
        super().verify_()
        assert isinstance(self.page.type, cb_ir.BufferType)
        if not 0 < self.pages.value.data <= self.page.type.capacity:
            raise VerifyException(
                f"{self.pages.value.data} pages of a {self.page.type.capacity}-page buffer"
            )

    def __init__(
        self,
        pointer: SSAValue,
        buffer: SSAValue,
        pages: int,
        rectangle: Sequence[SSAValue],
        dests: int,
    ):
        super().__init__(
            operands=[*rectangle, pointer, buffer],
            properties={
                "dests": IntegerAttr(dests, i32),
                "pages": IntegerAttr(pages, i32),
            },
        )


NOC_ATTRS: list[type[Attribute]] = [AccessorType, SemaphoreType]
NOC_OPS: list[type[IRDLOperation]] = [
    LoadBlockOp,
    StoreBlockOp,
    RuntimeArgOp,
    AccessorOp,
    ReadPageOp,
    WritePageOp,
    GenerateTileOp,
    ReadBarrierOp,
    WriteBarrierOp,
    WritesFlushedOp,
    AtomicBarrierOp,
    CoreCoordOp,
    SemaphoreOp,
    SemaphoreSetOp,
    SemaphoreWaitOp,
    SemaphoreWaitMinOp,
    SemaphoreIncOp,
    SemaphoreSetMulticastOp,
    MulticastOp,
]
TRANSFERS = tuple(op for op in NOC_OPS if "noc" in op.get_irdl_definition().properties)
"""Operations that go through a NoC and name it."""
