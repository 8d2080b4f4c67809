"""`tt-verify`: the last gate before C++."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from tt_dialect.analysis.dst_lives import Life, lives
from tt_dialect.analysis.index import range_of
from tt_dialect.analysis.regions import operations
from tt_dialect.analysis.tokens import Count, moved, show
from tt_dialect.analysis.units import UnitFlow
from tt_dialect.arch import get_arch
from tt_dialect.diagnostics import CompileError, Diagnostic, diagnostic_at
from tt_dialect.ir import cb, compute, eltwise, noc
from tt_dialect.ir.program import ProgramOp, Role, ThreadOp
from tt_dialect.levels import Level, check_level
from tt_dialect.passes.verify_layouts import LAYOUT_RULES

MAX_RUNTIME_ARGS = 341
"""`max_runtime_args` in kernel_types.hpp."""


def buffers_fit(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 5, 7, 8, 10: ids in range and distinct, pages aligned, everything inside L1."""
    arch = get_arch(program.arch.data)
    seen: dict[int, str] = {}
    total = 0
    for op in _allocs(program):
        total += op.type.bytes if op.alias is None else 0
        number = op.id.value.data if op.id is not None else -1
        if not 0 <= number < arch.max_cbs:
            yield diagnostic_at(op, f"circular buffer id {number}: {arch.name} has {arch.max_cbs}")
        if number in seen:
            yield diagnostic_at(op, f"id {number} is taken by '{seen[number]}'")
        seen[number] = op.label.data
        if op.type.tile.bytes % 16:
            yield diagnostic_at(op, f"page of {op.type.tile.bytes} B is not a multiple of 16 B")
    if total > arch.l1_budget:
        yield diagnostic_at(program, f"circular buffers need {total} B of {arch.l1_budget} B of L1")


def one_producer_one_consumer(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 2: one thread fills a buffer and one reads it (tt-metal PR #45142)."""
    for kinds, verb in (
        ((cb.ReserveBackOp, cb.PushBackOp), "filled"),
        ((cb.WaitFrontOp, cb.PopFrontOp), "read"),
    ):
        users: dict[SSAValue, set[str]] = {}
        for thread in program.threads:
            for op in operations(thread):
                if isinstance(op, kinds):
                    users.setdefault(op.cb, set()).add(thread.role.data)
        for alloc in _allocs(program):
            roles = users.get(alloc.cb, set())
            if len(roles) != 1:
                who = ", ".join(sorted(roles)) or "nobody"
                yield diagnostic_at(
                    alloc, f"circular buffer '{alloc.label.data}' is {verb} by {who}"
                )


def _crews(program: ProgramOp) -> list[list[ThreadOp]]:
    """The sets of threads that share a core; variants of a role stand on disjoint cores."""
    by_core: dict[tuple[int, int], list[ThreadOp]] = {}
    for thread in program.threads:
        for core in thread.cores.cores():
            by_core.setdefault(core, []).append(thread)
    unique = {tuple(id(t) for t in crew): crew for crew in by_core.values()}
    return list(unique.values())


def tokens_balance(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 1 and 4: pages pushed equal pages reserved and popped; blocks divide the buffer."""
    for crew in _crews(program):
        totals: dict[type[Operation], dict[SSAValue, Count]] = {}
        for kind in (cb.ReserveBackOp, cb.PushBackOp, cb.PopFrontOp):
            for thread in crew:
                for buffer, count in moved(thread.body.block, kind).items():
                    totals.setdefault(kind, {}).setdefault(buffer, Counter()).update(count)
        pushes = totals.get(cb.PushBackOp, {})
        for alloc in _allocs(program):
            pushed = pushes.get(alloc.cb)
            for kind, verb in ((cb.ReserveBackOp, "reserved"), (cb.PopFrontOp, "popped")):
                other = totals.get(kind, {}).get(alloc.cb)
                if pushed != other:
                    pages = show(pushed or Counter()), show(other or Counter())
                    yield diagnostic_at(
                        alloc,
                        f"circular buffer '{alloc.label.data}': {pages[0]} pages pushed, "
                        f"{pages[1]} {verb}",
                    )
    for op in operations(program):
        if isinstance(op, cb.PushBackOp | cb.PopFrontOp):
            kind = op.cb.type
            assert isinstance(kind, cb.BufferType)
            if kind.capacity % op.count:
                yield diagnostic_at(op, f"{op.count} pages do not divide a lap of {kind.capacity}")


_OPENS: dict[type[Operation], str] = {cb.ReserveBackOp: "reserved", cb.WaitFrontOp: "waited for"}
_CLOSES: dict[type[Operation], str] = {cb.PushBackOp: "reserved", cb.PopFrontOp: "waited for"}
_INSIDE: dict[type[Operation], str] = {
    cb.WritePtrOp: "reserved",
    **dict.fromkeys(compute.PACKS, "reserved"),
    cb.ReadPtrOp: "waited for",
    compute.CopyBlockOp: "waited for",
    compute.TransposeTileOp: "waited for",
    compute.MatmulBlockOp: "waited for",
    eltwise.CopyTileOp: "waited for",
    eltwise.BroadcastTileOp: "waited for",
    eltwise.FpuBinaryOp: "waited for",
    eltwise.ReduceTileOp: "waited for",
}


def windows_are_open(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 3 and 19: pages are used, pushed and popped only while reserved or waited for."""
    found: dict[Operation, str] = {}

    def follow(block: Block, pages: Counter[tuple[SSAValue, str]]) -> None:
        for op in block.ops:
            buffers = [v for v in op.operands if isinstance(v.type, cb.BufferType)]
            kind = type(op)
            if isinstance(op, cb.ReserveBackOp | cb.WaitFrontOp):
                key = op.cb, _OPENS[kind]
                pages[key] = max(pages[key], op.count)
            elif isinstance(op, cb.PushBackOp | cb.PopFrontOp):
                key = op.cb, _CLOSES[kind]
                if pages[key] < op.count:
                    found[op] = f"'{op.name}' of pages that were not {key[1]}"
                pages[key] = max(0, pages[key] - op.count)
            elif kind in _INSIDE and any(pages[b, _INSIDE[kind]] < 1 for b in buffers):
                found[op] = f"'{op.name}' on pages that were not {_INSIDE[kind]}"
            if isinstance(op, scf.IfOp):
                ends = [pages.copy() for _ in op.regions]
                for region, end in zip(op.regions, ends, strict=True):
                    if region.blocks:
                        follow(region.block, end)
                pages.clear()
                pages.update({key: min(e[key] for e in ends) for end in ends for key in end})
                continue
            for region in op.regions:
                for nested in region.blocks:
                    before = pages.copy()
                    follow(nested, pages)
                    if isinstance(op, scf.ForOp) and pages != before:  # as a later iteration does
                        follow(nested, pages)

    for thread in program.threads:
        follow(thread.body.block, Counter())
    for op, message in found.items():
        yield diagnostic_at(op, message)


def transfers_are_awaited(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 19 to 21: a barrier stands between a transfer and the push or pop that relies on it."""
    rules = (
        (noc.ReadPageOp, noc.ReadBarrierOp, cb.PushBackOp),
        (noc.WritePageOp, noc.WriteBarrierOp | noc.WritesFlushedOp, cb.PopFrontOp),
    )
    found: dict[Operation, str] = {}

    def follow(block: Block, pending: Operation | None) -> Operation | None:
        for op in block.ops:
            if isinstance(op, issue):
                pending = op
            elif isinstance(op, barrier):
                pending = None
            elif isinstance(op, release) and pending is not None:
                found[op] = f"'{op.name}' before the barrier of '{pending.name}'"
            for region in op.regions:
                for nested in region.blocks:
                    after = follow(nested, pending)
                    if isinstance(op, scf.ForOp) and after is not pending:  # as a later iteration
                        after = follow(nested, after)
                    pending = after or (None if isinstance(op, scf.ForOp) else pending)
        return pending

    for thread in program.threads:
        for issue, barrier, release in rules:
            left = follow(thread.body.block, None)
            if left is not None:
                found[left] = f"the kernel ends before '{left.name}' is awaited"
    for op, message in found.items():
        yield diagnostic_at(op, message)


_DST_ORDER: dict[type[Operation], tuple[str, str]] = {
    compute.TileRegsAcquireOp: ("free", "math"),
    compute.TileRegsCommitOp: ("math", "committed"),
    compute.TileRegsWaitOp: ("committed", "pack"),
    compute.TileRegsReleaseOp: ("pack", "free"),
}
_DST_PHASE: dict[type[Operation], str] = {
    compute.CopyBlockOp: "math",
    compute.MatmulBlockOp: "math",
    compute.TransposeTileOp: "math",
    compute.FillTileOp: "math",
    **dict.fromkeys(compute.PACKS, "pack"),
    **dict.fromkeys(eltwise.DST_OPS, "math"),
}


def _slot_in_group(op: Operation) -> Iterator[Diagnostic]:
    slot = next((v for v in op.operands if v is getattr(op, "slot", None)), None)
    bounds = range_of(slot) if slot is not None else None
    for dst in dict.fromkeys(op.operands) if bounds is not None else ():
        if isinstance(dst.type, compute.DstType) and bounds is not None:
            tiles = dst.type.tiles.data
            if bounds.low < 0 or bounds.high >= tiles:
                worst = bounds.low if bounds.low < 0 else bounds.high
                yield diagnostic_at(op, f"tile {worst} of a DST group of {tiles}")


def groups_keep_their_tiles(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 11 and 13: no two live DST groups share a tile; what adds to a tile finds it zero."""
    for thread in program.threads:
        blocks = dict.fromkeys(
            op.parent for op in operations(thread) if isinstance(op, compute.DstOp)
        )
        for block in blocks:
            if block is not None:
                yield from _shared_tiles(block)


def _shared_tiles(block: Block) -> Iterator[Diagnostic]:
    sections, section = dict[Operation, int](), 0
    for op in block.ops:
        section += isinstance(op, compute.TileRegsAcquireOp)
        sections[op] = section
    earlier: list[Life] = []
    for life in lives(block):
        group = life.group
        for other in earlier:
            if sections[group] != sections[other.group] or not _meet(group, other.group):
                continue
            if other.first <= life.last and life.first <= other.last:
                yield diagnostic_at(group, "two DST groups share tiles and are live at once")
            elif (life if life.first > other.last else other).fresh:
                yield diagnostic_at(
                    group, "a DST group takes over tiles and adds to what an earlier one left there"
                )
        earlier.append(life)


def _meet(a: compute.DstOp, b: compute.DstOp) -> bool:
    if a.index is None or b.index is None:
        return False
    first, second = a.index.value.data, b.index.value.data
    return first < second + b.tiles and second < first + a.tiles


def dst_protocol(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 11 and 12: acquire, math, commit, wait, pack, release; indices inside DST."""
    capacity = program.config.dst_tiles

    def follow(block: Block, phase: str) -> Iterator[Diagnostic]:
        first = phase
        for op in block.ops:
            if type(op) in _DST_ORDER:
                expected, after = _DST_ORDER[type(op)]
                if phase != expected:
                    yield diagnostic_at(op, f"'{op.name}' while DST is in state '{phase}'")
                phase = after
            elif _DST_PHASE.get(type(op), phase) != phase:
                yield diagnostic_at(op, f"'{op.name}' while DST is in state '{phase}'")
            elif isinstance(op, compute.DstOp):
                last = (op.index.value.data if op.index is not None else 0) + op.tiles
                if last > capacity:
                    yield diagnostic_at(op, f"DST tile {last - 1} of {capacity}")
            yield from _slot_in_group(op)
            for region in op.regions:
                for nested in region.blocks:
                    yield from follow(nested, phase)
        if phase != first:
            yield diagnostic_at(block.last_op, f"a block ends with DST in state '{phase}'")

    for thread in program.threads:
        if thread.role.data == Role.COMPUTE:
            yield from follow(thread.body.block, "free")


_COMPUTE_OPS = frozenset([*compute.COMPUTE_OPS, *eltwise.DST_OPS, *eltwise.UNIT_OPS])


def units_are_started(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 16: one hardware startup, before any other compute call (tt-metal #22219)."""
    for thread in program.threads:
        calls = [op for op in operations(thread) if type(op) in _COMPUTE_OPS]
        startups = [op for op in calls if isinstance(op, compute.HwStartupOp)]
        if calls and (len(startups) != 1 or calls[0] is not startups[0]):
            yield diagnostic_at(thread, "the compute kernel does not begin with one hw_startup")


_UNIT_NAMES = {
    "srca": "format of SrcA",
    "srcb": "format of SrcB",
    "math": "init",
    "sfpu": "SFPU init",
    "pack": "format of the packer",
    "edge": "edge mask of the packer",
    "bcast": "broadcast init",
}


def units_are_programmed(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rules 14 and 15: on every path, each operation finds its units programmed for it."""
    found: list[Diagnostic] = []

    def missing(op: Operation, unit: str, key: object) -> None:
        found.append(diagnostic_at(op, f"'{op.name}' with a stale or missing {_UNIT_NAMES[unit]}"))

    for thread in program.threads:
        if thread.role.data == Role.COMPUTE:
            UnitFlow(missing).run(thread.body.block, {})
    yield from found


def inits_are_needed(program: ProgramOp) -> Iterator[Diagnostic]:
    """No operation programs a unit for what it is programmed for already.

    On arrival, or in every iteration of a loop but the first. The program is right with it, and
    slower: a rule of `tt-verify{redundant-inits}`.
    """
    found: dict[Operation, None] = {}
    for thread in program.threads:
        if thread.role.data == Role.COMPUTE:
            flow = UnitFlow(lambda op, unit, key: None, found.setdefault)
            flow.run(thread.body.block, {})
    for op in found:
        yield diagnostic_at(op, f"'{op.name}' is redundant: its units are programmed so already")


def arguments_exist(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 32: at most 341 runtime arguments, every one read is in the ABI table."""
    count = len(program.abi.args)
    if count > MAX_RUNTIME_ARGS:
        yield diagnostic_at(program, f"{count} runtime arguments, at most {MAX_RUNTIME_ARGS}")
    for op in operations(program):
        if isinstance(op, noc.RuntimeArgOp) and not 0 <= op.index.value.data < count:
            yield diagnostic_at(op, f"runtime argument {op.index.value.data} of {count}")


def nocs_agree(program: ProgramOp) -> Iterator[Diagnostic]:
    """Rule 29: the data movement threads of a core differ in NoC, and use their own."""
    for crew in _crews(program):
        movers = [t for t in crew if t.role.data != Role.COMPUTE]
        if len({t.noc.value.data for t in movers}) != len(movers):
            yield diagnostic_at(program, "two data movement threads of a core share a NoC")
    for thread in program.threads:
        for op in operations(thread):
            used = op.properties.get("noc")
            if used is not None and not isinstance(op, ThreadOp) and used != thread.noc:
                yield diagnostic_at(op, f"'{op.name}' uses another NoC than its thread")


def _allocs(program: ProgramOp) -> list[cb.AllocOp]:
    return [op for op in program.body.block.ops if isinstance(op, cb.AllocOp)]


RULES: tuple[Callable[[ProgramOp], Iterator[Diagnostic]], ...] = (
    buffers_fit,
    one_producer_one_consumer,
    tokens_balance,
    windows_are_open,
    transfers_are_awaited,
    dst_protocol,
    groups_keep_their_tiles,
    units_are_started,
    units_are_programmed,
    arguments_exist,
    nocs_agree,
    *LAYOUT_RULES,
)
"""Rule numbers are those of metalium.md, section 5.1 (tt-metal issues and headers)."""


def verify_module(module: ModuleOp, *, redundant_inits: bool = False) -> list[Diagnostic]:
    """Everything that is wrong with a METALIUM module, redundant inits too if asked for."""
    found = check_level(module, Level.METALIUM)
    for op in operations(module):
        if isinstance(op, ProgramOp):
            for rule in (*RULES, inits_are_needed) if redundant_inits else RULES:
                found.extend(rule(op))
    return found


@dataclass(frozen=True)
class VerifyPass(ModulePass):
    """Checks a METALIUM program against the rules of the hardware and of the API.

    Circular buffers: ids, L1 fit, one producer and one consumer, balanced page counts. Transfers: a
    barrier before data is used or a source reused. DST: protocol order, capacity and tiles of live groups.
    Units: one startup, and programmed for every operation. Arguments and NoCs. Any violation is an error;
    the program does not change. `redundant-inits` also reports what programs a unit for what it is programmed
    for already, on arrival or in every iteration of a loop but the first.
    """

    name = "tt-verify"

    redundant_inits: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        found = verify_module(op, redundant_inits=self.redundant_inits)
        if found:
            raise CompileError(*found)
