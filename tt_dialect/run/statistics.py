"""What a run did, in figures: in total, per core, per tensor and per bank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from tt_dialect.analysis.placement import CoreXY, Device, alias_of, placement_of
from tt_dialect.ir.cb import AllocOp
from tt_dialect.ir.program import ProgramOp
from tt_dialect.run.numerics import AnyArray

TRAFFIC = ("dram", "l1_local", "l1_remote")
"""Where the pages of a tensor are, as seen by the core that moves them."""


@dataclass(slots=True)
class Stats:
    """What executed operations did, of one core or of all."""

    dram_read: int = 0
    """Bytes read from DRAM."""
    dram_write: int = 0
    """Bytes written to DRAM."""
    noc_bytes: int = 0
    """Bytes that crossed a NoC: DRAM traffic and core to core, once per destination. What a core
    moves within its own L1 does not."""
    tile_products: int = 0
    """32x32x32 tile products."""
    cb_waits: int = 0
    """Reserves and waits that had to block."""
    semaphore_waits: int = 0
    """Semaphore waits that had to block."""
    tile_ops: int = 0
    """Tile operations of FPU and SFPU besides matrix products and copies."""
    pages_unpacked: int = 0
    """Pages read from circular buffers, except by matrix products."""
    pages_packed: int = 0
    """Pages packed into circular buffers."""
    l1_local_read: int = 0
    """Bytes copied from tensors in the L1 of the core itself."""
    l1_local_write: int = 0
    """Bytes copied to tensors in the L1 of the core itself."""
    l1_remote_read: int = 0
    """Bytes read from tensors in the L1 of other cores."""
    l1_remote_write: int = 0
    """Bytes written to tensors in the L1 of other cores."""
    in_place: int = 0
    """Bytes of tensors under globally allocated circular buffers: kernels use them where they lie,
    nothing moves them."""
    blocks: int = 0
    """Blocks of the block grid that were worked on."""

    @property
    def l1_local(self) -> int:
        """Bytes copied from and to tensors in the L1 of the core itself."""
        return self.l1_local_read + self.l1_local_write

    @property
    def l1_remote(self) -> int:
        """Bytes read from and written to tensors in the L1 of other cores."""
        return self.l1_remote_read + self.l1_remote_write

    def add(self, other: Stats) -> None:
        """Adds the figures of another."""
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name) + getattr(other, f.name))

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        figures = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**figures, "l1_local": self.l1_local, "l1_remote": self.l1_remote}


@dataclass
class BankBytes:
    """Bytes a core moved, by the bank at the other end."""

    dram: Counter[int] = field(default_factory=Counter[int])
    """By DRAM bank."""
    l1: Counter[CoreXY] = field(default_factory=Counter[CoreXY])
    """By the core whose L1 it is, the core itself included."""

    def as_dict(self) -> dict[str, dict[str, int]]:
        """For JSON."""
        return {
            "dram_banks": {str(bank): self.dram[bank] for bank in sorted(self.dram)},
            "l1_cores": {f"({x},{y})": self.l1[x, y] for x, y in sorted(self.l1)},
        }


@dataclass
class RunStats:
    """Statistics of a run: in total, per core, and how often each page of a tensor was written."""

    total: Stats = field(default_factory=Stats)
    cores: dict[CoreXY, Stats] = field(default_factory=dict)
    page_writes: dict[str, AnyArray] = field(default_factory=dict)
    """How often kernels wrote each page; what they make in place is not written."""
    tensors: dict[str, dict[str, int]] = field(default_factory=dict)
    """Bytes read and written of each tensor: `dram`, `l1_local` (the core's own), `l1_remote`."""
    in_place: dict[str, int] = field(default_factory=dict)
    """Bytes of each tensor under globally allocated circular buffers, once for each page."""
    banks: dict[CoreXY, BankBytes] = field(default_factory=dict)
    """Bytes each core moved, by bank. How far a bank is from a core depends on the chip at hand
    (harvested rows and columns), so distances are not counted."""
    first_blocks: dict[CoreXY, int] = field(default_factory=dict)
    """The first work id of each core."""

    def take(self, core: CoreXY, counted: Stats) -> None:
        """Takes what a core counted beside what its program says."""
        planned = self.cores.get(core, Stats())
        counted.blocks, counted.in_place = planned.blocks, planned.in_place
        self.cores[core] = counted

    def sum_up(self) -> None:
        """Makes the total that of the cores."""
        self.total = Stats()
        for stats in self.cores.values():
            self.total.add(stats)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "total": self.total.as_dict(),
            "cores": [
                {"core": list(xy), "first_block": self.first_blocks.get(xy, 0)}
                | stats.as_dict()
                | self.banks.get(xy, BankBytes()).as_dict()
                for xy, stats in self.cores.items()
            ],
            "page_writes": {
                label: {"pages": len(n), "min": int(n.min()), "max": int(n.max())}
                for label, n in self.page_writes.items()
            },
            "tensors": self.tensors,
            "in_place": self.in_place,
        }


def planned_stats(program: ProgramOp) -> RunStats:
    """What a program says of its run before it runs: work, and what it uses in place."""
    stats = RunStats()
    for core, start, count in program.partition.ids():
        stats.first_blocks[core] = start
        stats.cores[core] = Stats(blocks=count)
    device = Device.of(program)
    for number, capacity in _aliases(program.body.block.ops).items():
        tensor = program.tensors.data[number]
        where = placement_of(tensor, device, program)
        rows = Counter(
            where.cores[bank]
            for bank, row in map(where.place, range(where.pages))
            if row < capacity
        )
        size = tensor.layout.tile.bytes
        for core in stats.cores.keys() & rows.keys():
            stats.cores[core].in_place += rows[core] * size
            label = tensor.label.data
            stats.in_place[label] = stats.in_place.get(label, 0) + rows[core] * size
    return stats


def _aliases(ops: Iterable[object]) -> dict[int, int]:
    """Tensors under circular buffers, and the pages of a shard the largest of them covers."""
    found: dict[int, int] = {}
    for op in ops:
        number = alias_of(op) if isinstance(op, AllocOp) else None
        if number is not None and isinstance(op, AllocOp):
            found[number] = max(found.get(number, 0), op.type.capacity)
    return found
