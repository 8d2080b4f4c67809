"""Edited plans: what is refused and how it is named, and that what is accepted is really used."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tt_dialect
import tt_dialect.api
from tt_dialect.api import CompiledKernel
from tt_dialect.arch import ARCHS
from tt_dialect.cli.ttc import main
from tt_dialect.emit.plan import format_plan
from tt_dialect.emit.plan_check import read_edited
from tt_dialect.emit.plan_json import partition_from
from tt_dialect.emit.plan_rules import read_plan
from tt_dialect.planned import Plan, replanned
from tt_dialect.tensors import default_inputs

DATA = Path(__file__).parent.parent / "data" / "tir"
GEMM = DATA / "gemm_blocks.tir.json"
"""4 rows of 10 blocks, one for each core of five rows of the 8x8 grid."""
ADD = DATA / "tile" / "eltwise_add.tir.json"
"""2 rows of 3 blocks of 2x2 tiles."""
L1 = {
    name: {
        "memory": "L1",
        "nd_shard": {"axes": ["M", "N"], "grid": [2, 2], "shard_shape": [64, 128]},
    }
    for name in "XYZ"
}


@pytest.fixture(scope="module")
def kernel() -> CompiledKernel:
    return tt_dialect.compile(GEMM)


@pytest.fixture(scope="module")
def local() -> CompiledKernel:
    return tt_dialect.compile(ADD, layout=L1)


def edited(kernel: CompiledKernel, path: Path, edit: Callable[[dict[str, Any]], object]) -> str:
    """The plan of a kernel, edited, in a file."""
    plan = kernel.plan
    edit(plan)
    path.write_text(json.dumps(plan, indent=1))
    return str(path)


def swap(one: str, other: str) -> Callable[[dict[str, Any]], None]:
    def edit(plan: dict[str, Any]) -> None:
        items = plan["work_partition"]
        items[one], items[other] = items[other], items[one]

    return edit


def drop(plan: dict[str, Any]) -> None:
    plan["work_partition"]["(0,0)"] = []


def lose(plan: dict[str, Any]) -> None:
    del plan["work_partition"]["(1,0)"]


def double(plan: dict[str, Any]) -> None:
    items = plan["work_partition"]
    items["(2,0)"].append(items["(3,0)"][0])


def outside(plan: dict[str, Any]) -> None:
    plan["work_partition"]["(2,0)"][0]["io"] = 4


def far_core(plan: dict[str, Any]) -> None:
    items = plan["work_partition"]
    items["(0,7)"] = items.pop("(0,0)")


def far_range(plan: dict[str, Any]) -> None:
    plan["core_ranges"][0]["extent"] = [9, 5]


def overlap(plan: dict[str, Any]) -> None:
    plan["core_ranges"].append({"start": [3, 3], "extent": [1, 1]})


def scatter(plan: dict[str, Any]) -> None:
    items = plan["work_partition"]
    items["(0,0)"] += items.pop("(5,0)")
    items["(1,0)"] += items.pop("(7,4)")
    plan["core_ranges"] = [
        {"start": [0, 0], "extent": [5, 1]},
        {"start": [6, 0], "extent": [2, 1]},
        {"start": [0, 1], "extent": [8, 3]},
        {"start": [0, 4], "extent": [7, 1]},
    ]


def depth(plan: dict[str, Any]) -> None:
    plan["work_partition"]["(0,0)"][0]["len_k"] = 7


def device(plan: dict[str, Any]) -> None:
    plan["core_grid"] = [9, 9]


def l1(plan: dict[str, Any]) -> None:
    plan["circular_buffers"][0]["pages"] = 4096


def unknown(plan: dict[str, Any]) -> None:
    plan["work_partition"]["(0,0)"][0]["jp"] = 1


REFUSED = [
    (drop, "work_partition['(0,0)']: [] has less than 1 item", '"(0,0)"'),
    (lose, "block (io 0, jo 1) is given to no core", '"work_partition"'),
    (lose, "core (1,0) is in the core ranges and has no work", '"core_ranges"'),
    (double, "block (io 0, jo 3) is given to core (2,0) and to core (3,0)", '"(3,0)"'),
    (outside, "block (io 4, jo 2) of core (2,0) is outside the 4x10 block grid", '"(2,0)"'),
    (outside, "block (io 0, jo 2) is given to no core", '"work_partition"'),
    (far_core, "core (0,7) has work and is in no core range", '"(0,7)"'),
    (
        far_range,
        "core range 0, start [0, 0] extent [9, 5], leaves the 8x8 core grid",
        "core_ranges",
    ),
    (overlap, "core ranges 0 and 1 overlap at core (3,3)", '"core_ranges"'),
    (scatter, "core (0,0) does block (io 0, jo 5) after (io 0, jo 0)", '"(0,0)"'),
    (depth, "block (io 0, jo 0) of core (0,0) has len_k 7, the kernel has 2 K blocks", '"(0,0)"'),
    (device, "core grid [9, 9] is larger than the device", '"core_grid"'),
    (l1, f"bytes of L1, {ARCHS['wormhole'].l1_budget} are there", '"circular_buffers"'),
    (unknown, "'jp' was unexpected", '"(0,0)"'),
]


@pytest.mark.parametrize(("edit", "message", "key"), REFUSED)
def test_what_is_wrong_is_named_at_its_line(
    kernel: CompiledKernel, tmp_path: Path, edit, message: str, key: str, capsys
) -> None:
    path = edited(kernel, tmp_path / "plan.json", edit)
    assert main(["plan-check", path]) == 1
    errors = capsys.readouterr().err.splitlines()
    found = [line for line in errors if message in line and " error: " in line]
    assert found, errors
    place = found[0].removeprefix(f"{path}:").split(":")[0]
    assert key in Path(path).read_text().splitlines()[int(place) - 1]
    with pytest.raises(tt_dialect.CompileError):
        tt_dialect.compile(GEMM, plan=path)


def test_files_that_are_no_plans(tmp_path: Path, capsys) -> None:
    path = tmp_path / "plan.json"
    for text, message in (("{", ":1:2: error: not JSON"), ("[]", 'is not of type "object"')):
        path.write_text(text)
        assert main(["plan-check", str(path)]) == 1
        assert message in capsys.readouterr().err
    assert main(["plan-check", str(tmp_path / "none.json")]) == 1
    assert "cannot open" in capsys.readouterr().err


def test_a_right_plan(kernel: CompiledKernel, tmp_path: Path, capsys) -> None:
    path = edited(kernel, tmp_path / "plan.json", lambda plan: None)
    assert main(["plan-check", path]) == 0
    assert "40 blocks on 40 cores, each once" in capsys.readouterr().out
    assert main(["plan-check", path, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["blocks"], result["cores"], result["warnings"]) == (40, 40, [])


OPTIONS = [
    {},
    {"strategy": "column_major"},
    {"strategy": "block"},
    {"strategy": "block", "arch": "blackhole"},
    {"schedule": {"core_grid": [3, 3]}},
    {"schedule": {"core_ranges": [{"start": [4, 4], "extent": [2, 2]}], "strategy": "block"}},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("source", [GEMM, ADD])
def test_write_read_write_is_identical(source: Path, options: dict, tmp_path: Path) -> None:
    kernel = tt_dialect.compile(source, **options)
    text = kernel.sources["tt.plan.json"]
    assert format_plan(read_plan(text)) == text
    assert partition_from(read_plan(text)) == kernel.program.partition
    path = tmp_path / "plan.json"
    path.write_text(text)
    assert read_edited(str(path)).partition == kernel.program.partition
    assert not read_edited(str(path)).warnings
    arch = {"arch": kernel.arch}
    again = tt_dialect.compile(source, plan=path, **arch)
    assert again.program.partition == kernel.program.partition
    assert {k: v for k, v in again.plan.items() if k != "decisions"} == {
        k: v for k, v in kernel.plan.items() if k != "decisions"
    }
    assert {"subject": "work", "what": "division", "value": "as planned", "by": "plan"} in (
        again.plan["decisions"]
    )


def test_every_core_has_every_argument() -> None:
    """40 blocks on two disjoint ranges of 3x2 and 1x3 cores: four times 5, five times 4."""
    ranges = [{"start": [1, 1], "extent": [3, 2]}, {"start": [6, 0], "extent": [1, 3]}]
    plan = tt_dialect.compile(GEMM, schedule={"core_ranges": ranges}).plan
    cores = [*product((1,), (1, 2, 3)), *product((2,), (1, 2, 3)), (0, 6), (1, 6), (2, 6)]
    starts = [0, 5, 10, 15, 20, 24, 28, 32, 36]
    assert plan["arguments"] == {
        f"({x},{y})": {"start_id": s, "count": 5 if i < 4 else 4, "Mt": 12, "Kt": 16, "Nt": 20}
        for i, ((y, x), s) in enumerate(zip(cores, starts, strict=True))
    }
    known = {arg["name"] for arg in plan["abi"] if arg["kind"] != "address"}
    assert all(set(row) == known for row in plan["arguments"].values())


def test_local_plan_round_trip(local: CompiledKernel, tmp_path: Path) -> None:
    text = local.sources["tt.plan.json"]
    assert format_plan(read_plan(text)) == text
    plan = local.plan
    assert plan["partition_mode"] == "local_shard"
    assert (plan["box"], plan["box_grid"]) == ([1, 2], [2, 2])
    assert plan["work"] == [
        {"count": 2, "core_ranges": [{"start": [0, 0], "extent": [1, 1]}]},
        {"count": 1, "core_ranges": [{"start": [1, 0], "extent": [1, 1]}]},
        {"count": 2, "core_ranges": [{"start": [0, 1], "extent": [1, 1]}]},
        {"count": 1, "core_ranges": [{"start": [1, 1], "extent": [1, 1]}]},
    ]
    assert plan["arguments"]["(1,1)"] == {
        "start_id": 0, "count": 1, "Sm": 2, "Sn": 4, "Gy": 2, "Gx": 2, "sy": 1, "sx": 1
    }  # fmt: skip
    path = tmp_path / "plan.json"
    path.write_text(text)
    again = tt_dialect.compile(ADD, layout=L1, plan=path)
    assert again.program.partition == local.program.partition


def test_swapped_cores_change_arguments_and_statistics_not_results(
    kernel: CompiledKernel, tmp_path: Path
) -> None:
    inputs = default_inputs(kernel.tensors, 0)
    expected = kernel.execute(inputs)
    path = edited(kernel, tmp_path / "plan.json", swap("(0,0)", "(3,2)"))
    assert [w.severity for w in read_edited(path).warnings] == ["warning"]
    for other in (tt_dialect.compile(GEMM, plan=path), replanned(kernel, Plan.read(path))):
        assert other.plan["work_partition"] == json.loads(Path(path).read_text())["work_partition"]
        starts = {core: start for core, start, _ in other.program.partition.ids()}
        assert (starts[0, 0], starts[3, 2]) == (19, 0)
        assert other.sources["main.cpp"] != kernel.sources["main.cpp"]
        assert other.sources["kernels/reader.cpp"] == kernel.sources["kernels/reader.cpp"]
        for actual, array in zip(other.execute(inputs), expected, strict=True):
            assert np.array_equal(actual, array)
        assert other.plan["arguments"]["(0,0)"] == kernel.plan["arguments"]["(3,2)"]
        assert other.plan["arguments"]["(0,0)"] != kernel.plan["arguments"]["(0,0)"]
        before, after = kernel.stats, other.stats
        assert before is not None
        assert after is not None
        assert before.total == after.total  # they do as much as each other
        assert after.as_dict()["cores"] != before.as_dict()["cores"]
        assert after.banks[0, 0] != before.banks[0, 0]
        assert after.banks[0, 0] == before.banks[3, 2]
        assert after.first_blocks[0, 0] == before.first_blocks[3, 2] == 19


def test_report_of_every_byte(kernel: CompiledKernel, local: CompiledKernel) -> None:
    """Bytes by core, kind and bank add up; shards used in place are counted, once."""
    kernel.execute(default_inputs(kernel.tensors, 0))
    stats = kernel.stats
    assert stats is not None
    for core, row in stats.cores.items():
        assert row.blocks == 1
        assert row.dram_read + row.dram_write == sum(stats.banks[core].dram.values())
        assert not stats.banks[core].l1
    assert stats.in_place == {}
    assert stats.total.blocks == 40
    one_block = {"axes": ["M", "N"], "grid": [2, 3], "shard_shape": [64, 64]}
    even = {name: {"memory": "L1", "nd_shard": one_block} for name in "XYZ"}
    for other in (local, tt_dialect.compile(ADD, layout=even)):
        other.execute(default_inputs(other.tensors, 0))
        stats = other.stats
        assert stats is not None
        used = {
            name: stats.in_place.get(name, 0) + sum(kinds.values())
            for name, kinds in stats.tensors.items()
        }
        assert used == dict.fromkeys("XYZ", 128 * 192 * 2)
        assert stats.total.in_place == sum(stats.in_place.values())
        corner = stats.cores[1, 1]  # 2x2 tiles there, at the end of uneven shards of 2x4
        assert corner.in_place + corner.l1_local == 3 * 2 * 2 * 2048
        told = stats.as_dict()
        assert told["in_place"] == stats.in_place
        assert {"first_block", "dram_banks", "l1_cores", "in_place"} <= told["cores"][0].keys()
    assert stats.in_place == used


def test_more_work_for_one_core_shows_in_its_statistics(tmp_path: Path) -> None:
    kernel = tt_dialect.compile(GEMM, schedule={"core_grid": [2, 1]})
    inputs = default_inputs(kernel.tensors, 0)
    expected = kernel.execute(inputs)

    def move(plan: dict[str, Any]) -> None:
        items = plan["work_partition"]
        items["(0,0)"], items["(1,0)"] = items["(0,0)"][:5], items["(0,0)"][5:] + items["(1,0)"]

    path = edited(kernel, tmp_path / "plan.json", move)
    other = tt_dialect.compile(GEMM, schedule={"core_grid": [2, 1]}, plan=path)
    actual = other.execute(inputs)
    assert [count for _, _, count in other.program.partition.ids()] == [5, 35]
    assert np.array_equal(actual[0], expected[0])
    assert kernel.stats is not None
    assert other.stats is not None
    before, after = kernel.stats.as_dict(), other.stats.as_dict()
    assert before["total"]["noc_bytes"] == after["total"]["noc_bytes"]
    assert before != after


def test_rectangles_can_be_swapped_but_not_cut(tmp_path: Path) -> None:
    kernel = tt_dialect.compile(GEMM, strategy="block")
    inputs = default_inputs(kernel.tensors, 0)
    path = edited(kernel, tmp_path / "plan.json", swap("(0,0)", "(4,3)"))
    other = tt_dialect.compile(GEMM, plan=path)
    assert other.program.partition != kernel.program.partition
    assert np.array_equal(other.execute(inputs)[0], kernel.execute(inputs)[0])

    def cut(plan: dict[str, Any]) -> None:
        items = plan["work_partition"]
        items["(1,0)"].insert(0, items["(0,0)"].pop())

    with pytest.raises(tt_dialect.CompileError, match="each core does one whole box"):
        Plan.read(edited(kernel, tmp_path / "plan.json", cut))


def test_work_stays_on_its_shard(local: CompiledKernel, tmp_path: Path) -> None:
    path = edited(local, tmp_path / "plan.json", swap("(0,0)", "(0,1)"))
    with pytest.raises(tt_dialect.CompileError, match="lies on core"):
        tt_dialect.compile(ADD, layout=L1, plan=path)
    with pytest.raises(tt_dialect.CompileError, match="lies on core"):
        replanned(local, Plan.read(path))


def test_only_the_division_of_work_can_be_edited(kernel: CompiledKernel, tmp_path: Path) -> None:
    def pages(plan: dict[str, Any]) -> None:
        plan["circular_buffers"][0]["pages"] += 1

    path = edited(kernel, tmp_path / "plan.json", pages)
    with pytest.raises(tt_dialect.CompileError, match=r"does not agree .*'circular_buffers'"):
        tt_dialect.compile(GEMM, plan=path)
    with pytest.raises(tt_dialect.CompileError, match=r"does not agree .*'circular_buffers'"):
        replanned(kernel, Plan.read(path))
    path = edited(kernel, tmp_path / "plan.json", lambda plan: None)
    with pytest.raises(tt_dialect.CompileError, match="the plan is for arch wormhole"):
        tt_dialect.compile(GEMM, plan=path, arch="blackhole")
    with pytest.raises(tt_dialect.CompileError, match=r"does not agree|another kernel"):
        tt_dialect.compile(ADD, plan=path)


def test_command_line(kernel: CompiledKernel, tmp_path: Path, capsys) -> None:
    path = edited(kernel, tmp_path / "plan.json", swap("(0,0)", "(3,2)"))
    out = tmp_path / "out"
    assert main(["compile", str(GEMM), "-o", str(out), "--plan", path]) == 0
    assert "warning: 'work' does not say" in capsys.readouterr().err
    plan = json.loads((out / "tt.plan.json").read_text())
    assert plan["work_partition"]["(0,0)"][0]["jo"] == 9
    assert main(["plan-check", str(out)]) == 0
    back = edited(kernel, tmp_path / "back.json", lambda plan: None)
    assert main(["run", str(out), "--plan", back, "--check", "--json"]) == 0
    assert main(["run", str(GEMM), "--plan", path, "--check"]) == 0
    capsys.readouterr()


def test_plan_edited_where_it_stands(kernel: CompiledKernel, tmp_path: Path, capsys) -> None:
    """`ttc run DIR` uses the plan in DIR as `--plan` does, and says so."""
    out = tmp_path / "out"
    kernel.write(out)
    plan = out / "tt.plan.json"
    assert tt_dialect.api.load(out).planned is None
    reader = out / "kernels" / "reader.cpp"
    reader.write_text(reader.read_text() + "// by hand\n")
    edited(kernel, plan, swap("(0,0)", "(3,2)"))
    loaded = tt_dialect.api.load(out)
    assert loaded.planned is not None
    assert loaded.planned.path == str(plan)
    assert loaded.sources["kernels/reader.cpp"].endswith("// by hand\n")
    assert loaded.plan["arguments"]["(0,0)"]["start_id"] == 19
    assert loaded.sources["main.cpp"] != kernel.sources["main.cpp"]
    assert main(["run", str(out), "--check"]) == 0
    told = capsys.readouterr().err
    assert f"the work is divided as {plan} says" in told
    assert "warning: 'work' does not say" in told
    edited(kernel, plan, lose)
    assert main(["run", str(out)]) == 1
    assert "block (io 0, jo 1) is given to no core" in capsys.readouterr().err
    given = edited(kernel, tmp_path / "given.json", lambda plan: None)
    assert main(["run", str(out), "--plan", given, "--check"]) == 0
    capsys.readouterr()


def test_work_can_move_to_other_cores(kernel: CompiledKernel, tmp_path: Path) -> None:
    """From the first row of cores to the last; kernels and arguments follow."""

    def move(plan: dict[str, Any]) -> None:
        items = plan["work_partition"]
        plan["work_partition"] = {key.replace(",0)", ",7)"): row for key, row in items.items()}
        plan["core_ranges"] = [{"start": [0, y], "extent": [8, h]} for y, h in ((7, 1), (1, 4))]

    path = edited(kernel, tmp_path / "plan.json", move)
    other = replanned(kernel, Plan.read(path))
    assert other.plan["core_ranges"][0] == {"start": [0, 7], "extent": [8, 1]}
    assert all(k["core_ranges"] == other.plan["core_ranges"] for k in other.plan["kernels"])
    assert other.plan["arguments"]["(3,7)"]["start_id"] == 3


def test_work_that_is_not_listed_counts(kernel: CompiledKernel, tmp_path: Path) -> None:
    """Without items `work` says the division, on the cores of `core_ranges`."""

    def unlisted(plan: dict[str, Any]) -> None:
        plan["work_partition"] = None
        plan["work"] = [
            {"count": 4, "core_ranges": [{"start": [0, 7], "extent": [4, 1]}]},
            {"count": 8, "core_ranges": [{"start": [4, 7], "extent": [3, 1]}]},
        ]

    path = tmp_path / "plan.json"
    with pytest.raises(tt_dialect.CompileError, match="cores of work are not those of core_ranges"):
        read_edited(edited(kernel, path, unlisted))

    def moved(plan: dict[str, Any]) -> None:
        unlisted(plan)
        plan["core_ranges"] = [{"start": [0, 7], "extent": [7, 1]}]

    other = replanned(kernel, Plan.read(edited(kernel, path, moved)))
    assert [count for _, _, count in other.program.partition.ids()] == [4] * 4 + [8] * 3


def test_arguments_follow_the_work(kernel: CompiledKernel, tmp_path: Path) -> None:
    def start(plan: dict[str, Any]) -> None:
        plan["arguments"]["(0,0)"]["start_id"] = 7

    found = read_edited(edited(kernel, tmp_path / "plan.json", start))
    (warning,) = found.warnings
    assert warning.message == "'arguments' does not say what follows from the work, which counts"
    assert found.partition == kernel.program.partition


# ---- the pipeline ----


def test_signatures() -> None:
    build = inspect.signature(tt_dialect.build_tt_pipeline).parameters
    assert list(build) == [
        "plan_path",
        "target_device",
        "partition_strategy",
        "enable_double_buffer",
        "enable_prefetch",
    ]
    assert all(p.default is not inspect.Parameter.empty for p in build.values())
    assert next(iter(inspect.signature(tt_dialect.run_pipeline).parameters)) == "source"
    (module, *rest) = inspect.signature(tt_dialect.validate_module_for_tt).parameters.values()
    assert module.name == "module"
    assert all(p.default is not inspect.Parameter.empty for p in rest)


def test_pipeline_writes_the_plan_and_uses_its_options(tmp_path: Path) -> None:
    path = tmp_path / "new" / "plan.json"
    pipeline = tt_dialect.build_tt_pipeline(
        path, "Blackhole", "block", enable_double_buffer=False, enable_prefetch=True
    )
    assert [p.name for p in pipeline.passes][-1] == "tt-verify"
    kernel = tt_dialect.run_pipeline(ADD, pipeline)
    assert path.read_text() == kernel.sources["tt.plan.json"]
    assert (kernel.arch, kernel.plan["strategy"]) == ("blackhole", "block")
    depths = {d["by"] for d in kernel.plan["decisions"] if d["what"] == "depth"}
    assert "prefetch" in depths
    default = tt_dialect.run_pipeline(ADD)
    assert default.plan["strategy"] == "contiguous"
    for options, message in (
        ({"target_device": "wormhole_b0"}, "unknown target device 'wormhole_b0'"),
        ({"partition_strategy": "blocks"}, "unknown partition strategy 'blocks'"),
    ):
        with pytest.raises(tt_dialect.CompileError, match=message):
            tt_dialect.build_tt_pipeline(**options)


def test_modules_of_every_level_are_valid(kernel: CompiledKernel) -> None:
    for module in kernel.modules.values():
        assert tt_dialect.validate_module_for_tt(module) == []


def test_diagnostics_of_a_module() -> None:
    from tt_dialect.mlir_text import parse_module

    module = parse_module("func.func @f(%A: memref<32x32xi8>) {\n  func.return\n}\n", "f.mlir")
    (found,) = tt_dialect.validate_module_for_tt(module)
    assert "has unsupported element type i8" in found.message
    assert str(found.location) == "f.mlir:1:1"
