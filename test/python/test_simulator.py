"""The simulator on a small GEMM, whole and broken: 2x2 cores, blocks of 2x2 tiles, K blocks."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from tt_dialect.diagnostics import CompileError
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module
from tt_dialect.run.numerics import Fidelity, Format, load, matmul_tile_step, round_to
from tt_dialect.run.scheduler import Deadlock
from tt_dialect.run.simulator import RunStats, simulate

M, N, K = 128, 128, 96  # 4 cores of one 64x64 block each, three K blocks of one tile

PAGES = 'buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">'
CB = "!tt.cb.buffer<tile<32x32, {}>, block {}, pages {}, {}>"
TYPES = {
    "!cA": CB.format("bf16", "2x1", 4, "row_major"),
    "!cB": CB.format("bf16", "1x2", 4, "row_major"),
    "!cP": CB.format("f32", "2x2", 4, "subblock<1x2>"),
    "!cC": CB.format("bf16", "2x2", 8, "subblock<1x2>"),
    "!A": f"!tt.noc.accessor<[128, 96], {PAGES}>",
    "!B": f"!tt.noc.accessor<[96, 128], {PAGES}>",
    "!C": f"!tt.noc.accessor<[128, 128], {PAGES}>",
    "!dst": "!tt.compute.dst<2, f32>",
    "PAGES": PAGES,
}

PROGRAM = """
builtin.module {
  tt.program "gemm" arch "wormhole" api "v2"
      config <"HiFi4", dst32 true, full_sync false>
      abi <address "A_addr" = 0, address "B_addr" = 1, address "C_addr" = 2,
           start "start_id" = 0, count "count" = 0, extent "Kt" = 3, extent "Nt" = 4>
      tensors [
        #tt.tensor<"A", in, [128, 96], PAGES>,
        #tt.tensor<"B", in, [96, 128], PAGES>,
        #tt.tensor<"C", out, [128, 128], PAGES>]
      partition <"global", "contiguous", core_grid [8, 8], blocks [2, 2], block_tiles [2, 2],
                 tiles [4, 4], work [<1, <<[0, 0], [4, 1]>>>]>
      decisions [] {
    %cA = tt.cb.alloc "A_shared" id 0 : !cA
    %cB = tt.cb.alloc "B_shared" id 1 : !cB
    %cP = tt.cb.alloc "C_local" id 2 unpack_to_dest : !cP
    %cC = tt.cb.alloc "C_out" id 3 : !cC
    tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [4, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %a_addr = tt.noc.runtime_arg 0 : index
      %b_addr = tt.noc.runtime_arg 1 : index
      %start = tt.noc.runtime_arg 3 : index
      %count = tt.noc.runtime_arg 4 : index
      %Kt = tt.noc.runtime_arg 5 : index
      %Nt = tt.noc.runtime_arg 6 : index
      %A = tt.noc.accessor %a_addr : index -> !A
      %B = tt.noc.accessor %b_addr : index -> !B
      scf.for %i = %c0 to %count step %c1 {
        %id = arith.addi %start, %i : index
        %Nb = arith.divui %Nt, %c2 : index
        %by = arith.divui %id, %Nb : index
        %bx = arith.remui %id, %Nb : index
        %m = arith.muli %by, %c2 : index
        %n = arith.muli %bx, %c2 : index
        scf.for %k = %c0 to %Kt step %c1 {
          tt.cb.reserve_back %cA, 2 : !cA
          %p = tt.cb.write_ptr %cA : !cA
          scf.for %r = %c0 to %c2 step %c1 {
            %row = arith.addi %m, %r : index
            %t0 = arith.muli %row, %Kt : index
            %page = arith.addi %t0, %k : index
            tt.noc.read_page %A[%page], %p[%r] : !A
          }
          tt.noc.read_barrier
          tt.cb.push_back %cA, 2 : !cA
          tt.cb.reserve_back %cB, 2 : !cB
          %q = tt.cb.write_ptr %cB : !cB
          scf.for %c = %c0 to %c2 step %c1 {
            %t1 = arith.muli %k, %Nt : index
            %t2 = arith.addi %t1, %n : index
            %page = arith.addi %t2, %c : index
            tt.noc.read_page %B[%page], %q[%c] : !B
          }
          tt.noc.read_barrier
          tt.cb.push_back %cB, 2 : !cB
        }
      }
    }
    tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [4, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %count = tt.noc.runtime_arg 4 : index
      %Kt = tt.noc.runtime_arg 5 : index
      scf.for %i = %c0 to %count step %c1 {
        scf.for %z = %c0 to %c2 step %c1 {
          tt.compute.tile_regs_acquire
          %d = tt.compute.dst index 0 : !dst
          tt.compute.tile_regs_commit
          tt.cb.reserve_back %cP, 2 : !cP
          tt.compute.tile_regs_wait
          tt.compute.pack_block %d, %cP : !dst, !cP
          tt.compute.tile_regs_release
          tt.cb.push_back %cP, 2 : !cP
        }
        scf.for %k = %c0 to %Kt step %c1 {
          tt.cb.wait_front %cA, 2 : !cA
          tt.cb.wait_front %cB, 2 : !cB
          scf.for %sr = %c0 to %c2 step %c1 {
            tt.compute.tile_regs_acquire
            %d = tt.compute.dst index 2 : !dst
            tt.cb.wait_front %cP, 2 : !cP
            tt.compute.copy_block %cP[%c0], %d : !cP, !dst
            tt.cb.pop_front %cP, 2 : !cP
            tt.compute.matmul_block %cA[%sr], %cB[%c0], %d
                rt 1 ct 2 kt 1 transpose false : !cA, !cB, !dst
            tt.compute.tile_regs_commit
            tt.cb.reserve_back %cP, 2 : !cP
            tt.compute.tile_regs_wait
            tt.compute.pack_block %d, %cP : !dst, !cP
            tt.compute.tile_regs_release
            tt.cb.push_back %cP, 2 : !cP
          }
          tt.cb.pop_front %cA, 2 : !cA
          tt.cb.pop_front %cB, 2 : !cB
        }
        scf.for %z = %c0 to %c2 step %c1 {
          tt.compute.tile_regs_acquire
          %d = tt.compute.dst index 0 : !dst
          tt.cb.wait_front %cP, 2 : !cP
          tt.compute.copy_block %cP[%c0], %d : !cP, !dst
          tt.cb.pop_front %cP, 2 : !cP
          tt.compute.tile_regs_commit
          tt.cb.reserve_back %cC, 2 : !cC
          tt.compute.tile_regs_wait
          tt.compute.pack_block %d, %cC : !dst, !cC
          tt.compute.tile_regs_release
          tt.cb.push_back %cC, 2 : !cC
        }
      }
    }
    tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [4, 1]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c_addr = tt.noc.runtime_arg 2 : index
      %start = tt.noc.runtime_arg 3 : index
      %count = tt.noc.runtime_arg 4 : index
      %Nt = tt.noc.runtime_arg 6 : index
      %C = tt.noc.accessor %c_addr : index -> !C
      scf.for %i = %c0 to %count step %c1 {
        %id = arith.addi %start, %i : index
        %Nb = arith.divui %Nt, %c2 : index
        %by = arith.divui %id, %Nb : index
        %bx = arith.remui %id, %Nb : index
        %m = arith.muli %by, %c2 : index
        %n = arith.muli %bx, %c2 : index
        tt.cb.wait_front %cC, 4 : !cC
        %p = tt.cb.read_ptr %cC : !cC
        scf.for %r = %c0 to %c2 step %c1 {
          scf.for %c = %c0 to %c2 step %c1 {
            %row = arith.addi %m, %r : index
            %t0 = arith.muli %row, %Nt : index
            %t1 = arith.addi %t0, %n : index
            %page = arith.addi %t1, %c : index
            %s0 = arith.muli %r, %c2 : index
            %slot = arith.addi %s0, %c : index
            tt.noc.write_page %C[%page], %p[%slot] noc 1 : !C
          }
        }
        tt.noc.write_barrier noc 1
        tt.cb.pop_front %cC, 4 : !cC
      }
    }
  }
}
"""


def parse(text: str) -> ProgramOp:
    for short, long in TYPES.items():
        text = re.sub(rf"{short}\b", long, text)
    module = parse_module(text, "gemm.mlir")
    module.verify()
    (program,) = (op for op in module.body.block.ops if isinstance(op, ProgramOp))
    return program


def inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal(s, dtype=np.float32) for s in ((M, K), (K, N))]


def run(text: str = PROGRAM, seed: int = 0) -> tuple[np.ndarray, RunStats]:
    (output,), stats = simulate(parse(text), inputs(), seed=seed)
    return output, stats


def threads_level(text: str = PROGRAM) -> str:
    """The same program before DST and CB ids are allocated."""
    text = re.sub(r"^ *tt\.compute\.tile_regs_\w+\n", "", text, flags=re.MULTILINE)
    text = re.sub(r'(tt\.cb\.alloc "\w+") id \d( unpack_to_dest)?', r"\1", text)
    return re.sub(r"tt\.compute\.dst index \d", "tt.compute.dst", text)


def expected(fidelity: Fidelity = Fidelity.HIFI4) -> np.ndarray:
    a, b = (load(x, Format.BF16) for x in inputs())
    acc = np.zeros((M, N), np.float32)
    for k in range(0, K, 32):
        step = slice(k, k + 32)
        acc = matmul_tile_step(acc, a[:, step], b[step], Format.BF16, fidelity, Format.FP32)
    return round_to(acc, Format.BF16)


def drop(text: str, pattern: str, nth: int = 0) -> str:
    """Removes the nth line that holds a pattern."""
    lines = text.split("\n")
    hits = [i for i, line in enumerate(lines) if pattern in line]
    del lines[hits[nth]]
    return "\n".join(lines)


@pytest.mark.parametrize("level", [str, threads_level])
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_gemm(level: Callable[[str], str], seed: int) -> None:
    output, stats = run(level(PROGRAM), seed)
    assert np.array_equal(output, expected())
    blocks, page = 4, 2048
    assert stats.total.tile_products == blocks * 3 * 4
    assert stats.total.dram_read == blocks * 3 * (2 + 2) * page
    assert stats.total.dram_write == 16 * page
    assert stats.total.noc_bytes == stats.total.dram_read + stats.total.dram_write
    assert stats.total.cb_waits > 0
    assert (stats.page_writes["C"] == 1).all()
    assert list(stats.page_writes) == ["C"]
    assert len(stats.cores) == 4
    assert all(s.tile_products == 12 for s in stats.cores.values())


@pytest.mark.parametrize("fidelity", Fidelity)
def test_fidelity(fidelity: Fidelity) -> None:
    output, _ = run(PROGRAM.replace('"HiFi4"', f'"{fidelity}"'))
    assert np.array_equal(output, expected(fidelity))


def test_runs_on_another_architecture() -> None:
    output, _ = run(PROGRAM.replace('"wormhole"', '"blackhole"'))
    assert np.array_equal(output, expected())
    with pytest.raises(CompileError, match="'grayskull' are not executed"):
        run(PROGRAM.replace('"wormhole"', '"grayskull"'))


def test_fewer_cores_more_blocks() -> None:
    one = PROGRAM.replace("[4, 1]", "[1, 1]").replace("work [<1,", "work [<4,")
    output, stats = run(one)
    assert np.array_equal(output, expected())
    assert len(stats.cores) == 1


# -- broken programs -------------------------------------------------------------------------------


def test_dropped_push_is_a_deadlock_of_both_threads() -> None:
    for seed in (0, 5):
        with pytest.raises(Deadlock) as caught:
            run(drop(PROGRAM, "tt.cb.push_back %cB"), seed)
        text = str(caught.value)
        assert "deadlock: 12 of 12 threads are blocked" in text
        assert "compute on 4 cores (0, 0) to (3, 0) blocks in wait_front of 'B_shared'" in text
        assert "received 0, acked 0, capacity 4" in text
        assert "reader, which would push_back" not in text
        assert "no other thread calls push_back" in text
        assert "reader on 4 cores (0, 0) to (3, 0) blocks in reserve_back of 'A_shared'" in text
        assert "compute, which would pop_front, is blocked too" in text
        assert "writer on 4 cores" in text


def test_dropped_push_of_partials() -> None:
    with pytest.raises(CompileError, match="'C_local' are written outside the reserved window"):
        run(drop(PROGRAM, "tt.cb.push_back %cP", 0))


def test_swapped_waits_deadlock() -> None:
    early = PROGRAM.replace("tt.cb.wait_front %cA, 2", "tt.cb.wait_front %cA, 4")
    # both A blocks of two steps: the third step never gets a second block
    with pytest.raises(Deadlock, match=r"wait_front of 'A_shared' for 4 filled pages") as caught:
        run(early)
    assert "reader" in str(caught.value)


def test_push_without_reserve() -> None:
    text = drop(drop(PROGRAM, "tt.cb.reserve_back %cP"), "tt.compute.pack_block")
    with pytest.raises(CompileError, match="push_back of 2 pages to 'C_local', 0 are reserved"):
        run(text)


def test_pop_without_wait() -> None:
    with pytest.raises(CompileError, match="are read outside the window of 0 tiles waited for"):
        run(drop(PROGRAM, "tt.cb.wait_front %cP", 0))
    text = drop(drop(PROGRAM, "tt.cb.wait_front %cA"), "tt.compute.matmul_block")
    text = drop(text, "rt 1 ct 2 kt 1")
    with pytest.raises(CompileError, match="pop_front of 2 pages from 'A_shared', 0 were waited"):
        run(text)


def test_missing_pop_is_reported() -> None:
    with pytest.raises((Deadlock, CompileError)):
        run(drop(PROGRAM, "tt.cb.pop_front %cA"))
    with pytest.raises(CompileError, match="4 pages of 'C_out' are left on core"):
        run(drop(PROGRAM, "tt.cb.pop_front %cC"))


def test_push_past_the_end() -> None:
    odd = PROGRAM.replace("!cA", CB.format("bf16", "3x1", 3, "row_major"))
    with pytest.raises(
        CompileError, match=r"past the end of 'A_shared'|outside the reserved window"
    ):
        run(odd)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("%page = arith.addi %t0, %k : index", "%page = arith.addi %t0, %c0 : index"),
        ("%page = arith.addi %t2, %c : index", "%page = arith.addi %t2, %c0 : index"),
        ("%slot = arith.addi %s0, %c : index", "%slot = arith.addi %s0, %c0 : index"),
        ("%cA[%sr]", "%cA[%c0]"),
    ],
)
def test_altered_index_changes_the_result(before: str, after: str) -> None:
    assert before in PROGRAM
    output, _ = run(PROGRAM.replace(before, after))
    assert not np.array_equal(output, expected())


def test_altered_output_page_shows_in_the_write_counts() -> None:
    _, stats = run(PROGRAM.replace("%page = arith.addi %t1, %c :", "%page = arith.addi %t1, %c0 :"))
    assert not (stats.page_writes["C"] == 1).all()


def test_page_out_of_range() -> None:
    with pytest.raises(CompileError, match="page 12 of tensor 'A' does not exist, it has 12"):
        run(PROGRAM.replace("%page = arith.addi %t0, %k", "%page = arith.addi %t0, %Kt"))


@pytest.mark.parametrize("seed", [0, 1])
def test_missing_barriers_are_reported(seed: int) -> None:
    with pytest.raises(CompileError, match="push_back to 'A_shared' before the reads into its"):
        run(drop(PROGRAM, "tt.noc.read_barrier", 0), seed)
    without = drop(PROGRAM, "tt.noc.write_barrier")
    with pytest.raises(CompileError, match="pop_front from 'C_out' before the writes of its"):
        run(without, seed)
    with pytest.raises(CompileError, match="writer kernel ends with 4 writes outstanding"):
        run(PROGRAM.replace("tt.noc.write_barrier noc 1", "tt.noc.writes_flushed noc 1"))


def test_barrier_of_the_other_noc_does_not_help() -> None:
    other = PROGRAM.replace("tt.noc.read_barrier", "tt.noc.read_barrier noc 1")
    with pytest.raises(CompileError, match="push_back to 'A_shared' before the reads into its"):
        run(other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("acquire", "math on DST outside|tile_regs_commit without"),
        ("commit", "tile_regs_wait never returns"),
        ("wait", "pack outside tile_regs_wait"),
        ("release", "tile_regs_wait while the packer holds DST"),
    ],
)
def test_dst_protocol(call: str, message: str) -> None:
    with pytest.raises(CompileError, match=message):
        run(drop(PROGRAM, f"tile_regs_{call}"))


def test_dst_capacity_and_width() -> None:
    with pytest.raises(CompileError, match=r"DST tiles \[3, 5\) exceed the 4"):
        run(PROGRAM.replace("dst index 2", "dst index 3"))
    with pytest.raises(CompileError, match="does not fit the program's 16-bit DST"):
        run(PROGRAM.replace("dst32 true", "dst32 false"))


def test_fp32_partials_need_unpack_to_dest() -> None:
    output, _ = run(PROGRAM.replace(" unpack_to_dest", ""))
    assert not np.array_equal(output, expected())
    assert np.allclose(output, expected(), atol=0.3)


def test_wrong_address() -> None:
    swapped = PROGRAM.replace('address "A_addr" = 0', 'address "A_addr" = 2')
    with pytest.raises(CompileError, match="on tensor 'C' with 16 pages of bf16"):
        run(swapped)


def test_failing_arithmetic_is_located() -> None:
    with pytest.raises(CompileError, match=r"gemm\.mlir:\d+:\d+: error: arith.divui fails: .*zero"):
        run(PROGRAM.replace("%Nb = arith.divui %Nt, %c2", "%Nb = arith.divui %Nt, %c0", 1))
    with pytest.raises(CompileError, match=r"tt.noc.runtime_arg fails: list|tuple index out of"):
        run(PROGRAM.replace("runtime_arg 6", "runtime_arg 16"))


def test_wrong_inputs() -> None:
    with pytest.raises(CompileError, match="1 inputs given, the kernel reads 2"):
        simulate(parse(PROGRAM), inputs()[:1])
    with pytest.raises(CompileError, match=r"input B has shape \[128, 96\], expected \[96, 128\]"):
        simulate(parse(PROGRAM), [inputs()[0]] * 2)


def test_errors_name_a_place() -> None:
    with pytest.raises(CompileError) as caught:
        run(PROGRAM.replace("%page = arith.addi %t0, %k", "%page = arith.addi %t0, %Kt"))
    assert caught.value.diagnostics


def test_observer_sees_issue_and_completion() -> None:
    from tt_dialect.run.machine import Event

    events: list[Event] = []
    simulate(parse(PROGRAM), inputs(), observer=events.append)
    reads = [e for e in events if e.kind == "read"]
    assert len(reads) == 2 * 4 * 3 * 4
    assert [e.phase for e in reads[:4]] == ["issue", "issue", "complete", "complete"]
    assert all(e.bank == e.page % 12 and e.bytes == 2048 for e in events)
    assert {e.noc for e in events if e.kind == "write"} == {1}
