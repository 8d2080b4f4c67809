"""Circular buffers and DST: the state tile operations work on, with the rules that guard it.

Methods that check a rule take the operation that calls them, so that a broken rule is reported at
its line. Tiles are float32 arrays `[32, 32]` whose values are exact in the buffer's format.
"""

from __future__ import annotations

import numpy as np
from xdsl.ir import Operation

from tt_dialect.diagnostics import error_at
from tt_dialect.run import numerics
from tt_dialect.run.numerics import F32, F64, TILE, Fidelity, Format
from tt_dialect.run.waiting import Waiter

COUNTER_MASK = 0xFFFF
"""Received and acknowledged pages are compared in 16 bits (tt-metal PR #26536)."""


class CircularBuffer:
    """A circular buffer of one core: `circular_buffer.h`, page by page.

    The producer owns the write page and the reserved window, the consumer the read page and the
    waited window; they share only the counters.
    """

    __slots__ = (
        "_a",
        "_b",
        "acked",
        "alloc",
        "capacity",
        "consumer",
        "data",
        "fidelity",
        "format",
        "label",
        "landing",
        "leaving",
        "packed",
        "producer",
        "rd",
        "received",
        "reserved",
        "waited",
        "wr",
    )

    def __init__(
        self, label: str, capacity: int, fmt: Format, fidelity: Fidelity, alloc: Operation
    ):
        self.label = label
        self.capacity = capacity
        self.format = fmt
        self.fidelity = fidelity
        self.alloc = alloc
        self.data: F32 = np.full((capacity, TILE, TILE), np.nan, np.float32)
        self.received = self.acked = 0
        self.wr = self.rd = 0
        self.reserved = self.waited = self.packed = 0
        self.landing: set[int] = set()
        """Pages that reads were issued for, until the read barrier."""
        self.leaving: set[int] = set()
        """Pages that writes were issued from, until they are flushed."""
        self.producer: tuple[Waiter, int] | None = None
        """The thread blocked in a reserve, and the pages it needs."""
        self.consumer: tuple[Waiter, int] | None = None
        self._a: F64 | None = None
        self._b: dict[bool, F64] = {}

    @property
    def filled(self) -> int:
        """Pages pushed and not popped."""
        return (self.received - self.acked) & COUNTER_MASK

    def state(self) -> str:
        """For reports."""
        return f"received {self.received}, acked {self.acked}, capacity {self.capacity}"

    def reserve(self, n: int) -> bool:
        """Opens a window of n free pages if there are as many; else the caller blocks."""
        if self.capacity - ((self.received - self.acked) & COUNTER_MASK) < n:
            return False
        if n > self.reserved:
            self.reserved = n
        return True

    def wait(self, n: int) -> bool:
        """Opens a window of n filled pages if there are as many; else the caller blocks."""
        if (self.received - self.acked) & COUNTER_MASK < n:
            return False
        if n > self.waited:
            self.waited = n
            self._a = None
            if self._b:
                self._b.clear()
        return True

    def push(self, n: int, op: Operation) -> Waiter | None:
        """Hands n reserved pages over; the consumer to wake, if this fills its need."""
        if n > self.reserved:
            raise error_at(
                op,
                f"push_back of {n} pages to '{self.label}', {self.reserved} are reserved",
                self.state(),
            )
        first, self.wr = self.wr, self._advance(self.wr, n, "push_back", op)
        if self.landing and not self.landing.isdisjoint(range(first, first + n)):
            raise error_at(
                op,
                f"push_back to '{self.label}' before the reads into its pages have arrived",
                "a read barrier is missing before it",
            )
        self.reserved -= n
        self.packed = 0
        self.received = (self.received + n) & COUNTER_MASK
        blocked = self.consumer
        if blocked is not None and (self.received - self.acked) & COUNTER_MASK >= blocked[1]:
            self.consumer = None
            return blocked[0]
        return None

    def pop(self, n: int, op: Operation) -> Waiter | None:
        """Gives n waited pages back; the producer to wake, if this makes its room."""
        if n > self.waited:
            raise error_at(
                op,
                f"pop_front of {n} pages from '{self.label}', {self.waited} were waited for",
                self.state(),
            )
        first, self.rd = self.rd, self._advance(self.rd, n, "pop_front", op)
        if self.leaving and not self.leaving.isdisjoint(range(first, first + n)):
            raise error_at(
                op,
                f"pop_front from '{self.label}' before the writes of its pages have left",
                "a write barrier or noc_async_writes_flushed is missing before it",
            )
        self.waited -= n
        self._a = None
        if self._b:
            self._b.clear()
        self.acked = (self.acked + n) & COUNTER_MASK
        blocked = self.producer
        if blocked is not None and self.capacity - self.filled >= blocked[1]:
            self.producer = None
            return blocked[0]
        return None

    def _advance(self, pointer: int, n: int, call: str, op: Operation) -> int:
        """Only landing exactly on the end wraps (dataflow_api.h)."""
        pointer += n
        if pointer > self.capacity:
            raise error_at(
                op,
                f"{call} of {n} pages runs {pointer - self.capacity} past the end of "
                f"'{self.label}'",
                f"blocks must divide its {self.capacity} pages",
            )
        return 0 if pointer == self.capacity else pointer

    # -- windows --

    def write_page(self, op: Operation) -> int:
        """The page of `get_write_ptr`."""
        if not self.reserved:
            raise error_at(op, f"write pointer of '{self.label}' taken with nothing reserved")
        return self.wr

    def read_page(self, op: Operation) -> int:
        """The page of `get_read_ptr`."""
        if not self.waited:
            raise error_at(op, f"read pointer of '{self.label}' taken with nothing waited for")
        return self.rd

    def check_reserved(self, first: int, n: int, op: Operation) -> None:
        """Pages [first, first + n) lie in the reserved window."""
        if first < self.wr or first + n > min(self.wr + self.reserved, self.capacity):
            raise error_at(
                op,
                f"pages [{first}, {first + n}) of '{self.label}' are written outside the reserved "
                f"window of {self.reserved} at {self.wr}",
            )

    def check_waited(self, first: int, n: int, op: Operation) -> None:
        """Pages [first, first + n), counted from the read page, lie in the waited window."""
        if first < 0 or first + n > self.waited or self.rd + first + n > self.capacity:
            raise error_at(
                op,
                f"tiles [{first}, {first + n}) of '{self.label}' are read outside the window of "
                f"{self.waited} tiles waited for",
                self.state(),
            )

    def front(self, first: int, n: int, op: Operation) -> F32:
        """Tiles of the front window."""
        self.check_waited(first, n, op)
        start = self.rd + first
        return self.data[start : start + n]

    def page(self, tile: int, op: Operation) -> F32:
        """A tile of the front window, `[32, 32]`."""
        self.check_waited(tile, 1, op)
        return self.data[self.rd + tile]

    def place(self, page: int, tile: F32, op: Operation) -> None:
        """The core itself writes a page of the reserved window."""
        self.check_reserved(page, 1, op)
        self.data[page] = tile

    def pack(self, n: int, op: Operation) -> F32:
        """The next n pages the packer fills: sequential in the window, reset by a push."""
        start = self.wr + self.packed
        self.check_reserved(start, n, op)
        self.packed += n
        return self.data[start : start + n]

    def pack_at(self, page: int, op: Operation) -> F32:
        """Page `page` of the reserved window, packed out of order."""
        start = self.wr + page
        self.check_reserved(start, 1, op)
        return self.data[start]

    # -- matrix operands, converted once per window --

    def _window(self) -> F32:
        """The tiles waited for, up to the end of the buffer."""
        return self.data[self.rd : self.rd + self.waited]

    def operand_a(self, first: int, rows: int, stride: int, op: Operation) -> F64:
        """in0 of `matmul_block`, `[rows, 1, 32, depth]`: every stride-th tile from `first`."""
        last = first + (rows - 1) * stride
        if first < 0 or last >= self.waited or self.rd + last >= self.capacity:
            self.check_waited(first, last + 1 - first, op)
        tiles = self._a
        if tiles is None:
            window = self._window()
            tiles = self._a = numerics.prepare_a(window, self.format, self.fidelity)
        return tiles[first : last + 1 : stride, None]

    def operand_b(self, first: int, cols: int, transpose: bool, op: Operation) -> F64:
        """in1 of `matmul_block`, `[1, cols, depth, 32]`: consecutive tiles from `first`."""
        last = first + cols
        if first < 0 or last > self.waited or self.rd + last > self.capacity:
            self.check_waited(first, cols, op)
        tiles = self._b.get(transpose)
        if tiles is None:
            window = self._window()
            if transpose:
                window = window.transpose(0, 2, 1)
            tiles = self._b[transpose] = numerics.prepare_b(window, self.format, self.fidelity)
        return tiles[None, first:last]


def checked_slot(slot: int, tiles: int, op: Operation) -> int:
    """A tile of a DST group; beyond the group is another's tile on the machine."""
    if not 0 <= slot < tiles:
        raise error_at(op, f"DST tile {slot} of a group of {tiles}")
    return slot


class DstTiles:
    """Tiles of DST that read as zero until written, and which of them have been written.

    Either a group that has no place in DST yet, or a section. Hardware keeps a flag per row that
    ZEROACC clears; an invalid row reads as zero, but a maximum takes it as minus infinity.
    """

    __slots__ = ("array", "written")

    def __init__(self, tiles: int):
        self.array: F32 = np.zeros((tiles, TILE, TILE), np.float32)
        self.written: set[int] = set()

    def clear(self) -> None:
        """ZEROACC."""
        self.array.fill(0.0)
        self.written.clear()

    def whole(self) -> F32:
        """All tiles, to be written."""
        self.written.update(range(len(self.array)))
        return self.array

    def tile(self, slot: int, op: Operation) -> F32:
        """A tile to read, `[32, 32]`."""
        return self.array[checked_slot(slot, len(self.array), op)]

    def target(self, slot: int, op: Operation) -> F32:
        """A tile to write, `[32, 32]`."""
        self.written.add(checked_slot(slot, len(self.array), op))
        return self.array[slot]

    def fresh(self, slot: int, op: Operation) -> bool:
        """Whether nobody has written a tile since the group was taken."""
        return checked_slot(slot, len(self.array), op) not in self.written


class DstSections:
    """DST behind its protocol: sections that math fills and the packer drains (reg_api.h).

    The three compute RISCs run as one thread here, in program order; a call that would have to wait
    for a later call of the same thread is reported.
    """

    __slots__ = ("acquired", "committed", "packing", "sections", "tiles", "write")

    def __init__(self, tiles: int, full_sync: bool):
        self.tiles = tiles
        self.sections = [DstTiles(tiles) for _ in range(1 if full_sync else 2)]
        self.write = 0
        self.committed: list[DstTiles] = []
        self.acquired = False
        self.packing = False

    def acquire(self, op: Operation) -> None:
        """Math takes a free section, which reads as zero."""
        if self.acquired:
            raise error_at(op, "tile_regs_acquire while DST is acquired", "tile_regs_commit first")
        if len(self.committed) == len(self.sections):
            raise error_at(
                op, "tile_regs_acquire never returns: no section of DST is released before it"
            )
        self.sections[self.write].clear()
        self.acquired = True

    def commit(self, op: Operation) -> None:
        """Math hands the section to the packer."""
        if not self.acquired:
            raise error_at(op, "tile_regs_commit without tile_regs_acquire")
        self.acquired = False
        self.committed.append(self.sections[self.write])
        self.write = (self.write + 1) % len(self.sections)

    def wait(self, op: Operation) -> None:
        """The packer takes the oldest committed section."""
        if self.packing:
            raise error_at(op, "tile_regs_wait while the packer holds DST", "release it first")
        if not self.committed:
            raise error_at(op, "tile_regs_wait never returns: nothing was committed before it")
        self.packing = True

    def release(self, op: Operation) -> None:
        """The packer frees the section."""
        if not self.packing:
            raise error_at(op, "tile_regs_release without tile_regs_wait")
        self.packing = False
        self.committed.pop(0)

    def _math(self, op: Operation) -> DstTiles:
        if not self.acquired:
            raise error_at(op, "math on DST outside tile_regs_acquire and tile_regs_commit")
        return self.sections[self.write]

    def math(self, first: int, n: int, op: Operation) -> F32:
        """Tiles math writes."""
        section = self._math(op)
        section.written.update(range(first, first + n))
        return section.array[first : first + n]

    def tile(self, first: int, n: int, slot: int, op: Operation) -> F32:
        """Tile `slot` of a group of n tiles at `first`, to read."""
        return self._math(op).array[first + checked_slot(slot, n, op)]

    def target(self, first: int, n: int, slot: int, op: Operation) -> F32:
        """Tile `slot` of a group of n tiles at `first`, to write."""
        section = self._math(op)
        place = first + checked_slot(slot, n, op)
        section.written.add(place)
        return section.array[place]

    def fresh(self, first: int, n: int, slot: int, op: Operation) -> bool:
        """Whether nobody has written a tile since the section was acquired."""
        return first + checked_slot(slot, n, op) not in self._math(op).written

    def pack(self, first: int, n: int, op: Operation) -> F32:
        """Tiles the packer reads."""
        if not self.packing:
            raise error_at(op, "pack outside tile_regs_wait and tile_regs_release")
        return self.committed[0].array[first : first + n]

    def packed(self, first: int, n: int, slot: int, op: Operation) -> F32:
        """Tile `slot` of a group of n tiles at `first`, which the packer reads."""
        return self.pack(first, n, op)[checked_slot(slot, n, op)]

    def finished(self, op: Operation) -> None:
        """At the end of the kernel every section is free."""
        if self.acquired or self.packing or self.committed:
            raise error_at(op, "the compute kernel ends while DST is in use")
