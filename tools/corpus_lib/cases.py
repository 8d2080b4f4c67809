"""What a case of the corpus is: a kernel, its inputs, what it computes, and how exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Reference: TypeAlias = Callable[..., Array | tuple[Array, ...]]
"""Takes the tensors that the kernel reads, in parameter order, as float64; gives the written."""

Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]
"""Makes the values of an input of the given shape."""

HALF = 2.0**-7
"""A limit for results that pass 16-bit types: the last bit of bfloat16, for the largest element."""
TF32 = 2e-3
"""A limit for float32 results whose operands pass the matrix engine, which keeps TF32's 10 bits."""
FLOAT = 1e-5
"""A limit for float32 results that nothing on the way shortens."""
EXACT = 0.0
"""No error: nothing is rounded."""


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal values."""
    return rng.standard_normal(shape)


@dataclass(frozen=True)
class Upstream:
    """How a kernel is made from a file of a TileLang checkout, which stays as it is."""

    file: str
    """The file, from the root of the checkout."""
    kernel: str
    """What it is called there: a jit object, or a function that makes a kernel."""
    args: Mapping[str, object] = field(default_factory=dict[str, object])
    """The arguments of that function, sizes of `T.const` included."""
    globals: Mapping[str, object] = field(default_factory=dict[str, object])
    """Variables of the file that stand for sizes, set before the kernel is made."""


@dataclass(frozen=True)
class Case:
    """A kernel with its expected numbers."""

    name: str
    reference: Reference
    limit: float = HALF
    """The largest max|error| / max|reference| that is right, over each written tensor."""
    draws: Mapping[str, Draw] = field(default_factory=dict[str, Draw])
    """How inputs are drawn, by tensor name; the others are standard normal."""
    seed: int = 0
    known: str | None = None
    """Why this kernel is not expected to pass; None when it is."""
    upstream: Upstream | None = None
    """Where it comes from; None for `examples/<name>.tir.json`."""

    def inputs(self, tensors: list[tuple[str, tuple[int, ...], Any]]) -> list[Array]:
        """The inputs for read tensors, given as (name, shape, dtype), in their dtypes."""
        rng = np.random.default_rng(self.seed)
        return [
            np.asarray(self.draws.get(name, normal)(rng, shape)).astype(dtype)
            for name, shape, dtype in tensors
        ]
