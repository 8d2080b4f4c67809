"""Patterns of `tt-tensorize` for elementwise operations and reductions."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.dialects.builtin import Float32Type
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.dialects.linalg.ops import GenericOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, op_type_rewrite_pattern

from tt_dialect.analysis.access import is_contraction, is_copy
from tt_dialect.analysis.vectors import is_vector
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute, eltwise
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.passes.base import insert, located
from tt_dialect.passes.element_code import ElementCode, Tile
from tt_dialect.passes.tile_ops import TileOpPattern

_AXES = ("row", "col")


@dataclass
class _Inputs:
    """Inputs of a map under construction: blocks, how they are read, and their region arguments."""

    blocks: list[SSAValue] = field(default_factory=list[SSAValue])
    how: list[str] = field(default_factory=list[str])


@dataclass
class ElementwisePattern(TileOpPattern):
    """Shared by the patterns below: the iteration space of a generic and the blocks it reads."""

    def axes_of(self, op: GenericOp) -> tuple[str, ...]:
        """What each dimension of the iteration space is: "row" or "col"."""
        rank = len(op.iterator_types)
        if rank == 2:
            return _AXES
        if rank == 1:
            return ("col",) if self.form(op.outputs[0]) == "row" else ("row",)
        raise error_at(
            op,
            f"an elementwise operation over {rank} dimensions has no tile form",
            "expected one or two dimensions that are not 1",
        )

    def input(
        self, rewriter: PatternRewriter, op: GenericOp, number: int, axes: tuple[str, ...]
    ) -> tuple[SSAValue, str]:
        """(block, broadcast) of an input."""
        value = op.inputs[number]
        access = op.indexing_maps.data[number].data
        read = self._read_dims(op, access)
        block = self.read(rewriter, op, value, None)
        if read == list(range(len(axes))):
            return block, "none"
        if len(axes) == 2 and read == [1, 0]:
            return self._turned(rewriter, op, block), "none"
        if not read:
            return block, "scalar"
        if len(axes) == 2 and len(read) == 1:
            wanted = axes[read[0]]
            vector = {"row": "col", "col": "row"}
            if is_vector(value):
                made = self.form(value)
            else:  # the first row or column of a matrix
                made = vector[_AXES[access.results.index(AffineDimExpr(read[0]))]]
            if made != vector[wanted]:
                block = self._turned(rewriter, op, block)
            return block, vector[wanted]
        raise error_at(op, f"input {number} is read by {access}, which has no tile form")

    def _turned(self, rewriter: PatternRewriter, op: Operation, block: SSAValue) -> SSAValue:
        kind = block.type
        assert isinstance(kind, BlockType)
        rows, cols = kind.shape
        request = self.requests.fresh(f"{block.name_hint or 'block'}_transposed", 2)
        turned = compute.TransposeOp(block, request, BlockType.of(cols, rows, kind.tile))
        turned.block.name_hint = request.label.data
        insert(rewriter, op, [turned])
        return turned.block

    @staticmethod
    def _read_dims(op: Operation, access: AffineMap) -> list[int]:
        dims: list[int] = []
        for expr in access.results:
            if isinstance(expr, AffineDimExpr):
                dims.append(expr.position)
            elif not isinstance(expr, AffineConstantExpr) or expr.value != 0:
                raise error_at(op, f"access {access} has no tile form", "expected whole rows")
        return dims

    def request(self, op: GenericOp) -> RequestAttr:
        """The circular buffer a result goes to."""
        return self.requests.of(op.outputs[0]) or self.stage_out(op.outputs[0])

    def map_of(
        self,
        rewriter: PatternRewriter,
        op: GenericOp,
        code: ElementCode,
        inputs: _Inputs,
        request: RequestAttr,
        block: BlockType,
        shape: tuple[int, int],
        fold: tuple[str, str] | None = None,
    ) -> SSAValue:
        """Inserts a map of translated code."""
        made = eltwise.MapOp(
            inputs.blocks, inputs.how, shape, request, block, Region(code.body), fold
        )
        located(op, [made])
        outside = list(code.outside.block.ops)
        located(op, outside)
        for inner in outside:
            inner.detach()
        insert(rewriter, op, [*outside, made])
        made.block.name_hint = request.label.data
        return made.block

    def bind(
        self, rewriter: PatternRewriter, op: GenericOp, axes: tuple[str, ...], *, target: bool
    ) -> tuple[ElementCode, _Inputs]:
        """Reads the inputs that the body uses and gives them region arguments."""
        inputs, code = _Inputs(), ElementCode(op, axes)
        values = list(op.body.block.args)
        for number, argument in enumerate(values[:-1]):
            if not argument.uses:
                continue
            block, how = self.input(rewriter, op, number, axes)
            self._bind(code, inputs, argument, block, how)
        if target and values[-1].uses:
            block = self.read(rewriter, op, op.outputs[0], None)
            self._bind(code, inputs, values[-1], block, "none")
        return code, inputs

    @staticmethod
    def _bind(
        code: ElementCode, inputs: _Inputs, argument: SSAValue, block: SSAValue, how: str
    ) -> None:
        assert isinstance(block.type, BlockType)
        inner = code.body.insert_arg(block.type.tile, len(code.body.args))
        inner.name_hint = argument.name_hint or block.name_hint
        code.values[argument] = Tile(inner)
        inputs.blocks.append(block)
        inputs.how.append(how)


class GenericToMap(ElementwisePattern):
    """An elementwise `linalg.generic` becomes `tt.compute.map`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter) -> None:
        kinds = [k.data for k in op.iterator_types]
        if is_contraction(op) or is_copy(op) or any(k != IteratorType.PARALLEL for k in kinds):
            return
        axes = self.axes_of(op)
        target = op.outputs[0]
        code, inputs = self.bind(rewriter, op, axes, target=True)
        code.run()
        block = self.block_type(target)
        result = self.map_of(rewriter, op, code, inputs, self.request(op), block, block.shape)
        self.write(rewriter, op, result, target)
        rewriter.erase(op)


_KINDS: dict[type[Operation], str] = {
    arith.AddfOp: "add",
    arith.MaximumfOp: "max",
    arith.MinimumfOp: "min",
}


@dataclass
class _Reduction:
    """What is reduced, how, and where the result goes."""

    kind: str
    step: SSAValue
    """The element that is combined with what is there."""
    dim: str
    code: ElementCode
    inputs: _Inputs
    request: RequestAttr

    def block(self, shape: tuple[int, int], element_type: Attribute) -> BlockType:
        """The vector that a block of `shape` tiles is reduced to."""
        rows, cols = (shape[0], 1) if self.dim == "row" else (1, shape[1])
        return BlockType.of(rows, cols, TileType.of(element_type))


class ReductionToBlocks(ElementwisePattern):
    """A reduction becomes a fold of tiles, `tt.compute.reduce` within tiles, and the accumulation.

    A plain sum or maximum of a 16-bit block needs no fold: the FPU reads it exactly. Everything else
    is combined tile by tile in DST first, so that only one partial tile per row or column passes the
    FPU (which reads float32 as TF32). A minimum is the negated maximum of the negated elements: the
    FPU has no minimum.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter) -> None:
        kinds = [k.data for k in op.iterator_types]
        if is_contraction(op) or kinds.count(IteratorType.REDUCTION) == 0:
            return
        axes = _AXES if len(kinds) == 2 else self.vector_axes(op)
        if kinds.count(IteratorType.REDUCTION) != 1 or len(kinds) > 2:
            raise error_at(op, "a reduction over several dimensions", "reduce one at a time")
        kind, step = self._combination(op)
        # Collapsing the columns is Metalium's REDUCE_ROW.
        dim = "row" if axes[kinds.index(IteratorType.REDUCTION)] == "col" else "col"
        code, inputs = self.bind(rewriter, op, axes, target=False)
        request = self.request(op)
        target = self.block_type(op.outputs[0])
        plan = _Reduction(kind, step, dim, code, inputs, request)
        reduced = self._reduced(rewriter, op, plan)
        acc = self.read(rewriter, op, op.outputs[0], None)
        result = self.combine(rewriter, op, kind, acc, reduced, request, target)
        self.write(rewriter, op, result, op.outputs[0])
        rewriter.erase(op)

    def vector_axes(self, op: GenericOp) -> tuple[str, ...]:
        """The axis of a vector that is reduced to one element."""
        return ("col",) if self.form(op.inputs[0]) == "row" else ("row",)

    @staticmethod
    def _combination(op: GenericOp) -> tuple[str, SSAValue]:
        """(how elements are combined, the element) from `yield f(acc, element)`."""
        end = op.body.block.last_op
        assert end is not None
        total = end.operands[0].owner
        acc = op.body.block.args[-1]
        kind = _KINDS.get(type(total)) if isinstance(total, Operation) else None
        if kind is None or not isinstance(total, Operation) or acc not in total.operands:
            raise error_at(
                op, "this reduction has no tile form", "supported: sums, maxima and minima"
            )
        step = total.operands[1] if total.operands[0] is acc else total.operands[0]
        if step is acc or len(list(acc.uses)) != 1:
            raise error_at(op, "the accumulator of a reduction is used more than once")
        return kind, step

    def _reduced(self, rewriter: PatternRewriter, op: GenericOp, plan: _Reduction) -> SSAValue:
        """The reduced block, without what the target held."""
        inputs = plan.inputs
        source = inputs.blocks[0].type if inputs.blocks else None
        if source is None or "none" not in inputs.how:
            raise error_at(op, "a reduction reads no whole block")
        shape = next(
            b.type.shape
            for b, how in zip(inputs.blocks, inputs.how, strict=True)
            if how == "none" and isinstance(b.type, BlockType)
        )
        acc_type = op.body.block.args[-1].type
        before = plan.step
        while isinstance(before.owner, arith.ExtFOp):
            before = before.owner.input
        plain = before is op.body.block.args[0] and inputs.how == ["none"]
        assert isinstance(source, BlockType)
        exact = plain and not isinstance(source.element_type, Float32Type) and plan.kind != "min"
        if exact:
            partial = inputs.blocks[0]
        else:
            partial = self._fold(rewriter, op, plan, shape)
        name = "sum" if plan.kind == "add" else "max"
        label = f"{plan.request.label.data}_part"
        block = plan.block(shape, acc_type)
        reduce = eltwise.ReduceOp(name, plan.dim, partial, self.requests.fresh(label, 1), block)
        reduce.block.name_hint = label
        insert(rewriter, op, [reduce])
        return reduce.block

    def _fold(
        self, rewriter: PatternRewriter, op: GenericOp, plan: _Reduction, shape: tuple[int, int]
    ) -> SSAValue:
        code = plan.code
        acc_type = op.body.block.args[-1].type
        end = op.body.block.last_op
        assert end is not None
        for inner in op.body.block.ops:
            if inner is not end and inner is not end.operands[0].owner:
                code.values[inner.results[0]] = code.translate(inner)
        tile = code.tile(code.element(plan.step), acc_type)
        if plan.kind == "min":
            tile = code.apply("neg", tile).value
        code.body.add_op(eltwise.YieldOp(tile))
        folded = self.requests.fresh(f"{plan.request.label.data}_folded", 1)
        fold = ("max" if plan.kind == "min" else plan.kind, plan.dim)
        block = plan.block(shape, acc_type)
        return self.map_of(rewriter, op, code, plan.inputs, folded, block, shape, fold)

    def combine(
        self,
        rewriter: PatternRewriter,
        op: GenericOp,
        kind: str,
        acc: SSAValue,
        reduced: SSAValue,
        request: RequestAttr,
        target: BlockType,
    ) -> SSAValue:
        """`acc (+) reduced`, elementwise on the vectors."""
        assert isinstance(acc.type, BlockType) and isinstance(reduced.type, BlockType)
        body = Block(arg_types=[acc.type.tile, reduced.type.tile])
        first, second = body.args
        second_tile: SSAValue = second
        if kind == "min":
            negated = eltwise.ApplyOp("neg", [second], reduced.type.tile)
            body.add_op(negated)
            second_tile = negated.tile
        total = eltwise.ApplyOp(kind, [first, second_tile], target.tile)
        body.add_ops([total, eltwise.YieldOp(total.tile)])
        made = eltwise.MapOp(
            [acc, reduced], ["none", "none"], target.shape, request, target, Region(body)
        )
        made.block.name_hint = request.label.data
        insert(rewriter, op, [made])
        return made.block
