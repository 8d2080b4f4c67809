"""Cells of the layout matrix: kernels, layouts, divisions of work, and what each cell must move.

Where a page is and which core moves it is written here by hand (metalium.md 1.7, 3.2 and the
division of `split_work_to_cores`), without the layout algebra and without the partition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.mlir_text import parse_module

Core = tuple[int, int]
Floats = NDArray[np.float64]

TENSORS = {
    "add": {"X": (9, 10, "bf16"), "Y": (9, 10, "bf16"), "Z": (9, 10, "bf16")},
    "gemm": {"A": (9, 7, "bf16"), "B": (7, 10, "bf16"), "C": (9, 10, "f32")},
}
"""Tiles along rows and columns, and the type, of every tensor; the last one is the output."""
AXES = {"A": ["M", "K"], "B": ["K", "N"]}
INNER = 7
"""Tiles of the product's inner dimension; a step takes one."""
BYTES = {"bf16": 2048, "f32": 4096}
"""Bytes of a tile."""
DEVICE: dict[str, Core] = {"wormhole": (8, 8), "blackhole": (11, 10)}
"""Compute grid (width, height)."""
STRATEGIES = ("contiguous", "row_major", "column_major", "block")


@dataclass(frozen=True)
class Where:
    """A memory and a way to cut, with rows and columns of a shard in tiles where that is fixed."""

    memory: str
    kind: str = "interleaved"
    order: str = "row_major"
    thin: bool = False
    """Whether shards are one tile across, else about a quarter."""
    tens: int = 3
    """Tiles of a shard where ten are cut."""

    def shard(self, rows: int, cols: int) -> tuple[int, int]:
        """Tiles of a shard: nine or seven tiles are cut by 2, ten by 3: unevenly."""
        along = {7: 2, 9: 2, 10: self.tens}
        down, across = (1, 1) if self.thin else (along[rows], along[cols])
        return (rows if self.kind == "width" else down, cols if self.kind == "height" else across)

    def grid(self, rows: int, cols: int) -> tuple[int, int]:
        """Shards along rows and columns."""
        down, across = self.shard(rows, cols)
        return -(-rows // down), -(-cols // across)

    def annotation(self, tensor: str, rows: int, cols: int) -> dict[str, Any]:
        """What a user says of the tensor."""
        said: dict[str, Any] = {"memory": self.memory}
        shard = self.shard(rows, cols)
        if self.kind == "interleaved":
            return said | {"layout": "interleaved"}
        if self.kind == "nd":
            nd_shard = {
                "axes": AXES.get(tensor, ["M", "N"]),
                "grid": list(self.grid(rows, cols)),
                "shard_shape": [32 * tiles for tiles in shard],
                "order": self.order,
            }
            return said | {"nd_shard": nd_shard}
        said["strategy"] = self.kind
        if self.kind == "block":
            return said | {"grid": list(self.grid(rows, cols))}
        return said | {"shard_shape": [32 * shard[0 if self.kind == "height" else 1]]}

    def owner(self, page: tuple[int, int], size: tuple[int, int], grid: Core) -> Core | None:
        """The core (x, y) with a page of a tensor; None in DRAM. `grid`: that of the program."""
        if self.memory == "DRAM":
            return None
        (down, across), shard = self.grid(*size), self.shard(*size)
        y, x = page[0] // shard[0], page[1] // shard[1]
        number = x * down + y if self.order == "column_major" else y * across + x
        width = across if min(down, across) > 1 else grid[0]  # one dimension fills core rows
        return number % width, number // width

    def bank(self, page: tuple[int, int], size: tuple[int, int], banks: int) -> int:
        """The DRAM bank with a page, of so many; in L1 the number of its shard."""
        if self.kind == "interleaved":
            return (page[0] * size[1] + page[1]) % banks
        (down, across), shard = self.grid(*size), self.shard(*size)
        y, x = page[0] // shard[0], page[1] // shard[1]
        if self.memory == "L1":
            return x * down + y if self.order == "column_major" else y * across + x
        return (y * across + x) % banks


LAYOUTS = {
    "dram": Where("DRAM"),
    "dram height": Where("DRAM", "height"),
    "dram width": Where("DRAM", "width"),
    "dram block": Where("DRAM", "block"),
    "dram nd": Where("DRAM", "nd"),
    "l1 height": Where("L1", "height"),
    "l1 width": Where("L1", "width", thin=True),
    "l1 block": Where("L1", "block"),
    "l1 nd": Where("L1", "nd", "column_major"),
}
BLOCKWISE = Where("L1", "block", tens=2)
OUTPUTS = ("dram", "l1 block")
LOCAL = "l1 blocks"
"""Shards of whole blocks of the output, which work can follow: 5x5 of 2x2 tiles, the last row
uneven; the cores are those of the shard grid."""


@dataclass(frozen=True)
class Cell:
    """One cell: a kernel, a layout for each tensor, a division of its blocks, a machine."""

    kernel: str
    layouts: tuple[str, str, str]
    strategy: str
    arch: str
    small: bool = False
    """Whether the program keeps to 4x5 cores."""

    def __str__(self) -> str:
        where = "-".join(name.replace(" ", "_") for name in self.layouts)
        return f"{self.kernel}-{where}-{self.strategy}-{self.arch}" + "-small" * self.small

    @property
    def grid(self) -> Core:
        """The cores of the program, from (0, 0)."""
        return (4, 5) if self.small else DEVICE[self.arch]

    @property
    def where(self) -> dict[str, Where]:
        """The layout of each tensor."""
        names = zip(TENSORS[self.kernel], self.layouts, strict=True)
        return {t: BLOCKWISE if name == LOCAL else LAYOUTS[name] for t, name in names}

    def annotations(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """`layout` and `schedule`, as `tt_dialect.compile` takes them."""
        sizes = TENSORS[self.kernel]
        layout = {t: w.annotation(t, *sizes[t][:2]) for t, w in self.where.items()}
        schedule: dict[str, Any] = {"partition_mode": "global", "strategy": self.strategy}
        if self.strategy == "local":
            schedule = {"partition_mode": "local_shard"}
        if self.small:
            schedule["core_grid"] = list(self.grid)
        return layout, schedule


def cells() -> list[Cell]:
    """
    Every pair of operand layouts, on each kernel; the other factors go round over them.

    Strategy and machine advance along rows and columns of the square of pairs, so every layout of
    either operand meets all eight combinations; outputs and core grids change between visits.
    """
    turns = list(product(STRATEGIES, DEVICE))
    found: list[Cell] = []
    for k, kernel in enumerate(TENSORS):
        for (i, first), (j, second) in product(enumerate(LAYOUTS), repeat=2):
            strategy, arch = turns[(i + j + 3 * k) % 8]
            output = OUTPUTS[(i + (i + j) // 8 + (i + j) // 2 + k) % 2]
            small = (i // 2 + j + k) % 2 == 1
            found.append(Cell(kernel, (first, second, output), strategy, arch, small))
    return found


def local_cells() -> list[Cell]:
    """
    Cells in which work follows the shards of the output.

    Another operand lies in DRAM, in the same shards, or, in the product, is cut along its inner
    dimension, which no work can follow; shards that are cut otherwise would disagree.
    """
    names = ("dram", "dram height", "dram width", "dram block", "dram nd")
    found: list[Cell] = []
    for i, (name, arch) in enumerate(product((*names, LOCAL), DEVICE)):
        found.append(Cell("add", (name, (LOCAL, "dram nd")[i % 4 // 2], LOCAL), "local", arch))
        found.append(Cell("add", (LOCAL, name, LOCAL), "local", arch))
    inner = {"A": ("l1 width", "l1 block", "l1 nd"), "B": ("l1 height", "l1 block", "l1 nd")}
    firsts, seconds = (*names, *inner["A"]), (*names, *inner["B"])
    for i, (first, arch) in enumerate(product(firsts, DEVICE)):
        second = seconds[(i + 3) % len(seconds)]
        found.append(Cell("gemm", (first, second, LOCAL), "local", arch))
    return list(dict.fromkeys(found))


# --- kernels --------------------------------------------------------------------------------------

FRAME = """
func.func @{name}({parameters}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %steps = arith.constant {inner} : index
  %rows = arith.constant {grid[0]} : index
  %cols = arith.constant {grid[1]} : index
  %bm = arith.constant {block[0]} : index
  %bn = arith.constant {block[1]} : index
  %tile = arith.constant 32 : index
  scf.parallel (%by, %bx) = (%c0, %c0) to (%rows, %cols) step (%c1, %c1) {{
    %m = arith.muli %by, %bm : index
    %n = arith.muli %bx, %bn : index
{body}
    scf.reduce
  }}
  func.return
}}
"""
ADD = """
    linalg.generic {{indexing_maps = [{same}, {same}, {same}], \
iterator_types = ["parallel", "parallel"]}} ins(%X_view, %Y_view : {X}, {Y}) outs(%Z_view : {Z}) {{
    ^bb0(%x: bf16, %y: bf16, %z: bf16):
      %sum = arith.addf %x, %y : bf16
      linalg.yield %sum : bf16
    }}"""
GEMM = """
    %zero = arith.constant 0.0 : f32
    %a = memref.alloc() {{tt.name = "a"}} : {a}
    %b = memref.alloc() {{tt.name = "b"}} : {b}
    %acc = memref.alloc() {{tt.name = "acc"}} : {acc}
    linalg.fill ins(%zero : f32) outs(%acc : {acc})
    scf.for %ko = %c0 to %steps step %c1 {{
      %k = arith.muli %ko, %tile : index
{inner}
      linalg.copy ins(%A_view : {A}) outs(%a : {a})
      linalg.copy ins(%B_view : {B}) outs(%b : {b})
      linalg.generic {{indexing_maps = [affine_map<(i, j, k) -> (i, k)>, \
affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>], \
iterator_types = ["parallel", "parallel", "reduction"]}} ins(%a, %b : {a}, {b}) \
outs(%acc : {acc}) {{
      ^bb0(%x: bf16, %y: bf16, %z: f32):
        %xf = arith.extf %x : bf16 to f32
        %yf = arith.extf %y : bf16 to f32
        %product = arith.mulf %xf, %yf : f32
        %sum = arith.addf %z, %product : f32
        linalg.yield %sum : f32
      }}
    }} {{tt.num_stages = 2 : i64}}
    linalg.copy ins(%acc : {acc}) outs(%C_view : {C})"""
BLOCK = (1, 2)
"""Tiles of a block of the output; 9x5 blocks."""
BLOCKS = (9, 5)


def _memref(rows: int, cols: int, dtype: str, rest: str = "") -> str:
    return f"memref<{32 * rows}x{32 * cols}x{dtype}{rest}>"


@lru_cache
def kernel_text(name: str) -> str:
    """The TILE program of a kernel."""
    tensors = TENSORS[name]
    shapes = {t: (("%m", "%n"), BLOCK) for t in tensors}
    shapes |= {"A": (("%m", "%k"), (BLOCK[0], 1)), "B": (("%k", "%n"), (1, BLOCK[1]))}
    types: dict[str, str] = {}
    views: dict[str, str] = {}
    for tensor, (rows, cols, dtype) in tensors.items():
        (row, col), size = shapes[tensor]
        types[tensor] = _memref(*size, dtype, f", strided<[{32 * cols}, 1], offset: ?>")
        views[tensor] = (
            f"    %{tensor}_view = memref.subview %{tensor}[{row}, {col}] "
            f"[{32 * size[0]}, {32 * size[1]}] [1, 1] : "
            f"{_memref(rows, cols, dtype)} to {types[tensor]}"
        )
    if name == "add":
        same = "affine_map<(d0, d1) -> (d0, d1)>"
        body = "\n".join(views.values()) + ADD.format(same=same, **types)
    else:
        types |= {"a": _memref(BLOCK[0], 1, "bf16", ", 1 : i64")}
        types |= {"b": _memref(1, BLOCK[1], "bf16", ", 1 : i64")}
        types |= {"acc": _memref(*BLOCK, "f32", ", 2 : i64")}
        body = views["C"] + GEMM.format(inner=views["A"] + "\n" + views["B"], **types)
    return FRAME.format(
        name=name,
        parameters=", ".join(
            f'%{t}: {_memref(*size)} {{tt.name = "{t}"}}' for t, size in tensors.items()
        ),
        inner=INNER,
        grid=BLOCKS,
        block=[32 * tiles for tiles in BLOCK],
        body=body,
    )


def compiled(cell: Cell, core_ranges: Sequence[tuple[int, int, int, int]] = ()) -> CompiledKernel:
    """The program of a cell, perhaps on other cores: ranges of x, y and extents."""
    module = parse_module(kernel_text(cell.kernel), f"{cell.kernel}.mlir")
    layout, schedule = cell.annotations()
    if core_ranges:
        schedule["core_ranges"] = [
            {"start": [x, y], "extent": [width, height]} for x, y, width, height in core_ranges
        ]
    return tt_dialect.compile(module, arch=cell.arch, layout=layout, schedule=schedule)


@lru_cache
def data(kernel: str) -> tuple[list[Floats], Floats]:
    """Inputs, small whole numbers, and NumPy's result in float64, which every format here holds."""
    rng = np.random.default_rng(len(kernel))
    *inputs, _ = TENSORS[kernel].values()
    first, second = (
        rng.integers(-8, 9, (32 * rows, 32 * cols)).astype(np.float64) for rows, cols, _ in inputs
    )
    return [first, second], first + second if kernel == "add" else first @ second


# --- what must happen -----------------------------------------------------------------------------


def shares(strategy: str, grid: Core) -> dict[Core, list[tuple[int, int]]]:
    """The blocks (m, n) of every core with work, in the order it does them."""
    (rows, cols), (width, height) = BLOCKS, grid
    if strategy in ("block", "local"):
        high, wide = -(-rows // height), -(-cols // width)
        if strategy == "local":
            high, wide = (
                tiles // b for tiles, b in zip(BLOCKWISE.shard(9, 10), BLOCK, strict=True)
            )
        boxes: dict[Core, list[tuple[int, int]]] = {}
        for m, n in product(range(rows), range(cols)):
            boxes.setdefault((n // wide, m // high), []).append((m, n))
        return boxes
    blocks = [(m, n) for m in range(rows) for n in range(cols)]
    if strategy == "column_major":
        blocks = [(m, n) for n in range(cols) for m in range(rows)]
    cores = min(len(blocks), width * height)
    least, more = divmod(len(blocks), cores)
    found: dict[Core, list[tuple[int, int]]] = {}
    for core in range(cores):
        count = least + (core < more)
        found[core % width, core // width], blocks = blocks[:count], blocks[count:]
    return found


@dataclass
class Traffic:
    """Bytes by kind, for each tensor and for each core."""

    tensors: dict[str, Counter[str]]
    cores: dict[Core, Counter[str]]


def moved(kernel: str, tensor: str, block: tuple[int, int]) -> tuple[range, range]:
    """Rows and columns of the pages that a block (m, n) of the output takes of a tensor."""
    rows, cols = (range(i * size, (i + 1) * size) for i, size in zip(block, BLOCK, strict=True))
    if kernel == "gemm" and tensor != "C":
        return (rows, range(INNER)) if tensor == "A" else (range(INNER), cols)
    return rows, cols


def traffic(cell: Cell) -> Traffic:
    """
    What a cell moves: each core, for each of its blocks, the pages of the operands' blocks and the
    block of the result; a page is `dram`, `l1_local` if the core owns it, else `l1_remote`. Where
    work follows the shards, tensors whose every block is the core's own are not moved at all.
    """
    *_, output = sizes = TENSORS[cell.kernel]
    found = Traffic({t: Counter() for t in sizes}, {})
    followed = {t for t, name in zip(sizes, cell.layouts, strict=True) if name == LOCAL}
    for core, blocks in shares(cell.strategy, cell.grid).items():
        counts = found.cores[core] = Counter[str]()
        for (tensor, (height, width, dtype)), block in product(sizes.items(), blocks):
            if cell.strategy == "local" and tensor in followed:
                continue
            for page in product(*moved(cell.kernel, tensor, block)):
                owner = cell.where[tensor].owner(page, (height, width), cell.grid)
                kind = "dram" if owner is None else "l1_remote"
                kind = "l1_local" if owner == core else kind
                found.tensors[tensor][kind] += BYTES[dtype]
                if kind == "dram":
                    kind = "dram_write" if tensor == output else "dram_read"
                counts[kind] += BYTES[dtype]
    return found


def transfers(cell: Cell, banks: int) -> Counter[tuple[str, Core, int, int]]:
    """How often (read or write, core, bank, page) happens; a bank of L1 is the shard's number."""
    *_, output = sizes = TENSORS[cell.kernel]
    found: Counter[tuple[str, Core, int, int]] = Counter()
    for core, blocks in shares(cell.strategy, cell.grid).items():
        for (tensor, (height, width, _)), block in product(sizes.items(), blocks):
            kind = "write" if tensor == output else "read"
            for page in product(*moved(cell.kernel, tensor, block)):
                bank = cell.where[tensor].bank(page, (height, width), banks)
                found[kind, core, bank, page[0] * width + page[1]] += 1
    return found
