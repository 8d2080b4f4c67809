"""Programs the passes must refuse, and unusual ones they must take."""

from __future__ import annotations

import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from tt_dialect.analysis.index import range_of, slope_of
from tt_dialect.diagnostics import CompileError
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.partition_work import PartitionWorkPass
from tt_dialect.passes.pipeline import lower
from tt_dialect.passes.verify import verify_module

COPY = """
func.func @{name}(%X: memref<128x64xbf16>, %Y: memref<128x64xbf16>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant {blocks} : index
  %c64 = arith.constant 64 : index
  scf.parallel (%row) = (%c0) to (%c2) step (%c1) {{
    %tile = memref.alloc() : memref<64x64xbf16, 1 : i64>
    %m = arith.muli %row, %c64 : index
    %x = memref.subview %X[%m, 0] [64, 64] [1, 1] : memref<128x64xbf16> to memref<64x64xbf16, strided<[64, 1], offset: ?>>
    linalg.copy ins(%x : memref<64x64xbf16, strided<[64, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
    %y = memref.subview %Y[%m, 0] [64, 64] [1, 1] : memref<128x64xbf16> to memref<64x64xbf16, strided<[64, 1], offset: ?>>
    linalg.copy ins(%tile : memref<64x64xbf16, 1 : i64>) outs(%y : memref<64x64xbf16, strided<[64, 1], offset: ?>>)
  }}
  func.return
}}
"""


READ_AFTER_WRITE = """
func.func @chain(%X: memref<32x256xbf16> {tt.name = "X"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    %s = memref.alloc() {tt.name = "s"} : memref<32x32xbf16, 1 : i64>
    scf.for %k = %c0 to %c7 step %c1 {
      %m = arith.muli %k, %c32 : index
      %n = arith.addi %m, %c32 : index
      %from = memref.subview %X[0, %m] [32, 32] [1, 1] : memref<32x256xbf16> to memref<32x32xbf16, strided<[256, 1], offset: ?>>
      linalg.copy ins(%from : memref<32x32xbf16, strided<[256, 1], offset: ?>>) outs(%s : memref<32x32xbf16, 1 : i64>)
      %to = memref.subview %X[0, %n] [32, 32] [1, 1] : memref<32x256xbf16> to memref<32x32xbf16, strided<[256, 1], offset: ?>>
      linalg.copy ins(%s : memref<32x32xbf16, 1 : i64>) outs(%to : memref<32x32xbf16, strided<[256, 1], offset: ?>>)
    }
  }
  func.return
}
"""


def lowered(text: str) -> ModuleOp:
    module = parse_module(text)
    for _ in lower(make_context(), module):
        pass
    return module


def test_an_empty_launch_grid_is_an_error() -> None:
    module = parse_module(COPY.format(name="copy", blocks=0))
    with pytest.raises(CompileError):
        PartitionWorkPass().apply(make_context(), module)


def constant(value: int) -> SSAValue:
    return arith.ConstantOp.from_int_and_width(value, IndexType()).result


def test_slope_through_a_cast() -> None:
    iv = constant(3)
    there = arith.IndexCastOp(iv, IndexType()).result
    assert slope_of(there, iv) in (None, 1)


@pytest.mark.parametrize("kind", [arith.RemSIOp, arith.RemUIOp, arith.DivUIOp, arith.MinUIOp])
def test_negative_operands_have_no_false_range(kind: type) -> None:
    bounds = range_of(kind(constant(-5), constant(3)).result)
    if kind is arith.RemSIOp:
        assert bounds is None or bounds.low <= -2 <= bounds.high
    else:
        assert bounds is None


def test_two_kernels_in_a_module() -> None:
    module = lowered(COPY.format(name="a", blocks=2) + COPY.format(name="b", blocks=2))
    assert verify_module(module) == []


def test_a_tensor_read_after_it_was_written_is_refused() -> None:
    with pytest.raises(CompileError):
        lowered(READ_AFTER_WRITE)


def test_a_missing_wait_is_reported() -> None:
    module = lowered(COPY.format(name="copy", blocks=2))
    assert not isinstance(module.body.block.first_op, FuncOp)
    wait = next(op for op in module.walk() if op.name == "tt.cb.wait_front")
    wait.detach()
    assert verify_module(module)


def test_two_readers_on_disjoint_cores() -> None:
    module = parse_module("""
    !cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
    tt.program "p" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [2], block_tiles [1, 1], tiles [1, 2], work [<1, <<[0, 0], [2, 1]>>>]> decisions [] {
      %s = tt.cb.alloc "s" id 0 : !cb
      tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
        tt.cb.reserve_back %s, 1 : !cb
        tt.cb.push_back %s, 1 : !cb
      }
      tt.thread "reader" on "riscv_1" noc 0 cores <<[1, 0], [1, 1]>> {
        tt.cb.reserve_back %s, 1 : !cb
        tt.cb.push_back %s, 1 : !cb
      }
      tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [2, 1]>> {
        tt.cb.wait_front %s, 1 : !cb
        tt.cb.pop_front %s, 1 : !cb
      }
    }
    """)
    assert verify_module(module) == []
