"""`tt-reblock-k`: several K blocks per step of a product's loop."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IndexType, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint
from xdsl.transforms.canonicalization_patterns.scf import SimplifyTrivialLoops
from xdsl.utils.hints import isa

from tt_dialect.analysis.index import constant_value, slope_of
from tt_dialect.analysis.pages import largest_divisor
from tt_dialect.arch import get_arch
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.ir.compute import MatmulOp
from tt_dialect.ir.layout import BlockType
from tt_dialect.ir.noc import LoadBlockOp
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, decision, enclosing, located


@dataclass
class _Operand:
    """A block that feeds one product, and its K axis (0 rows, 1 columns)."""

    load: LoadBlockOp
    axis: int

    @property
    def block(self) -> BlockType:
        """Type of the block."""
        block = self.load.block.type
        assert isinstance(block, BlockType)
        return block


def _operands(loop: scf.ForOp) -> list[_Operand] | None:
    """The loads of a loop that does nothing but products, at most one per accumulator."""
    body, end = loop.body.block, loop.body.block.last_op
    operands: list[_Operand] = []
    products: list[MatmulOp] = []
    for op in body.ops:
        match op:
            case MatmulOp():
                products.append(op)
                for value, axis in (
                    (op.a, 0 if op.transpose_a is not None else 1),
                    (op.b, 1 if op.transpose_b is not None else 0),
                ):
                    load = value.owner
                    single = len(list(value.uses)) == 1
                    if not isinstance(load, LoadBlockOp) or load.parent is not body or not single:
                        return None
                    operands.append(_Operand(load, axis))
            case LoadBlockOp() | scf.YieldOp():
                pass
            case _ if op.name.startswith("arith."):
                pass
            case _:
                return None
    if end is None or [p.block for p in products] != list(end.operands):
        return None
    if [p.acc for p in products] != list(body.args[1:]) or not products:
        return None
    return operands


def _steps_through_k(operand: _Operand, iv: SSAValue) -> bool:
    """Whether consecutive iterations load neighbouring blocks along K and nothing else moves."""
    k_index = len(operand.load.indices) - 2 + operand.axis
    expected = {k_index: operand.block.shape[operand.axis]}
    return all(
        slope_of(index, iv) == expected.get(place, 0)
        for place, index in enumerate(operand.load.indices)
    )


def _circular_buffer_bytes(func: FuncOp) -> int:
    """L1 bytes of everything the kernel asks for."""
    sizes: dict[int, int] = {}
    for op in func.walk():
        request = op.properties.get("cb")
        for result in op.results:
            if isinstance(request, RequestAttr) and isinstance(result.type, BlockType):
                block = result.type
                need = request.stages.data * block.tiles * block.tile.bytes
                sizes[request.buffer.data] = max(need, sizes.get(request.buffer.data, 0))
    return sum(sizes.values())


@dataclass
class ReblockK(RewritePattern):
    """A K loop with narrow blocks becomes a shorter one with wide blocks."""

    k_tiles: int

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        low, trips, step = (constant_value(v) for v in (op.lb, op.ub, op.step))
        operands = _operands(op) if (low, step) == (0, 1) and trips else None
        iv = op.body.block.args[0]
        if not operands or trips is None or not all(_steps_through_k(o, iv) for o in operands):
            return
        func = enclosing(op, FuncOp)
        factor = self._factor(func, operands, trips)
        if factor == 1:
            return
        for operand in operands:
            shape = list(operand.block.shape)
            shape[operand.axis] *= factor
            wide = BlockType.of(shape[0], shape[1], operand.block.tile)
            rewriter.replace_value_with_new_type(operand.load.block, wide)
        self._shorten(op, trips // factor, factor, rewriter)
        depth = f"{operands[0].block.shape[operands[0].axis]} K tiles a step"
        rows = func.attributes.get("tt.decisions")
        known = list(rows) if isa(rows, ArrayAttr[DictionaryAttr]) else []
        known.append(
            decision(op.body.block.args[0].name_hint or "K loop", "re-block", depth, "default")
        )
        func.attributes["tt.decisions"] = ArrayAttr(known)
        rewriter.notify_op_modified(op)

    def _factor(self, func: FuncOp, operands: list[_Operand], trips: int) -> int:
        """Blocks per step: as many as the limit and L1 allow."""
        arch = func.attributes.get("tt.arch")
        budget = get_arch(arch.data if isinstance(arch, StringAttr) else "wormhole").l1_budget
        budget -= _circular_buffer_bytes(func)
        growth = sum(o.load.cb.stages.data * o.block.tiles * o.block.tile.bytes for o in operands)
        k_tiles = max(o.block.shape[o.axis] for o in operands)
        limit = min(self.k_tiles // k_tiles, 1 + max(0, budget) // growth)
        return largest_divisor(trips, limit) if limit > 1 else 1

    @staticmethod
    def _shorten(loop: scf.ForOp, trips: int, factor: int, rewriter: PatternRewriter) -> None:
        bound = arith.ConstantOp.from_int_and_width(trips, IndexType())
        bound.result.name_hint = f"c{trips}"
        scale = arith.ConstantOp.from_int_and_width(factor, IndexType())
        scale.result.name_hint = f"c{factor}"
        iv = loop.body.block.args[0]
        first = arith.MuliOp(iv, scale)
        located(loop, [bound, scale, first])
        rewriter.insert([bound, scale], InsertPoint.before(loop))
        rewriter.insert(first, InsertPoint.at_start(loop.body.block))
        iv.replace_uses_with_if(first.result, lambda use: use.operation is not first)
        loop.operands[1] = bound.result


@dataclass(frozen=True)
class ReblockKPass(LevelPass):
    """Widens the K blocks of a matrix product, up to `k-tiles` tiles a step, as far as L1 allows.

    An accumulator larger than DST is reloaded and packed once per step, so fewer, deeper steps spend
    more of their time multiplying; reads also come in longer bursts. The order of additions does not
    change: a loop is widened only if each accumulator takes one product per iteration and consecutive
    iterations load neighbouring blocks. The choice is recorded in the plan.

    Before:
    ```mlir
    func.func @product(%A: memref<32x256xbf16>, %B: memref<256x32xbf16>, %zero: !tt.layout.block<1x1, tile<32x32, f32>>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %sum = scf.for %k = %c0 to %c8 step %c1 iter_args(%acc = %zero) -> (!tt.layout.block<1x1, tile<32x32, f32>>) {
        %a = tt.noc.load_block %A[%c0, %k] request <0, "a", stages 2, by "default"> : memref<32x256xbf16> -> !tt.layout.block<1x1, tile<32x32, bf16>>
        %b = tt.noc.load_block %B[%k, %c0] request <1, "b", stages 2, by "default"> : memref<256x32xbf16> -> !tt.layout.block<1x1, tile<32x32, bf16>>
        %next = tt.compute.matmul %a, %b into %acc : !tt.layout.block<1x1, tile<32x32, bf16>>, !tt.layout.block<1x1, tile<32x32, bf16>> -> !tt.layout.block<1x1, tile<32x32, f32>>
        scf.yield %next : !tt.layout.block<1x1, tile<32x32, f32>>
      }
      func.return
    }
    ```
    After:
    ```mlir
    tt.decisions = [{subject = "k", what = "re-block", value = "8 K tiles a step", by = "default"}]
    %[[K:.*]] = arith.muli %c0, %{{.*}} : index
    tt.noc.load_block %A[%c0, %[[K]]] request <0, "a", stages 2, by "default"> : memref<32x256xbf16> -> !tt.layout.block<1x8, tile<32x32, bf16>>
    tt.noc.load_block %B[%[[K]], %c0] request <1, "b", stages 2, by "default"> : memref<256x32xbf16> -> !tt.layout.block<8x1, tile<32x32, bf16>>
    ```
    """

    name = "tt-reblock-k"
    takes = Level.TILED
    gives = Level.TILED

    k_tiles: int = 8

    def patterns(self) -> list[list[RewritePattern]]:
        if self.k_tiles < 1:
            raise ValueError(f"k-tiles must be at least 1, got {self.k_tiles}")
        return [[ReblockK(self.k_tiles)], [SimplifyTrivialLoops()]]
