"""`tt-tensorize`: tile operations on buffers become operations on block values."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.transforms.dead_code_elimination import RemoveUnusedOperations

from tt_dialect.analysis.access import (
    contraction_dims,
    is_contraction,
    is_copy,
    multiplies_and_adds,
    tensor_block,
)
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, insert
from tt_dialect.passes.map_folding import DropNeutral, FillToSplat, ForwardIdentity
from tt_dialect.passes.maps import GenericToMap, ReductionToBlocks
from tt_dialect.passes.promote import HoistFirstIteration, PromoteBuffer, RemoveDeadCarry
from tt_dialect.passes.tile_ops import Forms, Requests, TileOpPattern


class FillToBlock(TileOpPattern):
    """`linalg.fill` with a constant becomes `tt.compute.fill`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FillOp, rewriter: PatternRewriter) -> None:
        constant, (target,) = op.inputs[0].owner, op.outputs
        if not isinstance(constant, arith.ConstantOp) or not isinstance(constant.value, FloatAttr):
            raise error_at(op, "the value of a fill is not constant", "expected a float constant")
        request = self.requests.of(target) or self.stage_out(target)
        fill = compute.FillOp(constant.value.value.data, request, self.block_type(target))
        fill.block.name_hint = request.label.data
        insert(rewriter, op, [fill])
        self.write(rewriter, op, fill.block, target)
        rewriter.erase(op)


class CopyToBlock(TileOpPattern):
    """A copy, with or without a cast, becomes a load, a store, or `tt.compute.copy`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CopyOp | GenericOp, rewriter: PatternRewriter) -> None:
        if not is_copy(op):
            return
        (source,), (target,) = op.inputs, op.outputs
        request = self.requests.of(target)
        same = self.block_type(source) == self.block_type(target)
        if not same and request is not None and (tensor := tensor_block(source)) is not None:
            stage = self.requests.staging(tensor.tensor, "in", request.stages.data)
        else:
            stage = request
        value = self.read(rewriter, op, source, stage)
        if not same or (tensor_block(source) is None and request is not None):
            request = request or self.stage_out(target)
            copy = compute.CopyOp(value, request, self.block_type(target))
            copy.block.name_hint = request.label.data
            insert(rewriter, op, [copy])
            value = copy.block
        self.write(rewriter, op, value, target)
        rewriter.erase(op)


class ContractionToBlock(TileOpPattern):
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
        shared = Requests(), Forms()
        kinds = (FillToBlock, ContractionToBlock, CopyToBlock, GenericToMap, ReductionToBlocks)
        return [
            [kind(*shared) for kind in kinds],
            [HoistFirstIteration()],
            [PromoteBuffer()],
            [RemoveDeadCarry(), RemoveUnusedOperations()],
            [FillToSplat(), DropNeutral()],
            [ForwardIdentity(), RemoveUnusedOperations()],
        ]
