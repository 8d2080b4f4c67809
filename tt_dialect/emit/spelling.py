"""The API table: what each METALIUM operation is called in each generation of TT-Metalium.

One row per operation (and family member): its calls in API v2 and v1, the header each needs, and
where upstream says so. `{name}` is an operand or property of the operation, or one of the derived
fields below (which may stand for several arguments). `source` paths are files of
tenstorrent/tt-metal at the commit given; v1 spells the releases up to about v0.75, v2 main from
August 2026.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr
from xdsl.ir import Operation, SSAValue

from tt_dialect.diagnostics import error_at
from tt_dialect.emit.cpp import Expr, Precedence, add, mul
from tt_dialect.emit.helpers import EXACT_INTEGERS
from tt_dialect.ir import cb, compute, eltwise, noc
from tt_dialect.ir.functions import FUNCTIONS, Calls, Family, Function
from tt_dialect.ir.layout import TileType
from tt_dialect.ir.program import Role


class Scope(Protocol):
    """What a row can ask of the kernel being printed."""

    def value(self, value: SSAValue) -> Expr:
        """How a value reads."""
        ...

    def pages(self, op: Operation) -> Expr:
        """The number of pages or tiles an operation moves."""
        ...

    def tile_bytes(self, buffer: SSAValue) -> Expr:
        """The page size of a circular buffer."""
        ...

    @property
    def wide(self) -> bool:
        """Whether DST is 32-bit."""
        ...

    def helper(self, name: str) -> str:
        """The name of a helper, which the kernel then brings along."""
        ...


@dataclass(frozen=True)
class Header:
    """An include per API generation; several are separated by `; `."""

    v2: str
    v1: str

    def of(self, api: str) -> str:
        """The include of a generation."""
        return self.v1 if api == "v1" else self.v2


DATAFLOW = Header("api/dataflow/dataflow_api.h", "dataflow_api.h")
"""cb_*, noc_*, get_arg_val and TensorAccessor on data movement cores."""
COMPUTE = Header("api/compute/common.h", "compute_kernel_api/common.h")
"""get_arg_val, cb_* and the DST protocol on compute cores."""
STARTUP = Header(
    "api/compute/compute_kernel_hw_startup.h", "compute_kernel_api/compute_kernel_hw_startup.h"
)
MATMUL = Header("api/compute/matmul.h", "compute_kernel_api/matmul.h")
COPY = Header("api/compute/tile_move_copy.h", "compute_kernel_api/tile_move_copy.h")
TRANSPOSE = Header("api/compute/transpose.h", "compute_kernel_api/transpose_wh.h")
PACK = Header("api/compute/pack.h", "compute_kernel_api/pack.h")
RECONFIG = Header("api/compute/reconfig_data_format.h", "compute_kernel_api/reconfig_data_format.h")
RECONFIG_PACK = Header("api/compute/reconfig_data_format.h", "compute_kernel_api/pack.h")
BINARY = Header("api/compute/eltwise_binary.h", "compute_kernel_api/eltwise_binary.h")
BROADCAST = Header("api/compute/bcast.h", "compute_kernel_api/bcast.h")
REDUCE = Header("api/compute/reduce.h", "compute_kernel_api/reduce.h")
COPY_DST = Header("api/compute/copy_dest_values.h", "compute_kernel_api/copy_dest_values.h")
FILL = Header("api/compute/eltwise_unary/fill.h", "compute_kernel_api/eltwise_unary/fill.h")

ROLE_HEADERS = {Role.READER: DATAFLOW, Role.WRITER: DATAFLOW, Role.COMPUTE: COMPUTE}
"""The header of a role brings arguments, circular buffers and the DST protocol."""


@dataclass(frozen=True)
class Spelling:
    """A row: the calls of v2 and v1 (zero or more; one per result for operations with results)."""

    v2: tuple[str, ...]
    v1: tuple[str, ...]
    source: str
    header: Header | None = None
    """None: the header of the role has it."""
    may_be_nothing: bool = False
    """No call in a generation means that nothing is needed there, not that there is no way."""

    def of(self, api: str) -> tuple[str, ...]:
        """The calls of a generation."""
        return self.v1 if api == "v1" else self.v2


def _same(call: str, source: str, header: Header | None = None) -> Spelling:
    return Spelling((call,), (call,), source, header)


_DATAFLOW_API = "tt_metal/hw/inc/api/dataflow/dataflow_api.h @003978d2"
_REG_API = "tt_metal/hw/inc/api/compute/reg_api.h @d5f9bc4a"
_CB_API = "tt_metal/hw/inc/api/compute/cb_api.h @a41f6a04; " + _DATAFLOW_API

_BCAST = "tt_metal/hw/inc/api/compute/bcast.h @00b0fa3f and #49924; v1 @011d68fa"
_ELTWISE_BINARY = "tt_metal/hw/inc/api/compute/eltwise_binary.h @00b0fa3f"
_REDUCE = "tt_metal/hw/inc/api/compute/reduce.h @0112bb1e; v2 as tt-mlir @19c86fca prints it"
_COPY_DEST = "tt_metal/hw/inc/api/compute/copy_dest_values.h @01c8afed; v1 @97622714"
_HELPERS = "tt_dialect/emit/helpers.py; layout of the scaler tile: reduce.h, PR #52076"

CALLS: dict[tuple[str, str], Spelling] = {
    # ---- circular buffers ----
    (cb.ReserveBackOp.name, ""): _same("cb_reserve_back({cb}, {pages})", _CB_API),
    (cb.PushBackOp.name, ""): _same("cb_push_back({cb}, {pages})", _CB_API),
    (cb.WaitFrontOp.name, ""): _same("cb_wait_front({cb}, {pages})", _CB_API),
    (cb.PopFrontOp.name, ""): _same("cb_pop_front({cb}, {pages})", _CB_API),
    (cb.WritePtrOp.name, ""): _same("get_write_ptr({cb})", _DATAFLOW_API),
    (cb.ReadPtrOp.name, ""): _same("get_read_ptr({cb})", _DATAFLOW_API),
    # ---- NoC ----
    (noc.ReadPageOp.name, ""): _same(
        "noc_async_read_page({page}, {accessor}, {address})", _DATAFLOW_API
    ),
    (noc.WritePageOp.name, ""): _same(
        "noc_async_write_page({page}, {accessor}, {address})", _DATAFLOW_API
    ),
    (noc.ReadBarrierOp.name, ""): _same("noc_async_read_barrier()", _DATAFLOW_API),
    (noc.WriteBarrierOp.name, ""): _same("noc_async_write_barrier()", _DATAFLOW_API),
    (noc.WritesFlushedOp.name, ""): _same("noc_async_writes_flushed()", _DATAFLOW_API),
    (noc.AtomicBarrierOp.name, ""): _same("noc_async_atomic_barrier()", _DATAFLOW_API),
    (noc.CoreCoordOp.name, ""): Spelling(
        ("get_absolute_logical_x()", "get_absolute_logical_y()"),
        ("get_absolute_logical_x()", "get_absolute_logical_y()"),
        _DATAFLOW_API,
    ),
    (noc.SemaphoreSetOp.name, ""): _same("noc_semaphore_set({semaphore}, {value})", _DATAFLOW_API),
    (noc.SemaphoreWaitOp.name, ""): _same(
        "noc_semaphore_wait({semaphore}, {value})", _DATAFLOW_API
    ),
    (noc.SemaphoreWaitMinOp.name, ""): _same(
        "noc_semaphore_wait_min({semaphore}, {value})", _DATAFLOW_API
    ),
    (noc.SemaphoreIncOp.name, ""): _same(
        "noc_semaphore_inc(get_noc_addr({x}, {y}, {semaphore_address}), {value})", _DATAFLOW_API
    ),
    # Coordinates are those of `worker_core_from_logical_core`; NoC 1 runs the other way round.
    (noc.MulticastOp.name, ""): _same(
        "noc_async_write_multicast({pointer}, get_noc_multicast_addr({rectangle}, {pointer}), "
        "{bytes}, {dests}, {is_linked})",
        _DATAFLOW_API,
    ),
    (noc.MulticastOp.name, "loopback"): _same(
        "noc_async_write_multicast_loopback_src({pointer}, "
        "get_noc_multicast_addr({rectangle}, {pointer}), {bytes}, {dests}, {is_linked})",
        _DATAFLOW_API,
    ),
    (noc.SemaphoreSetMulticastOp.name, ""): _same(
        "noc_semaphore_set_multicast({semaphore_address}, "
        "get_noc_multicast_addr({rectangle}, {semaphore_address}), {dests}, {is_linked})",
        _DATAFLOW_API,
    ),
    (noc.SemaphoreSetMulticastOp.name, "loopback"): _same(
        "noc_semaphore_set_multicast_loopback_src({semaphore_address}, "
        "get_noc_multicast_addr({rectangle}, {semaphore_address}), {dests}, {is_linked})",
        _DATAFLOW_API,
    ),
    # ---- compute: DST protocol ----
    (compute.TileRegsAcquireOp.name, ""): _same("tile_regs_acquire()", _REG_API),
    (compute.TileRegsCommitOp.name, ""): _same("tile_regs_commit()", _REG_API),
    (compute.TileRegsWaitOp.name, ""): _same("tile_regs_wait()", _REG_API),
    (compute.TileRegsReleaseOp.name, ""): _same("tile_regs_release()", _REG_API),
    # ---- compute: programming the units ----
    (compute.HwStartupOp.name, ""): _same(
        "compute_kernel_hw_startup({in0}, {in1}, {out})",
        "tt_metal/hw/inc/api/compute/compute_kernel_hw_startup.h @0112bb1e",
        STARTUP,
    ),
    # v1 has no SrcOrder: in1 stands first there because matmul reads it into SrcA, which is how
    # mm_block_init configures the unpackers.
    (compute.HwStartupOp.name, "matmul"): Spelling(
        ("compute_kernel_hw_startup<SrcOrder::Reverse>({in0}, {in1}, {out})",),
        ("compute_kernel_hw_startup({in1}, {in0}, {out})",),
        "v2 tt_metal/hw/inc/api/compute/matmul.h @01c8afed (PR #27166); "
        "v1 tt_metal/include/compute_kernel_api/compute_kernel_hw_startup.h @14b50b9b",
        STARTUP,
    ),
    (compute.MatmulBlockInitOp.name, ""): Spelling(
        ("matmul_block_init({a}, {b}, {shape})",),
        ("mm_block_init_short({a}, {b}, {shape})",),
        "tt_metal/hw/inc/api/compute/matmul.h @01c8afed (PR #46346, PR #50570)",
        MATMUL,
    ),
    (compute.CopyInitOp.name, ""): Spelling(
        ("copy_init({cb})",),
        ("copy_tile_to_dst_init_short({cb})",),
        "tt_metal/hw/inc/api/compute/tile_move_copy.h, v1 @020fa046, v2 from PR #49924",
        COPY,
    ),
    (compute.TransposeInitOp.name, ""): Spelling(
        ("transpose_init({cb})",),
        ("transpose_wh_init_short({cb})",),
        "tt_metal/hw/inc/api/compute/transpose.h @aba5e12d (PR #23835); "
        "tt_metal/include/compute_kernel_api/transpose_wh.h @5cd3a453",
        TRANSPOSE,
    ),
    (compute.FillInitOp.name, ""): _same(
        "fill_tile_init()", "tt_metal/hw/inc/api/compute/eltwise_unary/fill.h @e9bc0618", FILL
    ),
    (compute.ReconfigSrcAOp.name, ""): _same(
        "reconfig_data_format_srca({cb})",
        "tt_metal/hw/inc/api/compute/reconfig_data_format.h @0112bb1e",
        RECONFIG,
    ),
    (compute.ReconfigSrcBOp.name, ""): _same(
        "reconfig_data_format_srcb({cb})",
        "tt_metal/hw/inc/api/compute/reconfig_data_format.h @0112bb1e",
        RECONFIG,
    ),
    (compute.ReconfigPackOp.name, ""): _same(
        "pack_reconfig_data_format({cb})",
        "v2 tt_metal/hw/inc/api/compute/reconfig_data_format.h; "
        "v1 tt_metal/include/compute_kernel_api/pack.h",
        RECONFIG_PACK,
    ),
    # ---- compute: tiles ----
    (compute.MatmulBlockOp.name, ""): _same(
        "matmul_block({a}, {b}, {a_tile}, {b_tile}, {dst}, {shape})",
        "tt_metal/hw/inc/api/compute/matmul.h @01c8afed",
        MATMUL,
    ),
    (compute.CopyBlockOp.name, ""): Spelling(
        ("copy_block({cb}, {tile}, {dst}, {pages})",),
        ("copy_block_matmul_partials({cb}, {tile}, {dst}, {pages})",),
        "tt_metal/hw/inc/api/compute/tile_move_copy.h, v1 @020fa046, v2 from PR #49070",
        COPY,
    ),
    (compute.TransposeTileOp.name, ""): Spelling(
        ("transpose_tile({cb}, {tile}, {dst_tile})",),
        ("transpose_wh_tile({cb}, {tile}, {dst_tile})",),
        "tt_metal/hw/inc/api/compute/transpose.h @aba5e12d; "
        "tt_metal/include/compute_kernel_api/transpose_wh.h @5cd3a453",
        TRANSPOSE,
    ),
    (compute.FillTileOp.name, ""): _same(
        "fill_tile({dst_tile}, {value})",
        "tt_metal/hw/inc/api/compute/eltwise_unary/fill.h @e9bc0618",
        FILL,
    ),
    (compute.PackBlockOp.name, ""): Spelling(
        ("pack_block({dst}, {cb}, {pages})",),
        ("pack_tile_block({dst}, {cb}, {pages})",),
        "tt_metal/hw/inc/api/compute/pack.h, v1 @00b0fa3f, v2 from PR #49070",
        PACK,
    ),
    (compute.PackTileOp.name, ""): _same(
        "pack_tile<true>({dst_tile}, {cb}, {tile})",
        "tt_metal/hw/inc/api/compute/pack.h, v1 @00b0fa3f",
        PACK,
    ),
    # ---- compute: elementwise, between circular buffers and DST ----
    (eltwise.CopyTileOp.name, ""): _same(
        "copy_tile({cb}, {tile}, {dst_tile})",
        "tt_metal/hw/inc/api/compute/tile_move_copy.h, v1 @020fa046",
        COPY,
    ),
    (eltwise.BroadcastTileOp.name, ""): _same(
        "unary_bcast<BroadcastType::{broadcast}>({cb}, {tile}, {dst_tile})", _BCAST, BROADCAST
    ),
    # v2 leaves the packer alone (tt-metal #49924); v1 also programs it.
    (eltwise.BroadcastInitOp.name, ""): Spelling(
        ("unary_bcast_init<BroadcastType::{broadcast}>({cb})",),
        # The init of v1 configures the hardware and restarts DST; these are the rest of it.
        (
            "UNPACK((llk_unpack_A_init<BroadcastType::{broadcast}, false, "
            "EltwiseBinaryReuseDestType::NONE, {to_dest}>(false, false, {cb})))",
            "MATH((llk_math_eltwise_unary_datacopy_init<{data_copy}, DST_ACCUM_MODE, "
            "BroadcastType::{broadcast}>({cb})))",
        ),
        _BCAST,
        BROADCAST,
    ),
    (eltwise.BroadcastUninitOp.name, ""): Spelling(
        ("unary_bcast_uninit<BroadcastType::{broadcast}>({cb})",),
        ("unary_bcast_uninit<BroadcastType::{broadcast}>({cb})",),
        _BCAST,
        BROADCAST,
    ),
    (eltwise.FpuBinaryOp.name, ""): _same(
        "{function}_tiles({a}, {b}, {a_tile}, {b_tile}, {dst_tile})", _ELTWISE_BINARY, BINARY
    ),
    (eltwise.FpuBinaryOp.name, "broadcast"): _same(
        "{function}_tiles_bcast_{lines}({a}, {b}, {a_tile}, {b_tile}, {dst_tile})",
        _BCAST,
        BROADCAST,
    ),
    (eltwise.FpuBinaryInitOp.name, ""): Spelling(
        ("{function}_init({a}, {b})",),
        ("{function}_tiles_init({a}, {b})",),
        _ELTWISE_BINARY + "; v2 from PR #50745",
        BINARY,
    ),
    (eltwise.FpuBinaryInitOp.name, "broadcast"): Spelling(
        ("{function}_bcast_{lines}_init({a}, {b})",),
        ("{short_init}({a}, {b})",),
        _BCAST + "; v2 from PR #50745",
        BROADCAST,
    ),
    # v2 accumulates in the format of DST; v1 has to be asked for float32.
    (eltwise.ReduceInitOp.name, ""): Spelling(
        ("reduce_init<{pool}, {reduce_dim}>({cb}, {scaler}, {out})",),
        ("reduce_init<{pool}, {reduce_dim}{and_fp32}>({cb}, {scaler}, {out})",),
        _REDUCE,
        REDUCE,
    ),
    (eltwise.ReduceTileOp.name, ""): Spelling(
        ("reduce_tile<{pool}, {reduce_dim}>({cb}, {scaler}, {tile}, 0, {dst_tile})",),
        ("reduce_tile<{pool}, {reduce_dim}{and_fp32}>({cb}, {scaler}, {tile}, 0, {dst_tile})",),
        _REDUCE,
        REDUCE,
    ),
    (eltwise.ReduceUninitOp.name, ""): Spelling(
        ("reduce_uninit()",), ("reduce_uninit{only_fp32}({cb})",), _REDUCE, REDUCE
    ),
    # ---- compute: elementwise, in DST ----
    (eltwise.CopyDstInitOp.name, ""): _same("copy_dest_values_init()", _COPY_DEST, COPY_DST),
    # v1 takes the target first.
    (eltwise.CopyDstOp.name, ""): Spelling(
        ("copy_dest_values<DataFormat::{dst_format}>({source_tile}, {into_tile})",),
        ("copy_dest_values({into_tile}, {source_tile})",),
        _COPY_DEST,
        COPY_DST,
    ),
    # ---- data movement: tiles a core writes itself ----
    (noc.GenerateTileOp.name, "reduce_scaler"): _same("{writer}({address})", _HELPERS),
    (noc.GenerateTileOp.name, "iota"): _same("{writer}({address}, {rows}, {cols})", _HELPERS),
    (noc.GenerateTileOp.name, "zero"): _same("{writer}({address})", _HELPERS),
}

_SFPU: dict[Family, type[Operation]] = {
    Family.UNARY: eltwise.SfpuUnaryOp,
    Family.SCALAR: eltwise.SfpuScalarOp,
    Family.BINARY: eltwise.SfpuBinaryOp,
    Family.TERNARY: eltwise.SfpuTernaryOp,
}
_FIELDS = {
    "a": "{tile_a}",
    "b": "{tile_b}",
    "c": "{tile_c}",
    "out": "{tile_out}",
    "value": "{scalar_bits}",
    "reciprocal": "{reciprocal_bits}",
    "format": "DataFormat::{dst_format}",
    "raw": "DataFormat::{dst_raw}",
    "fp32": "{fp32_prefix}",
}
"""The fields of the function table as those of this one."""


def _function_rows(row: Function) -> dict[tuple[str, str], Spelling]:
    """A function's call and init, by operation and function."""
    in_place = row.family in (Family.UNARY, Family.SCALAR)
    fields = {**_FIELDS, "a": "{dst_tile}"} if in_place else _FIELDS

    def calls(text: str) -> tuple[str, ...]:
        return tuple(part.format(**fields) for part in text.split("; ") if part)

    def spelling(text: Callable[[Calls], str], may_be_nothing: bool) -> Spelling:
        header = Header(row.v2.header, row.v1.header) if row.v2.call else None
        parts = calls(text(row.v2)), calls(text(row.v1))
        return Spelling(*parts, row.source, header, may_be_nothing)

    return {
        (_SFPU[row.family].name, row.name): spelling(lambda c: c.call, False),
        (eltwise.SfpuInitOp.name, f"{row.family} {row.name}"): spelling(lambda c: c.init, True),
    }


for _row in FUNCTIONS.values():
    CALLS.update(_function_rows(_row))


_SFPU_OPS = tuple(_SFPU.values())


def family(op: Operation) -> str:
    """The family member an operation is, "" where there is only one."""
    if isinstance(op, compute.HwStartupOp) and op.matmul is not None:
        return "matmul"
    if isinstance(op, noc.MulticastOp | noc.SemaphoreSetMulticastOp) and op.loopback is not None:
        return "loopback"
    if isinstance(op, eltwise.FpuBinaryOp | eltwise.FpuBinaryInitOp):
        return "broadcast" if op.how.data != "none" else ""
    if isinstance(op, eltwise.SfpuInitOp):
        return f"{op.family.data} {op.function.data}"
    if isinstance(op, _SFPU_OPS):
        return cast(eltwise.SfpuUnaryOp, op).function.data
    return op.kind.data if isinstance(op, noc.GenerateTileOp) else ""


# ---- derived fields ----

_LINES = {"row": "rows", "col": "cols", "scalar": "scalar"}
"""What the names of broadcasting FPU operations call them."""


def _address(op: Operation, scope: Scope) -> Expr:
    page = cast("noc.ReadPageOp | noc.WritePageOp | noc.GenerateTileOp", op)
    offset = mul(scope.value(page.slot), scope.tile_bytes(buffer_of(page.pointer)))
    return add(scope.value(page.pointer), offset)


def _dst_tile(op: Operation, scope: Scope) -> Expr:
    tile = cast("compute.TransposeTileOp | compute.FillTileOp", op)
    return add(scope.value(tile.dst), scope.value(tile.slot))


def _tile_of(group: str) -> Callable[[Operation, Scope], Expr]:
    """Tile `slot` of the DST group an operand names."""

    def tile(op: Operation, scope: Scope) -> Expr:
        return add(scope.value(getattr(op, group)), scope.value(cast(eltwise.CopyDstOp, op).slot))

    return tile


def _dst_format(op: Operation, _: Scope) -> Expr:
    """What DST holds, from the operation's first group."""
    group = next(v.type for v in op.operands if isinstance(v.type, compute.DstType))
    return Expr(TileType.of(group.element_type).data_format)


def _scalar(op: Operation) -> tuple[SSAValue, float | None]:
    """The scalar of a function and its value where it is a constant."""
    value = cast(eltwise.SfpuScalarOp, op).value
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, FloatAttr):
        return value, owner.value.value.data
    return value, None


def _bits_literal(number: float) -> Expr:
    bits = struct.unpack("<I", struct.pack("<f", number))[0]
    return Expr(f"0x{bits:08x} /* {number:.9g} */")


def _scalar_bits(op: Operation, scope: Scope) -> Expr:
    value, constant = _scalar(op)
    if constant is not None:
        return _bits_literal(constant)
    return Expr(f"{scope.helper('float_bits')}({scope.value(value).text})")


def _reciprocal_bits(op: Operation, scope: Scope) -> Expr:
    value, constant = _scalar(op)
    if constant == 0:
        raise error_at(op, "division by the constant zero")
    if constant is not None:
        return _bits_literal(1.0 / constant)
    divisor = scope.value(value).inside(Precedence.MULTIPLICATIVE, operator="/", right=True)
    return Expr(f"{scope.helper('float_bits')}(1.0f / {divisor})")


def _short_init(op: Operation, _: Scope) -> Expr:
    """v1's irregular names: `mul_tiles_bcast_scalar_init_short`, `add_bcast_scalar_init_short`."""
    init = cast(eltwise.FpuBinaryInitOp, op)
    name, lines = init.function.data, _LINES[init.how.data]
    tiles = "_tiles" if lines == "scalar" and name != "add" else ""
    return Expr(f"{name}{tiles}_bcast_{lines}_init_short")


def _writer(op: Operation, scope: Scope) -> Expr:
    """The helper that writes a tile of this kind in the format of the buffer."""
    tile = cast(noc.GenerateTileOp, op)
    buffer = buffer_of(tile.pointer).type
    assert isinstance(buffer, cb.BufferType)
    if buffer.tile.shape != (32, 32):
        raise error_at(op, f"only 32x32 tiles are generated, not {buffer.tile}")
    name = str(buffer.tile.element_type)
    if tile.rows is not None and tile.cols is not None:
        largest = 31 * (abs(tile.rows.value.data) + abs(tile.cols.value.data))
        if largest > EXACT_INTEGERS[name]:
            raise error_at(
                op,
                f"an iota tile with values up to {largest} is not exact in {name}",
                "generate it with smaller steps and scale it in the map",
            )
    return Expr(scope.helper(f"write_{tile.kind.data}_{name}"))


def _subblock_shape(op: Operation, scope: Scope) -> Expr:
    step = cast("compute.MatmulBlockOp | compute.MatmulBlockInitOp", op)
    ct, rt, kt = (p.value.data for p in (step.ct, step.rt, step.kt))
    transpose = "true" if step.transpose else "false"
    return Expr(f"/*transpose=*/{transpose}, /*ct=*/{ct}, /*rt=*/{rt}, /*kt=*/{kt}")


def _semaphore_address(op: Operation, scope: Scope) -> Expr:
    signal = cast("noc.SemaphoreIncOp | noc.SemaphoreSetMulticastOp", op)
    return Expr(f"{scope.value(signal.semaphore).text}_addr")


def _rectangle(op: Operation, scope: Scope) -> Expr:
    area = cast("noc.MulticastOp | noc.SemaphoreSetMulticastOp", op)
    start, end = (area.x, area.y), (area.x_end, area.y_end)
    swapped = area.noc is not None and area.noc.value.data == 1
    corners = (*end, *start) if swapped else (*start, *end)
    return Expr(", ".join(scope.value(v).text for v in corners))


def _bytes(op: Operation, scope: Scope) -> Expr:
    transfer = cast(noc.MulticastOp, op)
    return mul(Expr(str(transfer.pages.value.data)), scope.tile_bytes(transfer.page))


def _is_linked(op: Operation, scope: Scope) -> Expr:
    area = cast("noc.MulticastOp | noc.SemaphoreSetMulticastOp", op)
    return Expr("true" if area.linked is not None else "false")


def _to_dest(op: Operation) -> bool:
    """Whether a buffer is unpacked to DST as it is."""
    alloc = cast(eltwise.BroadcastInitOp, op).cb.owner
    return isinstance(alloc, cb.AllocOp) and alloc.unpack_to_dest is not None


DERIVED: dict[str, Callable[[Operation, Scope], Expr]] = {
    "address": _address,
    "dst_tile": _dst_tile,
    "shape": _subblock_shape,
    "pages": lambda op, scope: scope.pages(op),
    "to_dest": lambda op, _: Expr("true" if _to_dest(op) else "false"),
    "data_copy": lambda op, _: Expr("A2D" if _to_dest(op) else "B2D"),
    "broadcast": lambda op, _: Expr(cast(eltwise.BroadcastTileOp, op).how.data.upper()),
    "lines": lambda op, _: Expr(_LINES[cast(eltwise.FpuBinaryOp, op).how.data]),
    "short_init": _short_init,
    "pool": lambda op, _: Expr(f"PoolType::{cast(eltwise.ReduceTileOp, op).kind.data.upper()}"),
    "reduce_dim": lambda op, _: Expr(
        f"ReduceDim::REDUCE_{cast(eltwise.ReduceTileOp, op).dim.data.upper()}"
    ),
    "and_fp32": lambda _, scope: Expr(", true" if scope.wide else ""),
    "only_fp32": lambda _, scope: Expr("<true>" if scope.wide else ""),
    "fp32_prefix": lambda _, scope: Expr("fp32_" if scope.wide else ""),
    "dst_format": _dst_format,
    "dst_raw": lambda _, scope: Expr("Float32" if scope.wide else "Float16_b"),
    **{f"tile_{group}": _tile_of(group) for group in ("a", "b", "c", "out")},
    "source_tile": _tile_of("source"),
    "into_tile": _tile_of("into"),
    "scalar_bits": _scalar_bits,
    "reciprocal_bits": _reciprocal_bits,
    "writer": _writer,
    "semaphore_address": _semaphore_address,
    "rectangle": _rectangle,
    "bytes": _bytes,
    "is_linked": _is_linked,
}


def buffer_of(pointer: SSAValue) -> SSAValue:
    """The circular buffer a pointer points into."""
    return cast("cb.WritePtrOp | cb.ReadPtrOp", pointer.owner).cb
