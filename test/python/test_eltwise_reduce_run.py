"""Reductions, folds, masks and refusals: TILED and thread programs agree, and NumPy with both."""

from __future__ import annotations

import numpy as np
import pytest
from eltwise_programs import (
    GENERATED,
    Blocks,
    Case,
    add_and_exp,
    normal,
    per_tile,
    rounded,
    tf32,
)

from tt_dialect.diagnostics import CompileError
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module
from tt_dialect.run.evaluator import evaluate
from tt_dialect.run.simulator import RunStats, simulate


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
