"""Annotations: the vocabulary, the ways in, and what comes of them."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, StringAttr, bf16
from xdsl.dialects.func import FuncOp

from tt_dialect import (
    annotate_tt_layout,
    annotate_tt_schedule,
    api,
    with_core_grid,
    with_core_ranges,
    with_layout_desc,
    with_work_partition,
)
from tt_dialect.analysis.annotated_work import (
    SCHEDULE_KEYS,
    RangeRequest,
    ScheduleRequest,
    WorkRequest,
    read_schedule,
)
from tt_dialect.analysis.annotation_fields import AnnotationError
from tt_dialect.analysis.annotations import (
    attribute_of,
    layouts_of,
    plain_of,
    read_layout_file,
    schedule_of,
)
from tt_dialect.analysis.layouts import (
    LAYOUT_KEYS,
    SHARD_KEYS,
    LayoutRequest,
    ShardRequest,
    read_layout,
    read_layouts,
)
from tt_dialect.analysis.sharding import shard_cores, sharding_of
from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import schema
from tt_dialect.importer.graph import GraphMap, Node, Value, parse_graph
from tt_dialect.importer.kernel import import_kernel
from tt_dialect.importer.uses import walk
from tt_dialect.ir.layout import BufferAttr
from tt_dialect.passes.place_tensors import layout_for

GEMM = Path(__file__).parents[2] / "examples" / "gemm.tir.json"
ND = {"axes": ["M", "N"], "grid": [2, 2], "shard_shape": [64, 32]}


ITEM = {"io": 0, "jo": 0}

# --- vocabulary -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, LayoutRequest()),
        ({"memory": "DRAM"}, LayoutRequest(memory="dram")),
        ({"memory": "ddr"}, LayoutRequest(memory="dram")),
        ({"memory": "SRAM"}, LayoutRequest(memory="l1")),
        ({"layout": "Interleaved"}, LayoutRequest(layout="interleaved")),
        ({"strategy": "block_sharded"}, LayoutRequest(strategy="block")),
        ({"strategy": "width", "grid": 3}, LayoutRequest(strategy="width", grid=(3,))),
        ({"nd_shard": ND}, LayoutRequest(nd_shard=ShardRequest(("M", "N"), (2, 2), (64, 32)))),
        ({"cb_depth": 4, "at": "f:3"}, LayoutRequest(cb_depth=4, place="f:3")),
        ({"shard": "L1", "interleave": True}, LayoutRequest(memory="l1", layout="interleaved")),
        ({"tile_id_order": "z_order"}, LayoutRequest(order="z_order")),
        ({"tile_shape": [32, 32]}, LayoutRequest()),
        ({"stride": [4, 1]}, LayoutRequest(stride=(4, 1))),
        ({"dtype": "bf16"}, LayoutRequest(stated=(("dtype", "bfloat16"),))),
        (
            {"shard": "DRAM", "interleave": False, "nd_shard": ND, "tile_id_order": "row_major"},
            LayoutRequest(
                memory="dram",
                layout="sharded",
                nd_shard=ShardRequest(("M", "N"), (2, 2), (64, 32)),
                order="row_major",
            ),
        ),
    ],
)
def test_layouts(fields: dict[str, Any], expected: LayoutRequest) -> None:
    assert read_layout("A", fields) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["memory"], "the layout of 'A' is"),
        ({"memory": 3}, "unknown memory '3' of 'A'"),
        ({"memory": "L1", "shard": "L1"}, "says 'memory' twice, as 'memory' and as 'shard'"),
        ({"interleave": "yes"}, "interleave of 'A' is 'yes'"),
        ({"shard": "DRAM", "interleave": False}, "nd_shard incomplete: 'A' is sharded, but"),
        ({"dtype": "int8"}, "unknown dtype 'int8' of 'A'"),
        ({"data_format": 3}, "data_format of 'A' is 3"),
        ({"needs_padding": "no"}, "needs_padding of 'A' is 'no'"),
        ({"nd_shard": {**ND, "projected_grid": [0]}}, "projected_grid in the nd_shard of 'A'"),
        ({"interleave": False, "layout": "interleaved"}, "interleave of 'A' is false, its layout"),
        ({"grid": [2]}, "'grid' of 'A' belongs to no strategy"),
        ({"strategy": "block", "grid": [2]}, "'grid' of 'A' has 1 entries"),
        ({"strategy": "height", "grid": [0]}, r"grid of 'A' is \[0\]"),
        ({"strategy": "height", "grid": [True]}, r"grid of 'A' is \[True\]"),
        ({"strategy": "height", "nd_shard": ND}, "both a strategy and an nd_shard"),
        ({"nd_shard": {**ND, "grid": [2]}}, "2 axes, 1 grid extents and 2 shard"),
        ({"nd_shard": {**ND, "axes": ["M", "M"]}}, "lists an axis twice"),
        ({"nd_shard": {**ND, "axes": "MN"}}, "axes in the nd_shard of 'A' are 'MN'"),
        ({"nd_shard": {**ND, "align_tiles": 1}}, "align_tiles in the nd_shard of 'A' is 1"),
        ({"nd_shard": {**ND, "halo": 1}}, "halo unsupported"),
        ({"order": "block_linear"}, "is reserved"),
        ({"cb_depth": 65}, "cb_depth of 'A' is 65"),
        ({"cb_depth": True}, "cb_depth of 'A' is True"),
        ({"tile_shape": [16, 16]}, "tile_shape of 'A'"),
        ({"at": 3}, "'at' is 3"),
        ({"grid": [10**20], "strategy": "height"}, "a number of 67 bits in 'grid'"),
        ({"cb_depth": -(10**5000)}, "a number of 16610 bits in 'cb_depth'"),
        ({"memory": "\ud800"}, r"'\\ud800' in 'memory' is no text"),
        ({"grid": json.loads("[" * 50 + "]" * 50)}, "nested too deeply in 'grid'"),
        ({"order": "z_order", "nd_shard": {**ND, "order": "row_major"}}, "order of 'A' is z_order"),
    ],
)
def test_layouts_that_cannot_be_meant(fields: Any, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read_layout("A", fields)


@pytest.mark.parametrize(
    ("fields", "order"),
    [
        ({"nd_shard": ND}, "row_major"),
        ({"nd_shard": ND, "order": "column_major"}, "column_major"),
        ({"nd_shard": {**ND, "order": "z_order"}, "order": "z_order"}, "z_order"),
        # The order of page ids, as plans and earlier tools write it, is none of shards.
        ({"nd_shard": {**ND, "order": "z_order"}, "tile_id_order": "row_major"}, "z_order"),
    ],
)
def test_the_order_of_an_nd_shard(fields: dict[str, Any], order: str) -> None:
    shard = read_layout("A", fields).nd_shard
    assert shard is not None
    assert shard.order == order


def test_what_is_null_is_not_said() -> None:
    schedule = dict.fromkeys(SCHEDULE_KEYS)
    assert read_schedule(schedule) == ScheduleRequest()
    assert read_layout("A", dict.fromkeys(LAYOUT_KEYS)) == LayoutRequest()


def test_hints_on_orders_of_work_name_those_there_are() -> None:
    for order in ("block_linear", "diagonal"):
        with pytest.raises(AnnotationError) as error:
            read_schedule({"order": order})
        assert error.value.hints == ("expected row_major, column_major",)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"A": {"memory": "L1"},\n "A": {}}', 2, "key 'A' stands twice in one object"),
        ('{"A":\n {"cb_depth": ' + "9" * 5000 + "}}", 2, "a number of thousands of digits"),
        ('{"A":\n {"cb_depth": 99999999999999999999}}', 2, "a number of 67 bits in 'cb_depth'"),
        ('{"\\ud800": {}}', 1, r"'\ud800' is no text"),
        ("[" * 100000, 1, "not JSON: nested too deeply"),
        ("\n{A: 1}", 2, "not JSON: Expecting property name enclosed in double quotes"),
    ],
)
def test_wrong_files_are_located(text: str, line: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "layout.json"
    path.write_text(text)
    with pytest.raises(CompileError) as error:
        read_layout_file(str(path))
    (found,) = error.value.diagnostics
    assert (found.message, found.location and found.location.line) == (message, line)
    assert found.notes


def test_numbers_beyond_64_bits_in_python_are_located() -> None:
    module = api.import_tile(str(GEMM))
    with pytest.raises(CompileError) as error:
        annotate_tt_layout(module, {"A": {"strategy": "height", "grid": [1 << 64]}})
    (found,) = error.value.diagnostics
    assert found.message == "a number of 65 bits in 'grid'"
    assert found.location is not None
    assert found.location.file.endswith("test_annotations.py")
    with pytest.raises(CompileError) as error:
        api.compile(str(GEMM), layout={"A": {"strategy": "height", "grid": [1 << 64]}})
    assert error.value.diagnostics[0].location is not None


def test_schedules() -> None:
    ranges = [{"start": [0, 0], "extent": [2, 1]}, {"start": [0, 1], "extent": [1, 2]}]
    found = read_schedule({"core_grid": [4, 3], "strategy": "Block", "core_ranges": ranges})
    first, second = RangeRequest((0, 0), (2, 1)), RangeRequest((0, 1), (1, 2))
    assert found == ScheduleRequest((4, 3), None, "block", None, (first, second))
    assert found.cores() == [(0, 0), (1, 0), (0, 1), (0, 2)]
    assert ScheduleRequest().cores() is None


def test_facts_of_a_schedule() -> None:
    stated = {"grid_tiles": [8, 4], "shard_grid": [2, 1], "local_shape_tiles": [4, 4]}
    names = ["tt_start_tile", "tt_tile_count", "Mt", "tt_shard_coord_y", "sx"]
    found = read_schedule({**stated, "runtime_args": names})
    assert (found.grid_tiles, found.shard_grid, found.local_shape_tiles) == ((8, 4), (2, 1), (4, 4))
    assert found.runtime_args == ("start_id", "count", "Mt", "sy", "sx")


def test_work_listed_in_a_schedule() -> None:
    items = {
        "(0,0)": [{"io": 0, "jo": 0, "len_k": 4, "tile_order": "row_major"}],
        "( 1, 0 )": [{"io": 0, "jo": 1, "batch": [2]}, {"io": 1, "jo": 1, "batch": 3}],
    }
    wanted = (((0, 0), ((0, 0),)), ((1, 0), ((2, 0, 1), (3, 1, 1))))
    assert read_schedule({"work_partition": items}).work_partition == WorkRequest(wanted, 4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (3, "a schedule annotation is 3"),
        ({"core_grid": [4]}, r"core_grid of the schedule is \[4\]"),
        ({"core_grids": [4, 4]}, "has no key 'core_grids'"),
        ({"core_ranges": []}, r"core_ranges of the schedule are \[\]"),
        ({"core_ranges": [{"start": [0, 0]}]}, "core range 0 is"),
        ({"core_ranges": [{"start": [-1, 0], "extent": [1, 1]}]}, "start of core range 0"),
        ({"core_ranges": [{"start": [0, 0], "extent": [999, 999]}]}, "core range 0 is"),
        ({"strategy": "random"}, "unknown strategy 'random' of the schedule"),
        ({"grid_tiles": 4}, r"grid_tiles of the schedule is \[4\]"),
        ({"shard_grid": [0, 1]}, r"shard_grid of the schedule is \[0, 1\]"),
        ({"runtime_args": "start_id"}, "runtime_args of the schedule are 'start_id'"),
        ({"work_partition": {}}, "work_partition of the schedule is empty"),
        ({"work_partition": {"core_0_0": [[0, 0]]}}, "has 'core_0_0'"),
        ({"work_partition": {"(0,0)": []}}, r"has '\(0,0\)': \[\]"),
        ({"work_partition": {"(0,0)": [[0, 0]]}}, r"an item of core \(0,0\) is \[0, 0\]"),
        ({"work_partition": {"(0,0)": [{"io": 0}]}}, r"an item of core \(0,0\) is {'io': 0}"),
        ({"work_partition": {"(0,0)": [ITEM], "(0, 0)": [ITEM]}}, "lists core .* twice"),
        ({"work_partition": {"(0,0)": [{**ITEM, "oi": 1}]}}, "has no key 'oi'"),
        (
            {"work_partition": {"(0,0)": [{**ITEM, "tile_order": "z_order"}]}},
            "tile_order of an item",
        ),
        (
            {"work_partition": {"(0,0)": [{**ITEM, "len_k": 1}, {**ITEM, "len_k": 2}]}},
            r"len_k \[1, 2\]",
        ),
    ],
)
def test_schedules_that_cannot_be_meant(fields: Any, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read_schedule(fields)


def test_user_over_default() -> None:
    default = LayoutRequest("l1", "sharded", "block", grid=(2, 2), order="z_order", cb_depth=2)
    assert LayoutRequest().over(default) == default
    assert LayoutRequest(memory="dram").over(default).strategy == "block"
    interleaved = LayoutRequest(layout="interleaved", cb_depth=5).over(default)
    assert interleaved == LayoutRequest("l1", "interleaved", cb_depth=5)
    tall = LayoutRequest(strategy="height").over(default)
    assert (tall.grid, tall.order, tall.cb_depth) == (None, None, 2)
    assert not LayoutRequest(cb_depth=3, place="f:1").places
    assert not LayoutRequest(stated=(("dtype", "float32"),)).places


def test_attributes_and_plain_data() -> None:
    data = {"A": {"memory": "L1", "nd_shard": {**ND, "align_tiles": True}, "cb_depth": 3}}
    assert plain_of(attribute_of(data)) == data
    assert read_layouts(plain_of(attribute_of(data))) == read_layouts(data)
    with pytest.raises(TypeError, match="an annotation holds numbers"):
        attribute_of({"A": 1.5})


# --- ways in --------------------------------------------------------------------------------------


def annotated_graph(where: str, key: str, value: Value) -> Node:
    """The GEMM's PrimFunc with an annotation on the function or on its block."""
    root = parse_graph(GEMM.read_text(), "gemm.tir.json")
    func = schema.kernels_of(root)[0].func
    if where == "block":
        blocks = (node for node in walk(func.node("body")) if node.kind == "SBlock")
        owner = next(b for b in blocks if b.text("name_hint") == "tilelang_root")
        field = "annotations"
    else:
        owner, field = func.node("attrs"), "__dict__"
    held = owner.mapping(field)
    owner.fields[field] = GraphMap((*held.entries, (key, value)))
    return func


NODE_MAP = GraphMap(
    (
        (
            "A",
            GraphMap(
                (
                    ("memory", "L1"),
                    ("strategy", "block"),
                    ("grid", [Node.integer_constant(2), 4]),
                )
            ),
        ),
    )
)


@pytest.mark.parametrize("where", ["function", "block"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tt.user_layout", NODE_MAP),
        ("tt.user_layout.17", NODE_MAP),
        ("tt.layout_desc", NODE_MAP),
        (
            "tt.user_layout",
            json.dumps({"A": {"memory": "L1", "strategy": "block", "grid": [2, 4]}}),
        ),
    ],
)
def test_annotations_of_a_prim_func(where: str, key: str, value: Value) -> None:
    func = import_kernel(annotated_graph(where, key, value), "gemm")
    assert layouts_of(func) == {"A": LayoutRequest("l1", strategy="block", grid=(2, 4))}


@pytest.mark.parametrize("where", ["function", "block"])
def test_a_schedule_of_a_prim_func(where: str) -> None:
    graph = annotated_graph(where, "tt.user_schedule", '{"core_grid": [4, 2]}')
    assert schedule_of(import_kernel(graph, "gemm")).core_grid == (4, 2)


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("tt.schedule", '{"policy": "contiguous", "order": "row_major"}', "strategy", "contiguous"),
        ("tt.core_grid", [Node.integer_constant(4), 2], "core_grid", (4, 2)),
        ("tt.partition_mode", "global", "partition_mode", "global"),
        ("tt.grid_tiles", "[8, 8]", "grid_tiles", (8, 8)),
        (
            "tt.core_ranges",
            '[{"start": [1, 0], "extent": [2, 1]}]',
            "core_ranges",
            (RangeRequest((1, 0), (2, 1)),),
        ),
        (
            "tt.work_partition",
            '{"(0,0)": [{"io": 0, "jo": 0}]}',
            "work_partition",
            WorkRequest((((0, 0), ((0, 0),)),)),
        ),
    ],
)
def test_parts_of_a_schedule_beside_it(key: str, value: Value, field: str, expected: Any) -> None:
    func = import_kernel(annotated_graph("function", key, value), "gemm")
    assert getattr(schedule_of(func), field) == expected


def test_a_layout_of_its_own_key() -> None:
    func = import_kernel(
        annotated_graph("function", "tt.buffer.A", '{"memory": "L1", "dtype": "bfloat16"}'), "gemm"
    )
    assert layouts_of(func)["A"] == LayoutRequest("l1", stated=(("dtype", "bfloat16"),))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("tt.core_grid", "[4,", "'tt.core_grid' is not JSON"),
        ("tt.core_grid", [4], r"core_grid of the schedule is \[4\]"),
        ("tt.schedule", '{"assignments": []}', "the schedule has no key 'assignments'"),
        ("tt.buffer.A", '{"memory": "L7"}', "unknown memory 'L7' of 'A'"),
    ],
)
def test_wrong_parts(key: str, value: Value, message: str) -> None:
    with pytest.raises(CompileError, match=message):
        import_kernel(annotated_graph("function", key, value), "gemm")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", "'tt.user_layout' is not JSON"),
        ("[]", r"'tt.user_layout' is \[\]"),
        ('{"A": {"memory": "L9"}}', "unknown memory 'L9' of 'A'"),
    ],
)
def test_wrong_annotations_of_a_prim_func(value: str, message: str) -> None:
    with pytest.raises(CompileError, match=message):
        import_kernel(annotated_graph("block", "tt.user_layout", value), "gemm")


EMPTY: dict[str, Any] = {}


def gemm() -> FuncOp:
    module = api.import_tile(str(GEMM))
    return next(op for op in module.walk() if isinstance(op, FuncOp))


def test_calls_on_a_function() -> None:
    func = annotate_tt_layout(gemm(), {"A": {"memory": "L1"}})
    func = annotate_tt_layout(func, {"A": {"cb_depth": 3}, "B": {"memory": "DRAM"}})
    func = annotate_tt_schedule(func, {"core_grid": [4, 4]})
    found = layouts_of(func)
    assert (found["A"].memory, found["A"].cb_depth, found["B"].memory) == ("l1", 3, "dram")
    assert (found["A"].place or "").startswith("test_annotations.py:")
    assert schedule_of(func).core_grid == (4, 4)


class FakePrimFunc:
    """As much of a PrimFunc as annotations use."""

    def __init__(self, attrs: dict[str, Any]) -> None:
        self.attrs = attrs

    def with_attr(self, key: str, value: Any) -> "FakePrimFunc":
        return FakePrimFunc({**self.attrs, key: value})


def test_calls_on_a_prim_func() -> None:
    func = annotate_tt_layout(FakePrimFunc({}), {"A": {"memory": "L1"}})
    func = annotate_tt_layout(func, {"A": {"cb_depth": 3}})
    held = json.loads(func.attrs["tt.user_layout"])
    assert (held["A"]["memory"], held["A"]["cb_depth"]) == ("L1", 3)
    func = annotate_tt_schedule(FakePrimFunc({"tt.user_schedule": {"strategy": "block"}}), {})
    assert json.loads(func.attrs["tt.user_schedule"])["strategy"] == "block"


def test_sugar_says_what_the_annotations_say() -> None:
    """One vocabulary: each gives the attribute that annotate_* gives, at its own caller's line."""
    ranges = [{"start": [1, 1], "extent": [2, 1]}]
    func = with_core_ranges(with_core_grid(FakePrimFunc({}), 4, 2), ranges)
    func = with_work_partition(func, {(1, 1): [ITEM], "(2,1)": [{"io": 1, "jo": 0}]})
    func = with_layout_desc(func, {"A": {"shard": "SRAM", "interleave": True}})
    held = json.loads(func.attrs["tt.user_schedule"])
    assert held.pop("at").startswith("test_annotations.py:")
    assert held == {
        "core_grid": [4, 2],
        "core_ranges": ranges,
        "work_partition": {"(1, 1)": [ITEM], "(2,1)": [{"io": 1, "jo": 0}]},
    }
    layout = read_layouts(json.loads(func.attrs["tt.user_layout"]))["A"]
    assert (layout.memory, layout.layout) == ("l1", "interleaved")
    found = schedule_of(with_core_grid(gemm(), 8, 3))
    assert (found.core_grid, (found.place or "")[:19]) == ((8, 3), "test_annotations.py")


@pytest.mark.parametrize(
    ("call", "args", "message"),
    [
        (with_core_grid, (8,), "with_core_grid takes a kernel and two numbers"),
        (with_core_grid, (FakePrimFunc({}), 0, 8), r"core_grid of the schedule is \[0, 8\]"),
        (with_core_grid, (8, 8), "stands inside a TileLang kernel"),
        (with_core_ranges, (FakePrimFunc({}), {}), "core_ranges of the schedule are {}"),
        (with_core_ranges, (), "with_core_ranges takes a kernel and core_ranges"),
        (with_work_partition, (FakePrimFunc({}), [1]), r"work_partition of the schedule is \[1\]"),
        (with_layout_desc, (FakePrimFunc({}), {"A": {"order": "zorder"}}), "unknown order"),
    ],
)
def test_wrong_sugar(call: Any, args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(CompileError, match=message) as error:
        call(*args)
    place = error.value.diagnostics[0].location
    assert place is not None
    assert place.file == "test_annotations.py"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "takes a kernel and an annotation"),
        ((FakePrimFunc({}), 3), "takes a kernel and an annotation"),
        ((object(), EMPTY), "'object' cannot be annotated"),
        ((FakePrimFunc({}), {"A": {"memory": "L2"}}), "unknown memory 'L2' of 'A'"),
        (({"A": {"memory": "L1"}},), "stands inside"),
    ],
)
def test_wrong_calls(args: tuple[Any, ...], message: str) -> None:
    call: Any = annotate_tt_layout
    with pytest.raises(CompileError, match=message) as error:
        call(*args)
    place = error.value.diagnostics[0].location
    assert place is not None
    assert place.file == "test_annotations.py"


# --- what comes of them ---------------------------------------------------------------------------


def test_annotations_reach_the_plan() -> None:
    layout = {"A": {"strategy": "block", "grid": [4, 4]}, "A_shared": {"cb_depth": 3}}
    kernel = api.compile(str(GEMM), layout=layout)
    found = kernel.plan["layouts"]
    assert found["A"]["by"] == "user"
    assert found["A"]["nd_shard"]["grid"] == [4, 4]
    assert found["B"]["by"] == "default"
    function = next(op for op in kernel.modules["core"].walk() if isinstance(op, FuncOp))
    assert "tt.user_layout" not in function.attributes
    assert isinstance(function.attributes["tt.arch"], StringAttr)
    same = api.compile(str(GEMM))
    assert same.plan["layouts"]["A"]["by"] == "default"


def test_json_files(tmp_path: Path) -> None:
    file = tmp_path / "layout.json"
    file.write_text('{\n "A": {},\n "B": {\n  "memory": "L7"}}')
    with pytest.raises(CompileError, match=r"layout\.json:4:1: error: unknown memory 'L7' of 'B'"):
        api.compile(str(GEMM), layout=file)
    file.write_text("[1]")
    with pytest.raises(CompileError, match=r"json:1:1: error: a layout annotation is \[1\]"):
        api.compile(str(GEMM), layout=str(file))
    file.write_text('{"core_grid": [2]}')
    with pytest.raises(CompileError, match=r"layout\.json:1:1: error: core_grid of the schedule"):
        api.compile(str(GEMM), schedule=str(file))


# --- anything at all ------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [*LAYOUT_KEYS, *SHARD_KEYS, *SCHEDULE_KEYS, "start", "extent", "halo", "at", "L1", "block", "M"]
)
FIELDS = {
    "memory": st.sampled_from(["L1", "DDR", "sram", None]),
    "strategy": st.sampled_from(["height", "block", "Width", None]),
    "grid": st.none() | st.integers(1, 9) | st.lists(st.integers(1, 9), min_size=1, max_size=2),
    "cb_depth": st.integers(0, 9),
    "tile_shape": st.sampled_from([[32, 32], [32.0, 32.0], [16, 16]]),
    "interleave": st.booleans() | st.none(),
    "order": st.sampled_from(["row_major", "z_order", "block_linear"]),
    "core_grid": st.lists(st.integers(1, 9), min_size=2, max_size=2),
}
LAYOUTS = st.dictionaries(st.sampled_from("AB"), st.fixed_dictionaries({}, optional=FIELDS))
VALUES: st.SearchStrategy[Any] = (
    LAYOUTS
    | st.fixed_dictionaries({}, optional=FIELDS)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False) | WORDS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
        max_leaves=12,
    )
)


@given(VALUES)
def test_anything_is_read_or_refused(value: Any) -> None:
    """Annotations come from files: what is read survives as an attribute, the rest is refused."""
    readers: list[Callable[[object], object]] = [read_layouts, read_schedule]
    for read in readers:
        with suppress(AnnotationError):
            found = read(value)
            assert read(plain_of(attribute_of(value))) == found


@given(
    st.lists(st.integers(1, 300), min_size=2, max_size=4).map(tuple),
    st.sampled_from(["height", "width", "block"]),
    st.tuples(st.integers(1, 11), st.integers(1, 11)),
    st.sampled_from(["dram", "l1"]),
)
def test_a_strategy_alone_always_fits(
    shape: tuple[int, ...], strategy: str, core_grid: tuple[int, int], memory: str
) -> None:
    """Without a grid, shards cover the tensor, are balanced, and have a core each."""
    request = LayoutRequest(memory=memory, strategy=strategy)
    base = BufferAttr.interleaved(bf16)
    layout = layout_for(ModuleOp([]), "A", shape, base, request, "user", core_grid)
    sharding = sharding_of(layout, shape)
    assert sharding is not None
    assert len(shard_cores(sharding, core_grid=core_grid)) == sharding.shards
    assert sharding.order == "row_major"
    assert sharding.pages == (*shape[:-2], *(-(-extent // 32) for extent in shape[-2:]))
