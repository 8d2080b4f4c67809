"""The sequential evaluator on hand-written functions of each level, whole and broken."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.func import FuncOp

from tt_dialect.diagnostics import CompileError
from tt_dialect.mlir_text import parse_module
from tt_dialect.run.evaluator import evaluate
from tt_dialect.run.numerics import Fidelity, Format, load, matmul_tile_step, round_to

RNG = np.random.default_rng(0)


def function(text: str) -> FuncOp:
    module = parse_module(text, "kernel.mlir")
    module.verify()
    return next(op for op in module.walk() if isinstance(op, FuncOp))


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape, dtype=np.float32)


def product(a: np.ndarray, b: np.ndarray, fmt: Format, acc: Format, fidelity: Fidelity):
    """The product in the one arithmetic, k tile by k tile."""
    result = np.zeros((a.shape[0], b.shape[1]), np.float32)
    for k in range(0, a.shape[1], 32):
        step = slice(k, k + 32)
        result = matmul_tile_step(result, a[:, step], b[step], fmt, fidelity, acc)
    return result


# -- TILE ------------------------------------------------------------------------------------------

TILE = """
#a = affine_map<(d0, d1, d2) -> ({A})>
#b = affine_map<(d0, d1, d2) -> ({B})>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @gemm(%A: memref<{ashape}x{t}>, %B: memref<{bshape}x{t}>, %C: memref<128x96xbf16>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : {acc}
  "scf.parallel"(%c0, %c0, %c3, %c2, %c1, %c1) <{{operandSegmentSizes = array<i32: 2,2,2,0>}}> ({{
  ^bb0(%bx: index, %by: index):
    %As = memref.alloc() : memref<{ablock}x{t}, 1>
    %Bs = memref.alloc() : memref<{bblock}x{t}, 1>
    %Cl = memref.alloc() : memref<64x32x{acc}, 2>
    {fill}
    scf.for %ko = %c0 to %c2 step %c1 {{
      %m = arith.muli %by, %c64 : index
      %n = arith.muli %bx, %c32 : index
      %k = arith.muli %ko, %c64 : index
      %av = memref.subview %A[{ai}] [{ab}] [1, 1] : memref<{ashape}x{t}> to memref<{ablock}x{t}, strided<[{as_}, 1], offset: ?>>
      linalg.copy ins(%av : memref<{ablock}x{t}, strided<[{as_}, 1], offset: ?>>) outs(%As : memref<{ablock}x{t}, 1>)
      %bv = memref.subview %B[{bi}] [{bb}] [1, 1] : memref<{bshape}x{t}> to memref<{bblock}x{t}, strided<[{bs}, 1], offset: ?>>
      linalg.copy ins(%bv : memref<{bblock}x{t}, strided<[{bs}, 1], offset: ?>>) outs(%Bs : memref<{bblock}x{t}, 1>)
      linalg.generic {{indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}}
          ins(%As, %Bs : memref<{ablock}x{t}, 1>, memref<{bblock}x{t}, 1>) outs(%Cl : memref<64x32x{acc}, 2>) {{
      ^bb1(%a: {t}, %b: {t}, %c: {acc}):
        {body}
        %p = arith.mulf %aw, %bw : {acc}
        %s = arith.addf %c, %p : {acc}
        linalg.yield %s : {acc}
      }}
    }}
    %m2 = arith.muli %by, %c64 : index
    %n2 = arith.muli %bx, %c32 : index
    %cv = memref.subview %C[%m2, %n2] [64, 32] [1, 1] : memref<128x96xbf16> to memref<64x32xbf16, strided<[96, 1], offset: ?>>
    linalg.generic {{indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}}
        ins(%Cl : memref<64x32x{acc}, 2>) outs(%cv : memref<64x32xbf16, strided<[96, 1], offset: ?>>) {{
    ^bb2(%x: {acc}, %o: bf16):
      {cast}
    }}
    "scf.reduce"() : () -> ()
  }}) : (index, index, index, index, index, index) -> ()
  func.return
}}
"""  # noqa: E501


def tile_gemm(ta: bool, tb: bool, t: str = "bf16", acc: str = "f32", fill: bool = True) -> FuncOp:
    ashape, ablock, ai = ("128x128", "64x64", "%k, %m") if ta else ("128x128", "64x64", "%m, %k")
    bshape, bblock, bi = ("96x128", "32x64", "%n, %k") if tb else ("128x96", "64x32", "%k, %n")
    widen = (
        "" if t == acc else "%aw = arith.extf %a : {t} to {acc}\n%bw = arith.extf %b : {t} to {acc}"
    )
    text = TILE.format(
        A="d2, d0" if ta else "d0, d2",
        B="d1, d2" if tb else "d2, d1",
        ashape=ashape,
        bshape=bshape,
        ablock=ablock,
        bblock=bblock,
        ai=ai,
        bi=bi,
        ab=ablock.replace("x", ", "),
        bb=bblock.replace("x", ", "),
        as_="128",
        bs="128" if tb else "96",
        t=t,
        acc=acc,
        fill=f"linalg.fill ins(%zero : {acc}) outs(%Cl : memref<64x32x{acc}, 2>)" if fill else "",
        body=widen.format(t=t, acc=acc),
        cast="linalg.yield %x : bf16"
        if acc == "bf16"
        else f"%q = arith.truncf %x : {acc} to bf16\nlinalg.yield %q : bf16",
    )
    if t == acc:
        text = text.replace("%aw", "%a").replace("%bw", "%b")
    return function(text)


@pytest.mark.parametrize("ta", [False, True])
@pytest.mark.parametrize("tb", [False, True])
@pytest.mark.parametrize("fidelity", Fidelity)
def test_tile_gemm(ta: bool, tb: bool, fidelity: Fidelity) -> None:
    a, b = normal(128, 128), normal(96, 128) if tb else normal(128, 96)
    (got,) = evaluate(tile_gemm(ta, tb), [a, b], fidelity=fidelity)
    ar, br = load(a, Format.BF16), load(b, Format.BF16)
    left, right = ar.T if ta else ar, br.T if tb else br
    expected = product(left, right, Format.BF16, Format.FP32, fidelity)
    assert np.array_equal(got, round_to(expected, Format.BF16))


@pytest.mark.parametrize(("t", "acc"), [("bf16", "bf16"), ("f16", "f32"), ("f32", "f32")])
def test_tile_formats(t: str, acc: str) -> None:
    a, b = normal(128, 128), normal(128, 96)
    (got,) = evaluate(tile_gemm(False, False, t, acc), [a, b])
    ar, br = load(a, Format(t)), load(b, Format(t))
    expected = product(ar, br, Format(t), Format(acc), Fidelity.HIFI4)
    assert np.array_equal(got, round_to(expected, Format.BF16))


def test_exact_rounds_only_the_inputs() -> None:
    a, b = normal(128, 128), normal(128, 96)
    (got,) = evaluate(tile_gemm(False, False), [a, b], exact=True)
    ar, br = (load(x, Format.BF16).astype(np.float64) for x in (a, b))
    assert got.dtype == np.float64
    assert np.allclose(got, ar @ br, rtol=1e-13)


def test_uninitialised_accumulator_shows() -> None:
    (got,) = evaluate(tile_gemm(False, False, fill=False), [normal(128, 128), normal(128, 96)])
    assert np.isnan(got).all()


def test_inputs_are_checked_and_kept() -> None:
    f = tile_gemm(False, False)
    a, b = normal(128, 128), normal(128, 96)
    before = a.copy()
    evaluate(f, [a, b])
    assert np.array_equal(a, before)
    with pytest.raises(CompileError, match=r"kernel\.mlir:6:1: error: 1 inputs given"):
        evaluate(f, [a])
    with pytest.raises(CompileError, match=r"input B has shape \[128, 128\]"):
        evaluate(f, [a, a])


ODDS = """
#row = affine_map<(d0, d1) -> (d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>
func.func @odds(%X: memref<3x40x48xf32>, %v: memref<48xf32>, %Y: memref<40x48xbf16>, %Z: memref<48x40xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %half = arith.constant 0.5 : f32
  %i = arith.remsi %c5, %c2 : index
  %less = arith.cmpi slt, %i, %c2 : index
  %j = arith.select %less, %i, %c5 : index
  %x = memref.subview %X[%j, 0, 0] [1, 40, 48] [1, 1, 1] : memref<3x40x48xf32> to memref<40x48xf32, strided<[48, 1], offset: ?>>
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %v : memref<40x48xf32, strided<[48, 1], offset: ?>>, memref<48xf32>) outs(%Y : memref<40x48xbf16>) {
  ^bb0(%a: f32, %b: f32, %o: bf16):
    %s = arith.addf %a, %b : f32
    %m = arith.mulf %s, %half : f32
    %q = arith.truncf %m : f32 to bf16
    linalg.yield %q : bf16
  }
  scf.for %r = %c0 to %c5 step %c1 {
    %first = arith.cmpi eq, %r, %c0 : index
    scf.if %first {
      linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]}
          ins(%x : memref<40x48xf32, strided<[48, 1], offset: ?>>) outs(%Z : memref<48x40xf32>) {
      ^bb1(%a: f32, %o: f32):
        linalg.yield %a : f32
      }
    } else {
      linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%Z : memref<48x40xf32>) {
      ^bb2(%o: f32):
        %d = arith.addf %o, %o : f32
        linalg.yield %d : f32
      }
    }
  }
  func.return
}
"""  # noqa: E501


def test_elementwise_branches_and_shapes() -> None:
    """Rank reduction, broadcast, transpose, an update in place (Z is read and written)."""
    f = function(ODDS)
    x, v, z = normal(3, 40, 48), normal(48), normal(48, 40)
    y, z = evaluate(f, [x, v, z])
    total = (x[1].astype(np.float64) + v).astype(np.float32)
    assert np.array_equal(y, round_to(total * np.float32(0.5), Format.BF16))
    assert np.array_equal(z, x[1].T * 16)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("%X[%j, 0, 0]", "%X[%c5, 0, 0]", r"region \[5, 6\) leaves dimension 0 of extent 3"),
        ("arith.addf %a, %b", "math.atan2 %a, %b", "math.atan2 cannot be executed"),
        ("%c2 = arith.constant 2", "%c2 = arith.constant 0", "arith.remsi fails: .*zero"),
        ("f32", "f64", "element type f64 cannot be executed"),
    ],
)
def test_errors_are_located(before: str, after: str, message: str) -> None:
    assert before in ODDS
    with pytest.raises(CompileError, match=rf"kernel\.mlir:\d+:\d+: error: .*{message}"):
        evaluate(
            function(ODDS.replace(before, after)), [normal(3, 40, 48), normal(48), normal(48, 40)]
        )


# -- CORE and TILED --------------------------------------------------------------------------------

ABI = """attributes {
  tt.abi = #tt.abi<address "A_addr" = 0, address "B_addr" = 1, address "C_addr" = 2,
                   start "start_id" = 0, count "count" = 0>,
  tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2, 3],
                   block_tiles [2, 1], tiles [4, 3], work [<2, <<[0, 0], [3, 1]>>>]>}"""

TILED = """
func.func @gemm(%A: memref<128x100xbf16>, %B: memref<100x96xbf16>, %C: memref<128x96xbf16>,
                %start: index, %count: index) ABI {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %count step %c1 {
    %id = arith.addi %start, %i : index
    %by = arith.divui %id, %c3 : index
    %bx = arith.remui %id, %c3 : index
    %m = arith.muli %by, %c2 : index
    %zero = tt.compute.fill 0.000000e+00 request <0, "C", stages 1, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>>
    %acc = scf.for %k = %c0 to %c4 step %c1 iter_args(%c = %zero) -> (!tt.layout.block<2x1, tile<32x32, f32>>) {
      %a = tt.noc.load_block %A[%m, %k] request <1, "A", stages 2, by "default"> : memref<128x100xbf16> -> !tt.layout.block<2x1, tile<32x32, bf16>>
      %b = tt.noc.load_block %B[%k, %bx] request <2, "B", stages 2, by "default"> : memref<100x96xbf16> -> !tt.layout.block<1x1, tile<32x32, bf16>>
      %n = tt.compute.matmul %a, %b into %c : !tt.layout.block<2x1, tile<32x32, bf16>>, !tt.layout.block<1x1, tile<32x32, bf16>> -> !tt.layout.block<2x1, tile<32x32, f32>>
      scf.yield %n : !tt.layout.block<2x1, tile<32x32, f32>>
    }
    %o = tt.compute.copy %acc request <3, "O", stages 2, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, bf16>>
    tt.noc.store_block %o, %C[%m, %bx] : !tt.layout.block<2x1, tile<32x32, bf16>>, memref<128x96xbf16>
  }
  func.return
}
"""  # noqa: E501


def tiled(text: str = TILED) -> FuncOp:
    return function(text.replace("ABI", ABI))


def test_tiled_runs_once_per_core() -> None:
    """Six blocks on three cores; the last k tile hangs over the tensors and reads zeros."""
    a, b = normal(128, 100), normal(100, 96)
    (got,) = evaluate(tiled(), [a, b])
    expected = product(
        load(a, Format.BF16), load(b, Format.BF16), Format.BF16, Format.FP32, Fidelity.HIFI4
    )
    assert np.array_equal(got, round_to(expected, Format.BF16))
    (exact,) = evaluate(tiled(), [a, b], exact=True)
    assert np.abs(exact - got).max() < 0.5


def test_cores_without_work_leave_pages() -> None:
    fewer = ABI.replace("blocks [2, 3]", "blocks [1, 3]").replace("work [<2", "work [<1")
    f = function(TILED.replace("ABI", fewer))
    (got,) = evaluate(f, [normal(128, 100), normal(100, 96)])
    assert np.isnan(got[64:]).all()
    assert not np.isnan(got[:64]).any()


def test_tiled_block_out_of_range() -> None:
    with pytest.raises(CompileError, match=r"tiles \[4, 5\) leave dimension 1 of 4 tiles"):
        evaluate(
            tiled(TILED.replace("%A[%m, %k]", "%A[%m, %c4]")), [normal(128, 100), normal(100, 96)]
        )


# -- BUFFERED --------------------------------------------------------------------------------------

BUFFERED = """
func.func @copy(%X: memref<64x96xbf16>, %Y: memref<64x96xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %in = tt.cb.alloc "X_shared" : !CB
  %out = tt.cb.alloc "Y_shared" : !CB
  %x = tt.noc.accessor %X : memref<64x96xbf16> -> !T
  %y = tt.noc.accessor %Y : memref<64x96xbf16> -> !T
  scf.for %r = %c0 to %c2 step %c1 {
    tt.cb.reserve_back %in, 3 : !CB
    %p = tt.cb.write_ptr %in : !CB
    scf.for %c = %c0 to %c3 step %c1 {
      %t = arith.muli %r, %c3 : index
      %page = arith.addi %t, %c : index
      tt.noc.read_page %x[%page], %p[%c] : !T
    }
    tt.noc.read_barrier
    tt.cb.push_back %in, 3 : !CB
    tt.cb.wait_front %in, 3 : !CB
    %d = tt.compute.dst : !tt.compute.dst<3, bf16>
    tt.compute.copy_block %in[%c0], %d : !CB, !tt.compute.dst<3, bf16>
    tt.cb.pop_front %in, 3 : !CB
    tt.cb.reserve_back %out, 3 : !CB
    tt.compute.pack_block %d, %out : !tt.compute.dst<3, bf16>, !CB
    tt.cb.push_back %out, 3 : !CB
    tt.cb.wait_front %out, 3 : !CB
    %q = tt.cb.read_ptr %out : !CB
    scf.for %c = %c0 to %c3 step %c1 {
      %t = arith.muli %r, %c3 : index
      %page = arith.addi %t, %c : index
      tt.noc.write_page %y[%page], %q[%c] : !T
    }
    tt.noc.write_barrier
    tt.cb.pop_front %out, 3 : !CB
  }
  func.return
}
"""


def buffered(text: str = BUFFERED) -> FuncOp:
    buffer = 'buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">'
    text = text.replace("!CB", "!tt.cb.buffer<tile<32x32, bf16>, block 1x3, pages 3, row_major>")
    return function(text.replace("!T", f"!tt.noc.accessor<[64, 96], {buffer}>"))


def test_buffered_copy() -> None:
    x = normal(64, 96)
    (y,) = evaluate(buffered(), [x])
    assert np.array_equal(y, load(x, Format.BF16))
    with pytest.raises(CompileError, match="no exact evaluation"):
        evaluate(buffered(), [x], exact=True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tt.cb.reserve_back %in", "write pointer of 'X_shared' taken with nothing reserved"),
        ("tt.cb.reserve_back %out", "'Y_shared' are written outside the reserved window"),
        ("tt.cb.push_back %in", "blocks in wait_front of 'X_shared' for 3 filled pages"),
        ("tt.cb.wait_front %in", "'X_shared' are read outside the window of 0 tiles"),
        ("tt.cb.pop_front %in", "blocks in reserve_back of 'X_shared' for 3 free pages"),
        ("tt.cb.wait_front %out", "read pointer of 'Y_shared' taken with nothing waited for"),
        ("tt.noc.read_barrier", "push_back to 'X_shared' before the reads"),
        ("tt.noc.write_barrier", "pop_front from 'Y_shared' before the writes"),
    ],
)
def test_buffered_protocol(line: str, message: str) -> None:
    lines = BUFFERED.split("\n")
    kept = [text for text in lines if line not in text]
    assert len(kept) == len(lines) - 1
    with pytest.raises(CompileError, match=message) as caught:
        evaluate(buffered("\n".join(kept)), [normal(64, 96)])
    assert "kernel.mlir:" in str(caught.value)
