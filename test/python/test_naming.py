"""Names of parameters that users may choose: nothing is decided by them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tt_dialect
from tt_dialect.api import load
from tt_dialect.diagnostics import CompileError

TEXT = """
func.func @scaled(%X: memref<64x64xf32> {{tt.name = "{x}"}}, %n: f32 {{tt.name = "{n}"}}, %Y: memref<64x64xf32> {{tt.name = "{y}"}}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%by, %bx) = (%c0, %c0) to (%c2, %c2) step (%c1, %c1) {{
    %m = arith.muli %by, %c32 : index
    %k = arith.muli %bx, %c32 : index
    %x = memref.subview %X[%m, %k] [32, 32] [1, 1] : memref<64x64xf32> to memref<32x32xf32, strided<[64, 1], offset: ?>>
    %y = memref.subview %Y[%m, %k] [32, 32] [1, 1] : memref<64x64xf32> to memref<32x32xf32, strided<[64, 1], offset: ?>>
    linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}} ins(%x : memref<32x32xf32, strided<[64, 1], offset: ?>>) outs(%y : memref<32x32xf32, strided<[64, 1], offset: ?>>) {{
    ^bb0(%a: f32, %b: f32):
      %r = arith.mulf %a, %n : f32
      linalg.yield %r : f32
    }}
    scf.reduce
  }}
  func.return
}}
"""  # noqa: E501

Make = Callable[[str, str, str], str]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(x: str, n: str, y: str) -> str:
        path = tmp_path / "kernel.mlir"
        path.write_text(TEXT.format(x=x, n=n, y=y), encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize(
    ("x", "n", "y", "tensors", "arguments"),
    [
        ("X", "count", "Y", ["X", "Y"], ["X_addr", "Y_addr", "count_2"]),
        ("X", "start_id", "Y", ["X", "Y"], ["X_addr", "Y_addr", "start_id_2"]),
        ("X", "X_addr", "Y", ["X", "Y"], ["X_addr", "Y_addr", "X_addr_2"]),
        ("X", "scale", "X", ["X", "X_2"], ["X_addr", "X_2_addr", "scale"]),
        ("X_2", "scale", "X_2", ["X_2", "X_2_2"], ["X_2_addr", "X_2_2_addr", "scale"]),
        ("my x", "1", "my_x", ["my x", "my_x"], ["my_x_addr", "my_x_2_addr", "v1"]),
        ("é", "Mt", "int", ["é", "int"], ["__addr", "int_addr", "Mt_2"]),
    ],
)
def test_any_name_compiles(
    make: Make, x: str, n: str, y: str, tensors: list[str], arguments: list[str], tmp_path: Path
) -> None:
    """Plans and calls have the user's names, numbered where equal; runtime arguments differ."""
    kernel = tt_dialect.compile(make(x, n, y))
    assert list(kernel.plan["layouts"]) == tensors
    assert [a["name"] for a in kernel.plan["abi"]][:3] == arguments
    values = np.arange(4096, dtype=np.float32).reshape(64, 64)
    named: dict[str, Any] = {n: 2.0}
    np.testing.assert_array_equal(kernel(values, **named), 2 * values)
    kernel.write(tmp_path / "out")
    np.testing.assert_array_equal(load(tmp_path / "out").run(values, 3.0), 3 * values)


def test_an_annotation_uses_the_users_name(make: Make) -> None:
    layout = {"strategy": "height", "grid": [2]}
    kernel = tt_dialect.compile(make("my x", "n", "my x"), layout={"my x_2": layout})
    assert [t["nd_shard"] is None for t in kernel.plan["layouts"].values()] == [True, False]
    with pytest.raises(CompileError, match="no buffer 'my_x'"):
        tt_dialect.compile(make("my x", "n", "Y"), layout={"my_x": layout})
