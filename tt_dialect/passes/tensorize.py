"""`tt-tensorize`: tile operations on buffers become operations on block values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import FloatAttr, IndexType
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.transforms.dead_code_elimination import RemoveUnusedOperations

from tt_dialect.analysis.access import (
    contraction_dims,
    is_contraction,
    is_copy,
    label_of,
    memref_type,
    multiplies_and_adds,
    tensor_block,
)
from tt_dialect.analysis.index import constant_value
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute, noc
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, insert
from tt_dialect.passes.promote import HoistFirstIteration, PromoteBuffer, RemoveDeadCarry

TILE = 32


def block_type(value: SSAValue) -> BlockType:
    """The block type of a memref of whole tiles."""
    kind = memref_type(value)
    rows, cols = kind.get_shape()
    return BlockType.of(rows // TILE, cols // TILE, TileType.of(kind.element_type))


def divide(value: SSAValue | int, divisor: int, made: list[Operation]) -> SSAValue:
    """`value / divisor` for a known multiple, pushed into products and sums; new ops go to `made`."""

    def emit(op: Operation) -> SSAValue:
        made.append(op)
        return op.results[0]

    constant = value if isinstance(value, int) else constant_value(value)
    if constant is not None:
        op = arith.ConstantOp.from_int_and_width(constant // divisor, IndexType())
        op.result.name_hint = f"c{constant // divisor}"
        return emit(op)
    assert isinstance(value, SSAValue)
    match value.owner:
        case arith.MuliOp(lhs=a, rhs=b):
            for factor, other in ((a, b), (b, a)):
                known = constant_value(factor)
                if known is not None and known % divisor == 0:
                    if known == divisor:
                        return other
                    return emit(arith.MuliOp(other, divide(known, divisor, made)))
        case arith.AddiOp(lhs=a, rhs=b):
            return emit(arith.AddiOp(divide(a, divisor, made), divide(b, divisor, made)))
        case _:
            pass
    op = arith.ConstantOp.from_int_and_width(divisor, IndexType())
    return emit(arith.DivUIOp(value, emit(op)))


@dataclass
class _Requests:
    """Circular buffers asked for on-chip buffers and for staging between formats."""

    numbers: Iterator[int] = field(default_factory=lambda: count(1 << 16))

    def of(self, value: SSAValue) -> RequestAttr | None:
        """The request on the allocation of an on-chip buffer."""
        owner = value.owner
        if not isinstance(owner, memref.AllocOp):
            return None
        request = owner.attributes.get("tt.cb")
        if not isinstance(request, RequestAttr):
            raise error_at(
                owner,
                f"on-chip buffer '{label_of(owner, 'buffer')}' asks for no circular buffer",
                "run tt-propagate-layout first",
            )
        return request

    def staging(self, tensor: SSAValue, suffix: str, stages: int) -> RequestAttr:
        """A buffer between a tensor and the place its values are needed in another form."""
        label = f"{label_of(tensor, 'tensor')}_{suffix}"
        return RequestAttr.of(next(self.numbers), label, stages, "staging")


@dataclass
class _TileOpPattern(RewritePattern):
    """Shared by the patterns below: reading and writing memrefs as blocks."""

    requests: _Requests

    def read(
        self, rewriter: PatternRewriter, op: Operation, source: SSAValue, into: RequestAttr | None
    ) -> SSAValue:
        """The block a memref holds; `into` is the buffer that a tensor's block can go to directly."""
        block = tensor_block(source)
        if block is None:
            read = compute.ReadBufferOp(source, block_type(source))
            insert(rewriter, op, [read])
            return read.block
        request = into or self.requests.staging(block.tensor, "in", 2)
        made: list[Operation] = []
        indices = self._indices(block.offsets, made)
        load = noc.LoadBlockOp(block.tensor, indices, request, block_type(source))
        load.block.name_hint = request.label.data
        insert(rewriter, op, [*made, load])
        return load.block

    def write(
        self, rewriter: PatternRewriter, op: Operation, value: SSAValue, target: SSAValue
    ) -> None:
        """Makes a block the contents of a memref."""
        block = tensor_block(target)
        if block is None:
            if not isinstance(target.owner, memref.AllocOp):
                raise error_at(
                    op, "a part of an on-chip buffer is written", "write the whole buffer"
                )
            insert(rewriter, op, [compute.WriteBufferOp(value, target)])
            return
        made: list[Operation] = []
        indices = self._indices(block.offsets, made)
        insert(rewriter, op, [*made, noc.StoreBlockOp(value, block.tensor, indices)])

    @staticmethod
    def _indices(offsets: tuple[SSAValue | int, ...], made: list[Operation]) -> list[SSAValue]:
        outer = [divide(o, 1, made) if isinstance(o, int) else o for o in offsets[:-2]]
        return [*outer, *(divide(o, TILE, made) for o in offsets[-2:])]


class FillToBlock(_TileOpPattern):
    """`linalg.fill` with a constant becomes `tt.compute.fill`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FillOp, rewriter: PatternRewriter) -> None:
        constant, (target,) = op.inputs[0].owner, op.outputs
        if not isinstance(constant, arith.ConstantOp) or not isinstance(constant.value, FloatAttr):
            raise error_at(op, "the value of a fill is not constant", "expected a float constant")
        block = tensor_block(target)
        request = self.requests.of(target)
        if request is None:
            assert block is not None
            request = self.requests.staging(block.tensor, "out", 2)
        fill = compute.FillOp(constant.value.value.data, request, block_type(target))
        fill.block.name_hint = request.label.data
        insert(rewriter, op, [fill])
        self.write(rewriter, op, fill.block, target)
        rewriter.erase(op)


class CopyToBlock(_TileOpPattern):
    """A copy, with or without a cast, becomes a load, a store, or `tt.compute.copy`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CopyOp | GenericOp, rewriter: PatternRewriter) -> None:
        if is_contraction(op):
            return
        if not is_copy(op):
            raise error_at(
                op,
                f"'{op.name}' is neither a copy nor a matrix product",
                "elementwise operations and reductions are not lowered yet; "
                "`ttc run --engine tile` runs this kernel",
            )
        (source,), (target,) = op.inputs, op.outputs
        request = self.requests.of(target)
        same = block_type(source) == block_type(target)
        if not same and request is not None and (tensor := tensor_block(source)) is not None:
            stage = self.requests.staging(tensor.tensor, "in", request.stages.data)
        else:
            stage = request
        value = self.read(rewriter, op, source, stage)
        if not same or (tensor_block(source) is None and request is not None):
            if request is None:
                tensor = tensor_block(target)
                assert tensor is not None
                request = self.requests.staging(tensor.tensor, "out", 2)
            copy = compute.CopyOp(value, request, block_type(target))
            copy.block.name_hint = request.label.data
            insert(rewriter, op, [copy])
            value = copy.block
        self.write(rewriter, op, value, target)
        rewriter.erase(op)


class ContractionToBlock(_TileOpPattern):
    """A matrix product becomes `tt.compute.matmul`; transposes are read off the indexing maps."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter) -> None:
        if not is_contraction(op):
            return
        first, second, out = contraction_dims(op)
        if (sorted(first), sorted(second), out) != (["K", "M"], ["K", "N"], ["M", "N"]):
            raise error_at(
                op,
                f"not a matrix product: inputs {first} and {second}, output {out}",
                "expected (M, K) or (K, M), (K, N) or (N, K), and (M, N)",
            )
        if not multiplies_and_adds(op):
            body = ", ".join(inner.name for inner in op.body.block.ops)
            raise error_at(
                op,
                f"not a matrix product: the body is {body}",
                "expected acc + a * b, with casts of a and b where their types differ from acc's",
            )
        a, b = (self.read(rewriter, op, value, None) for value in op.inputs)
        acc = self.read(rewriter, op, op.outputs[0], None)
        matmul = compute.MatmulOp(
            a, b, acc, transpose_a=first == ["K", "M"], transpose_b=second == ["N", "K"]
        )
        matmul.block.name_hint = acc.name_hint
        insert(rewriter, op, [matmul])
        self.write(rewriter, op, matmul.block, op.outputs[0])
        rewriter.erase(op)


class RefuseCondition(RewritePattern):
    """What still runs under a condition has no form on a core yet."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.IfOp, rewriter: PatternRewriter) -> None:
        raise error_at(
            op,
            "an 'if' around tile operations is not lowered yet",
            "supported: clearing an accumulator in the first iteration of a loop; "
            "`ttc run --engine tile` runs this kernel",
        )


@dataclass(frozen=True)
class TensorizePass(LevelPass):
    """Replaces on-chip buffers and tile operations on them by block values.

    Tile operations become `tt.compute` block operations and `tt.noc` block transfers; then each
    buffer's contents become SSA values, carried through loops where a later iteration reads them.

    Before:
    ```mlir
    func.func @cast(%A: memref<64x64xf32>, %B: memref<64x64xbf16>) {
      %s = memref.alloc() {tt.cb = #tt.cb.request<0, "s", stages 2, by "default">} : memref<64x64xf32, 1 : i64>
      linalg.copy ins(%A : memref<64x64xf32>) outs(%s : memref<64x64xf32, 1 : i64>)
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%s : memref<64x64xf32, 1 : i64>) outs(%B : memref<64x64xbf16>) {
      ^bb0(%x: f32, %o: bf16):
        %t = arith.truncf %x : f32 to bf16
        linalg.yield %t : bf16
      }
      func.return
    }
    ```
    After:
    ```mlir
    func.func @cast(%A: memref<64x64xf32>, %B: memref<64x64xbf16>) {
      %s = tt.noc.load_block %A[%{{.*}}, %{{.*}}] request <0, "s", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
      %B_out = tt.compute.copy %s request <65536, "B_out", stages 2, by "staging"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, bf16>>
      tt.noc.store_block %B_out, %B[%{{.*}}, %{{.*}}] : !tt.layout.block<2x2, tile<32x32, bf16>>, memref<64x64xbf16>
      func.return
    }
    ```
    """

    name = "tt-tensorize"
    takes = Level.CORE
    gives = Level.TILED

    def patterns(self) -> list[list[RewritePattern]]:
        requests = _Requests()
        return [
            [FillToBlock(requests), ContractionToBlock(requests), CopyToBlock(requests)],
            [HoistFirstIteration()],
            [PromoteBuffer()],
            [RemoveDeadCarry(), RemoveUnusedOperations(), RefuseCondition()],
        ]
