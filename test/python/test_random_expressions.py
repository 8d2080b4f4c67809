"""Random scalar expressions agree with a NumPy formula at every level, whatever is in them.

The bounds are those of `expressions.interval`. Expressions are drawn in kernels of four; each of
the four has one chosen row of the function table in it, so that every row a scalar expression can
reach is compiled and run at least five times, which is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import expressions as ex
import ml_dtypes
import numpy as np
import pytest
from amounts import amount
from expression_kernels import Kernel
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tt_dialect.analysis.dst import dst_is_wide
from tt_dialect.arch import get_arch
from tt_dialect.ir.eltwise import ApplyOp
from tt_dialect.ir.functions import FUNCTIONS, Family
from tt_dialect.ir.program import ProgramOp
from tt_dialect.levels import Level, check_level
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.pipeline import lower_passes
from tt_dialect.run import evaluate, simulate

Row = tuple[str, Family]

UNREACHED: dict[Row, str] = {
    ("log10", Family.UNARY): "no operation of MLIR's math that the importer makes",
    ("tan", Family.UNARY): "no operation of MLIR's math that the importer makes",
    ("sigmoid", Family.UNARY): "the importer spells it 1 / (1 + exp(-x))",
    ("silu", Family.UNARY): "TIR has no such function",
    ("gelu", Family.UNARY): "TIR has no such function",
    ("square", Family.UNARY): "x * x is the binary mul",
    ("relu", Family.UNARY): "max(x, 0) is the scalar max",
    ("logical_not", Family.UNARY): "a condition is negated by xori, the scalar ne",
}
"""Rows of the table that no scalar expression is compiled to."""
ROWS = [row for row in FUNCTIONS if row not in UNREACHED]
PER_KERNEL = 4
GROUPS = [ROWS[i : i + PER_KERNEL] for i in range(0, len(ROWS), PER_KERNEL)]
FULL = -(-300 // (len(GROUPS) * PER_KERNEL))
"""Kernels per group: 300 expressions in all."""
KERNELS = amount(FULL, 2)
SHAPE = (64, 128)
DTYPES = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}

# -- drawing ---------------------------------------------------------------------------------------


def drawn_inputs(random: Random) -> tuple[ex.Input, ...]:
    """One to four inputs; a third of the kernels has one 16-bit format only."""
    formats = [random.choice(("bf16", "f16"))] if random.random() < 0.34 else ex.FLOATS
    forms = ["full", *(random.choice(("full", "row", "col")) for _ in range(random.randrange(3)))]
    found = [ex.Input(form, random.choice(formats)) for form in forms]
    if random.random() < 0.4:
        found.append(ex.Input("scalar", "f32"))
    return tuple(found)


def varying(draw: ex.Generator, kind: str, depth: int = 2) -> ex.Node:
    """A value that is not the same for all elements."""
    value = draw.float(kind, depth)
    tensors = [
        n for n in value.walk() if n.op == "input" and draw.inputs[n.number].form != "scalar"
    ]
    if tensors:
        return value
    return draw.read(kind, "full")


def chosen(draw: ex.Generator, row: Row, kind: str) -> ex.Node:
    """A value that is computed by a row of the function table."""
    name, family = row
    value = varying(draw, kind)
    if name in ("round_bf16", "round_f16"):
        exact = ex.make("mul", "f32", varying(draw, "f32"), ex.constant(1 / 3, "f32"))
        inner = ex.cast(exact, name.removeprefix("round_"))
        return ex.make("add", "f32", ex.cast(inner, "f32"), draw.number("f32"))
    if name == "sign":
        index = ex.make("divsi", "index", draw.index(), number=3)
        scaled = ex.make("from_index", "f32", index)
        return ex.make("mul", "f32", scaled, ex.constant(0.125, "f32"))
    if name == "recip":
        return ex.make("div", kind, ex.constant(1.0, kind), ex.apart(value))
    if family is Family.UNARY and not name.endswith("z"):
        return draw.unary(name, value)
    if name in ("add", "sub", "mul", "div", "pow", "max", "min"):
        other = draw.number(kind) if family is Family.SCALAR else varying(draw, kind)
        return draw.binary(name, value, other)
    if name == "rsub":
        return ex.make("sub", kind, draw.number(kind), value)
    if name == "where":
        condition = ex.make("cmp_lt", "i1", value, varying(draw, kind))
    else:
        if name.startswith(("eq", "ne")):  # of numbers that are often equal
            value = ex.make("floor", kind, value)
        if family is Family.UNARY:
            other = ex.constant(0.0, kind)
        elif family is Family.SCALAR:
            other = ex.constant(draw.random.choice((-1.0, 1.0)), kind)
        else:
            other = varying(draw, kind)
            other = ex.make("floor", kind, other) if name.startswith(("eq", "ne")) else other
        condition = ex.make(f"cmp_{name.removesuffix('z')}", "i1", value, other)
    return ex.make("select", kind, condition, varying(draw, kind), draw.float(kind, 1))


def expression(draw: ex.Generator, row: Row) -> ex.Node:
    """A random expression of at most 6 operations in depth with a row of the table in it."""
    while True:
        kind = draw.kind()
        try:
            node = chosen(draw, row, kind)
            for _ in range(draw.random.randrange(3)):
                operands = [node, draw.float(node.kind, 4)]
                draw.random.shuffle(operands)
                node = draw.binary(draw.random.choice(tuple(ex.BINARY)), *operands)
            if draw.random.random() < 0.3:
                node = draw.unary(draw.random.choice(tuple(ex.UNARY)), node)
            node = ex.cast(node, draw.kind())
        except ValueError:
            continue
        if node.depth <= 6:
            return node


def drawn_kernel(random: Random, rows: Sequence[Row]) -> Kernel:
    """A kernel with one expression per row."""
    inputs = drawn_inputs(random)
    wide = any(x.element == "f32" for x in inputs)
    draw = ex.Generator(random, inputs, SHAPE, indices=wide)
    found = [expression(draw, row) for row in rows]
    return Kernel(inputs, tuple((node, node.kind) for node in found), SHAPE)


# -- running ---------------------------------------------------------------------------------------


def values_of(kernel: Kernel) -> list[np.ndarray]:
    """Numbers between -2 and 2, exact in their formats; a quarter are multiples of 1/2."""
    random = np.random.default_rng(0)
    found: list[np.ndarray] = []
    for number in kernel.used:
        one = kernel.inputs[number]
        values = random.uniform(-2, 2, one.shape(*kernel.shape))
        even = random.random(values.shape) < 0.25
        values = np.where(even, np.round(values * 2) / 2, values)
        found.append(values.astype(DTYPES[one.element]).astype(np.float64))
    return found


class Checked:
    """A kernel, its inputs, and what each result lies between."""

    def __init__(self, kernel: Kernel, text: str):
        self.text = text
        values = values_of(kernel)
        self.inputs = [v if v.shape else float(v) for v in values]
        self.spread = {
            n: kernel.inputs[n].spread(v) for n, v in zip(kernel.used, values, strict=True)
        }
        self.bounds = [self.interval(root, rounded=True) for root, _ in kernel.results]
        self.exact = [self.interval(root, rounded=False)[0] for root, _ in kernel.results]
        self.module = parse_module(text, "kernel.mlir")
        self.module.verify()
        self.stops = {"tt-tensorize", "tt-fuse-eltwise"}
        if "scf.parallel" not in text:
            self.stops |= {"tt-raise", "tt-block"}
        self.applied: Counter[Row] = Counter()

    def interval(self, root: ex.Node, *, rounded: bool) -> ex.Interval:
        indices = np.arange(SHAPE[0])[:, None], np.arange(SHAPE[1])[None, :]
        return ex.interval(root, self.spread, indices, rounded=rounded)

    @property
    def function(self) -> FuncOp | ProgramOp:
        (found,) = self.module.body.block.ops
        assert isinstance(found, FuncOp | ProgramOp)
        return found

    def check(self, where: str, results: Sequence[np.ndarray]) -> None:
        for i, (low, high) in enumerate(self.bounds):
            outside = ~((results[i] >= low) & (results[i] <= high))
            if outside.any():
                at = tuple(np.argwhere(outside)[0])
                low, high, exact = (
                    np.broadcast_to(v, SHAPE)[at] for v in (low, high, self.exact[i])
                )
                raise AssertionError(
                    f"{where}, result {i} at {at}: {results[i][at]} is not in [{low}, {high}], "
                    f"exactly {exact}; {outside.sum()} such elements\n{self.text}"
                )

    def run(self, arch: str) -> None:
        """Through the pipeline; from TILED on, every bit stays."""
        assert isinstance(self.function, FuncOp)
        self.check("tile", evaluate(self.function, self.inputs))
        before: list[np.ndarray] | None = None
        for level, passes in lower_passes(arch):
            for one in passes:
                one.apply(make_context(), self.module)
                if one.name in self.stops:
                    self.module.verify()
                    self.check(one.name, evaluate(self.function, self.inputs))
                if one.name == "tt-fuse-eltwise":
                    self.count(self.module)
            self.module.verify()
            assert check_level(self.module, level) == []
            kernel = self.function
            if isinstance(kernel, ProgramOp):
                results, _ = simulate(kernel, self.inputs)
            else:
                fidelity = get_arch(arch).default_fidelity(dst_is_wide(kernel))
                results = evaluate(kernel, self.inputs, fidelity=fidelity)
            self.check(level, results)
            if before is not None and level is not Level.TILED:
                for a, b in zip(before, results, strict=True):
                    assert np.array_equal(a, b), f"{level} has other bits\n{self.text}"
            before = None if level is Level.CORE else results

    def count(self, module: ModuleOp) -> None:
        for op in module.walk():
            if isinstance(op, ApplyOp):
                self.applied[op.function.data, op.family] += 1


# -- tests -----------------------------------------------------------------------------------------

REPEATABLE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=KERNELS,
    phases=[Phase.generate],  # a failing kernel is printed; to shrink it takes minutes
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def test_every_row_is_reached_or_has_a_reason() -> None:
    assert UNREACHED.keys() <= FUNCTIONS.keys()
    assert FULL >= 5
    assert FULL * len(ROWS) >= 300


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_expressions_keep_their_values(number: int) -> None:
    """Every level, both architectures in turn; each row of the group is counted."""
    rows = GROUPS[number]
    counts: Counter[Row] = Counter()
    kernels = 0

    @REPEATABLE
    @given(st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        nonlocal kernels
        kernel = drawn_kernel(random, rows)
        checked = Checked(kernel, kernel.text())
        try:
            checked.run(random.choice(("wormhole", "blackhole")))
        except Exception as error:
            error.add_note(kernel.text())
            raise
        counts.update(checked.applied)
        kernels += 1

    check()
    assert kernels >= KERNELS
    assert {row: counts[row] for row in rows if counts[row] < amount(5, 1)} == {}


LOOPS = amount(15, 2)
"""Kernels of four expressions as loop nests."""


@settings(REPEATABLE, max_examples=LOOPS)
@given(st.randoms(use_true_random=False))
def test_loop_nests_are_raised_to_the_same(random: Random) -> None:
    """What the importer makes of plain TVM: nests on elements, without blocks or a grid."""
    kernel = drawn_kernel(random, random.sample(ROWS, PER_KERNEL))
    checked = Checked(kernel, kernel.loops())
    try:
        checked.run(random.choice(("wormhole", "blackhole")))
    except Exception as error:
        error.add_note(checked.text)
        raise


OTHERS = {
    "add": "sub",
    "sub": "add",
    "mul": "add",
    "max": "min",
    "min": "max",
    "exp": "exp2",
    "exp2": "exp",
    "log": "log2",
    "log2": "log",
    "sin": "cos",
    "cos": "sin",
    "tanh": "erf",
    "erf": "tanh",
    "sqrt": "tanh",
    "floor": "ceil",
    "ceil": "floor",
    "trunc": "floor",
    "round_even": "trunc",
    "cmp_lt": "cmp_ge",
    "cmp_le": "cmp_lt",
    "cmp_eq": "cmp_ne",
}
"""An operation, and one that may be mistaken for it."""


def mistaken(root: ex.Node, number: int) -> ex.Node:
    """The expression with its operation `number` of those in `OTHERS` replaced."""
    known: dict[int, ex.Node] = {}
    for node in root.walk():
        op = node.op
        if op in OTHERS:
            op = OTHERS[op] if number == 0 else op
            number -= 1
        known[id(node)] = replace(node, op=op, args=tuple(known[id(a)] for a in node.args))
    return known[id(root)]


def test_the_bounds_tell_operations_apart() -> None:
    """A wrong operation that changes the formula by a tenth somewhere is seen in most kernels."""
    seen = total = 0
    for seed in range(40):
        kernel = drawn_kernel(Random(seed), Random(seed).sample(ROWS, PER_KERNEL))
        checked = Checked(kernel, kernel.text())
        for i, (root, _) in enumerate(kernel.results):
            low, high = checked.bounds[i]
            for number in range(sum(node.op in OTHERS for node in root.walk())):
                with np.errstate(all="ignore"):
                    wrong = checked.interval(mistaken(root, number), rounded=False)[0]
                if not (np.abs(wrong - checked.exact[i]) > 0.1).any():
                    continue
                total += 1
                seen += bool((~((wrong >= low) & (wrong <= high))).any())
    assert total > 100
    assert seen >= 0.97 * total
