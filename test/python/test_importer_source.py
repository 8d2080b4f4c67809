"""Where kernels come from: live TVM objects, Python files, and what is wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import import_source
from tt_dialect.importer.devices import answer_queries

DATA = Path(__file__).resolve().parent.parent / "data" / "tir"
GEMM = DATA / "apache_0_25_gemm.tir.json"

TILE_OPS = ("tl.region", "tl.tileop.copy", "tl.tileop.fill", "tl.tileop.gemm")
"""Operations that apache-tvm has to know to load a kernel of TileLang's."""

LIVE = f"""
import tvm
from pathlib import Path
for name in set({TILE_OPS!r}) - set(tvm.ir.Op.list_op_names()):
    tvm.ir._ffi_api.RegisterOp(name, "")
    tvm.ir.register_op_attr(name, "TCallEffectKind", 4)
gemm = tvm.ir.load_json(Path({str(GEMM)!r}).read_text())
"""

MAKERS = """
import tvm
from tvm.script import tirx as T

def make(n, m=4):
    @T.prim_func
    def plain(A: T.Buffer((n,), "float32")):
        A[0] = T.float32(m)
    return plain

def wrong(n):
    return T.prim_func

def broken(n):
    raise ValueError(f"no {n}" and T.prim_func and f"no {n}")

def helper(n):
    return n
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "kernels.py"
    path.write_text(text)
    return path


def error_of(source: object, **kwargs: object) -> str:
    with pytest.raises(CompileError) as caught:
        import_source(source, **kwargs)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.fixture(scope="module")
def prim_func() -> object:
    pytest.importorskip("tvm")
    names: dict[str, object] = {}
    exec(LIVE, names)
    return names["gemm"]


def test_prim_func(prim_func: object):
    assert str(import_source(prim_func)) == str(import_source(GEMM))


def test_module_gives_all_its_kernels_or_one(prim_func: object):
    tvm = pytest.importorskip("tvm")
    module = tvm.IRModule({"first": prim_func, "second": prim_func})
    names = [op.sym_name.data for op in import_source(module).ops]
    assert names == ["first", "second"]
    (only,) = import_source(module, kernel="second").ops
    assert only.sym_name.data == "second"
    assert "kernels here: first, second" in error_of(module, kernel="third")
    assert "the IRModule holds no PrimFunc" in error_of(tvm.IRModule({}))


def test_kernel_of_a_saved_file_by_name():
    assert str(import_source(GEMM, kernel="gemm")) == str(import_source(str(GEMM)))
    assert "there is no kernel 'x'" in error_of(GEMM, kernel="x")
    assert "a saved kernel takes no arguments" in error_of(GEMM, args={"M": 1})


def test_prim_func_takes_no_arguments(prim_func: object):
    assert "takes no arguments" in error_of(prim_func, args={"M": 1})


def test_other_objects_are_not_kernels():
    assert "'int' is not a kernel" in error_of(3)
    assert "returns NoneType, not a PrimFunc" in error_of(lambda: None)


def test_python_file_with_a_kernel(tmp_path: Path):
    path = write(tmp_path, LIVE)
    assert str(import_source(path)) == str(import_source(GEMM))
    assert str(import_source(path, kernel="gemm")) == str(import_source(GEMM))
    assert "no kernel named 'x'" in error_of(path, kernel="x")
    assert "takes no arguments" in error_of(path, args={"M": 1})


def test_a_file_that_fails_after_its_kernel(tmp_path: Path):
    """As TileLang's examples do, which go on to run the kernel on a GPU."""
    path = write(tmp_path, LIVE + "\nraise RuntimeError('no GPU')\n")
    assert str(import_source(path)) == str(import_source(GEMM))
    assert str(import_source(path, kernel="gemm")) == str(import_source(GEMM))
    assert "RuntimeError: no GPU" in error_of(path, kernel="x")
    two = write(tmp_path, LIVE + "\nother = gemm\nraise RuntimeError('no GPU')\n")
    assert "RuntimeError: no GPU" in error_of(two)


@pytest.mark.parametrize(("gpu", "count"), [(None, 64), ("a GPU", 132)])
def test_number_of_multiprocessors(monkeypatch: pytest.MonkeyPatch, gpu: object, count: int):
    """Without a GPU it is the number of cores; with one it is left alone."""
    driver = ModuleType("tilelang.carver.arch.driver")
    driver.get_num_sms = lambda device_id=0: 132
    driver.get_cuda_device_properties = lambda device_id: gpu
    monkeypatch.setitem(sys.modules, driver.__name__, driver)
    for _ in range(2):
        answer_queries()
        assert driver.get_num_sms() == count


def test_functions_that_make_kernels(tmp_path: Path):
    path = write(tmp_path, MAKERS)
    several = error_of(path)
    assert "kernels.py:1:1: error: several kernels in this file" in several
    assert "kernels here: make, wrong, broken\n" in several
    made = str(import_source(path, kernel="make", args={"n": 8}))
    assert "func.func @plain(%A: memref<8xf32>" in made
    assert "arith.constant 4.000000e+00 : f32" in made
    missing = error_of(path, kernel="make")
    assert "kernels.py:5:1: error: cannot call 'make': missing a required argument" in missing
    assert "parameters: n, m" in missing
    assert "not a PrimFunc" in error_of(path, kernel="wrong", args={"n": 8})
    raised = error_of(path, kernel="broken", args={"n": 8})
    assert "kernels.py:15:1: error: 'broken' failed: ValueError: no 8" in raised


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "kernels.py:1:1: error: no kernel in this file"),
        ("x = (\n", "kernels.py:1:5: error: syntax error: "),
        ("a = 1\nb = a / 0\n", "kernels.py:2:1: error: importing kernels.py failed: ZeroDiv"),
        ("import no_such_thing\n", "No module named 'no_such_thing'"),
    ],
)
def test_python_file_without_a_kernel(tmp_path: Path, text: str, message: str):
    assert message in error_of(write(tmp_path, text))


def test_imports_next_to_the_file_work(tmp_path: Path):
    (tmp_path / "sizes_of_kernel.py").write_text("SIZE = 3\n")
    path = write(tmp_path, "from sizes_of_kernel import SIZE\nassert SIZE == 3\n")
    assert "no kernel in this file" in error_of(path)


@pytest.mark.parametrize("name", ["missing.tir.json", "missing.py"])
def test_missing_file(tmp_path: Path, name: str):
    text = error_of(tmp_path / name)
    assert f"cannot read {name}: " in text.lower().replace("no such file or directory", "x")
    assert str(tmp_path) not in text


def test_unknown_kind_of_file(tmp_path: Path):
    assert "kernel.txt: unknown kind of input" in error_of(tmp_path / "kernel.txt")
