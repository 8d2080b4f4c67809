"""Maps and tile functions: TILED and thread programs agree, and NumPy agrees with both.

Each case gives a TILED region and the tile operations that compute the same in one DST window; it
runs at TILED, as a THREADS program (groups and buffers without places) and as METALIUM.
"""

from __future__ import annotations

from math import erf

import numpy as np
import pytest
from eltwise_programs import (
    BROADCAST,
    PLACE,
    Blocks,
    Case,
    add_and_exp,
    fpu_case,
    normal,
    per_tile,
    product,
    rounded,
    spread,
    tf32,
)

from tt_dialect.ir.functions import FUNCTIONS, Family
from tt_dialect.run.evaluator import evaluate


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


def test_16_bit_dst_rounds_every_step() -> None:
    x = Blocks(1, 2, "bf16")
    a, b = normal(x), normal(x, 1)
    narrow, wide = (add_and_exp(w).run(a, b) for w in (False, True))
    assert np.array_equal(narrow, rounded(np.exp(rounded(a + b, "bf16")), "bf16"))
    assert np.array_equal(wide, rounded(rounded(np.exp(a + b), "f32"), "bf16"))
    assert not np.array_equal(narrow, wide)


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
