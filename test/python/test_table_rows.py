"""Every row of the function table from TILED to METALIUM: NumPy, the simulator, the emitted C++.

A kernel has one map per row, on single tiles with numbers of the row's interval, in float32 (32-bit
DST) and in bf16 (16-bit DST).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest
from needs import needs_compiler

from tt_dialect.emit.kernel import print_kernel
from tt_dialect.emit.names import kernel_files
from tt_dialect.ir.functions import FUNCTIONS, Family, Function
from tt_dialect.ir.program import ProgramOp
from tt_dialect.levels import Level
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.pipeline import lower_passes
from tt_dialect.run import evaluate, simulate
from tt_dialect.run.native import run_native

Array = np.ndarray

WIDE_ONLY = {"round_bf16", "round_f16"}
"""Rows that round what only 32-bit DST holds."""
SCALAR = 0.75
SIGNIFICAND = {"f32": 24, "bf16": 8}
SMALLEST = {"f32": -126, "bf16": -126}
"""Exponent of the smallest normal number: no unit in the last place is smaller than there."""
PER_KERNEL = 20
"""Rows, each with a circular buffer; there are 32, and inputs need some."""

# -- formulas --------------------------------------------------------------------------------------


def each(function: Callable[[float], float]) -> Callable[[Array], Array]:
    return np.vectorize(function, otypes=[np.float64])


def truth(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda *operands: function(*operands).astype(np.float64)


def to_bf16(x: Array) -> Array:
    return x.astype(np.float32).astype(ml_dtypes.bfloat16).astype(np.float64)


UNARY: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "exp2": lambda x: 2.0**x,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: x**-0.5,
    "recip": np.reciprocal,
    "tanh": np.tanh,
    "sigmoid": lambda x: (1 + np.tanh(x / 2)) / 2,
    "silu": lambda x: x * (1 + np.tanh(x / 2)) / 2,
    "erf": each(math.erf),
    "gelu": lambda x: x * each(math.erfc)(-x / math.sqrt(2)) / 2,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "abs": np.abs,
    "neg": np.negative,
    "sign": np.sign,
    "square": np.square,
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "round_even": np.round,
    "eqz": truth(lambda x: x == 0),
    "nez": truth(lambda x: x != 0),
    "gtz": truth(lambda x: x > 0),
    "gez": truth(lambda x: x >= 0),
    "ltz": truth(lambda x: x < 0),
    "lez": truth(lambda x: x <= 0),
    "logical_not": truth(lambda x: x == 0),
    "round_bf16": to_bf16,
    "round_f16": lambda x: x.astype(np.float16).astype(np.float64),
}
BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "rsub": lambda x, y: y - x,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.fmax,
    "min": np.fmin,
    "pow": lambda x, y: np.exp2(y * np.log2(x)),
    "eq": truth(np.equal),
    "ne": truth(np.not_equal),
    "lt": truth(np.less),
    "gt": truth(np.greater),
    "le": truth(np.less_equal),
    "ge": truth(np.greater_equal),
}


def expected(row: Function, operands: Sequence[Array]) -> Array:
    """In float64, without rounding."""
    match row.family:
        case Family.UNARY:
            return UNARY[row.name](operands[0])
        case Family.SCALAR:
            return BINARY[row.name](operands[0], np.float64(SCALAR))
        case Family.BINARY:
            return BINARY[row.name](*operands[:2])
        case Family.TERNARY:
            return np.where(operands[0] != 0, operands[1], operands[2])


def unit(values: Array, element: str) -> Array:
    """The unit in the last place of a format at some values."""
    exponents = np.frexp(values)[1] - 1
    return np.exp2(np.maximum(exponents, SMALLEST[element]) + 1.0 - SIGNIFICAND[element])


# -- kernels ---------------------------------------------------------------------------------------


def rounded(values: Array, element: str) -> Array:
    return to_bf16(values) if element == "bf16" else values.astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class Kernel:
    """Maps of one row each, on inputs that rows with the same interval share."""

    rows: tuple[Function, ...]
    element: str

    @property
    def samples(self) -> list[tuple[tuple[float, float], int]]:
        """(interval, which operand) of every input."""
        operands = [
            (row.sample, i)
            for row in self.rows
            for i in range(row.arity - int(row.family is Family.SCALAR))
        ]
        return list(dict.fromkeys(operands))

    def inputs(self) -> list[Array]:
        """Random numbers, among them zero and both of equal ones; exact in the format."""
        found: list[Array] = []
        for (low, high), operand in self.samples:
            random = np.random.default_rng(operand)
            values = random.uniform(low, high, (32, 32))
            values[1::4] = np.clip(np.round(values[1::4] * 2) / 2, low, high)
            if low < 0:
                values[0, ::3] = 0.0
                values[2, ::2] = SCALAR
            values[3] = np.random.default_rng(9).uniform(low, high, 32)  # the same in each
            values = rounded(values, self.element)
            inside = (values >= low) & (values <= high)
            found.append(np.where(inside, values, rounded(np.float64(high / 2), self.element)))
        return found

    def operands(self, row: Function) -> list[Array]:
        inputs = dict(zip(self.samples, self.inputs(), strict=True))
        return [inputs[row.sample, i] for i in range(3) if (row.sample, i) in inputs]

    def text(self) -> str:
        """At TILED: one core, one block."""
        e, count = self.element, len(self.samples)
        page = f'#tt.layout.buffer<dram, interleaved, tile<32x32, {e}>, axes [], by "default">'
        tile, block = f"!tt.layout.tile<32x32, {e}>", f"!tt.layout.block<1x1, tile<32x32, {e}>>"
        tensor = f"memref<32x32x{e}>"
        names = [f"X{i}" for i in range(count)] + [f"Y{i}" for i in range(len(self.rows))]
        parameters = [f"%{name}: {tensor} {{tt.layout = {page}}}" for name in names]
        parameters += [f"%{name}: index" for name in ("start_id", "count")]
        abi = [f'address "{name}_addr" = {i}' for i, name in enumerate(names)]
        lines: list[str] = []
        for i in range(count):
            lines.append(
                f'%x{i} = tt.noc.load_block %X{i}[%c0, %c0] request <{i}, "x{i}", stages 1, '
                f'by "default"> : {tensor} -> {block}'
            )
        for i, row in enumerate(self.rows):
            tiles = row.arity - int(row.family is Family.SCALAR)
            blocks = ", ".join(f"%x{self.samples.index((row.sample, n))}" for n in range(tiles))
            arguments = ", ".join(f"%a{n}: {tile}" for n in range(tiles))
            operands = [f"%a{n}" for n in range(tiles)]
            kinds = [tile] * tiles
            if row.family is Family.SCALAR:
                operands, kinds = [*operands, "%scalar"], [*kinds, "f32"]
            made, use = tile, f"tt.compute.yield %r : {tile}"
            if row.name in WIDE_ONLY:  # only a use in DST keeps the rounding from the packer
                made = f"!tt.layout.tile<32x32, {row.name.removeprefix('round_')}>"
                use = f'%n = tt.compute.apply "neg" %r : {made} -> {tile}'
                use = f"{use}\ntt.compute.yield %n : {tile}"
            call = f'"{row.name}" {", ".join(operands)} : {", ".join(kinds)}'
            lines.append(f"""
            %y{i} = tt.compute.map {blocks} broadcast [{", ".join(['"none"'] * tiles)}] over 1 by 1
                request <{count + i}, "y{i}", stages 1, by "default"> : {", ".join([block] * tiles)}
                -> {block} {{
            ^bb0({arguments}):
              %r = tt.compute.apply {call} -> {made}
              {use}
            }}
            tt.noc.store_block %y{i}, %Y{i}[%c0, %c0] : {block}, {tensor}""")
        body = "\n".join(lines)
        return f"""
        func.func @rows({", ".join(parameters)}) attributes {{
            tt.arch = "wormhole",
            tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8],
                blocks [1, 1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]>,
            tt.abi = #tt.abi<{", ".join(abi)}, start "start_id" = 0, count "count" = 0>}} {{
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %scalar = arith.constant {SCALAR} : f32
          scf.for %work = %c0 to %count step %c1 {{
            {body}
          }}
          func.return
        }}"""

    def compiled(self, api: str = "v2") -> ProgramOp:
        """At METALIUM; TILED gives the numbers of the program."""
        module = parse_module(self.text(), "rows.mlir")
        module.verify()
        for level, passes in lower_passes(metalium_api=api):
            if level not in (Level.CORE, Level.TILED):
                for one in passes:
                    one.apply(make_context(), module)
        (program,) = module.body.block.ops
        assert isinstance(program, ProgramOp)
        return program


def kernels(element: str) -> list[Kernel]:
    """All rows, those with rare intervals together."""
    rows = [r for r in FUNCTIONS.values() if element == "f32" or r.name not in WIDE_ONLY]
    rows.sort(key=lambda r: r.sample)
    packed = [r for r in rows if r.name == "round_f16"]  # is two maps, with a buffer between them
    rows = [r for r in rows if r not in packed]
    parts = [rows[i : i + PER_KERNEL] for i in range(0, len(rows), PER_KERNEL)]
    return [Kernel(tuple(part), element) for part in (*parts, packed) if part]


KERNELS = [kernel for element in SIGNIFICAND for kernel in kernels(element)]
NAMES = [f"{k.element}-{i}" for i, k in enumerate(KERNELS)]


def test_every_row_is_there() -> None:
    assert sum(len(k.rows) for k in kernels("f32")) == len(FUNCTIONS)


@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
def test_the_simulator_is_numpy_within_the_rows_bound(kernel: Kernel) -> None:
    """At most `ulp` units in the last place of the exact result, at TILED as at METALIUM."""
    module = parse_module(kernel.text(), "rows.mlir")
    (function,) = module.body.block.ops
    program = kernel.compiled()
    fidelity = program.config.fidelity.data
    tiled = evaluate(function, kernel.inputs(), fidelity=fidelity)
    got, _ = simulate(program, kernel.inputs())
    wrong: list[str] = []
    for row, a, b in zip(kernel.rows, tiled, got, strict=True):
        want = expected(row, kernel.operands(row))
        want = -want if row.name in WIDE_ONLY else want
        error = np.abs(b - want) / unit(want, kernel.element)
        if not error.max() <= row.ulp + 1e-6:  # NaN is wrong, too
            wrong.append(f"{row.name} {row.family}: off by {error.max():.3g} ulp")
        if not np.array_equal(a.view(np.uint32), b.view(np.uint32)):
            wrong.append(f"{row.name} {row.family}: METALIUM is not TILED")
    assert wrong == []


@needs_compiler
@pytest.mark.parametrize("api", ["v2", "v1"])
@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
def test_the_emitted_kernel_is_the_simulator_to_the_bit(kernel: Kernel, api: str) -> None:
    program = kernel.compiled(api)
    files = kernel_files(program)
    sources = {path: print_kernel(program, thread) for thread, path in files.items()}
    want, _ = simulate(program, kernel.inputs())
    done = run_native(program, sources, kernel.inputs(), timeout=300)
    different = [
        f"{row.name} {row.family}"
        for row, a, b in zip(kernel.rows, done.outputs, want, strict=True)
        if not np.array_equal(a.view(np.uint32), b.view(np.uint32))
    ]
    assert different == []
    assert not [f for f in done.findings if f.severity != "remark"]
