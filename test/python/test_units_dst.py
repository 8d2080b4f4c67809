"""`tt-allocate-dst` on random windows: groups that share tiles compute what they compute alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from amounts import amount
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.roles import role_of
from tt_dialect.diagnostics import CompileError
from tt_dialect.ir import compute, eltwise, noc
from tt_dialect.ir.program import Role, ThreadOp
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.allocate_dst import AllocateDstPass

HEAD = """
!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 2, row_major>
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> \
tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], \
tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
"""
SIZES = {f"%g{i}": 1 + i % 2 for i in range(6)}


def kind(group: str) -> str:
    return f"!tt.compute.dst<{SIZES[group]}, bf16>"


@st.composite
def windows(draw: st.DrawFn) -> str:
    """One window of up to six groups of one or two tiles."""
    groups = list(SIZES)[: draw(st.integers(2, 6))]
    lines = [f"{group} = tt.compute.dst : {kind(group)}" for group in groups]
    loops = 0

    def step(slot: str, among: list[str]) -> str:
        x, y, out = (draw(st.sampled_from(among)) for _ in range(3))
        at = f"{out}[{slot}]"
        choices = [
            f"copy_tile %a[%c0], {at} : !cb, {kind(out)}",
            f"fill_tile 1.0, {at} : {kind(out)}",
            f'fpu_binary "mul" broadcast "none" %a[%c0], %a[%c0], {at} : !cb, !cb, {kind(out)}',
            f'fpu_binary "add" broadcast "none" %a[%c0], %a[%c0], {at} : !cb, !cb, {kind(out)}',
            f'reduce_tile "sum" dim "row" %a[%c0], %a, {at} : !cb, !cb, {kind(out)}',
            f'sfpu_unary "exp" {at} : {kind(out)}',
            f'sfpu_binary "add" {x}, {y} into {out} at {slot} : {kind(x)}, {kind(y)}, {kind(out)}',
            f"copy_dst {x} into {out} at {slot} : {kind(x)}, {kind(out)}",
        ]
        if SIZES[out] == 2:
            choices.append(f"copy_block %a[%c0], {out} : !cb, {kind(out)}")
        return f"tt.compute.{draw(st.sampled_from(choices))}"

    for _ in range(draw(st.integers(1, 10))):
        form = draw(st.integers(0, 3))
        wide = [group for group in groups if SIZES[group] == 2]
        if form == 0:
            lines.append(step("%c0", groups))
        elif form == 1:
            lines.append(step("%c1", wide))
        else:
            loops += 1
            low, high = draw(st.sampled_from([("%c0", "%c2"), ("%c1", "%c2"), ("%c0", "%c0")]))
            lines.append(f"scf.for %t{loops} = {low} to {high} step %c1 {{")
            lines += [step(f"%t{loops}", wide) for _ in range(draw(st.integers(1, 3)))]
            lines.append("}")
    packed = draw(st.lists(st.sampled_from(groups), unique=True, min_size=1))
    lines += [f"tt.compute.pack_block {g}, %a : {kind(g)}, !cb" for g in packed]
    return HEAD + "\n".join(lines) + "\n}\n}\n"


@dataclass
class Tiles:
    """Runs a window on tiles that hold what was done to them."""

    place: Callable[[SSAValue, int], object]
    held: dict[object, object] = field(default_factory=dict[object, object])
    count: int = 0

    def get(self, dst: SSAValue, slot: int) -> object:
        return self.held.get(self.place(dst, slot), 0)

    def run(self, block: Block, known: dict[SSAValue, int]) -> Iterator[object]:
        for op in block.ops:
            if isinstance(op, scf.ForOp):
                low, high, step = (cast(int, constant_value(v)) for v in (op.lb, op.ub, op.step))
                for i in range(low, high, step):
                    yield from self.run(op.body.block, {op.body.block.args[0]: i})
            elif isinstance(op, compute.PackBlockOp):
                assert isinstance(op.dst.type, compute.DstType)
                yield [self.get(op.dst, slot) for slot in range(op.dst.type.tiles.data)]
            else:
                self.step(op, known)

    def step(self, op: Operation, known: dict[SSAValue, int]) -> None:
        self.count += 1
        new = f"{op.name} {self.count}"
        slot = next((v for v in op.operands if v is getattr(op, "slot", None)), None)
        at = 0 if slot is None else known.get(slot, constant_value(slot) or 0)
        match op:
            case compute.CopyBlockOp():
                for i in range(2):
                    self.held[self.place(op.dst, i)] = new, i
            case eltwise.CopyTileOp() | compute.FillTileOp():
                self.held[self.place(op.dst, at)] = new
            case eltwise.FpuBinaryOp() if op.function.data == "add":
                self.held[self.place(op.dst, at)] = new
            case eltwise.FpuBinaryOp() | eltwise.ReduceTileOp() | eltwise.SfpuUnaryOp():
                self.held[self.place(op.dst, at)] = new, self.get(op.dst, at)
            case eltwise.SfpuBinaryOp():
                self.held[self.place(op.out, at)] = new, self.get(op.a, at), self.get(op.b, at)
            case eltwise.CopyDstOp():
                self.held[self.place(op.into, at)] = self.get(op.source, at)
            case _:
                pass


def in_dst(dst: SSAValue, slot: int) -> object:
    assert isinstance(dst.owner, compute.DstOp)
    assert dst.owner.index is not None
    assert dst.owner.index.value.data + slot < 8
    return dst.owner.index.value.data + slot


@given(windows())
@settings(deadline=None, max_examples=amount(60, 20))
def test_groups_that_share_tiles_do_not_disturb_each_other(text: str) -> None:
    module = parse_module(text, "window.mlir")
    try:
        AllocateDstPass().apply(make_context(), module)
    except CompileError as error:
        assume("never packed" not in str(error) and "live at once" not in str(error))
        raise
    (thread,) = (op for op in module.walk() if isinstance(op, ThreadOp))
    alone = list(Tiles(lambda dst, slot: (dst, slot)).run(thread.body.block, {}))
    shared = list(Tiles(in_dst).run(thread.body.block, {}))
    assert alone == shared, str(module)


def test_roles_of_elementwise_operations() -> None:
    for kind in (*eltwise.DST_OPS, *eltwise.UNIT_OPS):
        assert role_of(kind.__new__(kind), {}) is Role.COMPUTE
    assert role_of(noc.GenerateTileOp.__new__(noc.GenerateTileOp), {}) is Role.READER
