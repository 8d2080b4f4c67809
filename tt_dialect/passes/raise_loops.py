"""`tt-raise`: loop nests on single elements become structured operations."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import AffineMapAttr, IndexType, MemRefType, StridedLayoutAttr
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp, IndexOp, YieldOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint
from xdsl.transforms.dead_code_elimination import RemoveUnusedOperations

from tt_dialect.analysis.access import grid_of, memref_type
from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.loops import (
    Axis,
    Linear,
    Raised,
    Walk,
    extent,
    outermost,
    perfect_nest,
    raisable,
    variable,
)
from tt_dialect.analysis.regions import is_inside
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, enclosing, located
from tt_dialect.passes.expand_elements import ExpandOperation
from tt_dialect.passes.keep_on_chip import KeepOnChip
from tt_dialect.passes.loop_moves import MOVES


class RaiseNest(RewritePattern):
    """A perfect nest around one store becomes a `linalg` operation, or in a grid its inner loops do.

    Without a grid a loop around an operation has no meaning on blocks.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        if outermost(op) is not op:
            return
        nest = perfect_nest(op)
        in_grid = grid_of(enclosing(op, FuncOp)) is not None
        for start in range(len(nest) if in_grid else 1):
            raised = raisable(nest[start:])
            if isinstance(raised, Raised):
                _Builder(raised, nest[start], rewriter).build()
                rewriter.erase(nest[start])
                return


@dataclass
class _Builder:
    """Makes the operation of a nest in front of it."""

    raised: Raised
    nest: scf.ForOp
    rewriter: PatternRewriter

    def build(self) -> None:
        """A fill, a copy, or a `linalg.generic`."""
        raised = self.raised
        inputs = [self._view(walk) for walk in raised.inputs]
        output, output_map = self._view(raised.output)
        value = raised.store.value
        block = Block(
            arg_types=[memref_type(v).element_type for v in (*(v for v, _ in inputs), output)]
        )
        result = self._body(block, value)
        maps = [*(m for _, m in inputs), output_map]
        identity = AffineMap.identity(len(raised.axes))
        if not is_inside(result, raised.store) and not block.ops and result not in block.args:
            op: Operation = FillOp([result], [output], res=[])
        elif (
            result is block.args[0]
            and len(inputs) == 1
            and all(m == identity for m in maps)
            and memref_type(output).element_type == memref_type(inputs[0][0]).element_type
        ):
            op = CopyOp([inputs[0][0]], [output], res=[])
        else:
            block.add_op(YieldOp(result))
            op = GenericOp(
                [v for v, _ in inputs],
                [output],
                Region(block),
                [AffineMapAttr(m) for m in maps],
                [
                    IteratorTypeAttr.reduction()
                    if axis in raised.reduced
                    else IteratorTypeAttr.parallel()
                    for axis in raised.axes
                ],
            )
        self._emit(op)

    def _emit(self, *ops: Operation) -> None:
        located(self.raised.store, ops)
        self.rewriter.insert(list(ops), InsertPoint.before(self.nest))

    # The memrefs ----------------------------------------------------------------------------

    def _view(self, walk: Walk) -> tuple[SSAValue, AffineMap]:
        """The rectangle that a nest walks over, and how the axes index it."""
        shape = memref_type(walk.buffer).get_shape()
        sizes = [1 if axis is None else axis.extent for axis in walk.axes]
        starts_at_zero = all(not o.terms and o.constant == 0 for o in walk.offsets)
        if starts_at_zero and tuple(sizes) == shape:
            return walk.buffer, self._map(walk.axes)
        offsets = [self._offset(offset) for offset in walk.offsets]
        ones = [1] * len(sizes)
        full = memref.SubviewOp.infer_result_type(memref_type(walk.buffer), offsets, sizes, ones)
        kept = [dim for dim, axis in enumerate(walk.axes) if axis is not None]
        layout = full.layout
        assert isinstance(layout, StridedLayoutAttr)
        reduced = MemRefType(
            full.element_type,
            [sizes[dim] for dim in kept],
            StridedLayoutAttr([layout.strides.data[dim] for dim in kept], layout.offset),
            full.memory_space,
        )
        view = memref.SubviewOp.get(walk.buffer, offsets, sizes, ones, reduced)
        self._emit(view)
        return view.result, self._map([axis for axis in walk.axes if axis is not None])

    def _map(self, axes: tuple[Axis | None, ...] | list[Axis]) -> AffineMap:
        results: list[AffineExpr] = [
            AffineConstantExpr(0) if axis is None else AffineDimExpr(self.raised.axes.index(axis))
            for axis in axes
        ]
        return AffineMap(len(self.raised.axes), 0, tuple(results))

    def _offset(self, offset: Linear) -> SSAValue | int:
        """A position as an SSA value where it is not constant."""
        total: SSAValue | None = None
        for value, factor in offset.terms.items():
            term = value
            if factor != 1:
                constant = arith.ConstantOp.from_int_and_width(factor, IndexType())
                product = arith.MuliOp(value, constant.result)
                self._emit(constant, product)
                term = product.result
            total = term if total is None else self._sum(total, term)
        if total is None:
            return offset.constant
        return total if not offset.constant else self._sum(total, self._constant(offset.constant))

    def _sum(self, a: SSAValue, b: SSAValue) -> SSAValue:
        op = arith.AddiOp(a, b)
        self._emit(op)
        return op.result

    def _constant(self, value: int) -> SSAValue:
        op = arith.ConstantOp.from_int_and_width(value, IndexType())
        self._emit(op)
        return op.result

    # The body -------------------------------------------------------------------------------

    def _body(self, block: Block, value: SSAValue) -> SSAValue:
        """Clones what makes the stored value; loads are the arguments, variables indices."""
        raised = self.raised
        known: dict[SSAValue, SSAValue] = {}
        for load, walk in raised.loads.items():
            number = next(
                (n for n, other in enumerate(raised.inputs) if walk.is_like(other)),
                len(raised.inputs),
            )
            known[load.res] = block.args[number]

        def place(wanted: SSAValue) -> SSAValue:
            if wanted in known or (
                not is_inside(wanted, self.nest) and wanted is not variable(self.nest)
            ):
                return known.get(wanted, wanted)
            owner = wanted.owner
            if isinstance(owner, Operation):
                copy = owner.clone({v: place(v) for v in owner.operands})
                block.add_op(copy)
                located(raised.store, [copy])
                known.update(zip(owner.results, copy.results, strict=True))
            else:
                loop = owner.parent_op()
                assert isinstance(loop, scf.ForOp)
                known[wanted] = self._index(loop, block)
            return known[wanted]

        return place(value)

    def _index(self, loop: scf.ForOp, block: Block) -> SSAValue:
        """A loop's variable as an index of the operation."""
        dim = next((n for n, a in enumerate(self.raised.axes) if loop in a.loops), None)
        if dim is None:
            return loop.lb  # one iteration
        axis = self.raised.axes[dim]
        index = IndexOp(dim)
        made: list[Operation] = [index]
        if len(axis.loops) > 1:
            size = arith.ConstantOp.from_int_and_width(extent(axis.loops[1]) or 1, IndexType())
            divide = arith.DivUIOp if loop is axis.loops[0] else arith.RemUIOp
            made += [size, divide(index.result, size.result)]
        elif constant_value(loop.lb) != 0:
            made.append(arith.AddiOp(index.result, loop.lb))
        block.add_ops(made)
        located(self.raised.store, made)
        return made[-1].results[0]


@dataclass(frozen=True)
class RaisePass(LevelPass):
    """Makes structured operations of loop nests that load and store single elements.

    Scalars that belong to an iteration become buffers, what runs in the first iteration of a loop
    moves in front of it, and loops are distributed over their statements where no dependence
    forbids it. Then a perfect nest around one store is one operation: a fill, a copy, an elementwise
    map, a reduction, or a matrix product, by the linear forms of its indices. Other nests stay;
    `tt-block` says what is missing.

    Before:
    ```mlir
    func.func @product(%A: memref<64x32xbf16>, %B: memref<32x64xbf16>, %C: memref<64x64xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c32 = arith.constant 32 : index
      %c64 = arith.constant 64 : index
      %zero = arith.constant 0.0 : f32
      scf.for %i = %c0 to %c64 step %c1 {
        scf.for %j = %c0 to %c64 step %c1 {
          memref.store %zero, %C[%i, %j] : memref<64x64xf32>
          scf.for %k = %c0 to %c32 step %c1 {
            %c = memref.load %C[%i, %j] : memref<64x64xf32>
            %a = memref.load %A[%i, %k] : memref<64x32xbf16>
            %b = memref.load %B[%k, %j] : memref<32x64xbf16>
            %x = arith.extf %a : bf16 to f32
            %y = arith.extf %b : bf16 to f32
            %p = arith.mulf %x, %y : f32
            %s = arith.addf %c, %p : f32
            memref.store %s, %C[%i, %j] : memref<64x64xf32>
          }
        }
      }
      func.return
    }
    ```
    After:
    ```mlir
    linalg.fill ins(%zero : f32) outs(%C : memref<64x64xf32>)
    linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A, %B : memref<64x32xbf16>, memref<32x64xbf16>) outs(%C : memref<64x64xf32>) {
    ^bb0(%[[A:.*]]: bf16, %[[B:.*]]: bf16, %[[C:.*]]: f32):
      %[[X:.*]] = arith.extf %[[A]] : bf16 to f32
      %[[Y:.*]] = arith.extf %[[B]] : bf16 to f32
      %[[P:.*]] = arith.mulf %[[X]], %[[Y]] : f32
      %[[S:.*]] = arith.addf %[[C]], %[[P]] : f32
      linalg.yield %[[S]] : f32
    }
    func.return
    ```
    """

    name = "tt-raise"
    takes = Level.TILE
    gives = Level.TILE

    def patterns(self) -> list[list[RewritePattern]]:
        return [
            [ExpandOperation()],
            list(MOVES),
            [RaiseNest()],
            [KeepOnChip()],
            [RemoveUnusedOperations()],
        ]
