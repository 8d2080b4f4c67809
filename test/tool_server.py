"""
Runs `tt-opt` and `ttc` for tests without starting Python and loading xDSL every time.

A process that has everything loaded forks for each call; the child takes its directory, arguments
and standard streams and runs the tool to the end as the installed script does, so that exit codes
and streams are those of a process of its own. Requests and answers are lines of JSON on stdin and
stdout. The scripts themselves and how they start are for lit and `test_cli.py` to test, with real
processes.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


class ToolServer:
    """The client's side; the server ends with it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def call(
        self, tool: str, arguments: list[str], stdin: str | None, cwd: str
    ) -> subprocess.CompletedProcess[str]:
        """What `subprocess.run` gives with captured text."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with tempfile.TemporaryDirectory() as directory:
            streams = [str(Path(directory) / name) for name in ("stdin", "stdout", "stderr")]
            Path(streams[0]).write_text(stdin or "", encoding="utf-8")
            request = {
                "tool": tool,
                "arguments": arguments,
                "cwd": cwd,
                "environment": dict(os.environ),
                "streams": streams,
            }
            print(json.dumps(request), file=self.process.stdin, flush=True)
            status = json.loads(self.process.stdout.readline())
            out, err = (Path(path).read_text(encoding="utf-8") for path in streams[1:])
        return subprocess.CompletedProcess([tool, *arguments], status, out, err)

    def close(self) -> None:
        """Ends the server."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def run(request: dict[str, Any]) -> int:
    """The tool, in a child with the streams of the request."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, path in enumerate(request["streams"]):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY
        os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.argv = [request["tool"], *request["arguments"]]
    if request["tool"] == "tt-opt":
        from tt_dialect.cli.tt_opt import main
    else:
        from tt_dialect.cli.ttc import main
    return main()


def serve() -> int:
    """Forks for one request after the other; returns in the children and at the end of stdin."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in requests:
        child = os.fork()
        if child == 0:
            requests.close()
            answers.close()
            return run(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), file=answers, flush=True)
    return 0


def load() -> None:
    """What nearly every call needs."""
    import tt_dialect.cli.tt_opt
    import tt_dialect.cli.ttc
    import tt_dialect.emit.host
    import tt_dialect.emit.plan
    import tt_dialect.importer.kernel
    import tt_dialect.mlir_text
    import tt_dialect.passes.pipeline
    import tt_dialect.run.simulator  # noqa: F401

    gc.freeze()


if __name__ == "__main__":
    sys.path.pop(0)  # this directory, which a script of another place does not see
    load()
    sys.exit(serve())
