"""`tt-insert-inits` on random kernels, held against running them step by step.

The kernels nest loops, of known and unknown length, and branches around windows of copies,
broadcasts, reductions, FPU and SFPU operations. Running one follows the units through one choice of
trip counts and branches.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from amounts import amount
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.units import UnitFlow
from tt_dialect.ir import cb, compute, eltwise
from tt_dialect.ir.functions import FUNCTIONS, Family
from tt_dialect.ir.program import ThreadOp
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.allocate_dst import AllocateDstPass
from tt_dialect.passes.insert_inits import InsertInitsPass

HEAD = """
!bf16 = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!f16 = !tt.cb.buffer<tile<32x32, f16>, block 1x1, pages 2, row_major>
!f32 = !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, f32>
tt.program "f" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false> abi <> \
tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], \
tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !bf16
  %b = tt.cb.alloc "b" : !f16
  %c = tt.cb.alloc "c" unpack_to_dest : !f32
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %n = tt.noc.runtime_arg 0 : index
    %if = arith.cmpi slt, %n, %c2 : index
"""
KINDS = {"a": "!bf16", "b": "!f16", "c": "!f32"}
BUFFERS = st.sampled_from("abc")
DIMS = st.sampled_from(["row", "col"])


@dataclass
class Writer:
    """A random kernel, line by line."""

    draw: st.DrawFn
    branches: bool
    lines: list[str] = field(default_factory=list[str])
    groups: int = 0

    def fill(self, group: str) -> None:
        """One operation on a group."""
        x, y = self.draw(BUFFERS), self.draw(BUFFERS)
        at = f"{group}[%c0]"
        dim = self.draw(DIMS)
        to = "!dst"
        choices: list[str] = [
            f"copy_tile %{x}[%c0], {at} : {KINDS[x]}, {to}",
            f'broadcast_tile "{dim}" %{x}[%c0], {at} : {KINDS[x]}, {to}',
            f'fpu_binary "add" broadcast "none" %{x}[%c0], %{y}[%c0], {at} '
            f": {KINDS[x]}, {KINDS[y]}, {to}",
            f'reduce_tile "max" dim "{dim}" %{x}[%c0], %{y}, {at} : {KINDS[x]}, {KINDS[y]}, {to}',
            f'sfpu_unary "exp" {at} : {to}',
            f'sfpu_binary "add" {group}, {group} into {group} at %c0 : {to}, {to}, {to}',
            f"fill_tile 1.0, {at} : {to}",
            f"matmul_block %{x}[%c0], %{y}[%c0], {group} rt 1 ct 1 kt 1 transpose false "
            f": {KINDS[x]}, {KINDS[y]}, {to}",
        ]
        self.lines.append(f"tt.compute.{self.draw(st.sampled_from(choices))}")

    def nest(self, inside: Callable[[], None], *, most: int) -> None:
        """Perhaps a loop or a branch around something."""
        kind = self.draw(st.integers(0, most))
        if kind == 0:
            # After a loop that may not run two states meet, as after a branch.
            bounds = ["%c0", "%c2", "%n", "%n"] if self.branches else ["%c2"]
            bound = self.draw(st.sampled_from(bounds))
            self.groups += 1
            self.lines.append(f"scf.for %i{self.groups} = %c0 to {bound} step %c1 {{")
            inside()
            self.lines.append("}")
        elif kind == 1 and self.branches:
            self.lines.append("scf.if %if {")
            inside()
            if self.draw(st.booleans()):
                self.lines.append("} else {")
                inside()
            self.lines.append("}")
        else:
            inside()

    def window(self) -> None:
        """Groups that are filled, then packed."""
        taken = [f"%g{self.groups + i}" for i in range(self.draw(st.integers(1, 2)))]
        self.groups += len(taken)
        self.lines += [f"{group} = tt.compute.dst : !dst" for group in taken]
        for _ in range(self.draw(st.integers(0, 3))):
            self.nest(lambda: self.fill(self.draw(st.sampled_from(taken))), most=5)
        for group in self.draw(st.permutations(taken)):
            x = self.draw(BUFFERS)
            self.lines.append(f"tt.compute.pack_block {group}, %{x} : !dst, {KINDS[x]}")

    def block(self, depth: int) -> None:
        """Windows, loops and branches."""
        for _ in range(self.draw(st.integers(1, 3))):
            if depth:
                self.nest(lambda: self.block(depth - 1), most=3)
            else:
                self.window()


@st.composite
def kernels(draw: st.DrawFn, *, branches: bool) -> str:
    writer = Writer(draw, branches)
    writer.block(draw(st.integers(0, 3)))
    return HEAD + "\n".join(writer.lines) + "\n}\n}\n"


def lowered(text: str) -> tuple[ModuleOp, Block]:
    module = parse_module(text, "kernel.mlir")
    for one in (AllocateDstPass(), InsertInitsPass()):
        one.apply(make_context(), module)
    module.verify()
    (thread,) = (op for op in module.walk() if isinstance(op, ThreadOp))
    return module, thread.body.block


def trace(block: Block, choice: random.Random) -> Iterator[Operation]:
    """The operations one run of a block executes."""
    for op in block.ops:
        if isinstance(op, scf.ForOp):
            known = constant_value(op.ub)
            for _ in range(choice.randrange(4) if known is None else known):
                yield from trace(op.body.block, choice)
        elif isinstance(op, scf.IfOp):
            region = choice.choice(op.regions)
            if region.blocks:
                yield from trace(region.block, choice)
        else:
            yield op


def tile(value: SSAValue) -> str:
    assert isinstance(value.type, cb.BufferType)
    return str(value.type.tile.element_type)


@dataclass
class Units:
    """The units of a core, as `api/compute` describes them; complains of wrong use."""

    a: str = "?"
    b: str = "?"
    out: str = "?"
    math: str = "?"
    sfpu: str = "?"
    mask: str = "none"
    open: bool = False
    reduced: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])

    def init(self, math: str) -> None:
        assert not self.open, "an init while a broadcast is not undone"
        self.math = math

    def run(self, op: Operation) -> None:
        match op:
            case compute.HwStartupOp():
                first, second = (op.in1, op.in0) if op.matmul else (op.in0, op.in1)
                self.a, self.b, self.out = tile(first), tile(second), tile(op.out)
            case compute.ReconfigSrcAOp():
                self.a = tile(op.cb)
            case compute.ReconfigSrcBOp():
                self.b = tile(op.cb)
            case compute.ReconfigPackOp():
                self.out = tile(op.cb)
            case compute.CopyInitOp():
                self.init(f"copy {tile(op.cb)}")
            case compute.MatmulBlockInitOp():
                self.init(f"matmul {tile(op.a)} {tile(op.b)}")
            case eltwise.FpuBinaryInitOp():
                self.init(f"fpu {tile(op.a)} {tile(op.b)}")
            case eltwise.ReduceInitOp():
                self.init(f"reduce {op.dim.data} {tile(op.cb)} {tile(op.scaler)}")
                self.mask = op.dim.data
            case eltwise.ReduceUninitOp():
                self.mask, self.math = "none", "?"
            case eltwise.BroadcastInitOp():
                assert self.mask == "none", "the packer is configured anew under a mask"
                self.init(f"broadcast {op.how.data} {tile(op.cb)}")
                # Neither generation sets the formats: its page passes either source.
                assert (self.a, self.b) == (tile(op.cb), tile(op.cb))
                self.open = True
            case eltwise.BroadcastUninitOp():
                self.open, self.math = False, "?"
            case compute.FillInitOp():
                self.sfpu = "fill"
            case eltwise.SfpuInitOp():
                self.sfpu = FUNCTIONS[op.function.data, Family(op.family.data)].v2.init
            case _:
                self.use(op)

    def use(self, op: Operation) -> None:
        match op:
            case eltwise.CopyTileOp():
                self.expect(a=tile(op.cb), math=f"copy {tile(op.cb)}", open=False)
            case compute.MatmulBlockOp():
                math = f"matmul {tile(op.a)} {tile(op.b)}"
                self.expect(a=tile(op.b), b=tile(op.a), math=math, open=False)
            case eltwise.FpuBinaryOp():
                math = f"fpu {tile(op.a)} {tile(op.b)}"
                self.expect(a=tile(op.a), b=tile(op.b), math=math, open=False)
            case eltwise.ReduceTileOp():
                math = f"reduce {op.dim.data} {tile(op.cb)} {tile(op.scaler)}"
                self.expect(a=tile(op.cb), b=tile(op.scaler), math=math, open=False)
            case eltwise.BroadcastTileOp():
                math = f"broadcast {op.how.data} {tile(op.cb)}"
                self.expect(a=tile(op.cb), b=tile(op.cb), math=math, open=True)
            case compute.FillTileOp():
                self.expect(sfpu="fill")
            case eltwise.SfpuUnaryOp():
                self.expect(sfpu=FUNCTIONS[op.function.data, Family.UNARY].v2.init)
            case eltwise.SfpuBinaryOp():
                self.expect(sfpu=FUNCTIONS[op.function.data, Family.BINARY].v2.init)
            case compute.PackBlockOp():
                reduces = [u.operation for u in op.dst.uses]
                dims = {o.dim.data for o in reduces if isinstance(o, eltwise.ReduceTileOp)}
                assert self.out == tile(op.cb)
                assert self.mask in (dims or {"none"}), f"{self.mask} for a group of {dims}"
            case _:
                pass

    def expect(self, **units: object) -> None:
        assert {name: getattr(self, name) for name in units} == units


@given(kernels(branches=True), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=amount(60, 20))
def test_every_run_finds_its_units_programmed(text: str, choice: random.Random) -> None:
    module, block = lowered(text)
    for _ in range(4):
        units = Units()
        for op in trace(block, choice):
            try:
                units.run(op)
            except AssertionError as error:
                error.add_note(f"{op}\n{module}")
                raise


def found(block: Block) -> tuple[list[str], list[str]]:
    """What is missing and what is redundant."""
    missing: list[str] = []
    redundant: list[str] = []
    flow = UnitFlow(
        lambda op, unit, key: missing.append(f"{op} misses {unit} {key}"),
        lambda op: redundant.append(str(op)),
    )
    flow.run(block, {})
    return missing, redundant


@given(kernels(branches=True))
@settings(deadline=None, max_examples=amount(40, 15))
def test_nothing_is_missing(text: str) -> None:
    module, block = lowered(text)
    assert found(block)[0] == [], str(module)


@given(kernels(branches=False))
@settings(deadline=None, max_examples=amount(60, 20))
def test_nothing_is_redundant_where_all_iterations_are_alike(text: str) -> None:
    module, block = lowered(text)
    assert found(block) == ([], []), str(module)
