"""The tensors of a kernel at its boundary: what goes in, what comes out, and how far off it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from zipfile import BadZipFile

import ml_dtypes
import numpy as np
import numpy.typing as npt

from tt_dialect.diagnostics import CompileError, Diagnostic
from tt_dialect.run.arguments import parameters
from tt_dialect.run.numerics import Format

if TYPE_CHECKING:
    from xdsl.dialects.func import FuncOp

    from tt_dialect.ir.program import ProgramOp

Array: TypeAlias = npt.NDArray[Any]

_DTYPES: dict[Format, npt.DTypeLike] = {
    Format.BF16: ml_dtypes.bfloat16,
    Format.FP16: np.float16,
    Format.FP32: np.float32,
}

LIMITS = {"bfloat16": 2.0**-7, "float16": 2.0**-7, "float32": 2e-3}
"""What `--check` accepts, by the coarsest type on the way: max|err| / max|reference|."""


@dataclass(frozen=True)
class Tensor:
    """A tensor parameter of a kernel, or a scalar one: that has no dimensions."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_read: bool
    is_written: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype.name}[{', '.join(map(str, self.shape))}]"


def tensors_of(kernel: FuncOp | ProgramOp) -> tuple[Tensor, ...]:
    """The parameters of a kernel, in order; scalars are tensors without dimensions."""
    return tuple(
        Tensor(
            p.label,
            p.shape,
            np.dtype(np.int32 if p.integer else _DTYPES[p.format]),
            p.read,
            p.written,
        )
        for p in parameters(kernel)
    )


def limit_of(kernel: FuncOp) -> float:
    """The limit of the coarsest type among the tensors and on-chip buffers of a TILE function."""
    from xdsl.dialects.builtin import BFloat16Type, Float16Type

    from tt_dialect.run.codegen import memref_type

    for op in kernel.walk():
        blocks = [block for region in op.regions for block in region.blocks]
        for value in (*op.results, *(arg for block in blocks for arg in block.args)):
            memref = memref_type(value)
            element = value.type if memref is None else memref.element_type
            if isinstance(element, BFloat16Type | Float16Type):
                return LIMITS["bfloat16"]
    return LIMITS["float32"]


def _fail(message: str, *notes: str) -> CompileError:
    return CompileError(Diagnostic(message, None, notes))


def is_torch(value: object) -> bool:
    """True for a torch tensor, without importing torch."""
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "detach")


def as_array(value: Any) -> Array:
    """A NumPy array that shares memory with `value` (an array or a torch CPU tensor)."""
    if not is_torch(value):
        return np.asarray(value)
    tensor = value.detach()
    if tensor.device.type != "cpu":
        raise _fail(f"a tensor on device '{tensor.device}' was given; move it to the CPU first")
    if str(tensor.dtype) == "torch.bfloat16":
        import torch  # pyright: ignore[reportMissingImports]

        bits = tensor.contiguous().view(torch.int16).numpy()  # pyright: ignore
        return cast(Array, bits.view(ml_dtypes.bfloat16))
    return cast(Array, tensor.numpy())


def as_torch(array: Array) -> Any:
    """The torch tensor of an output."""
    import torch  # pyright: ignore[reportMissingImports]

    if array.dtype == ml_dtypes.bfloat16:
        bits = np.ascontiguousarray(array).view(np.int16)
        return torch.from_numpy(bits).view(torch.bfloat16)  # pyright: ignore
    return torch.from_numpy(np.ascontiguousarray(array))  # pyright: ignore


def bind(
    tensors: Sequence[Tensor], inputs: Sequence[Any], named: Mapping[str, Any] | None = None
) -> list[Array]:
    """The read tensors as arrays; a wrong count, shape or type is a `CompileError`.

    `named` has inputs by the name of their parameter, `inputs` the others in order. A Python number
    is accepted for a scalar.
    """
    read = [tensor for tensor in tensors if tensor.is_read]
    expected = f"the kernel reads {', '.join(map(str, read)) or 'no tensor'}"
    names = dict(named or {})
    unknown = [name for name in names if name not in {tensor.name for tensor in read}]
    if unknown:
        raise _fail(f"the kernel reads no parameter '{unknown[0]}'", expected)
    if len(inputs) + len(names) != len(read):
        raise _fail(f"expected {len(read)} inputs, got {len(inputs) + len(names)}", expected)
    positional = iter(inputs)
    bound: list[Array] = []
    for tensor in read:
        value = names[tensor.name] if tensor.name in names else next(positional)
        if not tensor.shape and isinstance(value, int | float):
            bound.append(_number(tensor, value))
            continue
        array = as_array(value)
        if array.shape != tensor.shape:
            raise _fail(
                f"input '{tensor.name}' has shape {list(array.shape)}, "
                f"expected {list(tensor.shape)}",
                expected,
            )
        if array.dtype != tensor.dtype:
            raise _fail(
                f"input '{tensor.name}' has type {array.dtype.name}, expected {tensor.dtype.name}",
                expected,
            )
        bound.append(array)
    return bound


def _number(tensor: Tensor, value: float) -> Array:
    """A Python number in the type of a scalar parameter."""
    if tensor.dtype.kind != "i":
        return np.asarray(value, np.float64).astype(tensor.dtype)
    bounds = np.iinfo(tensor.dtype)
    if not isinstance(value, int) or not bounds.min <= value <= bounds.max:
        raise _fail(
            f"input '{tensor.name}' is {value}",
            f"an integer from {bounds.min} to {bounds.max} is accepted",
        )
    return np.asarray(value, tensor.dtype)


def default_inputs(tensors: Sequence[Tensor], seed: int) -> list[Array]:
    """Normally distributed inputs, the same for the same seed on every machine."""
    rng = np.random.default_rng(seed)
    return [
        np.asarray(rng.standard_normal(t.shape, dtype=np.float32)).astype(t.dtype)
        for t in tensors
        if t.is_read
    ]


def load_array(path: str, tensor: Tensor) -> Array:
    """
    An input from a .npy file, in the type of `tensor`.

    float32 and float64 are rounded to the floating types; NumPy writes bfloat16 as raw 2-byte
    values, which are taken as they are. Integers are taken for integer scalars that hold them.
    """
    try:
        loaded: Any = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile) as error:
        raise _fail(f"'{path}' is not a .npy file: {error}") from error
    if not isinstance(loaded, np.ndarray):
        loaded.close()
        raise _fail(
            f"'{path}' is an archive of arrays (.npz)", "a .npy file with one array is accepted"
        )
    array = cast(Array, loaded)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype == tensor.dtype:
        return array
    if tensor.dtype.kind == "i":
        bounds = np.iinfo(tensor.dtype)
        if array.dtype.kind in "iu" and np.all((array >= bounds.min) & (array <= bounds.max)):
            return array.astype(tensor.dtype)
        accepted = f"integers from {bounds.min} to {bounds.max} are accepted"
    else:
        if tensor.dtype == ml_dtypes.bfloat16 and array.dtype == np.dtype("V2"):
            return array.view(ml_dtypes.bfloat16)
        if array.dtype.name in ("float32", "float64"):
            with np.errstate(over="ignore"):
                return array.astype(tensor.dtype)
        names = dict.fromkeys((tensor.dtype.name, "float32", "float64"))
        accepted = f"accepted are {', '.join(names)}; convert with .astype(numpy.float32)"
    raise _fail(
        f"'{path}' holds {array.dtype.name}, input '{tensor.name}' is {tensor.dtype.name}", accepted
    )


@dataclass(frozen=True)
class Comparison:
    """An output against its reference."""

    name: str
    error: float
    limit: float

    @property
    def ok(self) -> bool:
        return self.error <= self.limit

    def to_json(self) -> dict[str, Any]:
        error = self.error if np.isfinite(self.error) else None  # JSON has no infinity
        return {"name": self.name, "error": error, "limit": self.limit, "ok": self.ok}

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "WRONG"
        return (
            f"{self.name}: max|err|/max|ref| = {self.error:.3g} (limit {self.limit:.3g}) {verdict}"
        )


def compare(
    tensors: Sequence[Tensor],
    outputs: Sequence[Array],
    reference: Sequence[Array],
    limit: float = 0.0,
) -> list[Comparison]:
    """
    max|err|/max|ref| of every written tensor, in float64, over the finite elements.

    An infinity or NaN is right where the reference, in the range of the output's type, has the
    same. `limit` is the least limit; the types of the outputs can raise it.
    """
    found: list[Comparison] = []
    written = [tensor for tensor in tensors if tensor.is_written]
    for tensor, output, expected in zip(written, outputs, reference, strict=True):
        got, want = output.astype(np.float64), expected.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            rounded = want.astype(tensor.dtype).astype(np.float64)
        want = np.where(np.isinf(rounded), rounded, want)
        finite = np.isfinite(got) & np.isfinite(want)
        if np.array_equal(got[~finite], want[~finite], equal_nan=True):
            scale = float(np.max(np.abs(want[finite]), initial=0.0)) or 1.0
            error = float(np.max(np.abs(got[finite] - want[finite]), initial=0.0)) / scale
        else:
            error = float("inf")
        found.append(Comparison(tensor.name, error, max(limit, LIMITS[tensor.dtype.name])))
    return found
