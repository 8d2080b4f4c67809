"""Two products, elementwise stages and a reduction in one kernel, in every legal order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import tt_dialect

SQUARE = "memref<64x64xf32, 2 : i64>"
SHARED = "memref<64x64xbf16, 1 : i64>"
BLOCK = "memref<64x64xbf16, strided<[64, 1], offset: ?>>"
WIDE = "memref<64x64xf32, strided<[64, 1], offset: ?>>"
VECTOR = "memref<64xf32, 2 : i64>"
PART = "memref<64xf32, strided<[1], offset: ?>>"
ID = "affine_map<(d0, d1) -> (d0, d1)>"
ROW = "affine_map<(d0, d1) -> (d0)>"
PRODUCT = (
    "affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, "
    "affine_map<(d0, d1, d2) -> (d0, d1)>"
)


def product(a: str, b: str, into: str) -> str:
    """`into += a @ b`"""
    return f"""
      linalg.generic {{indexing_maps = [{PRODUCT}],
          iterator_types = ["parallel", "parallel", "reduction"]}}
          ins({a}, {b} : {SHARED}, {SHARED}) outs({into} : {SQUARE}) {{
      ^bb0(%p: bf16, %q: bf16, %o: f32):
        %pw = arith.extf %p : bf16 to f32
        %qw = arith.extf %q : bf16 to f32
        %m = arith.mulf %pw, %qw : f32
        %n = arith.addf %o, %m : f32
        linalg.yield %n : f32
      }}"""


def elementwise(ins: Sequence[str], into: str, body: str) -> str:
    """`into = body` of whole blocks; `%o` is the target's element, `%i0..` the inputs'."""
    maps = ", ".join([ID] * (len(ins) + 1))
    types = ", ".join([SQUARE] * len(ins))
    args = "".join(f"%i{n}: f32, " for n in range(len(ins)))
    head = f"ins({', '.join(ins)} : {types}) " if ins else ""
    return f"""
      linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel", "parallel"]}}
          {head}outs({into} : {SQUARE}) {{
      ^bb0({args}%o: f32):
        {body}
        linalg.yield %r : f32
      }}"""


STATEMENTS = {
    "product x": product("%a", "%b", "%x"),
    "product y": product("%a", "%c", "%y"),
    "relu y": elementwise([], "%y", "%r = arith.maximumf %o, %zero : f32"),
    "add": elementwise(["%y"], "%x", "%r = arith.addf %o, %i0 : f32"),
    "sum": f"""
      linalg.fill ins(%zero : f32) outs(%s : {VECTOR})
      linalg.generic {{indexing_maps = [{ID}, {ROW}], iterator_types = ["parallel", "reduction"]}}
          ins(%x : {SQUARE}) outs(%s : {VECTOR}) {{
      ^bb0(%i: f32, %o: f32):
        %r = arith.addf %o, %i : f32
        linalg.yield %r : f32
      }}""",
    "halve": elementwise(
        [], "%x", "%h = arith.constant 5.0e-01 : f32\n        %r = arith.mulf %o, %h : f32"
    ),
}
"""The statements of the kernel, on blocks x and y of float32 and a vector s."""


def program(order: Sequence[str]) -> str:
    """The kernel with its statements in some order."""
    loads = "".join(
        f"""
      %{n}v = memref.subview %{n.upper()}[%row, 0] [64, 64] [1, 1] : memref<128x64xbf16>
          to {BLOCK}
      linalg.copy ins(%{n}v : {BLOCK}) outs(%{n} : {SHARED})"""
        for n in "abc"
    )
    return f"""
func.func @mixed(%A: memref<128x64xbf16>, %B: memref<128x64xbf16>, %C: memref<128x64xbf16>,
                 %X: memref<128x64xf32>, %S: memref<128xf32>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%g) = (%c0) to (%c2) step (%c1) {{
      %a = memref.alloc() : {SHARED}
      %b = memref.alloc() : {SHARED}
      %c = memref.alloc() : {SHARED}
      %x = memref.alloc() : {SQUARE}
      %y = memref.alloc() : {SQUARE}
      %s = memref.alloc() : {VECTOR}
      %row = arith.muli %g, %c64 : index{loads}
      linalg.fill ins(%zero : f32) outs(%x : {SQUARE})
      linalg.fill ins(%zero : f32) outs(%y : {SQUARE}){"".join(STATEMENTS[name] for name in order)}
      %Xv = memref.subview %X[%row, 0] [64, 64] [1, 1] : memref<128x64xf32>
          to {WIDE}
      linalg.copy ins(%x : {SQUARE}) outs(%Xv : {WIDE})
      %Sv = memref.subview %S[%row] [64] [1] : memref<128xf32> to {PART}
      linalg.copy ins(%s : {VECTOR}) outs(%Sv : {PART})
      scf.reduce
  }}
  func.return
}}
"""


def expected(order: Sequence[str], a, b, c):
    """What the statements say, in float64, block of rows by block of rows."""
    xs, sums = [], []
    for row in (0, 64):
        block = slice(row, row + 64)
        values = {"x": np.zeros((64, 64)), "y": np.zeros((64, 64)), "s": np.zeros(64)}
        for name in order:
            match name:
                case "product x":
                    values["x"] = values["x"] + a[block] @ b[block]
                case "product y":
                    values["y"] = values["y"] + a[block] @ c[block]
                case "relu y":
                    values["y"] = np.maximum(values["y"], 0)
                case "add":
                    values["x"] = values["x"] + values["y"]
                case "sum":
                    values["s"] = values["x"].sum(axis=1)
                case "halve":
                    values["x"] = values["x"] / 2
        xs.append(values["x"])
        sums.append(values["s"])
    return np.concatenate(xs), np.concatenate(sums)


def run(tmp_path: Path, order: Sequence[str], engine: str = "sim"):
    path = tmp_path / "mixed.mlir"
    path.write_text(program(order))
    kernel = tt_dialect.compile(path)
    random = np.random.default_rng(0)
    inputs = [random.standard_normal((128, 64)).astype(ml_dtypes.bfloat16) for _ in range(3)]
    results = kernel.run(*inputs, engine=engine)
    return [np.asarray(r, np.float64) for r in results], [i.astype(np.float64) for i in inputs]


LEGAL = [o for o in permutations(STATEMENTS) if o.index("product y") < o.index("add")]
"""In the others nothing reads the second product, and the kernel does not read C."""
ORDERS = LEGAL[::15]
"""24 of 360, spread over all of them."""


@pytest.mark.parametrize("order", ORDERS, ids=lambda o: "-".join(n.replace(" ", "_") for n in o))
def test_every_order_computes_what_it_says(order: tuple[str, ...], tmp_path: Path) -> None:
    (x, s), inputs = run(tmp_path, order)
    want_x, want_s = expected(order, *inputs)
    assert np.abs(x - want_x).max() <= 2.0**-9 * np.abs(want_x).max() + 1e-6
    assert np.abs(s - want_s).max() <= 2.0**-7 * max(np.abs(want_s).max(), 1e-6)


def test_independent_statements_may_be_swapped(tmp_path: Path) -> None:
    first = ("product x", "product y", "relu y", "halve", "add", "sum")
    second = ("product y", "relu y", "product x", "halve", "add", "sum")
    for one, other in zip(run(tmp_path, first)[0], run(tmp_path, second)[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_natively(tmp_path: Path) -> None:
    order = tuple(STATEMENTS)
    simulated, _ = run(tmp_path, order)
    native, _ = run(tmp_path, order, engine="native")
    for one, other in zip(simulated, native, strict=True):
        np.testing.assert_array_equal(one, other)
