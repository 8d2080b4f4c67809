"""Patterns that simplify maps: constant inputs, neutral operands, maps that change nothing."""

from __future__ import annotations

from math import inf
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, f32
from xdsl.ir import Block, BlockArgument, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from tt_dialect.ir.compute import FillOp
from tt_dialect.ir.eltwise import ApplyOp, MapOp, ReduceOp, SplatOp, YieldOp
from tt_dialect.ir.layout import TileType
from tt_dialect.passes.base import located
from tt_dialect.passes.element_code import float_constant


def without_inputs(op: MapOp, drop: set[int], body: Region) -> MapOp:
    """The map without some inputs, whose region arguments are gone from `body` already."""
    keep = [i for i in range(len(op.inputs)) if i not in drop]
    return op.rebuilt([op.inputs[i] for i in keep], [op.broadcasts[i] for i in keep], body)


class FillToSplat(RewritePattern):
    """An input that is a constant block becomes a scalar of the region."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MapOp, rewriter: PatternRewriter) -> None:
        fills = {i: v.owner for i, v in enumerate(op.inputs) if isinstance(v.owner, FillOp)}
        unused = {i for i, arg in enumerate(op.body.block.args) if not arg.uses}
        if not fills and not unused:
            return
        body = op.body.block
        for i, fill in fills.items():
            argument = body.args[i]
            if not argument.uses:
                continue
            number = arith.ConstantOp(FloatAttr(fill.value.value.data, f32))
            number.result.name_hint = "cst"
            splat = SplatOp(number.result, cast(TileType, argument.type))
            located(op, [number, splat])
            rewriter.insert(number, InsertPoint.before(op))
            rewriter.insert(splat, InsertPoint.at_start(body))
            argument.replace_all_uses_with(splat.tile)
        drop = set(fills) | unused
        for i in sorted(drop, reverse=True):
            rewriter.erase_block_argument(body.args[i])
        region = rewriter.move_region_contents_to_new_regions(op.body)
        rewriter.replace(op, without_inputs(op, drop, region))


_NEUTRAL = {"add": 0.0, "max": -inf, "min": inf, "mul": 1.0}
_NEUTRAL_RIGHT = {**_NEUTRAL, "sub": 0.0, "div": 1.0}


def splat_constant(value: SSAValue) -> float | None:
    """The number of a constant, as a scalar or in every element of a tile; None for others."""
    return float_constant(value.owner.value if isinstance(value.owner, SplatOp) else value)


class DropNeutral(RewritePattern):
    """`x + 0`, `x * 1`, `max(x, -inf)` and the like are x."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ApplyOp, rewriter: PatternRewriter) -> None:
        if len(op.arguments) != 2:
            return
        name, (left, right) = op.function.data, op.arguments
        for kept, other, neutral in (
            (left, right, _NEUTRAL_RIGHT.get(name)),
            (right, left, _NEUTRAL.get(name)),
        ):
            if neutral is not None and splat_constant(other) == neutral:
                rewriter.replace(op, [], [kept])
                return


class ForwardIdentity(RewritePattern):
    """A map that yields an input as it is, tile by tile, is that input."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MapOp, rewriter: PatternRewriter) -> None:
        body: Block = op.body.block
        if op.fold is not None or not isinstance(op.result, BlockArgument):
            return
        if op.result.owner is not body:
            return
        number = op.result.index
        source = op.inputs[number]
        if op.broadcasts[number] != "none" or source.type != op.block.type:
            return
        owner = source.owner
        if isinstance(owner, MapOp | ReduceOp) and len(list(source.uses)) == 1:
            owner.properties["cb"] = op.cb
            source.name_hint = op.block.name_hint
        rewriter.replace(op, [], [source])


def sweep(block: Block, rewriter: PatternRewriter) -> None:
    """Erases operations of a map's region that nobody reads."""
    for op in reversed(list(block.ops)):
        if not isinstance(op, YieldOp) and not any(r.uses for r in op.results):
            rewriter.erase(op)
