"""What all tests share: where things are, and which tools are there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from tool_server import ToolServer

ROOT = Path(__file__).resolve().parent.parent

Tool = Callable[..., "subprocess.CompletedProcess[str]"]

# Programs of tt-metal are not ours to ship: the tests that run them need a directory of theirs.
collect_ignore = [] if os.environ.get("TT_METAL_EXAMPLES") else ["python/test_native_examples.py"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def gemm_json() -> str:
    """The saved example."""
    return str(ROOT / "examples" / "gemm.tir.json")


@pytest.fixture(scope="session")
def tools() -> Iterator[ToolServer]:
    """What runs the tools."""
    server = ToolServer()
    yield server
    server.close()


def _tool(tools: ToolServer, name: str) -> Tool:
    def call(
        *args: object, stdin: str | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return tools.call(name, list(map(str, args)), stdin, str(cwd or Path.cwd()))

    return call


@pytest.fixture(scope="session")
def tt_opt(tools: ToolServer) -> Tool:
    """Runs `tt-opt`."""
    return _tool(tools, "tt-opt")


@pytest.fixture(scope="session")
def ttc(tools: ToolServer) -> Tool:
    """Runs `ttc`."""
    return _tool(tools, "ttc")


@pytest.fixture(scope="session")
def mlir_opt() -> Tool:
    """Runs upstream `mlir-opt` 22; required in CI, else its tests are skipped."""
    path = shutil.which(os.environ.get("MLIR_OPT", "mlir-opt-22"))
    if path is None:
        if os.environ.get("TT_DIALECT_CI"):
            pytest.fail("mlir-opt-22 is required in CI; apt-get install mlir-22-tools")
        pytest.skip("mlir-opt-22 is not installed")

    def call(
        *args: object, stdin: str | None = None, **kwargs: object
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [path, *map(str, args)], input=stdin, capture_output=True, text=True, check=False
        )

    return call


@pytest.fixture
def fails() -> Callable[..., str]:
    """Asserts that a run failed as user errors do; returns stderr."""

    def check(done: subprocess.CompletedProcess[str], *texts: str) -> str:
        assert done.returncode == 1, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        assert "internal error" not in done.stderr
        assert "error: " in done.stderr
        for text in texts:
            assert text in done.stderr
        return done.stderr

    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one: nothing goes untested for want of a tool."""
    report = yield
    if os.environ.get("TT_DIALECT_CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report
