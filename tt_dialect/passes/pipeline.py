"""`tt-lower`: the whole way from TILE to METALIUM. The order of passes is known here only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from tt_dialect.levels import Level
from tt_dialect.passes.allocate_dst import AllocateDstPass
from tt_dialect.passes.block_grid import BlockPass
from tt_dialect.passes.fuse_eltwise import FuseEltwisePass
from tt_dialect.passes.grid_to_persistent import GridToPersistentPass
from tt_dialect.passes.infer_layout import InferLayoutPass
from tt_dialect.passes.insert_inits import InsertInitsPass
from tt_dialect.passes.lower_memory import LowerMemoryPass
from tt_dialect.passes.pad_tiles import PadTilesPass
from tt_dialect.passes.partition_work import PartitionWorkPass
from tt_dialect.passes.plan_cbs import PlanCBsPass
from tt_dialect.passes.propagate_layout import PropagateLayoutPass
from tt_dialect.passes.raise_loops import RaisePass
from tt_dialect.passes.reblock_k import ReblockKPass
from tt_dialect.passes.split_threads import SplitThreadsPass
from tt_dialect.passes.tensorize import TensorizePass
from tt_dialect.passes.verify import VerifyPass


def lower_passes(
    arch: str = "wormhole",
    metalium_api: str = "v2",
    fidelity: str | None = None,
    *,
    strategy: str | None = None,
    double_buffer: bool = True,
    prefetch: bool = False,
) -> list[tuple[Level, list[ModulePass]]]:
    """The passes in order, grouped by the level each group arrives at."""
    return [
        (
            Level.CORE,
            [
                RaisePass(),
                BlockPass(),
                InferLayoutPass(arch=arch),
                PropagateLayoutPass(double_buffer=double_buffer, prefetch=prefetch),
                PadTilesPass(),
                PartitionWorkPass(arch=arch, strategy=strategy),
                GridToPersistentPass(),
            ],
        ),
        (Level.TILED, [TensorizePass(), FuseEltwisePass(), ReblockKPass()]),
        (Level.BUFFERED, [LowerMemoryPass(fidelity=fidelity)]),
        (Level.THREADS, [SplitThreadsPass(metalium_api=metalium_api)]),
        (
            Level.METALIUM,
            [AllocateDstPass(), InsertInitsPass(), PlanCBsPass(), VerifyPass()],
        ),
    ]


def lower(
    ctx: Context,
    module: ModuleOp,
    arch: str = "wormhole",
    metalium_api: str = "v2",
    fidelity: str | None = None,
    *,
    strategy: str | None = None,
    double_buffer: bool = True,
    prefetch: bool = False,
) -> Iterator[tuple[Level, ModuleOp]]:
    """Lowers a TILE module in place, stopping at every level on the way."""
    groups = lower_passes(
        arch,
        metalium_api,
        fidelity,
        strategy=strategy,
        double_buffer=double_buffer,
        prefetch=prefetch,
    )
    for level, passes in groups:
        for one in passes:
            one.apply(ctx, module)
        yield level, module


@dataclass(frozen=True)
class LowerPass(ModulePass):
    """Lowers TILE to METALIUM for an architecture, a Metalium API generation and a math fidelity.

    `fidelity` is LoFi, HiFi2, HiFi3 or HiFi4; by default HiFi4, and HiFi3 on Wormhole with 32-bit
    DST, where HiFi4 is broken (tt-metal #38306). `strategy` is that of tt-partition-work,
    `double-buffer` and `prefetch` are those of tt-propagate-layout.
    """

    name = "tt-lower"

    arch: str = "wormhole"
    metalium_api: str = "v2"
    fidelity: str | None = None
    strategy: str | None = None
    double_buffer: bool = True
    prefetch: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        levels = lower(
            ctx,
            op,
            self.arch,
            self.metalium_api,
            self.fidelity,
            strategy=self.strategy,
            double_buffer=self.double_buffer,
            prefetch=self.prefetch,
        )
        for _ in levels:
            pass
