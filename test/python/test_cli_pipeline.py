"""The text of pass pipelines: what is read, and what every mistake is told."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from tt_dialect.cli.pass_pipeline import describe_passes, read_pipeline
from tt_dialect.diagnostics import CompileError


@dataclass(frozen=True)
class Sample(ModulePass):
    """A pass with one option of each kind."""

    name = "sample"
    metalium_api: Literal["v2", "v1"] = "v2"
    count: int = 1
    scale: float = 1.0
    label: str = ""
    fast: bool = False
    grid: tuple[int, ...] = ()
    pair: tuple[int, int] = field(default=(1, 1))
    depth: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None: ...


@dataclass(frozen=True)
class Needy(ModulePass):
    name = "needy"
    arch: str

    def apply(self, ctx: Context, op: ModuleOp) -> None: ...


AVAILABLE = {"sample": lambda: Sample, "needy": lambda: Needy}


def read(text: str) -> tuple[ModulePass, ...]:
    return read_pipeline(text, AVAILABLE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sample", Sample()),
        ("sample{}", Sample()),
        ("sample{count=3}", Sample(count=3)),
        ("sample{count=0x10}", Sample(count=16)),
        ("sample{scale=2}", Sample(scale=2.0)),
        ("sample{scale=-2.5e3}", Sample(scale=-2500.0)),
        ("sample{label=8}", Sample(label="8")),
        ("sample{label=true}", Sample(label="true")),
        ("sample{label=a/b.c}", Sample(label="a/b.c")),
        ("sample{label=8x8,x}", Sample(label="8x8,x")),
        ('sample{label="a b, (c}"}', Sample(label="a b, (c}")),
        ("sample{fast}", Sample(fast=True)),
        ("sample{fast=false}", Sample(fast=False)),
        ("sample{metalium-api=v1}", Sample(metalium_api="v1")),
        ("sample{metalium_api=v1 fast}", Sample(metalium_api="v1", fast=True)),
        ("sample{grid=8,8}", Sample(grid=(8, 8))),
        ("sample{grid=[8, 8] fast}", Sample(grid=(8, 8), fast=True)),
        ("sample{pair=2,3 count=4}", Sample(pair=(2, 3), count=4)),
        ("sample{depth=2}", Sample(depth=2)),
        ("sample{depth}", Sample(depth=None)),
        ("sample{ count = 2\n fast }", Sample(count=2, fast=True)),
        ("builtin.module(sample{count=2})", Sample(count=2)),
        ("builtin.module( func.func( sample ) )", Sample()),
    ],
)
def test_reads(text: str, expected: Sample) -> None:
    assert read(text) == (expected,)


def test_reads_sequences_and_nesting() -> None:
    text = " builtin.module( sample , any(func.func(sample{count=2},sample{count=3}), sample) ) "
    counts = [p.count for p in read(text) if isinstance(p, Sample)]
    assert counts == [1, 2, 3, 1]
    assert read("") == read("  ") == read("builtin.module()") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sampel", ":1:1: error: unknown pass 'sampel'\n"),
        ("sample,\n nope", ":2:2: error: unknown pass 'nope'"),
        ("sample{cuont=1}", ":1:8: error: pass 'sample' has no option 'cuont'"),
        ("sample{count=x}", "option 'count' of pass 'sample' expects int, got 'x'"),
        ("sample{count}", "expects int, got no value"),
        ("sample{count=1.5}", "expects int, got '1.5'"),
        ("sample{scale=fast}", "expects float, got 'fast'"),
        ("sample{fast=perhaps}", "expects bool, got 'perhaps'"),
        ("sample{metalium-api=v3}", "expects v2|v1, got 'v3'"),
        ("sample{pair=1,2,3}", "of pass 'sample' expects tuple"),
        ("sample{count=}", ":1:14: error: expected a value after '='"),
        ('sample{label="a}', "this string is never closed"),
        ("sample{grid=[1,2}", "this '[' is never closed"),
        ("sample{count=1", ":1:7: error: this '{' is never closed"),
        ("builtin.module(sample", ":1:15: error: this '(' is never closed"),
        ("sample)", "expected ',' between passes, got ')'"),
        ("sample sample", "expected ',' between passes, got 's'"),
        ("func(sample)", "'func' is not an operation to anchor a pipeline on"),
        ("sample,,sample", ":1:8: error: expected a pass name, got ','"),
        ("{count=1}", "expected a pass name, got '{'"),
        ("needy", "pass 'needy' needs option 'arch'"),
    ],
)
def test_mistakes_are_located(text: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith("--pass-pipeline:")


def test_suggestions() -> None:
    with pytest.raises(CompileError, match="did you mean 'sample'"):
        read("sampel")
    with pytest.raises(CompileError, match="did you mean 'metalium-api'"):
        read("sample{metalium-ap=v1}")


@given(st.text(alphabet="sample{}()[],=\" '\\\nx1.-", max_size=30))
def test_no_text_crashes_the_reader(text: str) -> None:
    with contextlib.suppress(CompileError):
        read(text)


def test_describes_types_and_defaults() -> None:
    text = describe_passes(AVAILABLE, ["sample"])
    assert "A pass with one option of each kind." in text
    assert "metalium-api=v2|v1 (default v2)" in text
    assert "count=int (default 1)" in text
