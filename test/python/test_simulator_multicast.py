"""Semaphores and multicast: one core reads, four cores write (the handshake of metalium.md 1.6)."""

from __future__ import annotations

import numpy as np
import pytest

from tt_dialect.diagnostics import CompileError
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module
from tt_dialect.run.numerics import Format, load
from tt_dialect.run.scheduler import Deadlock
from tt_dialect.run.simulator import RunStats, simulate

ROUNDS = 3

PROGRAM = """
builtin.module {
  tt.program "broadcast" arch "wormhole" api "v2"
      config <"HiFi4", dst32 false, full_sync false>
      abi <address "X_addr" = 0, address "Y_addr" = 1, coordinate "x" = 0, count "count" = 0>
      tensors [#tt.tensor<"X", in, [32, 96], PAGES>, #tt.tensor<"Y", out, [128, 96], PAGES>]
      partition <"global", "contiguous", core_grid [8, 8], blocks [4, 1], block_tiles [1, 3],
                 tiles [4, 3], work [<1, <<[0, 0], [4, 1]>>>]>
      decisions [] {
    %cb = tt.cb.alloc "X_shared" id 0 : !CB
    %ready = tt.noc.semaphore "ready" initial 0 : !tt.noc.semaphore
    %valid = tt.noc.semaphore "valid" initial 0 : !tt.noc.semaphore
    tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %addr = tt.noc.runtime_arg 0 : index
      %X = tt.noc.accessor %addr : index -> !X
      scf.for %i = %c0 to %c3 step %c1 {
        tt.cb.reserve_back %cb, 1 : !CB
        %p = tt.cb.write_ptr %cb : !CB
        tt.noc.read_page %X[%i], %p[%c0] : !X
        tt.noc.read_barrier
        tt.noc.semaphore_wait %ready, %c3
        tt.noc.semaphore_set %ready, %c0
        tt.noc.multicast %p, %cb, 1 to (%c1, %c0), (%c3, %c0) dests 3 : !CB
        tt.noc.semaphore_set %valid, %c1
        tt.noc.semaphore_set_multicast %valid to (%c1, %c0), (%c3, %c0) dests 3
        tt.cb.push_back %cb, 1 : !CB
      }
      tt.noc.write_barrier
    }
    tt.thread "reader" on "riscv_1" noc 0 cores <<[1, 0], [3, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      scf.for %i = %c0 to %c3 step %c1 {
        tt.cb.reserve_back %cb, 1 : !CB
        tt.noc.semaphore_set %valid, %c0
        tt.noc.semaphore_inc %ready at (%c0, %c0), %c1
        tt.noc.semaphore_wait %valid, %c1
        tt.cb.push_back %cb, 1 : !CB
      }
      tt.noc.atomic_barrier
    }
    tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [4, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %addr = tt.noc.runtime_arg 1 : index
      %x = tt.noc.runtime_arg 2 : index
      %cx, %cy = tt.noc.core_coord : index, index
      %Y = tt.noc.accessor %addr : index -> !Y
      scf.for %i = %c0 to %c3 step %c1 {
        tt.cb.wait_front %cb, 1 : !CB
        %p = tt.cb.read_ptr %cb : !CB
        %row = arith.muli %cx, %c3 : index
        %page = arith.addi %row, %i : index
        tt.noc.write_page %Y[%page], %p[%c0] noc 1 : !Y
        tt.noc.writes_flushed noc 1
        tt.cb.pop_front %cb, 1 : !CB
      }
      tt.noc.write_barrier noc 1
    }
  }
}
"""


def run(text: str = PROGRAM, seed: int = 0) -> tuple[np.ndarray, np.ndarray, RunStats]:
    pages = 'buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">'
    text = text.replace("PAGES", pages)
    text = text.replace("!CB", "!tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>")
    text = text.replace("!X", f"!tt.noc.accessor<[32, 96], {pages}>")
    text = text.replace("!Y", f"!tt.noc.accessor<[128, 96], {pages}>")
    module = parse_module(text, "broadcast.mlir")
    module.verify()
    program = next(op for op in module.walk() if isinstance(op, ProgramOp))
    x = np.random.default_rng(0).standard_normal((32, 96), dtype=np.float32)
    (y,), stats = simulate(program, [x], seed=seed)
    return load(x, Format.BF16), y, stats


@pytest.mark.parametrize("seed", range(12))
def test_every_core_gets_every_page(seed: int) -> None:
    x, y, stats = run(seed=seed)
    assert np.array_equal(y, np.tile(x, (4, 1)))
    page = 2048
    assert stats.total.dram_read == ROUNDS * page
    assert stats.total.dram_write == 4 * ROUNDS * page
    assert stats.total.noc_bytes == (ROUNDS + 4 * ROUNDS + 3 * ROUNDS) * page
    assert stats.total.semaphore_waits > 0


def test_lost_increment_is_a_deadlock() -> None:
    broken = PROGRAM.replace("tt.noc.semaphore_inc %ready at (%c0, %c0), %c1\n", "\n")
    with pytest.raises(Deadlock) as caught:
        run(broken)
    text = str(caught.value)
    assert "reader on core (0, 0) blocks in semaphore_wait of 'ready' for value 3 (it is 0)" in text
    assert "reader on 3 cores (1, 0) to (3, 0) blocks in semaphore_wait of 'valid'" in text
    assert "writer on 4 cores" in text


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("        tt.noc.read_barrier\n", "", "multicast from 'X_shared' before the reads"),
        ("dests 3 : !CB", "dests 2 : !CB", "multicast to 3 cores, 2 are announced"),
        ("at (%c0, %c0)", "at (%c0, %c3)", r"core \(0, 3\) runs no kernel"),
        ("to (%c1, %c0), (%c3, %c0) dests 3 :", "to (%c1, %c0), (%c3, %c1) dests 6 :", "no kernel"),
        ("%valid, %c0\n", "%valid, %c1\n", "outside the reserved window|blocks in semaphore_wait"),
    ],
)
def test_broken_handshakes(before: str, after: str, message: str) -> None:
    assert before in PROGRAM
    with pytest.raises(CompileError, match=message):
        run(PROGRAM.replace(before, after))


def test_two_producers_are_reported() -> None:
    second = PROGRAM.replace('"writer" on "riscv_0" noc 1', '"writer" on "riscv_0" noc 0').replace(
        "tt.cb.wait_front %cb, 1", "tt.cb.reserve_back %cb, 2"
    )
    with pytest.raises(CompileError):
        run(second)
