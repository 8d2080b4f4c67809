"""Memory effects of synchronising operations.

xDSL's DCE, CSE and LICM look at the kind of an effect only, so whatever synchronises says WRITE;
the resource tells our own analyses which state is touched.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from xdsl.ir import Operation
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind, Resource


@dataclass(frozen=True)
class NamedResource(Resource):
    """State outside SSA: circular buffers, the NoC, DST, semaphores or unit configuration."""

    label: str

    def name(self) -> str:
        return self.label


CB = NamedResource("tt.cb")
NOC = NamedResource("tt.noc")
DST = NamedResource("tt.dst")
UNITS = NamedResource("tt.units")


class _Write(MemoryEffect):
    resource: NamedResource

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return frozenset({EffectInstance(MemoryEffectKind.WRITE, resource=cls.resource)})


class CBEffect(_Write):
    """Moves the counters or the contents of a circular buffer."""

    resource = CB


class NocEffect(_Write):
    """Issues or awaits a transfer, or touches a semaphore."""

    resource = NOC


class DstEffect(_Write):
    """Reads and writes DST tiles or its acquire/release protocol."""

    resource = DST


class UnitsEffect(_Write):
    """Programs the unpackers, the math unit or the packer."""

    resource = UNITS
