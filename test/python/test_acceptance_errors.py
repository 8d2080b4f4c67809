"""Broken inputs: each is one located error with exit code 1, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from xdsl.dialects.builtin import i32
from xdsl.dialects.func import ReturnOp
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError

import tt_dialect
from tt_dialect.mlir_text import make_context, parse_module, print_module

Tool = Callable[..., "subprocess.CompletedProcess[str]"]
Fails = Callable[..., str]


@pytest.fixture
def rejects(ttc: Tool, fails: Fails, tmp_path: Path) -> Callable[..., str]:
    """Asserts that `ttc compile` refuses a file (or some text under a name) and writes nothing."""

    def check(name: str, content: str | bytes, *texts: str, options: tuple[str, ...] = ()) -> str:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        before = sorted(tmp_path.rglob("*"))
        message = fails(ttc("compile", file, "-o", tmp_path / "out", *options), *texts)
        assert sorted(tmp_path.rglob("*")) == before
        return message

    return check


def located(message: str, file: str) -> bool:
    """True for `<path>file:line:col: error:`."""
    return re.search(rf"{re.escape(file)}:\d+:\d+: error: ", message) is not None


@pytest.fixture(scope="module")
def graph(gemm_json: str) -> str:
    """The saved example, as text to break."""
    return Path(gemm_json).read_text()


@pytest.fixture(scope="module")
def tile(gemm_json: str) -> str:
    """The TILE program of the example, as text to break."""
    return print_module(tt_dialect.compile(gemm_json).modules["tile"])


def test_unsupported_operation(rejects: Callable[..., str], graph: str) -> None:
    broken = graph.replace("tl.tileop.gemm", "tl.tileop.gemm_sp")
    message = rejects("gemm.tir.json", broken, "gemm_sp")
    assert located(message, "gemm.py")


def test_unsupported_operation_in_mlir(rejects: Callable[..., str], tile: str) -> None:
    broken = tile.replace("arith.mulf", "arith.divf")
    message = rejects("gemm.mlir", broken, "divf")
    assert located(message, "gemm.mlir")


@pytest.mark.parametrize("dtype", ["int8", "float64", "float8_e4m3fn", "uint32"])
def test_unsupported_dtype(rejects: Callable[..., str], graph: str, dtype: str) -> None:
    message = rejects("gemm.tir.json", graph.replace("bfloat16", dtype), dtype)
    assert located(message, "gemm.py")


def test_unsupported_dtype_in_mlir(rejects: Callable[..., str], tile: str) -> None:
    message = rejects("gemm.mlir", tile.replace("bf16", "f64"), "f64")
    assert located(message, "gemm.mlir")


# One block of 1024×1024 float32 is 4 MiB, more than the L1 of any core.
TOO_LARGE = """\
func.func @copy(%A: memref<1024x1024xf32> {tt.name = "A"}, %B: memref<1024x1024xf32> {tt.name = "B"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%bx) = (%c0) to (%c1) step (%c1) {
    %huge = memref.alloc() {tt.name = "huge"} : memref<1024x1024xf32, 1 : i64>
    linalg.copy ins(%A : memref<1024x1024xf32>) outs(%huge : memref<1024x1024xf32, 1 : i64>)
    linalg.copy ins(%huge : memref<1024x1024xf32, 1 : i64>) outs(%B : memref<1024x1024xf32>)
  }
  func.return
}
"""  # noqa: E501


def test_l1_overflow_names_buffers_and_excess(rejects: Callable[..., str]) -> None:
    message = rejects("copy.mlir", TOO_LARGE, "L1", "huge")
    assert re.search(r"\d+ B more than the \d+ B", message)


def test_blocks_that_are_not_whole_tiles(rejects: Callable[..., str], graph: str) -> None:
    """Blocks need not divide a tensor (`test_ragged.py`); buffers on chip have whole tiles."""
    message = rejects("gemm.tir.json", graph.replace('"value":128}', '"value":112}'))
    assert located(message, "gemm.py")
    assert "multiples of 32" in message


def test_no_launch_grid(ttc: Tool, fails: Fails, root: Path, tmp_path: Path) -> None:
    source = root / "test" / "data" / "tir" / "rejected" / "empty_grid.tir.json"
    fails(ttc("compile", source, "-o", tmp_path / "out"), "grid")
    assert not list(tmp_path.iterdir())


def test_no_launch_grid_in_mlir(rejects: Callable[..., str]) -> None:
    text = "func.func @f(%A: memref<32x32xbf16>) {\n  func.return\n}\n"
    assert located(rejects("f.mlir", text, "grid"), "f.mlir")


@pytest.mark.parametrize(
    "text", ["", "garbage", "func.func @f(", "}", "func.func @f() { func.return } }", "\x00\xff"]
)
def test_malformed_mlir(rejects: Callable[..., str], text: str) -> None:
    message = rejects("x.mlir", text)
    assert located(message, "x.mlir") or "holds no function" in message


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_json(rejects: Callable[..., str], graph: str, fraction: float) -> None:
    rejects("gemm.tir.json", graph[: int(len(graph) * fraction)], "gemm.tir.json")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        "null",
        "3",
        '"text"',
        '{"root_index":0,"nodes":[]}',
        '{"root_index":0,"nodes":[{"type":"None"}]}',
        '{"root_index":7,"nodes":[{"type":"None"}]}',
        '{"root_index":"x","nodes":{}}',
        '{"root_index":0,"nodes":[{"type":"tirx.PrimFunc","data":{}}]}',
        '{"root_index":0,"nodes":[{"type":"ffi.Array","data":[0]}]}',
        b"\xff\xfe",
        "{" * 20000,
    ],
)
def test_malformed_json(rejects: Callable[..., str], content: str | bytes) -> None:
    rejects("x.tir.json", content, "x.tir.json")


def test_graph_with_a_broken_reference(rejects: Callable[..., str], graph: str) -> None:
    data = json.loads(graph)
    tensors = [i for i, node in enumerate(data["nodes"]) if node["type"] == "tirx.Buffer"]
    for index in (tensors[0], data["root_index"]):
        broken = json.loads(graph)
        broken["nodes"][index] = {"type": "None"}
        rejects("gemm.tir.json", json.dumps(broken))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", "no kernel"),
        ("def f(:\n", "x.py:1:"),
        ("import no_such_module_at_all\n", "x.py:1:"),
        ("\n\nraise RuntimeError('boom')\n", "x.py:3:"),
        ("import sys\nsys.exit(3)\n", "x.py:2:1: error: x.py exited with code 3 while it was"),
        ("import sys\nsys.exit()\n", "x.py exited with code 0 while it was loaded"),
        ("import sys\nsys.exit('no GPU')\n", "note: no GPU"),
    ],
)
def test_python_without_a_kernel(rejects: Callable[..., str], text: str, expected: str) -> None:
    rejects("x.py", text, expected)


USED_BEFORE = """\
func.func @f() {
  %1 = arith.addi %0, %0 : i32
  %0 = arith.constant 1 : i32
  func.return
}
"""
CAPTURED = """\
%0 = arith.constant 1 : i32
func.func @f() -> i32 {
  func.return %0 : i32
}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (USED_BEFORE, ":2:3: error: operand of 'arith.addi' is defined after it"),
        (CAPTURED, ":3:3: error: 'func.return' uses a value defined outside of the 'func.func'"),
    ],
)
def test_values_that_are_not_there(
    rejects: Callable[..., str], tt_opt: Tool, fails: Fails, text: str, expected: str
) -> None:
    assert rejects("x.mlir", text, f"x.mlir{expected}").count("error") == 1
    assert fails(tt_opt(stdin=text), f"stdin{expected}").count("error") == 1
    with pytest.raises(tt_dialect.CompileError, match=r"x\.mlir:"):
        parse_module(text, "x.mlir")


def test_forward_declared_values_during_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(parser: Parser) -> ReturnOp:
        operand = parser.resolve_operand(parser.parse_unresolved_operand(), i32)
        assert operand.owner
        return ReturnOp(operand)

    monkeypatch.setattr(ReturnOp, "parse", staticmethod(parse))
    text = 'func.func @f() {\n  %0 = "test.op"() : () -> i32\n  func.return %1\n}'
    with pytest.raises(ParseError) as caught:
        parse_module(text, "x.mlir", make_context(allow_unregistered=True))
    assert "uses a value that is defined after it" in caught.value.msg
    assert caught.value.span.get_location().line == 3


def test_branches_are_accepted(tt_opt: Tool) -> None:
    text = """
    func.func @f() -> i32 {
      %0 = arith.constant 1 : i32
      cf.br ^next
    ^next:
      func.return %0 : i32
    }
    """
    done = tt_opt(stdin=text)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", ["reader", "host", "plan"])
def test_targets_need_a_program(tt_opt: Tool, fails: Fails, tmp_path: Path, target: str) -> None:
    file = tmp_path / "x.mlir"
    file.write_text("func.func @f() {\n  func.return\n}\n")
    message = f"{file}:1:1: error: this target prints a module with one tt.program, found 0"
    fails(tt_opt(file, "-t", f"metalium-{target}"), message)


def test_passes_run_on_the_module(tt_opt: Tool, fails: Fails) -> None:
    text = "func.func(cse,tt-lower)"
    for pipeline, column in ((text, 15), (f"builtin.module({text})", 30)):
        fails(
            tt_opt("--pass-pipeline", pipeline, stdin="module {}"),
            f"--pass-pipeline:1:{column}: error: pass 'tt-lower' runs on builtin.module, not "
            "func.func",
        )
    accepted = "builtin.module(func.func(cse,canonicalize),any(tt-strip))"
    assert tt_opt("--pass-pipeline", accepted, stdin="module {}").returncode == 0


def test_unknown_pass_and_option(tt_opt: Tool, fails: Fails) -> None:
    for text, expected in (
        ("builtin.module(tt-lwoer)", "unknown pass 'tt-lwoer'"),
        ("builtin.module(tt-lower{archh=wormhole})", "pass 'tt-lower' has no option 'archh'"),
        ("builtin.module(tt-lower{arch=wormhoel})", "wormhoel"),
        ("builtin.module(tt-lower{fidelity=High})", "High"),
    ):
        fails(tt_opt("--pass-pipeline", text, stdin="module {}"), expected)


def test_dump_ir_survives_a_failure(ttc: Tool, fails: Fails, tmp_path: Path) -> None:
    file = tmp_path / "copy.mlir"
    file.write_text(TOO_LARGE)
    fails(ttc("compile", file, "-o", tmp_path / "out", "--dump-ir", tmp_path / "ir"))
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "ir" / "tile.mlir").exists()
    assert not (tmp_path / "ir" / "metalium.mlir").exists()
