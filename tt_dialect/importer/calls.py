"""Calls that are statements and do not compute a tile: what is dropped and what is refused."""

from __future__ import annotations

from dataclasses import dataclass

from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import schema
from tt_dialect.importer.context import KernelContext
from tt_dialect.importer.expressions import construct
from tt_dialect.importer.graph import Node

DROPPED_CALLS = frozenset(
    (
        "tirx.assume",
        "tl.device_assert",
        "tl.device_assert_with_msg",
        "tirx.tvm_storage_sync",
        "tl.sync_grid_group",
        "tl.set_max_nreg",
        "tl.no_set_max_nreg",
        "tl.tileop.finalize_reducer",
    )
)
"""Calls that change nothing here: statements about values, barriers between the threads of a
block, whose statements run in order here, a GPU's registers, and the end of a reducer whose values
are complete at any time."""

ACCEPTED = (
    "accepted: T.copy, T.gemm, T.fill, T.clear, T.reduce_*, T.transpose, reducers, T.Parallel "
    "loops, stores to elements, 'if' on scalars, and loops (range, T.serial, T.unroll, "
    "T.Pipelined, T.Persistent)"
)

_OWN_BLOCKS = (
    "accepted: one block of the launch grid for each part of the output, which accumulates in a "
    "buffer and stores once; or a tensor of partial results and a second kernel"
)
_PLAIN_COPY = "accepted: T.copy, which is overlapped with what it does not depend on"
_WHOLE_BLOCKS = "accepted: operations of whole blocks: T.copy, T.gemm, T.reduce_*, T.Parallel"
_CONDITION = "accepted: a loop with a computed bound, and 'if' on loop variables"
_SCAN = (
    "accepted: T.gemm with a triangular matrix of ones, or a loop in order over T.Parallel loops"
)


@dataclass(frozen=True)
class Refusal:
    """How a call goes by in TileLang, and what to write instead."""

    what: str
    instead: str = ACCEPTED


REFUSED_CALLS: dict[str, Refusal] = {
    "tl.tileop.async_copy": Refusal("T.async_copy", _PLAIN_COPY),
    "tl.tileop.tma_copy": Refusal("T.tma_copy", _PLAIN_COPY),
    "tl.tileop.cumsum": Refusal("T.cumsum", _SCAN),
    "tl.tileop.cummax": Refusal("T.cummax", _SCAN),
    "tl.tileop.atomicadd": Refusal("T.atomic_add", _OWN_BLOCKS),
    "tl.tileop.atomicmax": Refusal("T.atomic_max", _OWN_BLOCKS),
    "tl.tileop.atomicmin": Refusal("T.atomic_min", _OWN_BLOCKS),
    "tl.atomic_add_elem_op": Refusal("T.atomic_add", _OWN_BLOCKS),
    "tl.atomic_max_elem_op": Refusal("T.atomic_max", _OWN_BLOCKS),
    "tl.atomic_min_elem_op": Refusal("T.atomic_min", _OWN_BLOCKS),
    "tl.atomic_addx2_elem_op": Refusal("T.atomic_addx2", _OWN_BLOCKS),
    "tl.atomic_addx4_elem_op": Refusal("T.atomic_addx4", _OWN_BLOCKS),
    "tl.atomic_load_elem_op": Refusal("T.atomic_load", _OWN_BLOCKS),
    "tl.atomic_store_elem_op": Refusal("T.atomic_store", _OWN_BLOCKS),
    "tl.atomic_or_elem_op": Refusal("T.atomic_or", _OWN_BLOCKS),
    "tl.tileop.im2col": Refusal(
        "T.im2col", "accepted: a T.copy and a T.gemm for each place of the filter"
    ),
    "tl.tileop.c2d_im2col": Refusal(
        "T.c2d_im2col", "accepted: a T.copy and a T.gemm for each place of the filter"
    ),
    "tl.tileop.gemm_sp": Refusal("T.gemm_sp", "accepted: T.gemm of dense operands"),
    "tl.tileop.wgmma_gemm": Refusal("T.wgmma_gemm", "accepted: T.gemm"),
    "tl.tileop.tcgen05_gemm": Refusal("T.tcgen05_gemm", "accepted: T.gemm"),
    "tl.tileop.gemm_blockscaled": Refusal(
        "T.gemm_blockscaled", "accepted: T.gemm of bfloat16, float16 or float32 operands"
    ),
    "tl.tileop.tcgen05_gemm_blockscaled": Refusal(
        "T.tcgen05_gemm_blockscaled", "accepted: T.gemm of bfloat16, float16 or float32 operands"
    ),
    "tirx.call_extern": Refusal("T.call_extern", _WHOLE_BLOCKS),
    "tirx.tvm_thread_allreduce": Refusal("T.tvm_thread_allreduce", "accepted: T.reduce_*"),
    "tirx.break_loop": Refusal("break", _CONDITION),
    "tl.loop_break": Refusal("break", _CONDITION),
    "tirx.continue_loop": Refusal("continue", _CONDITION),
}
"""What is refused by name; all other calls go by their operator."""

REFUSED_PARTS = {
    "mbarrier": "a barrier between threads",
    "ptx": "a PTX instruction",
    "wgmma": "a warp group instruction",
    "tcgen05": "a tensor core instruction",
    "warp": "a warp operation",
    "shfl": "a warp operation",
    "shuffle": "a warp operation",
    "tma": "a TMA operation",
}
"""What names that contain these are called, with the name."""


def refusal(call: Node, ctx: KernelContext, note: str = ACCEPTED) -> CompileError:
    """The error for a call that is not translated; `note` says what is accepted at its place."""
    name = schema.call_name(call) or ""
    if name in REFUSED_CALLS:
        known = REFUSED_CALLS[name]
        return ctx.error(f"{known.what} is not supported", known.instead)
    for part, what in REFUSED_PARTS.items():
        if part in name:
            return ctx.error(f"{what} ('{name}') is not supported", _WHOLE_BLOCKS)
    return ctx.error(f"{construct(call)} is not supported", note)
