"""The rules of tt.plan.json, each broken once: on the way out (`check_plan`) and on the way in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from xdsl.dialects.builtin import ModuleOp

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.diagnostics import CompileError
from tt_dialect.emit.plan import format_plan, print_plan
from tt_dialect.emit.plan_check import read_edited
from tt_dialect.emit.plan_json import BlockGrid, clip_json, partition_from
from tt_dialect.emit.plan_rules import check_plan, read_plan
from tt_dialect.mlir_text import parse_module

DATA = Path(__file__).parent.parent / "data" / "tir"
Edit = Callable[[dict[str, Any]], object]


GEMM = """
!A = memref<{m}x300xbf16>
!B = memref<300x{n}xbf16>
!C = memref<{m}x{n}xbf16>
!a = memref<64x96xbf16, 1 : i64>
!b = memref<96x160xbf16, 1 : i64>
!c = memref<64x160xf32, 2 : i64>
!a_view = memref<64x96xbf16, strided<[300, 1], offset: ?>>
!b_view = memref<96x160xbf16, strided<[{n}, 1], offset: ?>>
!c_view = memref<64x160xbf16, strided<[{n}, 1], offset: ?>>
func.func @gemm(%A: !A {{tt.name = "A"}}, %B: !B {{tt.name = "B"}}, %C: !C {{tt.name = "C"}}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %c160 = arith.constant 160 : index
  %rows = arith.constant {rows} : index
  %cols = arith.constant {cols} : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%bx, %by) = (%c0, %c0) to (%cols, %rows) step (%c1, %c1) {{
    %a = memref.alloc() {{tt.name = "a"}} : !a
    %b = memref.alloc() {{tt.name = "b"}} : !b
    %acc = memref.alloc() {{tt.name = "acc"}} : !c
    %m = arith.muli %by, %c64 : index
    %n = arith.muli %bx, %c160 : index
    linalg.fill ins(%zero : f32) outs(%acc : !c)
    scf.for %k = %c0 to %c4 step %c1 {{
      %kk = arith.muli %k, %c96 : index
      %av = memref.subview %A[%m, %kk] [64, 96] [1, 1] : !A to !a_view
      %bv = memref.subview %B[%kk, %n] [96, 160] [1, 1] : !B to !b_view
      linalg.copy ins(%av : !a_view) outs(%a : !a)
      linalg.copy ins(%bv : !b_view) outs(%b : !b)
      linalg.generic {{indexing_maps = [affine_map<(i, j, l) -> (i, l)>,
        affine_map<(i, j, l) -> (l, j)>, affine_map<(i, j, l) -> (i, j)>],
        iterator_types = ["parallel", "parallel", "reduction"]}}
        ins(%a, %b : !a, !b) outs(%acc : !c) {{
      ^bb0(%x: bf16, %y: bf16, %o: f32):
        %xw = arith.extf %x : bf16 to f32
        %yw = arith.extf %y : bf16 to f32
        %p = arith.mulf %xw, %yw : f32
        %s = arith.addf %o, %p : f32
        linalg.yield %s : f32
      }}
    }}
    %cv = memref.subview %C[%m, %n] [64, 160] [1, 1] : !C to !c_view
    linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>,
      affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}}
      ins(%acc : !c) outs(%cv : !c_view) {{
    ^bb0(%s: f32, %o: bf16):
      %t = arith.truncf %s : f32 to bf16
      linalg.yield %t : bf16
    }}
  }}
  func.return
}}
"""


def ragged_gemm(rows: int, cols: int) -> ModuleOp:
    """C = A @ B, K = 300, in blocks of 64x160 and K blocks of 96."""
    text = GEMM.format(m=rows, n=cols, rows=-(-rows // 64), cols=-(-cols // 160))
    return parse_module(text, "gemm.mlir")


@pytest.fixture(scope="module")
def ragged() -> CompiledKernel:
    """2 rows of 3 blocks on 6 cores, the last of each row clipped; 2 K blocks."""
    return tt_dialect.compile(ragged_gemm(100, 330))


@pytest.fixture(scope="module")
def local() -> CompiledKernel:
    """2x3 blocks in shards on 2x2 cores."""
    shards = {"axes": ["M", "N"], "grid": [2, 2], "shard_shape": [64, 128]}
    layout = {name: {"memory": "L1", "nd_shard": shards} for name in "XYZ"}
    return tt_dialect.compile(DATA / "tile" / "eltwise_add.tir.json", layout=layout)


def put(*path: str | int, to: object) -> Edit:
    """Sets an entry."""

    def edit(plan: Any) -> None:
        for key in path[:-1]:
            plan = plan[key]
        plan[path[-1]] = to

    return edit


def drop(*path: str | int) -> Edit:
    """Removes an entry."""

    def edit(plan: Any) -> None:
        for key in path[:-1]:
            plan = plan[key]
        del plan[path[-1]]

    return edit


FIRST = ("work_partition", "(0,0)", 0)
RANGE = ("core_ranges", 0)
EXTRA = {"start": [0, 5], "extent": [1, 1]}
ITEM = {"io": 0, "jo": 0, "len_k": 2, "tile_order": "row_major"}

RULES: list[tuple[str, Edit, str]] = [
    # 1: the keys, and the version
    *(
        (f"1 without {key}", drop(key), f'"{key}" is a required property')
        for key in ("core_grid", "core_ranges", "work_partition", "layouts", "clip", "arguments")
    ),
    ("1 without io", drop(*FIRST, "io"), '"io" is a required property'),
    ("1 without jo", drop(*FIRST, "jo"), '"jo" is a required property'),
    ("1 unknown key", put("note", to=1), "'note' was unexpected"),
    ("1 unknown key of an item", put(*FIRST, "ko", to=1), "'ko' was unexpected"),
    ("1 newer version", put("schema_version", to=3), "2 was expected"),
    ("1 version is text", put("schema_version", to="2"), 'is not of type "integer"'),
    ("1 version is true", put("schema_version", to=True), 'is not of type "integer"'),
    # 2: core grid and ranges
    ("2 three axes", put("core_grid", to=[8, 8, 1]), "has more than 2 items"),
    ("2 no start", drop(*RANGE, "start"), '"start" is a required property'),
    ("2 negative", put(*RANGE, "start", to=[-1, 0]), "-1 is less than the minimum of 0"),
    ("2 empty", put(*RANGE, "extent", to=[0, 1]), "0 is less than the minimum of 1"),
    ("2 outside", put(*RANGE, "start", to=[3, 0]), "leaves the 8x8 core grid"),
    ("2 huge", put(*RANGE, "extent", to=[10**9, 10**9]), "is greater than the maximum"),
    ("2 overlap", lambda p: p["core_ranges"].append({**EXTRA, "start": [3, 0]}), "overlap"),
    ("2 device", put("core_grid", to=[9, 9]), "is larger than"),
    # 3: keys of cores
    ("3 no core", put("work_partition", "0,0", to=[ITEM]), "does not match"),
    ("3 leading zero", put("work_partition", "(00,0)", to=[ITEM]), "does not match"),
    ("3 line feed", put("work_partition", "(0,0)\n", to=[ITEM]), "does not match"),
    ("3 in no range", put("work_partition", "(7,7)", to=[ITEM]), r"\(7,7\)"),
    ("3 idle core", put("work_partition", "(0,0)", to=[]), "has less than 1 item"),
    # 4: blocks and K
    ("4 outside", put(*FIRST, "io", to=4), r"io 4, jo 0|\[4, 0\]"),
    ("4 twice", put(*FIRST, "jo", to=1), r"core \(0,0\)"),
    ("4 not at all", drop("work_partition", "(0,0)"), r"\(0,0\)"),
    (
        "4 K not covered",
        put(*FIRST, "len_k", to=1),
        r"block \(io 0, jo 0\) of core \(0,0\) has len_k 1, the kernel has 2 K blocks",
    ),
    # 5: tensors
    ("5 memory", put("layouts", "A", "shard", to="SRAM"), '"SRAM" is not one of'),
    ("5 no layout", drop("layouts", "B"), "address of no tensor"),
    (
        "5 no parameter",
        lambda p: p["layouts"].update(D=p["layouts"]["A"]),
        "layout D is of no parameter",
    ),
    ("5 accessor", put("kernels", 0, "accessors", to=["Z"]), "without a layout"),
    ("5 buffer", put("circular_buffers", 0, "tensors", to=["Z"]), "pages of no tensor: Z"),
    ("5 shard", put("circular_buffers", 0, "on_shard_of", to="A"), "A has none in L1"),
    ("5 page", put("layouts", "A", "page_bytes", to=4096), "tensor A: page_bytes"),
    ("5 interleave", put("layouts", "A", "interleave", to=False), "tensor A"),
    # arguments
    ("unknown argument", put("arguments", "(0,0)", "Zt", to=1), "argument Zt of core"),
    ("wrong extent", put("arguments", "(0,0)", "Mt", to=11), r"argument Mt of core \(0,0\) is 4"),
    ("same name", put("abi", 4, "name", to="start_id"), "two arguments have the same name"),
    ("no semaphore", put("abi", 4, "kind", to="semaphore"), "id of no semaphore"),
]


def refused(plan: dict[str, Any], path: Path, message: str) -> None:
    """A plan is refused when it is read, and when an edited one is read."""
    with pytest.raises(CompileError, match=message):
        read_plan(json.dumps(plan))
    path.write_text(json.dumps(plan, indent=1))
    with pytest.raises(CompileError) as found:
        read_edited(str(path))
    assert all(d.location is not None for d in found.value.diagnostics)


@pytest.mark.parametrize(("edit", "message"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_rules(ragged: CompiledKernel, tmp_path: Path, edit: Edit, message: str) -> None:
    plan = ragged.plan
    edit(plan)
    refused(plan, tmp_path / "plan.json", message)


def test_kernels_run_on_cores_with_work(ragged: CompiledKernel) -> None:
    plan = ragged.plan
    plan["kernels"][0]["core_ranges"].append(EXTRA)
    with pytest.raises(CompileError, match=r"kernels/reader.cpp: core \(0,5\) is in no range"):
        check_plan(plan)


def test_rules_hold_on_writing(ragged: CompiledKernel) -> None:
    program = ragged.program.clone()
    assert print_plan(program) == ragged.sources["tt.plan.json"]
    program.partition = partition_from({**ragged.plan, "core_grid": [9, 9]})
    with pytest.raises(CompileError, match=r"core grid \[9, 9\] is larger than"):
        print_plan(program)


LOCAL: list[tuple[str, Edit, str]] = [
    ("6 no box", drop("box"), "local_shard has a box"),
    ("6 box grid", put("box_grid", to=[1, 4]), r"make a grid \[2, 2\]"),
    ("6 cores", put("core_ranges", 0, "extent", to=[2, 1]), "cannot be given to 2 cores"),
    (
        "6 footprint",
        lambda p: [t["nd_shard"].update(grid=[2, 3]) for t in p["layouts"].values()],
        "are the footprint of L1 shards: 4 cores, X has 6",
    ),
    ("6 place", put("arguments", "(1,1)", "sy", to=0), r"argument sy of core \(1,1\) is 1"),
]


@pytest.mark.parametrize(("edit", "message"), [r[1:] for r in LOCAL], ids=[r[0] for r in LOCAL])
def test_rules_of_local_shard(
    local: CompiledKernel, tmp_path: Path, edit: Edit, message: str
) -> None:
    plan = local.plan
    edit(plan)
    with pytest.raises(CompileError, match=message):
        check_plan(plan)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan, indent=1))
    if "sy" in message:  # what follows from the work does so again, with a warning
        assert [w.severity for w in read_edited(str(path)).warnings] == ["warning"]
        return
    with pytest.raises(CompileError):
        read_edited(str(path))


def test_texts_no_plan_has(ragged: CompiledKernel, tmp_path: Path) -> None:
    """Numbers with a point, and a key twice: JSON readers take the last and lose the first."""
    text = ragged.sources["tt.plan.json"]
    path = tmp_path / "plan.json"
    for old, new, message in (
        ('"start": [0, 0]', '"start": [0.0, 0]', "0.0 is no integer"),
        ('"start": [0, 0]', '"start": [NaN, 0]', "NaN is no integer"),
        ('"(1,0)": [', '"(0,0)": [', "key '(0,0)' stands twice in one object"),
    ):
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(CompileError) as found:
            read_edited(str(path))
        assert message in found.value.diagnostics[0].message
        with pytest.raises(CompileError, match=r"tt\.plan\.json: "):
            read_plan(path.read_text())


def test_listed_items_stay_below_the_stated_size(ragged: CompiledKernel, tmp_path: Path) -> None:
    plan = ragged.plan
    plan["block_grid"] = [10**9, 10**9]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan, indent=1))
    with pytest.raises(CompileError, match="above 4096 blocks the ranges say all"):
        read_edited(str(path))


# ---- clip bounds ----


def test_clip_bounds_are_those_of_the_division(ragged: CompiledKernel, tmp_path: Path) -> None:
    """100x330x300 in blocks of 64x160, K re-blocked to 192: worked out by hand."""
    plan = ragged.plan
    bounds = {
        name: [(e["block"], e["tiles"], e["elements"], e["last"], e["last_elements"]) for e in rows]
        for name, rows in plan["clip"].items()
    }
    assert bounds == {
        "A": [([2, 6], [4, 10], [100, 300], [2, 4], [36, 108])],
        "B": [([6, 5], [10, 11], [300, 330], [4, 1], [108, 10])],
        "C": [([2, 5], [4, 11], [100, 330], [2, 1], [36, 10])],
    }
    valid = {
        (item["io"], item["jo"]): item.get("valid")
        for items in plan["work_partition"].values()
        for item in items
    }
    assert valid == {(i, j): [2, 1] if j == 2 else None for i in range(2) for j in range(3)}
    text = ragged.sources["tt.plan.json"]
    assert format_plan(read_plan(text)) == text
    path = tmp_path / "plan.json"
    path.write_text(text)
    again = tt_dialect.compile(ragged_gemm(100, 330), plan=path)
    assert again.plan["clip"] == plan["clip"]
    assert again.plan["work_partition"] == plan["work_partition"]


def test_clip_bounds_do_not_grow_with_the_tensor(ragged: CompiledKernel) -> None:
    small, large = ragged.plan, tt_dialect.compile(ragged_gemm(20000, 33000)).plan
    assert large["work_partition"] is None
    assert len(format_plan(large)) - sum(
        len(json.dumps(row)) for row in large["arguments"].values()
    ) < 2 * len(format_plan(small))
    assert {k: len(v) for k, v in large["clip"].items()} == {"A": 1, "B": 1, "C": 1}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            put("work_partition", "(2,0)", 0, "valid", to=[2, 5]),
            r"block \(io 0, jo 2\) of core \(2,0\) has 2x1 tiles inside of the tensor, 'valid' "
            "says 2x5",
        ),
        (drop("work_partition", "(5,0)", 0, "valid"), r"block \(io 1, jo 2\) of core \(5,0\) has"),
        (put("work_partition", "(0,0)", 0, "valid", to=[1, 5]), r"block \(io 0, jo 0\) of core"),
        (
            put("clip", "C", 0, "last", to=[2, 2]),
            r"clip of tensor C in C_out: last of the last block, \(io 1, jo 2\), is \[2, 1\]",
        ),
        (put("clip", "B", 0, "elements", to=[300, 331]), "clip of tensor B in b: elements"),
        (drop("clip", "A"), "clip of tensor A: its blocks are clipped in a"),
        (put("clip", "D", to=[]), "has less than 1 item"),
        (put("layouts", "C", "shape", to=[100, 320]), "clip of tensor C"),
    ],
)
def test_wrong_clip_bounds_are_refused(
    ragged: CompiledKernel, edit: Edit, message: str, tmp_path: Path
) -> None:
    plan = ragged.plan
    edit(plan)
    refused(plan, tmp_path / "plan.json", message)


def test_blocks_of_other_grids() -> None:
    """One axis of rows or columns, whole tensors, and work of several blocks (which has none)."""
    assert BlockGrid((3,), (2, 4), (5, 3)).valid((2,)) == [1, 3]
    assert BlockGrid((3,), (4, 2), (3, 5)).valid((2,)) == [3, 1]
    assert BlockGrid((2, 3, 3), (2, 2), (5, 6)).valid((1, 2, 2)) == [1, 2]
    assert BlockGrid((2, 3, 3), (2, 2), (5, 6)).valid((1, 1, 2)) is None
    assert BlockGrid((4,), (2, 2), (7, 7)).valid((3,)) is None
    vector = {"shape": [100], "tiled": [None, 0], "tile": [32, 32]}
    buffer = {"name": "v", "block": [1, 2], "tensors": ["V"]}
    assert clip_json({"V": vector}, [buffer])["V"][0]["last_elements"] == [1, 36]
    assert clip_json({"V": {**vector, "shape": [128]}}, [buffer]) == {}
