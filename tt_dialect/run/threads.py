"""Thread code as Python generators: BUFFERED functions, THREADS and METALIUM threads.

Each thread is compiled once; every core runs the same generator function with its own state. A
generator yields only where the hardware would spin: `yield Blocked(...)` until what it waits for
has happened. Under a random schedule it also yields (None) between operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb as cb_ir
from tt_dialect.ir import compute, eltwise, noc
from tt_dialect.ir.program import ComputeConfigAttr
from tt_dialect.run import numerics
from tt_dialect.run.buffers import CircularBuffer, DstTiles
from tt_dialect.run.codegen import SCALAR, Compiler, Handler, format_of, memref_type, nothing
from tt_dialect.run.functions import meaning
from tt_dialect.run.machine import Semaphore
from tt_dialect.run.numerics import F32, TILE, Format


@dataclass(frozen=True, slots=True)
class Blocked:
    """What a thread waits for: room or pages of a circular buffer, or a semaphore value."""

    on: CircularBuffer | Semaphore
    producer: bool
    need: int
    op: Operation


ThreadFunction: TypeAlias = Callable[..., Iterator[Blocked | None]]
"""Called as function(core, mover, dram, ready, chance, *tensors)."""

_NocOp: TypeAlias = (
    noc.ReadPageOp
    | noc.WritePageOp
    | noc.ReadBarrierOp
    | noc.WriteBarrierOp
    | noc.MulticastOp
    | noc.SemaphoreSetMulticastOp
)

PARAMETERS = ("core", "mover", "dram", "ready", "chance")


class ThreadCompiler(Compiler):
    """A compiler for thread code.

    `config` is the program's, None at BUFFERED; `preempt` writes the extra yields.
    """

    def __init__(self, config: ComputeConfigAttr | None, preempt: bool):
        super().__init__(HANDLERS)
        self.config = config
        self.preempt = preempt
        self.line("stats = core.stats")

    def site(self, op: Operation) -> str:
        """The operation, for error messages."""
        return self.shared(op, "op")

    def switch(self) -> None:
        """A place where another thread may run, under a random schedule."""
        if self.preempt:
            self.line("if chance(): yield None")

    def wake(self, call: str) -> None:
        """Calls what may give a thread to wake, and wakes it."""
        self.line(f"woken = {call}")
        self.line("if woken is not None: ready(woken)")
        self.switch()

    def block_until(
        self, condition: str, on: str, producer: bool, need: str, op: Operation
    ) -> None:
        """Yields until a condition holds."""
        blocked = self.shared(Blocked, "Blocked")
        self.line(
            f"while not {condition}: yield {blocked}({on}, {producer}, {need}, {self.site(op)})"
        )
        self.switch()

    def function(self, name: str, body: Block, tensors: list[str]) -> ThreadFunction:
        """The generator function of a block."""
        self.block(body)
        self.line("if False: yield")
        return self.finish(name, [*PARAMETERS, *tensors])


# -- circular buffers ------------------------------------------------------------------------------


def _alloc(c: ThreadCompiler, op: cb_ir.AllocOp) -> None:
    c.define(op.cb, f"core.cbs[{c.site(op)}]")


def _reserve(c: ThreadCompiler, op: cb_ir.ReserveBackOp) -> None:
    cb, n = c.get(op.cb), str(op.count)
    c.block_until(f"{cb}.reserve({n})", cb, True, n, op)


def _wait(c: ThreadCompiler, op: cb_ir.WaitFrontOp) -> None:
    cb, n = c.get(op.cb), str(op.count)
    c.block_until(f"{cb}.wait({n})", cb, False, n, op)


def _push(c: ThreadCompiler, op: cb_ir.PushBackOp) -> None:
    c.wake(f"{c.get(op.cb)}.push({op.count}, {c.site(op)})")


def _pop(c: ThreadCompiler, op: cb_ir.PopFrontOp) -> None:
    c.wake(f"{c.get(op.cb)}.pop({op.count}, {c.site(op)})")


def _write_ptr(c: ThreadCompiler, op: cb_ir.WritePtrOp) -> None:
    c.define(op.pointer, f"{c.get(op.cb)}.write_page({c.site(op)})")


def _read_ptr(c: ThreadCompiler, op: cb_ir.ReadPtrOp) -> None:
    c.define(op.pointer, f"{c.get(op.cb)}.read_page({c.site(op)})")


def _pointed(pointer: SSAValue, op: Operation) -> SSAValue:
    """The circular buffer a pointer leads into."""
    if not isinstance(pointer.owner, cb_ir.WritePtrOp | cb_ir.ReadPtrOp):
        raise error_at(op, f"the pointer of {op.name} is not taken from a circular buffer")
    return pointer.owner.cb


# -- NoC -------------------------------------------------------------------------------------------


def float_of(word: int) -> float:
    """The float32 whose bits a runtime argument carries."""
    return float(np.uint32(word).view(np.float32))


def _runtime_arg(c: ThreadCompiler, op: noc.RuntimeArgOp) -> None:
    word = f"core.arguments[{op.index.value.data}]"
    if isinstance(op.value.type, Float32Type):
        word = f"{c.shared(float_of, 'float_of')}({word})"
    c.define(op.value, word)


def _accessor(c: ThreadCompiler, op: noc.AccessorOp) -> None:
    if memref_type(op.tensor) is not None:  # BUFFERED: the tensor itself
        c.alias(op.accessor, c.get(op.tensor))
        return
    kind = op.accessor.type
    assert isinstance(kind, noc.AccessorType)
    fmt = c.shared(format_of(kind.layout.tile.element_type, op), "format")
    c.define(op.accessor, f"dram.at({c.get(op.tensor)}, {fmt}, {kind.pages}, {c.site(op)})")


def _noc(op: _NocOp) -> int:
    """The NoC of an operation; BUFFERED does not say."""
    return 0 if op.noc is None else op.noc.value.data


def _transfer(c: ThreadCompiler, op: noc.ReadPageOp | noc.WritePageOp) -> None:
    cb = _pointed(op.pointer, op)
    assert isinstance(cb.type, cb_ir.BufferType) and isinstance(op.accessor.type, noc.AccessorType)
    tile = op.accessor.type.layout.tile
    if tile != cb.type.tile:
        raise error_at(
            op, f"a page of {tile.element_type} in a buffer of {cb.type.tile.element_type} pages"
        )
    call = "read" if isinstance(op, noc.ReadPageOp) else "write"
    c.line(
        f"mover.{call}({_noc(op)}, {c.get(op.accessor)}, {c.get(op.page)}, {c.get(cb)}, "
        f"{c.get(op.pointer)} + {c.get(op.slot)}, {c.site(op)})"
    )


def _generate_tile(c: ThreadCompiler, op: noc.GenerateTileOp) -> None:
    """The core writes the page itself: it is there at once."""
    cb = _pointed(op.pointer, op)
    if op.kind.data == "zero":
        tile = NOTHING
    elif op.rows is None or op.cols is None:
        tile = SCALER
    else:
        r, col = np.mgrid[:TILE, :TILE]
        exact = (op.rows.value.data * r + op.cols.value.data * col).astype(np.float64)
        tile = numerics.round_to(exact, _format(cb))
        if not np.array_equal(tile, exact):
            raise error_at(
                op, f"the numbers up to {exact.max():.0f} of this tile are not exact in {cb.type}"
            )
    page = f"{c.get(op.pointer)} + {c.get(op.slot)}"
    c.line(f"{c.get(cb)}.place({page}, {c.shared(tile, 'tile')}, {c.site(op)})")


def _barrier(call: str) -> Handler:
    def handler(c: ThreadCompiler, op: noc.ReadBarrierOp | noc.WriteBarrierOp) -> None:
        c.switch()
        c.line(f"mover.{call}({_noc(op)})")

    return handler


def _core_coord(c: ThreadCompiler, op: noc.CoreCoordOp) -> None:
    c.alias(op.x, "core.x")
    c.alias(op.y, "core.y")


def _semaphore(c: ThreadCompiler, op: noc.SemaphoreOp) -> None:
    c.define(op.semaphore, f"core.semaphores[{c.site(op)}]")


def _declared(semaphore: SSAValue, op: Operation) -> str:
    if not isinstance(semaphore.owner, noc.SemaphoreOp):
        raise error_at(op, f"the semaphore of {op.name} is not declared by the program")
    return semaphore.owner.label.data


def set_semaphore(semaphore: Semaphore, value: int, ready: Callable[[Any], None]) -> None:
    """Stores a value and wakes whoever spins on the semaphore."""
    semaphore.value = value
    for thread in semaphore.waiting:
        ready(thread)
    semaphore.waiting.clear()


def _semaphore_set(c: ThreadCompiler, op: noc.SemaphoreSetOp) -> None:
    function = c.shared(set_semaphore, "set_semaphore")
    c.line(f"{function}({c.get(op.semaphore)}, {c.get(op.value)}, ready)")
    c.switch()


def _semaphore_wait(c: ThreadCompiler, op: noc.SemaphoreWaitOp | noc.SemaphoreWaitMinOp) -> None:
    sign = "==" if isinstance(op, noc.SemaphoreWaitOp) else ">="
    semaphore, value = c.get(op.semaphore), c.get(op.value)
    c.block_until(f"({semaphore}.value {sign} {value})", semaphore, False, value, op)


def _semaphore_inc(c: ThreadCompiler, op: noc.SemaphoreIncOp) -> None:
    _declared(op.semaphore, op)
    function = c.shared(set_semaphore, "set_semaphore")
    site = c.shared(op.semaphore.owner, "semaphore")
    c.line(f"peer = mover.peer({c.get(op.x)}, {c.get(op.y)}, {c.site(op)})")
    c.line(f"target = peer.semaphores[{site}]")
    c.line(f"{function}(target, target.value + {c.get(op.value)}, ready)")
    c.switch()


def _rectangle(c: ThreadCompiler, op: noc.MulticastOp | noc.SemaphoreSetMulticastOp) -> str:
    corners = c.many((op.x, op.y, op.x_end, op.y_end))
    return f"({corners}), {op.dests.value.data}, {op.loopback is not None}, {c.site(op)}"


def _semaphore_multicast(c: ThreadCompiler, op: noc.SemaphoreSetMulticastOp) -> None:
    """The flag follows the data of the same NoC (metalium.md 1.6), so that lands first."""
    _declared(op.semaphore, op)
    function = c.shared(set_semaphore, "set_semaphore")
    site = c.shared(op.semaphore.owner, "semaphore")
    c.line(f"mover.land_multicasts({_noc(op)})")
    c.line(f"for target in mover.destinations({_rectangle(c, op)}):")
    with c.nested():
        value = f"{c.get(op.semaphore)}.value"
        c.line(f"{function}(target.semaphores[{site}], {value}, ready)")
    c.switch()


def _multicast(c: ThreadCompiler, op: noc.MulticastOp) -> None:
    if _pointed(op.pointer, op) is not op.page:
        raise error_at(op, "the pointer of tt.noc.multicast leads into another circular buffer")
    c.line(
        f"mover.multicast({_noc(op)}, {c.get(op.page)}, {c.get(op.pointer)}, "
        f"{op.pages.value.data}, {_rectangle(c, op)})"
    )


# -- compute ---------------------------------------------------------------------------------------


def _format(value: SSAValue) -> Format:
    kind = value.type
    if isinstance(kind, compute.DstType):
        return format_of(kind.element_type, value)
    assert isinstance(kind, cb_ir.BufferType)
    return format_of(kind.tile.element_type, value)


def _tiles(dst: SSAValue) -> int:
    assert isinstance(dst.type, compute.DstType)
    return dst.type.tiles.data


def _dst(c: ThreadCompiler, op: compute.DstOp) -> None:
    """A group with an index is a place in DST; without one, tiles of its own, made once."""
    wide = _format(op.dst) is Format.FP32
    if c.config is not None and wide != bool(c.config.dst32):
        has = "32-bit" if c.config.dst32 else "16-bit"
        raise error_at(op, f"{op.dst.type} does not fit the program's {has} DST")
    if op.index is None:
        name = c.define(op.dst)
        c.prelude(f"{name} = {c.shared(DstTiles, 'DstTiles')}({op.tiles})")
        c.line(f"{name}.clear()")
        return
    first = op.index.value.data
    if c.config is not None and first + op.tiles > c.config.dst_tiles:
        raise error_at(
            op,
            f"DST tiles [{first}, {first + op.tiles}) exceed the {c.config.dst_tiles} "
            "of this configuration",
        )
    c.alias(op.dst, str(first))


def _placed(dst: SSAValue) -> bool:
    """Whether a group has its place in DST."""
    return isinstance(dst.owner, compute.DstOp) and dst.owner.index is not None


def _group(c: ThreadCompiler, dst: SSAValue, op: Operation) -> str:
    """All tiles of a group, for math to write."""
    if _placed(dst):
        return f"core.dst.math({c.get(dst)}, {_tiles(dst)}, {c.site(op)})"
    return f"{c.get(dst)}.whole()"


def _tile(
    c: ThreadCompiler, dst: SSAValue, slot: SSAValue, op: Operation, what: str = "target"
) -> str:
    """A tile of a group: `target` to write, `tile` to read; or whether it is `fresh`."""
    if _placed(dst):
        place = f"{c.get(dst)}, {_tiles(dst)}, {c.get(slot)}"
        return f"core.dst.{what}({place}, {c.site(op)})"
    return f"{c.get(dst)}.{what}({c.get(slot)}, {c.site(op)})"


def _converted(c: ThreadCompiler, text: str, source: Format, target: Format) -> str:
    if target in (source, Format.FP32):
        return text
    return f"{c.shared(numerics.round_to, 'round')}({text}, {c.shared(target, 'format')})"


def _unpacked(c: ThreadCompiler, cb: SSAValue, dst: SSAValue, text: str) -> str:
    """Tiles on their way to DST: fp32 passes SrcA as TF32 unless it unpacks to DST directly."""
    alloc = cb.owner
    source = _format(cb)
    if (
        source is Format.FP32
        and isinstance(alloc, cb_ir.AllocOp)
        and alloc.id is not None  # planned
        and alloc.unpack_to_dest is None
    ):
        text = f"{c.shared(numerics.to_tf32, 'tf32')}({text})"
    return _converted(c, text, source, _format(dst))


def _copy_block(c: ThreadCompiler, op: compute.CopyBlockOp) -> None:
    tiles = _tiles(op.dst)
    front = f"{c.get(op.cb)}.front({c.get(op.tile)}, {tiles}, {c.site(op)})"
    c.line(f"{_group(c, op.dst, op)}[...] = {_unpacked(c, op.cb, op.dst, front)}")
    c.line(f"stats.pages_unpacked += {tiles}")


def _transpose_tile(c: ThreadCompiler, op: compute.TransposeTileOp) -> None:
    front = f"{_page(c, op.cb, op.tile, op)}.T"
    if _format(op.cb) is Format.FP32:  # always through SrcA
        front = f"{c.shared(numerics.to_tf32, 'tf32')}({front})"
    value = _converted(c, front, _format(op.cb), _format(op.dst))
    c.line(f"{_tile(c, op.dst, op.slot, op)}[...] = {value}")
    c.line("stats.pages_unpacked += 1")


def _fill_tile(c: ThreadCompiler, op: compute.FillTileOp) -> None:
    value = numerics.round_to(np.asarray(op.value.value.data, np.float64), _format(op.dst))
    c.line(f"{_tile(c, op.dst, op.slot, op)}[...] = {c.shared(value, 'const')}")
    c.line("stats.tile_ops += 1")


def _matmul_block(c: ThreadCompiler, op: compute.MatmulBlockOp) -> None:
    rt, ct, kt = (p.value.data for p in (op.rt, op.ct, op.kt))
    site = c.site(op)
    a = f"{c.get(op.a)}.operand_a({c.get(op.a_tile)}, {rt}, {kt}, {site})"
    b = f"{c.get(op.b)}.operand_b({c.get(op.b_tile)}, {ct}, {bool(op.transpose)}, {site})"
    acc = f"{_group(c, op.dst, op)}.reshape({rt}, {ct}, {TILE}, {TILE})"
    accumulate = c.shared(numerics.accumulate, "accumulate")
    c.line(f"{accumulate}({acc}, {a}, {b}, {c.shared(_format(op.dst), 'format')})")
    c.line(f"stats.tile_products += {rt * ct}")


def _pack_block(c: ThreadCompiler, op: compute.PackBlockOp) -> None:
    tiles = _tiles(op.dst)
    pages = f"{c.get(op.cb)}.pack({tiles}, {c.site(op)})"
    if _placed(op.dst):
        group = f"core.dst.pack({c.get(op.dst)}, {tiles}, {c.site(op)})"
    else:
        group = f"{c.get(op.dst)}.array"
    c.line(f"{pages}[...] = {_converted(c, group, _format(op.dst), _format(op.cb))}")
    c.line(f"stats.pages_packed += {tiles}")


def _pack_tile(c: ThreadCompiler, op: compute.PackTileOp) -> None:
    page = f"{c.get(op.cb)}.pack_at({c.get(op.tile)}, {c.site(op)})"
    if _placed(op.dst):
        first, tiles = c.get(op.dst), _tiles(op.dst)
        tile = f"core.dst.packed({first}, {tiles}, {c.get(op.slot)}, {c.site(op)})"
    else:
        tile = f"{c.get(op.dst)}.tile({c.get(op.slot)}, {c.site(op)})"
    c.line(f"{page}[...] = {_converted(c, tile, _format(op.dst), _format(op.cb))}")
    c.line("stats.pages_packed += 1")


# -- elementwise -----------------------------------------------------------------------------------

SCALER: F32 = np.zeros((TILE, TILE), np.float32)
SCALER[0::16] = 1.0
"""What `reduce_tile` multiplies by: 1.0 in the first row of every 16x16 face."""
NOTHING: F32 = np.zeros((TILE, TILE), np.float32)
"""A tile outside of its tensor."""
_WINDOWS = {"none": "", "row": "[:1]", "col": "[:, :1]", "scalar": "[:1, :1]"}


def _page(c: ThreadCompiler, cb: SSAValue, tile: SSAValue, op: Operation) -> str:
    """A tile of the front window."""
    return f"{c.get(cb)}.page({c.get(tile)}, {c.site(op)})"


def _copy_tile(c: ThreadCompiler, op: eltwise.CopyTileOp | eltwise.BroadcastTileOp) -> None:
    window = _WINDOWS[op.how.data] if isinstance(op, eltwise.BroadcastTileOp) else ""
    page = _unpacked(c, op.cb, op.dst, _page(c, op.cb, op.tile, op) + window)
    c.line(f"{_tile(c, op.dst, op.slot, op)}[...] = {page}")
    c.line("stats.pages_unpacked += 1")


def _fpu_binary(c: ThreadCompiler, op: eltwise.FpuBinaryOp) -> None:
    formats = (_format(op.a), _format(op.b))
    if Format.FP32 in formats:
        raise error_at(
            op, "elementwise operations of the FPU on f32 buffers are not executed", "use the SFPU"
        )
    function, target = op.function.data, _tile(c, op.dst, op.slot, op)
    b = _page(c, op.b, op.b_tile, op) + _WINDOWS[op.how.data]
    value = (
        f"{c.shared(numerics.eltwise, 'eltwise')}({function!r}, {_page(c, op.a, op.a_tile, op)}, "
        f"{b}, {c.shared(formats, 'formats')}, {_fidelity(c, op)})"
    )
    c.line(f"target = {target}")
    if function == "mul":  # ELWMUL has no form that overwrites
        value += " + target"
    c.line(f"target[...] = {_rounded(c, value, op.dst)}")
    c.line("stats.tile_ops += 1; stats.pages_unpacked += 2")


def _fidelity(c: ThreadCompiler, op: eltwise.FpuBinaryOp) -> str:
    """The fidelity of the run, which its circular buffers know."""
    return f"{c.get(op.a)}.fidelity"


def _rounded(c: ThreadCompiler, text: str, dst: SSAValue) -> str:
    return f"{c.shared(numerics.round_to, 'round')}({text}, {c.shared(_format(dst), 'format')})"


def check_scaler(tile: F32, op: Operation) -> None:
    """A reduction by anything but ones is not what `reduce_tile` means here."""
    if not (tile == SCALER).all():
        raise error_at(op, "the scaler page does not hold 1.0 in the first row of every face")


def reduce_into(
    target: F32, page: F32, source: Format, kind: str, dim: str, dst: Format, fresh: bool
) -> None:
    """`reduce_tile` in place: column 0 or row 0 of the tile, zero elsewhere."""
    vector, axis = (target[:, 0], -1) if dim == "row" else (target[0], -2)
    acc = None if fresh else vector.copy()
    result = numerics.reduce_step(acc, page, source, kind, axis, dst)
    target[...] = 0.0
    vector[...] = result


def _reduce_tile(c: ThreadCompiler, op: eltwise.ReduceTileOp) -> None:
    site = c.site(op)
    c.line(f"{c.shared(check_scaler, 'scaler')}({c.get(op.scaler)}.front(0, 1, {site})[0], {site})")
    c.line(f"fresh = {_tile(c, op.dst, op.slot, op, 'fresh')}")
    formats = (c.shared(_format(op.cb), "format"), c.shared(_format(op.dst), "format"))
    c.line(
        f"{c.shared(reduce_into, 'reduce')}({_tile(c, op.dst, op.slot, op)}, "
        f"{_page(c, op.cb, op.tile, op)}, {formats[0]}, {op.kind.data!r}, {op.dim.data!r}, "
        f"{formats[1]}, fresh)"
    )
    c.line("stats.tile_ops += 1; stats.pages_unpacked += 2")


_Sfpu: TypeAlias = (
    eltwise.SfpuUnaryOp | eltwise.SfpuScalarOp | eltwise.SfpuBinaryOp | eltwise.SfpuTernaryOp
)


def _sfpu(c: ThreadCompiler, op: _Sfpu) -> None:
    name, family = op.function.data, op.FAMILY
    function = meaning(name, family)
    if function is None:
        raise error_at(op, f"the table has no {family} function {name}")
    out: SSAValue
    match op:
        case eltwise.SfpuUnaryOp():
            groups, out = (op.dst,), op.dst
        case eltwise.SfpuScalarOp():
            groups, out = (op.dst,), op.dst
        case eltwise.SfpuBinaryOp():
            groups, out = (op.a, op.b), op.out
        case eltwise.SfpuTernaryOp():
            groups, out = (op.a, op.b, op.c), op.out
    operands = [_tile(c, group, op.slot, op, "tile") for group in groups]
    if isinstance(op, eltwise.SfpuScalarOp):
        operands.append(c.get(op.value))
    apply = c.shared(numerics.apply, "apply")
    arguments = (c.shared(function, name), c.shared(_format(out), "format"), *operands)
    c.line(f"{_tile(c, out, op.slot, op)}[...] = {apply}({', '.join(arguments)})")
    c.line("stats.tile_ops += 1")


def _copy_dst(c: ThreadCompiler, op: eltwise.CopyDstOp) -> None:
    source = _tile(c, op.source, op.slot, op, "tile")
    value = _converted(c, source, _format(op.source), _format(op.into))
    c.line(f"{_tile(c, op.into, op.slot, op)}[...] = {value}")
    c.line("stats.tile_ops += 1")


def _protocol(call: str) -> Handler:
    def handler(c: ThreadCompiler, op: Operation) -> None:
        c.line(f"core.dst.{call}({c.site(op)})")

    return handler


HANDLERS: dict[type[Operation], Handler] = {
    **SCALAR,
    func.ReturnOp: nothing(),
    cb_ir.AllocOp: _alloc,
    cb_ir.ReserveBackOp: _reserve,
    cb_ir.WaitFrontOp: _wait,
    cb_ir.PushBackOp: _push,
    cb_ir.PopFrontOp: _pop,
    cb_ir.WritePtrOp: _write_ptr,
    cb_ir.ReadPtrOp: _read_ptr,
    noc.RuntimeArgOp: _runtime_arg,
    noc.AccessorOp: _accessor,
    noc.ReadPageOp: _transfer,
    noc.WritePageOp: _transfer,
    noc.GenerateTileOp: _generate_tile,
    noc.ReadBarrierOp: _barrier("read_barrier"),
    noc.WriteBarrierOp: _barrier("write_barrier"),
    noc.WritesFlushedOp: _barrier("flush"),
    noc.AtomicBarrierOp: nothing(),  # increments are done when they are issued
    noc.CoreCoordOp: _core_coord,
    noc.SemaphoreOp: _semaphore,
    noc.SemaphoreSetOp: _semaphore_set,
    noc.SemaphoreWaitOp: _semaphore_wait,
    noc.SemaphoreWaitMinOp: _semaphore_wait,
    noc.SemaphoreIncOp: _semaphore_inc,
    noc.SemaphoreSetMulticastOp: _semaphore_multicast,
    noc.MulticastOp: _multicast,
    compute.DstOp: _dst,
    compute.CopyBlockOp: _copy_block,
    compute.TransposeTileOp: _transpose_tile,
    compute.FillTileOp: _fill_tile,
    compute.MatmulBlockOp: _matmul_block,
    compute.PackBlockOp: _pack_block,
    compute.PackTileOp: _pack_tile,
    compute.TileRegsAcquireOp: _protocol("acquire"),
    compute.TileRegsCommitOp: _protocol("commit"),
    compute.TileRegsWaitOp: _protocol("wait"),
    compute.TileRegsReleaseOp: _protocol("release"),
    eltwise.CopyTileOp: _copy_tile,
    eltwise.BroadcastTileOp: _copy_tile,
    eltwise.FpuBinaryOp: _fpu_binary,
    eltwise.ReduceTileOp: _reduce_tile,
    eltwise.SfpuUnaryOp: _sfpu,
    eltwise.SfpuScalarOp: _sfpu,
    eltwise.SfpuBinaryOp: _sfpu,
    eltwise.SfpuTernaryOp: _sfpu,
    eltwise.CopyDstOp: _copy_dst,
    # programming the units changes no value; its order is verified on the IR
    compute.HwStartupOp: nothing(),
    compute.MatmulBlockInitOp: nothing(),
    compute.CopyInitOp: nothing(),
    compute.TransposeInitOp: nothing(),
    compute.FillInitOp: nothing(),
    compute.ReconfigSrcAOp: nothing(),
    compute.ReconfigSrcBOp: nothing(),
    compute.ReconfigPackOp: nothing(),
    **dict.fromkeys(eltwise.UNIT_OPS, nothing()),
}
