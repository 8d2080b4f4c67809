"""Blocks in L1 shards that are replaced: what is read and stored keeps the order of the source.

In a shard a block is made and read by compute, or filled by the reader, without waiting for the
other threads. Results must be those of the order in which the kernel is written.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.ir import cb
from tt_dialect.mlir_text import parse_module
from tt_dialect.run import simulate
from tt_dialect.tensors import default_inputs

ROWS = {"memory": "L1", "strategy": "height", "grid": [4]}
TENSOR, BLOCK = "memref<256x64xf32>", "memref<64x64xf32, 1 : i64>"
VIEW = "memref<64x64xf32, strided<[64, 1], offset: ?>>"
MAP = "affine_map<(i, j) -> (i, j)>"


def kernel_text(program: str) -> str:
    """A kernel of statements `a = X` (load), `Y = a` (store), `b = -a` on blocks of 64 rows."""
    statements = re.findall(r"(\w) = (-?)(\w)", program)
    names = {name for out, _, source in statements for name in (out, source)}
    lines = [
        f'%{name} = memref.alloc() {{tt.name = "{name}"}} : {BLOCK}'
        for name in sorted(names)
        if name.islower()
    ]
    for number, (out, negated, source) in enumerate(statements):
        if negated:
            lines.append(
                f"linalg.generic {{indexing_maps = [{MAP}, {MAP}], iterator_types = "
                f'["parallel", "parallel"]}} ins(%{source} : {BLOCK}) outs(%{out} : {BLOCK}) {{'
                "\n^bb0(%x: f32, %y: f32):\n%r = arith.negf %x : f32\nlinalg.yield %r : f32\n}"
            )
            continue
        tensor, view = (source, f"%view{number}") if source.isupper() else (out, f"%view{number}")
        lines.append(
            f"{view} = memref.subview %{tensor}[%m, %c0] [64, 64] [1, 1] : {TENSOR} to {VIEW}"
        )
        pair = (view, VIEW, f"%{out}", BLOCK)
        if out.isupper():
            pair = (f"%{source}", BLOCK, view, VIEW)
        lines.append("linalg.copy ins({} : {}) outs({} : {})".format(*pair))
    tensors = sorted(name for name in names if name.isupper())
    parameters = ", ".join(f'%{t}: {TENSOR} {{tt.name = "{t}"}}' for t in tensors)
    body = "\n    ".join(lines)
    return f"""
func.func @blocks({parameters}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%by) = (%c0) to (%c4) step (%c1) {{
    %m = arith.muli %by, %c64 : index
    {body}
    scf.reduce
  }}
  func.return
}}
"""


def on_shards(kernel: CompiledKernel) -> set[str]:
    """Circular buffers that lie on shards."""
    allocs = [op for op in kernel.program.body.block.ops if isinstance(op, cb.AllocOp)]
    return {op.label.data for op in allocs if op.alias is not None}


@pytest.mark.parametrize(
    ("program", "sharded", "stay"),
    [
        # Made in one order, stored in the other.
        ("a = Z; b = -a; d = Y; c = -d; X = c; X = b", "XYZ", "Z Y"),
        ("a = Z; b = -a; X = b; c = -b; X = c", "XZ", "Z X_out"),
        # Compute reads X while the reader would fill it.
        ("a = X; b = -a; Z = b; c = Y; X = c", "XZ", "Z_out"),
        ("a = X; b = -a; Z = b; c = Y; X = c", "XYZ", "X Y Z_out X_out"),
        # The writer reads X while compute would replace it.
        ("a = X; Y = a; b = X; c = -b; X = c", "X", ""),
        # Filled by the reader and packed by compute.
        ("a = Z; b = -a; X = b; c = Z; X = c", "X", ""),
        # The writer waits for B, and so until the reader has read A: B is not read in place.
        ("a = A; d = -a; b = B; A = b; Y = d", "B", ""),
        ("a = A; d = -a; b = B; c = -b; A = c; Y = d", "BY", "Y_out"),
    ],
)  # fmt: skip
def test_order_is_kept(program: str, sharded: str, stay: str) -> None:
    text = kernel_text(program)
    kernel = tt_dialect.compile(
        parse_module(text, "kernel.mlir"),
        layout=dict.fromkeys(sharded, ROWS),
        schedule={"partition_mode": "local_shard"},
    )
    assert on_shards(kernel) == {f"{name}_shard" for name in stay.split()}
    inputs = default_inputs(kernel.tensors, 0)
    values = dict(zip([t.name for t in kernel.tensors if t.is_read], inputs, strict=True))
    for out, negated, source in re.findall(r"(\w) = (-?)(\w)", program):
        values[out] = -values[source] if negated else values[source]
    for seed in range(4):
        found, _ = simulate(kernel.program, inputs, seed=seed)
        for tensor, output in zip([t for t in kernel.tensors if t.is_written], found, strict=True):
            assert np.array_equal(output, values[tensor.name]), tensor.name
