"""`tt-grid-to-persistent`: the launch grid becomes a loop over the work of one core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.builder import Builder
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IndexType,
    MemRefType,
    StringAttr,
    bf16,
    f16,
    f32,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Region, SSAValue, Use
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.analysis.access import (
    block_axes,
    grid_of,
    grid_order,
    label_of,
    layout_of,
    memref_type,
)
from tt_dialect.analysis.annotations import place_of, schedule_of
from tt_dialect.analysis.work import shard_extents
from tt_dialect.diagnostics import error_at
from tt_dialect.ir.layout import BufferAttr, PartitionAttr, int_tuple
from tt_dialect.ir.program import SCALAR_TYPES, AbiAttr, ArgAttr, ArgKind
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, located


def _layout(func: FuncOp, arg: BlockArgument) -> BufferAttr:
    """Layout of a tensor parameter."""
    layout = layout_of(func, arg)
    if layout is None:
        raise error_at(
            func,
            f"parameter '{label_of(arg, str(arg.index))}' has no layout",
            "run tt-infer-layout first",
        )
    return layout


def _scalar(func: FuncOp, arg: BlockArgument) -> ArgAttr:
    """The entry of a scalar parameter."""
    label = label_of(arg, f"arg{arg.index}")
    if arg.type not in SCALAR_TYPES:
        raise error_at(
            func,
            f"the scalar parameter '{label}' has type {arg.type}",
            "supported: f32, bf16, f16, i32 and i64",
        )
    return ArgAttr.of(ArgKind.SCALAR, label, arg.index, arg.type)


def build_abi(func: FuncOp, partition: PartitionAttr, axes: Sequence[int | None]) -> AbiAttr:
    """Addresses, scalar parameters, the core's range of work ids, Mt, Kt, Nt where the kernel is one
    product, and in mode local_shard the shards. `axes` as `block_axes` gives them.

    Axes that layouts name alike although their extents differ are not those of one product.
    """
    tensors: list[ArgAttr] = []
    scalars: list[ArgAttr] = []
    extents: dict[str, set[int]] = {}
    for arg in func.args:
        if not isinstance(arg.type, MemRefType):
            scalars.append(_scalar(func, arg))
            continue
        layout, label = _layout(func, arg), label_of(arg, f"arg{arg.index}")
        tensors.append(ArgAttr.of(ArgKind.ADDRESS, f"{label}_addr", len(tensors)))
        for axis, extent in zip(layout.labels, memref_type(arg).get_shape(), strict=False):
            extents.setdefault(axis, set()).add(-(-extent // 32))
    args = [*tensors, *scalars]
    args.append(ArgAttr.of(ArgKind.START, "start_id"))
    args.append(ArgAttr.of(ArgKind.COUNT, "count"))
    product = [(axis, *extents.get(axis, ())) for axis in "MKN"]
    if all(len(found) == 2 for found in product):
        args += [ArgAttr.of(ArgKind.EXTENT, f"{axis}t", extent) for axis, extent in product]
    if partition.is_local:
        args += _shard_arguments(partition, axes)
    return AbiAttr.of(args)


def _shard_arguments(partition: PartitionAttr, axes: Sequence[int | None]) -> list[ArgAttr]:
    """`Sm, Sn, Gy, Gx, sy, sx`: a shard's extent in tiles, shards along rows and columns, and the
    place of the core's own. Then `s<axis>` for every other axis that is cut."""
    grid = partition.rect_grid
    extents, counts = shard_extents(partition, axes)
    places = [
        (ArgKind.SHARD_COORDINATE, axes.index(place)) if place in axes else (ArgKind.SHARD, 0)
        for place in (-2, -1)
    ]
    values = zip(("Sm", "Sn", "Gy", "Gx"), (*extents, *counts), strict=True)
    args = [ArgAttr.of(ArgKind.SHARD, label, value) for label, value in values]
    args += [
        ArgAttr.of(kind, label, value)
        for label, (kind, value) in zip(("sy", "sx"), places, strict=True)
    ]
    args += [
        ArgAttr.of(ArgKind.SHARD_COORDINATE, f"s{axis}", axis)
        for axis, count in enumerate(grid)
        if count > 1 and axes[axis] not in (-2, -1)
    ]
    return args


def _is_fixed(arg: ArgAttr) -> bool:
    return arg.kind.data in (ArgKind.EXTENT, ArgKind.SHARD)


def _check_names(func: FuncOp, abi: AbiAttr) -> None:
    """The runtime arguments a schedule states are those there are, in their order."""
    schedule = schedule_of(func)
    late = (ArgKind.ADDRESS, ArgKind.SCALAR)
    own = [arg.label.data for arg in abi.args if arg.kind.data not in late]
    if schedule.runtime_args is not None and list(schedule.runtime_args) != own:
        raise error_at(
            place_of(func, schedule.place),
            f"the schedule says runtime_args {', '.join(schedule.runtime_args)}, those of "
            f"'{func.sym_name.data}' are {', '.join(own)}",
            "they follow from the kernel and its partition, after the addresses; leave "
            "runtime_args out",
        )


def _add_arguments(func: FuncOp, abi: AbiAttr) -> dict[str, SSAValue]:
    """Appends an index argument for every entry that is no parameter; returns them by label."""
    parameters = (ArgKind.ADDRESS, ArgKind.SCALAR)
    entries = [arg for arg in abi.args if arg.kind.data not in parameters]
    block, values = func.body.block, dict[str, SSAValue]()
    attrs = list(func.arg_attrs or [])
    for entry in entries:
        value = block.insert_arg(IndexType(), len(block.args))
        value.name_hint = entry.label.data
        values[entry.label.data] = value
        attrs.append(DictionaryAttr({"tt.name": StringAttr(entry.label.data)}))
    func.function_type = FunctionType.from_lists([a.type for a in block.args], [])
    func.arg_attrs = ArrayAttr(attrs)
    func.attributes["tt.abi"] = abi
    return values


def _widen_scalars(func: FuncOp, rewriter: PatternRewriter) -> None:
    """Parameters of type bf16 and f16 become f32, as they travel; the host has rounded them."""
    for arg in list(func.args):
        if arg.type not in (bf16, f16):
            continue
        kind = bf16 if arg.type == bf16 else f16
        wide = rewriter.replace_value_with_new_type(arg, f32)
        others: list[Use] = []
        for use in list(wide.uses):
            cast = use.operation
            if isinstance(cast, arith.ExtFOp) and cast.result.type == f32:
                rewriter.replace(cast, [], [wide])
            else:
                others.append(use)
        if others:
            narrow = arith.TruncFOp(wide, kind)
            for use in others:
                use.operation.operands[use.index] = narrow.result
            rewriter.insert(narrow, InsertPoint.at_start(func.body.block))


def _constant(builder: Builder, value: int) -> SSAValue:
    op = builder.insert(arith.ConstantOp.from_int_and_width(value, IndexType()))
    op.result.name_hint = f"c{value}"
    return op.result


@dataclass
class _Decoder:
    """Block indices from a work id, one per axis of the block grid."""

    partition: PartitionAttr
    axes: Sequence[int | None]
    """What each axis runs along in the written tensor, as `block_axes` gives it."""
    arguments: dict[str, SSAValue]
    values: dict[str, int]
    """Of the arguments that are the same on every core."""

    @property
    def blocks(self) -> tuple[int, ...]:
        """Blocks per axis."""
        return int_tuple(self.partition.blocks)

    def extents(self, builder: Builder) -> list[SSAValue]:
        """Blocks per axis, from Mt and Nt where they are arguments."""
        tiles = int_tuple(self.partition.tiles)
        slowest = 1 if self._by_columns and len(self.blocks) == 2 else 0
        values: list[SSAValue] = []
        for axis, count in enumerate(self.blocks):
            place = axis - len(self.blocks)  # -1 columns, -2 rows
            label = {-1: "Nt", -2: "Mt"}.get(place)
            values.append(
                _constant(builder, count)
                if label is None or axis == slowest
                else self._in_blocks(builder, label, tiles[place], place, count)
            )
        return values

    def _in_blocks(
        self, builder: Builder, label: str, extent: int, place: int, count: int
    ) -> SSAValue:
        """The argument `label` in blocks, a constant where it is none or blocks do not divide it."""
        size = int_tuple(self.partition.block_tiles)[place]
        if self.values.get(label) != extent or extent != count * size:
            return _constant(builder, count)
        value = self.arguments[label]
        if size > 1:
            value = builder.insert(arith.DivUIOp(value, _constant(builder, size))).result
            value.name_hint = f"{label.removesuffix('t')}_blocks"
        return value

    @property
    def _by_columns(self) -> bool:
        return self.partition.order.data == "column_major" and len(self.blocks) > 1

    def indices(
        self, builder: Builder, work_id: SSAValue, extents: list[SSAValue]
    ) -> list[SSAValue]:
        """Block index per axis."""
        axes = list(range(len(self.blocks)))
        if self._by_columns:
            axes[-2:] = axes[:-3:-1]
        counts = [self.blocks[axis] for axis in axes]
        found = _unflatten(builder, work_id, counts, [extents[axis] for axis in axes])
        return [found[axes.index(axis)] for axis in range(len(axes))]

    # ---- boxes ----

    def box(self, builder: Builder, start: SSAValue) -> list[_Side]:
        """The sides of the core's box, computed once."""
        rect, grid = int_tuple(self.partition.rect), self.partition.rect_grid
        if self.partition.is_local:
            places = [
                None if count == 1 else self.arguments[self._coordinate(axis)]
                for axis, count in enumerate(grid)
            ]
        else:
            volume = _constant(builder, prod(rect))
            number = builder.insert(arith.DivUIOp(start, volume)).result
            sizes = [_constant(builder, count) for count in grid]
            found = _unflatten(builder, number, grid, sizes)
            places = [None if n == 1 else place for n, place in zip(grid, found, strict=True)]
        return [self._side(builder, axis, place) for axis, place in enumerate(places)]

    def _coordinate(self, axis: int) -> str:
        return {-2: "sy", -1: "sx"}.get(self.axes[axis] or 0, f"s{axis}")

    def _side(self, builder: Builder, axis: int, place: SSAValue | None) -> _Side:
        count, length = self.blocks[axis], int_tuple(self.partition.rect)[axis]
        if place is None:
            return _Side(None, _constant(builder, length), length)
        where = self.axes[axis]
        label = {-2: "Sm", -1: "Sn"}.get(where or 0)
        whole = (
            _constant(builder, length)
            if label is None or where is None or not self.partition.is_local
            else self._in_blocks(
                builder, label, length * int_tuple(self.partition.block_tiles)[where], where, length
            )
        )
        first = builder.insert(arith.MuliOp(place, whole)).result
        first.name_hint = "first"
        if count % length == 0:
            return _Side(first, whole, length)
        rest = builder.insert(arith.SubiOp(_constant(builder, count), first)).result
        held = builder.insert(arith.MinUIOp(whole, rest)).result
        held.name_hint = "held"
        return _Side(first, held, length)

    def inside(self, builder: Builder, work_id: SSAValue, box: list[_Side]) -> list[SSAValue]:
        """Block index per axis of a work id within the core's box."""
        if not self.partition.is_local:
            volume = _constant(builder, prod(side.length for side in box))
            work_id = builder.insert(arith.RemUIOp(work_id, volume)).result
        lengths = [side.length for side in box]
        local = _unflatten(builder, work_id, lengths, [side.held for side in box])
        return [
            index if side.first is None else builder.insert(arith.AddiOp(side.first, index)).result
            for side, index in zip(box, local, strict=True)
        ]


@dataclass(frozen=True)
class _Side:
    """A box along one axis: its first block, the blocks it holds, and how many a whole one has."""

    first: SSAValue | None
    """None stands for 0."""
    held: SSAValue
    length: int


def _unflatten(
    builder: Builder, number: SSAValue, counts: Sequence[int], extents: Sequence[SSAValue]
) -> list[SSAValue]:
    """Indices from a row-major number; `counts` says which extents are 1."""
    indices: list[SSAValue] = []
    rest = number
    for axis in reversed(range(len(counts))):
        if counts[axis] == 1:
            indices.append(_constant(builder, 0))
        elif all(count == 1 for count in counts[:axis]):
            indices.append(rest)
        else:
            indices.append(builder.insert(arith.RemUIOp(rest, extents[axis])).result)
            rest = builder.insert(arith.DivUIOp(rest, extents[axis])).result
    return indices[::-1]


class GridToPersistent(RewritePattern):
    """A partitioned launch grid becomes `for i in 0..count` over work ids of this core."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        grid = grid_of(op) if op.body.blocks else None
        if grid is None:
            return
        partition = op.attributes.get("tt.partition")
        if not isinstance(partition, PartitionAttr):
            raise error_at(
                op,
                f"kernel '{op.sym_name.data}' has no partition",
                "run tt-partition-work first",
            )
        order = grid_order(op, grid)
        axes = block_axes(op, grid)
        abi = build_abi(op, partition, axes)
        _check_names(op, abi)
        _widen_scalars(op, rewriter)
        arguments = _add_arguments(op, abi)
        fixed = {arg.label.data: arg.value.data for arg in abi.args if _is_fixed(arg)}
        decoder = _Decoder(partition, axes, arguments, fixed)

        head = Block()
        builder = Builder(InsertPoint.at_end(head))
        zero, one = _constant(builder, 0), _constant(builder, 1)
        boxed = bool(partition.rect.data)
        extents = [] if boxed else decoder.extents(builder)
        box = decoder.box(builder, arguments["start_id"]) if boxed else []
        body = Block(arg_types=[IndexType()])
        body.args[0].name_hint = "work"
        inner = Builder(InsertPoint.at_end(body))
        work_id = inner.insert(arith.AddiOp(arguments["start_id"], body.args[0])).result
        work_id.name_hint = "work_id"
        if boxed:
            decoded = decoder.inside(inner, work_id, box)
        else:
            decoded = decoder.indices(inner, work_id, extents)
        loop = builder.insert(scf.ForOp(zero, arguments["count"], one, [], Region(body)))
        located(grid, list(head.ops))

        axes = grid.body.block.args
        values = dict(zip(order, decoded, strict=True))
        for axis, value in values.items():
            if value.name_hint is None or value is not work_id:
                value.name_hint = axes[axis].name_hint
        last = grid.body.block.last_op
        assert last is not None
        rewriter.erase(last)
        rewriter.inline_block(
            grid.body.block, InsertPoint.at_end(body), [values[i] for i in range(len(axes))]
        )
        inner.insert(scf.YieldOp())
        rewriter.inline_block(head, InsertPoint.before(grid))
        rewriter.erase(grid)
        assert loop.parent is not None


@dataclass(frozen=True)
class GridToPersistentPass(LevelPass):
    """Turns the launch grid into the program of one core, with typed runtime arguments.

    The arguments follow the ABI table: addresses (the tensors), scalar parameters, `start_id, count`,
    `Mt, Kt, Nt` in tiles when the kernel is one matrix product, and in mode `local_shard`
    `Sm, Sn, Gy, Gx, sy, sx`: the extent of a shard in tiles, the shard grid, and the place of the
    core's shard in it. Block indices are recovered from the work id by division and remainder, once
    per block: in mode `local_shard` with blocks of bm x bn tiles m = sy*Sm + (id div (Sn/bn))*bm and
    n = sx*Sn + (id mod (Sn/bn))*bn, where the last shards hold fewer blocks. Names a schedule states
    as `runtime_args` have to be those after the addresses, in order.

    Before:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16> {tt.name = "A", tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}) attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 2], tiles [2, 2], work [<1, <<[0, 0], [2, 1]>>>]>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c32 = arith.constant 32 : index
      "scf.parallel"(%c0, %c2, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
      ^bb0(%by: index):
        %m = arith.muli %by, %c32 : index
        %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<64x64xbf16> to memref<32x64xbf16, strided<[64, 1], offset: ?>>
        linalg.copy ins(%a : memref<32x64xbf16, strided<[64, 1], offset: ?>>) outs(%a : memref<32x64xbf16, strided<[64, 1], offset: ?>>)
        scf.reduce
      }) : (index, index, index) -> ()
      func.return
    }
    ```
    After:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16> {{.*}}, %start_id: index {tt.name = "start_id"}, %count: index {tt.name = "count"}) attributes {{.*}} tt.abi = #tt.abi<address "A_addr" = 0, start "start_id" = 0, count "count" = 0>
      scf.for %work = %{{.*}} to %count step %{{.*}} {
        %[[ID:.*]] = arith.addi %start_id, %work : index
        %m = arith.muli %[[ID]], %c32 : index
    ```
    """

    name = "tt-grid-to-persistent"
    takes = Level.TILE
    gives = Level.CORE

    def patterns(self) -> list[list[RewritePattern]]:
        return [[GridToPersistent()]]
