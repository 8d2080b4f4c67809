"""The simulated machine: DRAM, cores, semaphores, transfers, statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

import numpy as np
from xdsl.ir import Operation

from tt_dialect.analysis.placement import L1_ALIGNMENT, CoreXY, Device, Placement
from tt_dialect.diagnostics import CompileError, error_at
from tt_dialect.run.buffers import CircularBuffer, DstSections
from tt_dialect.run.numerics import F32, TILE, Format
from tt_dialect.run.statistics import Stats
from tt_dialect.run.waiting import Waiter

DRAM_BASE = 0x20000
"""Address of the first tensor in every bank; any aligned number but 0 would do."""


@dataclass(frozen=True, slots=True)
class Event:
    """A moment of a transfer, for observers: issue or completion."""

    phase: str
    kind: str
    core: tuple[int, int]
    role: str
    noc: int
    bytes: int
    bank: int
    page: int


Observer: TypeAlias = Callable[[Event], None]


class Tensor:
    """A tensor in banks of DRAM or in the L1 of cores, page by page as its placement says.

    `data` holds the banks one after another, `room` pages each; what no page lies on stays NaN.
    """

    __slots__ = (
        "base",
        "data",
        "format",
        "home",
        "label",
        "page_bytes",
        "pages",
        "placement",
        "room",
        "shape",
        "slots",
        "writes",
    )

    def __init__(
        self, label: str, shape: tuple[int, ...], fmt: Format, base: int, placement: Placement
    ):
        self.label = label
        self.shape = shape
        self.format = fmt
        self.page_bytes = TILE * TILE * fmt.bytes
        self.base = base
        self.placement = placement
        self.pages = placement.pages
        self.room = placement.room
        self.slots = placement.slots()
        """Where each page stands in `data`."""
        self.home = {core: bank for bank, core in enumerate(placement.cores)}
        rows = placement.banks * self.room
        self.data: F32 = np.full((rows, TILE, TILE), np.nan, np.float32)
        self.writes = np.zeros(self.pages, np.int64)
        """How often each page was written."""

    def bank(self, page: int) -> int:
        """The bank of a page."""
        return self.slots[page] // self.room

    def address(self, page: int, alignment: int) -> int:
        """The address of a page in its bank."""
        stride = -(-self.page_bytes // alignment) * alignment
        return self.base + self.slots[page] % self.room * stride

    def page_at(self, slot: int) -> int:
        """The page that stands at a place of `data`."""
        return self.slots.index(slot)

    def local(self, core: CoreXY) -> F32 | None:
        """The pages of the shard a core owns, a view; None if it owns none."""
        bank = self.home.get(core)
        if bank is None:
            return None
        return self.data[bank * self.room : (bank + 1) * self.room]

    def upload(self, values: F32) -> None:
        """Tilizes an array, padding with zeros to whole tiles."""
        self.data[self.slots] = tilize(values)

    def download(self) -> F32:
        """The array its pages hold."""
        return untilize(self.data[self.slots], self.shape)


def page_count(shape: tuple[int, ...]) -> int:
    """Pages of a tensor `[..., rows, cols]`."""
    *outer, rows, cols = shape
    return int(np.prod(outer, dtype=np.int64)) * -(-rows // TILE) * -(-cols // TILE)


def tilize(values: F32) -> F32:
    """`[..., rows, cols]` as pages `[n, 32, 32]`, padded with zeros to whole tiles."""
    *outer, rows, cols = values.shape
    height, width = -(-rows // TILE), -(-cols // TILE)
    if (rows, cols) != (height * TILE, width * TILE):
        padded = np.zeros((*outer, height * TILE, width * TILE), np.float32)
        padded[..., :rows, :cols] = values
        values = padded
    tiles = values.reshape(-1, height, TILE, width, TILE).transpose(0, 1, 3, 2, 4)
    return np.array(tiles, order="C").reshape(-1, TILE, TILE)


def untilize(pages: F32, shape: tuple[int, ...]) -> F32:
    """The inverse of `tilize`, without the padding."""
    *outer, rows, cols = shape
    height, width = -(-rows // TILE), -(-cols // TILE)
    tiles = pages.reshape(-1, height, width, TILE, TILE).transpose(0, 1, 3, 2, 4)
    whole = tiles.reshape(*outer, height * TILE, width * TILE)
    return np.array(whole[..., :rows, :cols], order="C")


class Dram:
    """The tensors of a program: those in DRAM one after another, those in L1 down from its end.

    A tensor has one address, the same in all its banks; addresses are distinct over both memories.
    """

    def __init__(self, device: Device):
        self.device = device
        self.tensors: list[Tensor] = []
        self._next = DRAM_BASE
        self.l1_top = device.l1_top
        """Where the L1 tensors begin."""

    def allocate(
        self, label: str, shape: tuple[int, ...], fmt: Format, placement: Placement
    ) -> Tensor:
        """Places a tensor."""
        alignment = L1_ALIGNMENT if placement.in_l1 else self.device.dram_alignment
        page = -(-TILE * TILE * fmt.bytes // alignment) * alignment
        size = -(-placement.room * page // 64) * 64
        taken = {tensor.base for tensor in self.tensors}
        if placement.in_l1:
            base = self.l1_top - size
            while base in taken:
                base -= 64
            self.l1_top = base
        else:
            base = self._next
            while base in taken:
                base += 64
            self._next = base + size
        tensor = Tensor(label, shape, fmt, base, placement)
        self.tensors.append(tensor)
        return tensor

    def at(self, base: int, fmt: Format, pages: int, op: Operation) -> Tensor:
        """The tensor at a base address, if its pages are those of the accessor."""
        for tensor in self.tensors:
            if tensor.base == base:
                if tensor.format is not fmt or tensor.pages != pages:
                    raise error_at(
                        op,
                        f"accessor for {pages} pages of {fmt} on tensor '{tensor.label}' "
                        f"with {tensor.pages} pages of {tensor.format}",
                    )
                return tensor
        raise error_at(op, f"no tensor at address {base:#x}")


@dataclass(slots=True)
class Core:
    """One Tensix core."""

    x: int
    y: int
    arguments: tuple[int, ...]
    cbs: dict[Operation, CircularBuffer] = field(default_factory=dict)
    semaphores: dict[Operation, Semaphore] = field(default_factory=dict)
    dst: DstSections | None = None
    grid: dict[tuple[int, int], Core] = field(default_factory=dict)
    """All cores, by coordinates: where semaphores and multicasts go."""
    stats: Stats = field(default_factory=Stats)
    pages_read: dict[Tensor, list[int]] = field(default_factory=dict)
    """Pages read of each tensor, by bank."""
    pages_written: dict[Tensor, list[int]] = field(default_factory=dict)
    """Pages written of each tensor, by bank."""

    def knows(self, tensors: Iterable[Tensor]) -> None:
        """Counts transfers of these tensors from now on."""
        for tensor in tensors:
            self.pages_read[tensor] = [0] * tensor.placement.banks
            self.pages_written[tensor] = [0] * tensor.placement.banks


@dataclass(slots=True)
class Semaphore:
    """A semaphore word in L1 and the threads that spin on it."""

    label: str
    value: int
    waiting: list[Waiter] = field(default_factory=list)


class Mover:
    """The NoC side of one thread: transfers issued and not yet complete.

    A read makes its slot unreadable (NaN) when issued and brings the data at the barrier; a write
    takes its source at the barrier. Under a random schedule they complete at any time between.
    """

    __slots__ = ("busy", "core", "observer", "reads", "role", "writes")

    def __init__(self, core: Core, role: str, observer: Observer | None = None):
        self.core = core
        self.role = role
        self.observer = observer
        self.reads: tuple[list[_Transfer], list[_Transfer]] = ([], [])
        self.writes: tuple[list[_Transfer], list[_Transfer]] = ([], [])
        self.busy: set[CircularBuffer] = set()
        """Circular buffers with pages on their way."""

    def read(
        self, noc: int, tensor: Tensor, page: int, cb: CircularBuffer, slot: int, op: Operation
    ) -> None:
        """Issues a read of a page into page `slot` of a circular buffer."""
        if not 0 <= page < tensor.pages:
            raise _page_error(tensor, page, op)
        if slot < cb.wr or slot >= cb.wr + cb.reserved or slot >= cb.capacity:
            cb.check_reserved(slot, 1, op)
        cb.data[slot] = np.nan
        cb.landing.add(slot)
        self.busy.add(cb)
        place = tensor.slots[page]
        self.reads[noc].append((cb.data, slot, tensor.data, place, tensor))
        self.core.pages_read[tensor][place // tensor.room] += 1
        if self.observer is not None:
            self._tell("issue", "read", noc, tensor, page)

    def write(
        self, noc: int, tensor: Tensor, page: int, cb: CircularBuffer, slot: int, op: Operation
    ) -> None:
        """Issues a write of page `slot` of a circular buffer."""
        if not 0 <= page < tensor.pages:
            raise _page_error(tensor, page, op)
        cb.check_waited(slot - cb.rd, 1, op)
        place = tensor.slots[page]
        self.writes[noc].append((tensor.data, place, cb.data, slot, tensor))
        cb.leaving.add(slot)
        self.busy.add(cb)
        tensor.writes[page] += 1
        self.core.pages_written[tensor][place // tensor.room] += 1
        if self.observer is not None:
            self._tell("issue", "write", noc, tensor, page)

    def multicast(
        self,
        noc: int,
        cb: CircularBuffer,
        slot: int,
        pages: int,
        rectangle: tuple[int, int, int, int],
        dests: int,
        loopback: bool,
        op: Operation,
    ) -> None:
        """Issues a write of pages to the same place on every core of a rectangle."""
        cores = self.destinations(rectangle, dests, loopback, op)
        if not cb.landing.isdisjoint(range(slot, slot + pages)):
            raise error_at(
                op,
                f"multicast from '{cb.label}' before the reads into its pages have arrived",
                "a read barrier is missing before it",
            )
        cb.leaving.update(range(slot, slot + pages))
        self.busy.add(cb)
        for core in cores:
            target = core.cbs[cb.alloc]
            target.check_reserved(slot, pages, op)
            for i in range(slot, slot + pages):
                self.writes[noc].append((target.data, i, cb.data, i, None))
        page_bytes = TILE * TILE * cb.format.bytes
        self.core.stats.noc_bytes += pages * page_bytes * len(cores)

    def destinations(
        self, rectangle: tuple[int, int, int, int], dests: int, loopback: bool, op: Operation
    ) -> list[Core]:
        """The cores of an inclusive rectangle in either direction; `dests` must count them."""
        x0, y0, x1, y1 = rectangle
        (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
        grid = self.core.grid
        cores: list[Core] = []
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                if (x, y) not in grid:
                    raise error_at(op, f"multicast to core ({x}, {y}), which runs no kernel")
                if loopback or grid[x, y] is not self.core:
                    cores.append(grid[x, y])
        if len(cores) != dests:
            raise error_at(op, f"multicast to {len(cores)} cores, {dests} are announced")
        return cores

    def land_multicasts(self, noc: int) -> None:
        """Completes the multicasts of a NoC: what follows them on the same path arrives later."""
        pending = self.writes[noc]
        for target, i, source, j, tensor in pending:
            if tensor is None:
                target[i] = source[j]
        pending[:] = [transfer for transfer in pending if transfer[4] is not None]
        if not any(self.writes):
            for cb in self.busy:
                cb.leaving.clear()

    def peer(self, x: int, y: int, op: Operation) -> Core:
        """The core at some coordinates."""
        core = self.core.grid.get((x, y))
        if core is None:
            raise error_at(op, f"core ({x}, {y}) runs no kernel")
        return core

    def read_barrier(self, noc: int) -> None:
        """All reads have arrived."""
        pending = self.reads[noc]
        for target, i, source, j, _ in pending:
            target[i] = source[j]
        if self.observer is not None:
            self._complete("read", noc, pending)
        pending.clear()
        if not self.reads[1 - noc]:
            for cb in self.busy:
                cb.landing.clear()

    def write_barrier(self, noc: int) -> None:
        """All writes have arrived."""
        pending = self.writes[noc]
        for target, i, source, j, _ in pending:
            target[i] = source[j]
        if self.observer is not None:
            self._complete("write", noc, pending)
        pending.clear()
        if not self.writes[1 - noc]:
            for cb in self.busy:
                cb.leaving.clear()

    def flush(self, noc: int) -> None:
        """All writes have left their source."""
        pending = self.writes[noc]
        pending[:] = [
            (target, i, source[j : j + 1].copy(), 0, tensor)
            for target, i, source, j, tensor in pending
        ]
        for cb in self.busy:
            cb.leaving.clear()

    def drift(self, random: Random) -> None:
        """Completes some outstanding transfers early."""
        for pending in (*self.reads, *self.writes):
            while pending and random.random() < 0.3:
                target, i, source, j, _ = pending.pop(random.randrange(len(pending)))
                target[i] = source[j]

    def finished(self, op: Operation) -> None:
        """At the end of a kernel no write is outstanding (tt-metal #40879)."""
        left = sum(map(len, self.writes))
        if left:
            raise error_at(
                op,
                f"the {self.role} kernel ends with {left} writes outstanding",
                "a write barrier is missing at its end",
            )

    def _complete(self, kind: str, noc: int, pending: list[_Transfer]) -> None:
        for _, i, _, j, tensor in pending:
            if tensor is not None:
                page = tensor.page_at(j if kind == "read" else i)
                self._tell("complete", kind, noc, tensor, page)

    def _tell(self, phase: str, kind: str, noc: int, tensor: Tensor, page: int) -> None:
        assert self.observer is not None
        core = (self.core.x, self.core.y)
        bank = tensor.bank(page)
        self.observer(Event(phase, kind, core, self.role, noc, tensor.page_bytes, bank, page))


_Transfer: TypeAlias = tuple[F32, int, F32, int, Tensor | None]
"""(target, index, source, index, the tensor for observers)."""


def _page_error(tensor: Tensor, page: int, op: Operation) -> CompileError:
    hint = ""
    if tensor.placement.sharding is None:
        banks = tensor.placement.banks
        address = tensor.base + page // banks * tensor.page_bytes
        hint = f"bank {page % banks}, address {address:#x}"
    return error_at(
        op,
        f"page {page} of tensor '{tensor.label}' does not exist, it has {tensor.pages}",
        hint,
    )
