"""The emitted C++ on this CPU: the simulator's numbers, host programs that check themselves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from needs import needs_compiler

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.diagnostics import CompileError
from tt_dialect.run import native_build, simulate
from tt_dialect.run.native import SCHEDULES, NativeError, from_pages, run_native, to_pages
from tt_dialect.run.native_build import run_host
from tt_dialect.run.numerics import Format, load
from tt_dialect.tensors import default_inputs

CORPUS = Path(__file__).parents[1] / "data" / "tir"
UNSUPPORTED = {"apache_0_25_matmul", "apache_0_27_matmul", "fills"}
"""Saved kernels that import but do not compile; `test_levels.py` holds why."""
NAMES = sorted({p.name.removesuffix(".tir.json") for p in CORPUS.glob("*.tir.json")} - UNSUPPORTED)
COUNTED = ("dram_read", "dram_write", "noc_bytes", "tile_products", "semaphore_waits")


def compiled(name: str, arch: str = "wormhole", api: str = "v2") -> CompiledKernel:
    """A kernel of the corpus."""
    return tt_dialect.compile(CORPUS / f"{name}.tir.json", arch=arch, metalium_api=api)


@needs_compiler
@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
@pytest.mark.parametrize("name", NAMES)
def test_native_is_the_simulator_to_the_bit(name: str, arch: str, api: str) -> None:
    """Under every schedule; no rule is broken, the statistics are those of the simulator."""
    kernel = compiled(name, arch, api)
    inputs = default_inputs(kernel.tensors, 0)
    expected, stats = simulate(kernel.program, inputs)
    for schedule in SCHEDULES:
        done = run_native(kernel.program, kernel.sources, inputs, schedule=schedule, timeout=300)
        assert not [f for f in done.findings if f.severity != "remark"], schedule
        for got, want in zip(done.outputs, expected, strict=True):
            assert np.array_equal(got, want, equal_nan=True), schedule
        for figure in COUNTED:
            assert getattr(done.stats.total, figure) == getattr(stats.total, figure), figure
        assert done.stats.cores.keys() == stats.cores.keys()
        for label, writes in stats.page_writes.items():
            assert np.array_equal(done.stats.page_writes[label], writes), label


@needs_compiler
@pytest.mark.parametrize("values", ["normal", "wide", "bits"])
@pytest.mark.parametrize("fidelity", ["LoFi", "HiFi2", "HiFi3", "HiFi4"])
def test_arithmetic_is_the_simulators(fidelity: str, values: str) -> None:
    """Every fidelity and format, with exponents far apart, subnormals, infinities and NaN."""
    rng = np.random.default_rng(1)
    for name in ("gemm_transpose_b", "gemm_transpose_a", "clear_accum", "cast_only", "loops"):
        kernel = tt_dialect.compile(CORPUS / f"{name}.tir.json", fidelity=fidelity)
        inputs = default_inputs(kernel.tensors, 0)
        with np.errstate(over="ignore", under="ignore"):
            if values == "wide":
                scales = [np.exp2(rng.integers(-40, 40, x.shape)) for x in inputs]
                inputs = [
                    (x.astype(np.float64) * s).astype(x.dtype)
                    for x, s in zip(inputs, scales, strict=True)
                ]
            elif values == "bits":
                inputs = [
                    rng.integers(0, 256, x.nbytes, dtype=np.uint8).view(x.dtype).reshape(x.shape)
                    for x in inputs
                ]
        expected, _ = simulate(kernel.program, inputs)
        outputs = run_native(kernel.program, kernel.sources, inputs).outputs
        for got, want in zip(outputs, expected, strict=True):
            assert np.array_equal(got, want, equal_nan=True), name


def altered(kernels: Path) -> None:
    """Changes one constant of a kernel: the bound of the writer's last loop, or an argument."""
    (writer, *_) = sorted(kernels.glob("writer*.cpp"))
    text = writer.read_text()
    bounds = list(re.finditer(r"(?<=< )\d+(?=; )", text))
    arguments = list(re.finditer(r"(?<=get_arg_val<uint32_t>\()\d+", text))
    found, step = (bounds[-1], -1) if bounds else (arguments[0], 1)
    changed = str(int(found[0]) + step)
    writer.write_text(text[: found.start()] + changed + text[found.end() :])


@needs_compiler
@pytest.mark.parametrize("name", NAMES)
def test_host_program_checks_itself(name: str, tmp_path: Path) -> None:
    """`main.cpp` compiles without a warning, runs its kernels, compares, and exits 0, or not."""
    variants = [("wormhole", "v2")]
    if name in ("gemm_one_block", "gemm_transpose_b"):
        variants += [("wormhole", "v1"), ("blackhole", "v1"), ("blackhole", "v2")]
    for arch, api in variants:
        kernel = compiled(name, arch, api)
        directory = tmp_path / arch / api
        kernel.write(directory)
        strict = ("-Wall", "-Wextra", "-Werror")
        done = run_host(directory / "main.cpp", arch, options=strict)
        assert done.returncode == 0, done.stdout + done.stderr
        assert ": ok" in done.stdout
        altered(directory / "kernels")
        done = run_host(directory / "main.cpp", arch, options=strict)
        assert done.returncode != 0


@needs_compiler
def test_findings_name_kernel_lines_core_and_buffer() -> None:
    kernel = compiled("gemm_one_block")
    sources = dict(kernel.sources)
    reader = sources["kernels/reader.cpp"]
    assert reader.count("noc_async_read_barrier();") >= 1
    sources["kernels/reader.cpp"] = reader.replace("noc_async_read_barrier();", "")
    inputs = default_inputs(kernel.tensors, 0)
    with pytest.raises(NativeError) as caught:
        run_native(kernel.program, sources, inputs)
    (finding,) = (f for f in caught.value.findings if f.severity == "error")
    assert (finding.rule, finding.kernel) == ("noc-read-not-awaited", "reader")
    assert re.fullmatch(r"'\w+' \(c_\d+\)", finding.buffer)
    assert re.fullmatch(r"\w+\.py:\d+", finding.source)
    lines = sources["kernels/reader.cpp"].splitlines()
    assert "cb_push_back" in lines[finding.line - 1]
    assert str(caught.value).startswith(f"{finding.source}:1: error: [noc-read-not-awaited] ")


@needs_compiler
def test_ttc_runs_the_native_engine(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tt_dialect.cli.ttc import main

    source = str(root / "examples" / "gemm.tir.json")
    assert main(["run", source, "--engine", "native", "--check"]) == 0
    assert "ok" in capsys.readouterr().out


@needs_compiler
def test_mutants_are_caught(root: Path) -> None:
    """A sample; `tools/mutate.py` alone runs them all."""
    command = [sys.executable, "tools/mutate.py", "test/data/tir/gemm_100_blocks.tir.json"]
    done = subprocess.run(
        [*command, "--every", "7"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_are_tiles_of_faces() -> None:
    values = np.arange(3 * 40 * 70, dtype=np.float32).reshape(3, 40, 70)
    pages = to_pages(values, Format.FP32)
    assert pages.shape == (3 * 2 * 3, 2, 2, 16, 16)
    assert pages.view(np.float32)[1, 1, 0, 2, 3] == values[0, 18, 35]
    assert np.array_equal(from_pages(pages, values.shape, Format.FP32), values)
    rounded = load(values, Format.BF16)
    assert np.array_equal(
        from_pages(to_pages(values, Format.BF16), values.shape, Format.BF16), rounded
    )


def test_without_a_compiler_the_package_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    kernel = compiled("gemm_one_block")
    inputs = default_inputs(kernel.tensors, 0)
    with pytest.raises(CompileError, match=r"no C\+\+ compiler") as caught:
        kernel.run(*inputs, engine="native")
    assert "apt-get install g++" in str(caught.value)
    assert kernel.run(*inputs, engine="sim") is not None


def test_an_old_compiler_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "g++"
    old.write_text("#!/bin/sh\necho 'g++ (GCC) 9.4.0'\n")
    old.chmod(0o755)
    monkeypatch.setenv("CXX", str(old))
    with pytest.raises(CompileError, match=r"too old: g\+\+ \(GCC\) 9\.4\.0"):
        native_build.find_compiler()


@needs_compiler
def test_the_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel is built once; a change of its text builds it anew."""
    shared = native_build.runtime().directory
    monkeypatch.setenv("TT_DIALECT_CACHE", str(tmp_path))
    os.symlink(shared, tmp_path / shared.name)
    kernel = compiled("gemm_one_block")
    inputs = default_inputs(kernel.tensors, 0)
    libraries: list[set[str]] = []
    sources = dict(kernel.sources)
    for _ in range(2):
        run_native(kernel.program, sources, inputs)
        libraries.append({p.name for p in (tmp_path / "kernels").iterdir()})
    assert libraries[0] == libraries[1]
    assert len(libraries[0]) == 3
    sources["kernels/reader.cpp"] += "\n"
    run_native(kernel.program, sources, inputs)
    assert len(list((tmp_path / "kernels").iterdir())) > 3
