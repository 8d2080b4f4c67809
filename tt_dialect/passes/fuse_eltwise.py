"""`tt-fuse-eltwise`: maps that feed maps become one, so that what is between them stays in DST."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from xdsl.dialects.builtin import Float16Type, Float32Type
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.transforms.dead_code_elimination import RemoveUnusedOperations

from tt_dialect.analysis.dst import dst_is_wide, dst_tiles
from tt_dialect.analysis.schedule import index_test, registers_needed
from tt_dialect.ir.compute import CopyOp, FillOp, MatmulOp
from tt_dialect.ir.eltwise import ApplyOp, MapOp, YieldOp
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, enclosing, replace
from tt_dialect.passes.map_folding import splat_constant, sweep


class ForwardCopy(RewritePattern):
    """A copy that changes no format is its source: values do not change."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CopyOp, rewriter: PatternRewriter) -> None:
        if op.source.type == op.block.type:
            rewriter.replace(op, [], [op.source])


def _appended(
    body: Block,
    producer: MapOp | CopyOp,
    inputs: dict[tuple[SSAValue, str], SSAValue],
    *,
    wide: bool,
) -> SSAValue:
    """Computes a producer's tile in `body`; its inputs are found or added in `inputs`."""
    if isinstance(producer, CopyOp):
        result = _argument(body, inputs, producer.source, "none")
    else:
        values: dict[SSAValue, SSAValue] = {}
        rows = zip(producer.inputs, producer.broadcasts, producer.body.block.args, strict=True)
        for value, how, argument in rows:
            values[argument] = _argument(body, inputs, value, how)
        for inner in producer.body.block.ops:
            if isinstance(inner, YieldOp):
                continue
            clone = inner.clone(values)
            clone.location = inner.location
            body.add_op(clone)
            for old, new in zip(inner.results, clone.results, strict=True):
                values[old] = new
        result = values[producer.result]
    element = producer.block.type.element_type
    made = result.owner
    exact = isinstance(made, Block) and isinstance(result.type, TileType)
    exact = exact and result.type == producer.block.type.tile
    if wide and not isinstance(element, Float32Type) and not exact:
        rounded = ApplyOp(f"round_{element}", [result], TileType.of(element))
        rounded.location = producer.location
        body.add_op(rounded)
        result = rounded.tile
    return result


def _argument(
    body: Block, inputs: dict[tuple[SSAValue, str], SSAValue], value: SSAValue, how: str
) -> SSAValue:
    if (value, how) not in inputs:
        assert isinstance(value.type, BlockType)
        argument = body.insert_arg(value.type.tile, len(body.args))
        argument.name_hint = value.name_hint
        inputs[value, how] = argument
    return inputs[value, how]


def fused(op: MapOp, number: int, producer: MapOp | CopyOp, *, wide: bool) -> MapOp:
    """`op` with its input `number` computed in its region; neither operation is changed."""
    body = Block()
    inputs: dict[tuple[SSAValue, str], SSAValue] = {}
    values: dict[SSAValue, SSAValue] = {}
    tile: SSAValue | None = None
    for i, (value, how, argument) in enumerate(
        zip(op.inputs, op.broadcasts, op.body.block.args, strict=True)
    ):
        if i == number:
            tile = _appended(body, producer, inputs, wide=wide)
            values[argument] = tile
        else:
            values[argument] = _argument(body, inputs, value, how)
    for inner in op.body.block.ops:
        clone = inner.clone(values)
        clone.location = inner.location
        body.add_op(clone)
        for old, new in zip(inner.results, clone.results, strict=True):
            values[old] = new
    return op.rebuilt([value for value, _ in inputs], [how for _, how in inputs], Region(body))


class FuseProducer(RewritePattern):
    """A map or a cast that one map reads, tile by tile, moves into it if DST holds what both need.

    A mask and a widening cast move into every map that reads them: but for the tiles a mask cuts,
    they cost nothing there.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MapOp, rewriter: PatternRewriter) -> None:
        func = enclosing(op, FuncOp)
        for number, (value, how) in enumerate(zip(op.inputs, op.broadcasts, strict=True)):
            producer = value.owner
            if not isinstance(producer, MapOp | CopyOp) or how != "none":
                continue
            if producer.parent is not op.parent:
                continue
            once = len(list(value.uses)) == 1
            if not once and not _costs_nothing(producer):
                continue
            if isinstance(producer, MapOp) and producer.fold is not None:
                continue
            if dst_is_wide(func) and isinstance(producer.block.type.element_type, Float16Type):
                continue  # no unit rounds to float16 in DST, only the packer does
            new = fused(op, number, producer, wide=dst_is_wide(func))
            if registers_needed(new) > dst_tiles(func):
                new.drop_all_references()
                continue
            location = op.location
            replace(rewriter, op, new)
            new.location = location
            if once:
                rewriter.erase(producer)
            return


def _is_mask(op: MapOp) -> bool:
    """Whether a map only selects, by a test of indices, between its one input and a scalar."""
    kinds = {inner.function.data for inner in op.body.block.ops if isinstance(inner, ApplyOp)}
    result = op.result.owner
    return (
        op.fold is None
        and op.broadcasts == ("none",)
        and isinstance(result, ApplyOp)
        and result.function.data == "where"
        and index_test(result.arguments[0]) is not None
        and len(kinds) == 2
        and op.inputs[0].type == op.block.type
    )


def _costs_nothing(producer: MapOp | CopyOp) -> bool:
    """Whether a map that reads the result might as well read the source: a mask, a widening cast."""
    if isinstance(producer, MapOp):
        return _is_mask(producer)
    return isinstance(producer.block.type.element_type, Float32Type)


class SinkMask(RewritePattern):
    """`mask ? 0 : -inf` as the start of a product is applied to the product instead.

    -inf plus anything finite is -inf. The product then starts from zero, in DST, and the mask moves
    on to the maps that read the product, which decide it for whole tiles.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MatmulOp, rewriter: PatternRewriter) -> None:
        start = op.acc.owner
        if not isinstance(start, MapOp) or start.inputs or start.parent is not op.parent:
            return
        chosen = start.result.owner
        if len(list(op.acc.uses)) != 1 or not isinstance(chosen, ApplyOp):
            return
        if chosen.function.data != "where" or index_test(chosen.arguments[0]) is None:
            return
        numbers = [splat_constant(v) for v in chosen.arguments[1:]]
        if sorted(n for n in numbers if n is not None) != [-inf, 0.0]:
            return
        zero = FillOp(0.0, start.cb, start.block.type)
        zero.block.name_hint = start.block.name_hint
        product = MatmulOp(
            op.a,
            op.b,
            zero.block,
            transpose_a=op.transpose_a is not None,
            transpose_b=op.transpose_b is not None,
        )
        product.block.name_hint = op.block.name_hint
        region = start.body.clone()
        body = region.block
        argument = body.insert_arg(start.block.type.tile, 0)
        end = body.last_op
        assert isinstance(end, YieldOp)
        copied = end.tile.owner
        assert isinstance(copied, ApplyOp)
        copied.operands[1 + numbers.index(0.0)] = argument
        masked = MapOp([product.block], ["none"], start.extents, start.cb, start.block.type, region)
        masked.block.name_hint = op.block.name_hint
        sweep(body, rewriter)
        location = op.location
        replace(rewriter, op, [zero, product, masked], [masked.block])
        masked.location = location
        rewriter.erase(start)


class FuseCast(RewritePattern):
    """A cast of what a map made, read by nobody else, is done by the pack of the map."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CopyOp, rewriter: PatternRewriter) -> None:
        producer = op.source.owner
        if not isinstance(producer, MapOp) or len(list(op.source.uses)) != 1:
            return
        if producer.parent is not op.parent:
            return
        narrow = not isinstance(producer.block.type.element_type, Float32Type)
        if narrow or (producer.fold is not None):
            return
        region = rewriter.move_region_contents_to_new_regions(producer.body)
        into = op.cb, op.block.type
        new = producer.rebuilt(list(producer.inputs), producer.broadcasts, region, into)
        new.block.name_hint = op.block.name_hint
        replace(rewriter, op, new)
        rewriter.erase(producer)


@dataclass(frozen=True)
class FuseEltwisePass(LevelPass):
    """Merges elementwise maps and casts, and drops copies that change nothing.

    A block that only one map reads, tile by tile, is computed in that map's region: it is neither
    packed to a circular buffer nor unpacked again. A 16-bit block in between leaves its rounding
    behind. Maps are merged only as long as DST holds what they need together.

    Before:
    ```mlir
    func.func @f(%a: !tt.layout.block<1x1, tile<32x32, f32>>, %B: memref<32x32xf32>) {
      %c0 = arith.constant 0 : index
      %s = tt.compute.map %a broadcast ["none"] over 1 by 1 request <0, "s", stages 1, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
      ^bb0(%x: !tt.layout.tile<32x32, f32>):
        %e = tt.compute.apply "exp" %x : !tt.layout.tile<32x32, f32> -> !tt.layout.tile<32x32, f32>
        tt.compute.yield %e : !tt.layout.tile<32x32, f32>
      }
      %t = tt.compute.map %s broadcast ["none"] over 1 by 1 request <1, "t", stages 1, by "default"> : !tt.layout.block<1x1, tile<32x32, f32>> -> !tt.layout.block<1x1, tile<32x32, f32>> {
      ^bb0(%x: !tt.layout.tile<32x32, f32>):
        %n = tt.compute.apply "neg" %x : !tt.layout.tile<32x32, f32> -> !tt.layout.tile<32x32, f32>
        tt.compute.yield %n : !tt.layout.tile<32x32, f32>
      }
      tt.noc.store_block %t, %B[%c0, %c0] : !tt.layout.block<1x1, tile<32x32, f32>>, memref<32x32xf32>
      func.return
    }
    ```
    After:
    ```mlir
    %t = tt.compute.map %a broadcast ["none"] over 1 by 1
    ^bb0(%[[A:.*]]: !tt.layout.tile<32x32, f32>):
    %[[E:.*]] = tt.compute.apply "exp" %[[A]]
    %[[N:.*]] = tt.compute.apply "neg" %[[E]]
    tt.compute.yield %[[N]]
    tt.noc.store_block %t
    ```
    """

    name = "tt-fuse-eltwise"
    takes = Level.TILED
    gives = Level.TILED

    def patterns(self) -> list[list[RewritePattern]]:
        return [
            [ForwardCopy(), SinkMask()],
            [FuseProducer(), FuseCast()],
            [RemoveUnusedOperations()],
        ]
