"""Live TileLang kernels; `make test` runs these in the TileLang environment."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tt_dialect
from tt_dialect.tensors import default_inputs

pytestmark = pytest.mark.tilelang


def load(path: Path) -> ModuleType:
    """A Python file as a module."""
    spec = importlib.util.spec_from_file_location(f"live_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def example(root: Path) -> Any:
    """examples/gemm.py, with all its ways to name the kernel."""
    pytest.importorskip("tilelang", reason="make test runs this in .venv-tilelang")
    return load(root / "examples" / "gemm.py")


def test_example_and_its_saved_form_compile_to_the_same_bytes(root: Path) -> None:
    live = tt_dialect.compile(root / "examples" / "gemm.py")
    saved = tt_dialect.compile(root / "examples" / "gemm.tir.json")
    assert dict(live.sources) == dict(saved.sources)


def test_every_way_to_hand_over_a_kernel(example: Any) -> None:
    from tilelang import tvm

    function = example.matmul.get_tir()
    expected = dict(tt_dialect.compile(function).sources)
    assert dict(tt_dialect.compile(example.matmul).sources) == expected
    assert dict(tt_dialect.compile(tvm.IRModule({"gemm": function})).sources) == expected


def test_one_of_several_kernels(example: Any) -> None:
    from tilelang import tvm

    functions = {name: example.matmul.get_tir(M=size) for name, size in (("p", 128), ("q", 256))}
    module = tvm.IRModule({n: f.with_attr("global_symbol", n) for n, f in functions.items()})
    with pytest.raises(tt_dialect.CompileError, match="holds several kernels: p, q"):
        tt_dialect.compile(module)
    assert tt_dialect.compile(module, kernel="q").tensors[0].shape == (256, 1024)


def test_ttc_compiles_and_runs_the_file(
    ttc: Callable[..., Any], root: Path, tmp_path: Path
) -> None:
    example = root / "examples" / "gemm.py"
    sizes = ["--arg", "M=256", "--arg", "N=256", "--arg", "K=128"]
    done = ttc("run", example, *sizes, "--check", "--out-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "C.npy").shape == (256, 256)
    done = ttc("compile", example, "--arg", "Q=1", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_torch_in_torch_out(example: Any) -> None:
    torch = pytest.importorskip("torch")
    kernel = tt_dialect.compile(example.matmul, args={"M": 128, "N": 128, "K": 64})
    a, b = default_inputs(kernel.tensors, 0)
    c = kernel(a, b)
    tensors = [torch.from_numpy(x.view(np.int16)).view(torch.bfloat16) for x in (a, b)]
    got = kernel(*tensors)
    assert got.dtype == torch.bfloat16
    assert np.array_equal(got.view(torch.int16).numpy(), c.view(np.int16))


def test_saved_kernels_are_up_to_date(root: Path) -> None:
    """Every kernel of test/kernels.py compiles to what its saved form compiles to."""
    pytest.importorskip("tilelang", reason="make test runs this in .venv-tilelang")
    cases = load(root / "test" / "kernels.py").CASES
    for name, make in cases.items():
        saved = tt_dialect.compile(root / "test" / "data" / "tir" / f"{name}.tir.json")
        live = tt_dialect.compile(make())
        assert dict(live.sources) == dict(saved.sources), name
