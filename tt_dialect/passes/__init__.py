"""The passes, one file each; this registry imports a pass only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from xdsl.passes import ModulePass

_PASSES = {
    "tt-raise": ("raise_loops", "RaisePass"),
    "tt-block": ("block_grid", "BlockPass"),
    "tt-infer-layout": ("infer_layout", "InferLayoutPass"),
    "tt-propagate-layout": ("propagate_layout", "PropagateLayoutPass"),
    "tt-pad-tiles": ("pad_tiles", "PadTilesPass"),
    "tt-partition-work": ("partition_work", "PartitionWorkPass"),
    "tt-grid-to-persistent": ("grid_to_persistent", "GridToPersistentPass"),
    "tt-tensorize": ("tensorize", "TensorizePass"),
    "tt-fuse-eltwise": ("fuse_eltwise", "FuseEltwisePass"),
    "tt-reblock-k": ("reblock_k", "ReblockKPass"),
    "tt-lower-memory": ("lower_memory", "LowerMemoryPass"),
    "tt-split-threads": ("split_threads", "SplitThreadsPass"),
    "tt-allocate-dst": ("allocate_dst", "AllocateDstPass"),
    "tt-insert-inits": ("insert_inits", "InsertInitsPass"),
    "tt-plan-cbs": ("plan_cbs", "PlanCBsPass"),
    "tt-verify": ("verify", "VerifyPass"),
    "tt-strip": ("strip", "StripPass"),
    "tt-lower": ("pipeline", "LowerPass"),
}


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Pass name to a function that imports and returns the pass."""

    def loader(module: str, name: str) -> Callable[[], type[ModulePass]]:
        return lambda: getattr(import_module(f"tt_dialect.passes.{module}"), name)

    return {name: loader(*where) for name, where in _PASSES.items()}
