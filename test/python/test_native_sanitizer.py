"""The sanitizer: every wrong kernel of test/native/wrong is caught, by the rule it is named after.

A wrong kernel `rule.role.cpp` is one of test/native/{reader,compute,writer}.cpp with one mistake,
and runs with the other two (`rule.role.what.cpp` where a rule has several); `// run: alone cores=2
arch=blackhole` in its head changes that.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from needs import needs_compiler

from tt_dialect.run.native import SCHEDULES, Finding, NativeError, run_job
from tt_dialect.run.native_build import INCLUDE, Runtime, runtime

KERNELS = Path(__file__).parents[1] / "native"
WRONG = sorted((KERNELS / "wrong").glob("*.cpp"))
ROLES = ("reader", "compute", "writer")
TILES = 4

pytestmark = needs_compiler

RULES = """
    cb-window cb-capacity cb-push-without-reserve cb-pop-without-wait cb-dirty cb-two-producers
    cb-two-consumers cb-wrap l1-out-of-bounds dram-out-of-bounds noc-alignment noc-read-not-awaited
    noc-source-reused noc-outstanding-at-end dst-index math-outside-acquire pack-outside-wait
    dst-protocol init-missing init-stale stale-format startup-twice pack-missing unpack-pack-race
    multicast-destinations multicast-rectangle multicast-flush runtime-arg-index semaphore-index
    noc-coordinates deadlock livelock uninit-missing dst-undefined reduce-scaler format
""".split()


@pytest.fixture(scope="module")
def built() -> Runtime:
    return runtime()


def run(
    built: Runtime, directory: Path, wrong: Path | None = None, schedule: str = "block"
) -> tuple[Finding, ...]:
    """Runs the three kernels, or `wrong` in the place of one of them."""
    role = wrong.suffixes[0][1:] if wrong is not None and len(wrong.suffixes) > 1 else None
    head = re.search(r"^// run: (.*)$", wrong.read_text(), re.MULTILINE) if wrong else None
    options = head[1].split() if head else []
    named = dict(o.split("=") for o in options if "=" in o)
    if wrong is not None and role is None:  # a right kernel on its own
        role, options, named = "reader", ["alone"], {"cores": "2"}
    cores = f"1 0 0 {int(named.get('cores', 1)) - 1} 0"
    tiles = np.arange(TILES * 1024, dtype=np.uint16) % 0x3F80
    tiles.tofile(directory / "X")
    lines = [
        f"arch {named.get('arch', 'wormhole')}",
        f"buffer X bf16 {TILES} {directory / 'X'} -",
        f"buffer Y bf16 {TILES} - {directory / 'Y'}",
        *(
            f"cb {number} {fmt} {pages} {cores}"
            for number, fmt, pages in ((0, "bf16", 4), (1, "bf16", 2), (16, "bf16", 4))
        ),
        f"cb 24 f32 2 {cores}",
        f"cb 25 f16 2 {cores}",
        f"alias 2 3 bf16 1 {cores}",
        f"semaphore 0 {cores}",
    ]
    started: list[str] = []
    for name in ROLES:
        if "alone" in options and name != role:
            continue
        path = wrong if wrong is not None and name == role else KERNELS / f"{name}.cpp"
        started.append(name)
        if name == "compute":
            lines.append(f"compute {path} 4 0 0 {cores} 0")
        else:
            place = "1 0" if name == "reader" else "0 1"
            lines.append(f"dm {path} {place} {cores} 1 {int(name == 'writer')}")
    for number in range(len(started)):
        lines += [f"args {number} {x} 0 3 @0 @1 {TILES}" for x in range(int(named.get("cores", 1)))]
    _, findings = run_job(built, directory, [*lines, "run"], schedule, timeout=60)
    if "alone" not in options:
        assert np.array_equal(np.fromfile(directory / "Y", np.uint16), tiles)
    return findings


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_right_kernels_are_clean(built: Runtime, tmp_path: Path, schedule: str) -> None:
    assert run(built, tmp_path, schedule=schedule) == ()
    assert run(built, tmp_path, KERNELS / "multicast.cpp", schedule) == ()


@pytest.mark.parametrize("wrong", WRONG, ids=[w.name.removesuffix(".cpp") for w in WRONG])
def test_wrong_kernel_is_caught(
    built: Runtime, tmp_path: Path, wrong: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TT_NATIVE_WATCHDOG", "2")
    with pytest.raises(NativeError) as caught:
        run(built, tmp_path, wrong)
    (finding,) = (f for f in caught.value.findings if f.severity == "error")
    assert finding.rule == wrong.name.split(".")[0]
    assert finding.file
    assert finding.line
    if finding.rule != "deadlock":
        assert finding.kernel
        assert finding.core is not None


def test_every_rule_has_a_wrong_kernel() -> None:
    assert {w.name.split(".")[0] for w in WRONG} == set(RULES)


def test_findings_name_the_tilelang_line(built: Runtime, tmp_path: Path) -> None:
    text = (KERNELS / "reader.cpp").read_text()
    text = text.replace("        cb_reserve", "        // gemm.py:26\n        cb_reserve")
    text = text.replace("cb_push_back(0, 1)", "cb_push_back(0, 2)")
    wrong = tmp_path / "gemm.reader.cpp"
    wrong.write_text(text)
    with pytest.raises(NativeError) as caught:
        run(built, tmp_path, wrong)
    (diagnostic,) = caught.value.diagnostics
    assert str(diagnostic).startswith("gemm.py:26:1: error: [cb-push-without-reserve] ")
    assert "on core (0, 0)" in diagnostic.message
    assert any(note.endswith("gemm.reader.cpp:13") for note in diagnostic.notes)
    assert caught.value.findings[-1].buffer == "c_0"


COMPILE_TIME = {
    "runtime arguments are 4 bytes wide": """
        #include "api/dataflow/dataflow_api.h"
        void kernel_main() { static_cast<void>(get_arg_val<uint64_t>(0)); }""",
    "compile-time argument index out of range": """
        #include "api/dataflow/dataflow_api.h"
        void kernel_main() { static_cast<void>(get_compile_time_arg_val(2)); }""",
    "the NoC is out of reach of compute kernels": """
        #define COMPILE_FOR_COMPUTE
        #include "api/dataflow/dataflow_api.h"
        void kernel_main() { noc_async_read_barrier(); }""",
    "data movement cores have no tile math": """
        #define COMPILE_FOR_DATAMOVEMENT
        #include "api/compute/matmul.h"
        void kernel_main() { tile_regs_acquire(); }""",
    "either data movement or compute": """
        #include "dataflow_api.h"
        #include "compute_kernel_api/matmul.h"
        void kernel_main() {}""",
}


@pytest.mark.parametrize("message", COMPILE_TIME)
def test_restrictions_of_the_compiler(built: Runtime, tmp_path: Path, message: str) -> None:
    source = tmp_path / "kernel.cpp"
    source.write_text(COMPILE_TIME[message])
    options = ["-std=c++20", "-fsyntax-only", "-I", str(INCLUDE)]
    options.append("-DKERNEL_COMPILE_TIME_ARGS=2u,2048u")
    command = [built.compiler.path, *options, str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert message in done.stderr
