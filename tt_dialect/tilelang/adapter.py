"""A compiled kernel as a function of torch tensors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from tt_dialect import api
from tt_dialect.diagnostics import CompileError, error_at
from tt_dialect.run import native_build
from tt_dialect.run.machine import untilize
from tt_dialect.run.numerics import TILE
from tt_dialect.tensors import Array, Tensor, as_array, as_torch, is_torch
from tt_dialect.tilelang.target import fail


def default_engine() -> str:
    """`"native"` where a C++ compiler can build what is emitted, else `"sim"`."""
    return "native" if has_native() else "sim"


def has_native() -> bool:
    """Whether there is a C++ compiler for the native engine."""
    try:
        native_build.find_compiler()
    except CompileError:
        return False
    return True


def kernel_text(kernel: api.CompiledKernel) -> str:
    """The sources of the kernels, one after another."""
    paths = [path for path in kernel.sources if path.startswith("kernels/")]
    return "\n".join(f"// ---- {path}\n{kernel.sources[path]}" for path in paths)


class Adapter:
    """Calls a compiled kernel on torch tensors, as TileLang's adapters do.

    `func` takes the parameters that are not in `out_idx`, in order. It gives the tensors of
    `out_idx`: one as it is, several as a list. What else the kernel writes is written in place.
    """

    def __init__(
        self,
        kernel: api.CompiledKernel,
        params: Sequence[Any],
        out_idx: object,
        engine: str,
        emitted: str | None = None,
    ):
        self.kernel = kernel
        self.params = params
        self.engine = engine
        self.emitted = emitted
        """Where the artifacts are, if artifacts are all there is: calls are refused."""
        self.tensors = kernel.tensors
        self.result_idx = self._outputs(out_idx)
        self.func = self.__call__
        self._lock = threading.Lock()

    def _outputs(self, out_idx: object) -> list[int]:
        """The parameters to return, counted from 0; each is written and not read."""
        count = len(self.tensors)
        raw: Sequence[Any]
        if out_idx is None:
            raw = ()
        elif isinstance(out_idx, int):
            raw = (out_idx,)
        else:
            raw = tuple(cast("Sequence[Any]", out_idx))
        found: list[int] = []
        for value in raw:
            index = int(value) + count if int(value) < 0 else int(value)
            place = self.kernel.function
            if not 0 <= index < count:
                raise error_at(
                    place, f"out_idx {value} is out of range", f"there are {count} parameters"
                )
            tensor = self.tensors[index]
            if index in found:
                raise error_at(place, f"out_idx names '{tensor.name}' twice")
            if not tensor.is_written:
                raise error_at(place, f"out_idx {value}: the kernel never writes '{tensor.name}'")
            if tensor.is_read:
                raise error_at(
                    place,
                    f"out_idx {value}: the kernel reads '{tensor.name}' before it is written",
                    "pass it as an argument instead: it is updated in place",
                )
            found.append(index)
        return found

    def __call__(self, *args: Any) -> Any:
        if self.emitted is not None:
            raise fail(
                f"kernel '{self.kernel.name}' was compiled with mode=emit, which only writes "
                f"artifacts: {self.emitted}",
                "mode=simulate makes kernels that run",
                "a jit function that runs when called also has .compile(...)",
            )
        given = self._bind(args)
        with self._lock:
            inputs = [as_array(given[i]) for i, tensor in enumerate(self.tensors) if tensor.is_read]
            outputs = self.kernel.execute(inputs, engine=cast("api.Engine", self.engine))
            masks = self._written()
        results = dict(zip(masks, outputs, strict=True))
        for i in self.result_idx:
            missing = masks[i].size - np.count_nonzero(masks[i])
            if missing:
                raise fail(
                    f"kernel '{self.kernel.name}' left {missing} of {masks[i].size} elements of "
                    f"'{self.tensors[i].name}' unwritten",
                    "pass the tensor as an argument to update a part of it",
                )
        for i in results.keys() & given.keys():
            target, value, mask = given[i].detach(), as_torch(results[i]), as_torch(masks[i])
            target.copy_(value.where(mask, target))
        returned = [as_torch(results[i]) for i in self.result_idx]
        return returned[0] if len(returned) == 1 else returned

    def _written(self) -> dict[int, Array]:
        """Written parameter -> which of its elements the last run wrote."""
        stats = self.kernel.stats
        assert stats is not None
        masks: dict[int, Array] = {}
        for i, tensor in enumerate(self.tensors):
            if tensor.is_written:
                pages = np.asarray(stats.page_writes[tensor.name]) > 0
                tiles = np.broadcast_to(pages[:, None, None], (len(pages), TILE, TILE))
                masks[i] = untilize(tiles.astype(np.float32), tensor.shape) > 0
        return masks

    def _bind(self, args: Sequence[Any]) -> dict[int, Any]:
        """Parameter -> argument, each a dense CPU tensor of its shape and dtype."""
        indices = [i for i in range(len(self.tensors)) if i not in self.result_idx]
        expected = ", ".join(str(self.tensors[i]) for i in indices) or "no tensor"
        note = f"kernel '{self.kernel.name}' takes {expected}"
        if len(args) != len(indices):
            raise fail(f"expected {len(indices)} arguments, got {len(args)}", note)
        for i, value in zip(indices, args, strict=True):
            wrong = _mismatch(self.tensors[i], value)
            if wrong is not None:
                raise fail(f"argument '{self.tensors[i].name}' {wrong}", note)
        return dict(zip(indices, args, strict=True))

    def get_kernel_source(self, kernel_only: bool = True) -> str:
        """The kernels; with `kernel_only=False` the host program as well."""
        text = kernel_text(self.kernel)
        return text if kernel_only else f"{text}\n// ---- main.cpp\n{self.get_host_source()}"

    def get_host_source(self) -> str:
        """The host program."""
        return self.kernel.sources["main.cpp"]


def _mismatch(tensor: Tensor, value: Any) -> str | None:
    """What is wrong with an argument."""
    if not is_torch(value):
        return f"is a {type(value).__name__}, expected a torch tensor"
    if value.device.type != "cpu":
        return f"is on device '{value.device}'; move it to the CPU first"
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype != tensor.dtype.name:
        return f"has dtype {dtype}, expected {tensor.dtype.name}"
    if tuple(value.shape) != tensor.shape:
        return f"has shape {list(value.shape)}, expected {list(tensor.shape)}"
    if str(value.layout) != "torch.strided":
        return f"has layout {value.layout}, expected a dense tensor"
    if not value.is_contiguous():
        return f"has strides {list(value.stride())}; pass its .contiguous() copy"
    return None
