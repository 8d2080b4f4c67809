"""Page counts per circular buffer, held against running the loops."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import BFloat16Type, IndexType
from xdsl.ir import Block, Operation, Region, SSAValue

from tt_dialect.analysis.index import constant_value
from tt_dialect.analysis.tokens import moved, show
from tt_dialect.ir.cb import AllocOp, BufferType, PopFrontOp, PushBackOp, ReserveBackOp, WaitFrontOp
from tt_dialect.ir.layout import TileType
from tt_dialect.mlir_text import parse_module

KINDS = (ReserveBackOp, PushBackOp, WaitFrontOp, PopFrontOp)
BUFFER = BufferType.of(TileType.of(BFloat16Type()), (1, 1), 64)


@st.composite
def blocks(draw: st.DrawFn, buffers: list[SSAValue], depth: int = 0) -> Block:
    """Protocol operations in nested loops with constant bounds, empty ones too."""
    block = Block(arg_types=[IndexType()] if depth else [])
    for _ in range(draw(st.integers(0, 4))):
        if depth < 3 and draw(st.booleans()):
            low, extent, step = draw(
                st.tuples(st.integers(0, 3), st.integers(-1, 5), st.integers(1, 3))
            )
            bounds = [
                arith.ConstantOp.from_int_and_width(v, IndexType())
                for v in (low, low + extent, step)
            ]
            body = draw(blocks(buffers, depth + 1))
            block.add_ops([*bounds, scf.ForOp(*bounds, [], Region(body))])
        else:
            kind = draw(st.sampled_from(KINDS))
            block.add_op(kind(draw(st.sampled_from(buffers)), draw(st.integers(1, 64))))
    if depth:
        block.add_op(scf.YieldOp())
    return block


def execute(block: Block, kind: type[Operation], totals: Counter[SSAValue]) -> None:
    for op in block.ops:
        if isinstance(op, KINDS) and isinstance(op, kind):
            totals[op.cb] += op.count
        elif isinstance(op, scf.ForOp):
            low, high, step = (constant_value(v) for v in (op.lb, op.ub, op.step))
            assert low is not None
            assert high is not None
            assert step is not None
            for _ in range(low, high, step):
                execute(op.body.block, kind, totals)


@given(st.data())
@settings(deadline=None)
def test_counts_are_those_of_running_the_loops(data: st.DataObject) -> None:
    allocs = [AllocOp(name, BUFFER) for name in ("a", "b")]
    block = data.draw(blocks([alloc.cb for alloc in allocs]))
    for kind in KINDS:
        totals: Counter[SSAValue] = Counter()
        execute(block, kind, totals)
        counts = moved(block, kind)
        for alloc in allocs:
            count = counts.get(alloc.cb, Counter())
            assert set(count) <= {()}
            assert count[()] == totals[alloc.cb]
            assert show(count) == str(totals[alloc.cb])


SYMBOLIC = """
!cb = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 8, row_major>
func.func @f() {
  %s = tt.cb.alloc "s" : !cb
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %count = tt.noc.runtime_arg 3 : index
  %Kt = tt.noc.runtime_arg 5 : index
  %steps = arith.divui %Kt, %c4 : index
  tt.cb.push_back %s, 2 : !cb
  scf.for %i = %c0 to %count step %c1 {
    tt.cb.push_back %s, 4 : !cb
    scf.for %k = %c0 to %steps step %c1 {
      scf.for %j = %c0 to %c4 step %c1 {
        tt.cb.push_back %s, 1 : !cb
      }
    }
  }
  func.return
}
func.func @g() {
  %s = tt.cb.alloc "s" : !cb
  %n = tt.noc.runtime_arg 5 : index
  %a = arith.constant 0 : index
  %b = arith.constant 1 : index
  %c = arith.constant 4 : index
  %q = arith.divui %n, %c : index
  %times = tt.noc.runtime_arg 3 : index
  scf.for %k = %a to %q step %b {
    scf.for %i = %a to %times step %b {
      tt.cb.push_back %s, 4 : !cb
    }
  }
  scf.for %i = %a to %times step %b {
    tt.cb.push_back %s, 4 : !cb
  }
  tt.cb.push_back %s, 2 : !cb
  func.return
}
"""


def test_unknown_trip_counts_are_symbols() -> None:
    """Counts do not depend on names of values, nor on the order of loops."""
    first, second = (
        next(iter(moved(func.regions[0].block, PushBackOp).values()))
        for func in parse_module(SYMBOLIC).ops
    )
    assert first == second
    assert show(first) == (
        "2 + 4 * (0..argument 3 by 1)"
        " + 4 * (0..argument 3 by 1) * (0..arith.divui(argument 5, 4) by 1)"
    )


def test_other_counts_differ() -> None:
    count = moved(next(iter(parse_module(SYMBOLIC).ops)).regions[0].block, PushBackOp)
    changed = parse_module(
        SYMBOLIC.replace("%count = tt.noc.runtime_arg 3", "%count = tt.noc.runtime_arg 4")
    )
    other = moved(next(iter(changed.ops)).regions[0].block, PushBackOp)
    assert list(count.values()) != list(other.values())
    assert show(Counter()) == "0"


BRANCHES = """
!cb = !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 8, row_major>
func.func @f() {
  %s = tt.cb.alloc "s" : !cb
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tt.noc.runtime_arg 3 : index
  scf.for %i = %c0 to %n step %c1 {
    %on = arith.cmpi eq, %i, %c1 : index
    scf.if %on {
      tt.cb.push_back %s, 4 : !cb
    } else {
      tt.cb.push_back %s, 2 : !cb
    }
  }
  func.return
}
"""


def test_branches_count_under_their_condition() -> None:
    def pushed(text: str) -> str:
        return show(
            *moved(next(iter(parse_module(text).ops)).regions[0].block, PushBackOp).values()
        )

    on = "arith.cmpi 0(index in 0..argument 3, 1)"
    loop = "(0..argument 3 by 1)"
    assert pushed(BRANCHES) == f"4 * {loop} * (if {on}) + 2 * {loop} * (unless {on})"
    assert pushed(BRANCHES.replace("%s, 2", "%s, 4")) == f"4 * {loop}"
    assert pushed(BRANCHES.replace("cmpi eq", "cmpi ne")) != pushed(BRANCHES)
