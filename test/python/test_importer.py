"""TIR to TILE: every saved kernel imports, verifies and survives printing; goldens show the form.

`test/import/Inputs/*.mlir` are the expected programs. To see what changed after an intended change:

    IMPORT_GOLDENS=write pytest test/python/test_importer.py && git diff test/import
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects import arith, func, math, memref, scf
from xdsl.dialects.builtin import Builtin, FileLineColLoc, ModuleOp
from xdsl.dialects.linalg import Linalg
from xdsl.parser import Parser
from xdsl.printer import Printer

from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import import_source

TEST = Path(__file__).resolve().parent.parent
DATA = TEST / "data" / "tir"
GOLDENS = TEST / "import" / "Inputs"
SAVED = sorted([*DATA.glob("*.tir.json"), *DATA.glob("tile/*.tir.json")])
KERNELS = SAVED
SOURCES = ("kernels.py", "tile_kernels.py", "gemm.py", "reduce_op.py")
"""Files of kernels; the last is TileLang's own, whose macros stand for `T.reduce_*`."""
REJECTED_IN = ("rejected.py", "rejected_calls.py")
REJECTED = sorted((DATA / "rejected").glob("*.tir.json"))


def name_of(path: Path) -> str:
    return path.name.removesuffix(".tir.json")


def text_of(module: ModuleOp, *, generic: bool = False, locations: bool = False) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic, print_debuginfo=locations).print_op(module)
    return stream.getvalue() + "\n"


def parse(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, arith.Arith, func.Func, math.Math, memref.MemRef, scf.Scf, Linalg):
        context.load_dialect(dialect)
    return Parser(context, text).parse_module()


@pytest.mark.parametrize("path", KERNELS, ids=name_of)
def test_imports_verifies_and_round_trips(path: Path):
    module = import_source(path)
    module.verify()
    for generic in (False, True):
        text = text_of(module, generic=generic, locations=True)
        again = parse(text)
        again.verify()
        assert text_of(again, generic=generic, locations=True) == text


@pytest.mark.parametrize("path", KERNELS, ids=name_of)
def test_upstream_mlir_accepts(path: Path, mlir_opt):
    text = text_of(import_source(path), generic=True)
    done = mlir_opt("--mlir-print-op-generic", stdin=text)
    assert done.returncode == 0, done.stderr
    assert parse(done.stdout).is_structurally_equivalent(parse(text))


@pytest.mark.parametrize("path", KERNELS, ids=name_of)
def test_every_operation_has_its_source_line(path: Path):
    module = import_source(path)
    if name_of(path).startswith("apache"):
        return  # apache-tvm 0.25 has no spans; these kernels are built without a source
    for op in module.body.walk():
        assert isinstance(op.location, FileLineColLoc), op.name
        assert op.location.filename.data in SOURCES


def test_locations_are_the_lines_of_the_source(gemm_json: str):
    source = (TEST.parent / "examples" / "gemm.py").read_text().splitlines()
    wanted = {
        "func.func": "def gemm(",
        "scf.parallel": "with T.Kernel(",
        "memref.alloc": "T.alloc_",
        "linalg.fill": "T.clear(",
        "scf.for": "T.Pipelined(",
        "memref.subview": "T.copy(",
        "linalg.copy": "T.copy(",
    }
    for op in import_source(gemm_json).body.walk():
        assert isinstance(op.location, FileLineColLoc)
        line = source[op.location.line.data - 1]
        assert wanted.get(op.name, "") in line


@pytest.mark.parametrize("path", [*SAVED, *REJECTED], ids=name_of)
def test_saved_files_name_no_directories(path: Path):
    for node in json.loads(path.read_text())["nodes"]:
        if node["type"] == "ir.SourceName":
            assert "/" not in node["data"]
            assert "\\" not in node["data"]


def test_the_example_is_the_test_kernel(gemm_json: str):
    example, kernel = import_source(gemm_json), import_source(DATA / "gemm_bf16.tir.json")
    assert example.is_structurally_equivalent(kernel)


def test_tvm_versions_read_alike():
    old, new = (import_source(DATA / f"apache_0_{v}_gemm.tir.json") for v in (25, 27))
    assert text_of(old) == text_of(new)


@pytest.mark.parametrize(
    "name",
    [
        "gemm_bf16",
        "gemm_batch",
        "gemm_chain",
        "gemm_transpose_a",
        "gemm_transpose_b",
        "apache_0_27_gemm",
        "batch_axes",
        "cast_only",
        "clear_accum",
        "fills",
        "flat_grid",
        "lets",
        "loops",
        "rows",
        "whole_product",
    ],
)
def test_golden(name: str):
    text = text_of(import_source(DATA / f"{name}.tir.json"))
    golden = GOLDENS / f"{name}.mlir"
    if os.environ.get("IMPORT_GOLDENS") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("path", REJECTED, ids=name_of)
def test_rejected_at_its_line(path: Path):
    """The error is at the kernel's line with `# ERROR: text`, says the text, and what would do."""
    name = next(n for n in REJECTED_IN if f"def {name_of(path)}():" in (TEST / n).read_text())
    source = (TEST / name).read_text()
    start = source.index(f"def {name_of(path)}():")
    match = re.compile(r"# ERROR: (.*)").search(source, start)
    assert match is not None
    line = source.count("\n", 0, match.start()) + 1
    with pytest.raises(CompileError) as caught:
        import_source(path)
    text = str(caught.value)
    assert match[1] in text
    assert f"{name}:{line}:1" in text
    assert "note: " in text


def test_all_rejected_kernels_are_saved():
    text = "".join((TEST / name).read_text() for name in REJECTED_IN)
    makers = re.findall(r"^def (\w+)\(\):", text, re.MULTILINE)
    assert sorted(makers) == [name_of(path) for path in REJECTED]


# Edits of a saved kernel: what TileLang's frontend does not write, but a file may hold.


def edited(tmp_path: Path, old: str, new: str, case: str = "gemm_stages_2") -> Path:
    text = (DATA / f"{case}.tir.json").read_text()
    assert old in text
    path = tmp_path / "edited.tir.json"
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tl.tileop.gemm", "tl.tileop.wgmma_gemm", "T.wgmma_gemm is not supported"),
        ("tl.tileop.copy", "tl.tileop.async_copy", "T.async_copy is not supported"),
        ("shared.dyn", "shared.tmem", "in scope 'shared.tmem'"),
        ("blockIdx.y", "threadIdx.y", "a thread binding is not supported"),
        ("tirx.Evaluate", "tirx.Surprise", "'tirx.Surprise' is not supported"),
        ('"kind":0', '"kind":9', "unknown loop kind 9"),
        ("tl.launch_threads", "cluster_dims", "the block annotation 'cluster_dims'"),
        ('"elem_offset":', '"layout":1,"elem_offset":', "is not dense and row-major"),
    ],
)
def test_edited_kernel_is_refused(tmp_path: Path, old: str, new: str, message: str):
    with pytest.raises(CompileError) as caught:
        import_source(edited(tmp_path, old, new))
    assert message in str(caught.value)
    assert caught.value.diagnostics[0].location is not None


def test_without_spans_errors_name_the_kernel(tmp_path: Path):
    document = json.loads((DATA / "rejected" / "while_loop.tir.json").read_text())
    none = next(i for i, node in enumerate(document["nodes"]) if node["type"] == "None")
    for node in document["nodes"]:
        if isinstance(node.get("data"), dict) and "span" in node["data"]:
            node["data"]["span"] = min(none, node["data"]["span"])
    path = tmp_path / "while_loop.tir.json"
    path.write_text(json.dumps(document).replace('"ir.Span"', '"ir.NoSpan"'))
    with pytest.raises(CompileError, match=r"in kernel 'while_loop': a 'while' loop"):
        import_source(path)


def test_importing_needs_neither_tvm_nor_numpy(gemm_json: str):
    code = (
        "import sys; from tt_dialect.importer import import_source\n"
        f"import_source({gemm_json!r})\n"
        "print(sorted({'tvm', 'tvm_ffi', 'numpy', 'tilelang'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TEST.parent
    )
    assert done.stdout.strip() == "[]"
