"""`tt-block`: operations on whole tensors become a launch grid of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import (
    AffineMapAttr,
    IndexType,
    IntegerAttr,
    MemRefType,
    StridedLayoutAttr,
    StringAttr,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp, IndexOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.transforms.dead_code_elimination import RemoveUnusedOperations

from tt_dialect.analysis.access import grid_of, is_copy, label_of, memref_type
from tt_dialect.analysis.blocking import Axis, Blocking, Stage, Wanted, blocking_of
from tt_dialect.analysis.given import reads_what_it_is_given
from tt_dialect.analysis.loops import why_not
from tt_dialect.diagnostics import error_at
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, is_kernel

SHARED, FRAGMENT = 1, 2
"""Memory spaces of blocks that are loaded and of blocks that are computed."""


class RefuseElement(RewritePattern):
    """A loop nest that `tt-raise` left has no form on tiles."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: memref.LoadOp | memref.StoreOp, rewriter: PatternRewriter
    ) -> None:
        what = "load" if isinstance(op, memref.LoadOp) else "store"
        raise error_at(
            op,
            f"the {what} of an element is no part of an operation on tiles: {why_not(op)}",
            "expected a loop nest that is a fill, a copy, an elementwise map, a reduction or a "
            "matrix product; `ttc run --engine tile` runs this kernel",
        )


@dataclass
class BlockFunction(RewritePattern):
    """A function of operations on whole tensors becomes a grid of the same on blocks."""

    wanted: Wanted

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not is_kernel(op) or grid_of(op) is not None:
            return
        blocking = blocking_of(op, self.wanted)
        if blocking is None:
            return
        builder = _GridBuilder(op, blocking)
        made = builder.build()
        end = op.body.block.last_op
        assert end is not None
        op.body.block.insert_ops_before(made, end)
        for stage in blocking.stages:
            rewriter.erase(stage.op)
        for alloc in [o for o in op.body.block.ops if isinstance(o, memref.AllocOp)]:
            rewriter.erase(alloc)
        rewriter.notify_op_modified(op)


@dataclass
class _GridBuilder:
    """Writes the body of the grid, operation by operation, in the order of the function."""

    func: FuncOp
    blocking: Blocking
    body: Block = field(default_factory=Block)
    head: list[Operation] = field(default_factory=list[Operation])
    offsets: dict[Axis, SSAValue] = field(default_factory=dict[Axis, SSAValue])
    """Where the block of an axis starts, unless at zero."""
    blocks: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    """The on-chip block of a buffer that is written."""
    loaded: dict[tuple[object, ...], SSAValue] = field(
        default_factory=dict[tuple[object, ...], SSAValue]
    )
    constants: dict[int, SSAValue] = field(default_factory=dict[int, SSAValue])
    allocs: list[Operation] = field(default_factory=list[Operation])
    names: set[str] = field(default_factory=set[str])
    origin: Operation | None = None
    """The operation that is being cut; what is made carries its location."""

    def build(self) -> list[Operation]:
        """The grid, after the constants it needs."""
        blocking = self.blocking
        grid = blocking.grid or [Axis(1, 1)]
        self.origin = blocking.stages[0].op
        dims = [axis for axis in self._axes_of(blocking.outputs[-1]) if axis is not None]
        names = dict(zip(reversed(dims), reversed(_AXES), strict=False))
        for axis in grid:
            arg = self.body.insert_arg(IndexType(), len(self.body.args))
            arg.name_hint = names.get(axis, "block")
            self.offsets[axis] = self._times(arg, axis.block)
        for tensor in blocking.outputs:
            if reads_what_it_is_given(self.func, tensor):
                self._load_written(tensor)
        for stage in blocking.stages:
            if not any(axis.loop not in (None, stage) for axis in stage.axes):
                self._stage(stage)
        for tensor in blocking.outputs:
            self._store(tensor)
        self._emit(scf.ReduceOp())
        first = self.body.first_op
        assert first is not None
        self.body.insert_ops_before(self.allocs, first)
        zeros, ones = [self._constant(0)] * len(grid), [self._constant(1)] * len(grid)
        bounds = [self._constant(axis.count) for axis in grid]
        parallel = scf.ParallelOp(zeros, bounds, ones, Region(self.body))
        parallel.location = blocking.stages[0].op.location
        return [*self.head, parallel]

    # Emission -------------------------------------------------------------------------------

    def _emit(self, op: Operation) -> Operation:
        if self.origin is not None:
            for inner in op.walk():
                inner.location = self.origin.location
        self.body.add_op(op)
        return op

    def _constant(self, value: int) -> SSAValue:
        if value not in self.constants:
            op = arith.ConstantOp.from_int_and_width(value, IndexType())
            op.location = self.func.location
            op.result.name_hint = f"c{value}"
            self.head.append(op)
            self.constants[value] = op.result
        return self.constants[value]

    def _times(self, value: SSAValue, factor: int) -> SSAValue:
        if factor == 1:
            return value
        return self._emit(arith.MuliOp(value, self._constant(factor))).results[0]

    def _alloc(self, like: SSAValue, axes: Sequence[Axis | None], space: int) -> SSAValue:
        shape = [axis.block if axis is not None else 1 for axis in axes if not _is_unit(axis)]
        kind = memref_type(like)
        op = memref.AllocOp(
            [], [], MemRefType(kind.element_type, shape, memory_space=IntegerAttr(space, i64))
        )
        owner = like.owner
        base = label_of(owner if isinstance(owner, Operation) else like, "buffer")
        base = base if isinstance(owner, Operation) else f"{base}_block"
        name, number = base, 0
        while name in self.names:
            number += 1
            name = f"{base}_{number}"
        self.names.add(name)
        op.attributes["tt.name"] = StringAttr(name)
        if SSAValue.is_valid_name(name):
            op.memref.name_hint = name
        if self.origin is not None:
            op.location = self.origin.location
        self.allocs.append(op)
        return op.memref

    def _view(self, tensor: SSAValue, axes: Sequence[Axis | None]) -> SSAValue:
        """The block of a tensor; dimensions of one element are left out."""
        offsets: list[SSAValue | int] = [
            0 if axis is None else self.offsets.get(axis, 0) for axis in axes
        ]
        sizes = [1 if axis is None else axis.block for axis in axes]
        ones = [1] * len(sizes)
        kind = memref_type(tensor)
        full = memref.SubviewOp.infer_result_type(kind, offsets, sizes, ones)
        layout = full.layout
        assert isinstance(layout, StridedLayoutAttr)
        kept = [dim for dim, axis in enumerate(axes) if not _is_unit(axis)]
        reduced = MemRefType(
            full.element_type,
            [sizes[dim] for dim in kept],
            StridedLayoutAttr([layout.strides.data[dim] for dim in kept], layout.offset),
            full.memory_space,
        )
        view = memref.SubviewOp.get(tensor, offsets, sizes, ones, reduced)
        return self._emit(view).results[0]

    # Buffers --------------------------------------------------------------------------------

    def _load(self, tensor: SSAValue, axes: Sequence[Axis | None]) -> SSAValue:
        """The block of a tensor that is only read, loaded once."""
        key = (tensor, *((self.offsets.get(a), a.block) if a is not None else None for a in axes))
        if key not in self.loaded:
            block = self._alloc(tensor, axes, SHARED)
            self._emit(CopyOp([self._view(tensor, axes)], [block], res=[]))
            self.loaded[key] = block
        return self.loaded[key]

    def _axes_of(self, buffer: SSAValue) -> list[Axis | None]:
        stage = next(s for s in self.blocking.stages if s.output is buffer)
        return stage.axes_of(stage.maps[-1])

    def _load_written(self, tensor: SSAValue) -> None:
        """A tensor that is updated: its block holds what it held."""
        axes = self._axes_of(tensor)
        block = self._load(tensor, axes)
        self.blocks[tensor] = block

    def _block(self, buffer: SSAValue) -> SSAValue:
        if buffer not in self.blocks:
            self.blocks[buffer] = self._alloc(buffer, self._axes_of(buffer), FRAGMENT)
        return self.blocks[buffer]

    def _store(self, tensor: SSAValue) -> None:
        if tensor in self.blocks:
            writers = [s.op for s in self.blocking.stages if s.output is tensor]
            self.origin = writers[-1]
            view = self._view(tensor, self._axes_of(tensor))
            self._emit(CopyOp([self.blocks[tensor]], [view], res=[]))

    # Operations -----------------------------------------------------------------------------

    def _stage(self, stage: Stage) -> None:
        """One operation on blocks, in a loop over the steps of its reduced axis if it has one."""
        self.origin = stage.op
        stepped = next((axis for axis in stage.axes if axis.loop is stage), None)
        output = self._output(stage)
        if stepped is None:
            self._operation(stage, output)
            return
        outer, body = self.body, Block(arg_types=[IndexType()])
        body.args[0].name_hint = "k"
        known = dict(self.loaded)
        self.body = body
        self.offsets[stepped] = self._times(body.args[0], stepped.block)
        for other in self.blocking.stages:
            if other is not stage and stepped in other.axes:
                self.origin = other.op
                self._operation(other, self._output(other))
        self.origin = stage.op
        self._operation(stage, output)
        self._emit(scf.YieldOp())
        self.body, self.loaded = outer, known
        del self.offsets[stepped]
        low, high, one = (self._constant(n) for n in (0, stepped.count, 1))
        loop = scf.ForOp(low, high, one, [], Region(body))
        loop.location = stage.op.location
        self.body.add_op(loop)

    def _output(self, stage: Stage) -> SSAValue:
        """Where an operation writes: a block, or the tensor where it only moves a block there."""
        tensor = stage.output
        only = [s for s in self.blocking.stages if tensor in (v for v, _ in s.operands)] == [stage]
        loads = stage.inputs and stage.inputs[0][0] not in self.blocking.written
        if only and is_copy(stage.op) and loads and tensor in self.blocking.outputs:
            return self._view(tensor, self._axes_of(tensor))
        return self._block(tensor)

    def _operation(self, stage: Stage, output: SSAValue) -> None:
        inputs = [
            self._block(value)
            if value in self.blocking.written
            else self._load(value, stage.axes_of(indexing))
            for value, indexing in stage.inputs
        ]
        match stage.op:
            case FillOp() as op:
                self._emit(FillOp([op.inputs[0]], [output], res=[]))
            case CopyOp():
                self._emit(CopyOp(inputs, [output], res=[]))
            case GenericOp() as op:
                self._emit(self._generic(op, stage, inputs, output))

    def _generic(
        self, op: GenericOp, stage: Stage, inputs: list[SSAValue], output: SSAValue
    ) -> GenericOp:
        """The operation on blocks; dimensions of one element in all blocks go away."""
        kept = [dim for dim, axis in enumerate(stage.axes) if not _is_unit(axis)]
        maps: list[AffineMapAttr] = []
        for indexing in stage.maps:
            results: list[AffineExpr] = [
                AffineDimExpr(kept.index(e.position))
                for e in indexing.results
                if isinstance(e, AffineDimExpr) and e.position in kept
            ]
            maps.append(AffineMapAttr(AffineMap(len(kept), 0, tuple(results))))
        iterators = [op.iterator_types.data[dim] for dim in kept]
        region = op.body.clone()
        for inner in list(region.block.ops):
            if isinstance(inner, IndexOp):
                self._place(inner, stage, kept)
        return GenericOp(inputs, [output], region, maps, iterators)

    def _place(self, op: IndexOp, stage: Stage, kept: list[int]) -> None:
        """An index in the tensor is that in the block and where the block starts."""
        dim = op.dim.value.data
        start = self.offsets.get(stage.axes[dim])
        block = op.parent
        assert block is not None
        if dim in kept:
            new = IndexOp(kept.index(dim))
            block.insert_op_before(new, op)
            value = new.result
            if start is not None:
                total = arith.AddiOp(value, start)
                block.insert_op_before(total, op)
                value = total.result
        else:
            value = start if start is not None else self._constant(0)
        op.result.replace_all_uses_with(value)
        op.detach()
        op.erase()


def _is_unit(axis: Axis | None) -> bool:
    """Whether a dimension is left out of blocks: it is one element there and more in the tensor."""
    return axis is None or (axis.block == 1 and axis.extent > 1)


_AXES = ("batch_2", "batch_1", "batch", "row", "column")
"""What the dimensions of a tensor, the last one last, are called as axes of a grid."""


@dataclass(frozen=True)
class BlockPass(LevelPass):
    """Gives a function without a launch grid blocks and a grid.

    The grid runs over the rows and columns of the tensor that is written; a block is the largest of
    128, 64 and 32 that divides an axis, unless `block-m` (rows) or `block-n` (columns) say
    otherwise, and 1 in further dimensions. A matrix product steps through its reduced axis by 32, or
    by `block-k`; other reductions take theirs whole. Tensors are copied to blocks on chip and back,
    buffers between operations become blocks on chip.

    Functions with a launch grid stay. What `tt-raise` could not raise is an error here, with the
    reason.

    Before:
    ```mlir
    func.func @product(%A: memref<64x64xbf16> {tt.name = "A"}, %B: memref<64x64xbf16> {tt.name = "B"}, %C: memref<64x64xf32> {tt.name = "C"}) {
      %zero = arith.constant 0.0 : f32
      linalg.fill ins(%zero : f32) outs(%C : memref<64x64xf32>)
      linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A, %B : memref<64x64xbf16>, memref<64x64xbf16>) outs(%C : memref<64x64xf32>) {
      ^bb0(%a: bf16, %b: bf16, %c: f32):
        %x = arith.extf %a : bf16 to f32
        %y = arith.extf %b : bf16 to f32
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %c, %p : f32
        linalg.yield %s : f32
      }
      func.return
    }
    ```
    After:
    ```mlir
    scf.parallel (%row, %column) = (%c0, %c0) to (%c1, %c1) step (%c1, %c1) {
      %C_block = memref.alloc() {tt.name = "C_block"} : memref<64x64xf32, 2 : i64>
      %A_block = memref.alloc() {tt.name = "A_block"} : memref<64x32xbf16, 1 : i64>
      %B_block = memref.alloc() {tt.name = "B_block"} : memref<32x64xbf16, 1 : i64>
      %[[M:.*]] = arith.muli %row, %c64 : index
      %[[N:.*]] = arith.muli %column, %c64 : index
      linalg.fill ins(%zero : f32) outs(%C_block : memref<64x64xf32, 2 : i64>)
      scf.for %k = %c0 to %c2 step %c1 {
        %[[K:.*]] = arith.muli %k, %c32 : index
        memref.subview %A[%[[M]], %[[K]]] [64, 32] [1, 1]
        linalg.copy
        memref.subview %B[%[[K]], %[[N]]] [32, 64] [1, 1]
        linalg.copy
        linalg.generic {{.*}} ins(%A_block, %B_block : memref<64x32xbf16, 1 : i64>, memref<32x64xbf16, 1 : i64>) outs(%C_block : memref<64x64xf32, 2 : i64>)
      }
      %[[V:.*]] = memref.subview %C[%[[M]], %[[N]]] [64, 64] [1, 1]
      linalg.copy ins(%C_block : memref<64x64xf32, 2 : i64>) outs(%[[V]]
      scf.reduce
    ```
    """

    name = "tt-block"
    takes = Level.TILE
    gives = Level.TILE

    block_m: int | None = None
    block_n: int | None = None
    block_k: int | None = None

    def patterns(self) -> list[list[RewritePattern]]:
        wanted = Wanted(self.block_m, self.block_n, self.block_k)
        return [[RefuseElement()], [BlockFunction(wanted)], [RemoveUnusedOperations()]]
