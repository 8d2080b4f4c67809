"""Work that follows L1 shards: blocks of a core's own shards are not moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import needs_compiler
from xdsl.dialects.func import FuncOp

import tt_dialect
from tt_dialect.analysis.work import core_arguments
from tt_dialect.api import CompiledKernel
from tt_dialect.ir import cb
from tt_dialect.mlir_text import parse_module
from tt_dialect.run import evaluate, simulate
from tt_dialect.run.native import run_native
from tt_dialect.run.native_build import run_host
from tt_dialect.run.numerics import AnyArray
from tt_dialect.tensors import default_inputs

BLOCK_4X4 = {"memory": "L1", "strategy": "block", "grid": [4, 4]}
ROWS_8 = {"memory": "L1", "strategy": "height", "grid": [8]}

KERNEL = """
func.func @{name}({parameters}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = arith.constant {grid[0]} : index
  %cols = arith.constant {grid[1]} : index
  %bm = arith.constant {block[0]} : index
  %bn = arith.constant {block[1]} : index
  scf.parallel (%by, %bx) = (%c0, %c0) to (%rows, %cols) step (%c1, %c1) {{
    %m = arith.muli %by, %bm : index
    %n = arith.muli %bx, %bn : index
{body}
    scf.reduce
  }}
  func.return
}}
"""
SUM = """    linalg.generic {{indexing_maps = [{maps}], iterator_types = [{loops}]}} \
ins(%X_view, %Y_view : {view}, {view}) outs(%Z_view : {view}) {{
    ^bb0(%x: {dtype}, %y: {dtype}, %z: {dtype}):
      %sum = arith.addf %x, %y : {dtype}
      linalg.yield %sum : {dtype}
    }}"""
COPY = """    %s = memref.alloc() {{tt.name = "s"}} : {chip}
    linalg.copy ins(%X_view : {view}) outs(%s : {chip})
    linalg.copy ins(%s : {chip}) outs(%Y_view : {view})"""


def kernel_text(
    name: str, shape: tuple[int, int], block: tuple[int, int], dtype: str = "bf16"
) -> str:
    """`copy` is Y = X, `add` Z = X + Y, block by block; sizes in elements."""
    names, body = ("XY", COPY) if name == "copy" else ("XYZ", SUM)
    size = f"{block[0]}x{block[1]}x{dtype}"
    whole = f"memref<{shape[0]}x{shape[1]}x{dtype}>"
    view = f"memref<{size}, strided<[{shape[1]}, 1], offset: ?>>"
    views = [
        f"    %{n}_view = memref.subview %{n}[%m, %n] [{block[0]}, {block[1]}] [1, 1] : "
        f"{whole} to {view}"
        for n in names
    ]
    maps = ", ".join(["affine_map<(d0, d1) -> (d0, d1)>"] * 3)
    loops = '"parallel", "parallel"'
    inside = body.format(
        view=view, dtype=dtype, maps=maps, loops=loops, chip=f"memref<{size}, 1 : i64>"
    )
    return KERNEL.format(
        name=name,
        parameters=", ".join(f'%{n}: {whole} {{tt.name = "{n}"}}' for n in names),
        grid=[-(-s // b) for s, b in zip(shape, block, strict=True)],
        block=block,
        body="\n".join([*views, inside]),
    )


def compiled(
    name: str,
    layout: dict[str, Any],
    block: tuple[int, int],
    shape: tuple[int, int] = (256, 256),
    **options: Any,
) -> CompiledKernel:
    """A kernel with every tensor in the layout given for it."""
    dtype = options.pop("dtype", "bf16")
    module = parse_module(kernel_text(name, shape, block, dtype), "kernel.mlir")
    return tt_dialect.compile(module, layout=layout, **options)


def everywhere(name: str, layout: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys("XY" if name == "copy" else "XYZ", layout)


def aliases(kernel: CompiledKernel) -> dict[str, tuple[int, int, tuple[int, int]]]:
    """(tensor, pages, block) of each circular buffer on a shard."""
    return {
        op.label.data: (op.alias.value.data, op.type.capacity, op.type.block)
        for op in kernel.program.body.block.ops
        if isinstance(op, cb.AllocOp) and op.alias is not None
    }


def expected(name: str, inputs: list[AnyArray]) -> AnyArray:
    """NumPy's result, rounded to the type of the output."""
    values = [i.astype(np.float32) for i in inputs]
    exact = values[0] if name == "copy" else values[0] + values[1]
    return exact.astype(inputs[0].dtype).astype(np.float32)


def checked(kernel: CompiledKernel, name: str) -> list[AnyArray]:
    """Runs on the simulator: NumPy's result, no byte of DRAM, none from another core."""
    inputs = default_inputs(kernel.tensors, 0)
    for seed in (0, 1):
        (output,), stats = simulate(kernel.program, inputs, seed=seed)
        assert np.array_equal(output, expected(name, inputs))
        assert (stats.total.dram_read, stats.total.dram_write) == (0, 0)
        assert (stats.total.l1_remote, stats.total.noc_bytes) == (0, 0)
        assert len(stats.cores) == len(kernel.program.partition.core_ranges.cores())
    return [output]


@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
@pytest.mark.parametrize("name", ["copy", "add"])
@pytest.mark.parametrize("block", [(64, 64), (32, 64), (64, 32), (32, 32)], ids=str)
def test_blocks_of_the_own_shard_stay_where_they_are(
    name: str, arch: str, block: tuple[int, int]
) -> None:
    """A whole shard, its rows, its columns and single tiles: nothing goes over the NoC."""
    kernel = compiled(name, everywhere(name, BLOCK_4X4), block, arch=arch)
    if name == "add":
        assert aliases(kernel) == {f"{n}{s}": (i, 4, (2, 2)) for i, (n, s) in enumerate(ENDS)}
    else:
        assert aliases(kernel) == {"X_shard": (0, 4, (2, 2)), "Y_out_shard": (1, 4, (2, 2))}
    assert kernel.program.partition.mode.data == "local_shard"
    (output,) = checked(kernel, name)
    inputs = default_inputs(kernel.tensors, 0)
    _, stats = simulate(kernel.program, inputs)
    assert stats.total.l1_local == 0
    buffered = next(f for f in kernel.modules["buffered"].walk() if isinstance(f, FuncOp))
    assert np.array_equal(evaluate(buffered, inputs)[0], output)
    assert [str(t.direction.data) for t in kernel.program.tensors][-1] == "out"


ENDS = (("X", "_shard"), ("Y", "_shard"), ("Z", "_out_shard"))


@needs_compiler
@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
@pytest.mark.parametrize("name", ["copy", "add"])
def test_native(name: str, arch: str, api: str, tmp_path: Path) -> None:
    """The emitted C++ does the same, and its host program finds the buffers on the shards."""
    layout = everywhere(name, BLOCK_4X4)
    kernel = compiled(name, layout, (32, 64), arch=arch, metalium_api=api)
    inputs = default_inputs(kernel.tensors, 0)
    want, stats = simulate(kernel.program, inputs)
    done = run_native(kernel.program, kernel.sources, inputs, timeout=300)
    assert not [f for f in done.findings if f.severity != "remark"]
    assert np.array_equal(done.outputs[0], want[0])
    assert done.stats.tensors == stats.tensors
    assert done.stats.total.noc_bytes == 0
    assert "create_local_cb(" in kernel.sources["main.cpp"]
    kernel.write(tmp_path / "out")
    strict = ("-Wall", "-Wextra", "-Werror")
    ran = run_host(tmp_path / "out" / "main.cpp", arch, options=strict)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "circular buffers: 0 bytes of L1 per core" in ran.stdout


@needs_compiler
def test_shards_without_a_store_keep_what_they_have() -> None:
    """Z = X + Y where by < 2: half of the cores pack nothing into their shard of Z."""
    text = kernel_text("add", (256, 256), (64, 64))
    for before, after in (
        (
            "    linalg.generic",
            "    %half = arith.cmpi slt, %by, %two : index\n    scf.if %half {\n",
        ),
        ("    scf.reduce", "    }\n"),
        ("  %c0 =", "  %two = arith.constant 2 : index\n"),
    ):
        text = text.replace(before, after + before)
    kernel = tt_dialect.compile(
        parse_module(text, "kernel.mlir"), layout=everywhere("add", BLOCK_4X4)
    )
    assert len(aliases(kernel)) == 3
    inputs = default_inputs(kernel.tensors, 0)
    done = run_native(kernel.program, kernel.sources, inputs, timeout=300)
    assert not [f for f in done.findings if f.severity != "remark"]
    assert np.array_equal(done.outputs[0][:128], expected("add", inputs)[:128])


@pytest.mark.parametrize("dtype", ["bf16", "f32"])
@pytest.mark.parametrize("name", ["copy", "add"])
def test_shards_along_one_axis(name: str, dtype: str) -> None:
    kernel = compiled(name, everywhere(name, ROWS_8), (32, 192), (512, 192), dtype=dtype)
    assert {a[1:] for a in aliases(kernel).values()} == {(12, (2, 6))}
    checked(kernel, name)


@pytest.mark.parametrize("shape", [(224, 224), (210, 250), (193, 224)], ids=str)
@pytest.mark.parametrize("block", [(32, 32), (64, 32), (64, 64)], ids=str)
@pytest.mark.parametrize("name", ["copy", "add"])
def test_uneven_shards_stay_too(name: str, shape: tuple[int, int], block: tuple[int, int]) -> None:
    """7 tiles in shards of 2: the last ones are not full, and blocks hang over the tensor."""
    kernel = compiled(name, everywhere(name, BLOCK_4X4), block, shape)
    assert len(aliases(kernel)) == (2 if name == "copy" else 3)
    checked(kernel, name)
    _, stats = simulate(kernel.program, default_inputs(kernel.tensors, 0))
    assert stats.total.l1_local == 0


@pytest.mark.parametrize("order", ["column_major", "z_order"])
def test_the_order_of_shards_says_which_core(order: str) -> None:
    """Shards numbered another way lie on other cores, and the work with them."""
    layout = {**BLOCK_4X4, "order": order}
    kernel = compiled("add", everywhere("add", layout), (32, 64))
    assert len(aliases(kernel)) == 3
    checked(kernel, "add")


@pytest.mark.parametrize("block", [(32, 64), (64, 32)], ids=str)
def test_a_tensor_is_replaced_where_it_lies(block: tuple[int, int]) -> None:
    """X = X + Y: each tile of X is read for the last time before it is packed."""
    text = kernel_text("add", (256, 256), block)
    declared = ', %Z: memref<256x256xbf16> {tt.name = "Z"}'
    assert declared in text
    text = text.replace(declared, "").replace("subview %Z", "subview %X")
    layout = {"X": BLOCK_4X4, "Y": BLOCK_4X4}
    kernel = tt_dialect.compile(parse_module(text, "kernel.mlir"), layout=layout)
    assert [a[0] for a in aliases(kernel).values()] == [0, 1, 0]
    checked(kernel, "add")
    _, stats = simulate(kernel.program, default_inputs(kernel.tensors, 0))
    assert stats.total.l1_local == 0


def test_in_mode_global_blocks_are_moved() -> None:
    """Work is divided another way than the shards: no buffer lies on one."""
    layout = everywhere("add", BLOCK_4X4)
    kernel = compiled("add", layout, (32, 64), schedule={"partition_mode": "global"})
    assert aliases(kernel) == {}
    inputs = default_inputs(kernel.tensors, 0)
    (output,), stats = simulate(kernel.program, inputs)
    assert np.array_equal(output, expected("add", inputs))
    assert stats.total.l1_remote > 0


def test_depth_is_that_of_the_shard() -> None:
    """It is decided by the shard, also where another one was asked for, and never reduced."""
    layout = everywhere("add", BLOCK_4X4)
    rows = compiled("add", layout, (32, 64)).plan["decisions"]
    depths = [r for r in rows if r["what"] == "depth"]
    assert [(r["subject"], r["value"], r["by"]) for r in depths] == [
        ("X_shard", "1 blocks", "shard of X"),
        ("Y_shard", "1 blocks", "shard of Y"),
        ("Z_out_shard", "1 blocks", "shard of Z"),
    ]


def test_buffers_give_way_to_shards() -> None:
    """Shards of 600 pages leave room for one block a buffer; aliases count once."""
    layout = {"X": {"memory": "L1", "strategy": "height", "grid": [8]}}
    kernel = compiled("add", layout, (32, 1280), (3840, 1280))  # 15x40 pages, 1.17 MiB
    assert kernel.program.partition.mode.data == "local_shard"
    depths = {r["subject"]: r for r in kernel.plan["decisions"] if r["what"] == "depth"}
    assert (depths["X_shard"]["value"], depths["X_shard"]["by"]) == ("1 blocks", "shard of X")
    assert {r["value"] for r in depths.values()} == {"1 blocks"}
    (buffer,) = [b for b in kernel.plan["circular_buffers"] if "on_shard_of" in b]
    assert (buffer["name"], buffer["on_shard_of"], buffer["pages"]) == ("X_shard", "X", 600)


GEMM = Path(__file__).parents[1] / "data" / "tir" / "gemm_blocks.tir.json"
"""C[384, 640] = A[384, 512] @ B[512, 640] in blocks of 3x2 tiles."""


@pytest.mark.parametrize(
    ("arch", "grid"),
    [
        ("wormhole", [4, 5]),
        ("blackhole", [4, 5]),
        ("blackhole", [4, 10]),
        ("blackhole", [2, 10]),
    ],
    ids=str,
)
def test_product_with_its_output_in_shards(arch: str, grid: list[int]) -> None:
    """Operands come from DRAM; C is made where it stays, in blocks as wide as its shards or not."""
    layout = {"C": {"memory": "L1", "strategy": "block", "grid": grid}}
    kernel = tt_dialect.compile(GEMM, arch=arch, layout=layout)
    found = aliases(kernel)
    assert [a[0] for a in found.values()] == [2]
    a, b = default_inputs(kernel.tensors, 0)
    (c,), stats = simulate(kernel.program, [a, b])
    exact = a.astype(np.float64) @ b.astype(np.float64)
    assert np.abs(c - exact).max() <= np.abs(exact).max() / 128
    assert stats.tensors["C"] == {}
    assert (stats.total.dram_write, stats.total.l1_remote) == (0, 0)
    plain, plain_stats = simulate(tt_dialect.compile(GEMM, arch=arch).program, [a, b])
    assert np.array_equal(plain[0], c)
    assert stats.total.dram_read == plain_stats.total.dram_read


@needs_compiler
def test_product_native() -> None:
    layout = {"C": {"memory": "L1", "strategy": "block", "grid": [2, 10]}}
    kernel = tt_dialect.compile(GEMM, arch="blackhole", layout=layout)
    inputs = default_inputs(kernel.tensors, 0)
    want, stats = simulate(kernel.program, inputs)
    done = run_native(kernel.program, kernel.sources, inputs, timeout=300)
    assert not [f for f in done.findings if f.severity != "remark"]
    assert np.array_equal(done.outputs[0], want[0])
    assert done.stats.tensors == stats.tensors


def test_arguments_are_those_of_a_table() -> None:
    """4x4 tiles in 2x2 shards of 2x2 tiles; core sy=1, sx=0 does tiles 8, 9, 12 and 13."""
    layout = {"memory": "L1", "strategy": "block", "grid": [2, 2]}
    kernel = compiled("add", everywhere("add", layout), (32, 32), (128, 128))
    program = kernel.program
    labels = [arg.label.data for arg in program.abi.args]
    assert labels[3:] == ["start_id", "count", "Sm", "Sn", "Gy", "Gx", "sy", "sx"]
    table = {
        # start, count, Sm, Sn, Gy, Gx, sy, sx
        (0, 0): [0, 4, 2, 2, 2, 2, 0, 0],
        (1, 0): [0, 4, 2, 2, 2, 2, 0, 1],
        (0, 1): [0, 4, 2, 2, 2, 2, 1, 0],
        (1, 1): [0, 4, 2, 2, 2, 2, 1, 1],
    }
    rows = dict(core_arguments(program.abi, program.partition, [0, 0, 0]))
    assert {core: row[3:] for core, row in rows.items()} == table
    assert tiles_of([4, 4], table[0, 1]) == [8, 9, 12, 13]


def tiles_of(tensor: list[int], row: list[int]) -> list[int]:
    """m = sy*Sm + lid div Sn, n = sx*Sn + lid mod Sn; tile m*Nt + n, for blocks of one tile."""
    start, count, sm, sn, _, _, sy, sx = row
    places = [divmod(start + i, sn) for i in range(count)]
    return [(sy * sm + m) * tensor[1] + sx * sn + n for m, n in places]


def test_arguments_of_the_product() -> None:
    """12x20 tiles of C in 2x10 shards of 6x2; blocks of 3x2, two to a shard."""
    layout = {"C": {"memory": "L1", "strategy": "block", "grid": [2, 10]}}
    program = tt_dialect.compile(GEMM, arch="blackhole", layout=layout).program
    rows = dict(core_arguments(program.abi, program.partition, [0, 0, 0]))
    assert {core: row[3:] for core, row in rows.items()} == {
        # start, count, Mt, Kt, Nt, Sm, Sn, Gy, Gx, sy, sx
        (x, y): [0, 2, 12, 16, 20, 6, 2, 2, 10, y, x]
        for y in range(2)
        for x in range(10)
    }
