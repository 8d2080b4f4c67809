"""Host programs of tensors in shards and in L1, and the rules on layouts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from amounts import amount
from needs import needs_compiler
from sharded_programs import CASES, LAYOUTS, batched_text, compiled, program_text
from xdsl.dialects.builtin import ArrayAttr, IntAttr, f32
from xdsl.rewriter import Rewriter

from tt_dialect.api import CompiledKernel
from tt_dialect.diagnostics import CompileError, Diagnostic
from tt_dialect.emit import emit_program
from tt_dialect.ir import noc
from tt_dialect.ir.layout import BufferAttr, ints
from tt_dialect.ir.program import ProgramOp, TensorAttr
from tt_dialect.passes.verify_layouts import LAYOUT_RULES
from tt_dialect.run.native import NativeError, run_native
from tt_dialect.run.native_build import run_host
from tt_dialect.tensors import default_inputs

STRICT = ("-Wall", "-Wextra", "-Werror")


def add(case: tuple[str, str, str], directory: Path, arch: str = "wormhole") -> CompiledKernel:
    """Z = X + Y with these layouts."""
    return compiled(program_text("add", *(LAYOUTS[c] for c in case)), directory, arch)


def problems(program: ProgramOp) -> list[Diagnostic]:
    """What the rules on layouts say."""
    return [d for rule in LAYOUT_RULES for d in rule(program)]


@needs_compiler
@pytest.mark.parametrize("name", ["add", "gemm"])
@pytest.mark.parametrize(
    ("number", "arch"),
    [(i, ("wormhole", "blackhole")[i // 2 % 2]) for i in range(0, 10, amount(2, 6))],
)
def test_host_program_checks_itself(name: str, number: int, arch: str, tmp_path: Path) -> None:
    """It compiles without a warning, runs its kernels and compares; both APIs."""
    api = "v1" if number >= 4 else "v2"
    text = program_text(name, *(LAYOUTS[c] for c in CASES[number]))
    kernel = compiled(text, tmp_path, arch, api)
    assert problems(kernel.program) == []
    kernel.write(tmp_path / "out")
    done = run_host(tmp_path / "out" / "main.cpp", arch, options=STRICT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": ok" in done.stdout


@needs_compiler
def test_host_program_with_shards_of_three_dimensions(tmp_path: Path) -> None:
    shard = 'nd_shard<axes ["B", "M"], grid [2, 3], shard [2, 64], order "row_major">'
    layout = f'dram, sharded, tile<32x32, bf16>, axes ["B", "M", "N"], by "user", {shard}'
    kernel = compiled(batched_text(layout), tmp_path, "wormhole")
    host = kernel.sources["main.cpp"]
    assert "X_shards(Shape{3, 5, 5}, Shape{2, 2, 5}, X_cores)" in host
    assert "ShardSpecBuffer" not in host
    kernel.write(tmp_path / "out")
    done = run_host(tmp_path / "out" / "main.cpp", "wormhole", options=STRICT)
    assert done.returncode == 0, done.stdout + done.stderr


def flat(text: str) -> str:
    """C++ without its line breaks."""
    return re.sub(r"\s+", " ", text).replace("( ", "(")


def test_what_the_host_says_of_each_layout(tmp_path: Path) -> None:
    """Distribution, shard spec and layout of height-, width- and block-sharded; N-D without."""
    case = ("l1 block", "l1 height", "dram width")
    host = flat(add(case, tmp_path).sources["main.cpp"])
    for text in (
        "const CoreRangeSet X_grid(CoreRange({0, 0}, {4, 4}));",
        "const BufferDistributionSpec X_shards(Shape{9, 9}, Shape{2, 2}, X_cores);",
        "X_spec(X_grid, {64, 64}, ShardOrientation::ROW_MAJOR, {32, 32}, {9, 9});",
        "BufferShardingArgs(X_shards, X_spec, TensorMemoryLayout::BLOCK_SHARDED)",
        "const CoreRangeSet Y_grid(CoreRange({0, 0}, {4, 0}));",
        "BufferShardingArgs(Y_shards, Y_spec, TensorMemoryLayout::HEIGHT_SHARDED)",
        "const CoreRangeSet Z_grid(CoreRange({0, 0}, {11, 0}));",
        "BufferShardingArgs(Z_shards, Z_spec, TensorMemoryLayout::WIDTH_SHARDED)",
        "TensorAccessorArgs(*X_buffer).append_to(reader_args);",
    ):
        assert text in host, text
    assert "create_buffer(" not in host
    host = flat(add(("l1 nd", "dram block", "dram interleaved"), tmp_path).sources["main.cpp"])
    assert "const std::vector<CoreCoord> X_cores = { CoreCoord(0, 0), CoreCoord(1, 0)," not in host
    assert "const std::vector<CoreCoord> X_cores = { CoreCoord(0, 0), CoreCoord(0, 1)," in host
    assert "81, BufferShardingArgs(X_shards));" in host
    assert "81, BufferShardingArgs(Y_shards));" in host  # 25 shards on 12 banks
    assert "create_buffer(*device, BufferType::DRAM, DataFormat::Float16_b, 81)" in host


def test_nothing_is_said_of_shards_without_them(tmp_path: Path) -> None:
    case = ("dram interleaved", "l1 interleaved", "dram interleaved")
    host = add(case, tmp_path).sources["main.cpp"]
    assert "Shard" not in host
    assert "buffer_distribution_spec" not in host
    assert "BufferType::L1" in host


# ---- rules ----


def accessors(program: ProgramOp) -> list[noc.AccessorOp]:
    """The accessors of a program."""
    return [op for op in program.walk() if isinstance(op, noc.AccessorOp)]


def test_no_accessor_without_the_layout_of_its_tensor(tmp_path: Path) -> None:
    """What would be a default-constructed accessor is an error in the IR and is not printed."""
    program = add(("dram block", "l1 height", "l1 block"), tmp_path).program
    op = accessors(program)[0]
    kind = op.accessor.type
    assert isinstance(kind, noc.AccessorType)
    plain = BufferAttr.interleaved(kind.layout.tile.element_type)
    Rewriter.replace_value_with_new_type(op.accessor, noc.AccessorType(kind.shape, plain))
    (found,) = problems(program)
    assert found.message == "an accessor of tensor 'X' with another layout or shape"
    assert found.location is not None
    with pytest.raises(CompileError, match="with another layout or shape"):
        emit_program(program, None)


def test_no_accessor_without_an_address(tmp_path: Path) -> None:
    program = add(CASES[0], tmp_path).program
    op = accessors(program)[0]
    owner = op.tensor.owner
    assert isinstance(owner, noc.RuntimeArgOp)
    count = next(i for i, a in enumerate(program.abi.args) if a.label.data == "count")
    owner.index = type(owner.index)(count, owner.index.type)
    assert [d.message for d in problems(program)] == [
        "an accessor needs the address argument of a tensor as its base"
    ]
    with pytest.raises(CompileError, match="needs the address argument"):
        emit_program(program, None)


def resized(program: ProgramOp, extent: int) -> None:
    """Makes the tensors of a program larger, and their accessors."""
    shape = ints([extent, extent])
    program.tensors = ArrayAttr(
        [TensorAttr(t.label, t.direction, shape, t.layout) for t in program.tensors]
    )
    for op in accessors(program):
        kind = op.accessor.type
        assert isinstance(kind, noc.AccessorType)
        new = noc.AccessorType(shape, kind.layout)
        Rewriter.replace_value_with_new_type(op.accessor, new)


@pytest.mark.parametrize("arch", ["wormhole", "blackhole"])
def test_l1_overflow_shows_the_arithmetic(arch: str, tmp_path: Path) -> None:
    program = add(
        ("l1 interleaved", "dram interleaved", "dram interleaved"), tmp_path, arch
    ).program
    resized(program, 9216)
    (found,) = problems(program)
    cores, reserved, total = {
        "wormhole": (64, 102_400, 1_499_136),
        "blackhole": (110, 98_304, 1_572_864),
    }[arch]
    pages = -(-288 * 288 // cores)
    need = reserved + 110_592 + pages * 2048
    assert found.message == (
        f"shards and circular buffers do not fit in L1 of a core: {need} B of {total} B"
    )
    assert found.notes[0] == (
        f"{reserved} B reserved + 110592 B of circular buffers + {pages * 2048} B of 'X' "
        f"({pages} pages of 2048 B) = {need} B, {need - total} B too many"
    )
    resized(program, 4096)
    assert problems(program) == []


@pytest.mark.parametrize(
    ("arch", "banks", "size"), [("wormhole", 12, 1 << 30), ("blackhole", 8, 4_278_190_080)]
)
def test_dram_overflow_shows_the_arithmetic(
    arch: str, banks: int, size: int, tmp_path: Path
) -> None:
    """Three tensors of n x n bf16: the largest n that fits, and the next."""
    program = add(("dram interleaved",) * 3, tmp_path, arch).program
    tiles = max(n for n in range(5000) if 3 * -(-n * n // banks) * 2048 <= size)
    resized(program, 32 * tiles)
    assert problems(program) == []
    resized(program, 32 * tiles + 1)
    (found,) = problems(program)
    pages = -(-((tiles + 1) ** 2) // banks)
    need = 3 * pages * 2048
    assert found.message == (
        f"tensors do not fit in DRAM of {arch}: {need} B of a bank of {size} B"
    )
    each = [f"{pages * 2048} B of '{name}' ({pages} pages of 2048 B)" for name in "XYZ"]
    assert found.notes[0] == (
        f"over {banks} banks, in each {' + '.join(each)} = {need} B, {need - size} B too many"
    )


def test_shards_that_do_not_cover_their_tensor(tmp_path: Path) -> None:
    program = add(("dram block", "dram interleaved", "dram interleaved"), tmp_path).program
    resized(program, 1024)
    assert problems(program)[0].message.startswith(
        "tensor 'X': 5 shards of 64 along M do not cover"
    )


def test_pages_hold_what_a_transfer_moves(tmp_path: Path) -> None:
    program = add(CASES[0], tmp_path).program
    op = accessors(program)[0]
    kind = op.accessor.type
    assert isinstance(kind, noc.AccessorType)
    layout = kind.layout
    new = noc.AccessorType(kind.shape, BufferAttr.interleaved(f32, layout.labels))
    Rewriter.replace_value_with_new_type(op.accessor, new)
    assert "a transfer of 4096 B (a page of 4096 B, aligned) to and from pages of 2048 B" in [
        d.message for d in problems(program)
    ]


def test_circular_buffers_on_shards(tmp_path: Path) -> None:
    """An alias has to lie on an L1 shard with room for it, on every core."""
    program = add(("l1 block", "dram interleaved", "l1 interleaved"), tmp_path).program
    allocs = [op for op in program.body.block.ops if op.name == "tt.cb.alloc"]

    def said(number: int) -> str:
        allocs[0].properties["alias"] = IntAttr(number)
        (found,) = problems(program)
        return found.message

    label = "circular buffer 'x'"
    assert said(0).startswith(f"{label} of 18 pages of 2048 B on tensor 'X', whose shards have 4")
    assert said(1) == f"{label} lies on tensor 'Y', which has no shards in L1"
    assert said(2) == f"{label} lies on tensor 'Z', which has no shards in L1"
    assert said(3) == f"{label} lies on tensor 3 of 3"


@needs_compiler
def test_native_notices_an_accessor_of_another_buffer(tmp_path: Path) -> None:
    """Arguments appended in another order are those of other buffers."""
    kernel = add(("l1 block", "l1 nd", "dram interleaved"), tmp_path)
    sources = dict(kernel.sources)
    reader = sources["kernels/reader.cpp"]
    first = "TensorAccessorArgs<0>()"
    second = "TensorAccessorArgs<X_args.next_compile_time_args_offset()>()"
    assert first in reader
    assert second in reader
    sources["kernels/reader.cpp"] = reader.replace(second, first)
    inputs = default_inputs(kernel.tensors, 0)
    with pytest.raises(NativeError) as caught:
        run_native(kernel.program, sources, inputs)
    assert caught.value.findings[0].rule == "accessor"
