"""Tiles on any two dimensions of a tensor, vectors, and scalar parameters, at every level."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import needs_compiler
from xdsl.dialects.builtin import bf16
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

import tt_dialect
from tt_dialect.analysis.access import kept_dims
from tt_dialect.analysis.vectors import vector_forms
from tt_dialect.api import CompiledKernel
from tt_dialect.diagnostics import CompileError
from tt_dialect.emit.plan_json import abi_from, tensors_from
from tt_dialect.emit.plan_rules import check_plan
from tt_dialect.ir.layout import BufferAttr, TileDims, ints
from tt_dialect.ir.noc import AccessorType
from tt_dialect.mlir_text import parse_module
from tt_dialect.run import evaluate
from tt_dialect.run.arguments import matrices, tensor_of
from tt_dialect.run.machine import tilize
from tt_dialect.run.native_build import run_host

DATA = Path(__file__).parents[1] / "data" / "tir"


# -- the layout ------------------------------------------------------------------------------------


@st.composite
def layouts(draw: st.DrawFn) -> tuple[tuple[int, ...], BufferAttr]:
    """A shape and a layout that tiles one or two of its dimensions, in any order."""
    rank = draw(st.integers(1, 4))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank)))
    dims = draw(st.permutations(range(rank)))
    row = draw(st.sampled_from([-1, dims[0]]))
    col = draw(st.sampled_from([-1, *dims[1:2]]))
    if row < 0 and col < 0:
        col = dims[0]
    long = [dim for dim in (row, col) if dim >= 0]
    shape = tuple(
        draw(st.integers(1, 70)) if dim in long else extent for dim, extent in enumerate(shape)
    )
    return shape, BufferAttr.interleaved(bf16, tiled=(row, col))


def place(shape: Sequence[int], tiled: Sequence[int], index: Sequence[int]) -> tuple[int, int, int]:
    """(page, row, column) of an element, counted out dimension by dimension."""
    page = 0
    for dim, extent in enumerate(shape):
        if dim not in tiled:
            page = page * extent + index[dim]
    inside: list[int] = []
    for dim in tiled:
        extent, at = (1, 0) if dim < 0 else (shape[dim], index[dim])
        page = page * -(-extent // 32) + at // 32
        inside.append(at % 32)
    return page, inside[0], inside[1]


@settings(max_examples=60, deadline=None)
@given(layouts())
def test_every_element_has_its_own_place(case: tuple[tuple[int, ...], BufferAttr]) -> None:
    shape, layout = case
    tiled = [dim.data for dim in layout.tiled]
    dims = layout.dims(len(shape))
    values = np.arange(1, prod(shape) + 1, dtype=np.float32).reshape(shape)
    pages = tilize(np.asarray(matrices(values, dims), np.float32))
    assert len(pages) == AccessorType(ints(shape), layout).pages
    taken = {place(shape, tiled, index) for index in product(*map(range, shape))}
    assert len(taken) == values.size
    for index in product(*(sorted({0, n // 2, n - 1}) for n in shape)):
        assert pages[place(shape, tiled, index)] == values[index]
    assert np.count_nonzero(pages) == values.size  # the rest is padding
    assert np.array_equal(tensor_of(matrices(values, dims), dims), values)
    assert sorted(dims.order) == list(range(len(shape)))


def test_the_last_two_dimensions_are_the_default() -> None:
    assert BufferAttr.interleaved(bf16).dims(4) == TileDims((0, 1), 2, 3)
    assert BufferAttr.interleaved(bf16, tiled=(1, 3)).dims(4) == TileDims((0, 2), 1, 3)
    assert BufferAttr.interleaved(bf16, tiled=(2, -1)).dims(3) == TileDims((0, 1), 2, None)
    assert BufferAttr.interleaved(bf16, tiled=(-1, 0)).dims(1) == TileDims((), None, 0)


@pytest.mark.parametrize(
    ("sizes", "shape", "kept"),
    [
        ((1, 64, 1, 32), (64, 32), (1, 3)),
        ((1, 64, 1), (1, 64), (0, 1)),
        ((1, 64, 1), (64, 1), (1, 2)),
        ((1, 1, 64), (1, 64), (1, 2)),
        ((64, 1, 1), (64,), (0,)),
        ((1, 1), (), ()),
        ((32, 64), (32, 64), (0, 1)),
    ],
)
def test_dropped_dimensions_have_one_element(
    sizes: tuple[int, ...], shape: tuple[int, ...], kept: tuple[int, ...]
) -> None:
    assert kept_dims(sizes, shape) == kept


# -- forms of vectors ------------------------------------------------------------------------------

VECTORS = """
func.func @f({parameters}) {{
  linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel", "{second}"]}}
      ins({ins}) outs({out}) {{
  ^bb0({body}, %o: f32):
    linalg.yield %o : f32
  }}
  func.return
}}
"""
ROWS, COLS = "affine_map<(i, j) -> (i)>", "affine_map<(i, j) -> (j)>"
SAME, TURNED = "affine_map<(i, j) -> (i, j)>", "affine_map<(i, j) -> (j, i)>"
TYPES = {
    "v": "memref<32xf32>",
    "w": "memref<64xf32>",
    "x": "memref<32x64xf32>",
    "y": "memref<64x32xf32>",
    "s": "memref<1x32xf32>",
}


def forms(ins: str, out: str, *maps: str, second: str = "parallel") -> dict[str, str]:
    """Forms of the vectors of one operation, by name."""
    text = VECTORS.format(
        parameters=", ".join(f"%{name}: {kind}" for name, kind in TYPES.items()),
        maps=", ".join(maps),
        second=second,
        ins=", ".join(f"%{n}" for n in ins) + " : " + ", ".join(TYPES[n] for n in ins),
        out=f"%{out} : {TYPES[out]}",
        body=", ".join(f"%{n}{i}: f32" for i, n in enumerate(ins)),
    )
    module = parse_module(text, "vectors.mlir")
    func = next(op for op in module.walk() if isinstance(op, FuncOp))
    names: dict[SSAValue, str] = dict(zip(func.args, "vwxys", strict=True))
    return {names[value]: form for value, form in vector_forms(func).items()}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (("vw", "x", ROWS, COLS, SAME), {"v": "col", "w": "row"}),
        # The tiles of a result that is written in the other order are turned.
        (("vw", "y", ROWS, COLS, TURNED), {"v": "row", "w": "col"}),
        # What is read decides where the result is a vector.
        (("x", "v", SAME, ROWS), {"v": "col"}),
        (("y", "v", TURNED, ROWS), {"v": "row"}),
        # The shape (1, 32) suggests a row; a use along rows says a column.
        (("s", "x", "affine_map<(i, j) -> (0, i)>", SAME), {"s": "col"}),
    ],
)
def test_forms_follow_from_the_matrix(found: tuple[str, ...], expected: dict[str, str]) -> None:
    second = "reduction" if found[1] == "v" else "parallel"
    assert forms(*found, second=second) == expected


# -- kernels ---------------------------------------------------------------------------------------

HEADS = (DATA.parent / "mlir" / "heads.mlir").read_text()
"""O = Q for (batch, sequence, head, dim) tensors."""

COPY = (DATA.parent / "mlir" / "vectors.mlir").read_text()
"""W = V, row by row."""

FORMS = (DATA.parent / "mlir" / "forms.mlir").read_text()
"""Y = X * scale[1] of the row * a + bias of the column."""


def compiled(text: str) -> CompiledKernel:
    return tt_dialect.compile(parse_module(text, "kernel.mlir"))


def numbers(shape: tuple[int, ...], dtype: Any = np.float32) -> Any:
    """Numbers that are exact in every format, no two neighbours alike."""
    return (np.arange(prod(shape), dtype=np.float32).reshape(shape) % 251 - 125).astype(dtype)


def levels_agree(kernel: CompiledKernel, inputs: Sequence[Any], expected: Any) -> None:
    """Every sequential level, and the simulated machine under two schedules."""
    for level in ("tile", "core", "tiled", "buffered"):
        func = next(op for op in kernel.modules[level].walk() if isinstance(op, FuncOp))
        (out,) = evaluate(func, inputs)
        assert np.array_equal(out, expected), level
    for seed in (0, 3):
        (out,) = kernel.execute(inputs, seed=seed)
        assert np.array_equal(out.astype(np.float32), expected), seed


def test_heads_are_copied() -> None:
    kernel = compiled(HEADS)
    q = numbers((2, 64, 3, 96), kernel.tensors[0].dtype)
    levels_agree(kernel, [q], q.astype(np.float32))
    assert [t["tiled"] for t in kernel.plan["layouts"].values()] == [[1, 3], [1, 3]]
    assert kernel.plan["block_grid"] == [2, 3, 2]  # batch, head, rows
    assert kernel.stats is not None
    assert kernel.stats.page_writes["O"].tolist() == [1] * (2 * 3 * 2 * 3)


def test_vectors_are_copied() -> None:
    kernel = compiled(COPY)
    v = numbers((4, 128))
    levels_agree(kernel, [v], v)
    assert kernel.plan["layouts"]["V"]["tiled"] == [None, 1]
    assert kernel.plan["block_tiles"] == [1, 2]
    assert kernel.plan["tile_grid"] == [1, 4]


@pytest.mark.parametrize("engine", ["sim", pytest.param("native", marks=needs_compiler)])
def test_vectors_in_both_forms_and_a_scalar(engine: Any) -> None:
    kernel = compiled(FORMS)
    x, bias, scale = numbers((64, 96)), numbers((96,)), numbers((2, 64))
    expected = x * scale[1][:, None] * np.float32(0.375) + bias
    assert np.array_equal(kernel.run(x, 0.375, bias, scale, engine=engine), expected)
    assert np.array_equal(kernel.run(x, bias, scale, a=0.375, engine=engine), expected)
    layouts = kernel.plan["layouts"]
    assert (layouts["bias"]["tiled"], layouts["scale"]["tiled"]) == ([None, 0], [1, None])
    assert "tiled" not in layouts["X"]


@needs_compiler
@pytest.mark.parametrize("text", [HEADS, COPY, FORMS], ids=["heads", "vectors", "forms"])
def test_host_program_runs(text: str, tmp_path: Path) -> None:
    kernel = compiled(text)
    kernel.write(tmp_path / "kernel")
    main = tmp_path / "kernel" / "main.cpp"
    done = run_host(main, "wormhole", options=("-Wall", "-Wextra", "-Werror"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": ok" in done.stdout
    # Rows and columns exchanged: the comparison sees it.
    source = main.read_text()
    start = source.index("_places = places(") if "_places = places(" in source else 0
    assert start
    inner = source[start : source.index(";", start)]
    swapped = inner.replace("{64, 288}, {96, 1}", "{96, 1}, {64, 288}")
    swapped = swapped.replace("{1, 0}, {128, 1}", "{128, 1}, {1, 0}")
    swapped = swapped.replace("{1, 0}, {96, 1}", "{96, 1}, {1, 0}")
    assert swapped != inner
    main.write_text(source.replace(inner, swapped, 1))
    assert run_host(main, "wormhole").returncode != 0


@pytest.mark.parametrize(("a", "n"), [(2.5, 20), (-0.5, 0), (1.0, -7), (3.0, 64)])
@pytest.mark.parametrize("engine", ["sim", "tile", pytest.param("native", marks=needs_compiler)])
def test_scalars_of_both_kinds(a: float, n: int, engine: Any) -> None:
    kernel = scalar_parameters()
    x = numbers((64, 64))
    expected = x / np.float32(a)
    expected[: max(n, 0)] = x[: max(n, 0)] * np.float32(a)
    found = kernel.run(x, a=a, n=n, engine=engine)
    assert np.allclose(found, expected, rtol=2e-7, atol=0)


def scalar_parameters() -> CompiledKernel:
    return tt_dialect.compile(DATA / "tile" / "scalar_parameters.tir.json")


def test_scalars_are_checked() -> None:
    kernel = scalar_parameters()
    x = numbers((64, 64))
    cases: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
        ((x, 1.0), {}, "expected 3 inputs, got 2"),
        ((x, 1.0, 2.5), {}, "input 'n' is 2.5"),
        ((x, 1.0, 2**31), {}, f"input 'n' is {2**31}"),
        ((x, 1.0), {"m": 3}, "the kernel reads no parameter 'm'"),
        ((x, np.ones(2, np.float32), 3), {}, "input 'a' has shape"),
    ]
    for inputs, named, message in cases:
        with pytest.raises(CompileError) as caught:
            kernel.run(*inputs, **named)
        assert caught.value.diagnostics[0].message.startswith(message)


@pytest.mark.parametrize("kind", ["bf16", "f16", "f32"])
def test_float_scalars_are_rounded_on_the_host(kind: str) -> None:
    """A narrow scalar travels as a float32 that it can hold."""
    body = "%2 = arith.mulf %1, %a : f32"
    if kind != "f32":
        body = f"%w = arith.extf %a : {kind} to f32\n      %2 = arith.mulf %1, %w : f32"
    text = FORMS.replace("%a: f32", f"%a: {kind}").replace("%2 = arith.mulf %1, %a : f32", body)
    kernel = compiled(text)
    x, bias, scale = numbers((64, 96)), np.zeros(96, np.float32), np.ones((2, 64), np.float32)
    value = np.float32(1 / 3)
    rounded = np.asarray(value).astype(kernel.tensors[1].dtype).astype(np.float32)
    assert (rounded == value) == (kind == "f32")
    assert np.array_equal(kernel.run(x, float(value), bias, scale), x * rounded)


# -- the plan --------------------------------------------------------------------------------------


def test_plan_reads_back() -> None:
    for kernel in (compiled(FORMS), compiled(HEADS), scalar_parameters()):
        assert tensors_from(kernel.plan) == list(kernel.program.tensors)
        assert abi_from(kernel.plan) == kernel.program.abi
    assert [a["kind"] for a in scalar_parameters().plan["abi"]] == [
        *("address", "address", "scalar", "scalar", "start", "count")
    ]


@pytest.mark.parametrize(
    ("tensor", "tiled", "message"),
    [
        ("bias", [0, 1], "tensor bias of rank 1 is tiled along"),
        ("bias", [None, None], "tensor bias of rank 1 is tiled along"),
        ("X", [1, 1], "tensor X of rank 2 is tiled along"),
        ("bias", None, "tensor bias of rank 1 is tiled along"),
    ],
)
def test_broken_tiled_is_refused(tensor: str, tiled: list[int | None] | None, message: str) -> None:
    plan = json.loads(json.dumps(compiled(FORMS).plan))
    if tiled is None:
        del plan["layouts"][tensor]["tiled"]
    else:
        plan["layouts"][tensor]["tiled"] = tiled
    with pytest.raises(CompileError, match=message):
        check_plan(plan)


def test_scalar_needs_a_type() -> None:
    plan = json.loads(json.dumps(compiled(FORMS).plan))
    entry = next(a for a in plan["abi"] if a["kind"] == "scalar")
    del entry["type"]
    with pytest.raises(CompileError, match="a scalar has a type"):
        check_plan(plan)
