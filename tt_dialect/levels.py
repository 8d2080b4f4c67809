"""The contract of each level, as data: which operations and types are legal, and what must hold.

A pass states the level it takes and the level it gives; `check_level` holds a module against one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tt_dialect.diagnostics import Diagnostic, diagnostic_at

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Operation


class Level(StrEnum):
    """The stations of a program, top to bottom."""

    TILE = "tile"
    CORE = "core"
    TILED = "tiled"
    BUFFERED = "buffered"
    THREADS = "threads"
    METALIUM = "metalium"


_SCALAR = frozenset(
    f"arith.{name}"
    for name in (
        "constant addi subi muli divui divsi floordivsi ceildivsi ceildivui remui remsi minsi "
        "maxsi minui maxui cmpi select andi ori index_cast"
    ).split()
)
_FLOW = frozenset({"builtin.module", "scf.for", "scf.if", "scf.yield"})
_FUNC = frozenset({"func.func", "func.return"})
_ELEMENT = frozenset({"arith.extf", "arith.truncf", "arith.mulf", "arith.addf", "linalg.yield"})
_LINALG = frozenset({"linalg.generic", "linalg.fill", "linalg.copy"})
_MEMREF = frozenset({"memref.alloc", "memref.subview"})
_CB = frozenset(
    f"tt.cb.{name}"
    for name in "alloc reserve_back push_back wait_front pop_front write_ptr read_ptr".split()
)
_PAGES = frozenset(
    f"tt.noc.{name}"
    for name in "accessor read_page write_page read_barrier write_barrier writes_flushed".split()
)
_CORES = frozenset(
    f"tt.noc.{name}"
    for name in (
        "runtime_arg core_coord semaphore semaphore_set semaphore_wait semaphore_wait_min "
        "semaphore_inc semaphore_set_multicast multicast atomic_barrier"
    ).split()
)
_DST = frozenset(
    f"tt.compute.{name}"
    for name in "dst copy_block transpose_tile fill_tile matmul_block pack_block".split()
)
_REGS = frozenset(f"tt.compute.tile_regs_{name}" for name in "acquire commit wait release".split())
_UNITS = frozenset(
    f"tt.compute.{name}"
    for name in (
        "hw_startup matmul_block_init copy_init transpose_init fill_init reconfig_srca "
        "reconfig_srcb reconfig_pack"
    ).split()
)
_BLOCKS = frozenset(
    {"tt.noc.load_block", "tt.noc.store_block"}
    | {f"tt.compute.{name}" for name in "fill matmul copy transpose".split()}
)
_PROGRAM = frozenset({"tt.program", "tt.thread"})

Invariant = Callable[["Operation"], Iterator[Diagnostic]]


def _has_attribute(op_name: str, attribute: str, made_by: str) -> Invariant:
    def check(op: Operation) -> Iterator[Diagnostic]:
        if op.name == op_name and not _is_declaration(op) and attribute not in op.attributes:
            yield diagnostic_at(op, f"'{attribute}' is missing", f"`{made_by}` sets it")

    return check


def _has_property(prefix: str, names: frozenset[str], prop: str, made_by: str) -> Invariant:
    def check(op: Operation) -> Iterator[Diagnostic]:
        if op.name in names and prop not in op.properties:
            yield diagnostic_at(op, f"{prefix} '{op.name}' has no {prop}", f"`{made_by}` sets it")

    return check


def _is_declaration(op: Operation) -> bool:
    return not op.regions or not op.regions[0].blocks


def _dominance(op: Operation) -> Iterator[Diagnostic]:
    """xDSL's verifier does not check the order of definition and use within a block."""
    for region in op.regions:
        for block in region.blocks:
            position = {child: i for i, child in enumerate(block.ops)}
            for child, place in position.items():
                for operand in child.operands:
                    owner = position.get(operand.owner)  # pyright: ignore[reportArgumentType]
                    if owner is not None and owner >= place:
                        yield diagnostic_at(child, f"operand of '{child.name}' is defined after it")


@dataclass(frozen=True)
class Contract:
    """Legal operations by name and the invariants of a level."""

    ops: frozenset[str]
    invariants: tuple[Invariant, ...] = field(default=(_dominance,))


_TRANSFERS = frozenset(
    {"tt.noc.read_page", "tt.noc.write_page", "tt.noc.read_barrier", "tt.noc.write_barrier"}
)

CONTRACTS: dict[Level, Contract] = {
    Level.TILE: Contract(
        _SCALAR | _FLOW | _FUNC | _LINALG | _ELEMENT | _MEMREF | {"scf.parallel", "scf.reduce"}
    ),
    Level.CORE: Contract(
        _SCALAR | _FLOW | _FUNC | _LINALG | _ELEMENT | _MEMREF,
        (
            _dominance,
            _has_attribute("func.func", "tt.abi", "tt-grid-to-persistent"),
            _has_attribute("func.func", "tt.partition", "tt-partition-work"),
            _has_attribute("memref.alloc", "tt.cb", "tt-propagate-layout"),
        ),
    ),
    Level.TILED: Contract(
        _SCALAR | _FLOW | _FUNC | _BLOCKS,
        (_dominance, _has_attribute("func.func", "tt.abi", "tt-grid-to-persistent")),
    ),
    Level.BUFFERED: Contract(
        _SCALAR | _FLOW | _FUNC | _CB | _PAGES | _DST,
        (_dominance, _has_attribute("func.func", "tt.config", "tt-lower-memory")),
    ),
    Level.THREADS: Contract(
        _SCALAR | _FLOW | _PROGRAM | _CB | _PAGES | _CORES | _DST | _REGS | _UNITS,
        (_dominance, _has_property("transfer", _TRANSFERS, "noc", "tt-split-threads")),
    ),
    Level.METALIUM: Contract(
        _SCALAR | _FLOW | _PROGRAM | _CB | _PAGES | _CORES | _DST | _REGS | _UNITS,
        (
            _dominance,
            _has_property("transfer", _TRANSFERS, "noc", "tt-split-threads"),
            _has_property("circular buffer", frozenset({"tt.cb.alloc"}), "id", "tt-plan-cbs"),
            _has_property("DST group", frozenset({"tt.compute.dst"}), "index", "tt-allocate-dst"),
        ),
    ),
}


def check_level(module: ModuleOp, level: Level) -> list[Diagnostic]:
    """What keeps a module from being at a level; empty when it is."""
    contract = CONTRACTS[level]
    found: list[Diagnostic] = []
    for op in module.walk():
        if op.name not in contract.ops:
            found.append(diagnostic_at(op, f"'{op.name}' is not legal at level {level}"))
        for invariant in contract.invariants:
            found.extend(invariant(op))
    return found
