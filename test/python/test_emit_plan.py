"""tt.plan.json: what it says, that it reads back exactly, and that broken plans are refused."""

import copy
import json
from pathlib import Path

import pytest

from tt_dialect.diagnostics import CompileError
from tt_dialect.emit.plan import plan_of, print_plan
from tt_dialect.emit.plan_json import abi_from, config_from, partition_from, tensors_from
from tt_dialect.emit.plan_rules import check_plan, read_plan
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module

SOURCE = Path(__file__).parents[1] / "emit" / "gemm_metalium.mlir"


def load_program() -> ProgramOp:
    module = parse_module(SOURCE.read_text(), SOURCE.name)
    return next(op for op in module.walk() if isinstance(op, ProgramOp))


@pytest.fixture
def plan() -> dict:
    return copy.deepcopy(plan_of(load_program()))


def test_text_reads_back_exactly(plan: dict) -> None:
    program = load_program()
    text = print_plan(program)
    assert read_plan(text) == plan == json.loads(text)
    assert partition_from(plan) == program.partition
    assert abi_from(plan) == program.abi
    assert config_from(plan) == program.config
    assert tensors_from(plan) == list(program.tensors)


def test_same_program_same_bytes() -> None:
    assert print_plan(load_program()) == print_plan(load_program())


def test_work_items(plan: dict) -> None:
    items = plan["work_partition"]
    assert len(items) == 64
    assert items["(3,5)"] == [{"io": 5, "jo": 3, "len_k": 32, "tile_order": "row_major"}]


def drop_key(plan: dict) -> None:
    del plan["core_grid"]


def add_key(plan: dict) -> None:
    plan["note"] = "x"


def newer_version(plan: dict) -> None:
    plan["schema_version"] = 3


def leave_grid(plan: dict) -> None:
    plan["core_ranges"][0]["start"] = [1, 0]


def overlap(plan: dict) -> None:
    plan["core_ranges"].append({"start": [0, 0], "extent": [1, 1]})


def lose_block(plan: dict) -> None:
    plan["block_grid"] = [8, 9]


def move_block(plan: dict) -> None:
    plan["work_partition"]["(0,0)"][0]["jo"] = 1


def dummy_item(plan: dict) -> None:
    plan["work_partition"]["(9,9)"] = [{"io": 0, "jo": 0, "len_k": 1, "tile_order": "row_major"}]


def drop_layout(plan: dict) -> None:
    del plan["layouts"]["B"]


def same_cb(plan: dict) -> None:
    plan["circular_buffers"][1]["id"] = 0


def late_address(plan: dict) -> None:
    plan["abi"].append(plan["abi"].pop(0))


@pytest.mark.parametrize(
    ("breakage", "message"),
    [
        (drop_key, '"core_grid" is a required property'),
        (add_key, "'note' was unexpected"),
        (newer_version, "2 was expected"),
        (leave_grid, "leaves the 8x8 core grid"),
        (overlap, "core ranges overlap"),
        (lose_block, "work covers 64 of 72 blocks"),
        (move_block, r"core \(0,0\) lists blocks"),
        (dummy_item, "cores outside the ranges"),
        (drop_layout, "without a layout"),
        (same_cb, "same id"),
        (late_address, "addresses do not come first"),
    ],
)
def test_broken_plan_is_refused(plan: dict, breakage, message: str) -> None:
    breakage(plan)
    with pytest.raises(CompileError, match=message):
        check_plan(plan)


def test_text_that_is_no_json() -> None:
    with pytest.raises(CompileError, match="not JSON"):
        read_plan("{")
