# ruff: noqa: E501
"""The host reference of every kernel: it is laid out, it compiles, it computes the TILE program."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from xdsl.dialects.builtin import bf16, f16, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from tt_dialect.api import import_tile
from tt_dialect.diagnostics import CompileError
from tt_dialect.emit.host_elements import literal
from tt_dialect.emit.host_reference import Reference, print_reference
from tt_dialect.run import evaluate
from tt_dialect.tensors import Tensor, default_inputs, tensors_of

ROOT = Path(__file__).parents[2]
INCLUDE = ROOT / "tt_dialect" / "run" / "include"
STYLE = ROOT / "tt_dialect" / "emit" / ".clang-format"
BESIDE_PYTHON = Path(sys.executable).with_name("clang-format")
CLANG_FORMAT = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else shutil.which("clang-format")
FOLDERS = ("examples", "test/data/tir/tile", "test/data/tir/tvm", "test/data/tir/upstream")
SOURCES = sorted(p for folder in FOLDERS for p in (ROOT / folder).glob("*.tir.json"))
EXAMPLES = sorted(p for p in SOURCES if p.parent.name == "examples")

Floats = npt.NDArray[np.float32]

HANDMADE = """
func.func @handmade(%x: memref<8x6xf32> {tt.name = "x"}, %v: memref<6xbf16> {tt.name = "v"}, %a: f32 {tt.name = "a"}, %n: i32 {tt.name = "maximum"}, %first: memref<6x8xf32> {tt.name = "first"}, %second: memref<6x8xf32> {tt.name = "second"}, %rounded: memref<6xbf16> {tt.name = "rounded"}, %sum: memref<8xf32> {tt.name = "sum"}, %quotients: memref<8xf32> {tt.name = "quotients"}, %masked: memref<8x6xf32> {tt.name = "masked"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %true = arith.constant true
  %low = arith.constant 0xff800000 : f32
  %third = arith.constant 0.3 : bf16
  %limit = arith.index_cast %n : i32 to index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    %flat = memref.alloc() {tt.name = "flat"} : memref<6x1x8xf32, 2 : i64>
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, 0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x : memref<8x6xf32>) outs(%flat : memref<6x1x8xf32, 2 : i64>) {
    ^bb0(%p: f32, %o: f32):
      linalg.yield %p : f32
    }
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%flat : memref<6x1x8xf32, 2 : i64>) outs(%first, %second : memref<6x8xf32>, memref<6x8xf32>) {
    ^bb0(%p: f32, %q: f32, %r: f32):
      %s = arith.mulf %p, %a : f32
      %t = arith.addf %q, %s : f32
      linalg.yield %t, %q : f32, f32
    }
    linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%v : memref<6xbf16>) outs(%rounded : memref<6xbf16>) {
    ^bb0(%p: bf16, %o: bf16):
      %s = arith.mulf %p, %third : bf16
      linalg.yield %s : bf16
    }
    linalg.fill ins(%low : f32) outs(%sum : memref<8xf32>)
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%x : memref<8x6xf32>) outs(%sum : memref<8xf32>) {
    ^bb0(%p: f32, %o: f32):
      %s = math.sqrt %p : f32
      %t = arith.maximumf %o, %s : f32
      linalg.yield %t : f32
    }
    linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%quotients : memref<8xf32>) {
    ^bb0(%o: f32):
      %d = linalg.index 0 : index
      %e = arith.subi %d, %c5 : index
      %f = arith.floordivsi %e, %c5 : index
      %g = arith.remsi %e, %c5 : index
      %h = arith.subi %f, %g : index
      %k = arith.index_cast %h : index to i32
      %s = arith.sitofp %k : i32 to f32
      linalg.yield %s : f32
    }
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x : memref<8x6xf32>) outs(%masked : memref<8x6xf32>) {
    ^bb0(%p: f32, %o: f32):
      %d = linalg.index 0 : index
      %e = linalg.index 1 : index
      %f = arith.cmpi slt, %d, %limit : index
      %g = arith.cmpi sge, %d, %e : index
      %h = arith.xori %g, %true : i1
      %k = arith.xori %f, %h : i1
      %m = arith.negf %p : f32
      %s = arith.select %k, %m, %low : f32
      linalg.yield %s : f32
    }
    scf.reduce
  }
  func.return
}
"""


def kernel_of(source: Path) -> FuncOp:
    return next(op for op in import_tile(str(source)).walk() if isinstance(op, FuncOp))


def reference_of(kernel: FuncOp) -> Reference:
    return print_reference(kernel, [t.is_written for t in tensors_of(kernel)])


def entry(symbol: str, reference: Reference, tensors: tuple[Tensor, ...]) -> str:
    """A C function that calls a reference on an array of pointers to floats."""
    body: list[str] = []
    for i, tensor in enumerate(tensors):
        size = math.prod(tensor.shape)
        if tensor.shape:
            body.append(f"std::vector<float> t{i}(t[{i}], t[{i}] + {size});")
        else:
            kind = "int32_t" if tensor.dtype == np.int32 else "float"
            body.append(f"const auto t{i} = static_cast<{kind}>(t[{i}][0]);")
    body.append(f"{symbol}::{reference.name}({', '.join(f't{i}' for i in range(len(tensors)))});")
    body += [
        f"std::copy(t{i}.begin(), t{i}.end(), t[{i}]);"
        for i, tensor in enumerate(tensors)
        if tensor.is_written
    ]
    text = "\n".join(body)
    return f'extern "C" void run_{symbol}(float** t) {{\n{text}\n}}\n'


def compile_cpp(text: str, source: Path, *options: str) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler is installed")
    headers = ("algorithm", "cmath", "cstdint", "vector", "tt-metalium/bfloat16.hpp")
    source.write_text("".join(f"#include <{h}>\n" for h in headers) + text)
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDE)]
    done = subprocess.run(
        [compiler, *flags, *options, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


class Library:
    """The references of some kernels as C functions."""

    def __init__(self, kernels: dict[str, FuncOp], directory: Path):
        text: list[str] = []
        for name, kernel in kernels.items():
            reference = reference_of(kernel)
            text.append(f"namespace {name} {{\n{reference.text}}}\n")
            text.append(entry(name, reference, tensors_of(kernel)))
        path = directory / "references.so"
        compile_cpp(
            "".join(text), directory / "references.cpp", "-O1", "-fPIC", "-shared", "-o", str(path)
        )
        self.kernels = kernels
        self.library = ctypes.CDLL(str(path))

    def run(self, name: str, inputs: list[npt.NDArray[np.generic]]) -> list[Floats]:
        """The written tensors; those that are not read are zero before."""
        given = iter(inputs)
        tensors = tensors_of(self.kernels[name])
        arrays = [
            np.array(next(given) if t.is_read else np.zeros(t.shape), np.float32, order="C")
            for t in tensors
        ]
        pointers = (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))
        self.library[f"run_{name}"](pointers)
        return [a for a, t in zip(arrays, tensors, strict=True) if t.is_written]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Library:
    kernels = {p.name.removesuffix(".tir.json"): kernel_of(p) for p in EXAMPLES}
    return Library(kernels, tmp_path_factory.mktemp("examples"))


@pytest.mark.parametrize("name", [p.name.removesuffix(".tir.json") for p in EXAMPLES])
def test_example_computes_the_tile_program(name: str, examples: Library) -> None:
    kernel = examples.kernels[name]
    inputs = default_inputs(tensors_of(kernel), seed=1)
    exact = evaluate(kernel, inputs, exact=True)
    for got, want in zip(examples.run(name, list(inputs)), exact, strict=True):
        assert np.isfinite(want).all()
        assert want.any()
        assert np.abs(got - want).max() <= np.abs(want).max() * 2.0**-7


def test_handmade_kernel(tmp_path: Path) -> None:
    """Several outputs, permuted and constant maps, NaN, rounding, negative quotients, scalars."""
    source = tmp_path / "handmade.mlir"
    source.write_text(HANDMADE)
    kernel = kernel_of(source)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 6)).astype(np.float32)
    x[1] = np.abs(x[1])
    v = rng.standard_normal(6).astype(ml_dtypes.bfloat16)
    held = {t.name: rng.standard_normal(t.shape) for t in tensors_of(kernel) if t.is_read}
    held |= {"x": x, "v": v, "a": np.float32(0.5), "maximum": np.int32(3)}
    library = Library({"handmade": kernel}, tmp_path)
    inputs = [np.asarray(held[t.name]) for t in tensors_of(kernel) if t.is_read]
    first, second, rounded, largest, quotients, masked = library.run("handmade", inputs)
    before = held["first"].astype(np.float32)
    assert np.allclose(first, before + x.T * np.float32(0.5), rtol=1e-6)
    assert np.array_equal(second, before)
    third = np.float32(ml_dtypes.bfloat16(0.3))
    assert np.array_equal(rounded, (v.astype(np.float32) * third).astype(ml_dtypes.bfloat16))
    with np.errstate(invalid="ignore"):
        roots = np.sqrt(x).max(axis=1)
    assert np.isnan(roots).any()
    assert np.isfinite(roots).any()
    assert np.allclose(largest, roots, rtol=1e-6, equal_nan=True)
    offsets = np.arange(8) - 5
    assert np.array_equal(quotients, offsets // 5 - np.fmod(offsets, 5))
    rows, cols = np.indices((8, 6))
    keep = (rows < 3) ^ (rows < cols)
    assert np.array_equal(masked, np.where(keep, -x, -np.inf))


def test_references_of_all_kernels_compile_and_are_laid_out(tmp_path: Path) -> None:
    text: list[str] = []
    printed: list[Path] = []
    for number, source in enumerate(SOURCES):
        try:
            kernel = kernel_of(source)
        except CompileError:  # the importer's to explain
            continue
        reference = reference_of(kernel)
        text.append(f"namespace kernel_{number} {{\n\n{reference.text}\n}}  // namespace\n\n")
        tensors = tensors_of(kernel)
        text.append(entry(f"kernel_{number}", reference, tensors))
        printed.append(tmp_path / f"{number}_{source.name.partition('.')[0]}.cpp")
        printed[-1].write_text(reference.text)
    if CLANG_FORMAT is not None:
        command = [CLANG_FORMAT, f"--style=file:{STYLE}", "--dry-run", "--Werror", *printed]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert len(text) > 60
    compile_cpp("".join(text), tmp_path / "all.cpp", "-fsyntax-only")


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (0.1, f32, "0.1f"),
        (-2.0, f32, "-2.0f"),
        (-math.inf, f32, "-INFINITY"),
        (math.nan, f32, "NAN"),
        (1e-05, f32, "1e-05f"),
        (0.18033688, f32, "0.18033688f"),
        (0.3, bf16, "0.30078125f"),
        (1e6, f16, "INFINITY"),
        (-0.0, f32, "-0.0f"),
    ],
)
def test_literals(number: float, kind: Attribute, text: str) -> None:
    assert literal(number, kind).text == text


def test_functions_are_printed_only_where_called() -> None:
    gelu = reference_of(kernel_of(ROOT / "test/data/tir/tile/gelu.tir.json")).text
    softmax = reference_of(kernel_of(ROOT / "examples/softmax.tir.json")).text
    assert "maximum(" not in gelu
    assert softmax.count("float maximum(float a, float b)") == 1
    assert "minimum(" not in softmax
