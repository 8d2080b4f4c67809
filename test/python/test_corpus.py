"""The corpus: examples are right at level TILE, and `tools/corpus` tells right from wrong."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects import scf
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import SSAValue

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from corpus_lib import references, table, trace, upstream, worker  # noqa: E402
from corpus_lib.cases import Case, Upstream  # noqa: E402
from corpus_lib.command import main, matches  # noqa: E402
from corpus_lib.examples import APACHE, CASES  # noqa: E402
from corpus_lib.runner import Row, Runner, example_sources, stages_of  # noqa: E402

from tt_dialect import api  # noqa: E402

NAMES = [case.name for case in CASES]
WITH_BLOCKS = [name for name in NAMES if name not in APACHE]
"""The others have no launch grid of their own."""
STAGES = stages_of(("sim", "native"))


def case_of(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def saved(name: str) -> Path:
    return ROOT / "examples" / f"{name}.tir.json"


def events_of(case: Case, kernel: api.CompiledKernel, seed: int = 0) -> list[dict[str, Any]]:
    """What a worker says of a kernel at level TILE."""
    events: list[dict[str, Any]] = []
    inputs = case.inputs([(t.name, t.shape, t.dtype) for t in kernel.tensors if t.is_read])
    outputs = kernel.execute(inputs, engine="tile", seed=seed)
    worker.Worker(case, "", "", events.append).close(kernel, "tile", inputs, outputs, 0.0)
    return events


# ---------------------------------------------------------------------------------- examples


def test_every_example_is_in_the_corpus():
    files = {path.stem for path in (ROOT / "examples").glob("*.py")} - {"jit_gemm"}
    assert files == set(NAMES)
    assert files == {p.name.removesuffix(".tir.json") for p in saved("x").parent.glob("*.json")}


@pytest.mark.parametrize("name", NAMES)
def test_example_is_right_at_tile(name: str):
    (event,) = events_of(case_of(name), worker.raised(saved(name)))
    assert event["ok"], event["message"]
    if name != "transpose":
        assert event["error"] > 0  # the reference is not the kernel's own result


@pytest.mark.parametrize("name", NAMES)
def test_reference_can_fail(name: str):
    """The result for other inputs is refused."""
    case, kernel = case_of(name), worker.raised(saved(name))
    read = [(t.name, t.shape, t.dtype) for t in kernel.tensors if t.is_read]
    inputs = case.inputs(read)
    changed = [x.copy() for x in inputs]
    last = changed[-1]
    last[..., -32:] = -last[..., -32:] - np.asarray(1, last.dtype)
    outputs = kernel.execute(changed, engine="tile")
    events: list[dict[str, Any]] = []
    worker.Worker(case, "", "", events.append).close(kernel, "tile", inputs, outputs, 0.0)
    assert not events[0]["ok"]
    assert "max|err|/max|ref| of" in events[0]["message"]


def constant(value: SSAValue) -> int:
    attribute = value.owner.properties["value"]  # pyright: ignore
    assert isinstance(attribute, IntegerAttr)
    return attribute.value.data


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_example_has_two_blocks_along_each_axis_and_two_steps(name: str):
    function = api.import_kernel(saved(name)).function
    grid = next(op for op in function.walk() if isinstance(op, scf.ParallelOp))
    assert all(constant(value) >= 2 for value in grid.upperBound)
    for loop in function.walk():
        bound = loop.ub.owner if isinstance(loop, scf.ForOp) else None
        if bound is not None and "value" in bound.properties:  # pyright: ignore
            assert constant(loop.ub) >= 2  # pyright: ignore


@pytest.mark.tilelang
@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_saved_example_is_the_live_one(name: str):
    pytest.importorskip("tilelang")
    live = api.import_tile(ROOT / "examples" / f"{name}.py")
    assert str(live) == str(api.import_tile(saved(name)))


def test_saved_apache_example_is_the_live_one():
    script = (
        "from tt_dialect import api; import sys\n"
        "for n in sys.argv[1:]:\n"
        "    live, kept = (str(api.import_tile(f'examples/{n}.{e}')) for e in ('py', 'tir.json'))\n"
        "    assert live == kept\n"
    )
    command = [sys.executable, "-c", script, *APACHE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# -------------------------------------------------------------------------------- references


def test_attention_by_its_definition():
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(1, 4, 5, 3)), *rng.normal(size=(2, 1, 2, 5, 3))
    for causal in (False, True):
        got = references.attention(q, k, v, causal)
        for head in range(4):
            for i in range(5):
                keys = range(i + 1 if causal else 5)
                weights = [
                    math.exp(sum(q[0, head, i] * k[0, head // 2, j]) / math.sqrt(3)) for j in keys
                ]
                row = sum(w * v[0, head // 2, j] for w, j in zip(weights, keys, strict=True))
                np.testing.assert_allclose(got[0, head, i], row / sum(weights))


def test_retention_by_its_recurrence():
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 1, 6, 2, 4))
    got = references.retention(q, k, v)
    for head, decay in enumerate((31 / 32, 63 / 64)):
        state = np.zeros((4, 4))
        for n in range(6):
            state = decay * state + np.outer(k[0, n, head], v[0, n, head])
            np.testing.assert_allclose(got[0, 0, n, head], q[0, n, head] / 2 @ state)


def test_gelu_and_norms():
    x = np.array([[0.0, 1.0, -2.0, 5.0]])
    np.testing.assert_allclose(references.gelu(x)[0, 1:3], [0.8413447, -0.0455003], rtol=1e-6)
    np.testing.assert_allclose(references.rms_norm(x, 0.5), x / math.sqrt(8.0))
    normal = references.layer_norm(x, np.ones(4), np.zeros(4), 0.0)
    np.testing.assert_allclose((normal.mean(), normal.std()), (0.0, 1.0), atol=1e-12)


# ----------------------------------------------------------------------------------- the tool


def corpus(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "corpus"), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_kernel_through_every_stage():
    done = corpus("--only", "batched_gemm", "--arch", "wormhole", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert row["ok"]
    assert set(row["stages"]) == set(STAGES)
    assert 0 < row["stages"]["sim"]["error"] < row["limit"]
    assert row["stages"]["lowers"]["operations"] > 100
    assert row["stages"]["lowers"]["seconds"] > 0


def test_unknown_names_and_options():
    assert "no kernel matches nothing" in corpus("--only", "nothing").stderr
    assert "is no TileLang checkout" in corpus("--upstream", "/nowhere").stderr
    assert corpus("--engine", "hope").returncode == 2


def test_names():
    assert matches("softmax", None)
    assert matches("online_softmax", ["soft"])
    assert matches("gemm", ["x", "g*m"])
    assert not matches("gemm", ["gem?x"])
    assert len({c.name for c in (*CASES, *upstream.CASES)}) == len((*CASES, *upstream.CASES))


THEIRS = """
import tilelang
import tilelang.language as T
from tilelang.carver.arch import driver

M = 4096

@tilelang.autotune(configs=[{"block": 32}])
@tilelang.jit
def copy(A, N, block=64):
    A: T.Tensor((M, N), "bfloat16")
    B = T.empty((M, N), "bfloat16")
    with T.Kernel(N // block, driver.get_num_sms(), threads=128) as (bx, by):
        tile = T.alloc_shared((block, block), "bfloat16")
        T.copy(A[by * block, bx * block], tile)
        T.copy(tile, B[by * block, bx * block])
    return B

copy(None, 64)  # no GPU, no argument: this fails
never = copy
"""


@pytest.mark.tilelang
def test_files_of_upstream_that_go_on_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("tilelang")
    from tilelang.carver.arch import driver

    monkeypatch.setattr(driver, "get_num_sms", driver.get_num_sms)  # put back afterwards
    (tmp_path / "theirs_to_run.py").write_text(THEIRS)
    asked = Upstream("theirs_to_run.py", "copy", {"N": 128, "block": 32}, {"M": 2048})
    text = str(api.import_tile(trace.prim_func(tmp_path, asked)))
    assert "memref<2048x128xbf16>" in text
    assert "memref<32x32xbf16, 1 : i64>" in text
    assert "arith.constant 64 : index" in text  # the cores
    with pytest.raises(AttributeError, match="has no variable Q"):
        trace.prim_func(tmp_path, Upstream("theirs_to_run.py", "copy", {"N": 64}, {"Q": 1}))
    with pytest.raises(Exception, match=r"."):
        trace.prim_func(tmp_path, Upstream("theirs_to_run.py", "never", {"N": 64}))


def run_one(case: Case, source: Path | str, timeout: float = 60) -> Row:
    row = Row(case, "wormhole", STAGES)
    runner = Runner(("sim", "native"), timeout, lambda *_: None)
    (found,) = runner.run([row], {case.name: source}, 1)
    assert found is row
    return row


def test_a_hang_is_stopped():
    row = run_one(case_of("gemm"), saved("gemm"), timeout=0.05)
    assert row.failure == ("imports", "stopped after 0.05 s")
    assert not row.ok


def test_what_cannot_be_read(tmp_path: Path):
    broken = tmp_path / "broken.tir.json"
    broken.write_text("{")
    row = run_one(case_of("gemm"), broken)
    assert row.failure is not None
    assert row.failure[0] == "imports"
    assert row.failure[1].startswith("broken.tir.json:1:")
    row = run_one(case_of("gemm"), "not there")
    assert row.failure == ("imports", "not there")
    assert "`tools/corpus save`" in str(example_sources([Case("new", np.add)])["new"])


def test_a_wrong_result_is_a_failed_row(tmp_path: Path):
    """The saved softmax under the name of a kernel of other numbers and of other shapes."""
    case = case_of("softmax")
    kernel = api.import_kernel(saved("softmax"))
    (event,) = events_of(Case("wrong", lambda x: case.reference(x) + 0.01), kernel)
    assert not event["ok"]
    (event,) = events_of(Case("wrong", lambda x: case.reference(x).T), kernel)
    assert "the reference gives" in event["message"]
    (event,) = events_of(Case("wrong", lambda x: case.reference(x) * np.nan), kernel)
    assert not event["ok"]
    assert event["error"] is None  # JSON has no infinity


def test_engines_that_differ_in_a_bit():
    kernel = api.import_kernel(saved("softmax"))
    events: list[dict[str, Any]] = []
    checker = worker.Worker(case_of("softmax"), "", "", events.append)
    a = np.zeros((256, 128), np.float32)
    checker.equal(kernel, [a], [a.copy()], 0.0)
    checker.equal(kernel, [a], [-a], 0.0)
    assert [event["ok"] for event in events] == [True, False]
    assert events[1]["message"] == "32768 of 32768 elements of Y differ from the simulator's"


def done_row(case: Case, arch: str, failed: str | None = None) -> Row:
    row = Row(case, arch, STAGES)
    for stage in STAGES:
        row.done[stage] = {"ok": stage != failed}
        if stage == failed:
            row.done[stage]["message"] = "x.py:1:1: no | such thing"
            break
    row.done["lowers"] |= {"seconds": 0.5, "operations": 123}
    return row


def test_table():
    known = Case("hard", np.add, known="cannot be")
    rows = [
        done_row(Case("good", np.add), "wormhole"),
        done_row(Case("bad", np.add), "wormhole", "sim"),
        done_row(Case("bad", np.add), "blackhole", "sim"),
        done_row(known, "wormhole", "verifies"),
        done_row(known, "blackhole"),
    ]
    rows[0].done["sim"]["error"] = 0.00123
    lines = table.text_table(rows, STAGES).splitlines()
    assert lines[0].split()[:4] == ["kernel", "arch", "imports", "lowers"]
    assert lines[1].split() == ["good", "wormhole", *["ok"] * 4, "1.2e-03", "ok", "123", "0.50"]
    assert lines[2].split() == ["bad", "wormhole", *["ok"] * 3, "FAIL", "-", "123", "0.50"]
    assert lines[7:] == [
        "bad (wormhole, blackhole), sim: x.py:1:1: no | such thing",
        "hard (wormhole), verifies: x.py:1:1: no | such thing (known: cannot be)",
        "hard for blackhole is green; it is marked: cannot be",
        "",
        "2 of 5 rows are green, 2 should be and are not, 1 are known not to be",
    ]
    page = table.markdown([("Title", rows), ("Empty", [])], STAGES, "tools/corpus")
    assert "## Title" in page
    assert "## Empty" not in page
    assert "| good | wormhole | ok | ok | ok | ok 1.2e-03 | ok | 123 | 0.50 |" in page
    assert r"* bad (wormhole, blackhole), sim: x.py:1:1: no \| such thing" in page


def test_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(_: Runner, rows: list[Row], *__: object):
        for row in rows:
            row.done |= done_row(row.case, row.arch, None if row.arch == "wormhole" else "sim").done
            yield row

    monkeypatch.setattr(Runner, "run", run)
    assert main(["--only", "softmax", "--arch", "wormhole"]) == 0
    assert main(["--only", "softmax"]) == 1
    assert "2 of 4 rows are green, 2 should be and are not" in capsys.readouterr().out
