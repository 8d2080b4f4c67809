"""Which memory holds each page of a tensor: banks of DRAM, or the L1 of cores.

A bank is a DRAM bank or a core that holds pages of an L1 tensor; `analysis/sharding.py` says which
page is where, as TensorAccessor computes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import cast

from xdsl.dialects.builtin import IntAttr
from xdsl.ir import Operation

from tt_dialect.analysis.sharding import (
    Sharding,
    ShardingError,
    row_major_numbers,
    shard_cores,
    sharding_of,
)
from tt_dialect.arch import get_arch
from tt_dialect.diagnostics import Location, error_at
from tt_dialect.ir.cb import AllocOp
from tt_dialect.ir.layout import BufferAttr, Memory, PartitionAttr, int_tuple
from tt_dialect.ir.program import ProgramOp, TensorAttr

CoreXY = tuple[int, int]

L1_ALIGNMENT = 16
"""Bytes to which a page in L1 is aligned (noc_parameters.h, both architectures)."""


@dataclass(frozen=True)
class Placement:
    """Banks of a tensor: `cores[b]` is the core of bank b, empty for DRAM."""

    banks: int
    pages: int
    sharding: Sharding | None = None
    cores: tuple[CoreXY, ...] = ()

    @property
    def in_l1(self) -> bool:
        """Whether the banks are cores."""
        return bool(self.cores)

    @property
    def room(self) -> int:
        """Pages each bank gives to the tensor, those no page lies on included."""
        if self.sharding is None:
            return -(-self.pages // self.banks)
        return self.sharding.pages_in_bank(self.banks)

    def place(self, page: int) -> tuple[int, int]:
        """(bank, page offset in it) of a page."""
        if self.sharding is None:
            return page % self.banks, page // self.banks
        return self.sharding.place(page, self.banks)

    def accessor_banks(self, label: str, op: Operation | Location) -> list[CoreXY]:
        """
        The banks as a TensorAccessor takes them, which numbers shards row-major: entry i mod n is
        the core, or (bank, 0) in DRAM, of row-major shard i. Another order is a list of banks in
        another order, if every shard has one of its own; else an error at `op`.
        """
        assert self.sharding is not None
        banks = list(self.cores) or [(bank, 0) for bank in range(self.banks)]
        if self.sharding.order in ("row_major", "match_shard"):
            return banks
        if self.sharding.shards > self.banks:
            raise error_at(
                op,
                f"tensor '{label}': {self.sharding.shards} shards in order "
                f"{self.sharding.order} share {self.banks} banks",
                "an accessor numbers shards row-major: use that order, or at most as many shards "
                "as banks",
            )
        return [banks[number] for number in row_major_numbers(self.sharding)]

    def slots(self) -> list[int]:
        """bank * room + offset of every page, by page."""
        room = self.room
        return [bank * room + row for bank, row in map(self.place, range(self.pages))]


def cores_for_shards(partition: PartitionAttr) -> tuple[CoreXY, ...] | None:
    """The cores L1 shards lie on, in order, where the user gave core ranges; else None."""
    ranges = partition.shard_ranges.data
    return tuple(ranges[0].cores()) if ranges else None


@dataclass(frozen=True)
class Device:
    """What placements need of a machine."""

    dram_banks: int
    dram_alignment: int
    grid: CoreXY
    """(width, height) of the compute grid."""
    l1_top: int
    """End of L1, from which L1 tensors grow down."""
    core_grid: CoreXY = (8, 8)
    """(width, height) of the cores a program may use: where L1 shards lie."""
    shard_ranges: tuple[CoreXY, ...] | None = None
    """The cores of the user's core ranges, if there are such: L1 shards lie on them, in order."""

    @classmethod
    def of(cls, program: ProgramOp) -> Device:
        """The machine of a program."""
        return cls.at(program.arch.data, program.partition)

    @classmethod
    def at(cls, name: str, partition: PartitionAttr) -> Device:
        """The machine of an architecture and a division of work."""
        arch = get_arch(name)
        width, height = int_tuple(partition.core_grid)
        return cls(
            arch.dram_banks,
            arch.dram_alignment,
            arch.grid,
            arch.l1_bytes // 64 * 64,
            core_grid=(width, height),
            shard_ranges=cores_for_shards(partition),
        )

    def shard_cores(self, sharding: Sharding) -> list[CoreXY]:
        """The cores of an L1 tensor's shards, by shard number."""
        return shard_cores(sharding, self.shard_ranges, self.core_grid)

    def cores(self) -> tuple[CoreXY, ...]:
        """All cores, row by row: the banks of an interleaved L1 tensor."""
        width, height = self.grid
        return tuple((x, y) for y in range(height) for x in range(width))


def placement(
    layout: BufferAttr | None,
    shape: Sequence[int],
    pages: int,
    label: str,
    device: Device,
    op: Operation,
) -> Placement:
    """
    The banks of a tensor of `shape` elements; None stands for interleaved DRAM.

    A sharding that does not fit the tensor or the device is an error at `op`.
    """
    if layout is None:
        return Placement(device.dram_banks, pages)
    try:
        sharding = sharding_of(layout, shape)
    except ShardingError as error:
        raise error_at(op, f"tensor '{label}': {error}", error.hint) from None
    if layout.memory.data == Memory.DRAM:
        return Placement(device.dram_banks, pages, sharding)
    if sharding is None:
        cores = device.cores()
        return Placement(len(cores), pages, None, cores)
    try:
        cores = tuple(device.shard_cores(sharding))
    except ShardingError as error:
        raise error_at(op, f"L1 tensor '{label}': {error}", error.hint) from None
    width, height = device.grid
    outside = [(s, c) for s, c in enumerate(cores) if c[0] >= width or c[1] >= height]
    if outside:
        shard, core = outside[0]
        raise error_at(
            op,
            f"shard {shard} of L1 tensor '{label}' would be on core {core}, outside the "
            f"{width}x{height} cores of the device",
        )
    return Placement(len(cores), pages, sharding, cores)


def alias_of(op: AllocOp) -> int | None:
    """The tensor parameter whose local shard is the memory of a circular buffer, if one is."""
    alias = op.properties.get("alias")
    if isinstance(alias, IntAttr):
        return cast("IntAttr[int]", alias).data
    return None if op.alias is None else op.alias.value.data


def placement_of(tensor: TensorAttr, device: Device, program: ProgramOp) -> Placement:
    """The banks of a tensor of a program."""
    shape, layout = int_tuple(tensor.shape), tensor.layout
    pages = prod(layout.dims(len(shape)).pages(shape, layout.tile))
    return placement(layout, shape, pages, tensor.label.data, device, program)
