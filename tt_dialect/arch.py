"""The machines, as frozen data.

Sources: tt-metal `noc_parameters.h`, `circular_buffer_constants.h`, ttsim `config.h`, tt-mlir
`SystemDesc`, Blackhole bring-up guide; Grayskull is end-of-life upstream and unverified here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Arch:
    """One architecture: grid in cores, memories in bytes."""

    name: str
    grid: tuple[int, int]
    """Compute grid (width, height) of logical worker cores."""
    l1_bytes: int
    """L1 of a core."""
    l1_reserved: int
    """Unreserved base: what firmware, mailboxes and kernel text take; an upper estimate."""
    max_cbs: int
    dram_banks: int
    dram_bank_bytes: int
    """`dram_view_size` of the machine's soc descriptor (tt_metal/soc_descriptors)."""
    dram_alignment: int
    """Bytes to which a page in DRAM is aligned (read alignment)."""
    hifi4_fp32_bug: bool = False
    """HiFi4 with 32-bit DST corrupts outputs (tt-metal #38306)."""
    simulated: bool = True

    @property
    def l1_budget(self) -> int:
        """Bytes a program may use per core."""
        return self.l1_bytes - self.l1_reserved

    @property
    def cores(self) -> int:
        """Number of compute cores."""
        return self.grid[0] * self.grid[1]

    def default_fidelity(self, dst32: bool) -> str:
        """HiFi4, or HiFi3 where HiFi4 with 32-bit DST is broken."""
        return "HiFi3" if dst32 and self.hifi4_fp32_bug else "HiFi4"


ARCHS = MappingProxyType(
    {
        arch.name: arch
        for arch in (
            Arch("wormhole", (8, 8), 1_499_136, 102_400, 32, 12, 1 << 30, 32, hifi4_fp32_bug=True),
            Arch("blackhole", (11, 10), 1_572_864, 98_304, 64, 8, 4_278_190_080, 64),
            Arch("grayskull", (12, 9), 1_048_576, 102_400, 32, 8, 1 << 30, 32, simulated=False),
        )
    }
)


def get_arch(name: str) -> Arch:
    """The architecture of that name; `ValueError` lists the known ones."""
    if name not in ARCHS:
        raise ValueError(f"unknown architecture '{name}', expected one of {', '.join(ARCHS)}")
    return ARCHS[name]
