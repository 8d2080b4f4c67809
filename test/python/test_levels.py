"""Level contracts: every fixture keeps them at every level, and broken modules are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.dialects.builtin import Float32Type, ModuleOp
from xdsl.ir import Operation

from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import import_source
from tt_dialect.ir import get_dialect
from tt_dialect.ir.layout import BlockType, TileType
from tt_dialect.levels import CONTRACTS, Level, check_level
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.base import LevelPass
from tt_dialect.passes.pipeline import lower_passes

DATA = Path(__file__).resolve().parents[1] / "data" / "tir"
ORDER = list(Level)


def at(level: Level, fixture: str = "gemm_blocks") -> ModuleOp:
    """A fixture lowered to a level."""
    module = import_source(DATA / f"{fixture}.tir.json")
    for reached, passes in lower_passes():
        if ORDER.index(reached) > ORDER.index(level):
            break
        for one in passes:
            one.apply(make_context(), module)
    return module


def find(module: ModuleOp, name: str) -> Operation:
    """The first operation of a name."""
    return next(op for op in module.walk() if op.name == name)


def messages(module: ModuleOp, level: Level) -> list[str]:
    return [d.message for d in check_level(module, level)]


# -------------------------------------------------------------------------------- positive


REFUSED = {
    "fills": "a part of an on-chip buffer is not supported",
}
"""Fixtures that are imported but not yet compiled, and why."""

FIXTURES = [
    name
    for name in sorted(path.name.removesuffix(".tir.json") for path in DATA.glob("*.tir.json"))
    if name not in REFUSED
]


@pytest.mark.parametrize("fixture", FIXTURES)
def test_every_pass_takes_and_gives_its_level(fixture: str) -> None:
    module = import_source(DATA / f"{fixture}.tir.json")
    assert messages(module, Level.TILE) == []
    for level, passes in lower_passes():
        for one in passes:
            takes, gives = getattr(one, "takes", None), getattr(one, "gives", None)
            assert takes is None or messages(module, takes) == [], f"before {one.name}"
            one.apply(make_context(), module)
            assert gives is None or messages(module, gives) == [], f"after {one.name}"
        assert messages(module, level) == []


@pytest.mark.parametrize("fixture", REFUSED)
def test_what_is_not_compiled_says_so(fixture: str) -> None:
    with pytest.raises(CompileError) as caught:
        at(Level.METALIUM, fixture)
    (found,) = caught.value.diagnostics
    assert found.message == REFUSED[fixture]
    assert found.location is not None
    assert found.location.file == "kernels.py"


@pytest.mark.parametrize("level", [pytest.param(level, id=level.value) for level in Level])
def test_a_level_is_not_another(level: Level) -> None:
    """A module at one level breaks the contract of every level further down."""
    module = at(level)
    for other in ORDER[ORDER.index(level) + 1 :]:
        assert messages(module, other), f"{level} passes as {other}"


def test_passes_chain() -> None:
    """What a pass gives is what the next one takes; groups end at the level they are named by."""
    current = Level.TILE
    for level, passes in lower_passes():
        for one in passes:
            if isinstance(one, LevelPass):
                assert one.takes in (current, level), one.name
                current = one.gives
        assert current == level


def test_every_operation_of_the_dialect_has_a_level() -> None:
    legal = {name for contract in CONTRACTS.values() for name in contract.ops}
    ours = {op.name for op in get_dialect().operations}
    inside_tensorize = {"tt.compute.read_buffer", "tt.compute.write_buffer"}
    assert ours - legal == inside_tensorize
    assert {name for name in legal if name.startswith("tt.")} <= ours


# -------------------------------------------------------------------------------- negative

FOREIGN = {
    Level.TILE: "tt.noc.read_barrier",
    Level.CORE: "scf.parallel",
    Level.TILED: "memref.alloc",
    Level.BUFFERED: "tt.noc.load_block",
    Level.THREADS: "func.func",
    Level.METALIUM: "tt.compute.matmul",
}


@pytest.mark.parametrize("level", [pytest.param(level, id=level.value) for level in Level])
def test_an_operation_of_another_level_is_reported(level: Level) -> None:
    module = at(level)
    donor = parse_module("""
    !block = !tt.layout.block<1x1, tile<32x32, bf16>>
    !tensor = memref<32x32xbf16>
    #cb = #tt.cb.request<0, "s", stages 1, by "user">
    func.func @donor(%t: !tensor, %i: index, %a: !block) {
      tt.noc.read_barrier
      scf.parallel (%p) = (%i) to (%i) step (%i) {
      }
      %m = memref.alloc() : memref<32x32xbf16, 1 : i64>
      %l = "tt.noc.load_block"(%t, %i, %i) <{cb = #cb}> : (!tensor, index, index) -> !block
      %s = tt.compute.matmul %a, %a into %a : !block, !block -> !block
      func.return
    }
    """)
    foreign = find(donor, FOREIGN[level]).clone()
    module.body.block.add_op(foreign)
    assert f"'{FOREIGN[level]}' is not legal at level {level}" in messages(module, level)
    foreign.detach()
    assert messages(module, level) == []


@pytest.mark.parametrize("level", [pytest.param(level, id=level.value) for level in Level])
def test_a_use_before_its_definition_is_reported(level: Level) -> None:
    module = at(level)
    user, value = next(
        (op, operand.owner)
        for op in module.walk()
        for operand in op.operands
        if isinstance(operand.owner, Operation) and operand.owner.parent is op.parent
    )
    assert user.parent is not None
    value.detach()
    user.parent.insert_op_after(value, user)
    module.verify()  # xDSL does not mind
    assert f"operand of '{user.name}' is defined after it" in messages(module, level)


@pytest.mark.parametrize(
    ("level", "op", "attribute", "made_by"),
    [
        (Level.CORE, "func.func", "tt.abi", "tt-grid-to-persistent"),
        (Level.CORE, "func.func", "tt.partition", "tt-partition-work"),
        (Level.CORE, "memref.alloc", "tt.cb", "tt-propagate-layout"),
        (Level.TILED, "func.func", "tt.abi", "tt-grid-to-persistent"),
        (Level.BUFFERED, "func.func", "tt.config", "tt-lower-memory"),
    ],
)
def test_a_missing_attribute_is_reported(
    level: Level, op: str, attribute: str, made_by: str
) -> None:
    module = at(level)
    del find(module, op).attributes[attribute]
    (found,) = check_level(module, level)
    assert found.message == f"'{attribute}' is missing"
    assert found.notes == (f"`{made_by}` sets it",)
    assert found.location is not None


@pytest.mark.parametrize(
    ("level", "op", "prop"),
    [
        (Level.THREADS, "tt.noc.read_page", "noc"),
        (Level.THREADS, "tt.noc.write_page", "noc"),
        (Level.THREADS, "tt.noc.read_barrier", "noc"),
        (Level.METALIUM, "tt.noc.write_barrier", "noc"),
        (Level.METALIUM, "tt.cb.alloc", "id"),
        (Level.METALIUM, "tt.compute.dst", "index"),
    ],
)
def test_a_missing_property_is_reported(level: Level, op: str, prop: str) -> None:
    module = at(level)
    del find(module, op).properties[prop]
    (message,) = messages(module, level)
    assert message.endswith(f"'{op}' has no {prop}")


@pytest.mark.parametrize("name", ["writes_flushed", "atomic_barrier", "semaphore_inc", "multicast"])
def test_every_transfer_names_its_noc(name: str) -> None:
    module = at(Level.THREADS)
    donor = parse_module((DATA.parents[1] / "ir" / "noc.mlir").read_text(encoding="utf-8"))
    foreign = find(donor, f"tt.noc.{name}").clone()
    find(module, "tt.thread").regions[0].block.add_op(foreign)
    assert f"transfer 'tt.noc.{name}' has no noc" in messages(module, Level.THREADS)


def test_a_type_of_another_level_is_reported() -> None:
    module = at(Level.BUFFERED)
    block = module.body.block.first_op
    assert block is not None
    argument = block.regions[0].block.insert_arg(BlockType.of(1, 1, TileType.of(Float32Type())), 0)
    assert any(str(argument.type) in message for message in messages(module, Level.BUFFERED))


def test_a_use_in_a_loop_before_the_definition_is_reported() -> None:
    text = """
    func.func @f(%n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %n step %c1 {
        %sum = arith.addi %i, %late : index
      }
      %late = arith.constant 7 : index
      func.return
    }
    """
    with pytest.raises(CompileError, match=r"operand of 'arith\.addi' is defined after it"):
        parse_module(text)
