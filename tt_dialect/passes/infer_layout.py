"""`tt-infer-layout`: every tensor parameter gets a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, MemRefType, i64
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.utils.hints import isa

from tt_dialect.analysis.access import (
    TensorBlock,
    axis_labels,
    is_parameter,
    memref_type,
    tensor_block,
)
from tt_dialect.analysis.annotation_fields import AnnotationError
from tt_dialect.analysis.annotations import (
    DEPTH,
    LAYOUT,
    OLD_LAYOUT,
    buffer_names,
    check_names,
    layouts_of,
    place_of,
    schedule_of,
)
from tt_dialect.analysis.layouts import LayoutRequest, read_layout
from tt_dialect.analysis.naming import name_of
from tt_dialect.analysis.vectors import Form, vector_forms
from tt_dialect.arch import Arch, get_arch
from tt_dialect.diagnostics import error_at, location_of
from tt_dialect.ir.layout import ELEMENT_TYPES, BufferAttr
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, decision, is_kernel
from tt_dialect.passes.place_tensors import L1Use, check_facts, check_layout, describe, layout_for


def _check(func: FuncOp, arg: BlockArgument) -> MemRefType[Attribute]:
    kind = memref_type(arg)
    name = name_of(arg, f"argument {arg.index}")
    if not kind.get_num_dims():
        raise error_at(
            func,
            f"tensor '{name}' of '{func.sym_name.data}' has rank 0",
            "tensors need at least one dimension",
        )
    if any(extent < 1 for extent in kind.get_shape()):
        raise error_at(
            func, f"tensor '{name}' has a dynamic or empty dimension", "use static shapes"
        )
    if not isinstance(kind.element_type, ELEMENT_TYPES):
        raise error_at(
            func,
            f"tensor '{name}' has unsupported element type {kind.element_type}",
            "supported: bf16, f16, f32",
        )
    return kind


@dataclass(frozen=True)
class _Demand:
    """What a block asks of the layout of its tensor: the dimensions of rows and columns."""

    op: Operation
    rows: int | None
    cols: int | None

    def allows(self, tiled: tuple[int, int], shape: Sequence[int]) -> bool:
        """Whether a layout has the block in whole tiles of its own.

        A vector may lie in a matrix that is one element wide, nowhere else: a tile that is stored
        would overwrite its neighbours.
        """
        for wanted, dim in zip((self.rows, self.cols), tiled, strict=True):
            if wanted is None and dim >= 0 and shape[dim] != 1:
                return False
            if wanted is not None and dim != wanted:
                return False
        return True

    @property
    def tiled(self) -> tuple[int, int]:
        """The layout it asks for."""
        return (-1 if self.rows is None else self.rows, -1 if self.cols is None else self.cols)


def _demand(block: TensorBlock, value: SSAValue, op: Operation, form: Form) -> _Demand | None:
    """The demand of a block; None where any layout would do, as for a single element."""
    dims = block.extended
    if len(dims) > 2:
        name = name_of(block.tensor, "tensor")
        raise error_at(
            op,
            f"the block of '{name}' extends over dimensions {list(dims)}",
            "a block has rows and columns; make its other extents 1",
        )
    if len(dims) == 2:
        return _Demand(op, *dims)
    if not dims and len(memref_type(value).get_shape()) == 1:
        dims = block.kept
    if not dims:
        return None
    return _Demand(op, None, dims[0]) if form == "row" else _Demand(op, dims[0], None)


def _demands(func: FuncOp, forms: dict[SSAValue, Form]) -> dict[BlockArgument, list[_Demand]]:
    """Demands on the layout of each tensor, in program order."""
    found: dict[BlockArgument, list[_Demand]] = {}
    for op in func.walk():
        values: Sequence[SSAValue] = ()
        match op:
            case memref.SubviewOp():
                values = [op.result]
            case GenericOp() | CopyOp() | FillOp():
                values = [v for v in (*op.inputs, *op.outputs) if is_parameter(v)]
            case _:
                pass
        for value in values:
            block = tensor_block(value)
            if block is None:
                continue
            demand = _demand(block, value, op, forms.get(value, "row"))
            if demand is not None:
                found.setdefault(block.tensor, []).append(demand)
    return found


def _tiled(arg: BlockArgument, demands: Sequence[_Demand]) -> tuple[int, ...]:
    """The `tiled` of a tensor's layout: empty, the last two dimensions, where that serves."""
    shape = memref_type(arg).get_shape()
    rank = len(shape)
    default = (rank - 2, rank - 1)
    if rank > 1 and all(d.allows(default, shape) for d in demands):
        return ()
    if not demands:
        return (-1, 0)
    first = demands[0]
    for other in demands:
        if not other.allows(first.tiled, shape):
            name = name_of(arg, f"argument {arg.index}")
            place = location_of(first.op)
            raise error_at(
                other.op,
                f"tensor '{name}' is read or written in {_spell(other)} here, but in "
                f"{_spell(first)}{'' if place is None else f' at {place}'}",
                "a tensor is cut into tiles in one way: use blocks over the same dimensions, or "
                "give the kernel the tensor twice",
            )
    return first.tiled


def _spell(demand: _Demand) -> str:
    match demand.rows, demand.cols:
        case None, cols:
            return f"row vectors along dimension {cols}"
        case rows, None:
            return f"column vectors along dimension {rows}"
        case rows, cols:
            return f"blocks of dimensions {rows} and {cols}"


@dataclass
class InferLayout(RewritePattern):
    """A parameter without a layout gets what the user asks for over what the options say."""

    default: LayoutRequest
    by: str
    arch: Arch

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not is_kernel(op):
            return
        requests, schedule = layouts_of(op), schedule_of(op)
        check_names(op, requests)
        changed = self._depths(op, requests)
        labels = axis_labels(op)
        attrs = [dict(a.data) for a in op.arg_attrs or [DictionaryAttr({}) for _ in op.args]]
        open_ = [
            (arg, entry)
            for arg, entry in zip(op.args, attrs, strict=True)
            if isinstance(arg.type, MemRefType) and "tt.layout" not in entry
        ]
        kinds = [_check(op, arg) for arg, _ in open_]
        demands = _demands(op, vector_forms(op)) if open_ else {}
        rows: list[DictionaryAttr] = []
        for (arg, entry), kind in zip(open_, kinds, strict=True):
            tiled = _tiled(arg, demands.get(arg, ()))
            base = BufferAttr.interleaved(kind.element_type, labels.get(arg, ()), tiled=tiled)
            name = name_of(arg, f"argument {arg.index}")
            asked = requests.get(name, LayoutRequest())
            by = "user" if asked.places else self.by
            entry["tt.layout"] = chosen = layout_for(
                place_of(op, asked.place),
                name,
                kind.get_shape(),
                base,
                asked.over(self.default),
                by,
                schedule.room(self.arch.grid),
            )
            if by != "default":
                rows.append(decision(name, "layout", describe(chosen), by))
        used = L1Use(self.arch)
        for arg, entry in zip(op.args, attrs, strict=True):
            name = name_of(arg, f"argument {arg.index}")
            asked = requests.get(name, LayoutRequest())
            place = place_of(op, asked.place)
            layout = entry.get("tt.layout")
            if not isinstance(layout, BufferAttr):
                if name in requests:
                    raise error_at(place, f"'{name}' is a number, which has no layout")
                continue
            if asked.places and all(entry is not other for _, other in open_):
                raise error_at(
                    place,
                    f"tensor '{name}' has a tt.layout already, and a user layout",
                    "keep one of them",
                )
            depth = asked.cb_depth or self.default.cb_depth
            if depth is not None and DEPTH not in entry:
                entry[DEPTH] = IntegerAttr(depth, i64)
            shape = memref_type(arg).get_shape()
            check_layout(place, name, shape, layout, used, schedule)
            check_facts(place, name, shape, layout, asked)
        if rows:
            known = op.attributes.get("tt.decisions")
            earlier = list(known) if isa(known, ArrayAttr[DictionaryAttr]) else []
            op.attributes["tt.decisions"] = ArrayAttr([*earlier, *rows])
        new = ArrayAttr([DictionaryAttr(a) for a in attrs])
        for key in (LAYOUT, OLD_LAYOUT):
            changed |= op.attributes.pop(key, None) is not None
        if new != op.arg_attrs:
            op.arg_attrs = new
            changed = True
        if changed:
            rewriter.notify_op_modified(op)

    @staticmethod
    def _depths(func: FuncOp, requests: dict[str, LayoutRequest]) -> bool:
        """Depths that were asked for on-chip buffers stand at their allocations."""
        changed = False
        for name, target in buffer_names(func).items():
            request = requests.get(name)
            if request is None or isinstance(target, int):
                continue
            if request.places or request.stated:
                raise error_at(
                    place_of(func, request.place),
                    f"'{name}' is an on-chip buffer: it lives in L1, as a circular buffer",
                    "its annotation says cb_depth only",
                )
            if request.cb_depth is not None:
                target.attributes[DEPTH] = IntegerAttr(request.cb_depth, i64)
                changed = True
        return changed


@dataclass(frozen=True)
class InferLayoutPass(LevelPass):
    """Gives every tensor parameter a `tt.layout`: where it lives and how it is cut into pages.

    What the user says in `tt.user_layout` of the function (or `tt.layout_desc`, an older name for it)
    holds, field by field, over the options,
    and those over DRAM, interleaved, one 32x32 tile a page; `by` records who decided ("user",
    "option", "default"), and a decision what, where it is not the default. A `tt.layout` that is there stays. Strategies height, width and block
    become an nd_shard over rows (M), columns (N) or both. Every layout is held against its tensor
    (whole tiles, nothing uncovered), the cores and L1 of `arch`. A depth that is asked for stands as
    `tt.cb_depth` at the tensor or the on-chip buffer for `tt-propagate-layout`.

    The dimensions that are cut into tiles are those over which the kernel's blocks extend, `tiled`
    where they are not the last two: [1, 3] for blocks [1, rows, 1, columns]. A block of one
    dimension is a row or a column of a tile, as the vectors it is copied to and from are used. The
    axis labels (M, N, K) come from the contractions the tensor takes part in.

    Before:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>) {
      func.return
    }
    ```
    After:
    ```mlir
    func.func @copy(%A: memref<64x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}, %B: memref<64x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}) {
      func.return
    }
    ```
    """

    name = "tt-infer-layout"
    takes = Level.TILE
    gives = Level.TILE

    memory: str | None = None
    layout: str | None = None
    strategy: str | None = None
    grid: tuple[int, ...] | None = None
    order: str | None = None
    cb_depth: int | None = None
    arch: str = "wormhole"

    def __post_init__(self) -> None:
        self._default()
        get_arch(self.arch)

    def _default(self) -> LayoutRequest:
        """The options as a request; `CompileError` for what cannot be meant."""
        keys = ("memory", "layout", "strategy", "grid", "order", "cb_depth")
        given = {key: value for key in keys if (value := getattr(self, key)) is not None}
        try:
            return read_layout("the options", given)
        except AnnotationError as error:
            text = str(error).replace("'the options'", "the options")
            raise error_at(None, f"{self.name}: {text}", *error.hints) from None

    def patterns(self) -> list[list[RewritePattern]]:
        default = self._default()
        return [
            [InferLayout(default, "option" if default.places else "default", get_arch(self.arch))]
        ]
