"""Maps, reductions and tile functions: TILED and thread programs agree, and NumPy agrees with both.

Each case gives a TILED region and the tile operations that compute the same in one DST window; it
runs at TILED, as a THREADS program (groups and buffers without places) and as METALIUM.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import erf

import numpy as np
import pytest
from xdsl.dialects.func import FuncOp

from tt_dialect.diagnostics import CompileError
from tt_dialect.ir.functions import FUNCTIONS, Family
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module
from tt_dialect.run.evaluator import evaluate
from tt_dialect.run.simulator import RunStats, simulate

# -- independent arithmetic ------------------------------------------------------------------------


def cut(values: np.ndarray, bits: int) -> np.ndarray:
    """Truncates to a significand of `bits` bits, the leading one included."""
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    return np.ldexp(np.trunc(np.ldexp(mantissa, bits)), exponent - bits)


def rounded(values: np.ndarray, fmt: str) -> np.ndarray:
    """Rounds normal numbers to a format, once."""
    values = np.asarray(values, np.float64)
    if fmt == "f32":
        return values.astype(np.float32).astype(np.float64)
    if fmt == "f16":
        return values.astype(np.float16).astype(np.float64)
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.rint(np.ldexp(mantissa, 8)), exponent - 8)


def tf32(values: np.ndarray) -> np.ndarray:
    return cut(values, 11)


def product(a: np.ndarray, b: np.ndarray, fmt: str, fidelity: str) -> np.ndarray:
    """The fidelity phases: SrcA gives its top 5 bits first, SrcB its top 7."""
    a = a if fmt == "bf16" else cut(a, 10)  # SrcA never uses the LSB of a TF32
    hi_a, hi_b = cut(a, 5), cut(b, 7)
    lo_a, lo_b = a - hi_a, b - hi_b
    phases = [hi_a * hi_b, lo_a * hi_b, hi_a * lo_b, lo_a * lo_b]
    count = {"LoFi": 1, "HiFi2": 2, "HiFi3": 3, "HiFi4": 4}[fidelity]
    return sum(phases[1:count], phases[0])


# -- programs --------------------------------------------------------------------------------------

BOILERPLATE = "\n".join(f"%c{i} = arith.constant {i} : index" for i in range(7))


@dataclass(frozen=True)
class Blocks:
    """A tensor that is one block of tiles."""

    rows: int
    cols: int
    format: str

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows * 32, self.cols * 32

    @property
    def tiles(self) -> int:
        return self.rows * self.cols

    @property
    def memref(self) -> str:
        return f"memref<{self.shape[0]}x{self.shape[1]}x{self.format}>"

    @property
    def block(self) -> str:
        return f"!tt.layout.block<{self.rows}x{self.cols}, tile<32x32, {self.format}>>"

    @property
    def pages(self) -> str:
        return f'buffer<dram, interleaved, tile<32x32, {self.format}>, axes [], by "default">'

    @property
    def accessor(self) -> str:
        return f"!tt.noc.accessor<[{self.shape[0]}, {self.shape[1]}], {self.pages}>"

    @property
    def cb(self) -> str:
        return (
            f"!tt.cb.buffer<tile<32x32, {self.format}>, block {self.rows}x{self.cols}, "
            f"pages {self.tiles}, row_major>"
        )


@dataclass
class Case:
    """Inputs x0, x1, .. and output y, the TILED text between load and store, the tile operations.

    In the operations `!x0` and `!y` are buffer types, `!d1` to `!d6` DST groups of so many tiles;
    `groups` names DST groups in order with their tiles, the first is packed. `scalars` are the
    words that runtime arguments carry.
    """

    inputs: Sequence[Blocks]
    output: Blocks
    tiled: str
    ops: str
    groups: dict[str, int]
    dst: str = "f32"
    fidelity: str = "HiFi4"
    unpack_to_dest: bool = True
    generated: str = ""
    scalars: Sequence[int] = ()

    def expand(self, text: str) -> str:
        for i, x in enumerate(self.inputs):
            text = re.sub(rf"!x{i}\b", x.cb, text)
            text = re.sub(rf"!b{i}\b", x.block, text)
        text = re.sub(r"!y\b", self.output.cb, text)
        text = re.sub(r"!by\b", self.output.block, text)
        text = re.sub(r"!gen\b", GENERATED.cb, text)
        text = re.sub(r"!d(\d)", rf"!tt.compute.dst<\1, {self.dst}>", text)
        return re.sub(r"!t(bf16|f16|f32)", r"!tt.layout.tile<32x32, \1>", text)

    @property
    def function(self) -> FuncOp:
        names = [f"%X{i}: {x.memref}" for i, x in enumerate(self.inputs)]
        lines = [
            f'%x{i} = tt.noc.load_block %X{i}[%c0, %c0] request <{i}, "x{i}", stages 1, '
            f'by "default"> : {x.memref} -> {x.block}'
            for i, x in enumerate(self.inputs)
        ]
        text = f"""
        func.func @f({", ".join([*names, f"%Y: {self.output.memref}"])}) {{
          {BOILERPLATE}
          {"".join(line + chr(10) for line in lines)}
          {self.tiled.replace("REQUEST", 'request <9, "y", stages 1, by "default">')}
          tt.noc.store_block %y, %Y[%c0, %c0] : {self.output.block}, {self.output.memref}
          func.return
        }}"""
        module = parse_module(self.expand(text), "tiled.mlir")
        module.verify()
        return next(op for op in module.walk() if isinstance(op, FuncOp))

    def text(self, placed: bool) -> str:
        """The program; `placed` with DST and buffers allocated."""
        tensors = [*((f"x{i}", x, "in") for i, x in enumerate(self.inputs))]
        tensors.append(("y", self.output, "out"))
        n = len(tensors)

        def alloc(name: str, index: int, blocks: Blocks) -> str:
            direct = self.unpack_to_dest and blocks.format == "f32" and name != "y"
            place = f" id {index}" + (" unpack_to_dest" if direct else "") if placed else ""
            return f'%{name} = tt.cb.alloc "{name}"{place} : {blocks.cb}'

        allocs = [alloc(name, i, blocks) for i, (name, blocks, _) in enumerate(tensors)]
        if self.generated:
            allocs.append(alloc("gen", n, GENERATED))
        reads: list[str] = []
        for i, x in enumerate(self.inputs):
            reads += [
                f"%a{i} = tt.noc.runtime_arg {i} : index",
                f"%A{i} = tt.noc.accessor %a{i} : index -> {x.accessor}",
                f"tt.cb.reserve_back %x{i}, {x.tiles} : !x{i}",
                f"%p{i} = tt.cb.write_ptr %x{i} : !x{i}",
                f"%n{i} = arith.constant {x.tiles} : index",
                f"scf.for %t = %c0 to %n{i} step %c1 {{",
                f"tt.noc.read_page %A{i}[%t], %p{i}[%t] : {x.accessor} }}",
                "tt.noc.read_barrier",
                f"tt.cb.push_back %x{i}, {x.tiles} : !x{i}",
            ]
        if self.generated:
            reads += [
                "tt.cb.reserve_back %gen, 1 : !gen",
                "%pg = tt.cb.write_ptr %gen : !gen",
                f"tt.noc.generate_tile {self.generated} %pg[%c0]",
                "tt.cb.push_back %gen, 1 : !gen",
            ]
        used = [(f"x{i}", x.tiles) for i, x in enumerate(self.inputs)]
        used += [("gen", 1)] if self.generated else []
        groups: list[str] = []
        first = 0
        for name, tiles in self.groups.items():
            place = f" index {first}" if placed else ""
            groups.append(f"%{name} = tt.compute.dst{place} : !d{tiles}")
            first += tiles
        packed, tiles = next(iter(self.groups.items()))
        regs = "tt.compute.tile_regs_{}" if placed else "// {}"
        scalars = [f"%s{i} = tt.noc.runtime_arg {n + i} : f32" for i in range(len(self.scalars))]
        compute = [
            *scalars,
            *(f"tt.cb.wait_front %{name}, {count} : !{name}" for name, count in used),
            regs.format("acquire"),
            *groups,
            self.ops,
            regs.format("commit"),
            f"tt.cb.reserve_back %y, {tiles} : !y",
            regs.format("wait"),
            f"tt.compute.pack_block %{packed}, %y : !d{tiles}, !y",
            regs.format("release"),
            f"tt.cb.push_back %y, {tiles} : !y",
            *(f"tt.cb.pop_front %{name}, {count} : !{name}" for name, count in used),
        ]
        y = self.output
        writes = f"""
            %a = tt.noc.runtime_arg {n - 1} : index
            %A = tt.noc.accessor %a : index -> {y.accessor}
            tt.cb.wait_front %y, {y.tiles} : !y
            %p = tt.cb.read_ptr %y : !y
            %n = arith.constant {y.tiles} : index
            scf.for %t = %c0 to %n step %c1 {{
              tt.noc.write_page %A[%t], %p[%t] noc 1 : {y.accessor}
            }}
            tt.noc.write_barrier noc 1
            tt.cb.pop_front %y, {y.tiles} : !y"""
        abi = [f'address "{name}_addr" = {i}' for i, (name, _, _) in enumerate(tensors)]
        abi += [f'extent "s{i}" = {word}' for i, word in enumerate(self.scalars)]
        declared = ", ".join(
            f'#tt.tensor<"{name}", {use}, [{b.shape[0]}, {b.shape[1]}], {b.pages}>'
            for name, b, use in tensors
        )
        cores = "cores <<[0, 0], [1, 1]>>"
        lines = "\n".join
        return self.expand(
            f"""
        builtin.module {{
          tt.program "p" arch "wormhole" api "v2"
              config <"{self.fidelity}", dst32 {str(self.dst == "f32").lower()}, full_sync true>
              abi <{", ".join(abi)}>
              tensors [{declared}]
              partition <"global", "contiguous", core_grid [8, 8], blocks [1, 1],
                         block_tiles [{y.rows}, {y.cols}], tiles [{y.rows}, {y.cols}],
                         work [<1, <<[0, 0], [1, 1]>>>]>
              decisions [] {{
            {lines(allocs)}
            tt.thread "reader" on "riscv_1" noc 0 {cores} {{ {BOILERPLATE} {lines(reads)}
            }}
            tt.thread "compute" on "compute" noc 0 {cores} {{ {BOILERPLATE} {lines(compute)}
            }}
            tt.thread "writer" on "riscv_0" noc 1 {cores} {{ {BOILERPLATE} {writes}
            }}
          }}
        }}"""
        )

    def program(self, placed: bool) -> ProgramOp:
        module = parse_module(self.text(placed), "program.mlir")
        module.verify()
        return next(op for op in module.body.block.ops if isinstance(op, ProgramOp))

    def simulated(self, inputs: Sequence[np.ndarray], placed: bool = True):
        (output,), stats = simulate(self.program(placed), inputs)
        return output, stats

    def run(self, *inputs: np.ndarray) -> np.ndarray:
        """The result, the same at TILED, THREADS and METALIUM."""
        (first,) = evaluate(self.function, inputs, fidelity=self.fidelity)
        for placed in (False, True):
            output, _ = self.simulated(inputs, placed)
            assert np.array_equal(first, output, equal_nan=True), f"placed: {placed}"
            assert np.array_equal(np.signbit(first), np.signbit(output))
        return first


GENERATED = Blocks(1, 1, "f32")


def normal(blocks: Blocks, seed: int = 0) -> np.ndarray:
    """Numbers exact in the format of a tensor."""
    values = np.random.default_rng(seed).standard_normal(blocks.shape)
    return rounded(values, blocks.format)


def per_tile(n: int, *lines: str) -> str:
    return "\n".join((f"scf.for %t = %c0 to %c{n} step %c1 {{", *lines, "}"))


# -- functions -------------------------------------------------------------------------------------


def test_softmax_numerator_in_wide_dst() -> None:
    """exp(x - m) of fp32 blocks, m a column vector: every step is rounded to fp32, then to bf16."""
    x, m, y = Blocks(2, 2, "f32"), Blocks(2, 1, "f32"), Blocks(2, 2, "bf16")
    case = Case(
        [x, m],
        y,
        """%y = tt.compute.map %x0, %x1 broadcast ["none", "col"] over 2 by 2 REQUEST
            : !b0, !b1 -> !by {
        ^bb0(%a: !tf32, %b: !tf32):
          %d = tt.compute.apply "sub" %a, %b : !tf32, !tf32 -> !tf32
          %e = tt.compute.apply "exp" %d : !tf32 -> !tf32
          tt.compute.yield %e : !tf32
        }""",
        per_tile(
            4,
            "%r = arith.divui %t, %c2 : index",
            "tt.compute.copy_tile %x0[%t], %g[%t] : !x0, !d4",
            'tt.compute.broadcast_tile "col" %x1[%r], %h[%t] : !x1, !d4',
            'tt.compute.sfpu_binary "sub" %g, %h into %g at %t : !d4, !d4, !d4',
            'tt.compute.sfpu_unary "exp" %g[%t] : !d4',
        ),
        {"g": 4, "h": 4},
    )
    # 8 tiles of fp32 need all of DST
    a, b = normal(x), normal(m, 1)
    expected = rounded(np.exp(rounded(a - b[:, :1], "f32")), "f32")
    got = case.run(a, b)
    assert np.array_equal(got, rounded(expected, "bf16"))
    _, stats = case.simulated([a, b])
    assert stats.total.tile_ops == 8
    assert stats.total.pages_unpacked == 8
    assert stats.total.pages_packed == 4
    assert stats.total.as_dict()["tile_ops"] == 8
    (exact,) = evaluate(case.function, [a, b], exact=True)
    assert np.array_equal(exact, np.exp(a - b[:, :1]))


def add_and_exp(wide: bool) -> Case:
    x = Blocks(1, 2, "bf16")
    tile = "!tf32" if wide else "!tbf16"
    return Case(
        [x, x],
        x,
        f"""%y = tt.compute.map %x0, %x1 broadcast ["none", "none"] over 1 by 2 REQUEST
            : !b0, !b1 -> !by {{
        ^bb0(%a: !tbf16, %b: !tbf16):
          %d = tt.compute.apply "add" %a, %b : !tbf16, !tbf16 -> {tile}
          %e = tt.compute.apply "exp" %d : {tile} -> {tile}
          tt.compute.yield %e : {tile}
        }}""",
        per_tile(
            2,
            'tt.compute.fpu_binary "add" broadcast "none" %x0[%t], %x1[%t], %g[%t] : !x0, !x1, !d2',
            'tt.compute.sfpu_unary "exp" %g[%t] : !d2',
        ),
        {"g": 2},
        dst="f32" if wide else "bf16",
    )


def test_16_bit_dst_rounds_every_step() -> None:
    x = Blocks(1, 2, "bf16")
    a, b = normal(x), normal(x, 1)
    narrow, wide = (add_and_exp(w).run(a, b) for w in (False, True))
    assert np.array_equal(narrow, rounded(np.exp(rounded(a + b, "bf16")), "bf16"))
    assert np.array_equal(wide, rounded(rounded(np.exp(a + b), "f32"), "bf16"))
    assert not np.array_equal(narrow, wide)


BROADCAST = {"none": (2, 2), "row": (1, 2), "col": (2, 1), "scalar": (1, 1)}
PLACE = {
    "none": "arith.addi %t, %c0",
    "row": "arith.remui %t, %c2",
    "col": "arith.divui %t, %c2",
    "scalar": "arith.muli %t, %c0",
}


def spread(values: np.ndarray, how: str) -> np.ndarray:
    """The elements a broadcast reads, for all of a 64x64 block."""
    row, col = how in ("row", "scalar"), how in ("col", "scalar")
    return np.broadcast_to(values[: 1 if row else 64, : 1 if col else 64], (64, 64))


def fpu_case(function: str, how: str, fmt: str, dst: str, fidelity: str, swap: bool) -> Case:
    """Function of x0 and x1, x1 broadcast; `swap` writes the broadcast operand first."""
    x, v, y = Blocks(2, 2, fmt), Blocks(*BROADCAST[how], fmt), Blocks(2, 2, dst)
    operands = "%b, %a" if swap else "%a, %b"
    return Case(
        [x, v],
        y,
        f"""%y = tt.compute.map %x0, %x1 broadcast ["none", "{how}"] over 2 by 2 REQUEST
            : !b0, !b1 -> !by {{
        ^bb0(%a: !t{fmt}, %b: !t{fmt}):
          %d = tt.compute.apply "{function}" {operands} : !t{fmt}, !t{fmt} -> !t{dst}
          tt.compute.yield %d : !t{dst}
        }}""",
        per_tile(
            4,
            f"%v = {PLACE[how]} : index",
            f'tt.compute.fpu_binary "{function}" broadcast "{how}" %x0[%t], %x1[%v], %g[%t]'
            " : !x0, !x1, !d4",
        ),
        {"g": 4},
        dst=dst,
        fidelity=fidelity,
    )


@pytest.mark.parametrize("fidelity", ["LoFi", "HiFi2", "HiFi3", "HiFi4"])
@pytest.mark.parametrize("fmt", ["bf16", "f16"])
@pytest.mark.parametrize("wide", [False, True])
def test_fpu_product_has_fidelity_phases(fidelity: str, fmt: str, wide: bool) -> None:
    dst = "f32" if wide else fmt
    case = fpu_case("mul", "none", fmt, dst, fidelity, swap=False)
    a, b = (normal(x, i) for i, x in enumerate(case.inputs))
    assert np.array_equal(case.run(a, b), rounded(product(a, b, fmt, fidelity), dst))


@pytest.mark.parametrize("how", ["row", "col", "scalar"])
@pytest.mark.parametrize("function", ["add", "sub", "mul"])
@pytest.mark.parametrize("swap", [False, True])
def test_fpu_broadcast(how: str, function: str, swap: bool) -> None:
    """The broadcast operand goes through SrcB wherever it stands; `b - a` is no FPU operation."""
    if function == "sub" and swap:
        case = fpu_case("sub", how, "bf16", "bf16", "LoFi", swap=True)
        a, b = (normal(x, i) for i, x in enumerate(case.inputs))
        (got,) = evaluate(case.function, [a, b], fidelity="LoFi")
        assert np.array_equal(got, rounded(spread(b, how) - a, "bf16"))
        return
    case = fpu_case(function, how, "bf16", "bf16", "LoFi", swap)
    a, b = (normal(x, i) for i, x in enumerate(case.inputs))
    v = spread(b, how)
    exact = {"add": a + v, "sub": a - v, "mul": product(a, v, "bf16", "LoFi")}[function]
    assert np.array_equal(case.run(a, b), rounded(exact, "bf16"))


def test_product_of_the_fpu_adds_to_dst() -> None:
    """ELWMUL has no form that overwrites; sums do."""
    x = Blocks(1, 1, "bf16")
    a, b = normal(x), normal(x, 1)
    twice = (
        'tt.compute.fpu_binary "{}" broadcast "none" %x0[%c0], %x1[%c0], %g[%c0] : !x0, !x1, !d1'
    )

    def run(function: str) -> np.ndarray:
        case = Case([x, x], x, "", "\n".join([twice.format(function)] * 2), {"g": 1})
        return case.simulated([a, b])[0]

    once = rounded(a * b, "f32")
    assert np.array_equal(run("mul"), rounded(rounded(once + a * b, "f32"), "bf16"))
    assert np.array_equal(run("add"), rounded(rounded(a + b, "f32"), "bf16"))


def test_product_with_zero_is_positive_zero() -> None:
    """0 + -0 in DST, also where a map multiplies."""
    case = fpu_case("mul", "none", "bf16", "bf16", "HiFi4", swap=False)
    a, b = np.zeros((64, 64)), np.full((64, 64), -1.0)
    assert not np.signbit(case.run(a, b)).any()


def test_one_fp32_tile_widens_dst_for_all() -> None:
    """The bf16 tiles of another map are fp32 in DST too."""
    x = Blocks(1, 1, "bf16")
    case = Case(
        [x],
        x,
        """%w = tt.compute.map %x0 broadcast ["none"] over 1 by 1 REQUEST : !b0 -> !by {
        ^bb0(%a: !tbf16):
          %d = tt.compute.apply "neg" %a : !tbf16 -> !tf32
          tt.compute.yield %d : !tf32
        }
        %y = tt.compute.map %x0 broadcast ["none"] over 1 by 1 REQUEST : !b0 -> !by {
        ^bb0(%a: !tbf16):
          %d = tt.compute.apply "exp" %a : !tbf16 -> !tbf16
          %e = tt.compute.apply "square" %d : !tbf16 -> !tbf16
          tt.compute.yield %e : !tbf16
        }""",
        """tt.compute.copy_tile %x0[%c0], %g[%c0] : !x0, !d1
        tt.compute.sfpu_unary "exp" %g[%c0] : !d1
        tt.compute.sfpu_unary "square" %g[%c0] : !d1""",
        {"g": 1},
    )
    a = normal(x)
    e = rounded(np.exp(a), "f32")
    assert np.array_equal(case.run(a), rounded(rounded(e * e, "f32"), "bf16"))


def test_sfpu_product_of_fp32_has_no_fidelity() -> None:
    x = Blocks(1, 1, "f32")
    case = Case(
        [x, x],
        x,
        """%y = tt.compute.map %x0, %x1 broadcast ["none", "none"] over 1 by 1 REQUEST
            : !b0, !b1 -> !by {
        ^bb0(%a: !tf32, %b: !tf32):
          %d = tt.compute.apply "mul" %a, %b : !tf32, !tf32 -> !tf32
          tt.compute.yield %d : !tf32
        }""",
        """tt.compute.copy_tile %x0[%c0], %g[%c0] : !x0, !d1
        tt.compute.copy_tile %x1[%c0], %h[%c0] : !x1, !d1
        tt.compute.sfpu_binary "mul" %g, %h into %g at %c0 : !d1, !d1, !d1""",
        {"g": 1, "h": 1},
        fidelity="LoFi",
    )
    a, b = normal(x), normal(x, 1)
    assert np.array_equal(case.run(a, b), rounded(a * b, "f32"))
    case.unpack_to_dest = False  # through SrcA
    got, _ = case.simulated([a, b])
    assert np.array_equal(got, rounded(tf32(a) * tf32(b), "f32"))


@pytest.mark.parametrize("how", ["row", "col", "scalar"])
def test_broadcast_tile(how: str) -> None:
    """A map of nothing but a broadcast, from 16-bit to wide DST, and through SrcA."""
    x, y = Blocks(*BROADCAST[how], "f32"), Blocks(2, 2, "f32")
    case = Case(
        [x],
        y,
        f"""%y = tt.compute.map %x0 broadcast ["{how}"] over 2 by 2 REQUEST : !b0 -> !by {{
        ^bb0(%a: !tf32):
          tt.compute.yield %a : !tf32
        }}""",
        per_tile(
            4,
            f"%v = {PLACE[how]} : index",
            f'tt.compute.broadcast_tile "{how}" %x0[%v], %g[%t] : !x0, !d4',
        ),
        {"g": 4},
    )
    a = normal(x)
    assert np.array_equal(case.run(a), spread(a, how))
    case.unpack_to_dest = False
    assert np.array_equal(case.simulated([a])[0], tf32(spread(a, how)))


def test_scalars() -> None:
    """A float32 constant, a runtime argument and an index converted to float32."""
    x = Blocks(1, 1, "f32")
    word = int(np.float32(0.1).view(np.uint32))
    case = Case(
        [x],
        x,
        """%s0 = arith.constant 0.1 : f32
        %s1 = arith.sitofp %c5 : index to f32
        %y = tt.compute.map %x0 broadcast ["none"] over 1 by 1 REQUEST : !b0 -> !by {
        ^bb0(%a: !tf32):
          %d = tt.compute.apply "mul" %a, %s0 : !tf32, f32 -> !tf32
          %e = tt.compute.apply "add" %d, %s1 : !tf32, f32 -> !tf32
          tt.compute.yield %e : !tf32
        }""".replace("arith.sitofp %c5 : index", "arith.sitofp %five : i32").replace(
            "%s1 =", "%five = arith.index_cast %c5 : index to i32\n%s1 ="
        ),
        """%five = arith.index_cast %c5 : index to i32
        %s = arith.sitofp %five : i32 to f32
        tt.compute.copy_tile %x0[%c0], %g[%c0] : !x0, !d1
        tt.compute.sfpu_scalar "mul" %g[%c0], %s0 : !d1
        tt.compute.sfpu_scalar "add" %g[%c0], %s : !d1""",
        {"g": 1},
        scalars=[word],
    )
    a = normal(x)
    scale = float(np.float32(0.1))
    assert np.array_equal(case.run(a), rounded(rounded(a * scale, "f32") + 5, "f32"))


def test_scalar_of_a_narrow_type_and_a_comparison_of_scalars() -> None:
    """A bf16 scalar from a float32 runtime argument; `x * s` where it is less than 3, else 0."""
    x = Blocks(1, 1, "f32")
    scalar = """
        %n = arith.truncf %s0 : f32 to bf16
        %s = arith.extf %n : bf16 to f32
        %three = arith.constant 3.0 : f32
        %nothing = arith.constant 0.0 : f32
        %less = arith.cmpf olt, %s, %three : f32
        %f = arith.select %less, %s, %nothing : f32
        """
    a = normal(x)
    for value, factor in ((2.7182818, 2.71875), (2.995, 0.0), (float("nan"), 0.0)):
        word = int(np.float32(value).view(np.uint32))
        number = "0x7FC00000" if np.isnan(value) else repr(value)
        constant = f"%s0 = arith.constant {number} : f32"
        case = Case(
            [x],
            x,
            constant
            + scalar
            + """%y = tt.compute.map %x0 broadcast ["none"] over 1 by 1 REQUEST : !b0 -> !by {
            ^bb0(%a: !tf32):
              %d = tt.compute.apply "mul" %a, %f : !tf32, f32 -> !tf32
              tt.compute.yield %d : !tf32
            }""",
            scalar
            + """tt.compute.copy_tile %x0[%c0], %g[%c0] : !x0, !d1
            tt.compute.sfpu_scalar "mul" %g[%c0], %f : !d1""",
            {"g": 1},
            scalars=[word],
        )
        assert np.array_equal(case.run(a), rounded(a * factor, "f32"))


def test_copies_of_dst_and_three_operands() -> None:
    """where(x > 0, x, x * x) with the groups the result needs."""
    x = Blocks(1, 2, "bf16")
    case = Case(
        [x],
        x,
        """%y = tt.compute.map %x0 broadcast ["none"] over 1 by 2 REQUEST : !b0 -> !by {
        ^bb0(%a: !tbf16):
          %p = tt.compute.apply "gtz" %a : !tbf16 -> !tbf16
          %s = tt.compute.apply "square" %a : !tbf16 -> !tbf16
          %w = tt.compute.apply "where" %p, %a, %s : !tbf16, !tbf16, !tbf16 -> !tbf16
          tt.compute.yield %w : !tbf16
        }""",
        per_tile(
            2,
            "tt.compute.copy_tile %x0[%t], %g[%t] : !x0, !d2",
            "tt.compute.copy_dst %g into %h at %t : !d2, !d2",
            'tt.compute.sfpu_unary "gtz" %h[%t] : !d2',
            "tt.compute.copy_dst %g into %k at %t : !d2, !d2",
            'tt.compute.sfpu_unary "square" %k[%t] : !d2',
            'tt.compute.sfpu_ternary "where" %h, %g, %k into %g at %t : !d2, !d2, !d2, !d2',
        ),
        {"g": 2, "h": 2, "k": 2},
        dst="bf16",
    )
    a = normal(x)
    assert np.array_equal(case.run(a), np.where(a > 0, a, rounded(a * a, "bf16")))


@pytest.mark.parametrize(("name", "family"), FUNCTIONS, ids=str)
def test_every_function_of_the_table(name: str, family: Family) -> None:
    """The callable of a row is its meaning, rounded once; both engines call it."""
    row, dst = FUNCTIONS[name, family], "f32"
    count = {Family.UNARY: 1, Family.SCALAR: 1, Family.BINARY: 2, Family.TERNARY: 3}[family]
    x = Blocks(1, 1, dst)
    tile = f"!t{dst}"
    arguments = [f"%a{i}" for i in range(count)]
    types = [tile] * count
    copies = [f"tt.compute.copy_tile %x{i}[%c0], %g{i}[%c0] : !x{i}, !d1" for i in range(count)]
    calls = {
        Family.UNARY: f'tt.compute.sfpu_unary "{name}" %g0[%c0] : !d1',
        Family.SCALAR: f'tt.compute.sfpu_scalar "{name}" %g0[%c0], %s : !d1',
        Family.BINARY: f'tt.compute.sfpu_binary "{name}" %g0, %g1 into %g0 at %c0 : !d1, !d1, !d1',
        Family.TERNARY: f'tt.compute.sfpu_ternary "{name}" %g0, %g1, %g2 into %g0 at %c0 '
        ": !d1, !d1, !d1, !d1",
    }
    constant = "%s = arith.constant 2.75 : f32\n"
    scalar = family is Family.SCALAR
    body = ", ".join(f"{a}: {tile}" for a in arguments)
    broadcasts = ", ".join(['"none"'] * count)
    # the identity keeps the operands of add, sub and mul from being inputs, which the FPU takes
    case = Case(
        [x] * count,
        x,
        f"""{constant}
        %y = tt.compute.map {", ".join(f"%x{i}" for i in range(count))} broadcast [{broadcasts}]
            over 1 by 1 REQUEST : {", ".join(f"!b{i}" for i in range(count))} -> !by {{
        ^bb0({body}):
          %n = tt.compute.apply "neg" %a0 : {tile} -> {tile}
          %i = tt.compute.apply "neg" %n : {tile} -> {tile}
          %r = tt.compute.apply "{name}" {", ".join(["%i", *arguments[1:], *["%s"] * scalar])}
              : {", ".join([*types, *["f32"] * scalar])} -> {tile}
          tt.compute.yield %r : {tile}
        }}""",
        constant + "\n".join([*copies, calls[family]]),
        {f"g{i}": 1 for i in range(count)},
        dst=dst,
    )
    rng = np.random.default_rng(5)
    inputs = [rounded(rng.uniform(*row.sample, x.shape), dst) for _ in range(count)]
    got = case.run(*inputs)
    values = [*inputs, *[np.float64(2.75)] * scalar]
    names = dict(zip("xyz", values, strict=False))
    exact = eval(row.meaning, {"np": np, "erf": np.vectorize(erf), **names})
    assert np.array_equal(got, rounded(exact, dst))
    assert np.isfinite(got).all()


# -- reductions ------------------------------------------------------------------------------------


def reduction(kind: str, dim: str, source: str, target: str, dst: str) -> Case:
    """2x3 tiles to a column vector of two or a row vector of three tiles."""
    rows, cols = (2, 1) if dim == "row" else (1, 3)
    lanes, along = (2, 3) if dim == "row" else (3, 2)
    place = ("%r", "%i", "3") if dim == "row" else ("%i", "%r", "3")
    return Case(
        [Blocks(2, 3, source)],
        Blocks(rows, cols, target),
        f'%y = tt.compute.reduce "{kind}" dim "{dim}" %x0 REQUEST : !b0 -> !by',
        f"""scf.for %r = %c0 to %c{lanes} step %c1 {{
          scf.for %i = %c0 to %c{along} step %c1 {{
            %first = arith.muli {place[0]}, %c3 : index
            %p = arith.addi %first, {place[1]} : index
            tt.compute.reduce_tile "{kind}" dim "{dim}" %x0[%p], %gen, %g[%r]
                : !x0, !gen, !d{lanes}
          }}
        }}""",
        {"g": lanes},
        dst=dst,
        generated='"reduce_scaler"',
    )


@pytest.mark.parametrize("kind", ["sum", "max"])
@pytest.mark.parametrize("dim", ["row", "col"])
@pytest.mark.parametrize(
    ("source", "target", "dst"),
    [
        ("bf16", "bf16", "bf16"),
        ("bf16", "f32", "f32"),
        ("f32", "f32", "f32"),
        ("f16", "f16", "f16"),
    ],
)
def test_reductions_of_negative_numbers(
    kind: str, dim: str, source: str, target: str, dst: str
) -> None:
    """Zero is no neutral element of a maximum; sums are rounded tile by tile."""
    case = reduction(kind, dim, source, target, dst)
    a = -0.5 - np.abs(normal(case.inputs[0]))
    a = rounded(a, source)
    got = case.run(a)
    values = tf32(a) if source == "f32" else a
    axis = 1 if dim == "row" else 0
    pieces = np.split(values, a.shape[axis] // 32, axis)
    acc = np.zeros(a.shape[1 - axis]) if kind == "sum" else np.full(a.shape[1 - axis], -np.inf)
    for piece in pieces:
        acc = acc + piece.sum(axis) if kind == "sum" else np.maximum(acc, piece.max(axis))
        acc = rounded(acc, dst)
    vector, rest = (got[:, 0], got[:, 1:]) if dim == "row" else (got[0], got[1:])
    assert np.array_equal(vector, rounded(acc, target))
    assert not rest.any()
    if kind == "max":
        assert (vector < 0).all()
    (exact,) = evaluate(case.function, [a], exact=True)
    whole = a.sum(axis) if kind == "sum" else a.max(axis)
    assert np.allclose(exact[:, 0] if dim == "row" else exact[0], whole, rtol=1e-13, atol=0)


@pytest.mark.parametrize("placed", [False, True])
def test_maximum_over_a_written_tile(placed: bool) -> None:
    """A tile that somebody has filled is no fresh one; what is no result becomes zero."""
    case = reduction("max", "row", "bf16", "bf16", "bf16")
    a = rounded(-1 - np.abs(normal(case.inputs[0])), "bf16")
    case.ops = per_tile(2, "tt.compute.fill_tile -0.5, %g[%t] : !d2") + case.ops
    got, _ = case.simulated([a], placed)
    assert (got[:, 0] == -0.5).all()
    assert not got[:, 1:].any()


def test_maximum_is_fresh_in_every_window() -> None:
    """Two windows on one section of DST, at both levels: the second forgets the first."""
    x = Blocks(2, 1, "bf16")
    case = Case(
        [x],
        x,
        "",
        'tt.compute.reduce_tile "max" dim "row" %x0[%c0], %gen, %g[%c0] : !x0, !gen, !d1',
        {"g": 1},
        dst="bf16",
        generated='"reduce_scaler"',
    )
    a = rounded(-1 - np.abs(normal(x)), "bf16")
    a[:32] = -1.0
    for placed in (False, True):
        text = case.text(placed)
        lines = text.split("\n")
        first = next(i for i, line in enumerate(lines) if "tt.compute.dst" in line) - placed
        last = next(i for i, line in enumerate(lines) if "tt.cb.push_back %y" in line)
        again = "\n".join(lines[first : last + 1])
        for name in ("%g ", "%g[", "%g,"):
            again = again.replace(name, name.replace("%g", "%h"))
        again = again.replace("%x0[%c0]", "%x0[%c1]")
        lines.insert(last + 1, again)
        module = parse_module("\n".join(lines), "windows.mlir")
        (program,) = (op for op in module.body.block.ops if isinstance(op, ProgramOp))
        (got,), _ = simulate(program, [a])
        assert np.array_equal(got[:, 0], a.max(axis=1))


@pytest.mark.parametrize("fold", ["add", "max", "min"])
@pytest.mark.parametrize("dim", ["row", "col"])
@pytest.mark.parametrize("dst", ["bf16", "f32"])
def test_folds(fold: str, dim: str, dst: str) -> None:
    """x * x of 2x3 tiles, combined over the tiles of a row or column as they are made."""
    x = Blocks(2, 3, "bf16")
    y = Blocks(2, 1, "bf16") if dim == "row" else Blocks(1, 3, "bf16")
    lanes, along = (2, 3) if dim == "row" else (3, 2)
    row, col = ("%r", "%i") if dim == "row" else ("%i", "%r")
    page = f"%u = arith.muli {row}, %c3 : index\n%p = arith.addi %u, {col} : index\n"
    case = Case(
        [x],
        y,
        f"""%y = tt.compute.map %x0 broadcast ["none"] over 2 by 3 fold "{fold}" dim "{dim}" REQUEST
            : !b0 -> !by {{
        ^bb0(%a: !tbf16):
          %s = tt.compute.apply "square" %a : !tbf16 -> !t{dst}
          tt.compute.yield %s : !t{dst}
        }}""",
        f"""scf.for %r = %c0 to %c{lanes} step %c1 {{
          %q = {"arith.muli %r, %c3" if dim == "row" else "arith.addi %r, %c0"} : index
          tt.compute.copy_tile %x0[%q], %g[%r] : !x0, !d{lanes}
          tt.compute.sfpu_unary "square" %g[%r] : !d{lanes}
          scf.for %i = %c1 to %c{along} step %c1 {{
            {page}
            tt.compute.copy_tile %x0[%p], %h[%r] : !x0, !d{lanes}
            tt.compute.sfpu_unary "square" %h[%r] : !d{lanes}
            tt.compute.sfpu_binary "{fold}" %g, %h into %g at %r : !d{lanes}, !d{lanes}, !d{lanes}
          }}
        }}""",
        {"g": lanes, "h": lanes},
        dst=dst,
    )
    a = normal(x)
    tiles = np.split(rounded(a * a, dst), along, 1 if dim == "row" else 0)
    acc = tiles[0]
    for tile in tiles[1:]:
        combined = {"add": acc + tile, "max": np.maximum(acc, tile), "min": np.minimum(acc, tile)}
        acc = rounded(combined[fold], dst)
    assert np.array_equal(case.run(a), rounded(acc, "bf16"))


# -- numbers of elements ---------------------------------------------------------------------------


def test_mask_by_element_numbers() -> None:
    """where(c <= r + 3, x, -1e9): a causal mask over 1x2 tiles."""
    x = Blocks(1, 2, "f32")
    case = Case(
        [x],
        x,
        """%s = arith.constant -1.0e+09 : f32
        %zero = arith.constant 0.0 : f32
        %y = tt.compute.map %x0 broadcast ["none"] over 1 by 2 REQUEST : !b0 -> !by {
        ^bb0(%a: !tf32):
          %n = tt.compute.iota rows 1 cols -1 plus %c3 : !tf32
          %p = tt.compute.apply "ge" %n, %zero : !tf32, f32 -> !tf32
          %m = tt.compute.splat %s : !tf32
          %w = tt.compute.apply "where" %p, %a, %m : !tf32, !tf32, !tf32 -> !tf32
          tt.compute.yield %w : !tf32
        }""",
        """%zero = arith.constant 0.0 : f32
        %minus = arith.constant -32 : index
        """
        + per_tile(
            2,
            "tt.compute.copy_tile %x0[%t], %g[%t] : !x0, !d2",
            "tt.compute.copy_tile %gen[%c0], %h[%t] : !gen, !d2",
            "%left = arith.muli %t, %minus : index",
            "%offset = arith.addi %left, %c3 : index",
            "%word = arith.index_cast %offset : index to i32",
            "%number = arith.sitofp %word : i32 to f32",
            'tt.compute.sfpu_scalar "add" %h[%t], %number : !d2',
            'tt.compute.sfpu_scalar "ge" %h[%t], %zero : !d2',
            "tt.compute.fill_tile -1.0e+09, %k[%t] : !d2",
            'tt.compute.sfpu_ternary "where" %h, %g, %k into %g at %t : !d2, !d2, !d2, !d2',
        ),
        {"g": 2, "h": 2, "k": 2},
        generated='"iota" rows 1 cols -1',
    )
    a = normal(x)
    r, c = np.mgrid[:32, :64]
    assert np.array_equal(case.run(a), np.where(c <= r + 3, a, np.float32(-1e9)))


def test_if_gives_a_block() -> None:
    x = Blocks(1, 1, "bf16")
    text = """%first = arith.cmpi eq, %cX, %c0 : index
        %z = tt.compute.map %x0 broadcast ["none"] over 1 by 1 REQUEST : !b0 -> !b0 {
        ^bb0(%a: !tbf16):
          %n = tt.compute.apply "neg" %a : !tbf16 -> !tbf16
          tt.compute.yield %n : !tbf16
        }
        %y = scf.if %first -> (!b0) { scf.yield %z : !b0 } else { scf.yield %x0 : !b0 }"""
    a = normal(x)
    for number, expected in (("0", -a), ("1", a)):
        case = Case([x], x, text.replace("%cX", f"%c{number}"), "", {"g": 1})
        assert np.array_equal(evaluate(case.function, [a])[0], expected)


# -- broken programs -------------------------------------------------------------------------------

X = Blocks(1, 1, "bf16")
COPY = "tt.compute.copy_tile %x0[%c0], %g[%c0] : !x0, !d1"


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        (COPY.replace("%g[%c0]", "%g[%c1]"), "DST tile 1 of a group of 1"),
        (COPY.replace("%x0[%c0]", "%x0[%c1]"), "outside the window of 1 tiles"),
        ('tt.compute.sfpu_unary "exp" %g[%c2] : !d1', "DST tile 2 of a group of 1"),
        (
            'tt.compute.reduce_tile "max" dim "row" %x0[%c0], %x0, %g[%c0] : !x0, !x0, !d1',
            "the scaler page does not hold 1.0",
        ),
        (
            "tt.compute.tile_regs_commit\n" + COPY + "\ntt.compute.tile_regs_acquire",
            "math on DST outside tile_regs_acquire",
        ),
    ],
)
def test_broken_operations(ops: str, message: str) -> None:
    case = Case([X], X, "", ops, {"g": 1}, dst="bf16")
    with pytest.raises(CompileError, match=message):
        case.simulated([normal(X)])


def test_fpu_refuses_fp32() -> None:
    x = Blocks(1, 1, "f32")
    ops = 'tt.compute.fpu_binary "add" broadcast "none" %x0[%c0], %x0[%c0], %g[%c0] : !x0, !x0, !d1'
    with pytest.raises(CompileError, match="on f32 buffers are not executed"):
        Case([x], x, "", ops, {"g": 1}).simulated([normal(x)])


def test_generated_numbers_are_exact() -> None:
    """1023 has no place in bf16."""
    case = Case([X], X, "", COPY, {"g": 1}, dst="bf16", generated='"iota" rows 32 cols 1')
    text = case.text(True).replace(GENERATED.cb, Blocks(1, 1, "bf16").cb)
    module = parse_module(text, "iota.mlir")
    (program,) = (op for op in module.body.block.ops if isinstance(op, ProgramOp))
    with pytest.raises(CompileError, match="numbers up to 1023 of this tile are not exact"):
        simulate(program, [normal(X)])


def test_generated_page_needs_a_reservation() -> None:
    case = Case([X], X, "", COPY, {"g": 1}, dst="bf16", generated='"reduce_scaler"')
    text = case.text(True).replace("%pg[%c0]", "%pg[%c1]")
    (program,) = (op for op in parse_module(text, "p").body.block.ops if isinstance(op, ProgramOp))
    with pytest.raises(CompileError, match="written outside the reserved window"):
        simulate(program, [normal(X)])


def stats_of(case: Case) -> RunStats:
    return case.simulated([normal(x, i) for i, x in enumerate(case.inputs)])[1]


def test_figures() -> None:
    """Reductions and FPU operations count one each and unpack two pages."""
    reduced = stats_of(reduction("sum", "row", "bf16", "bf16", "bf16")).total
    assert (reduced.tile_ops, reduced.pages_unpacked, reduced.pages_packed) == (6, 12, 2)
    added = stats_of(add_and_exp(wide=False)).total
    assert (added.tile_ops, added.pages_unpacked, added.pages_packed) == (4, 4, 2)
    assert added.tile_products == 0
