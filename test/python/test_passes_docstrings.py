"""The example in a pass's documentation is true: After is what the pass makes of Before."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from textwrap import dedent

import pytest
from filecheck.matcher import Matcher
from filecheck.options import Options
from xdsl.passes import ModulePass

from tt_dialect.cli.tt_opt import main
from tt_dialect.passes import get_all_passes

PASSES = get_all_passes()
WITHOUT_EXAMPLE = {"tt-lower", "tt-verify"}
"""A pipeline, and a pass that changes nothing."""


def example(kind: type[ModulePass], title: str) -> str | None:
    """The text of the code block below `Before:` or `After:`."""
    doc = inspect.cleandoc(kind.__doc__ or "")
    found = re.search(rf"^{title}:\n```mlir\n(.*?)^```$", doc, re.MULTILINE | re.DOTALL)
    return dedent(found[1]) if found else None


def filecheck(checks: str, text: str, folder: Path) -> int:
    """The exit code of FileCheck for lines as CHECKs in order; it prints what is missing."""
    lines = [line.strip() for line in checks.splitlines() if line.strip()]
    patterns, output = folder / "checks.txt", folder / "output.mlir"
    patterns.write_text("".join(f"CHECK: {line}\n" for line in lines), encoding="utf-8")
    output.write_text(text, encoding="utf-8")
    return Matcher.from_opts(Options(str(patterns), str(output))).run()


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_is_documented(name: str) -> None:
    kind = PASSES[name]()
    assert kind.name == name
    assert len(inspect.cleandoc(kind.__doc__ or "")) > 40
    has_example = example(kind, "Before") is not None and example(kind, "After") is not None
    assert has_example != (name in WITHOUT_EXAMPLE)


@pytest.mark.parametrize("name", sorted(set(PASSES) - WITHOUT_EXAMPLE))
def test_the_example_is_true(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind = PASSES[name]()
    before, after = example(kind, "Before"), example(kind, "After")
    assert before is not None
    assert after is not None
    file = tmp_path / "before.mlir"
    file.write_text(before, encoding="utf-8")
    code = main([str(file), "-p", name])
    output = capsys.readouterr()
    assert code == 0, output.err
    assert filecheck(after, output.out, tmp_path) == 0
