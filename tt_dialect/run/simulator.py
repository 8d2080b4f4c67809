"""Executes thread programs: every core and thread of a `tt.program` at once, on simulated memory.

    outputs, stats = simulate(program, [a, b])

BUFFERED functions run here too, as one thread per core, one core after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xdsl.dialects import func
from xdsl.ir import Operation

from tt_dialect.analysis.placement import Device, alias_of, cores_for_shards, placement
from tt_dialect.analysis.work import core_arguments
from tt_dialect.arch import ARCHS
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb as cb_ir
from tt_dialect.ir import noc
from tt_dialect.ir.layout import PartitionAttr, int_tuple
from tt_dialect.ir.program import ProgramOp, Role, ThreadOp
from tt_dialect.run import numerics
from tt_dialect.run.arguments import (
    CoreArguments,
    Parameter,
    check_inputs,
    parameters,
    scalar_words,
)
from tt_dialect.run.buffers import CircularBuffer, DstSections
from tt_dialect.run.codegen import explained, format_of
from tt_dialect.run.machine import Core, Dram, Mover, Observer, Semaphore, Tensor, page_count
from tt_dialect.run.numerics import F32, AnyArray, Fidelity
from tt_dialect.run.scheduler import Scheduler, Thread
from tt_dialect.run.statistics import TRAFFIC, BankBytes, RunStats, planned_stats
from tt_dialect.run.threads import ThreadCompiler, float_of


def simulate(
    program: ProgramOp,
    inputs: Sequence[AnyArray],
    *,
    seed: int = 0,
    observer: Observer | None = None,
) -> tuple[list[AnyArray], RunStats]:
    """Executes a THREADS or METALIUM program on all its cores.

    `inputs` are the tensors it reads, in parameter order, rounded to their formats first. Gives the
    tensors it writes, in parameter order, as float32 arrays exact in their format, and statistics.
    `seed` 0 runs each thread until it blocks and completes transfers at barriers; another seed
    interleaves threads and completes transfers at random. The observer is told of every DRAM
    transfer.
    """
    arch = ARCHS.get(program.arch.data)
    if arch is None or not arch.simulated:
        raise error_at(program, f"programs for '{program.arch.data}' are not executed")
    tensors = parameters(program)
    with numerics.quiet():
        dram = _upload(program, tensors, inputs, Device.of(program))
        scheduler = Scheduler(seed)
        cores = _cores(program, dram, scalar_words(tensors, inputs))
        compilers = [
            _start(program, thread, cores, dram, scheduler, observer) for thread in program.threads
        ]
        with explained(compilers):
            scheduler.run()
        done = list(cores.values())
        cores.clear()  # the cores know their grid: break the cycle
        for core in done:
            _check_end(program, core)
    return _results(dram, tensors, done, planned_stats(program))


def _cores(
    program: ProgramOp, dram: Dram, scalars: Mapping[int, int]
) -> dict[tuple[int, int], Core]:
    """The cores with work, their arguments, circular buffers, semaphores and DST."""
    fidelity = Fidelity(program.config.fidelity.data)
    grid: dict[tuple[int, int], Core] = {}
    declared = list(program.body.block.ops)
    addresses = [tensor.base for tensor in dram.tensors]
    for xy, values in core_arguments(program.abi, program.partition, addresses, scalars):
        core = Core(*xy, tuple(values), grid=grid)
        _declare(core, declared, fidelity, dram.tensors)
        core.dst = DstSections(program.config.dst_tiles, bool(program.config.full_sync))
        grid[xy] = core
    return grid


def _declare(
    core: Core, ops: Iterable[Operation], fidelity: Fidelity, tensors: Sequence[Tensor]
) -> None:
    """Gives a core its circular buffers and semaphores, and counts of what it moves."""
    core.knows(tensors)
    for op in ops:
        if isinstance(op, cb_ir.AllocOp):
            fmt = format_of(op.type.tile.element_type, op)
            buffer = CircularBuffer(op.label.data, op.type.capacity, fmt, fidelity, op)
            alias = alias_of(op)
            if alias is not None:
                buffer.data = _shard(core, tensors, alias, buffer, op)
            core.cbs[op] = buffer
        elif isinstance(op, noc.SemaphoreOp):
            core.semaphores[op] = Semaphore(op.label.data, op.initial.value.data)


def _shard(
    core: Core, tensors: Sequence[Tensor], alias: int, buffer: CircularBuffer, op: Operation
) -> F32:
    """The memory of a circular buffer that lies on the core's shard of a tensor."""
    tensor = tensors[alias] if 0 <= alias < len(tensors) else None
    shard = None if tensor is None else tensor.local((core.x, core.y))
    if tensor is None or shard is None:
        raise error_at(
            op,
            f"circular buffer '{buffer.label}' lies on a shard that core ({core.x}, {core.y}) "
            "does not have",
        )
    if tensor.format is not buffer.format or len(shard) < buffer.capacity:
        raise error_at(
            op,
            f"circular buffer '{buffer.label}' of {buffer.capacity} pages of {buffer.format} on "
            f"tensor '{tensor.label}', whose shards have {len(shard)} pages of {tensor.format}",
        )
    return shard[: buffer.capacity]


def _start(
    program: ProgramOp,
    op: ThreadOp,
    cores: dict[tuple[int, int], Core],
    dram: Dram,
    scheduler: Scheduler,
    observer: Observer | None,
) -> ThreadCompiler:
    """Compiles a thread and starts it on each of its cores."""
    compiler = ThreadCompiler(program.config, preempt=scheduler.random is not None)
    for declared in program.body.block.ops:
        if not isinstance(declared, ThreadOp):
            compiler.op(declared)
    function = compiler.function(op.role.data, op.body.block, [])
    for xy in op.cores.cores():
        if xy not in cores:
            raise error_at(op, f"core {xy} has a {op.role.data} thread but no work")
        core = cores[xy]
        thread = Thread(op.role.data, op, core, Mover(core, op.role.data, observer))
        thread.generator = function(core, thread.mover, dram, scheduler.wake, scheduler.chance)
        scheduler.add(thread)
    return compiler


def _check_end(program: ProgramOp, core: Core) -> None:
    """At the end everything that was pushed has been popped (tt-metal #50974) and DST is free."""
    _check_drained(core)
    if core.dst is not None:
        compute_threads = [t for t in program.threads if t.role.data == Role.COMPUTE]
        core.dst.finished(compute_threads[0] if compute_threads else program)


def _check_drained(core: Core) -> None:
    for cb in core.cbs.values():
        if cb.filled:
            raise error_at(
                cb.alloc,
                f"{cb.filled} pages of '{cb.label}' are left on core ({core.x}, {core.y})",
                f"pushes and pops do not balance: {cb.state()}",
            )


# -- BUFFERED --------------------------------------------------------------------------------------


def evaluate_buffered(
    op: func.FuncOp,
    cores: Sequence[CoreArguments],
    inputs: Sequence[AnyArray],
    fidelity: Fidelity,
    banks: int = 12,
) -> tuple[list[AnyArray], RunStats]:
    """Executes a BUFFERED function, core after core; a call that would block is an error."""
    tensors = parameters(op)
    with numerics.quiet():
        dram = _upload(op, tensors, inputs, _any_device(op, banks))
        own = _own_arguments(tensors, inputs, dram)
        compiler = ThreadCompiler(None, preempt=False)
        names = [compiler.define(arg) for arg in op.body.block.args]
        function = compiler.function(op.sym_name.data, op.body.block, names)
        done: list[Core] = []
        for row in cores:
            core = Core(*row.core, ())
            _declare(core, op.walk(), fidelity, dram.tensors)
            scheduler = Scheduler(0)
            thread = Thread("the function", op, core, Mover(core, "sequential"))
            thread.generator = function(
                core,
                thread.mover,
                dram,
                scheduler.wake,
                scheduler.chance,
                *own,
                *row.values,
            )
            scheduler.add(thread)
            with explained([compiler]):
                scheduler.run()
            _check_drained(core)
            done.append(core)
    return _results(dram, tensors, done, RunStats())


# -- tensors ---------------------------------------------------------------------------------------


def _upload(
    op: func.FuncOp | ProgramOp,
    tensors: Sequence[Parameter],
    inputs: Sequence[AnyArray],
    device: Device,
) -> Dram:
    check_inputs(op, tensors, inputs)
    dram = Dram(device)
    given = iter(inputs)
    for t in tensors:
        value = next(given) if t.read else None
        if t.scalar:
            continue
        pages = page_count(t.matrix_shape)
        where = placement(t.layout, t.shape, pages, t.label, device, op)
        tensor = dram.allocate(t.label, t.matrix_shape, t.format, where)
        if value is not None:
            tensor.upload(t.to_matrices(numerics.load(value, t.format)))
    return dram


def _any_device(op: func.FuncOp, banks: int) -> Device:
    """A machine for a function that does not say which: as many cores as its partition knows."""
    partition = op.attributes.get("tt.partition")
    width, height = 8, 8
    ranges = None
    if isinstance(partition, PartitionAttr):
        width, height = int_tuple(partition.core_grid)
        ranges = cores_for_shards(partition)
    return Device(banks, 32, (width, height), 1 << 30, (width, height), ranges)


def _own_arguments(
    given: Sequence[Parameter], inputs: Sequence[AnyArray], dram: Dram
) -> list[Tensor | float]:
    """What a function is called with for its own parameters: tensors, and numbers for scalars."""
    words, tensors = scalar_words(given, inputs), iter(dram.tensors)
    own: list[Tensor | float] = []
    for position, parameter in enumerate(given):
        if not parameter.scalar:
            own.append(next(tensors))
        else:
            word = words[position]
            own.append(word if parameter.integer else float_of(word))
    return own


def _results(
    dram: Dram, tensors: Sequence[Parameter], cores: Iterable[Core], stats: RunStats
) -> tuple[list[AnyArray], RunStats]:
    traffic: dict[Tensor, dict[str, int]] = {t: dict.fromkeys(TRAFFIC, 0) for t in dram.tensors}
    for core in cores:
        xy = core.x, core.y
        stats.take(xy, core.stats)
        stats.banks[xy] = BankBytes()
        for tensor, kinds in traffic.items():
            _count(core, tensor, stats.banks[xy], kinds)
    stats.sum_up()
    outputs: list[AnyArray] = []
    own = [t for t in tensors if not t.scalar]
    for parameter, tensor in zip(own, dram.tensors, strict=True):
        stats.tensors[parameter.label] = {k: n for k, n in traffic[tensor].items() if n}
        if parameter.written:
            outputs.append(parameter.from_matrices(tensor.download()))
            stats.page_writes[parameter.label] = tensor.writes
    return outputs, stats


def _count(core: Core, tensor: Tensor, banks: BankBytes, kinds: dict[str, int]) -> None:
    """Counts what a core moved of a tensor by where it was."""
    stats, size = core.stats, tensor.page_bytes
    read, written = core.pages_read[tensor], core.pages_written[tensor]
    for bank, pages in enumerate(zip(read, written, strict=True)):
        if not any(pages):
            continue
        got, put = pages[0] * size, pages[1] * size
        if not tensor.placement.in_l1:
            banks.dram[bank] += got + put
            kind = "dram"
            stats.dram_read += got
            stats.dram_write += put
        else:
            owner = tensor.placement.cores[bank]
            banks.l1[owner] += got + put
            if owner == (core.x, core.y):
                kind = "l1_local"
                stats.l1_local_read += got
                stats.l1_local_write += put
            else:
                kind = "l1_remote"
                stats.l1_remote_read += got
                stats.l1_remote_write += put
        kinds[kind] += got + put
        stats.noc_bytes += 0 if kind == "l1_local" else got + put
