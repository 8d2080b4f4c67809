"""`tt-plan-cbs`: circular buffers get ids and their final depth."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, StringAttr, i32
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.placement import Device, placement_of
from tt_dialect.analysis.roles import buffer_roles
from tt_dialect.arch import Arch, get_arch
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb
from tt_dialect.ir.layout import Memory
from tt_dialect.ir.program import ProgramOp, Role
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, decision

FIRST_OUTPUT = 16
"""Inputs take ids from 0, outputs from 16, the others what is left."""


def _ids(program: ProgramOp, allocs: list[cb.AllocOp], arch: Arch) -> None:
    if len(allocs) > arch.max_cbs:
        raise error_at(
            program,
            f"{len(allocs)} circular buffers, {arch.name} has {arch.max_cbs}",
            "use fewer on-chip buffers",
        )
    roles = buffer_roles(program)
    free = list(range(arch.max_cbs))
    kinds = {
        alloc: 0
        if roles[alloc.cb].producer is Role.READER
        else 1
        if roles[alloc.cb].consumer is Role.WRITER
        else 2
        for alloc in allocs
    }
    for kind, preferred in enumerate(
        (range(FIRST_OUTPUT), range(FIRST_OUTPUT, arch.max_cbs), free)
    ):
        for alloc in allocs:
            if kinds[alloc] == kind:
                number = next((i for i in preferred if i in free), free[0])
                free.remove(number)
                alloc.id = IntegerAttr(number, i32)


def _fit(
    program: ProgramOp, allocs: list[cb.AllocOp], arch: Arch, rewriter: PatternRewriter
) -> None:
    """Takes blocks from the deepest buffers until everything fits L1, next to the tensors there.

    Buffers on a tensor's shard take no room of their own and are as large as the shard. Where
    tensors leave too little even for single blocks `tt-verify` says what takes how much.
    """
    decisions = list(program.decisions)
    allocs = [alloc for alloc in allocs if alloc.alias is None]
    budget = arch.l1_budget - _resident(program)
    while allocs and (total := sum(a.type.bytes for a in allocs)) > budget:
        deepest = max(allocs, key=lambda a: a.type.capacity // a.type.block_pages)
        old = deepest.type
        if old.capacity == old.block_pages:
            if total <= arch.l1_budget:
                break
            rows = [f"'{a.label.data}': {a.type.bytes} B ({a.type.capacity} pages)" for a in allocs]
            raise error_at(
                program,
                f"L1 overflow in '{program.sym_name.data}': circular buffers need {total} B, "
                f"{total - arch.l1_budget} B more than the {arch.l1_budget} B a {arch.name} core has",
                *rows,
                "use smaller blocks",
            )
        stages = old.capacity // old.block_pages - 1
        new = cb.BufferType.of(old.tile, old.block, stages * old.block_pages, old.order)
        rewriter.replace_value_with_new_type(deepest.cb, new)
        decisions = [d for d in decisions if not _is_depth(d, deepest.label.data)]
        decisions.append(decision(deepest.label.data, "depth", f"{stages} blocks", "L1 budget"))
    program.decisions = ArrayAttr(decisions)


def _resident(program: ProgramOp) -> int:
    """Bytes that tensors in L1 take on every core; pages are multiples of 16 B in all formats."""
    if all(t.layout.memory.data != Memory.L1 for t in program.tensors):
        return 0
    device = Device.of(program)
    places = [(t, placement_of(t, device, program)) for t in program.tensors]
    return sum(p.room * t.layout.tile.bytes for t, p in places if p.in_l1)


def _is_depth(row: DictionaryAttr, label: str) -> bool:
    return row.data["subject"] == StringAttr(label) and row.data["what"] == StringAttr("depth")


class PlanBuffers(RewritePattern):
    """Numbers the buffers of a program and makes them fit."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ProgramOp, rewriter: PatternRewriter) -> None:
        allocs = [o for o in op.body.block.ops if isinstance(o, cb.AllocOp)]
        if all(a.id is not None for a in allocs):
            return
        arch = get_arch(op.arch.data)
        _fit(op, allocs, arch, rewriter)
        _ids(op, [o for o in op.body.block.ops if isinstance(o, cb.AllocOp)], arch)
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class PlanCBsPass(LevelPass):
    """Final circular buffers: ids (inputs from 0, outputs from 16) and depths that fit L1.

    When the requested depths do not fit, the deepest buffers give up blocks, down to one, and the plan
    says so; what still does not fit is an error that names every buffer.

    Before:
    ```mlir
    tt.program "copy" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [2, 2], tiles [2, 2], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
      %a = tt.cb.alloc "a" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      %b = tt.cb.alloc "b" : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
        %c0 = arith.constant 0 : index
        %dst = tt.compute.dst : !tt.compute.dst<4, bf16>
        tt.compute.copy_block %a[%c0], %dst : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>, !tt.compute.dst<4, bf16>
        tt.cb.reserve_back %b, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
        tt.compute.pack_block %dst, %b : !tt.compute.dst<4, bf16>, !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
      }
    }
    ```
    After:
    ```mlir
    %a = tt.cb.alloc "a" id 0
    %b = tt.cb.alloc "b" id 1
    ```
    """

    name = "tt-plan-cbs"
    takes = Level.THREADS
    gives = Level.METALIUM

    def patterns(self) -> list[list[RewritePattern]]:
        return [[PlanBuffers()]]
