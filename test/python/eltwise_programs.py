"""Programs of one DST window, at TILED and in threads, and arithmetic to compare them with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.func import FuncOp

from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module
from tt_dialect.run.evaluator import evaluate
from tt_dialect.run.simulator import simulate

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
