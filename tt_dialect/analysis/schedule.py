"""In which order, and in which DST registers, the operations of a map are done.

A register is a place for one tile in DST; the lowering gives it as many tiles as fit, to do several
tiles of the block at once. Inputs, scalars and indices are brought into a register again for each
use: that costs what a copy within DST costs, and no register.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.ir import BlockArgument, SSAValue

from tt_dialect.analysis.dst import FpuForm, fpu_form
from tt_dialect.ir.eltwise import ApplyOp, IotaOp, MapOp, SplatOp
from tt_dialect.ir.functions import Family

AGAINST_ZERO = {"eq": "eqz", "ne": "nez", "lt": "ltz", "le": "lez", "gt": "gtz", "ge": "gez"}
"""The function that compares with zero, for each comparison of two tiles."""


@dataclass(frozen=True)
class Load:
    """Input `number` of the map into a register, broadcast as the map says."""

    register: int
    number: int


@dataclass(frozen=True)
class Fill:
    """A scalar into a register."""

    register: int
    value: SSAValue


@dataclass(frozen=True)
class Zero:
    """Clears a register that has been used, for an operation that accumulates."""

    register: int


@dataclass(frozen=True)
class Index:
    """An index expression into a register."""

    register: int
    iota: IotaOp


@dataclass(frozen=True)
class Fpu:
    """An FPU operation between two inputs into a register."""

    register: int
    form: FpuForm


@dataclass(frozen=True)
class Sfpu:
    """A function of the table on registers; a scalar function has `value`."""

    family: Family
    function: str
    operands: tuple[int, ...]
    register: int
    value: SSAValue | None = None


@dataclass(frozen=True)
class Copy:
    """A register into another."""

    source: int
    register: int


@dataclass(frozen=True)
class Select:
    """`iota <compare> 0 ? then : otherwise`, decided for a whole tile where it is uniform."""

    iota: IotaOp
    compare: str
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...]
    mixed: tuple[Step, ...]


Step: TypeAlias = Load | Fill | Zero | Index | Fpu | Sfpu | Copy | Select


@dataclass
class Schedule:
    """Steps in order, how many registers they need and which holds the result."""

    steps: list[Step] = field(default_factory=list["Step"])
    registers: int = 0
    result: int = 0


@dataclass
class _Scheduler:
    """Walks the expression from its result; registers are numbered as they are taken."""

    in_loop: bool
    steps: list[Step] = field(default_factory=list["Step"])
    free: list[int] = field(default_factory=list[int])
    total: int = 0
    held: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    left: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    """Uses still to come of values with an operation."""
    needs: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    dirty: set[int] = field(default_factory=set[int])

    def take(self) -> int:
        if self.free:
            register = min(self.free)
            self.free.remove(register)
            return register
        self.total += 1
        return self.total - 1

    def drop(self, register: int) -> None:
        self.free.append(register)
        self.dirty.add(register)

    def need(self, value: SSAValue) -> int:
        """Registers a value needs as a tree (Sethi and Ullman): the greedier operand goes first."""
        known = self.needs.get(value)
        if known is None:
            op = value.owner
            known = 1
            if isinstance(op, ApplyOp) and fpu_form(op) is None:
                tiles = [v for v in op.arguments if not _is_scalar(v)]
                counts = sorted((self.need(v) for v in tiles), reverse=True)
                known = max(n + i for i, n in enumerate(counts))
            self.needs[value] = known
        return known

    def get(self, value: SSAValue) -> int:
        """The register of a value, computed now if it is not held."""
        if value in self.held:
            return self.held[value]
        owner = value.owner
        match owner:
            case ApplyOp():
                register = self.apply(owner)
                self.held[value] = register
                return register
            case _:
                register = self.take()
                self.steps.append(leaf(value, register))
                return register

    def consume(self, value: SSAValue) -> bool:
        """Counts one use down; whether the register may be overwritten."""
        if not isinstance(value.owner, ApplyOp):
            return True
        self.left[value] -= 1
        if self.left[value] == 0:
            del self.held[value]
            return True
        return False

    def apply(self, op: ApplyOp) -> int:
        form = fpu_form(op)
        if form is not None:
            register = self.take()
            if form.function == "mul" and (self.in_loop or register in self.dirty):
                self.steps.append(Zero(register))
            self.steps.append(Fpu(register, form))
            return register
        if op.function.data == "where" and (test := index_test(op.arguments[0])) is not None:
            return self.select(op, *test)
        tiles = [v for v in op.arguments if not _is_scalar(v)]
        scalar = next((v for v in op.arguments if _is_scalar(v)), None)
        unique = list(dict.fromkeys(tiles))
        registers: dict[SSAValue, int] = {}
        for value in sorted(unique, key=self.need, reverse=True):
            registers[value] = self.get(value)
        dead = [v for v in unique if self._consume_all(v, tiles.count(v))]
        operands = tuple(registers[v] for v in tiles)
        out = next((registers[v] for v in unique if v in dead), None)
        if op.family in (Family.UNARY, Family.SCALAR):
            if out is None:
                out = self.take()
                self.steps.append(Copy(operands[0], out))
            operands = (out,)
        elif out is None:
            out = self.take()
        self.steps.append(Sfpu(op.family, op.function.data, operands, out, scalar))
        for value in dead:
            if registers[value] != out:
                self.drop(registers[value])
        return out

    def _consume_all(self, value: SSAValue, times: int) -> bool:
        if not isinstance(value.owner, ApplyOp):
            return True
        return [self.consume(value) for _ in range(times)][-1]

    def select(self, op: ApplyOp, iota: IotaOp, compare: str) -> int:
        """Both arms are there in a mixed tile, one in a uniform one."""
        condition, first, second = op.arguments
        arms = [v for v in (first, second) if isinstance(v.owner, ApplyOp)]
        ready = {v: self.get(v) for v in dict.fromkeys(sorted(arms, key=self.need, reverse=True))}
        dead = [v for v in ready if self._consume_all(v, arms.count(v))]
        self.left[condition] -= 1  # computed here, where it is needed
        out = next((ready[v] for v in dead), None)
        out = self.take() if out is None else out
        mask = self.take()

        def put(value: SSAValue) -> list[Step]:
            if value in ready:
                return [] if ready[value] == out else [Copy(ready[value], out)]
            return [leaf(value, out)]

        mixed: list[Step] = [
            leaf(iota.tile, mask),
            Sfpu(Family.UNARY, compare, (mask,), mask),
        ]
        places: list[int] = []
        extra: list[int] = []
        taken = out in ready.values()
        for value in (first, second):
            if value in ready:
                places.append(ready[value])
                continue
            place = out if not taken else self.take()
            if place != out:
                extra.append(place)
            taken = True
            mixed.append(leaf(value, place))
            places.append(place)
        mixed.append(Sfpu(Family.TERNARY, "where", (mask, places[0], places[1]), out))
        self.steps.append(
            Select(iota, compare, tuple(put(first)), tuple(put(second)), tuple(mixed))
        )
        for register in (mask, *extra, *(ready[v] for v in dead if ready[v] != out)):
            self.drop(register)
        return out


def _is_scalar(value: SSAValue) -> bool:
    return value.type.name == "f32"


def leaf(value: SSAValue, register: int) -> Step:
    """Brings an input, a scalar or an index expression into a register."""
    match value.owner:
        case SplatOp() as op:
            return Fill(register, op.value)
        case IotaOp() as op:
            return Index(register, op)
        case _:
            assert isinstance(value, BlockArgument)
            return Load(register, value.index)


def index_test(value: SSAValue) -> tuple[IotaOp, str] | None:
    """(index expression, comparison with zero) of a condition that depends on indices only."""
    op = value.owner
    if not isinstance(op, ApplyOp) or op.function.data not in AGAINST_ZERO.values():
        return None
    if len(list(value.uses)) != 1:
        return None
    iota = op.arguments[0].owner
    return (iota, op.function.data) if isinstance(iota, IotaOp) else None


def schedule(op: MapOp) -> Schedule:
    """The schedule of a map; of a fold, without the accumulating register."""
    scheduler = _Scheduler(in_loop=op.fold is not None)
    for inner in op.body.block.ops:
        if isinstance(inner, ApplyOp):
            scheduler.left[inner.tile] = len(list(inner.tile.uses))
    result = scheduler.get(op.result)
    return Schedule(scheduler.steps, scheduler.total, result)


def registers_needed(op: MapOp) -> int:
    """DST registers of a map, the accumulating one of a fold included."""
    return schedule(op).registers + int(op.fold is not None)
