"""TILE programs with tensors in every kind of memory, and where each of their pages is.

`owner` is written by hand, from metalium.md 1.7: it does not use the layout algebra.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import tt_dialect
from tt_dialect.api import CompiledKernel
from tt_dialect.arch import get_arch

SIZE, TILES = 288, 9
"""Matrices are 288x288: 9x9 tiles, which shards of 2x2 cut into 5x5, the last ones uneven."""
BLOCK = 3
"""Tiles of a block along each axis: 3x3 blocks."""


@dataclass(frozen=True)
class Where:
    """A memory, and shards of rows x columns tiles, if any."""

    memory: str
    shard: tuple[int, int] | None = None
    order: str = "row_major"
    swapped: bool = False
    """Whether the nd_shard lists the columns first."""

    @property
    def grid(self) -> tuple[int, int]:
        """Shards along rows and columns."""
        assert self.shard is not None
        return -(-TILES // self.shard[0]), -(-TILES // self.shard[1])

    def attribute(self, rows: str, cols: str) -> str:
        """`#tt.layout.buffer<...>` for a matrix with these axis labels."""
        nd_shard, kind = "", "interleaved"
        if self.shard is not None:
            kind = "sharded"
            cut = [
                (axis, count, 32 * tiles)
                for axis, count, tiles in zip((rows, cols), self.grid, self.shard, strict=True)
                if count > 1
            ]
            cut = cut[::-1] if self.swapped else cut
            axes = ", ".join(f'"{axis}"' for axis, _, _ in cut)
            nd_shard = (
                f", nd_shard<axes [{axes}], grid {[n for _, n, _ in cut]}, "
                f'shard {[s for _, _, s in cut]}, order "{self.order}">'
            )
        return (
            f"#tt.layout.buffer<{self.memory}, {kind}, tile<32x32, bf16>, "
            f'axes ["{rows}", "{cols}"], by "user"{nd_shard}>'
        )

    def owner(self, row: int, col: int, grid: tuple[int, int]) -> tuple[int, int] | None:
        """The core (x, y) with the page of a tile; None in DRAM. `grid` is that of the device."""
        if self.memory == "dram":
            return None
        if self.shard is None:
            bank = (row * TILES + col) % (grid[0] * grid[1])
            return bank % grid[0], bank // grid[0]
        down, across = self.grid
        y, x = row // self.shard[0], col // self.shard[1]
        number = x * down + y if self.order == "column_major" else y * across + x
        width = across if down > 1 and across > 1 else grid[0]  # one dimension fills the cores
        return number % width, number // width


LAYOUTS = {
    "dram interleaved": Where("dram"),
    "l1 block": Where("l1", (2, 2)),
    "dram height": Where("dram", (2, 9)),
    "l1 nd": Where("l1", (2, 2), "column_major", swapped=True),
    "dram width": Where("dram", (9, 2)),
    "l1 interleaved": Where("l1"),
    "dram block": Where("dram", (2, 2)),
    "l1 height": Where("l1", (2, 9)),
    "dram nd": Where("dram", (2, 2), swapped=True),
    "l1 width": Where("l1", (9, 2)),
}
NAMES = list(LAYOUTS)
CASES = [(name, NAMES[(i + 3) % 10], NAMES[(i + 6) % 10]) for i, name in enumerate(NAMES)]
"""Layouts of two inputs and the output: each layout is once in each place."""

PROGRAMS = Path(__file__).parent / "data" / "sharded"
"""Z = X + Y and C = A @ B over blocks of 3x3 tiles (and steps of 3 tiles of K); Z = X + X over the
matrices of a 3x160x160 tensor. `LAYOUT` stands for layouts."""

TENSORS = {"add": ("XMN", "YMN", "ZMN"), "gemm": ("AMK", "BKN", "CMN")}
"""Tensors of a program, each with the labels of its axes."""


def program_text(name: str, *where: Where) -> str:
    """A program whose tensors have these layouts."""
    text = (PROGRAMS / f"{name}.mlir").read_text(encoding="utf-8")
    for (tensor, rows, cols), place in zip(TENSORS[name], where, strict=True):
        text = text.replace(f"LAYOUT_{tensor}", place.attribute(rows, cols))
    return text


def batched_text(layout: str) -> str:
    """The program over matrices, with one layout for both tensors."""
    text = (PROGRAMS / "batched.mlir").read_text(encoding="utf-8")
    return text.replace("LAYOUT", f"#tt.layout.buffer<{layout}>")


def compiled(text: str, directory: Path, arch: str, api: str = "v2") -> CompiledKernel:
    """A program from its text."""
    path = directory / "program.mlir"
    path.write_text(text, encoding="utf-8")
    return tt_dialect.compile(path, arch=arch, metalium_api=api)


PAGE = 2048


def traffic(kernel: CompiledKernel, name: str, where: dict[str, Where]) -> dict[str, Counter[str]]:
    """Bytes of each tensor by kind: what each core moves for its blocks, page by page."""
    grid = get_arch(kernel.arch).grid
    found = {tensor: Counter[str]() for tensor in where}

    def move(tensor: str, core: tuple[int, int], rows: range, cols: range) -> None:
        for row in rows:
            for col in cols:
                owner = where[tensor].owner(row, col, grid)
                kind = "dram" if owner is None else "l1_local" if owner == core else "l1_remote"
                found[tensor][kind] += PAGE

    every = range(TILES)
    for core, start, count in kernel.program.partition.ids():
        for block in range(start, start + count):
            m, n = divmod(block, TILES // BLOCK)
            rows, cols = range(BLOCK * m, BLOCK * m + BLOCK), range(BLOCK * n, BLOCK * n + BLOCK)
            if name == "add":
                for tensor in where:
                    move(tensor, core, rows, cols)
            else:
                move("A", core, rows, every)
                move("B", core, every, cols)
                move("C", core, rows, cols)
    return found
