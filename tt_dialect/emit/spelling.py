"""The API table: what each METALIUM operation is called in each generation of TT-Metalium.

One row per operation (and family member): its calls in API v2 and v1, the header each needs, and
where upstream says so. `{name}` is an operand or property of the operation, or one of the derived
fields below (which may stand for several arguments). `source` paths are files of
tenstorrent/tt-metal at the commit given; v1 spells the releases up to about v0.75, v2 main from
August 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from xdsl.ir import Operation, SSAValue

from tt_dialect.emit.cpp import Expr, add, mul
from tt_dialect.ir import cb, compute, noc
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


@dataclass(frozen=True)
class Header:
    """An include per API generation."""

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

    def of(self, api: str) -> tuple[str, ...]:
        """The calls of a generation."""
        return self.v1 if api == "v1" else self.v2


def _same(call: str, source: str, header: Header | None = None) -> Spelling:
    return Spelling((call,), (call,), source, header)


_DATAFLOW_API = "tt_metal/hw/inc/api/dataflow/dataflow_api.h @003978d2"
_REG_API = "tt_metal/hw/inc/api/compute/reg_api.h @d5f9bc4a"
_CB_API = "tt_metal/hw/inc/api/compute/cb_api.h @a41f6a04; " + _DATAFLOW_API

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
}


def family(op: Operation) -> str:
    """The family member an operation is, "" where there is only one."""
    if isinstance(op, compute.HwStartupOp) and op.matmul is not None:
        return "matmul"
    if isinstance(op, noc.MulticastOp | noc.SemaphoreSetMulticastOp) and op.loopback is not None:
        return "loopback"
    return ""


# ---- derived fields ----


def _address(op: Operation, scope: Scope) -> Expr:
    page = cast("noc.ReadPageOp | noc.WritePageOp", op)
    offset = mul(scope.value(page.slot), scope.tile_bytes(buffer_of(page.pointer)))
    return add(scope.value(page.pointer), offset)


def _dst_tile(op: Operation, scope: Scope) -> Expr:
    tile = cast("compute.TransposeTileOp | compute.FillTileOp", op)
    return add(scope.value(tile.dst), scope.value(tile.slot))


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


DERIVED: dict[str, Callable[[Operation, Scope], Expr]] = {
    "address": _address,
    "dst_tile": _dst_tile,
    "shape": _subblock_shape,
    "pages": lambda op, scope: scope.pages(op),
    "semaphore_address": _semaphore_address,
    "rectangle": _rectangle,
    "bytes": _bytes,
    "is_linked": _is_linked,
}


def buffer_of(pointer: SSAValue) -> SSAValue:
    """The circular buffer a pointer points into."""
    return cast("cb.WritePtrOp | cb.ReadPtrOp", pointer.owner).cb
