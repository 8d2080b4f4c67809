"""The one arithmetic: what a Tensix core computes, for every engine that executes our programs.

Values travel as float32 arrays whose elements are exact in the format of their buffer. A tile
operation computes in float64 and rounds once, to the format of the destination register (DST); a
pack rounds to the format of the circular buffer. Matrix operands are first reduced to the bits the
multiplier sees.

Sources: "Fidelity phases" in tt-isa-documentation, `WormholeB0/TensixTile/TensixCoprocessor/
SrcASrcB.md`; tile functions in tt-metal `api/compute/matmul.h`: in0 is read through SrcB, in1
through SrcA. Not modelled: flushing of denormals, and what the unit makes of inf and NaN.

Overflow to infinity is a result, not a warning: callers run under `quiet()`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

F32: TypeAlias = npt.NDArray[np.float32]
F64: TypeAlias = npt.NDArray[np.float64]
AnyArray: TypeAlias = npt.NDArray[Any]

TILE = 32
"""Edge of a tile, and depth of one matmul step."""


class Format(StrEnum):
    """Element formats of buffers and DST, named as MLIR names the types."""

    BF16 = "bf16"
    FP16 = "f16"
    FP32 = "f32"

    @property
    def bytes(self) -> int:
        """Bytes per element."""
        return 4 if self is Format.FP32 else 2


class Fidelity(StrEnum):
    """`MathFidelity`: which partial products the multiplier computes."""

    LOFI = "LoFi"
    HIFI2 = "HiFi2"
    HIFI3 = "HiFi3"
    HIFI4 = "HiFi4"


def quiet() -> np.errstate:
    """A context in which overflow and NaN are ordinary results."""
    return np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore")


# -- rounding --------------------------------------------------------------------------------------

_BF16_TINY = 2.0**-126
"""Smallest normal bf16; below it the spacing is 2**-133."""
_BF16_SUBNORMAL_SHIFT = 1.5 * 2.0 ** (52 - 133)
"""Adding and subtracting this rounds a small float64 to a multiple of 2**-133."""


def round_to(values: AnyArray, fmt: Format) -> F32:
    """Rounds to nearest even, once, from the precision the values have; a new float32 array."""
    if fmt is Format.FP32:
        return values.astype(np.float32)
    if fmt is Format.FP16:
        return values.astype(np.float16).astype(np.float32)
    if values.dtype == np.float32:
        return _bf16_from_f32(values)
    return _bf16_from_f64(values.astype(np.float64, copy=False))


def _bf16_from_f32(values: F32) -> F32:
    """bf16 is the upper half of a float32: add half a unit (less one if even) and cut."""
    bits = np.array(values, dtype=np.float32, order="C").view(np.uint32)
    odd = bits >> np.uint32(16)
    odd &= np.uint32(1)
    odd += np.uint32(0x7FFF)
    bits += odd
    bits &= np.uint32(0xFFFF0000)
    return _keep_nan(bits.view(np.float32), values)


def _bf16_from_f64(values: F64) -> F32:
    """The same cut on float64, so that a sum is rounded once and not by way of float32."""
    bits = np.array(values, dtype=np.float64, order="C").view(np.uint64)
    odd = bits >> np.uint64(45)
    odd &= np.uint64(1)
    odd += np.uint64((1 << 44) - 1)
    bits += odd
    bits &= np.uint64(0xFFFFFFFFFFFFFFFF << 45 & 0xFFFFFFFFFFFFFFFF)
    result = bits.view(np.float64).astype(np.float32)
    small = np.abs(values) < _BF16_TINY
    if small.any():
        rounded = (values + _BF16_SUBNORMAL_SHIFT) - _BF16_SUBNORMAL_SHIFT
        np.copyto(result, np.copysign(rounded, values), where=small, casting="same_kind")
    return _keep_nan(result, values)


def _keep_nan(result: F32, values: AnyArray) -> F32:
    """A NaN whose payload the integer addition carried away is a NaN again."""
    nan = np.isnan(values)
    if nan.any():
        result[nan] = np.nan
    return result


# -- operands --------------------------------------------------------------------------------------

_FULL_BITS = {Format.BF16: (7, 7), Format.FP16: (9, 10), Format.FP32: (9, 10)}
"""Mantissa bits the phases cover: (SrcA, SrcB). fp32 arrives as TF32; SrcA never uses its LSB."""
_HI_BITS = (4, 6)
"""Mantissa bits of the high part: (SrcA, SrcB)."""
SRC_A, SRC_B = 0, 1


def keep_mantissa(values: F32, bits: int) -> F32:
    """Truncates mantissas to their top `bits` bits."""
    mask = np.uint32(0xFFFFFFFF << (23 - bits) & 0xFFFFFFFF)
    contiguous = np.ascontiguousarray(values, dtype=np.float32)
    return (contiguous.view(np.uint32) & mask).view(np.float32)


def to_tf32(values: F32) -> F32:
    """What is left of a float32 that passes through SrcA or SrcB: 10 mantissa bits."""
    return keep_mantissa(values, 10)


def split(values: F32, fmt: Format, side: int) -> tuple[F32, F32]:
    """The parts (high, low) of an operand that the phases multiply, for SRC_A or SRC_B."""
    high = keep_mantissa(values, _HI_BITS[side])
    return high, keep_mantissa(values, _FULL_BITS[fmt][side]) - high


def prepare_a(a: F32, fmt: Format, fidelity: Fidelity) -> F64:
    """in0 of a matmul, `[..., m, 32]`, ready for `accumulate`: float64, `[..., m, depth]`.

    HiFi3 computes every product but low times low: hi*(hi+lo) + lo*hi. It becomes one product of
    twice the depth, here `[hi | lo]`.
    """
    match fidelity:
        case Fidelity.LOFI | Fidelity.HIFI2:
            return keep_mantissa(a, _HI_BITS[SRC_B]).astype(np.float64)
        case Fidelity.HIFI3:
            return np.concatenate(split(a, fmt, SRC_B), axis=-1).astype(np.float64)
        case Fidelity.HIFI4:
            return _full(a, fmt, SRC_B)


def prepare_b(b: F32, fmt: Format, fidelity: Fidelity) -> F64:
    """in1 of a matmul, `[..., 32, n]`, ready for `accumulate`: float64, `[..., depth, n]`."""
    match fidelity:
        case Fidelity.LOFI:
            return keep_mantissa(b, _HI_BITS[SRC_A]).astype(np.float64)
        case Fidelity.HIFI2 | Fidelity.HIFI4:
            return _full(b, fmt, SRC_A)
        case Fidelity.HIFI3:
            high = keep_mantissa(b, _HI_BITS[SRC_A])
            full = keep_mantissa(b, _FULL_BITS[fmt][SRC_A])
            return np.concatenate((full, high), axis=-2).astype(np.float64)


def _full(values: F32, fmt: Format, side: int) -> F64:
    if fmt is Format.BF16:  # 7 bits: nothing is dropped
        return values.astype(np.float64)
    return keep_mantissa(values, _FULL_BITS[fmt][side]).astype(np.float64)


# -- tile operations -------------------------------------------------------------------------------


def accumulate(acc: F32, a: F64, b: F64, dst: Format) -> None:
    """One matmul step in place, `acc = round(acc + a @ b)`, on prepared operands.

    `a` and `b` are matrices or stacks of tiles that broadcast against each other. OpenBLAS adds the
    depth in ascending order whatever the shape of the block, so a step on a block and the steps on
    its tiles agree to the bit (asserted by the tests).
    """
    total = _product(a, b)
    if dst is Format.FP32:
        np.add(acc, total, out=acc, casting="same_kind")  # float64 loop, one rounding on store
        return
    np.add(acc, total, out=total)
    acc[...] = round_to(total, dst)


_CHUNK_COLS = 128
_CHUNK_VOLUME = 1 << 18
"""rows x cols x depth up to which OpenBLAS stays in the calling thread."""


def _product(a: F64, b: F64) -> F64:
    """`a @ b` in pieces too small for BLAS threads: handing them out costs more than they bring."""
    rows, depth = a.shape[-2:]
    cols = b.shape[-1]
    if rows * depth * cols <= _CHUNK_VOLUME:
        return np.matmul(a, b)
    step = max(_CHUNK_VOLUME // (depth * min(cols, _CHUNK_COLS)), 8)
    total = np.empty((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), rows, cols))
    for i in range(0, rows, step):
        for j in range(0, cols, _CHUNK_COLS):
            window = (..., slice(i, i + step), slice(j, j + _CHUNK_COLS))
            np.matmul(a[..., i : i + step, :], b[..., j : j + _CHUNK_COLS], out=total[window])
    return total


def matmul_tile_step(
    acc: F32, a: F32, b: F32, in_format: Format, fidelity: Fidelity, dst_format: Format
) -> F32:
    """`acc + a @ b` of one step up to 32 deep: `a` is `[m, k]`, `b` is `[k, n]`; a new array."""
    result = np.array(acc, dtype=np.float32)
    accumulate(
        result,
        prepare_a(a, in_format, fidelity),
        prepare_b(b, in_format, fidelity),
        dst_format,
    )
    return result


def contract(
    acc: F32, a: F32, b: F32, formats: tuple[Format, Format, Format], fidelity: Fidelity
) -> None:
    """`acc += a @ b` in place, of any depth: k steps of 32, ascending, each rounded to DST.

    `formats` are those of a, b and acc.
    """
    for k in range(0, a.shape[1], TILE):
        accumulate(
            acc,
            prepare_a(a[:, k : k + TILE], formats[0], fidelity),
            prepare_b(b[k : k + TILE, :], formats[1], fidelity),
            formats[2],
        )


# -- elementwise tile operations -------------------------------------------------------------------


def apply(function: Callable[..., AnyArray], dst: Format, *operands: AnyArray | float) -> F32:
    """An SFPU function of DST values: computed in float64, rounded once to what DST holds.

    Operands are arrays that broadcast against each other, of any shape, or numbers; a new array.
    """
    wide = [np.asarray(value, np.float64) for value in operands]
    return round_to(np.asarray(function(*wide), np.float64), dst)


def eltwise(
    function: str, a: F32, b: F32, formats: tuple[Format, Format], fidelity: Fidelity
) -> F64:
    """What the FPU computes from two operands before DST rounds it: `add`, `sub` or `mul`.

    Operand 0 is read through SrcA, operand 1 through SrcB (`llk_math_eltwise_binary.h`). Sums are
    exact; products are the fidelity's phases, exact as well: hi*hi, then lo(a)*hi(b), hi(a)*lo(b),
    lo*lo (`SrcASrcB.md`). Arrays broadcast against each other.
    """
    if function == "mul":
        return _phases(a, b, formats, fidelity)
    assert function in ("add", "sub"), function
    operation = np.add if function == "add" else np.subtract
    return operation(a, b, dtype=np.float64)


def _phases(a: F32, b: F32, formats: tuple[Format, Format], fidelity: Fidelity) -> F64:
    """The elementwise product of what SrcA and SrcB hold, as far as the fidelity computes it."""
    match fidelity:
        case Fidelity.LOFI:
            left, right = (keep_mantissa(v, _HI_BITS[i]) for i, v in enumerate((a, b)))
            return np.multiply(left, right, dtype=np.float64)
        case Fidelity.HIFI2:
            return _full(a, formats[0], SRC_A) * keep_mantissa(b, _HI_BITS[SRC_B])
        case Fidelity.HIFI3:
            high, low = split(b, formats[1], SRC_B)
            rest = np.multiply(keep_mantissa(a, _HI_BITS[SRC_A]), low, dtype=np.float64)
            return _full(a, formats[0], SRC_A) * high + rest
        case Fidelity.HIFI4:
            return _full(a, formats[0], SRC_A) * _full(b, formats[1], SRC_B)


def reduce_step(
    acc: F32 | None, part: F32, source: Format, kind: str, axis: int, dst: Format
) -> F32:
    """Reduces tiles along an axis on top of what DST holds: `[..., 32]` less that axis; new.

    `part` is 32 long on the axis and passes SrcA, which truncates fp32 to TF32. `sum` adds in
    ascending order in float64 and rounds once with `acc`. For `max`, `acc` None is a tile nobody
    wrote since it was acquired: its rows are invalid and GMPOOL takes them as minus infinity
    (tt-isa-documentation, `GMPOOL.md`); everything else reads them as zero.
    """
    values = to_tf32(part) if source is Format.FP32 else part
    if kind == "max":
        found: AnyArray = np.maximum.reduce(values, axis=axis)
        return round_to(found if acc is None else np.maximum(acc, found), dst)
    assert kind == "sum", kind
    # accumulate adds one by one, as an engine written as a loop does; np.sum would add in pairs
    sums = np.add.accumulate(values, axis=axis, dtype=np.float64)
    total = sums[..., -1] if axis % part.ndim == part.ndim - 1 else sums[..., -1, :]
    return round_to(total + (0.0 if acc is None else acc), dst)


# -- arrays at the boundary ------------------------------------------------------------------------


def load(array: AnyArray, fmt: Format) -> F32:
    """A user's array (any float type) as float32 values exact in a format; a new array."""
    narrow = array.dtype.itemsize <= 2  # bf16, fp16 and small integers fit a float32
    return round_to(array.astype(np.float32 if narrow else np.float64, copy=False), fmt)


def store(values: F32, fmt: Format) -> AnyArray:
    """Values exact in a format as an array of that format's dtype (ml_dtypes for bf16)."""
    if fmt is Format.FP32:
        return values
    if fmt is Format.FP16:
        return values.astype(np.float16)
    import ml_dtypes

    return cast(AnyArray, values.astype(ml_dtypes.bfloat16))
