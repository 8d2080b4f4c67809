"""Tensors that are not made of whole tiles, and blocks that do not divide them.

TileLang's rule: a load outside of a tensor reads 0, a store outside of it is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import needs_compiler
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.diagnostics import CompileError
from tt_dialect.ir.noc import Clip, GenerateTileOp, LoadBlockOp, StoreBlockOp
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module
from tt_dialect.run import evaluate, simulate
from tt_dialect.run.native_build import run_host

DATA = Path(__file__).parents[1] / "data" / "tir"
LEVELS = ("tile", "core", "tiled", "buffered", "threads", "metalium")
SHAPES = (1, 31, 33, 100, 127)


def tiles(extent: int) -> int:
    """Tiles along a dimension."""
    return -(-extent // 32)


# -- kernels, as the importer prints them ----------------------------------------------------------


def memref(shape: Sequence[int], element: str, space: int | None = None) -> str:
    kind = "x".join([*map(str, shape), element])
    return f"memref<{kind}>" if space is None else f"memref<{kind}, {space} : i64>"


def region(
    tensor: str, shape: Sequence[int], element: str, offsets: Sequence[str], sizes: Sequence[int]
) -> tuple[str, str]:
    """(the subview, its type): what a region of a tensor is imported as."""
    strides = [prod(shape[dim + 1 :]) for dim in range(len(shape))]
    kind = memref(sizes, f"{element}, strided<{strides}, offset: ?>")
    ones, places = [1] * len(sizes), ", ".join(offsets)
    source = memref(shape, element)
    return f"memref.subview %{tensor}[{places}] {list(sizes)} {ones} : {source} to {kind}", kind


def constants(*numbers: int) -> str:
    lines = [f"  %c{n} = arith.constant {n} : index" for n in sorted({0, 1, *numbers})]
    return "\n".join([*lines, "  %zero = arith.constant 0.0 : f32"])


def gemm_text(
    size: tuple[int, int, int],
    block: tuple[int, int, int],
    element: str = "bf16",
    out: str = "f32",
    *,
    transposed: bool = False,
) -> str:
    """C = A @ B (or B transposed) on blocks; grids and loops count blocks by T.ceildiv."""
    (m, n, k), (bm, bn, bk) = size, block
    grid_m, grid_n, steps = (-(-a // b) for a, b in zip(size, block, strict=True))
    a, a_kind = region("A", (m, k), element, ("%m", "%kk"), (bm, bk))
    turn = slice(None, None, -1 if transposed else 1)
    b_shape, b_block = (k, n)[turn], (bk, bn)[turn]
    b, b_kind = region("B", b_shape, element, ("%kk", "%n")[turn], b_block)
    b_map = "(j, l)" if transposed else "(l, j)"
    c, c_kind = region("C", (m, n), out, ("%m", "%n"), (bm, bn))
    a_shared, b_shared = memref((bm, bk), element, 1), memref(b_block, element, 1)
    acc = memref((bm, bn), "f32", 2)
    wide = "".join(
        f"%{v}w = arith.extf %{v} : {element} to f32\n        " if element != "f32" else ""
        for v in "xy"
    )
    x, y = ("%xw", "%yw") if element != "f32" else ("%x", "%y")
    if out == "f32":
        store = f"linalg.copy ins(%acc : {acc}) outs(%c : {c_kind})"
    else:
        store = f"""linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>,
          affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}}
          ins(%acc : {acc}) outs(%c : {c_kind}) {{
      ^bb0(%s: f32, %o: {out}):
        %t = arith.truncf %s : f32 to {out}
        linalg.yield %t : {out}
      }}"""
    return f"""
func.func @gemm(%A: {memref((m, k), element)} {{tt.name = "A"}},
                %B: {memref(b_shape, element)} {{tt.name = "B"}},
                %C: {memref((m, n), out)} {{tt.name = "C"}}) {{
{constants(bm, bn, bk, grid_m, grid_n, steps)}
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c{grid_n}, %c{grid_m}) step (%c1, %c1) {{
    %a = memref.alloc() {{tt.name = "A_shared"}} : {a_shared}
    %b = memref.alloc() {{tt.name = "B_shared"}} : {b_shared}
    %acc = memref.alloc() {{tt.name = "C_local"}} : {acc}
    %m = arith.muli %by, %c{bm} : index
    %n = arith.muli %bx, %c{bn} : index
    linalg.fill ins(%zero : f32) outs(%acc : {acc})
    scf.for %k = %c0 to %c{steps} step %c1 {{
      %kk = arith.muli %k, %c{bk} : index
      %A_view = {a}
      linalg.copy ins(%A_view : {a_kind}) outs(%a : {a_shared})
      %B_view = {b}
      linalg.copy ins(%B_view : {b_kind}) outs(%b : {b_shared})
      linalg.generic {{indexing_maps = [affine_map<(i, j, l) -> (i, l)>,
          affine_map<(i, j, l) -> {b_map}>, affine_map<(i, j, l) -> (i, j)>],
          iterator_types = ["parallel", "parallel", "reduction"]}}
          ins(%a, %b : {a_shared}, {b_shared}) outs(%acc : {acc}) {{
      ^bb0(%x: {element}, %y: {element}, %s: f32):
        {wide}%p = arith.mulf {x}, {y} : f32
        %r = arith.addf %s, %p : f32
        linalg.yield %r : f32
      }}
    }}
    %c = {c}
    {store}
    scf.reduce
  }}
  func.return
}}
"""


def eltwise_text(m: int, n: int, block: tuple[int, int] = (64, 64), *, extra: int = 0) -> str:
    """C = exp(A) - B straight from and to the tensors; `extra` block rows start behind the end."""
    bm, bn = block
    grid_m, grid_n = -(-m // bm) + extra, -(-n // bn)
    views = {t: region(t, (m, n), "f32", ("%m", "%n"), block) for t in "ABC"}
    kind = views["A"][1]
    lines = "\n".join(f"    %{t}_view = {text}" for t, (text, _) in views.items())
    tensor = memref((m, n), "f32")
    return f"""
func.func @eltwise(%A: {tensor} {{tt.name = "A"}}, %B: {tensor} {{tt.name = "B"}},
                   %C: {tensor} {{tt.name = "C"}}) {{
{constants(bm, bn, grid_m, grid_n)}
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c{grid_n}, %c{grid_m}) step (%c1, %c1) {{
    %m = arith.muli %by, %c{bm} : index
    %n = arith.muli %bx, %c{bn} : index
{lines}
    linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>,
        affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}}
        ins(%A_view, %B_view : {kind}, {kind}) outs(%C_view : {kind}) {{
    ^bb0(%a: f32, %b: f32, %o: f32):
      %e = math.exp %a : f32
      %d = arith.subf %e, %b : f32
      linalg.yield %d : f32
    }}
    scf.reduce
  }}
  func.return
}}
"""


def sums_text(m: int, n: int, columns: int, block: int = 64, dim: int = 1) -> str:
    """S = sums of a matrix over dimension `dim`; one block of `columns` covers it."""
    grid = -(-(m, n)[1 - dim] // block)
    sizes, offsets = ((block, columns), ("%p", "%c0")) if dim else ((columns, block), ("%c0", "%p"))
    kept = "i" if dim else "j"
    iterators = ["parallel", "reduction"] if dim else ["reduction", "parallel"]
    kinds = ", ".join(f'"{i}"' for i in iterators)
    x, x_kind = region("X", (m, n), "f32", offsets, sizes)
    extent = (m, n)[1 - dim]
    s, s_kind = region("S", (extent,), "f32", ("%p",), (block,))
    shared, total = memref(sizes, "f32", 1), memref((block,), "f32", 2)
    return f"""
func.func @sums(%X: {memref((m, n), "f32")} {{tt.name = "X"}},
                %S: {memref((extent,), "f32")} {{tt.name = "S"}}) {{
{constants(block, grid)}
  scf.parallel (%b) = (%c0) to (%c{grid}) step (%c1) {{
    %x = memref.alloc() {{tt.name = "x"}} : {shared}
    %s = memref.alloc() {{tt.name = "s"}} : {total}
    %p = arith.muli %b, %c{block} : index
    %X_view = {x}
    linalg.copy ins(%X_view : {x_kind}) outs(%x : {shared})
    linalg.fill ins(%zero : f32) outs(%s : {total})
    linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ({kept})>],
        iterator_types = [{kinds}]}} ins(%x : {shared}) outs(%s : {total}) {{
    ^bb0(%v: f32, %t: f32):
      %r = arith.addf %t, %v : f32
      linalg.yield %r : f32
    }}
    %S_view = {s}
    linalg.copy ins(%s : {total}) outs(%S_view : {s_kind})
    scf.reduce
  }}
  func.return
}}
"""


# -- running them ----------------------------------------------------------------------------------


def compiled(text: str, **options: Any) -> CompiledKernel:
    return tt_dialect.compile(parse_module(text, "kernel.mlir"), **options)


def inputs_of(kernel: CompiledKernel) -> list[Any]:
    random = np.random.default_rng(0)
    return [random.standard_normal(t.shape).astype(t.dtype) for t in kernel.tensors if t.is_read]


def kernel_of(module: Operation) -> FuncOp | ProgramOp:
    return next(op for op in module.walk() if isinstance(op, FuncOp | ProgramOp))


def close(got: Any, want: Any, limit: float) -> None:
    got, want = got.astype(np.float64), want.astype(np.float64)
    assert got.shape == want.shape
    assert np.isfinite(got).all()
    assert np.abs(got - want).max() <= limit * np.abs(want).max()


def product_of(a: Any, b: Any) -> Any:
    return a.astype(np.float64) @ b.astype(np.float64)


def clips(kernel: CompiledKernel) -> set[tuple[str, Clip, Clip]]:
    """(load or store, rows, columns) of the clipped transfers at TILED."""
    return {
        (op.name.removeprefix("tt.noc."), *op.clips)
        for op in kernel.modules["tiled"].walk()
        if isinstance(op, LoadBlockOp | StoreBlockOp) and op.clip is not None
    }


def on_every_level(text: str) -> tuple[CompiledKernel, list[Any], list[Any]]:
    """Runs a kernel at every level; all agree to the bit, apart from what TILE rounds otherwise."""
    kernel = compiled(text)
    inputs = inputs_of(kernel)
    fidelity = kernel.program.config.fidelity.data
    results: list[Any] = []
    for level in LEVELS:
        op = kernel_of(kernel.modules[level])
        if isinstance(op, ProgramOp):
            for seed in (0, 1):
                outputs, stats = simulate(op, inputs, seed=seed)
                results.append(outputs)
                for tensor in (t for t in kernel.tensors if t.is_written):
                    assert (stats.page_writes[tensor.name] == 1).all()
                    padded = [1] * max(0, 2 - len(tensor.shape)) + [*map(tiles, tensor.shape)]
                    assert len(stats.page_writes[tensor.name]) == prod(padded)
        else:
            results.append(evaluate(op, inputs, fidelity=fidelity))
    return kernel, inputs, results


# -- matrix products -------------------------------------------------------------------------------


@pytest.mark.parametrize(("m", "n"), list(product(SHAPES, SHAPES)))
def test_products_of_any_shape(m: int, n: int) -> None:
    for k in SHAPES:
        kernel = compiled(gemm_text((m, n, k), (64, 64, 64)))
        a, b = inputs_of(kernel)
        close(kernel(a, b), product_of(a, b), 1e-3)
        assert kernel.stats is not None
        pages = kernel.stats.page_writes["C"]
        assert len(pages) == tiles(m) * tiles(n)
        assert (pages == 1).all()


@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
@pytest.mark.parametrize("element", ["bf16", "f16", "f32"])
@pytest.mark.parametrize(
    ("size", "block"),
    [((100, 70, 200), (96, 64, 128)), ((70, 260, 70), (64, 128, 64)), ((33, 33, 33), (32, 64, 96))],
)
def test_products_in_other_formats(
    size: tuple[int, int, int], block: tuple[int, int, int], element: str, arch: str
) -> None:
    kernel = compiled(gemm_text(size, block, element, element), arch=arch)
    a, b = inputs_of(kernel)
    close(kernel(a, b), product_of(a, b), 2e-3 if element == "f32" else 2.0**-7)


@pytest.mark.parametrize("element", ["bf16", "f32"])
def test_pages_in_other_orders(element: str) -> None:
    """Columns first in the transposed operand, subblocks of 2x1 tiles in the accumulator."""
    kernel, (a, b), results = on_every_level(
        gemm_text((100, 330, 300), (64, 160, 96), element, transposed=True)
    )
    buffered = str(kernel.modules["buffered"])
    assert "column_major" in buffered
    assert "subblock<2x1>" in buffered
    assert ("store_block", Clip.INSIDE, Clip.EDGE) in clips(kernel)
    assert ("load_block", Clip.EDGE, Clip.EDGE) in clips(kernel)
    for (output,) in results:
        close(output, product_of(a, b.T), 2e-3)


def test_products_agree_at_every_level() -> None:
    """Three tiles along each axis; the K loop is widened to one step of four."""
    kernel, (a, b), results = on_every_level(gemm_text((70, 70, 70), (64, 64, 64)))
    edge = Clip.EDGE
    assert clips(kernel) == {("load_block", edge, edge), ("store_block", edge, edge)}
    for outputs in results:
        np.testing.assert_array_equal(outputs[0], results[0][0])
    close(results[0][0], product_of(a, b), 1e-3)


def test_bytes_are_those_of_the_clipped_blocks() -> None:
    """1056 = 33 tiles in blocks of 4: 8 whole blocks and one of a single tile along each axis.

    A block (i, j) reads min(4, Mt - 4 i) x Kt tiles of A and Kt x min(4, Nt - 4 j) of B. They add
    up to ceil(Nt / 4) Mt Kt + ceil(Mt / 4) Kt Nt tiles of 2048 bytes; Mt Nt of 4096 are written.
    """
    size = 33
    kernel = compiled(gemm_text((1056, 1056, 1056), (128, 128, 128)))
    a, b = inputs_of(kernel)
    close(kernel(a, b), product_of(a, b), 1e-3)
    assert kernel.stats is not None
    blocks = -(-size // 4)
    read = blocks * (size * size + size * size) * 2048
    written = size * size * 4096
    assert (blocks, read, written) == (9, 40_144_896, 4_460_544)
    assert kernel.stats.total.dram_read == read
    assert kernel.stats.total.dram_write == written
    assert kernel.stats.total.noc_bytes == read + written


def test_blocks_that_divide_are_not_clipped() -> None:
    """Padding inside of the last tile is the host's; tiles are counted, not elements."""
    kernel = compiled(gemm_text((127, 100, 33), (64, 128, 64)))
    assert not clips(kernel)
    kernel = compiled(gemm_text((127, 97, 65), (64, 64, 32)))
    assert not clips(kernel)
    assert "minui" not in str(kernel.modules["buffered"])


# -- elementwise kernels, sums, vectors ------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 100), (31, 33), (65, 127), (100, 260), (200, 40), (127, 1)]
)
def test_elementwise_of_any_shape(shape: tuple[int, int]) -> None:
    _, (a, b), results = on_every_level(eltwise_text(*shape))
    for (output,) in results:
        close(output, np.exp(a.astype(np.float64)) - b, 1e-3)


@pytest.mark.parametrize("block", [(64, 96), (32, 96)])
def test_blocks_behind_the_end_store_nothing(block: tuple[int, int]) -> None:
    """A grid of more block rows than the tensor has."""
    kernel, (a, b), results = on_every_level(eltwise_text(70, 70, block, extra=2))
    assert clips(kernel) == {
        (op, Clip.OUTSIDE, Clip.INSIDE) for op in ("load_block", "store_block")
    }
    for (output,) in results:
        close(output, np.exp(a.astype(np.float64)) - b, 1e-3)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("shape", [(1, 1), (31, 33), (100, 70), (70, 100), (127, 127), (200, 90)])
def test_sums_of_any_shape(shape: tuple[int, int], dim: int) -> None:
    """The reduced axis in one block, longer than the tensor; sums are vectors that hang over."""
    length = 32 * (tiles(shape[dim]) + 2)
    _, (x,), results = on_every_level(sums_text(*shape, columns=length, dim=dim))
    for (output,) in results:
        close(output, x.astype(np.float64).sum(axis=dim), 2e-3)


def test_a_kernel_of_tilelang() -> None:
    kernel = tt_dialect.compile(DATA / "tile" / "ragged.tir.json")
    a, b = inputs_of(kernel)
    c, s = kernel(a, b)
    want = np.maximum(product_of(a, b), 0)
    close(c, want, 2.0**-7)
    close(s, want.sum(axis=1), 2.0**-7)


# -- C++ -------------------------------------------------------------------------------------------


def test_zero_tiles_are_written_by_a_helper() -> None:
    kernel = compiled(gemm_text((33, 31, 70), (64, 64, 64)))
    program = kernel_of(kernel.modules["metalium"])
    kinds = [op.kind.data for op in program.walk() if isinstance(op, GenerateTileOp)]
    assert kinds
    assert set(kinds) == {"zero"}
    reader, writer = (kernel.sources[f"kernels/{role}.cpp"] for role in ("reader", "writer"))
    assert "static inline void write_zero_bf16(uint32_t address)" in reader
    assert "rows_valid = " in reader
    assert "cols_valid = std::min<uint32_t>(2, Nt);" in writer
    assert "write_zero" not in writer


@needs_compiler
@pytest.mark.parametrize("size", [(33, 31, 70), (100, 127, 33), (1, 1, 1)])
def test_products_natively(size: tuple[int, int, int]) -> None:
    kernel = compiled(gemm_text(size, (64, 64, 64)))
    inputs = inputs_of(kernel)
    (simulated,) = kernel.execute(inputs)
    (native,) = kernel.execute(inputs, engine="native")
    np.testing.assert_array_equal(native, simulated)


@needs_compiler
@pytest.mark.parametrize(
    "text",
    [
        eltwise_text(70, 70, (64, 96), extra=2),
        sums_text(100, 70, 160),
        sums_text(40, 33, 64, dim=0),
    ],
)
def test_others_natively(text: str) -> None:
    kernel = compiled(text)
    inputs = inputs_of(kernel)
    (simulated,) = kernel.execute(inputs)
    (native,) = kernel.execute(inputs, engine="native")
    close(native, simulated, 1e-5)


@needs_compiler
@pytest.mark.parametrize(
    "text", [gemm_text((33, 31, 70), (64, 64, 64)), sums_text(100, 70, 160), eltwise_text(40, 70)]
)
def test_host_programs_agree_with_their_references(text: str, tmp_path: Path) -> None:
    kernel = compiled(text)
    kernel.write(tmp_path / "built")
    done = run_host(
        tmp_path / "built" / "main.cpp", "wormhole", options=("-Wall", "-Wextra", "-Werror")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": ok" in done.stdout


# -- refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "%m = arith.muli %by, %c64",
            "%q = arith.subi %by, %c1 : index\n    %m = arith.muli %q, %c64",
            r"a block of 64 starts before dimension 0 of 'A' \(extent 70\): at -64",
        ),
        (
            "%m = arith.muli %by, %c64",
            "%m = arith.muli %by, %c1",
            "a block of 'A' does not start and end on 32x32 tiles in dimension 0",
        ),
    ],
)
def test_refused(before: str, after: str, message: str) -> None:
    text = eltwise_text(70, 70)
    assert before in text
    with pytest.raises(CompileError, match=rf"kernel\.mlir:\d+:\d+: error: {message}"):
        compiled(text.replace(before, after))


def test_regions_before_the_tensor_are_not_executed() -> None:
    """TileLang counts one negative index from the end; a region that starts there has no sense."""
    text = eltwise_text(70, 70).replace(
        "%m = arith.muli %by, %c64", "%q = arith.subi %by, %c1 : index\n%m = arith.muli %q, %c64"
    )
    function = kernel_of(parse_module(text, "kernel.mlir"))
    assert isinstance(function, FuncOp)
    with pytest.raises(CompileError, match=r"region \[-64, 0\) leaves dimension 0 of extent 70"):
        evaluate(function, [np.zeros((70, 70)), np.zeros((70, 70))])


def test_padding_that_was_stored_is_not_loaded() -> None:
    """C is loaded again: its padding would not be zero."""
    text = eltwise_text(70, 70)
    again = text.replace(
        "    scf.reduce",
        """    %s = memref.alloc() : memref<64x64xf32, 1 : i64>
    linalg.copy ins(%C_view : KIND) outs(%s : memref<64x64xf32, 1 : i64>)
    linalg.copy ins(%s : memref<64x64xf32, 1 : i64>) outs(%C_view : KIND)
    scf.reduce""".replace("KIND", "memref<64x64xf32, strided<[70, 1], offset: ?>>"),
    )
    with pytest.raises(CompileError, match="'C' has dimensions that are not multiples of 32"):
        compiled(again)


def test_buffers_on_chip_are_whole_tiles() -> None:
    with pytest.raises(CompileError, match=r"of shape \(16, 64\) is not made of whole 32x32 tiles"):
        compiled(gemm_text((33, 64, 64), (16, 64, 64)))
