"""Rules of `tt-verify` on layouts: L1 fit, alignment, accessors, limits of the host API.

Rule numbers are those of metalium.md, section 5.1 (tt-metal issues and headers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tt_dialect.analysis.accessors import accessor_problem
from tt_dialect.analysis.placement import (
    L1_ALIGNMENT,
    Device,
    Placement,
    alias_of,
    placement_of,
)
from tt_dialect.analysis.regions import operations
from tt_dialect.arch import get_arch
from tt_dialect.diagnostics import CompileError, Diagnostic, diagnostic_at
from tt_dialect.ir import cb, noc
from tt_dialect.ir.layout import BufferAttr, Memory, TileType
from tt_dialect.ir.program import ProgramOp, TensorAttr

MAX_SEMAPHORES = 16
"""Semaphores of a core and program (metalium.md 1.6)."""


def aligned_page(tile: TileType, layout: BufferAttr, device: Device) -> int:
    """Bytes from one page of a bank to the next (rule 26)."""
    to = L1_ALIGNMENT if layout.memory.data == Memory.L1 else device.dram_alignment
    return -(-tile.bytes // to) * to


def _placements(program: ProgramOp) -> Iterator[tuple[TensorAttr, Placement | Diagnostic]]:
    device = Device.of(program)
    for tensor in program.tensors:
        try:
            yield tensor, placement_of(tensor, device, program)
        except CompileError as error:
            yield tensor, error.diagnostics[0]


def shards_have_cores(program: ProgramOp) -> Iterator[Diagnostic]:
    """Shards cover their tensor, every L1 shard has a core, accessors can number them."""
    for tensor, where in _placements(program):
        if isinstance(where, Diagnostic):
            yield where
        elif where.sharding is not None:
            try:
                where.accessor_banks(tensor.label.data, program)
            except CompileError as error:
                yield from error.diagnostics


def tensors_fit(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 7: reserved L1, circular buffers and the shards of a core fit together (#17947, #28835).

    L1 tensors take the same room on every core, from the end of L1 down.
    """
    arch, device = get_arch(program.arch.data), Device.of(program)
    parts: list[tuple[str, int]] = []
    for tensor, where in _placements(program):
        if isinstance(where, Placement) and where.in_l1:
            page = aligned_page(tensor.layout.tile, tensor.layout, device)
            what = f"'{tensor.label.data}' ({where.room} pages of {page} B)"
            parts.append((what, where.room * page))
    if not parts:
        return
    allocs = [op for op in program.body.block.ops if isinstance(op, cb.AllocOp)]
    buffers = sum(op.type.bytes for op in allocs if alias_of(op) is None)
    need = arch.l1_reserved + buffers + sum(size for _, size in parts)
    if need <= arch.l1_bytes:
        return
    shards = " + ".join(f"{size} B of {what}" for what, size in parts)
    yield diagnostic_at(
        program,
        f"shards and circular buffers do not fit in L1 of a core: {need} B of {arch.l1_bytes} B",
        f"{arch.l1_reserved} B reserved + {buffers} B of circular buffers + {shards} = {need} B, "
        f"{need - arch.l1_bytes} B too many",
        "keep a tensor in DRAM, spread it over more cores, or take smaller blocks",
    )


def tensors_fit_in_dram(program: ProgramOp) -> Iterator[Diagnostic]:
    """Tensors in DRAM fit in its banks together; each takes the same room in every bank.

    What firmware and profiler reserve (tens of KB to MB) is not counted.
    """
    arch, device = get_arch(program.arch.data), Device.of(program)
    parts: list[tuple[str, int]] = []
    for tensor, where in _placements(program):
        if isinstance(where, Placement) and not where.in_l1:
            page = aligned_page(tensor.layout.tile, tensor.layout, device)
            what = f"'{tensor.label.data}' ({where.room} pages of {page} B)"
            parts.append((what, where.room * page))
    need = sum(size for _, size in parts)
    if need <= arch.dram_bank_bytes:
        return
    yield diagnostic_at(
        program,
        f"tensors do not fit in DRAM of {arch.name}: {need} B of a bank of "
        f"{arch.dram_bank_bytes} B",
        f"over {arch.dram_banks} banks, in each "
        + " + ".join(f"{size} B of {what}" for what, size in parts)
        + f" = {need} B, {need - arch.dram_bank_bytes} B too many",
        "use smaller tensors, and several launches of the kernel",
    )


def aliases_fit(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 9: a circular buffer on a tensor's shard is no larger than the shard (#15337)."""
    places = list(_placements(program))
    for op in program.body.block.ops:
        number = alias_of(op) if isinstance(op, cb.AllocOp) else None
        if number is None or not isinstance(op, cb.AllocOp):
            continue
        label = op.label.data
        if not 0 <= number < len(places):
            yield diagnostic_at(
                op, f"circular buffer '{label}' lies on tensor {number} of {len(places)}"
            )
            continue
        tensor, where = places[number]
        name = tensor.label.data
        if isinstance(where, Diagnostic):
            continue
        if not where.in_l1 or where.sharding is None:
            yield diagnostic_at(
                op,
                f"circular buffer '{label}' lies on tensor '{name}', which has no shards in L1",
            )
        elif op.type.tile != tensor.layout.tile or op.type.capacity > where.room:
            yield diagnostic_at(
                op,
                f"circular buffer '{label}' of {op.type.capacity} pages of {op.type.tile.bytes} B "
                f"on tensor '{name}', whose shards have {where.room} of "
                f"{tensor.layout.tile.bytes} B",
            )
        else:
            owners = set(where.cores)
            strays = [c for c in program.partition.core_ranges.cores() if c not in owners]
            if strays:
                yield diagnostic_at(
                    op,
                    f"circular buffer '{label}' lies on the shards of tensor '{name}', core "
                    f"{strays[0]} has none",
                )


def pages_are_aligned(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 8 and 26: a transfer moves the aligned page, which a page of the buffer must hold."""
    device = Device.of(program)
    for op in operations(program):
        if not isinstance(op, noc.ReadPageOp | noc.WritePageOp):
            continue
        kind, owner = op.accessor.type, op.pointer.owner
        if not isinstance(owner, cb.WritePtrOp | cb.ReadPtrOp):
            continue
        assert isinstance(kind, noc.AccessorType)
        buffer = owner.cb.type
        assert isinstance(buffer, cb.BufferType)
        aligned = aligned_page(kind.layout.tile, kind.layout, device)
        if buffer.tile.bytes < aligned:
            yield diagnostic_at(
                op,
                f"a transfer of {aligned} B (a page of {kind.layout.tile.bytes} B, aligned) to and "
                f"from pages of {buffer.tile.bytes} B",
                f"{program.arch.data} aligns pages in {kind.layout.memory.data}",
            )


def accessors_are_bound(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 39 and its kin: no accessor without the arguments of a tensor's buffer."""
    for op in operations(program):
        if isinstance(op, noc.AccessorOp):
            problem = accessor_problem(program, op)
            if problem is not None:
                yield diagnostic_at(op, *problem)


def semaphores_fit(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 32: at most 16 semaphores."""
    semaphores = [op for op in program.body.block.ops if isinstance(op, noc.SemaphoreOp)]
    if len(semaphores) > MAX_SEMAPHORES:
        yield diagnostic_at(
            semaphores[MAX_SEMAPHORES], f"{len(semaphores)} semaphores, at most {MAX_SEMAPHORES}"
        )


LAYOUT_RULES: tuple[Callable[[ProgramOp], Iterator[Diagnostic]], ...] = (
    shards_have_cores,
    tensors_fit,
    tensors_fit_in_dram,
    aliases_fit,
    pages_are_aligned,
    accessors_are_bound,
    semaphores_fit,
)
