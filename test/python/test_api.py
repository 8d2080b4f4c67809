"""`tt_dialect.compile` and the kernel it gives."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.func import FuncOp

import tt_dialect
from tt_dialect.api import LEVELS, CompiledKernel, load
from tt_dialect.mlir_text import parse_module
from tt_dialect.tensors import Tensor, compare, default_inputs, limit_of, load_array


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
    assert not compare(kernel.tensors, [good], [bad])[0].ok
    assert not compare(kernel.tensors, [good * 2], [good])[0].ok


def test_compare_of_what_is_not_finite(kernel: CompiledKernel) -> None:
    good = np.ones(kernel.tensors[2].shape, ml_dtypes.bfloat16)
    odd, exact = good.copy(), good.astype(np.float64)
    odd[0, :3] = [np.nan, np.inf, -np.inf]
    exact[0, :3] = [np.nan, 1e39, -np.inf]
    (check,) = compare(kernel.tensors, [odd], [exact])
    assert (check.ok, check.error) == (True, 0.0)
    exact[0, 2] = np.inf
    (check,) = compare(kernel.tensors, [odd], [exact])
    assert not check.ok
    assert check.to_json()["error"] is None
    odd[1, 0] = 1.5  # the infinities do not hide other elements
    exact[0, 2] = -np.inf
    assert not compare(kernel.tensors, [odd], [exact])[0].ok


def test_limit_is_that_of_the_coarsest_type() -> None:
    text = """
    func.func @copy(%A: memref<32x32xf32> {tt.name = "A"}, %B: memref<32x32xf32> {tt.name = "B"}) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.parallel (%bx) = (%c0) to (%c1) step (%c1) {
        %s = memref.alloc() {tt.name = "s"} : memref<32x32xTYPE, 1 : i64>
        linalg.copy ins(%A : memref<32x32xf32>) outs(%s : memref<32x32xTYPE, 1 : i64>)
        linalg.copy ins(%s : memref<32x32xTYPE, 1 : i64>) outs(%B : memref<32x32xf32>)
      }
      func.return
    }
    """
    for kind, limit in (("f32", 2e-3), ("bf16", 2**-7), ("f16", 2**-7)):
        module = parse_module(text.replace("TYPE", kind))
        (function,) = module.body.block.ops
        assert isinstance(function, FuncOp)
        assert limit_of(function) == limit


def test_nan_inputs_agree(root: Path) -> None:
    kernel = tt_dialect.compile(root / "test/data/tir/gemm_one_block.tir.json")
    inputs = default_inputs(kernel.tensors, 0)
    inputs[0][0, 0] = np.nan
    output = kernel.run(*inputs)
    assert np.isnan(output[0]).all()
    assert all(check.ok for check in kernel.check(inputs, [output]))


@pytest.mark.parametrize("dtype", ["uint16", "int32", "bool", "float16", "complex64"])
def test_files_of_other_kinds_are_refused(
    kernel: CompiledKernel, tmp_path: Path, dtype: str
) -> None:
    tensor = kernel.tensors[0]
    np.save(tmp_path / "a.npy", np.zeros(tensor.shape, dtype))
    with pytest.raises(tt_dialect.CompileError, match=f"holds {dtype}, input 'A' is bfloat16"):
        load_array(str(tmp_path / "a.npy"), tensor)


def test_files_of_wider_floats_are_rounded(kernel: CompiledKernel, tmp_path: Path) -> None:
    tensor = kernel.tensors[0]
    values = np.random.default_rng(0).standard_normal(tensor.shape)
    expected = values.astype(ml_dtypes.bfloat16)
    for array in (values, values.astype(">f8"), values.astype(np.float32), expected):
        np.save(tmp_path / "a.npy", array)
        loaded = load_array(str(tmp_path / "a.npy"), tensor)
        assert loaded.dtype == tensor.dtype
        assert np.array_equal(loaded, array.astype(ml_dtypes.bfloat16))


def test_files_for_integer_scalars(tmp_path: Path) -> None:
    scalar = Tensor("n", (), np.dtype(np.int32), True, False)
    file = tmp_path / "n.npy"
    np.save(file, np.int64(7))
    assert load_array(str(file), scalar).dtype == np.int32
    for wrong in (np.int64(2**40), np.float64(7.5), np.bool_(True)):
        np.save(file, wrong)
        with pytest.raises(tt_dialect.CompileError, match="input 'n' is int32"):
            load_array(str(file), scalar)
