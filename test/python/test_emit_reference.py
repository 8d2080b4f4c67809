"""The host reference: the C++ loops compute what the TILE program computes."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.func import FuncOp

from tt_dialect.api import import_tile
from tt_dialect.emit.host_reference import print_reference
from tt_dialect.run import evaluate
from tt_dialect.tensors import default_inputs, tensors_of

ROOT = Path(__file__).parents[2]
INCLUDE = ROOT / "tt_dialect" / "run" / "include"
KERNELS = (
    "batch_axes",
    "cast_only",
    "clear_accum",
    "copy_only",
    "gemm_batch",
    "gemm_chain",
    "gemm_one_block",
    "gemm_transpose_a",
    "gemm_transpose_b",
    "gemm_two",
    "loops",
    "three_inputs",
    "two_outputs",
    "whole_product",
    "tile/causal_mask",
    "tile/conversions",
    "tile/elements",
    "tile/functions",
    "tile/gelu",
    "tile/gemm_bias_relu",
    "tile/index_arithmetic",
    "tile/inner_loop",
    "tile/online_softmax",
    "tile/reducers",
    "tile/reductions",
    "tile/rmsnorm",
    "tile/scalar_parameters",
    "tile/softmax",
    "tile/transposes",
    "tile/two_statements",
    "tile/variables",
    "tile/views",
)
SCALARS = {"float32": "float", "int32": "int32_t"}


def load(name: str) -> FuncOp:
    module = import_tile(str(ROOT / "test" / "data" / "tir" / f"{name}.tir.json"))
    return next(op for op in module.walk() if isinstance(op, FuncOp))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One executable with the references of all kernels, each in a namespace of its own."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler is installed")
    headers = "algorithm cmath cstdint cstdio cstring vector tt-metalium/bfloat16.hpp".split()
    text = [f"#include <{h}>" for h in headers]
    calls: list[str] = []
    for name in KERNELS:
        kernel = load(name)
        tensors = tensors_of(kernel)
        reference = print_reference(kernel, [t.is_written for t in tensors])
        space = name.rsplit("/", maxsplit=1)[-1]
        text.append(f"namespace {space} {{\n{reference.text}}}")
        sizes = [int(np.prod(t.shape)) for t in tensors]
        body = [f"std::vector<float> t{i}({size});" for i, size in enumerate(sizes)]
        body += [
            f"if (std::fread(t{i}.data(), 4, {sizes[i]}, stdin) != {sizes[i]}) return 1;"
            for i, t in enumerate(tensors)
            if t.is_read
        ]
        arguments = ", ".join(
            f"t{i}" if t.shape else f"static_cast<{SCALARS[t.dtype.name]}>(t{i}[0])"
            for i, t in enumerate(tensors)
        )
        body.append(f"{space}::{reference.name}({arguments});")
        body += [
            f"std::fwrite(t{i}.data(), 4, {sizes[i]}, stdout);"
            for i, t in enumerate(tensors)
            if t.is_written
        ]
        calls.append(f'if (!std::strcmp(argv[1], "{name}")) {{ {" ".join(body)} }}')
    text.append("int main(int, char** argv) {\n" + "\n".join(calls) + "\nreturn 0; }")
    directory = tmp_path_factory.mktemp("references")
    source = directory / "references.cpp"
    source.write_text("\n".join(text) + "\n")
    flags = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDE)]
    subprocess.run([compiler, *flags, "-o", str(directory / "run"), str(source)], check=True)
    return directory / "run"


@pytest.mark.parametrize("name", KERNELS)
def test_reference_computes_the_tile_program(name: str, library: Path) -> None:
    kernel = load(name)
    tensors = tensors_of(kernel)
    inputs = default_inputs(tensors, seed=0)
    stdin = b"".join(a.astype(np.float32).tobytes() for a in inputs)
    done = subprocess.run([str(library), name], input=stdin, capture_output=True, check=True)
    results = np.frombuffer(done.stdout, np.float32)
    for expected in evaluate(kernel, inputs, exact=True):
        part, results = results[: expected.size], results[expected.size :]
        want = expected.astype(np.float64).reshape(-1)
        finite = np.isfinite(want)
        assert np.array_equal(part[~finite], want[~finite].astype(np.float32), equal_nan=True)
        assert finite.any()
        error = np.abs(part[finite] - want[finite]).max()
        assert error <= np.abs(want[finite]).max() * 2.0**-7
    assert results.size == 0
