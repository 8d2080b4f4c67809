"""Values that share a circular buffer never meet in it: overlapping lives keep every bit."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.func import FuncOp

from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.pipeline import lower
from tt_dialect.run import evaluate, simulate
from tt_dialect.run.arguments import parameters

UPDATED_ASIDE = """
!X = memref<256x64xf32>
!Y = memref<2048x64xf32>
#s = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
!m = memref<64x64xf32, 1 : i64>
func.func @f(%X: !X, %Y: !Y) {
  %k0 = arith.constant 0 : index
  %k1 = arith.constant 1 : index
  %k3 = arith.constant 3 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%g) = (%k0) to (%k1) step (%k1) {
    %m0 = memref.alloc() : !m
    %m1 = memref.alloc() : !m
    %m2 = memref.alloc() : !m
    %m3 = memref.alloc() : !m
    %s_2 = memref.subview %X[0, 0] [64, 64] [1, 1] : !X to memref<64x64xf32, strided<[64, 1]>>
    linalg.copy ins(%s_2 : memref<64x64xf32, strided<[64, 1]>>) outs(%m0 : !m)
    scf.for %i = %k0 to %k3 step %k1 {
      linalg.generic {indexing_maps = [#s, #s],
      iterator_types = ["parallel", "parallel"]}
      ins(%m0 : !m)
      outs(%m1 : !m) {
      ^bb0(%a: f32, %o: f32):
        %x = arith.addf %a, %a : f32
        linalg.yield %x : f32
      }
      %p = arith.muli %i, %c64 : index
      %v = memref.subview %X[%p, 0] [64, 64] [1, 1]
      : !X to memref<64x64xf32, strided<[64, 1], offset: ?>>
      linalg.copy ins(%v : memref<64x64xf32, strided<[64, 1], offset: ?>>) outs(%m2 : !m)
      linalg.generic {indexing_maps = [#s, #s],
      iterator_types = ["parallel", "parallel"]}
      ins(%m2 : !m)
      outs(%m0 : !m) {
      ^bb0(%a: f32, %o: f32):
        %x = math.absf %a : f32
        linalg.yield %x : f32
      }
      linalg.generic {indexing_maps = [#t, #s],
      iterator_types = ["parallel", "parallel"]}
      ins(%m0 : !m)
      outs(%m3 : !m) {
      ^bb0(%a: f32, %o: f32):
        %x = arith.addf %a, %a : f32
        linalg.yield %x : f32
      }
      %v2 = memref.subview %Y[%p, 0] [64, 64] [1, 1]
      : !Y to memref<64x64xf32, strided<[64, 1], offset: ?>>
      linalg.copy ins(%m3 : !m) outs(%v2 : memref<64x64xf32, strided<[64, 1], offset: ?>>)
      %c512 = arith.constant 512 : index
      %p2 = arith.addi %p, %c512 : index
      %v3 = memref.subview %Y[%p2, 0] [64, 64] [1, 1]
      : !Y to memref<64x64xf32, strided<[64, 1], offset: ?>>
      linalg.generic {indexing_maps = [#t, #s],
      iterator_types = ["parallel", "parallel"]}
      ins(%m1 : !m)
      outs(%m3 : !m) {
      ^bb0(%a: f32, %o: f32):
        %x = arith.addf %a, %a : f32
        linalg.yield %x : f32
      }
      linalg.copy ins(%m3 : !m) outs(%v3 : memref<64x64xf32, strided<[64, 1], offset: ?>>)
    }
  }
  func.return
}
"""
"""m0 is carried; m1 is made from it, and read after the next m0 has been made and read."""

REPLACED_WITHIN = """
#s = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
!X = memref<384x96xbf16>
!Y = memref<6144x96xf32>
func.func @f(%X: !X, %Y: !Y) {
  %k0 = arith.constant 0 : index
  %k1 = arith.constant 1 : index
  %cn = arith.constant 96 : index
  scf.parallel (%g) = (%k0) to (%k1) step (%k1) {
    %m0 = memref.alloc() : memref<96x96xbf16, 1 : i64>
    %p_1 = arith.constant 96 : index
    %s_2 = memref.subview %X[%p_1, 0] [96, 96] [1, 1]
      : !X to memref<96x96xbf16, strided<[96, 1], offset: ?>>
    linalg.copy
      ins(%s_2 : memref<96x96xbf16, strided<[96, 1], offset: ?>>)
      outs(%m0 : memref<96x96xbf16, 1 : i64>)
    %e_19 = arith.constant 2 : index
    scf.for %i_18 = %k0 to %e_19 step %k1 {
      %p_26 = arith.constant 0 : index
      %p_30 = arith.constant 96 : index
      %p_28 = arith.muli %i_18, %p_30 : index
      %p_29 = arith.addi %p_26, %p_28 : index
      %s_31 = memref.subview %Y[%p_29, 0] [96, 96] [1, 1]
      : !Y to memref<96x96xf32, strided<[96, 1], offset: ?>>
      linalg.generic {indexing_maps = [#s, #s],
      iterator_types = ["parallel", "parallel"]}
      ins(%m0 : memref<96x96xbf16, 1 : i64>)
      outs(%s_31 : memref<96x96xf32, strided<[96, 1], offset: ?>>) {
^bb0(%x: bf16, %y: f32):
      %x_32 = arith.extf %x : bf16 to f32
      linalg.yield %x_32 : f32
}
      %e_34 = arith.constant 2 : index
      scf.for %i_33 = %k0 to %e_34 step %k1 {
        %p_45 = arith.muli %i_18, %cn : index
        %s_46 = memref.subview %X[%p_45, 0] [96, 96] [1, 1]
      : !X to memref<96x96xbf16, strided<[96, 1], offset: ?>>
        linalg.copy
      ins(%s_46 : memref<96x96xbf16, strided<[96, 1], offset: ?>>)
      outs(%m0 : memref<96x96xbf16, 1 : i64>)
      }
    }
  }
  func.return
}
"""
"""An inner loop starts from what the outer one carries, and replaces it."""

TWO_ORDERS = """
#s = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
!X = memref<256x64xf32>
!Y = memref<2048x64xf32>
func.func @f(%X: !X, %Y: !Y) {
  %k0 = arith.constant 0 : index
  %k1 = arith.constant 1 : index
  scf.parallel (%g) = (%k0) to (%k1) step (%k1) {
    %m0 = memref.alloc() : memref<64x64xf32, 1 : i64>
    %m1 = memref.alloc() : memref<64x64xf32, 1 : i64>
    %acc = memref.alloc() : memref<64x64xf32, 2 : i64>
    %p_1 = arith.constant 64 : index
    %s_2 = memref.subview %X[%p_1, 0] [64, 64] [1, 1]
      : !X to memref<64x64xf32, strided<[64, 1], offset: ?>>
    linalg.copy
      ins(%s_2 : memref<64x64xf32, strided<[64, 1], offset: ?>>)
      outs(%m0 : memref<64x64xf32, 1 : i64>)
    linalg.generic {indexing_maps = [#t, #s],
      iterator_types = ["parallel", "parallel"]}
      ins(%m0 : memref<64x64xf32, 1 : i64>)
      outs(%m1 : memref<64x64xf32, 1 : i64>) {
    ^bb0(%a_3: f32, %o_4: f32):
    %q_6 = arith.cmpf ogt, %a_3, %a_3 : f32
    %x_5 = arith.select %q_6, %a_3, %a_3 : f32
    %c_7 = arith.constant -2.0 : f32
    %c_8 = arith.constant 2.0 : f32
    %x_9 = arith.maximumf %x_5, %c_7 : f32
    %x_10 = arith.minimumf %x_9, %c_8 : f32
    %c_11 = arith.constant -2.0 : f32
    %c_12 = arith.constant 2.0 : f32
    %x_13 = arith.maximumf %x_10, %c_11 : f32
    %x_14 = arith.minimumf %x_13, %c_12 : f32
    linalg.yield %x_14 : f32
    }
    %c_15 = arith.constant 1.0 : f32
    linalg.fill ins(%c_15 : f32) outs(%acc : memref<64x64xf32, 2 : i64>)
    linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%m1, %m0
      : memref<64x64xf32, 1 : i64>, memref<64x64xf32, 1 : i64>)
      outs(%acc : memref<64x64xf32, 2 : i64>) {
    ^bb0(%a_16: f32, %a_17: f32, %o_18: f32):
    %x_19 = arith.mulf %a_16, %a_17 : f32
    %x_20 = arith.addf %o_18, %x_19 : f32
    linalg.yield %x_20 : f32
    }
    %p_21 = arith.constant 0 : index
    %s_23 = memref.subview %Y[%p_21, 0] [64, 64] [1, 1]
      : !Y to memref<64x64xf32, strided<[64, 1], offset: ?>>
    linalg.copy
      ins(%acc : memref<64x64xf32, 2 : i64>)
      outs(%s_23 : memref<64x64xf32, strided<[64, 1], offset: ?>>)
  }
  func.return
}
"""
"""m0 is read column by column by a product, and transposed: its pages stand in columns."""


@pytest.mark.parametrize("text", [UPDATED_ASIDE, REPLACED_WITHIN, TWO_ORDERS])
def test_every_level_keeps_every_bit(text: str) -> None:
    module = parse_module(text, "kernel.mlir")
    func = module.body.block.first_op
    assert isinstance(func, FuncOp)
    rng = np.random.default_rng(0)
    inputs = [rng.integers(-2, 3, p.shape).astype(np.float32) for p in parameters(func) if p.read]
    (expected,) = evaluate(func, inputs)
    assert np.isfinite(expected).any()
    for level, current in lower(make_context(), module):
        kernel = current.body.block.first_op
        assert kernel is not None
        if isinstance(kernel, FuncOp):
            (found,) = evaluate(kernel, inputs)
        else:
            (found,), _ = simulate(kernel, inputs)  # type: ignore[arg-type]
        assert np.array_equal(expected, found, equal_nan=True), level
