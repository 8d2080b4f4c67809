"""The saved kernels are what TileLang gives today, and live objects import like saved ones.

Runs where TileLang is installed.
"""

from __future__ import annotations

import importlib.util
import sys
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.tilelang
pytest.importorskip("tilelang")

from xdsl.dialects.builtin import ModuleOp  # noqa: E402
from xdsl.printer import Printer  # noqa: E402

from tt_dialect.diagnostics import CompileError  # noqa: E402
from tt_dialect.importer import import_source  # noqa: E402

TEST = Path(__file__).resolve().parent.parent
DATA = TEST / "data" / "tir"
EXAMPLES = TEST.parent / "examples"

JIT = """
import tilelang
import tilelang.language as T

@tilelang.jit
def eager(A, B, block: int = 64):
    M, N = T.const("M, N")
    A: T.Tensor((M, N), "bfloat16")
    B: T.Tensor((M, N), "bfloat16")
    with T.Kernel(N // block, M // block, threads=128) as (bx, by):
        tile = T.alloc_shared((block, block), "bfloat16")
        T.copy(A[by * block, bx * block], tile)
        T.copy(tile, B[by * block, bx * block])

@tilelang.autotune(configs=[{"block": 64}, {"block": 32}])
@tilelang.jit(out_idx=[-1])
def tuned(M, N, block=64):
    return plain(M, N, block)

def plain(M, N, block=64):
    @T.prim_func
    def copy(A: T.Tensor((M, N), "bfloat16"), B: T.Tensor((M, N), "bfloat16")):
        with T.Kernel(N // block, M // block, threads=128) as (bx, by):
            tile = T.alloc_shared((block, block), "bfloat16")
            T.copy(A[by * block, bx * block], tile)
            T.copy(tile, B[by * block, bx * block])
    return copy
"""

PERSISTENT = """
import tilelang
import tilelang.language as T
from tilelang.carver.arch import driver

@tilelang.jit
def persistent(A, B, block: int = 64):
    M, N = T.const("M, N")
    A: T.Tensor((M, N), "bfloat16")
    B: T.Tensor((M, N), "bfloat16")
    cores = driver.get_num_sms()
    with T.Kernel(cores, threads=128) as core:
        tile = T.alloc_shared((block, block), "bfloat16")
        for bx, by in T.Persistent([M // block, N // block], cores, core):
            T.copy(A[bx * block, by * block], tile)
            T.copy(tile, B[bx * block, by * block])
"""


def text_of(module: ModuleOp) -> str:
    """The program with its locations."""
    stream = StringIO()
    Printer(stream, print_debuginfo=True).print_op(module)
    return stream.getvalue()


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TEST / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


KERNELS = load("kernels")
TILE_CASES = load("tile_kernels").TILE_CASES
CASES = KERNELS.CASES | KERNELS.IMPORT_CASES | TILE_CASES
REJECTED = load("rejected").REJECTED | load("rejected_calls").REJECTED


@pytest.mark.parametrize("name", CASES)
def test_saved_kernel_is_the_live_one(name: str):
    live = import_source(CASES[name]())
    folder = DATA / "tile" if name in TILE_CASES else DATA
    assert text_of(live) == text_of(import_source(folder / f"{name}.tir.json"))


@pytest.mark.parametrize("name", REJECTED)
def test_saved_rejected_kernel_is_the_live_one(name: str):
    errors: list[str] = []
    for source in (REJECTED[name](), DATA / "rejected" / f"{name}.tir.json"):
        with pytest.raises(CompileError) as caught:
            import_source(source)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def test_example_is_its_saved_file():
    live = import_source(EXAMPLES / "gemm.py")
    assert text_of(live) == text_of(import_source(EXAMPLES / "gemm.tir.json"))


def test_example_with_arguments():
    args = {"M": 256, "block_M": 64, "dtype": "float16"}
    text = str(import_source(EXAMPLES / "gemm.py", kernel="matmul", args=args))
    assert "memref<256x1024xf16>" in text
    assert "memref<64x32xf16, 1 : i64>" in text


@pytest.fixture
def jit_file(tmp_path: Path) -> Path:
    path = tmp_path / "kernels_of_user.py"
    path.write_text(JIT)
    return path


@pytest.mark.parametrize("name", ["eager", "tuned", "plain"])
def test_jit_autotune_and_functions(jit_file: Path, name: str):
    text = str(import_source(jit_file, kernel=name, args={"M": 128, "N": 64, "block": 32}))
    assert "memref<128x64xbf16>" in text
    assert "memref<32x32xbf16, 1 : i64>" in text


@pytest.mark.parametrize(
    ("kernel", "args", "message"),
    [
        (None, {}, "kernels here: eager, tuned, plain"),
        ("eager", {"M": 128}, "'eager' failed: ValueError: "),
        ("tuned", {"M": 128}, "'tuned' failed: "),
        ("plain", {"M": 128, "N": 0}, "kernels_of_user.py:"),
    ],
)
def test_jit_errors(jit_file: Path, kernel: str | None, args: dict[str, object], message: str):
    with pytest.raises(CompileError) as caught:
        import_source(jit_file, kernel=kernel, args=args)
    assert message in str(caught.value)
    assert str(caught.value).startswith("kernels_of_user.py:")


def test_number_of_cores_for_a_persistent_kernel(tmp_path: Path):
    """As `examples/gemm/example_gemm_persistent.py` of TileLang does it."""
    path = tmp_path / "persistent.py"
    path.write_text(PERSISTENT)
    text = str(import_source(path, args={"M": 1024, "N": 1024}))
    assert "arith.constant 64 : index" in text
    assert "scf.for" in text


def test_module_of_two_kernels():
    from tilelang import tvm

    first = KERNELS.copy_only().with_attr("global_symbol", "first")
    module = import_source(tvm.IRModule({"first": first, "second": KERNELS.cast_only()}))
    assert [op.sym_name.data for op in module.ops] == ["first", "second"]
