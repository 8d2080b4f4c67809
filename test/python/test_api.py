"""`tt_dialect.compile` and the kernel it gives."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import tt_dialect
from tt_dialect.api import LEVELS, CompiledKernel, load
from tt_dialect.tensors import compare, default_inputs


@pytest.fixture(scope="module")
def kernel(root: Path) -> CompiledKernel:
    """One block of bf16: small enough to run often."""
    return tt_dialect.compile(root / "test/data/tir/gemm_one_block.tir.json")


def test_levels_and_artifacts(kernel: CompiledKernel) -> None:
    assert tuple(kernel.modules) == LEVELS
    for module in kernel.modules.values():
        module.verify()
    assert "tt.plan.json" in kernel.sources
    assert kernel.plan
    assert [t.is_read for t in kernel.tensors] == [True, True, False]


def test_run_takes_read_tensors_and_gives_written_ones(kernel: CompiledKernel) -> None:
    a, b = default_inputs(kernel.tensors, 1)
    assert kernel.stats is None
    c = kernel.run(a, b)
    assert kernel.stats is not None
    assert (c.shape, c.dtype) == (kernel.tensors[2].shape, kernel.tensors[2].dtype)
    assert np.array_equal(c, kernel(a, b, engine="tile"))
    assert np.array_equal(c, kernel(a, b, seed=3))
    assert all(check.ok for check in kernel.check([a, b], [c]))


def test_two_outputs_are_a_tuple(root: Path) -> None:
    kernel = tt_dialect.compile(root / "test/data/tir/two_outputs.tir.json")
    outputs = kernel.run(*default_inputs(kernel.tensors, 0))
    assert isinstance(outputs, tuple)
    assert len(outputs) == 2


def test_wrong_inputs(kernel: CompiledKernel) -> None:
    a, b = default_inputs(kernel.tensors, 1)
    with pytest.raises(tt_dialect.CompileError, match="expected 2 inputs, got 1"):
        kernel.run(a)
    with pytest.raises(tt_dialect.CompileError, match="input 'B' has shape"):
        kernel.run(a, b[:-1])
    with pytest.raises(tt_dialect.CompileError, match="has type float32, expected bfloat16"):
        kernel.run(a.astype(np.float32), b)
    with pytest.raises(tt_dialect.CompileError, match="unknown engine 'gpu'"):
        kernel.run(a, b, engine="gpu")  # type: ignore[arg-type]


def test_write_and_load(kernel: CompiledKernel, tmp_path: Path) -> None:
    files = kernel.write(tmp_path / "k")
    assert {*kernel.sources, "ir/tile.mlir", "ir/metalium.mlir"} == set(files)
    again = load(tmp_path / "k")
    assert again.sources == dict(kernel.sources)
    assert (again.name, again.arch, again.metalium_api) == (kernel.name, "wormhole", "v2")
    inputs = default_inputs(kernel.tensors, 2)
    assert np.array_equal(again.run(*inputs), kernel.run(*inputs))


def test_write_is_all_or_nothing(
    kernel: CompiledKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="disk full"):
        kernel.write(tmp_path / "k")
    assert list(tmp_path.iterdir()) == []


def test_compiles_the_mlir_it_prints(kernel: CompiledKernel, tmp_path: Path) -> None:
    kernel.write(tmp_path / "k")
    again = tt_dialect.compile(tmp_path / "k/ir/tile.mlir")
    assert again.sources == dict(kernel.sources)
    assert tt_dialect.compile(kernel.modules["tile"]).sources == dict(kernel.sources)


def test_choosing_a_kernel(kernel: CompiledKernel, tmp_path: Path) -> None:
    from tt_dialect.mlir_text import print_module

    module = kernel.modules["tile"].clone()
    other = next(iter(module.body.block.ops)).clone()
    other.properties["sym_name"] = type(other.properties["sym_name"])("other")  # type: ignore
    module.body.block.add_op(other)
    file = tmp_path / "two.mlir"
    file.write_text(print_module(module))
    with pytest.raises(tt_dialect.CompileError, match=r"holds several kernels: .*, other"):
        tt_dialect.compile(file)
    with pytest.raises(tt_dialect.CompileError, match="holds no kernel 'third'"):
        tt_dialect.compile(file, kernel="third")
    assert tt_dialect.compile(file, kernel="other").name == "other"


def test_on_level(root: Path) -> None:
    seen: list[str] = []
    tt_dialect.compile(
        root / "test/data/tir/gemm_one_block.tir.json", on_level=lambda level, _: seen.append(level)
    )
    assert tuple(seen) == LEVELS


def test_compare_treats_nan_as_wrong(kernel: CompiledKernel) -> None:
    good = np.ones(kernel.tensors[2].shape, ml_dtypes.bfloat16)
    bad = good.copy()
    bad[0, 0] = np.nan
    assert compare(kernel.tensors, [good], [good])[0].ok
    assert not compare(kernel.tensors, [bad], [good])[0].ok
    assert not compare(kernel.tensors, [good * 2], [good])[0].ok
