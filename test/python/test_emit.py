"""The printed C++: golden files, formatting, compilation, the API table and its errors."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from xdsl.dialects.builtin import IntegerAttr, StringAttr, i32
from xdsl.dialects.func import FuncOp

from tt_dialect.api import import_tile
from tt_dialect.diagnostics import CompileError
from tt_dialect.emit import emit_program
from tt_dialect.emit.kernel import print_kernel
from tt_dialect.emit.spelling import CALLS
from tt_dialect.ir import cb, compute, noc
from tt_dialect.ir.program import ProgramOp
from tt_dialect.levels import CONTRACTS, Level, check_level
from tt_dialect.mlir_text import parse_module

ROOT = Path(__file__).parents[2]
EMIT = ROOT / "test" / "emit"
INCLUDE = ROOT / "tt_dialect" / "run" / "include"
STYLE = ROOT / "tt_dialect" / "emit" / ".clang-format"
BESIDE_PYTHON = Path(sys.executable).with_name("clang-format")
CLANG_FORMAT = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else shutil.which("clang-format")
CXX = shutil.which("g++") or shutil.which("clang++")


def load_program(name: str = "gemm_metalium") -> ProgramOp:
    path = EMIT / f"{name}.mlir"
    module = parse_module(path.read_text(), path.name)
    module.verify()
    return next(op for op in module.walk() if isinstance(op, ProgramOp))


def load_tile(path: Path = ROOT / "examples" / "gemm.tir.json") -> FuncOp:
    return next(op for op in import_tile(str(path)).walk() if isinstance(op, FuncOp))


def test_the_input_is_metalium() -> None:
    assert check_level(load_program().parent_op(), Level.METALIUM) == []


def emit(api: str) -> dict[str, str]:
    program = load_program()
    program.properties["metalium_api"] = StringAttr(api)
    return emit_program(program, load_tile())


def find(program: ProgramOp, kind: type):
    return next(op for op in program.walk() if isinstance(op, kind))


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_golden(api: str) -> None:
    """Set UPDATE_GOLDEN=1 to accept what is printed now."""
    for path, text in emit(api).items():
        golden = EMIT / "golden" / api / path
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text)
        assert text == golden.read_text(), path


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_clang_format_agrees(api: str) -> None:
    if CLANG_FORMAT is None:
        pytest.skip("clang-format is not installed")
    for path, text in emit(api).items():
        if path.endswith(".cpp"):
            command = [CLANG_FORMAT, f"--style=file:{STYLE}", f"--assume-filename={path}"]
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
            assert done.stdout == text, path


def compile_cpp(source: Path, *options: str) -> None:
    if CXX is None:
        pytest.skip("no C++ compiler is installed")
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDE)]
    done = subprocess.run([CXX, *flags, *options, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_emitted_files_compile(api: str, tmp_path: Path) -> None:
    for path, text in emit(api).items():
        if path.endswith(".cpp"):
            source = tmp_path / path
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(text)
            compile_cpp(source, "-fsyntax-only")


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_every_row_compiles(api: str, tmp_path: Path) -> None:
    program = load_program("every_row")
    program.properties["metalium_api"] = StringAttr(api)
    files = emit_program(program)
    for path, text in files.items():
        if path.endswith(".cpp"):
            source = tmp_path / path.replace("/", "_")
            source.write_text(text)
            compile_cpp(source, "-fsyntax-only")
    assert ("transpose_wh_tile" in files["kernels/compute.cpp"]) == (api == "v1")


def test_every_metalium_operation_is_spelled() -> None:
    printed_otherwise = {
        cb.AllocOp.name,
        noc.AccessorOp.name,
        noc.RuntimeArgOp.name,
        noc.SemaphoreOp.name,
        compute.DstOp.name,
    }
    tables = ("tt.cb.", "tt.noc.", "tt.compute.")
    legal = {name for name in CONTRACTS[Level.METALIUM].ops if name.startswith(tables)}
    assert legal - printed_otherwise == {name for name, _ in CALLS}


def test_operation_without_a_row_is_a_located_error() -> None:
    program = load_program()
    store = find(program, noc.WritePageOp)
    thread = store.parent_op()
    while not hasattr(thread, "role"):
        thread = thread.parent_op()
    del CALLS_WITHOUT[store.name, ""]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tt_dialect.emit.kernel.CALLS", CALLS_WITHOUT)
        with pytest.raises(CompileError, match=r"gemm.py:31:9: error: tt.noc.write_page has no C"):
            print_kernel(program, thread)


CALLS_WITHOUT = dict(CALLS)


def test_missing_cb_id_is_an_error() -> None:
    program = load_program()
    del find(program, cb.AllocOp).properties["id"]
    with pytest.raises(CompileError, match="A_shared has no id"):
        emit_program(program, load_tile())


def test_missing_dst_index_is_an_error() -> None:
    program = load_program()
    del find(program, compute.DstOp).properties["index"]
    with pytest.raises(CompileError, match="DST group has no index"):
        emit_program(program, load_tile())


def test_transfer_on_the_other_noc_is_an_error() -> None:
    program = load_program()
    find(program, noc.ReadPageOp).properties["noc"] = IntegerAttr(1, i32)
    with pytest.raises(CompileError, match="names NoC 1, its thread runs on NoC 0"):
        emit_program(program, load_tile())


def test_argument_outside_the_table_is_an_error() -> None:
    program = load_program()
    find(program, noc.RuntimeArgOp).properties["index"] = IntegerAttr(40, i32)
    with pytest.raises(CompileError, match=r"address argument|no entry 40"):
        emit_program(program, load_tile())


def test_program_without_tile_function_compares_nothing(tmp_path: Path) -> None:
    files = emit_program(load_program())
    assert "reference" not in files["main.cpp"]
    source = tmp_path / "main.cpp"
    source.write_text(files["main.cpp"])
    compile_cpp(source, "-fsyntax-only")


def test_renaming_changes_names_only() -> None:
    """Lines may break elsewhere, nothing else changes."""
    program = load_program()
    before = emit_program(program)["kernels/reader.cpp"]
    for alloc in program.walk():
        if isinstance(alloc, cb.AllocOp):
            alloc.properties["label"] = StringAttr(alloc.label.data + "_renamed" * 9)
    after = emit_program(program)["kernels/reader.cpp"]
    assert after != before
    assert "".join(after.replace("_renamed", "").split()) == "".join(before.split())
