"""Runs the sequential levels, TILE to BUFFERED, on NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects import func

from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb
from tt_dialect.run import numerics
from tt_dialect.run.arguments import Parameter, check_inputs, function_arguments, parameters
from tt_dialect.run.blocks import BlockCompiler
from tt_dialect.run.codegen import explained
from tt_dialect.run.numerics import AnyArray, Fidelity


def _given(value: AnyArray, to: Parameter, dtype: type[np.floating[Any]]) -> Any:
    """An input as the function takes it: an array, or a number for a scalar parameter."""
    if to.integer:
        return int(value)
    array = numerics.load(np.asarray(value), to.format)
    return array.astype(dtype, copy=False) if to.shape else float(array)


def evaluate(
    op: func.FuncOp,
    inputs: Sequence[AnyArray],
    *,
    fidelity: Fidelity | str = Fidelity.HIFI4,
    exact: bool = False,
) -> list[AnyArray]:
    """Executes a function; gives the tensors it writes, in parameter order.

    `inputs` are the parameters it reads, in order: tensors of any float dtype, and scalars; they
    are rounded to the parameters' formats first. Results are float32 arrays exact in their format.
    With `exact` everything after that is float64 and nothing is rounded (TILE, CORE and TILED). A
    function with a partition runs once per core.
    """
    fidelity = Fidelity(fidelity)
    if any(isinstance(inner, cb.AllocOp) for inner in op.walk()):
        if exact:
            raise error_at(op, "a function with circular buffers has no exact evaluation")
        from tt_dialect.run.simulator import evaluate_buffered

        outputs, _ = evaluate_buffered(op, function_arguments(op), inputs, fidelity)
        return outputs

    tensors = parameters(op)
    check_inputs(op, tensors, inputs)
    dtype = np.float64 if exact else np.float32
    given = iter(inputs)
    with numerics.quiet():
        arrays = [
            _given(next(given), t, dtype) if t.read else np.full(t.shape, np.nan, dtype)
            for t in tensors
        ]
        compiler = BlockCompiler(fidelity, exact)
        kernel = compiler.function(op)
        with explained([compiler]):
            for core in function_arguments(op):
                kernel(*arrays, *core.values)
    return [array for array, t in zip(arrays, tensors, strict=True) if t.written]
