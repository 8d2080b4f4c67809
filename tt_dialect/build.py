"""The pipeline as a thing to build, run and check modules with.

pipeline = tt_dialect.build_tt_pipeline(target_device="blackhole", partition_strategy="block")
kernel = tt_dialect.run_pipeline("examples/gemm.tir.json", pipeline)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import ModuleOp

from tt_dialect.diagnostics import CompileError, Diagnostic, diagnostic_at

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

    from tt_dialect.api import CompiledKernel
    from tt_dialect.levels import Level


@dataclass(frozen=True)
class TTPipeline:
    """The way from TILE to METALIUM for a device, with the options of `build_tt_pipeline`."""

    plan_path: str | None = None
    target_device: str = "wormhole"
    partition_strategy: str | None = None
    enable_double_buffer: bool = True
    enable_prefetch: bool = False
    metalium_api: str = "v2"
    fidelity: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The options of `tt-lower` that it stands for."""
        return {
            "strategy": self.partition_strategy,
            "double_buffer": self.enable_double_buffer,
            "prefetch": self.enable_prefetch,
        }

    @property
    def levels(self) -> list[tuple[Level, list[ModulePass]]]:
        """The passes in order, grouped by the level each group arrives at."""
        from tt_dialect.passes.pipeline import lower_passes

        return lower_passes(self.target_device, self.metalium_api, self.fidelity, **self.options)

    @property
    def passes(self) -> list[ModulePass]:
        """The passes in order."""
        return [one for _, passes in self.levels for one in passes]


def build_tt_pipeline(
    plan_path: str | os.PathLike[str] | None = None,
    target_device: str = "wormhole",
    partition_strategy: str | None = None,
    enable_double_buffer: bool = True,
    enable_prefetch: bool = False,
) -> TTPipeline:
    """
    The pipeline for a device (wormhole, blackhole or grayskull, in any case of letters).

    `plan_path` is where `run_pipeline` writes the plan. `partition_strategy` is contiguous (the
    default), row_major, column_major or block; `enable_double_buffer=False` asks for circular
    buffers of one block, `enable_prefetch` for one block more where tensors are read.
    """
    from tt_dialect.analysis.annotated_work import WORK_STRATEGIES
    from tt_dialect.analysis.annotation_fields import did_you_mean
    from tt_dialect.arch import ARCHS

    device = target_device.lower()
    for what, value, known in (
        ("target device", device, tuple(ARCHS)),
        ("partition strategy", partition_strategy, WORK_STRATEGIES),
    ):
        if value is not None and value not in known:
            message = f"unknown {what} '{value}'"
            raise CompileError(Diagnostic(message, None, (did_you_mean(value, known),)))
    path = None if plan_path is None else os.fspath(plan_path)
    return TTPipeline(path, device, partition_strategy, enable_double_buffer, enable_prefetch)


def run_pipeline(
    source: Any,
    pipeline: TTPipeline | None = None,
    *,
    kernel: str | None = None,
    args: Mapping[str, Any] | None = None,
    **options: Any,
) -> CompiledKernel:
    """
    Compiles anything `compile` takes; writes the plan where the pipeline says.

    The options of `build_tt_pipeline` can be given here in place of a pipeline.
    """
    from tt_dialect.api import PLAN_FILE, compile

    if pipeline is None:
        pipeline = build_tt_pipeline(**options)
    elif options:
        raise TypeError(f"a pipeline and options are given: {', '.join(options)}")
    compiled = compile(
        source,
        arch=pipeline.target_device,
        metalium_api=pipeline.metalium_api,
        fidelity=pipeline.fidelity,
        kernel=kernel,
        args=args,
        **pipeline.options,
    )
    if pipeline.plan_path is not None:
        path = Path(pipeline.plan_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(compiled.sources[PLAN_FILE], encoding="utf-8")
    return compiled


def validate_module_for_tt(module: ModuleOp, target_device: str = "wormhole") -> list[Diagnostic]:
    """
    Everything that is found wrong with a module of any level; empty when it can be compiled.

    A METALIUM or THREADS module is held against its level and the rules of `tt-verify`, one of a
    level above is lowered too, on a copy: what the passes refuse is what they would refuse it for.
    """
    from xdsl.utils.exceptions import VerifyException

    from tt_dialect.levels import Level, check_level
    from tt_dialect.mlir_text import make_context
    from tt_dialect.passes.verify import verify_module

    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except VerifyException as error:
            return [diagnostic_at(op, str(error).strip().splitlines()[0])]
    broken = {level: check_level(module, level) for level in Level}
    level = min(Level, key=lambda at: (len(broken[at]), -list(Level).index(at)))
    if broken[level]:
        return broken[level]
    if level is Level.METALIUM:
        return verify_module(module)
    stations = list(Level)
    copy, ctx = module.clone(), make_context()
    try:
        for reached, passes in build_tt_pipeline(target_device=target_device).levels:
            if stations.index(reached) > stations.index(level):
                for one in passes:
                    one.apply(ctx, copy)
    except CompileError as error:
        return list(error.diagnostics)
    return []
