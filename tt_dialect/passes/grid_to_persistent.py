"""`tt-grid-to-persistent`: the launch grid becomes a loop over the work of one core."""

from __future__ import annotations

from dataclasses import dataclass

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

from tt_dialect.analysis.access import grid_of, grid_order, label_of, layout_of, memref_type
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


def build_abi(func: FuncOp) -> AbiAttr:
    """Addresses, scalar parameters, the core's range of work ids, and Mt, Kt, Nt where the kernel
    is one product."""
    tensors: list[ArgAttr] = []
    scalars: list[ArgAttr] = []
    extents: dict[str, int] = {}
    for arg in func.args:
        if not isinstance(arg.type, MemRefType):
            scalars.append(_scalar(func, arg))
            continue
        layout, label = _layout(func, arg), label_of(arg, f"arg{arg.index}")
        tensors.append(ArgAttr.of(ArgKind.ADDRESS, f"{label}_addr", len(tensors)))
        for axis, extent in zip(layout.labels, memref_type(arg).get_shape(), strict=False):
            extents[axis] = -(-extent // 32)
    args = [*tensors, *scalars]
    args.append(ArgAttr.of(ArgKind.START, "start_id"))
    args.append(ArgAttr.of(ArgKind.COUNT, "count"))
    if {"M", "K", "N"} <= extents.keys():
        args += [ArgAttr.of(ArgKind.EXTENT, f"{axis}t", extents[axis]) for axis in "MKN"]
    return AbiAttr.of(args)


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
    """Grid indices from a work id: row-major over the block grid, outermost axis first."""

    partition: PartitionAttr
    arguments: dict[str, SSAValue]

    def extents(self, builder: Builder) -> list[SSAValue]:
        """Blocks per axis, from Mt and Nt where they are arguments."""
        blocks = int_tuple(self.partition.blocks)
        tiles, size = int_tuple(self.partition.tiles), int_tuple(self.partition.block_tiles)
        values: list[SSAValue] = []
        for axis, count in enumerate(blocks):
            place = axis - len(blocks)  # -1 columns, -2 rows
            argument = {-1: "Nt", -2: "Mt"}.get(place)
            if argument not in self.arguments or tiles[place] != count * size[place] or axis == 0:
                values.append(_constant(builder, count))
                continue
            extent = self.arguments[argument]
            if size[place] > 1:
                divisor = _constant(builder, size[place])
                extent = builder.insert(arith.DivUIOp(extent, divisor)).result
                extent.name_hint = f"{argument[0]}_blocks"
            values.append(extent)
        return values

    def indices(
        self, builder: Builder, work_id: SSAValue, extents: list[SSAValue]
    ) -> list[SSAValue]:
        """Block index per axis."""
        blocks = int_tuple(self.partition.blocks)
        indices: list[SSAValue] = []
        rest = work_id
        for axis in reversed(range(len(blocks))):
            if blocks[axis] == 1:
                indices.append(_constant(builder, 0))
            elif all(count == 1 for count in blocks[:axis]):
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
        abi = build_abi(op)
        _widen_scalars(op, rewriter)
        arguments = _add_arguments(op, abi)
        decoder = _Decoder(partition, arguments)

        head = Block()
        builder = Builder(InsertPoint.at_end(head))
        zero, one = _constant(builder, 0), _constant(builder, 1)
        extents = decoder.extents(builder)
        body = Block(arg_types=[IndexType()])
        body.args[0].name_hint = "work"
        inner = Builder(InsertPoint.at_end(body))
        work_id = inner.insert(arith.AddiOp(arguments["start_id"], body.args[0])).result
        work_id.name_hint = "work_id"
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
    and `Mt, Kt, Nt` in tiles when the kernel is one matrix product. Block indices are recovered from the work id by
    division and remainder, once per block.

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
