"""Prints the host program: everything in it is an attribute of the program or its TILE function.

Calls follow tt_metal/programming_examples/matmul @026aba5b (MeshDevice, MeshWorkload and the
legacy builder, the same in API v1 and v2) and `MeshWorkload::add_program`; configurations follow
kernel_types.hpp @00694d6b, `tilize_nfaces` tilize_utils.hpp.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, IntegerType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from tt_dialect.analysis.placement import alias_of
from tt_dialect.emit.cpp import CPP_RESERVED, Lines, Names
from tt_dialect.emit.host_buffers import (
    SHARDED_BUFFER,
    SHARDED_HEADERS,
    describe,
    host_buffer,
    print_buffer,
)
from tt_dialect.emit.host_reference import HOST_TYPES, SCALAR_HOST_TYPES, print_reference
from tt_dialect.emit.host_text import (
    BUFFER,
    COMPARE,
    CREATE_CB,
    CREATE_LOCAL_CB,
    GATHER,
    HEADERS,
    HOST_RESERVED,
    PLACES,
    SCATTER,
    TRANSFERS,
)
from tt_dialect.emit.kernel import cb_index
from tt_dialect.emit.names import (
    allocs_of,
    kernel_files,
    program_semaphores,
    tensor_number,
    tensors_of,
    title_of,
)
from tt_dialect.ir.layout import CoreRangeAttr, CoreRangesAttr, TileDims, int_tuple
from tt_dialect.ir.program import ArgAttr, ArgKind, Direction, ProgramOp, Role, TensorAttr, ThreadOp

LIMITS: dict[type[Attribute], tuple[str, float]] = {
    BFloat16Type: ("1.0 / 128", 2.0**-7),
    Float16Type: ("1.0 / 128", 2.0**-7),
    Float32Type: ("2e-3", 2e-3),
}
"""What the comparison accepts, max|err| / max|reference|, by the format of the output."""

SEED = 42

_STANDARD = "algorithm cmath cstdint cstdio memory random utility vector".split()


@dataclass(frozen=True)
class _Tensor:
    """A tensor parameter as the host sees it."""

    attr: TensorAttr
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape, in elements."""
        return int_tuple(self.attr.shape)

    @property
    def size(self) -> int:
        """Its elements."""
        return prod(self.shape)

    @property
    def dims(self) -> TileDims:
        """Outer, row and column dimensions."""
        return self.attr.layout.dims(len(self.shape))

    @property
    def rows(self) -> int:
        """Rows of the matrix that tiling sees: its matrices, in whole tiles, are stacked."""
        *outer, rows, _ = self.dims.pages(self.shape, self.attr.layout.tile)
        return prod(outer) * rows * self.attr.layout.tile.shape[0]

    @property
    def cols(self) -> int:
        """Its columns."""
        return (
            self.dims.pages(self.shape, self.attr.layout.tile)[-1]
            * (self.attr.layout.tile.shape[1])
        )

    @property
    def plain(self) -> bool:
        """Whether the tensor is that matrix as it lies in memory."""
        return self.rows * self.cols == self.size and self.dims.order == tuple(
            range(len(self.shape))
        )

    @property
    def axes(self) -> list[str]:
        """(extent, stride) of the outer dimensions, the rows and the columns."""
        shape, dims = self.shape, self.dims
        axes = [
            "{1, 0}" if dim is None else f"{{{shape[dim]}, {prod(shape[dim + 1 :])}}}"
            for dim in (*dims.outer, dims.row, dims.col)
        ]
        return [f"{{{', '.join(axes)}}}"]

    @property
    def tiles(self) -> int:
        """Pages of the buffer."""
        return prod(self.dims.pages(self.shape, self.attr.layout.tile))

    @property
    def host_type(self) -> str:
        """Element type on the host."""
        return HOST_TYPES.get(type(self.attr.layout.tile.element_type), "float")

    @property
    def is_read(self) -> bool:
        """Whether the kernel needs its values."""
        return self.attr.use is not Direction.OUT

    @property
    def is_written(self) -> bool:
        """Whether the kernel produces it."""
        return self.attr.use.writes


@dataclass(frozen=True)
class _Scalar:
    """A scalar parameter as the host sees it; people put the value they want."""

    name: str
    kind: Attribute

    @property
    def is_float(self) -> bool:
        """Whether it is passed as a float32."""
        return not isinstance(self.kind, IntegerType)

    @property
    def declaration(self) -> str:
        """The constant with its value."""
        if self.is_float:
            return f"constexpr float {self.name} = 0.5f;"
        return f"constexpr {SCALAR_HOST_TYPES[self.kind]} {self.name} = 32;"

    @property
    def word(self) -> str:
        """The runtime argument that carries it."""
        if self.is_float:
            return f"std::bit_cast<uint32_t>({self.name})"
        return f"static_cast<uint32_t>({self.name})"


def print_host(program: ProgramOp, kernel: FuncOp | None) -> str:
    """`main.cpp`; `kernel` is the TILE function the reference is printed from, if there is one."""
    return _HostPrinter(program, kernel).print()


class _HostPrinter:
    def __init__(self, program: ProgramOp, kernel: FuncOp | None):
        self.program = program
        self.kernel = kernel
        self.lines = Lines()
        self.names = Names([*CPP_RESERVED, *HOST_RESERVED])
        self.tensors = [
            _Tensor(attr, self.names.fresh(attr.label.data)) for attr in program.tensors
        ]
        self.scalars = {
            arg.value.data: _Scalar(self.names.fresh(arg.label.data), arg.type.data[0])
            for arg in sorted(program.abi.args, key=lambda a: a.value.data)
            if arg.kind.data == ArgKind.SCALAR
        }
        self.parameters: list[_Tensor | _Scalar] = [*self.tensors]
        for position, scalar in self.scalars.items():
            self.parameters.insert(position, scalar)
        self.buffers = [host_buffer(program, t.attr, t.name) for t in self.tensors]
        self.core_sets: dict[CoreRangesAttr, str] = {}

    def print(self) -> str:
        """The whole file."""
        reference = None
        if self.kernel is not None:
            written = [isinstance(p, _Tensor) and p.is_written for p in self.parameters]
            reference = print_reference(self.kernel, written)
        program = self.program
        api = program.metalium_api.data
        where = f"{program.arch.data}, TT-Metalium API {api}"
        lines = self.lines
        lines.line(title_of(program, f"host program for {where}"))
        lines.blank()
        floats = any(scalar.is_float for scalar in self.scalars.values())
        standard = [
            *_STANDARD,
            *(["bit"] if floats else []),
            *(["optional"] if self.sharded else []),
        ]
        for header in sorted(standard):
            lines.line(f"#include <{header}>")
        lines.blank()
        headers = HEADERS + (SHARDED_HEADERS if self.sharded else "")
        lines.lines("\n".join(sorted(headers.splitlines())))
        lines.blank()
        lines.line("using namespace tt;")
        lines.line("using namespace tt::tt_metal;")
        lines.blank()
        lines.line("#ifndef KERNEL_DIR")
        lines.line('#define KERNEL_DIR "kernels"')
        lines.line("#endif")
        lines.blank()
        lines.line("namespace {")
        lines.line("")
        local = [alias_of(alloc) is not None for alloc in allocs_of(self.program)]
        for text, used in (
            (BUFFER, any(buffer.where.sharding is None for buffer in self.buffers)),
            (SHARDED_BUFFER, self.sharded),
            (CREATE_CB, not all(local)),
            (CREATE_LOCAL_CB, any(local)),
        ):
            if used:
                lines.lines(text)
                lines.blank()
        lines.lines(TRANSFERS)
        lines.blank()
        moved = [t for t in self.tensors if not t.plain]
        for text, used in (
            (PLACES, bool(moved)),
            (GATHER, any(t.is_read for t in moved)),
            (SCATTER, any(t.is_written for t in moved)),
        ):
            if used:
                lines.lines(text)
                lines.blank()
        if reference is not None:
            lines.lines(COMPARE)
            lines.blank()
        if reference is not None:
            lines.lines(reference.text)
            lines.blank()
        lines.line("}  // namespace")
        lines.blank()
        with lines.block("int main()"):
            self.print_device()
            self.print_buffers()
            self.print_cores()
            self.print_cbs()
            self.print_semaphores()
            self.print_kernels()
            self.print_arguments()
            self.print_summary()
            self.print_run()
            if reference is not None:
                self.print_comparison(reference.name)
            else:
                lines.line("return 0;")
        return lines.text()

    # ---- main, section by section ----

    def print_device(self) -> None:
        lines = self.lines
        width, height = self.bounding_box()
        lines.line("const auto device = distributed::MeshDevice::create_unit_mesh(0);")
        lines.line("const CoreCoord grid = device->compute_with_storage_grid_size();")
        with lines.block(f"if (grid.x < {width} || grid.y < {height})"):
            lines.call(
                "std::fprintf",
                [
                    "stderr",
                    f'"needs {width}x{height} cores, this device has %zux%zu\\n"',
                    "grid.x",
                    "grid.y",
                ],
            )
            lines.line("return 2;")
        lines.line("distributed::MeshCommandQueue& queue = device->mesh_command_queue();")
        lines.line("Program program = CreateProgram();")

    def bounding_box(self) -> tuple[int, int]:
        """The smallest grid from (0, 0) that holds every core with work."""
        cores = self.program.partition.core_ranges.cores()
        return max(x for x, _ in cores) + 1, max(y for _, y in cores) + 1

    def print_buffers(self) -> None:
        pages = "interleaved pages of one tile"
        self.section(f"Tensors: {pages}{', or in shards' if self.sharded else ''}.")
        for buffer in self.buffers:
            print_buffer(self.lines, self.names, buffer, self.program)

    @property
    def sharded(self) -> bool:
        """Whether a tensor is cut into shards."""
        return any(buffer.where.sharding is not None for buffer in self.buffers)

    def print_cores(self) -> None:
        self.section("Cores with work; ranges are inclusive here.")
        sets = [self.program.partition.core_ranges, *(t.cores for t in self.program.threads)]
        for ranges in sets:
            known = {frozenset(r.cores()): name for r, name in self.core_sets.items()}
            key = frozenset(ranges.cores())
            if key in known:
                self.core_sets[ranges] = known[key]
                continue
            name = "cores" if not self.core_sets else self.names.fresh("cores")
            self.core_sets[ranges] = name
            entries = [_core_range(r) for r in ranges.ranges]
            self.lines.braced(f"const std::vector<CoreRange> {name}_ranges = {{", entries)
            self.lines.line(f"const CoreRangeSet {name}({name}_ranges);")

    def print_cbs(self) -> None:
        self.section("Circular buffers of each core.")
        for alloc in allocs_of(self.program):
            rows, cols = alloc.type.block
            blocks = alloc.type.capacity // alloc.type.block_pages
            plural = "" if blocks == 1 else "s"
            alias = alias_of(alloc)
            name = "create_cb" if alias is None else "create_local_cb"
            buffer = None if alias is None else self.buffers[alias].name
            where = "" if buffer is None else f", on the shard of {buffer}"
            self.lines.comment(
                f"{alloc.label.data}: {blocks} block{plural} of {rows}x{cols} tiles{where}"
            )
            self.lines.call(
                name,
                [
                    "program",
                    "cores",
                    f"CBIndex::c_{cb_index(alloc)}",
                    f"DataFormat::{alloc.type.tile.data_format}",
                    str(alloc.type.capacity),
                    *([] if buffer is None else [f"*{buffer}_buffer->get_backing_buffer()"]),
                ],
            )

    def print_semaphores(self) -> None:
        semaphores = program_semaphores(self.program)
        if not semaphores:
            return
        self.section("Semaphores of each core.")
        for semaphore in semaphores:
            name = self.names.fresh(f"{semaphore.label.data}_id")
            initial = semaphore.initial.value.data
            self.lines.line(f"const uint32_t {name} = CreateSemaphore(program, cores, {initial});")

    def print_kernels(self) -> None:
        for thread, path in kernel_files(self.program).items():
            stem = path.rsplit("/", 1)[-1].removesuffix(".cpp")
            self.lines.blank()
            if thread.role.data == Role.COMPUTE:
                self.print_compute_config(stem)
            else:
                self.print_data_movement_config(thread, stem)
            self.lines.call(
                "CreateKernel",
                [
                    "program",
                    f'KERNEL_DIR "/{stem}.cpp"',
                    self.core_sets[thread.cores],
                    f"{stem}_config",
                ],
                before=f"const KernelHandle {stem} = ",
            )

    def print_data_movement_config(self, thread: ThreadOp, stem: str) -> None:
        self.lines.line(f"std::vector<uint32_t> {stem}_args;")
        for accessors in tensors_of(thread):
            tensor = self.tensors[tensor_number(self.program, accessors[0])]
            self.lines.line(f"TensorAccessorArgs(*{tensor.name}_buffer).append_to({stem}_args);")
        self.lines.braced(
            f"const DataMovementConfig {stem}_config{{",
            [
                f".processor = DataMovementProcessor::{thread.processor.data.upper()}",
                f".noc = NOC::NOC_{thread.noc.value.data}",
                f".compile_args = {stem}_args",
            ],
        )

    def print_compute_config(self, stem: str) -> None:
        config = self.program.config
        direct = [a for a in allocs_of(self.program) if a.unpack_to_dest is not None]
        entries = [
            f".math_fidelity = MathFidelity::{config.fidelity.data}",
            f".fp32_dest_acc_en = {_bool(bool(config.dst32))}",
            f".dst_full_sync_en = {_bool(bool(config.full_sync))}",
        ]
        if direct:
            self.lines.comment("fp32 pages go straight to DST, past the 19-bit SrcA.")
            self.lines.call(
                "unpack_modes",
                ["NUM_CIRCULAR_BUFFERS", "UnpackToDestMode::Default"],
                before="std::vector<UnpackToDestMode> ",
            )
            for alloc in direct:
                index = f"CBIndex::c_{cb_index(alloc)}"
                self.lines.line(f"unpack_modes[{index}] = UnpackToDestMode::UnpackToDestFp32;")
            entries.append(".unpack_to_dest_mode = unpack_modes")
        self.lines.braced(f"const ComputeConfig {stem}_config{{", entries)

    def print_arguments(self) -> None:
        lines = self.lines
        partition, abi = self.program.partition, self.program.abi
        if self.scalars:
            self.section("Scalar parameters of the kernel: put their values here.")
            for scalar in self.scalars.values():
                lines.line(scalar.declaration)
        self.section(
            "Runtime arguments, the same for every kernel of a core; "
            "work ids are dealt out in this order."
        )
        for arg in abi.args:
            if arg.kind.data in (ArgKind.EXTENT, ArgKind.SHARD):
                lines.line(f"constexpr uint32_t {arg.label.data} = {arg.value.data};")
        if partition.rect.data:
            self.print_boxes()
            return
        with lines.block("struct Work", "};"):
            lines.line("CoreRange cores;")
            lines.line("uint32_t count;")
        entries = [
            f"{{{_core_range(r)}, {w.count.data}}}" for w in partition.work for r in w.cores.ranges
        ]
        lines.braced("const std::vector<Work> work = {", entries)
        lines.line("uint32_t start_id = 0;")
        with lines.block("for (const auto& [range, count] : work)"):
            with (
                lines.block("for (size_t y = range.start_coord.y; y <= range.end_coord.y; ++y)"),
                lines.block("for (size_t x = range.start_coord.x; x <= range.end_coord.x; ++x)"),
            ):
                self.print_core_arguments()
                lines.line("start_id += count;")

    def print_boxes(self) -> None:
        """The arguments of cores that each do a box of blocks, whose place is in the table."""
        lines, partition = self.lines, self.program.partition
        with lines.block("struct Work", "};"):
            lines.line("uint32_t x;")
            lines.line("uint32_t y;")
            lines.line("uint32_t start_id;")
            lines.line("uint32_t count;")
            lines.line(f"uint32_t place[{len(partition.rect)}];")
        entries = [
            f"{{{x}, {y}, {start}, {count}, {{{', '.join(map(str, place))}}}}}"
            for ((x, y), start, count), place in zip(
                partition.ids(), partition.coordinates(), strict=True
            )
        ]
        lines.braced("const std::vector<Work> work = {", entries)
        with lines.block("for (const auto& [x, y, start_id, count, place] : work)"):
            self.print_core_arguments()

    def print_core_arguments(self) -> None:
        """The arguments of core (x, y), for every kernel on it."""
        values = [self.argument(arg) for arg in self.program.abi.args]
        self.lines.braced("const std::vector<uint32_t> args = {", values)
        for thread, path in kernel_files(self.program).items():
            self.print_set_arguments(thread, path.rsplit("/", 1)[-1].removesuffix(".cpp"))

    def print_set_arguments(self, thread: ThreadOp, kernel: str) -> None:
        call = f"SetRuntimeArgs(program, {kernel}, CoreCoord(x, y), args);"
        name = self.core_sets[thread.cores]
        if name == "cores":
            self.lines.line(call)
            return
        with self.lines.block(f"if ({name}.contains(CoreCoord(x, y)))"):
            self.lines.line(call)

    def argument(self, arg: ArgAttr) -> str:
        """The value of an ABI entry on core (x, y)."""
        match ArgKind(arg.kind.data):
            case ArgKind.ADDRESS:
                buffer = f"{self.tensors[arg.value.data].name}_buffer"
                return f"static_cast<uint32_t>({buffer}->address())"
            case ArgKind.START:
                return "start_id"
            case ArgKind.COUNT:
                return "count"
            case ArgKind.EXTENT | ArgKind.SHARD:
                return arg.label.data
            case ArgKind.SHARD_COORDINATE:
                return f"place[{arg.value.data}]"
            case ArgKind.COORDINATE:
                return f"static_cast<uint32_t>({'xy'[arg.value.data]})"
            case ArgKind.SCALAR:
                return self.scalars[arg.value.data].word
            case ArgKind.SEMAPHORE:
                semaphore = program_semaphores(self.program)[arg.value.data]
                return f"{semaphore.label.data}_id"

    def print_summary(self) -> None:
        lines = self.lines
        program, partition = self.program, self.program.partition
        cores = len(partition.core_ranges.cores())
        blocks = "x".join(map(str, int_tuple(partition.blocks)))
        block = "x".join(map(str, int_tuple(partition.block_tiles)))
        own = [alloc for alloc in allocs_of(program) if alias_of(alloc) is None]
        l1 = sum(alloc.type.bytes for alloc in own)
        entries = [
            f"{program.sym_name.data}: {program.arch.data}, {program.config.fidelity.data}, "
            f"{'32' if bool(program.config.dst32) else '16'}-bit DST",
            f"  {blocks} blocks of {block} tiles on {cores} cores ({partition.mode.data})",
            f"  circular buffers: {l1} bytes of L1 per core",
        ]
        entries += [
            f"  {t.attr.label.data}: {_describe(t)} {describe(buffer.where)}"
            for t, buffer in zip(self.tensors, self.buffers, strict=True)
        ]
        lines.blank()
        for entry in entries:
            lines.call("std::printf", [f'"{entry}\\n"'])

    def print_run(self) -> None:
        lines = self.lines
        self.section("Inputs, upload, run, download.")
        for t in self.tensors:
            if not t.plain and (t.is_read or t.is_written):
                lines.comment(f"{t.name}: outer dimensions, rows, columns.")
                lines.call("places", t.axes, before=f"const std::vector<size_t> {t.name}_places = ")
        lines.line(f"std::mt19937 generator({SEED});")
        for t in self.tensors:
            if t.is_read:
                value = f"random_tensor<{t.host_type}>({t.size}, generator)"
                lines.declare(f"const std::vector<float> {t.name}", value)
        for t in self.tensors:
            if t.is_read:
                size = [str(t.rows), str(t.cols)]
                values = t.name if t.plain else f"gather({t.name}, {t.name}_places)"
                lines.call(f"upload<{t.host_type}>", ["queue", f"{t.name}_buffer", values, *size])
        for t in self.tensors:
            if not t.is_read:  # a kernel may leave parts of it as they are
                size = [str(t.rows), str(t.cols)]
                zeros = f"std::vector<float>({t.rows * t.cols})"
                lines.call(f"upload<{t.host_type}>", ["queue", f"{t.name}_buffer", zeros, *size])
        lines.line("distributed::MeshWorkload workload;")
        lines.call(
            "workload.add_program",
            ["distributed::MeshCoordinateRange(device->shape())", "std::move(program)"],
        )
        lines.line("distributed::EnqueueMeshWorkload(queue, workload, true);")
        for t in self.tensors:
            if t.is_written:
                arguments = ["queue", f"{t.name}_buffer", str(t.rows), str(t.cols)]
                device = f"const std::vector<float> {t.name}_device = "
                if t.plain:
                    lines.call(f"download<{t.host_type}>", arguments, before=device)
                    continue
                tiles = f"download<{t.host_type}>({', '.join(arguments)})"
                lines.call("scatter", [tiles, f"{t.name}_places", str(t.size)], before=device)
        lines.line("device->close();")

    def print_comparison(self, reference: str) -> None:
        lines = self.lines
        self.section("Comparison with the plain loops.")
        for t in self.tensors:
            if t.is_written:
                initial = t.name if t.is_read else f"{t.size}"
                lines.line(f"std::vector<float> {t.name}_expected({initial});")
        arguments = [
            f"{p.name}_expected" if isinstance(p, _Tensor) and p.is_written else p.name
            for p in self.parameters
        ]
        lines.call(reference, arguments)
        lines.line("bool ok = true;")
        for t in self.tensors:
            if t.is_written:
                limit, _ = LIMITS[type(t.attr.layout.tile.element_type)]
                names = [f'"{t.attr.label.data}"', f"{t.name}_device", f"{t.name}_expected"]
                lines.call("compare", [*names, limit], before="ok &= ")
        lines.line("return ok ? 0 : 1;")

    def section(self, title: str) -> None:
        """A blank line and a comment."""
        self.lines.blank()
        self.lines.comment(title)


def _core_range(r: CoreRangeAttr) -> str:
    (x, y), (width, height) = r.start, r.extent
    return f"CoreRange({{{x}, {y}}}, {{{x + width - 1}, {y + height - 1}}})"


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _describe(tensor: _Tensor) -> str:
    layout = tensor.attr.layout
    shape = "x".join(map(str, int_tuple(tensor.attr.shape)))
    return (
        f"{tensor.attr.direction.data}, {shape} {layout.tile.data_format}, "
        f"{layout.memory.data.upper()}"
    )
