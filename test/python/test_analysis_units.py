"""The state of the compute units in compiled kernels: nothing is missing, nothing is redundant."""

from __future__ import annotations

from pathlib import Path

import pytest
from references import REFERENCES
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.rewriter import Rewriter

import tt_dialect
from tt_dialect.analysis.units import UnitFlow, programs
from tt_dialect.ir.program import ProgramOp, Role
from tt_dialect.passes.verify import verify_module


def compute_flow(program: ProgramOp) -> tuple[list[str], list[str]]:
    missing: list[str] = []
    redundant: list[str] = []
    for thread in program.threads:
        if thread.role.data == Role.COMPUTE:
            flow = UnitFlow(
                lambda op, unit, key: missing.append(f"{op.name}: {unit}"),
                lambda op: redundant.append(op.name),
            )
            flow.run(thread.body.block, {})
    return missing, redundant


@pytest.mark.parametrize("name", REFERENCES)
def test_units_are_programmed_exactly_where_needed(root: Path, name: str) -> None:
    kernel = tt_dialect.compile(root / "test" / "data" / "tir" / f"{name}.tir.json")
    assert compute_flow(kernel.program) == ([], [])


def test_every_dropped_init_is_reported(root: Path) -> None:
    path = root / "test" / "data" / "tir" / "gemm_bf16.tir.json"
    module = tt_dialect.compile(path).modules["metalium"]

    def inits(module: ModuleOp) -> list[Operation]:
        return [op for op in module.walk() if programs(op) and op.name != "tt.compute.hw_startup"]

    count = len(inits(module))
    assert count >= 6
    for index in range(count):
        broken = module.clone()
        dropped = inits(broken)[index]
        Rewriter.erase_op(dropped)
        messages = [d.message for d in verify_module(broken)]
        assert any("stale or missing" in message for message in messages), dropped.name
