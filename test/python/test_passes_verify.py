"""`tt-verify` notices when a step of a protocol is missing from a program that was right."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.pipeline import lower
from tt_dialect.passes.verify import verify_module

PASSES = Path(__file__).resolve().parents[1] / "passes"
KERNELS = {"gemm": PASSES / "tt-lower" / "gemm.mlir", "copy": PASSES / "tt-strip" / "strip.mlir"}

STEPS = {
    "tt.cb.reserve_back",
    "tt.cb.push_back",
    "tt.cb.pop_front",
    "tt.noc.read_barrier",
    "tt.noc.write_barrier",
    "tt.compute.hw_startup",
    "tt.compute.matmul_block_init",
    "tt.compute.tile_regs_acquire",
    "tt.compute.tile_regs_commit",
    "tt.compute.tile_regs_wait",
    "tt.compute.tile_regs_release",
}


def lowered(kernel: str) -> ModuleOp:
    module = parse_module(KERNELS[kernel].read_text(encoding="utf-8"), kernel)
    for _ in lower(make_context(), module):
        pass
    return module


def steps(module: ModuleOp) -> list[Operation]:
    return [op for op in module.walk() if op.name in STEPS]


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_the_pipeline_makes_is_right(kernel: str) -> None:
    module = lowered(kernel)
    assert verify_module(module) == []
    assert {"tt.cb.push_back", "tt.noc.read_barrier"} <= {op.name for op in steps(module)}


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_step_can_be_left_out(kernel: str) -> None:
    module = lowered(kernel)
    for step in steps(module):
        block, following = step.parent, step.next_op
        assert block is not None
        step.detach()
        found = verify_module(module)
        assert found, f"without {step.name}"
        assert all(d.location is not None for d in found)
        if following is None:
            block.add_op(step)
        else:
            block.insert_op_before(step, following)
    assert verify_module(module) == []


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_step_can_be_done_twice(kernel: str) -> None:
    module = lowered(kernel)
    harmless = {"tt.noc.read_barrier", "tt.noc.write_barrier", "tt.compute.matmul_block_init"}
    for step in steps(module):
        if step.name in harmless:
            continue
        again = step.clone()
        block = step.parent
        assert block is not None
        block.insert_op_after(again, step)
        assert verify_module(module), f"{step.name} twice"
        again.detach()
