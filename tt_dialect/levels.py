"""The contract of each level, as data: which operations and types are legal, and what must hold.

A pass states the level it takes and the level it gives; `check_level` holds a module against one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tt_dialect.analysis.regions import operations
from tt_dialect.diagnostics import Diagnostic, diagnostic_at

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Block, Operation, SSAValue


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
_ELEMENT = frozenset(
    {"linalg.index", "linalg.yield"}
    | {
        f"arith.{name}"
        for name in (
            "addf subf mulf divf maximumf minimumf negf cmpf extf truncf sitofp uitofp xori"
        ).split()
    }
    | {
        f"math.{name}"
        for name in (
            "absf ceil cos erf exp exp2 floor log log2 powf roundeven rsqrt sin sqrt tanh trunc"
        ).split()
    }
)
"""What computes elements in the body of a `linalg.generic`."""
_LINALG = frozenset({"linalg.generic", "linalg.fill", "linalg.copy"})
_MEMREF = frozenset({"memref.alloc", "memref.subview"})
_ACCESSES = frozenset({"memref.load", "memref.store"})
"""Single elements in loop nests; `tt-raise` makes structured operations of them."""
_CB = frozenset(
    f"tt.cb.{name}"
    for name in "alloc reserve_back push_back wait_front pop_front write_ptr read_ptr".split()
)
_PAGES = frozenset(
    f"tt.noc.{name}"
    for name in (
        "accessor read_page write_page generate_tile read_barrier write_barrier writes_flushed"
    ).split()
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
    for name in (
        "dst copy_block copy_tile broadcast_tile transpose_tile fill_tile matmul_block fpu_binary "
        "reduce_tile sfpu_unary sfpu_scalar sfpu_binary sfpu_ternary copy_dst pack_block pack_tile"
    ).split()
)
_REGS = frozenset(f"tt.compute.tile_regs_{name}" for name in "acquire commit wait release".split())
_UNITS = frozenset(
    f"tt.compute.{name}"
    for name in (
        "hw_startup matmul_block_init copy_init transpose_init fill_init fpu_binary_init "
        "broadcast_init broadcast_uninit reduce_init reduce_uninit sfpu_init copy_dst_init "
        "reconfig_srca reconfig_srcb reconfig_pack"
    ).split()
)
_BLOCKS = frozenset(
    {"tt.noc.load_block", "tt.noc.store_block"}
    | {
        f"tt.compute.{name}"
        for name in "fill matmul copy transpose map reduce apply splat iota yield".split()
    }
)
_CONVERT = frozenset({"arith.sitofp", "arith.index_cast"})
"""An index as a float32 scalar operand of a tile function."""
_PROGRAM = frozenset({"tt.program", "tt.thread"})


@dataclass(frozen=True)
class Invariant:
    """What must hold for the operations of some names."""

    names: frozenset[str]
    check: Callable[[Operation], Iterator[Diagnostic]]


def _has_attribute(op_name: str, attribute: str, made_by: str) -> Invariant:
    def check(op: Operation) -> Iterator[Diagnostic]:
        if not _is_declaration(op) and attribute not in op.attributes:
            yield diagnostic_at(op, f"'{attribute}' is missing", f"`{made_by}` sets it")

    return Invariant(frozenset({op_name}), check)


def _has_property(prefix: str, names: frozenset[str], prop: str, made_by: str) -> Invariant:
    def check(op: Operation) -> Iterator[Diagnostic]:
        if prop not in op.properties:
            yield diagnostic_at(op, f"{prefix} '{op.name}' has no {prop}", f"`{made_by}` sets it")

    return Invariant(names, check)


def _is_declaration(op: Operation) -> bool:
    return bool(op.regions) and not op.regions[0].blocks


def _defined_before_used(op: Operation) -> Iterator[Diagnostic]:
    """Every value is defined before it is used; xDSL's verifier does not check the order."""
    visible: set[SSAValue] = set()

    def visit(block: Block) -> Iterator[Diagnostic]:
        defined: list[SSAValue] = list(block.args)
        visible.update(block.args)
        for child in block.ops:
            for operand in child.operands:
                if operand not in visible:
                    yield diagnostic_at(child, f"operand of '{child.name}' is defined after it")
            for region in child.regions:
                for inner in region.blocks:
                    yield from visit(inner)
            defined += child.results
            visible.update(child.results)
        visible.difference_update(defined)

    for region in op.regions:
        for block in region.blocks:
            yield from visit(block)


_DOMINANCE = Invariant(frozenset({"builtin.module"}), _defined_before_used)


def _legal_types(op: Operation, types: frozenset[str]) -> Iterator[Diagnostic]:
    arguments = [arg for region in op.regions for block in region.blocks for arg in block.args]
    for value in (*op.results, *arguments):
        if value.type.name not in types:
            yield diagnostic_at(op, f"type {value.type} of '{op.name}' is not legal here")


@dataclass(frozen=True)
class Contract:
    """Legal operations and types by name, and the invariants of a level."""

    ops: frozenset[str]
    types: frozenset[str]
    invariants: tuple[Invariant, ...] = (_DOMINANCE,)


_TRANSFERS = frozenset(
    f"tt.noc.{name}"
    for name in (
        "read_page write_page read_barrier write_barrier writes_flushed atomic_barrier multicast "
        "semaphore_inc semaphore_set_multicast"
    ).split()
)
_SCALARS = frozenset({"index", "integer_type"})
_BUFFERED_TYPES = _SCALARS | {
    "tt.cb.buffer",
    "tt.cb.pointer",
    "tt.noc.accessor",
    "tt.compute.dst",
    "f32",
}
_TILE_TYPES = _SCALARS | {"memref", "bf16", "f16", "f32"}

_THREAD_OPS = _SCALAR | _FLOW | _PROGRAM | _CB | _PAGES | _CORES | _DST | _REGS | _UNITS | _CONVERT

CONTRACTS: dict[Level, Contract] = {
    Level.TILE: Contract(
        _SCALAR
        | _FLOW
        | _FUNC
        | _LINALG
        | _ELEMENT
        | _MEMREF
        | _ACCESSES
        | {"scf.parallel", "scf.reduce"},
        _TILE_TYPES,
    ),
    Level.CORE: Contract(
        _SCALAR | _FLOW | _FUNC | _LINALG | _ELEMENT | _MEMREF,
        _TILE_TYPES,
        (
            _DOMINANCE,
            _has_attribute("func.func", "tt.abi", "tt-grid-to-persistent"),
            _has_attribute("func.func", "tt.partition", "tt-partition-work"),
            _has_attribute("memref.alloc", "tt.cb", "tt-propagate-layout"),
        ),
    ),
    Level.TILED: Contract(
        _SCALAR | _FLOW | _FUNC | _BLOCKS | _CONVERT,
        _SCALARS | {"memref", "tt.layout.block", "tt.layout.tile", "f32"},
        (_DOMINANCE, _has_attribute("func.func", "tt.abi", "tt-grid-to-persistent")),
    ),
    Level.BUFFERED: Contract(
        _SCALAR | _FLOW | _FUNC | _CB | _PAGES | _DST | _CONVERT,
        _BUFFERED_TYPES | {"memref"},
        (_DOMINANCE, _has_attribute("func.func", "tt.config", "tt-lower-memory")),
    ),
    Level.THREADS: Contract(
        _THREAD_OPS,
        _BUFFERED_TYPES | {"tt.noc.semaphore"},
        (_DOMINANCE, _has_property("transfer", _TRANSFERS, "noc", "tt-split-threads")),
    ),
    Level.METALIUM: Contract(
        _THREAD_OPS,
        _BUFFERED_TYPES | {"tt.noc.semaphore"},
        (
            _DOMINANCE,
            _has_property("transfer", _TRANSFERS, "noc", "tt-split-threads"),
            _has_property("circular buffer", frozenset({"tt.cb.alloc"}), "id", "tt-plan-cbs"),
            _has_property("DST group", frozenset({"tt.compute.dst"}), "index", "tt-allocate-dst"),
        ),
    ),
}


_OURS = frozenset[str]().union(*(contract.ops for contract in CONTRACTS.values()))


def check_dominance(module: ModuleOp) -> list[Diagnostic]:
    """Uses of values that are not defined yet, at any level."""
    return list(_defined_before_used(module))


def misfits(module: ModuleOp, level: Level) -> list[Operation]:
    """Operations of other levels; foreign operations are no business of ours."""
    elsewhere = _OURS - CONTRACTS[level].ops
    return [op for op in operations(module) if op.name in elsewhere]


def check_level(module: ModuleOp, level: Level) -> list[Diagnostic]:
    """What keeps a module from being at a level; empty when it is."""
    contract = CONTRACTS[level]
    found: list[Diagnostic] = []
    for op in operations(module):
        if op.name not in contract.ops:
            found.append(diagnostic_at(op, f"'{op.name}' is not legal at level {level}"))
        found.extend(_legal_types(op, contract.types))
        for invariant in contract.invariants:
            if op.name in invariant.names:
                found.extend(invariant.check(op))
    return found
