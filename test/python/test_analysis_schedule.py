"""Schedules of maps: simulated step by step on registers, they compute what the region says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, bf16, f32
from xdsl.dialects.test import TestPureOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tt_dialect.analysis.schedule import (
    Copy,
    Fill,
    Fpu,
    Index,
    Load,
    Select,
    Sfpu,
    Step,
    Zero,
    registers_needed,
    schedule,
)
from tt_dialect.ir.cb import RequestAttr
from tt_dialect.ir.eltwise import ApplyOp, IotaOp, MapOp, SplatOp, YieldOp
from tt_dialect.ir.layout import BlockType, TileType

Term = object
"""A number that stands for a value: a string of a leaf, or (function, operands)."""

UNARY = ("exp", "neg", "gez", "eqz")
SCALAR = ("add", "max", "rsub")
BINARY = ("add", "sub", "mul", "max")


@dataclass
class Machine:
    """Registers that hold terms; reading one that holds nothing, or an operand lost, shows."""

    op: MapOp
    uniform: bool | None
    """What the index tests give for a whole tile; None for a tile they cut."""
    registers: dict[int, Term] = field(default_factory=dict[int, Term])
    touched: set[int] = field(default_factory=set[int])

    def put(self, register: int, term: Term) -> None:
        self.registers[register] = term
        self.touched.add(register)

    def run(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.step(step)

    def step(self, step: Step) -> None:
        match step:
            case Load(register, number):
                self.put(register, f"input {number}")
            case Fill(register, value):
                self.put(register, leaf(value))
            case Index(register, iota):
                self.put(register, leaf(iota.tile))
            case Zero(register):
                self.put(register, "zero")
            case Fpu(register, form):
                if form.function == "mul":  # adds to what is there
                    assert self.registers.get(register, "zero") == "zero"
                operands = (f"input {form.a}", f"input {form.b}")
                self.put(register, (form.function, frozenset(operands), form.broadcast))
            case Copy(source, register):
                self.put(register, self.registers[source])
            case Sfpu(family, function, operands, register, value):
                terms = tuple(self.registers[r] for r in operands)
                if family in ("unary", "scalar"):
                    assert operands == (register,)  # in place
                self.put(register, (function, terms, leaf(value) if value is not None else None))
            case Select(_, _, then, otherwise, mixed):
                if self.uniform is None:
                    self.run(mixed)
                else:
                    self.run(then if self.uniform else otherwise)
                self.touched |= touched_by(mixed)


def touched_by(steps: Sequence[Step]) -> set[int]:
    found: set[int] = set()
    for step in steps:
        match step:
            case Select(_, _, then, otherwise, mixed):
                for inner in (then, otherwise, mixed):
                    found |= touched_by(inner)
            case Sfpu(_, _, operands, register):
                found |= {*operands, register}
            case Copy(source, register):
                found |= {source, register}
            case _:
                found.add(step.register)
    return found


def leaf(value: SSAValue) -> Term:
    """A scalar, an index expression or an input, by name."""
    owner = value.owner
    if isinstance(owner, SplatOp):
        return leaf(owner.value)
    return value.name_hint


def meaning(op: MapOp, value: SSAValue, uniform: bool | None) -> Term:
    """The term of a value of the region, from its operations alone."""
    owner = value.owner
    match owner:
        case Block():
            return f"input {list(op.body.block.args).index(value)}"  # type: ignore[arg-type]
        case ApplyOp():
            name = owner.function.data
            *tiles, last = owner.arguments
            if last.type == f32:
                return (name, tuple(meaning(op, v, uniform) for v in tiles), leaf(last))
            if fpu(op, owner):
                a, b = (op.body.block.args.index(v) for v in owner.arguments)  # type: ignore[arg-type]
                how = [h for h in (op.broadcasts[a], op.broadcasts[b]) if h != "none"]
                inputs = frozenset((f"input {a}", f"input {b}"))
                return (name, inputs, how[0] if how else "none")
            if name == "where" and is_test(owner.arguments[0]) and uniform is not None:
                return meaning(op, owner.arguments[1 if uniform else 2], uniform)
            return (name, tuple(meaning(op, v, uniform) for v in owner.arguments), None)
        case _:
            return leaf(value)


def fpu(op: MapOp, apply: ApplyOp) -> bool:
    """Two inputs of one 16-bit format, at most one of them (of sub, the second) broadcast."""
    if apply.function.data not in ("add", "sub", "mul") or len(apply.arguments) != 2:
        return False
    args = list(op.body.block.args)
    if any(v not in args or v.type != TileType.of(bf16) for v in apply.arguments):
        return False
    how = [op.broadcasts[args.index(v)] for v in apply.arguments]  # type: ignore[arg-type]
    return how[0] == "none" or (how[1] == "none" and apply.function.data != "sub")


def is_test(value: SSAValue) -> bool:
    """A comparison of an index expression with zero that nothing else reads."""
    owner = value.owner
    if not isinstance(owner, ApplyOp) or owner.function.data not in ("gez", "eqz"):
        return False
    return isinstance(owner.arguments[0].owner, IotaOp) and len(list(value.uses)) == 1


def a_map(
    body: Callable[[Block, list[SSAValue]], SSAValue],
    inputs: Sequence[tuple[str, Attribute]] = (("none", f32),),
    fold: bool = False,
) -> MapOp:
    """A map over one tile whose region `body` fills; its operands are results of a test op."""
    kinds = [BlockType.of(1, 1, TileType.of(kind)) for _, kind in inputs]
    source = TestPureOp(result_types=kinds)
    block = Block(arg_types=[kind.tile for kind in kinds])
    result = body(block, list(block.args))
    block.add_op(YieldOp(result))
    assert isinstance(result.type, TileType)
    request = RequestAttr.of(0, "r", 1, "default")
    made = MapOp(
        list(source.results),
        [how for how, _ in inputs],
        (1, 1),
        request,
        BlockType.of(1, 1, result.type),
        Region(block),
        ("add", "row") if fold else None,
    )
    made.verify()
    return made


@st.composite
def maps(draw: st.DrawFn) -> MapOp:
    """A random DAG: sharing, scalars, indices, masks, FPU operations, broadcasts, folds."""
    kinds = st.sampled_from([f32, bf16])
    hows = st.sampled_from(["none", "none", "row", "col", "scalar"])
    inputs = draw(st.lists(st.tuples(hows, kinds), min_size=1, max_size=4))

    def body(block: Block, values: list[SSAValue]) -> SSAValue:
        wide = TileType.of(f32)
        outside = Block()

        def add(op: Operation, name: str) -> SSAValue:
            block.add_op(op)
            op.results[0].name_hint = name
            return op.results[0]

        def constant(number: int) -> SSAValue:
            op = ConstantOp(FloatAttr(float(number), f32))
            outside.add_op(op)
            op.result.name_hint = f"scalar_{number}"
            return op.result

        def index() -> SSAValue:
            op = ConstantOp(IntegerAttr.from_index_int_value(0))
            outside.add_op(op)
            return op.result

        pool = list(values)
        for number in range(draw(st.integers(1, 12))):
            pick = st.sampled_from(pool)
            recent = st.sampled_from(pool[-3:])
            match draw(st.sampled_from(["unary", "scalar", "binary", "binary", "where", "mask"])):
                case "unary":
                    made = ApplyOp(draw(st.sampled_from(UNARY)), [draw(recent)], wide)
                case "scalar":
                    function = draw(st.sampled_from(SCALAR))
                    made = ApplyOp(function, [draw(recent), constant(number)], wide)
                case "binary":
                    made = ApplyOp(draw(st.sampled_from(BINARY)), [draw(recent), draw(pick)], wide)
                case "where":
                    splat = add(SplatOp(constant(number), wide), f"scalar_{number}")
                    operands = [draw(recent), draw(pick), draw(st.sampled_from([*pool, splat]))]
                    made = ApplyOp("where", operands, wide)
                case _:
                    iota = add(IotaOp(1, -1, index(), wide), f"index_{number}")
                    function = draw(st.sampled_from(["gez", "eqz"]))
                    test = add(ApplyOp(function, [iota], wide), f"test_{number}")
                    splat = add(SplatOp(constant(number), wide), f"scalar_{number}")
                    other = draw(st.sampled_from([*pool, splat]))
                    arms = draw(st.permutations([draw(recent), other]))
                    made = ApplyOp("where", [test, *arms], wide)
            pool.append(add(made, f"v{number}"))
        return pool[-1]

    made = a_map(body, inputs, draw(st.booleans()))
    for op in reversed(list(made.body.block.ops)):  # what nobody reads is not scheduled
        if op.results and not op.results[0].uses:
            op.detach()
            op.erase()
    return made


@given(maps(), st.sampled_from([True, False, None]))
@settings(deadline=None, max_examples=200)
def test_steps_compute_the_region(op: MapOp, uniform: bool | None) -> None:
    planned = schedule(op)
    machine = Machine(op, uniform)
    machine.run(planned.steps)
    if op.fold is not None:  # again, in registers that have been used
        machine.run(planned.steps)
    assert machine.registers[planned.result] == meaning(op, op.result, uniform)
    assert touched_by(planned.steps) == set(range(planned.registers))
    assert registers_needed(op) == planned.registers + (op.fold is not None)


def apply(block: Block, name: str, *operands: SSAValue) -> SSAValue:
    op = ApplyOp(name, operands, TileType.of(f32))
    block.add_op(op)
    return op.tile


def test_a_chain_needs_one_register() -> None:
    def chain(block: Block, values: list[SSAValue]) -> SSAValue:
        value = values[0]
        for name in ("exp", "neg", "abs", "sqrt"):
            value = apply(block, name, value)
        return value

    assert schedule(a_map(chain)).registers == 1


def test_the_greedier_operand_goes_first() -> None:
    """A balanced tree of 8 leaves needs 4 registers; a comb on either side needs 2."""

    def tree(block: Block, values: list[SSAValue]) -> SSAValue:
        level = [apply(block, "exp", values[0]) for _ in range(8)]
        while len(level) > 1:
            level = [
                apply(block, "add", *pair) for pair in zip(level[::2], level[1::2], strict=True)
            ]
        return level[0]

    def comb(left: bool) -> Callable[[Block, list[SSAValue]], SSAValue]:
        def body(block: Block, values: list[SSAValue]) -> SSAValue:
            total = apply(block, "exp", values[0])
            for _ in range(6):
                other = apply(block, "exp", values[0])
                total = apply(block, "add", *((total, other) if left else (other, total)))
            return total

        return body

    assert schedule(a_map(tree)).registers == 4
    assert schedule(a_map(comb(left=True))).registers == 2
    assert schedule(a_map(comb(left=False))).registers == 2


def test_a_value_that_is_read_again_is_kept() -> None:
    def body(block: Block, values: list[SSAValue]) -> SSAValue:
        e = apply(block, "exp", values[0])
        return apply(block, "mul", apply(block, "neg", e), e)

    planned = schedule(a_map(body))
    assert [type(s) for s in planned.steps] == [Load, Sfpu, Copy, Sfpu, Sfpu]
    assert planned.registers == 2


@pytest.mark.parametrize("fold", [False, True])
def test_an_fpu_product_finds_zero(fold: bool) -> None:
    def body(block: Block, values: list[SSAValue]) -> SSAValue:
        return apply(block, "mul", values[0], values[1])

    planned = schedule(a_map(body, (("col", bf16), ("none", bf16)), fold))
    assert [type(s) for s in planned.steps] == [Zero, Fpu] if fold else [Fpu]
    step = planned.steps[-1]
    assert isinstance(step, Fpu)
    assert (step.form.a, step.form.b, step.form.broadcast) == (1, 0, "col")
