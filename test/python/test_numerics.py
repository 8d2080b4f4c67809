"""The one arithmetic against bit-level references written with Python integers and fractions."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from tt_dialect.run import numerics as nm
from tt_dialect.run.numerics import Fidelity, Format

FORMATS = {Format.BF16: (7, -126, 127), Format.FP16: (10, -14, 15), Format.FP32: (23, -126, 127)}


def reference_round(x: float, fmt: Format) -> float:
    """Round to nearest even with exact rationals."""
    if math.isnan(x) or math.isinf(x) or x == 0:
        return x
    bits, emin, emax = FORMATS[fmt]
    exponent = max(math.frexp(abs(x))[1] - 1, emin)
    unit = Fraction(2) ** (exponent - bits)
    value = round(Fraction(abs(x)) / unit) * unit  # Fraction rounds half to even
    if value > (2 - Fraction(2) ** -bits) * Fraction(2) ** emax:
        return math.copysign(math.inf, x)
    return math.copysign(float(value), x)


def samples(fmt: Format) -> list[float]:
    rng = np.random.default_rng(7)
    bits, emin, emax = FORMATS[fmt]
    wide = rng.standard_normal(400) * np.exp2(rng.integers(emin - bits - 2, emax + 1, 400))
    near = rng.standard_normal(400)
    tie = (rng.integers(1 << bits, 2 << bits, 200) + 0.5) * 2.0 ** float(-bits)
    above = np.nextafter(tie, 8)
    largest = (2 - 2.0**-bits) * 2.0**emax
    edges = [0.0, -0.0, math.inf, -math.inf, math.nan, largest, largest * (1 + 2.0 ** -(bits + 2))]
    edges += [2.0**emin, 2.0**emin * 0.75, 2.0 ** (emin - bits), 2.0 ** (emin - bits - 1)]
    edges += [2.0 ** (emin - bits - 1) * 1.001, 2.0 ** (emin - bits) * 1.5]
    return [float(x) for x in (*wide, *near, *tie, *-tie, *above, *edges, *(-e for e in edges))]


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or (
        a == b and math.copysign(1, a) == math.copysign(1, b)
    )


@pytest.mark.parametrize("fmt", Format)
def test_rounding_from_float64(fmt: Format) -> None:
    xs = samples(fmt)
    with nm.quiet():
        got = nm.round_to(np.array(xs), fmt)
    assert got.dtype == np.float32
    for x, y in zip(xs, got, strict=True):
        assert same(float(y), reference_round(x, fmt)), (x, float(y), reference_round(x, fmt))


@pytest.mark.parametrize("fmt", Format)
def test_rounding_from_float32(fmt: Format) -> None:
    with nm.quiet():
        xs = np.array(samples(fmt)).astype(np.float32)
        got = nm.round_to(xs, fmt)
    for x, y in zip(xs.tolist(), got.tolist(), strict=True):
        assert same(y, reference_round(x, fmt)), (x, y)


def test_nan_payloads_survive() -> None:
    nan = np.array([0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001], np.uint32).view(np.float32)
    with nm.quiet():
        assert np.isnan(nm.round_to(nan, Format.BF16)).all()
        assert np.isnan(nm.round_to(nan.astype(np.float64), Format.BF16)).all()


def reference_mantissa(x: float, keep: slice) -> float:
    """The value of some mantissa bits, counted from the top (0); bit -1 is the implicit 1."""
    (word,) = struct.unpack("<I", struct.pack("<f", x))
    sign, exponent, mantissa = word >> 31, (word >> 23) & 0xFF, word & 0x7FFFFF
    scale = Fraction(2) ** (exponent - 127)
    value = Fraction(0)
    for bit in range(keep.start, keep.stop):
        if bit < 0:
            value += scale
        elif mantissa >> (22 - bit) & 1:
            value += scale / 2 ** (bit + 1)
    return float(-value if sign else value)


# phase parts by source register: implicit one and top bits, then the next ones (SrcASrcB.md)
PARTS = {
    (Format.BF16, nm.SRC_A): (slice(-1, 4), slice(4, 7)),
    (Format.FP16, nm.SRC_A): (slice(-1, 4), slice(4, 9)),
    (Format.FP32, nm.SRC_A): (slice(-1, 4), slice(4, 9)),
    (Format.BF16, nm.SRC_B): (slice(-1, 6), slice(6, 7)),
    (Format.FP16, nm.SRC_B): (slice(-1, 6), slice(6, 10)),
    (Format.FP32, nm.SRC_B): (slice(-1, 6), slice(6, 10)),
}


@pytest.mark.parametrize(("fmt", "side"), PARTS)
def test_split(fmt: Format, side: int) -> None:
    rng = np.random.default_rng(3)
    xs = nm.round_to(rng.standard_normal(300) * np.exp2(rng.integers(-8, 8, 300)), fmt)
    high, low = nm.split(xs, fmt, side)
    for x, h, lo in zip(xs.tolist(), high.tolist(), low.tolist(), strict=True):
        assert h == reference_mantissa(x, PARTS[fmt, side][0])
        assert lo == reference_mantissa(x, PARTS[fmt, side][1])


PHASES = {Fidelity.LOFI: 1, Fidelity.HIFI2: 2, Fidelity.HIFI3: 3, Fidelity.HIFI4: 4}


@pytest.mark.parametrize("fidelity", Fidelity)
@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("dst", Format)
def test_matmul_step(fmt: Format, fidelity: Fidelity, dst: Format) -> None:
    rng = np.random.default_rng(11)
    a = nm.round_to(rng.standard_normal((3, 32)), fmt)
    b = nm.round_to(rng.standard_normal((32, 4)), fmt)
    acc = nm.round_to(rng.standard_normal((3, 4)), dst)
    got = nm.matmul_tile_step(acc, a, b, fmt, fidelity, dst)
    for i in range(3):
        for j in range(4):
            total = Fraction(float(acc[i, j]))
            for k in range(32):
                s, t = float(a[i, k]), float(b[k, j])
                s_part = [reference_mantissa(s, p) for p in PARTS[fmt, nm.SRC_B]]
                t_part = [reference_mantissa(t, p) for p in PARTS[fmt, nm.SRC_A]]
                order = [(0, 0), (1, 0), (0, 1), (1, 1)]  # (SrcA part, SrcB part) of each phase
                for p, q in order[: PHASES[fidelity]]:
                    total += Fraction(t_part[p]) * Fraction(s_part[q])
            assert float(got[i, j]) == reference_round(float(total), dst)


def test_bf16_is_exact_at_hifi4_only() -> None:
    rng = np.random.default_rng(1)
    a, b = (nm.round_to(rng.standard_normal((32, 32)), Format.BF16) for _ in range(2))
    zero = np.zeros((32, 32), np.float32)
    exact = (a.astype(np.float64) @ b.astype(np.float64)).astype(np.float32)
    steps = {f: nm.matmul_tile_step(zero, a, b, Format.BF16, f, Format.FP32) for f in Fidelity}
    assert np.array_equal(steps[Fidelity.HIFI4], exact)
    errors = [np.abs(steps[f] - exact).max() for f in Fidelity]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] > 0


@pytest.mark.parametrize("fidelity", Fidelity)
@pytest.mark.parametrize("fmt", Format)
def test_blocks_and_tiles_agree_to_the_bit(fmt: Format, fidelity: Fidelity) -> None:
    rng = np.random.default_rng(5)
    for m, n in ((64, 64), (128, 32), (96, 160), (256, 256)):
        a = nm.round_to(rng.standard_normal((m, 32)) * np.exp2(rng.integers(-9, 9, (m, 32))), fmt)
        b = nm.round_to(rng.standard_normal((32, n)) * np.exp2(rng.integers(-9, 9, (32, n))), fmt)
        acc = rng.standard_normal((m, n)).astype(np.float32)
        block = nm.matmul_tile_step(acc, a, b, fmt, fidelity, Format.FP32)
        tiles_a = nm.prepare_a(a.reshape(m // 32, 1, 32, 32), fmt, fidelity)
        b_tiles = np.ascontiguousarray(b.reshape(32, n // 32, 32).transpose(1, 0, 2))[None]
        tiles = np.ascontiguousarray(acc.reshape(m // 32, 32, n // 32, 32).transpose(0, 2, 1, 3))
        nm.accumulate(tiles, tiles_a, nm.prepare_b(b_tiles, fmt, fidelity), Format.FP32)
        assert np.array_equal(tiles.transpose(0, 2, 1, 3).reshape(m, n), block)


def test_contract_steps_of_32() -> None:
    rng = np.random.default_rng(2)
    a = nm.round_to(rng.standard_normal((8, 80)), Format.BF16)
    b = nm.round_to(rng.standard_normal((80, 8)), Format.BF16)
    acc = np.zeros((8, 8), np.float32)
    nm.contract(acc, a, b, (Format.BF16,) * 3, Fidelity.HIFI4)
    expected = np.zeros((8, 8))
    for k in (slice(0, 32), slice(32, 64), slice(64, 80)):
        total = expected + a[:, k].astype(np.float64) @ b[k].astype(np.float64)
        expected = np.vectorize(lambda x: reference_round(x, Format.BF16))(total)
    assert np.array_equal(acc, expected)


@pytest.mark.parametrize("fmt", Format)
def test_load_and_store(fmt: Format) -> None:
    rng = np.random.default_rng(4)
    for dtype in (np.float64, np.float32, np.float16, ml_dtypes.bfloat16, np.int32):
        x = (rng.standard_normal((5, 6)) * 10).astype(dtype)
        values = nm.load(x, fmt)
        assert values.dtype == np.float32
        assert values is not x
        back = nm.store(values, fmt)
        assert np.array_equal(back.astype(np.float32), values)
        assert back.dtype.itemsize == fmt.bytes
