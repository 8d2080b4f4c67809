"""Random matrix products keep every bit from TILE to METALIUM: blocks, formats, transposes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.func import FuncOp

from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.pipeline import lower
from tt_dialect.run import evaluate, simulate
from tt_dialect.run.arguments import parameters


@dataclass(frozen=True)
class Product:
    """`C = epilogue(A @ B)` in blocks; extents in tiles."""

    grid: tuple[int, int]
    block: tuple[int, int, int]
    steps: int
    stages: int
    transpose: tuple[bool, bool]
    element: str
    accumulator: str
    exchanged: bool
    start: bool
    """Whether the accumulator starts from C instead of zero."""

    def text(self) -> str:
        """The kernel at level TILE."""
        m, n, k = (32 * extent for extent in self.block)
        rows, cols, depth = m * self.grid[0], n * self.grid[1], k * self.steps
        e, acc = self.element, self.accumulator
        ta, tb = self.transpose
        a_shape, a_block = ((depth, rows), (k, m)) if ta else ((rows, depth), (m, k))
        b_shape, b_block = ((cols, depth), (n, k)) if tb else ((depth, cols), (k, n))
        a_at = "%k, %m" if ta else "%m, %k"
        b_at = "%n, %k" if tb else "%k, %n"
        axes = "%column, %row" if self.exchanged else "%row, %column"
        ends = "%gn, %gm" if self.exchanged else "%gm, %gn"
        wide = acc != e
        same = "affine_map<(i, j) -> (i, j)>"

        def view(shape: tuple[int, int], block: tuple[int, int]) -> str:
            return f"memref<{block[0]}x{block[1]}x{e}, strided<[{shape[1]}, 1], offset: ?>>"

        def cast(value: str, name: str, to: str) -> str:
            kind = "extf" if to == "f32" else "truncf"
            source = e if to == acc else acc
            return f"%{name} = arith.{kind} {value} : {source} to {to}"

        def move(source: str, target: str, kinds: str, to: str) -> str:
            left, right = kinds.split(" -> ")
            if not wide:
                return f"linalg.copy ins({source} : {left}) outs({target} : {right})"
            taken = e if to == acc else acc
            return f"""linalg.generic {{indexing_maps = [{same}, {same}],
              iterator_types = ["parallel", "parallel"]}}
              ins({source} : {left}) outs({target} : {right}) {{
            ^bb0(%x: {taken}, %y: {to}):
              {cast("%x", "t", to)}
              linalg.yield %t : {to}
            }}"""

        a_view, b_view = view(a_shape, a_block), view(b_shape, b_block)
        c_local = f"memref<{m}x{n}x{acc}, 2 : i64>"
        c_view = view((rows, cols), (m, n))
        begin = (
            move("%c_view", "%c", f"{c_view} -> {c_local}", acc)
            if self.start
            else f"linalg.fill ins(%zero : {acc}) outs(%c : {c_local})"
        )
        widen = f"{cast('%x', 'p', acc)}\n{cast('%y', 'q', acc)}" if wide else ""
        p, q = ("%p", "%q") if wide else ("%x", "%y")
        return f"""
        !A = memref<{a_shape[0]}x{a_shape[1]}x{e}>
        !B = memref<{b_shape[0]}x{b_shape[1]}x{e}>
        !C = memref<{rows}x{cols}x{e}>
        !a = memref<{a_block[0]}x{a_block[1]}x{e}, 1 : i64>
        !b = memref<{b_block[0]}x{b_block[1]}x{e}, 1 : i64>
        func.func @product(%A: !A, %B: !B, %C: !C) {{
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %gm = arith.constant {self.grid[0]} : index
          %gn = arith.constant {self.grid[1]} : index
          %steps = arith.constant {self.steps} : index
          %bm = arith.constant {m} : index
          %bn = arith.constant {n} : index
          %bk = arith.constant {k} : index
          %zero = arith.constant 0.0 : {acc}
          scf.parallel ({axes}) = (%c0, %c0) to ({ends}) step (%c1, %c1) {{
            %a = memref.alloc() : !a
            %b = memref.alloc() : !b
            %c = memref.alloc() : {c_local}
            %m = arith.muli %row, %bm : index
            %n = arith.muli %column, %bn : index
            %c_view = memref.subview %C[%m, %n] [{m}, {n}] [1, 1] : !C to {c_view}
            {begin}
            scf.for %ko = %c0 to %steps step %c1 {{
              %k = arith.muli %ko, %bk : index
              %a_view = memref.subview %A[{a_at}] {list(a_block)} [1, 1] : !A to {a_view}
              linalg.copy ins(%a_view : {a_view}) outs(%a : !a)
              %b_view = memref.subview %B[{b_at}] {list(b_block)} [1, 1] : !B to {b_view}
              linalg.copy ins(%b_view : {b_view}) outs(%b : !b)
              linalg.generic {{indexing_maps = [
                affine_map<(m, n, k) -> ({"k, m" if ta else "m, k"})>,
                affine_map<(m, n, k) -> ({"n, k" if tb else "k, n"})>,
                affine_map<(m, n, k) -> (m, n)>],
                iterator_types = ["parallel", "parallel", "reduction"]}}
                ins(%a, %b : !a, !b) outs(%c : {c_local}) {{
              ^bb0(%x: {e}, %y: {e}, %z: {acc}):
                {widen}
                %r = arith.mulf {p}, {q} : {acc}
                %s = arith.addf %z, %r : {acc}
                linalg.yield %s : {acc}
              }}
            }} {{tt.num_stages = {self.stages} : i64}}
            {move("%c", "%c_view", f"{c_local} -> {c_view}", e)}
          }}
          func.return
        }}
        """


@st.composite
def products(draw: st.DrawFn) -> Product:
    element = draw(st.sampled_from(["bf16", "f16", "f32"]))
    return Product(
        grid=(draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        block=(draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 3))),
        steps=draw(st.integers(1, 4)),
        stages=draw(st.integers(1, 3)),
        transpose=(draw(st.booleans()), draw(st.booleans())),
        element=element,
        accumulator=draw(st.sampled_from(sorted({element, "f32"}))),
        exchanged=draw(st.booleans()),
        start=draw(st.booleans()),
    )


@given(products(), st.sampled_from(["wormhole", "blackhole"]), st.integers(0, 3))
@settings(deadline=None, max_examples=20)
def test_levels_of_a_random_product_agree(product: Product, arch: str, seed: int) -> None:
    module = parse_module(product.text())
    module.verify()
    func = module.body.block.first_op
    assert isinstance(func, FuncOp)
    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal(p.shape, dtype=np.float32) for p in parameters(func) if p.read]
    expected: np.ndarray | None = None
    tile = func.clone()
    for level, current in lower(make_context(), module, arch):
        kernel = current.body.block.first_op
        if isinstance(kernel, FuncOp):
            continue
        assert isinstance(kernel, ProgramOp)
        if expected is None:
            (expected,) = evaluate(tile, inputs, fidelity=kernel.config.fidelity.data)
        (result,), _ = simulate(kernel, inputs, seed=seed)
        assert np.array_equal(expected.view(np.uint32), result.view(np.uint32)), level
    assert expected is not None
