"""TileLang's jit and `tilelang.compile` with `target="tenstorrent"`.

Runs where TileLang is installed. `TILELANG_EXAMPLES` may name the `examples` directory of a
TileLang checkout; its GEMM then runs unchanged.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.tilelang
pytest.importorskip("tilelang")

import tilelang  # noqa: E402
import tilelang.language as T  # noqa: E402
import torch  # noqa: E402

import tt_dialect.tilelang as plugin  # noqa: E402
from tt_dialect import api  # noqa: E402
from tt_dialect.diagnostics import CompileError  # noqa: E402

TEST = Path(__file__).resolve().parent.parent
ROOT = TEST.parent
EXAMPLES = os.environ.get("TILELANG_EXAMPLES")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Artifacts go to a directory of the test."""
    monkeypatch.setattr(tilelang.env, "TILELANG_CACHE_DIR", str(tmp_path / "cache"))


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KERNELS = load(TEST / "kernels.py")
REJECTED = load(TEST / "rejected.py").REJECTED

SMALL = {"M": 128, "N": 96, "K": 64, "block_M": 64, "block_N": 32, "block_K": 32}


def gemm(**changes: Any) -> Any:
    return KERNELS.gemm(**SMALL | changes)


def compiled(function: Any, **options: Any) -> Any:
    return tilelang.compile(function, **{"target": "tenstorrent"} | options)


def random(*shape: int, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator).to(dtype)


def assert_product(c: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> None:
    reference = a.double() @ b.double()
    limit = 2e-3 if c.dtype == torch.float32 else 2**-7
    assert (c.double() - reference).abs().max() <= limit * reference.abs().max()


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
        cwd=ROOT,
    )


# ------------------------------------------------------------------------------------- styles


@tilelang.jit(target="tenstorrent")
def eager(A, B, block: int = 32):
    M, N, K = T.const("M, N, K")
    A: T.Tensor((M, K), "bfloat16")
    B: T.Tensor((K, N), "bfloat16")
    C = T.empty((M, N), "bfloat16")
    with T.Kernel(T.ceildiv(N, block), T.ceildiv(M, block), threads=128) as (bx, by):
        A_shared = T.alloc_shared((block, block), "bfloat16")
        B_shared = T.alloc_shared((block, block), "bfloat16")
        C_local = T.alloc_fragment((block, block), "float32")
        T.clear(C_local)
        for ko in T.Pipelined(T.ceildiv(K, block), num_stages=2):
            T.copy(A[by * block, ko * block], A_shared)
            T.copy(B[ko * block, bx * block], B_shared)
            T.gemm(A_shared, B_shared, C_local)
        T.copy(C_local, C[by * block, bx * block])
    return C


@tilelang.jit(target="tenstorrent")
def eager_in_place(A, B, block: int = 32):
    M, N = T.const("M, N")
    A: T.Tensor((M, N), "bfloat16")
    B: T.Tensor((M, N), "bfloat16")
    with T.Kernel(N // block, M // block, threads=128) as (bx, by):
        tile = T.alloc_shared((block, block), "bfloat16")
        T.copy(A[by * block, bx * block], tile)
        T.copy(tile, B[by * block, bx * block])


@tilelang.jit(target="tenstorrent")
def eager_two(A, block: int = 32):
    M, N = T.const("M, N")
    A: T.Tensor((M, N), "float32")
    C = T.empty((M, N), "float32")
    D = T.empty((M, N), "bfloat16")
    with T.Kernel(N // block, M // block, threads=128) as (bx, by):
        tile = T.alloc_fragment((block, block), "float32")
        T.copy(A[by * block, bx * block], tile)
        T.copy(tile, C[by * block, bx * block])
        T.copy(tile, D[by * block, bx * block])
    return D, C


@tilelang.jit(target="tenstorrent", out_idx=[-1])
def lazy(M, N, K):
    return gemm(M=M, N=N, K=K)


@tilelang.jit
def without_target(M, N):
    return KERNELS.copy_only(M, N, 32, 32)


def test_example(capsys: pytest.CaptureFixture[str]):
    assert load(ROOT / "examples" / "jit_gemm.py").main() < 2**-7
    lines = capsys.readouterr().out.splitlines()
    assert {"max|error| / max|reference|: 0.0031", "core grid: [8, 8]"} <= set(lines)
    assert (Path(lines[-1].removeprefix("artifacts: ")) / "main.cpp").is_file()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_compile_in_every_dtype(dtype: torch.dtype):
    kernel = compiled(gemm(dtype=str(dtype).removeprefix("torch.")), out_idx=-1)
    a, b = random(128, 64, dtype=dtype), random(64, 96, dtype=dtype)
    c = kernel(a, b)
    assert (c.dtype, c.shape) == (dtype, (128, 96))
    assert_product(c, a, b)
    assert torch.equal(c, kernel.compiled.run(a, b, engine="tile"))


@pytest.mark.parametrize("out_idx", [-1, 2, [-1], [2], (2,)])
def test_out_idx_is_returned_and_else_written_in_place(out_idx: Any):
    a, b = random(128, 64), random(64, 96)
    c = compiled(gemm(), out_idx=out_idx)(a, b)
    given = torch.full((128, 96), float("nan"), dtype=torch.bfloat16)
    assert compiled(gemm())(a, b, given) == []
    assert torch.equal(c, given)


def test_lazy_style():
    kernel = lazy(128, 96, 64)
    assert kernel is lazy(128, 96, 64)
    assert isinstance(kernel, plugin.TenstorrentKernel)
    assert isinstance(kernel, tilelang.JITKernel)
    a, b = random(128, 64), random(64, 96)
    assert_product(kernel(a, b), a, b)
    other = lazy(64, 32, 32)
    assert other(random(64, 32), random(32, 32)).shape == (64, 32)


def test_eager_style():
    a, b = random(64, 96), random(96, 32)
    c = eager(a, b)
    assert_product(c, a, b)
    assert torch.equal(c, eager(a, b))
    assert torch.equal(c, eager.compile(M=64, N=32, K=96)(a, b))
    assert eager(random(32, 32), random(32, 64)).shape == (32, 64)


@tilelang.jit
def of_the_example(A, B, block_M, block_N, block_K, dtype=T.float16, accum_dtype=T.float32):
    """Of the form of TileLang's examples/gemm/example_gemm.py: no target, tunables as arguments."""
    M, N, K = T.const("M, N, K")
    A: T.Tensor((M, K), dtype)
    B: T.Tensor((K, N), dtype)
    C = T.empty((M, N), dtype)
    with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
        A_shared = T.alloc_shared((block_M, block_K), dtype)
        B_shared = T.alloc_shared((block_K, block_N), dtype)
        C_local = T.alloc_fragment((block_M, block_N), accum_dtype)
        T.clear(C_local)
        for k in T.Pipelined(T.ceildiv(K, block_K), num_stages=3):
            T.copy(A[by * block_M, k * block_K], A_shared)
            T.copy(B[k * block_K, bx * block_N], B_shared)
            T.gemm(A_shared, B_shared, C_local)
        T.copy(C_local, C[by * block_M, bx * block_N])
    return C


def test_a_kernel_of_the_form_of_tilelangs_example(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TILELANG_DEFAULT_TARGET", "tenstorrent")
    kernel = of_the_example.compile(M=256, N=256, K=128, block_M=128, block_N=128, block_K=32)
    a, b = random(256, 128, dtype=torch.float16), random(128, 256, dtype=torch.float16)
    assert_product(kernel(a, b), a, b)


def test_eager_style_in_place():
    a, b = random(64, 96), torch.zeros(64, 96, dtype=torch.bfloat16)
    eager_in_place(a, b)
    assert torch.equal(a, b)


def test_returned_tensors_come_in_the_order_of_return():
    a = random(64, 32, dtype=torch.float32)
    d, c = eager_two(a)
    assert (c.dtype, d.dtype) == (torch.float32, torch.bfloat16)
    assert torch.equal(c, a)
    assert torch.equal(d, a.bfloat16())


def test_two_outputs_in_the_order_of_out_idx():
    function = KERNELS.two_outputs(64, 64, 64, 32)
    a, b = random(64, 64), random(64, 64)
    c, e = compiled(function, out_idx=[2, 3])(a, b)
    assert_product(c, a, b)
    assert_product(e, a, b)
    swapped = compiled(function, out_idx=[-1, -2])(a, b)
    assert [torch.equal(x, y) for x, y in zip(swapped, (e, c), strict=True)] == [True, True]
    given = torch.empty_like(c)
    assert torch.equal(compiled(function, out_idx=3)(a, b, given), e)
    assert torch.equal(given, c)


def test_par_compile():
    kernels = lazy.par_compile([(64, 32, 32), (128, 96, 64)], num_workers=2)
    assert [kernel.plan["tile_grid"] for kernel in kernels] == [[2, 1], [4, 3]]


def test_default_target_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TILELANG_DEFAULT_TARGET", "tenstorrent -arch=blackhole")
    kernel = without_target(64, 96)
    assert kernel.plan["arch"] == "blackhole"
    a, out = random(64, 96), torch.empty(64, 96, dtype=torch.bfloat16)
    kernel(a, out)
    assert torch.equal(a, out)


if EXAMPLES is not None:

    @pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
    def test_gemm_of_tilelangs_examples(arch: str, monkeypatch: pytest.MonkeyPatch):
        """The kernel of examples/gemm/example_gemm.py, as its `main` compiles it."""
        monkeypatch.setenv("TILELANG_DEFAULT_TARGET", f"tenstorrent -arch={arch}")
        example = load(Path(EXAMPLES) / "gemm" / "example_gemm.py")
        sizes = {"M": 1024, "N": 1024, "K": 1024, "block_M": 128, "block_N": 128, "block_K": 32}
        kernel = example.matmul.compile(**sizes)
        assert kernel.plan["arch"] == arch
        a, b = random(1024, 1024, dtype=torch.float16), random(1024, 1024, dtype=torch.float16)
        # Not to the tolerance of the example: the matrix engine does not use the last bit of an
        # fp16 SrcA operand (run/numerics.py), an error of 0.05 in sums of 1024 products.
        assert_product(kernel(a, b), a, b)


# -------------------------------------------------------------------------------- what it offers


def test_sources_plan_and_artifacts(tmp_path: Path):
    kernel = compiled(gemm(), out_idx=-1)
    source = kernel.get_kernel_source()
    assert [line for line in source.splitlines() if line.startswith("// ----")] == [
        "// ---- kernels/reader.cpp",
        "// ---- kernels/compute.cpp",
        "// ---- kernels/writer.cpp",
    ]
    assert source == kernel.kernel_source == kernel.artifact.kernel_source
    host = kernel.get_host_source()
    assert host == kernel.host_source == kernel.compiled.sources["main.cpp"]
    assert kernel.get_kernel_source(kernel_only=False).endswith(host)
    assert kernel.plan["tile_grid"] == [4, 3]

    directory = Path(kernel.artifact_dir)
    assert directory.is_relative_to(tmp_path / "cache")
    assert (directory / "main.cpp").read_text() == host
    assert kernel.artifact_dir == compiled(gemm()).artifact_dir
    assert kernel.artifact_dir != compiled(gemm(M=64)).artifact_dir

    a, b = random(128, 64), random(64, 96)
    assert kernel.stats is None
    c = kernel(a, b)
    assert kernel.stats.page_writes["C"].tolist() == [1] * 12
    kernel.write(tmp_path / "out")
    assert torch.equal(api.load(tmp_path / "out").run(a, b), c)

    with pytest.raises(CompileError, match="no library"):
        kernel.export_library("kernel.so")


def test_lower_gives_the_kernels():
    artifact = tilelang.lower(gemm(), target="tenstorrent")
    assert artifact.kernel_source == compiled(gemm()).get_kernel_source()
    assert len(artifact.params) == 3


def test_emit_mode():
    target = {"kind": "tenstorrent", "mode": "emit", "arch": "grayskull"}
    kernel = compiled(gemm(), target=target, out_idx=-1)
    (directory,) = (Path(tilelang.env.TILELANG_CACHE_DIR) / "tenstorrent").iterdir()
    assert str(directory) == kernel.artifact_dir
    assert (directory / "tt.plan.json").is_file()
    with pytest.raises(CompileError) as caught:
        kernel(random(128, 64), random(64, 96))
    assert f"mode=emit, which only writes artifacts: {directory}" in str(caught.value)
    assert kernel.stats is None


# -------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    "target",
    [
        "tenstorrent -arch=blackhole -metalium-api=v1 -fidelity=HiFi2",
        {
            "kind": "tenstorrent",
            "arch": "blackhole",
            "metalium_api": "v1",
            "fidelity": "HiFi2",
        },
    ],
)
def test_target_attributes(target: Any):
    kernel = compiled(gemm(), target=target)
    plan = kernel.plan
    assert (plan["arch"], plan["metalium_api"]) == ("blackhole", "v1")
    assert plan["compute"]["fidelity"] == "HiFi2"
    # A TVM target made before means the same.
    assert compiled(gemm(), target=kernel.target).plan == plan
    with kernel.target:
        assert compiled(gemm(), target="auto").plan == plan


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("tenstorrent -arch=hopper", "arch is 'hopper'\nnote: expected one of wormhole, "),
        ("tenstorrent -mode=run", "mode is 'run'\nnote: expected one of simulate, emit"),
        ({"kind": "tenstorrent", "cores": 4}, "has no attribute 'cores'\nnote: it has arch, "),
        ("tenstorrent blackhole", "cannot read 'blackhole' in target"),
        ("tenstorrent -arch=grayskull", "programs for grayskull are not executed"),
    ],
)
def test_wrong_target(target: Any, message: str):
    with pytest.raises(CompileError) as caught:
        compiled(gemm(), target=target)
    assert message in str(caught.value)


def test_pass_configs_of_tilelang_are_accepted_and_unknown_ones_are_not():
    key = tilelang.PassConfigKey.TL_DISABLE_WARP_SPECIALIZED
    assert compiled(gemm(), pass_configs={key: True}, compile_flags=["-O3"]).plan
    with pytest.raises(AttributeError, match=r"Invalid config option 'tl\.typo'"):
        compiled(gemm(), pass_configs={"tl.typo": True})


def test_engines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CXX", raising=False)
    a, b = random(128, 64), random(64, 96)
    sim = compiled(gemm(), out_idx=-1, execution_backend="tt_sim")
    assert sim.adapter.engine == "sim"
    expected = sim(a, b)
    with pytest.raises(ValueError, match="Invalid execution backend 'tvm_ffi'"):
        compiled(gemm(), execution_backend="tvm_ffi")

    if shutil.which("g++") or shutil.which("clang++"):
        assert plugin.default_engine() == "native"
        native = compiled(gemm(), out_idx=-1)
        assert (native.execution_backend, native.adapter.engine) == ("tt_native", "native")
        assert torch.equal(native(a, b), expected)
        assert native.stats.page_writes["C"].tolist() == [1] * 12

    monkeypatch.setenv("CXX", "no-such-compiler")
    assert plugin.default_engine() == "sim"
    assert compiled(gemm()).execution_backend == "tt_sim"
    with pytest.raises(ValueError, match="'tt_native' requires extra dependencies"):
        compiled(gemm(), execution_backend="tt_native")


# --------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b: (a,), "expected 2 arguments, got 1"),
        (lambda a, b: (a, b, b), "expected 2 arguments, got 3"),
        (lambda a, b: (a.tolist(), b), "'A' is a list, expected a torch tensor"),
        (lambda a, b: (a.to("meta"), b), "'A' is on device 'meta'; move it to the CPU first"),
        (lambda a, b: (a.half(), b), "'A' has dtype float16, expected bfloat16"),
        (lambda a, b: (a, b.T), "'B' has shape [96, 64], expected [64, 96]"),
        (lambda a, b: (a, b.T.contiguous().T), "'B' has strides [1, 64]; pass its .contiguous()"),
        (lambda a, b: (a[:1].expand(128, 64), b), "'A' has strides [0, 1]"),
        (lambda a, b: (a.to_sparse(), b), "'A' has layout torch.sparse_coo"),
    ],
)
def test_wrong_arguments(change: Any, message: str):
    kernel = compiled(gemm(), out_idx=-1)
    with pytest.raises(CompileError) as caught:
        kernel(*change(random(128, 64), random(64, 96)))
    assert message in str(caught.value)
    assert "kernel 'gemm' takes A: bfloat16[128, 64], B: bfloat16[64, 96]" in str(caught.value)


def test_a_wrong_tensor_in_place_is_not_touched():
    a, b = random(128, 64), random(64, 96)
    c = torch.zeros(96, 128, dtype=torch.bfloat16)
    with pytest.raises(CompileError, match=r"'C' has strides \[1, 128\]"):
        compiled(gemm())(a, b, c.T)
    assert not c.any()


def corner(M=64, N=64):
    @T.prim_func
    def corner(C: T.Tensor((M, N), "bfloat16"), A: T.Tensor((M, N), "bfloat16")):
        with T.Kernel(1, threads=128) as bx:
            tile = T.alloc_shared((32, 32), "bfloat16")
            T.copy(A[bx * 32, 32], tile)
            T.copy(tile, C[bx * 32, 0])

    return corner


def test_what_the_kernel_does_not_write_is_kept_or_refused():
    a, c = random(64, 64), torch.full((64, 64), 7.0, dtype=torch.bfloat16)
    expected = c.clone()
    expected[:32, :32] = a[:32, 32:]
    compiled(corner())(c, a)
    assert torch.equal(c, expected)
    with pytest.raises(CompileError, match="left 3072 of 4096 elements of 'C' unwritten"):
        compiled(corner(), out_idx=0)(a)


def update(M=64, N=64):
    @T.prim_func
    def update(A: T.Tensor((M, N), "bfloat16"), C: T.Tensor((M, N), "bfloat16")):
        with T.Kernel(N // 32, M // 32, threads=128) as (bx, by):
            first = T.alloc_shared((32, 32), "bfloat16")
            second = T.alloc_shared((32, 32), "bfloat16")
            total = T.alloc_fragment((32, 32), "float32")
            T.copy(A[by * 32, bx * 32], first)
            T.copy(C[by * 32, bx * 32], second)
            T.clear(total)
            T.gemm(first, second, total)
            T.copy(total, C[by * 32, bx * 32])

    return update


def test_a_tensor_that_is_read_and_written():
    a, c = random(32, 32), random(32, 32)
    before = c.clone()
    compiled(update(32, 32))(a, c)
    assert_product(c, a, before)
    with pytest.raises(CompileError, match="the kernel reads 'C' before it is written"):
        compiled(update(), out_idx=-1)


@pytest.mark.parametrize(
    ("out_idx", "message"),
    [
        (0, "out_idx 0: the kernel never writes 'A'"),
        ([2, -1], "out_idx names 'C' twice"),
        (3, "out_idx 3 is out of range"),
        (-4, "out_idx -4 is out of range"),
    ],
)
def test_wrong_out_idx(out_idx: Any, message: str):
    with pytest.raises(CompileError, match=f"^kernels.py:[0-9]+:1: error: {message}"):
        compiled(gemm(), out_idx=out_idx)


@pytest.mark.parametrize("name", ["extern_call", "thread_index", "while_loop"])
def test_unsupported_kernels_give_located_diagnostics(name: str):
    with pytest.raises(CompileError) as caught:
        compiled(REJECTED[name]())
    assert caught.value.diagnostics[0].location is not None
    assert str(caught.value).startswith("rejected.py:")
    # The traceback shows the way through TileLang, and nothing of the compiler.
    assert caught.value.__suppress_context__
    ours = [e.path for e in caught.traceback if Path(e.path).is_relative_to(ROOT / "tt_dialect")]
    assert ours == [ROOT / "tt_dialect" / "tilelang" / "kernel.py"]


# ----------------------------------------------------------------------- the rest of TileLang


def test_no_kernel_is_taken_for_another():
    function = KERNELS.copy_only(64, 64, 32, 32)
    first, second = compiled(function), compiled(function)
    assert first is not second
    assert first.plan == second.plan
    assert compiled(function, target="tenstorrent -arch=blackhole").plan["arch"] == "blackhole"
    assert compiled(function).plan["arch"] == "wormhole"


OTHER_TARGETS = """
import kernels, tilelang, torch
import tilelang.language as T
from tilelang.backend.target import determine_target, list_target_detectors
from tilelang.backend.module import create_backend_context, list_backends

@T.prim_func
def twice(A: T.Tensor((64,), "float32"), B: T.Tensor((64,), "float32")):
    with T.Kernel(2) as bx:
        for i in T.serial(32):
            B[bx * 32 + i] = A[bx * 32 + i] * 2.0

def state():
    cuda = {"kind": "cuda", "arch": "sm_80"}
    with tilelang.tvm.target.Target(cuda):
        texts = [tilelang.lower(kernels.gemm(), target=cuda).kernel_source]
    kernel = tilelang.compile(twice, target="c", out_idx=-1)
    texts.append(type(kernel).__name__ + kernel.get_kernel_source())
    assert torch.equal(kernel(torch.ones(64)), torch.full((64,), 2.0))
    for target in ("auto", "nonsense", "ext_dev", {"kind": "ext_dev"}):
        try:
            texts.append(str(create_backend_context(target).module.name))
        except Exception as error:
            texts.append(type(error).__name__ + str(error))
    texts.append(str(determine_target("cuda")) + str(determine_target("llvm", return_object=True)))
    texts.append(str(list_target_detectors()))
    texts.append(str([b for b in list_backends().items() if b[0] != "tenstorrent"]))
    return texts

before = state()
import tt_dialect.tilelang
after = state()
assert len(before[0]) > 1000 and "__global__" in before[0]
for x, y in zip(before, after):
    if "No backend" in x:  # the kind is known now, and still nobody's without our key
        assert "No backend matches target" in y, y
    else:
        assert x == y, (x, y)
print("same")
"""


def test_other_targets_are_not_affected(tmp_path: Path):
    script = tmp_path / "other_targets.py"
    script.write_text(OTHER_TARGETS)
    done = python(
        f"import runpy; runpy.run_path({str(script)!r})",
        TILELANG_CACHE_DIR=str(tmp_path / "cache"),
        PYTHONPATH=str(TEST),
    )
    assert done.stdout.endswith("same\n"), done.stdout + done.stderr


def test_unknown_version_of_tilelang():
    done = python("import tilelang; tilelang.__version__ = '9.9.9'; import tt_dialect.tilelang")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: tt_dialect.tilelang knows TileLang 0.1.15, not 9.9.9; "
        "install tilelang==0.1.15, or save the kernel and compile it with ttc"
    )


def test_without_tilelang():
    done = python("import sys; sys.modules['tilelang'] = None; import tt_dialect.tilelang")
    assert done.stderr.splitlines()[-1] == (
        "ImportError: tt_dialect.tilelang needs TileLang, which is not installed; "
        "install tilelang==0.1.15"
    )
