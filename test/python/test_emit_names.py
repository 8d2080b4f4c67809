"""Names of tensors never meet names of the host program."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import tt_dialect
from tt_dialect.emit.cpp import CPP_RESERVED, KEYWORDS
from tt_dialect.emit.host_text import HOST_RESERVED

HEADERS = Path(tt_dialect.__file__).parent / "run" / "include"

KERNEL = """
func.func @{kernel}(%a: memref<64x64xbf16> {{tt.name = "{first}"}}, %b: memref<64x64xf32> {{tt.name = "{second}"}}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {{
    linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}} ins(%a : memref<64x64xbf16>) outs(%b : memref<64x64xf32>) {{
    ^bb0(%x: bf16, %o: f32):
      %w = arith.extf %x : bf16 to f32
      linalg.yield %w : f32
    }}
  }}
  func.return
}}
"""


def host(tmp_path: Path, first: str, second: str, kernel: str = "zz_kernel") -> str:
    source = tmp_path / "kernel.mlir"
    source.write_text(KERNEL.format(kernel=kernel, first=first, second=second))
    return tt_dialect.compile(source).sources["main.cpp"]


def test_the_reserved_names_are_those_that_are_printed(tmp_path: Path) -> None:
    text = host(tmp_path, "zz_first", "zz_second")
    text = re.sub(r"//.*|\"[^\"\n]*\"|#.*|\b\d\w*", "", text)
    body = text[: text.index("zz_kernel_reference")] + text[text.index("int main()") :]
    words = {w for w in re.findall(r"[A-Za-z_]\w*", body) if not w.startswith("zz_")}
    known = {*HOST_RESERVED, *CPP_RESERVED, *KEYWORDS}
    assert not {w for w in words - known if not re.fullmatch(r"c_\d+|i|j", w)}


@pytest.mark.parametrize(
    ("first", "second"),
    [("queue", "bfloat16"), ("EOF", "compute_config"), ("std", "cores_ranges"), ("main", "T")],
)
def test_unfortunate_names_compile(tmp_path: Path, first: str, second: str) -> None:
    file = tmp_path / "main.cpp"
    file.write_text(host(tmp_path, first, second))
    command = ["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
    done = subprocess.run(
        [*command, f"-I{HEADERS}", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
