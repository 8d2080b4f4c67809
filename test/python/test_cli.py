"""The tools as a user meets them: start-up cost, errors, what is written where."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Tool = Callable[..., "subprocess.CompletedProcess[str]"]
Fails = Callable[..., str]


# ----------------------------------------------------------------------------- start-up


@pytest.mark.parametrize("arguments", [["--help"], ["empty.mlir"], ["--list-passes=canonicalize"]])
def test_tt_opt_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty.mlir").write_text("")
    code = (
        "import sys\n"
        "from tt_dialect.cli.tt_opt import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'tvm', 'tvm_ffi', 'numpy', 'ml_dtypes', 'jsonschema_rs',\n"
        " 'xdsl.dialects.linalg',\n"
        "         'xdsl.interpreter', 'tt_dialect.run', 'tt_dialect.ir.cb'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_package_import_is_lazy() -> None:
    code = "import sys, tt_dialect; print(tt_dialect.__version__); print('xdsl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0.1.0", "False"]


def test_tools_run_from_a_checkout(root: Path, tmp_path: Path) -> None:
    for tool in ("tt-opt", "ttc"):
        done = subprocess.run(
            [sys.executable, str(root / "tools" / tool), "--version"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith(tool)


def test_xdsl_opt_knows_the_dialect() -> None:
    from xdsl.universe import Universe

    universe = Universe.get_multiverse()
    assert "tt" in universe.all_dialects
    assert "tt-lower" in universe.all_passes
    assert "metalium-compute" in universe.all_targets


# ------------------------------------------------------------------------------- tt-opt


def test_stdout_is_only_the_result(tt_opt: Tool) -> None:
    text = "func.func @f() {\n  func.return\n}\n"
    done = tt_opt("-p", "canonicalize", "--print-ir-after-all", "--timing", stdin=text)
    assert done.returncode == 0
    again = tt_opt(stdin=done.stdout)
    assert again.stdout == done.stdout
    assert "IR Dump After canonicalize" in done.stderr
    assert "Execution time report" in done.stderr


def test_operations_get_the_place_they_are_read_from(tt_opt: Tool) -> None:
    text = (
        'func.func @f() {\n  func.return\n}\nfunc.func @g() {\n  func.return loc("k.py":7:2)\n}\n'
    )
    done = tt_opt("--print-debuginfo", stdin=text)
    assert 'loc("stdin":2:3)' in done.stdout
    assert 'loc("k.py":7:2)' in done.stdout


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("func.func @f(", "stdin:1:14: error: "),
        ("func.func @f() { func.return", "stdin:1:29: error: "),
        ('"builtin.module"() ({', "stdin:1:22: error: "),
        ("garbage", "stdin:1:1: error: "),
        ("func.func @f() -> !tt.nonsense", "stdin:1:31: error: "),
        ("module attributes {a = #tt.cb.nonsense<>} {}", "stdin:1:"),
        ("\x00", "stdin:1:1: error: "),
        ("}", "stdin:1:1: error: "),
        ("func.func @f() {\n  %0 = arith.constant 1 : i32\n}", "stdin:2:3: error: "),
        ("func.func @f(%a: i32) {\n  func.return %b : i32\n}", "error: "),
    ],
)
def test_malformed_mlir(tt_opt: Tool, fails: Fails, text: str, place: str) -> None:
    fails(tt_opt(stdin=text), place)


def test_binary_file(tt_opt: Tool, fails: Fails, tmp_path: Path) -> None:
    file = tmp_path / "x.mlir"
    file.write_bytes(b"\xff\xfe\x00")
    fails(tt_opt(file), f"{file}:1:1: error: not UTF-8 text")


def test_deep_nesting(tt_opt: Tool, fails: Fails) -> None:
    fails(tt_opt(stdin="builtin.module {" * 3000), "nested too deeply")


def test_directory_and_missing_file(tt_opt: Tool, fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "d.mlir").mkdir()
    fails(tt_opt(tmp_path / "d.mlir"), "cannot open")
    fails(tt_opt(tmp_path / "no.mlir"), "cannot open", "No such file or directory")


def test_failed_run_leaves_the_output_file_alone(tt_opt: Tool, tmp_path: Path) -> None:
    out = tmp_path / "out.mlir"
    out.write_text("kept")
    assert tt_opt("-o", out, stdin="garbage").returncode == 1
    assert out.read_text() == "kept"


# ---------------------------------------------------------------------------------- ttc


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ((), "ttc: error: the following arguments are required: command"),
        (("compile",), "ttc: error: the following arguments are required: SRC"),
        (("link", "x"), "invalid choice: 'link'"),
        (("run", "x.tir.json", "--engine", "gpu"), "invalid choice: 'gpu'"),
        (("run", "x.tir.json", "--seed", "one"), "invalid int value: 'one'"),
        (("compile", "x.tir.json", "--arg", "novalue"), "expected NAME=VALUE, got 'novalue'"),
        (("compile", "x.tir.json", "--no-such"), "unrecognized arguments: --no-such"),
    ],
)
def test_usage_errors(ttc: Tool, fails: Fails, command: tuple[str, ...], message: str) -> None:
    stderr = fails(ttc(*command), message)
    assert stderr.startswith("ttc: error: ")
    assert "--help' shows" in stderr


def test_usage_errors_as_json(ttc: Tool) -> None:
    done = ttc("compile", "--json", "x.py", "--no-such")
    assert done.returncode == 1
    assert "--no-such" in json.loads(done.stdout)["diagnostics"][0]["message"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--no-such", "unrecognized arguments: --no-such"),
        ("--target=metalium-all", "invalid choice: 'metalium-all'"),
        ("--frontend=c", "invalid choice: 'c'"),
    ],
)
def test_usage_errors_of_tt_opt(tt_opt: Tool, fails: Fails, option: str, message: str) -> None:
    assert fails(tt_opt(option, stdin=""), message).startswith("tt-opt: error: ")


def test_help(ttc: Tool, tt_opt: Tool) -> None:
    for done in (ttc("--help"), ttc("run", "--help"), tt_opt("--help")):
        assert done.returncode == 0
        assert done.stdout.startswith("usage: tt")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--arch", "wormhoel", "unknown architecture 'wormhoel', expected one of wormhole"),
        ("--metalium-api", "v3", "unknown metalium api 'v3', expected one of v2, v1"),
        ("--fidelity", "Hifi4", "unknown fidelity 'Hifi4', expected one of LoFi, HiFi2"),
        ("--kernel", "nope", "nope"),
    ],
)
def test_unknown_choices(
    ttc: Tool, fails: Fails, gemm_json: str, tmp_path: Path, option: str, value: str, message: str
) -> None:
    fails(ttc("compile", gemm_json, "-o", tmp_path / "d", option, value), message)
    assert not (tmp_path / "d").exists()


def test_compile_writes_everything(ttc: Tool, gemm_json: str, tmp_path: Path) -> None:
    out = tmp_path / "gemm"
    done = ttc("compile", gemm_json, "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["ok"]
    assert result["kernel"] == "gemm"
    files = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert files == result["files"]
    assert {"main.cpp", "CMakeLists.txt", "tt.plan.json", "ir/tile.mlir"} <= set(files)
    assert any(f.startswith("kernels/") for f in files)
    assert list(tmp_path.iterdir()) == [out]


def test_compile_replaces_only_what_it_wrote(
    ttc: Tool, fails: Fails, gemm_json: str, tmp_path: Path
) -> None:
    out = tmp_path / "gemm"
    assert ttc("compile", gemm_json, "-o", out).returncode == 0
    assert ttc("compile", gemm_json, "-o", out, "--arch", "blackhole").returncode == 0
    assert "blackhole" in (out / "tt.plan.json").read_text()
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("x")
    fails(ttc("compile", gemm_json, "-o", precious), "holds other files")
    assert (precious / "thesis.txt").exists()


def test_dump_ir(ttc: Tool, gemm_json: str, tmp_path: Path) -> None:
    done = ttc("compile", gemm_json, "-o", tmp_path / "o", "--dump-ir", tmp_path / "ir")
    assert done.returncode == 0, done.stderr
    names = {p.stem for p in (tmp_path / "ir").iterdir()}
    assert names == {"tile", "core", "tiled", "buffered", "threads", "metalium"}


SMALL = "test/data/tir/gemm_one_block.tir.json"


def test_run_reads_and_writes_arrays(ttc: Tool, root: Path, tmp_path: Path) -> None:
    import ml_dtypes

    import tt_dialect

    source = root / SMALL
    tensors = tt_dialect.compile(source).tensors
    rng = np.random.default_rng(5)
    arrays = {t.name: rng.standard_normal(t.shape).astype(t.dtype) for t in tensors if t.is_read}
    flags: list[str] = []
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
        flags += ["--input", f"{name}={tmp_path / name}.npy"]
    done = ttc(
        "run", source, *flags, "--check", "--json",
        "--out-dir", tmp_path / "out", "--stats", tmp_path / "stats.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["checks"][0]["ok"]
    assert json.loads((tmp_path / "stats.json").read_text()) == result["stats"]
    (output,) = (t for t in tensors if t.is_written)
    got = np.load(tmp_path / "out" / f"{output.name}.npy")
    got = got.view(ml_dtypes.bfloat16) if got.dtype.kind == "V" else got
    kernel = tt_dialect.compile(source)
    assert np.array_equal(got, kernel.run(*arrays.values()))


def test_run_from_a_compiled_directory(ttc: Tool, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "k"
    assert ttc("compile", root / SMALL, "-o", out).returncode == 0
    first = ttc("run", out, "--check", "--out-dir", tmp_path / "a")
    assert first.returncode == 0, first.stderr
    assert " ok" in first.stdout
    second = ttc("run", root / SMALL, "--seed", 7, "--out-dir", tmp_path / "b")
    assert second.returncode == 0, second.stderr
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_run_input_errors(ttc: Tool, fails: Fails, root: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "small.npy", np.zeros((2, 2), np.float32))
    (tmp_path / "text.npy").write_text("no array")
    source = root / SMALL
    fails(ttc("run", source, "--input", f"Q={tmp_path / 'small.npy'}"), "reads no tensor 'Q'")
    fails(ttc("run", source, "--input", f"A={tmp_path / 'small.npy'}"), "has shape [2, 2]")
    fails(ttc("run", source, "--input", f"A={tmp_path / 'text.npy'}"), "is not a .npy file")
    fails(ttc("run", source, "--input", f"A={tmp_path / 'none.npy'}"), "cannot open")
    fails(ttc("run", tmp_path), "is not a compiled kernel")


def test_run_refuses_archives_and_integers(
    ttc: Tool, fails: Fails, root: Path, tmp_path: Path
) -> None:
    archive, integers = tmp_path / "z.npz", tmp_path / "i.npy"
    np.savez(archive, np.zeros((2, 2), np.float32))
    np.save(integers, np.zeros((2, 2), np.int64))
    source = root / SMALL
    stderr = fails(
        ttc("run", source, "--input", f"A={archive}"), "is an archive of arrays", "a .npy file"
    )
    assert "simulating" not in stderr
    archive.write_bytes(b"PK\x03\x04 cut short")
    fails(ttc("run", source, "--input", f"A={archive}"), "is not a .npy file")
    fails(ttc("run", source, "--input", f"A={integers}"), "holds int64, input 'A' is bfloat16")


def test_output_directory_needs_a_name(ttc: Tool, fails: Fails, root: Path, tmp_path: Path) -> None:
    fails(ttc("compile", root / SMALL, "-o", "", cwd=tmp_path), "-o needs the name of a directory")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled kernel to copy and to break."""
    import tt_dialect

    path = tmp_path_factory.mktemp("small") / "k"
    tt_dialect.compile(root / SMALL).write(path)
    return path


@pytest.mark.parametrize(
    "option",
    [
        "--arch=wormhole",
        "--metalium-api=v2",
        "--fidelity=HiFi4",
        "--kernel=gemm",
        "--arg=M=1",
        "--dump-ir=ir",
    ],
)
def test_compiling_options_need_a_source(
    ttc: Tool, fails: Fails, small: Path, tmp_path: Path, option: str
) -> None:
    name = option.partition("=")[0]
    fails(ttc("run", small, option, cwd=tmp_path), f"{name} cannot be used with '{small}'")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ('"schema_version": 2', '"schema_version": 9', "2:1", "schema_version"),
        ('"arch": "wormhole"', '"arch": "blackhole"', "1:1", "does not agree with kernel"),
        ('"kernel"', '"kernels_"', "1:1", "kernels_"),
        ("{", "", "2:19", "not JSON"),
        ("{", "[" * 20000, "1:1", "not JSON"),
    ],
)
def test_plan_of_a_directory_is_checked(
    ttc: Tool,
    fails: Fails,
    small: Path,
    tmp_path: Path,
    old: str,
    new: str,
    place: str,
    message: str,
) -> None:
    copy = tmp_path / "k"
    shutil.copytree(small, copy)
    plan = copy / "tt.plan.json"
    text = plan.read_text()
    assert old in text
    plan.write_text(text.replace(old, new, 1))
    fails(ttc("run", copy), f"{plan}:{place}: error: ", message)


def test_dumped_levels_keep_the_places(ttc: Tool, root: Path, tmp_path: Path) -> None:
    done = ttc("compile", root / SMALL, "-o", tmp_path / "o", "--dump-ir", tmp_path / "ir")
    assert done.returncode == 0, done.stderr
    for file in (tmp_path / "ir").iterdir():
        assert '.py":' in file.read_text(), file


def test_errors_as_json(ttc: Tool, tmp_path: Path) -> None:
    file = tmp_path / "bad.mlir"
    file.write_text("func.func @f(\n")
    done = ttc("compile", file, "--json", "-o", tmp_path / "d")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert not result["ok"]
    (diagnostic,) = result["diagnostics"]
    assert diagnostic["line"] == 2
    assert os.path.basename(diagnostic["file"]) == "bad.mlir"
