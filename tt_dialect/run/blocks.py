"""Operations on whole blocks of arrays: TILE, CORE and TILED levels as Python source.

On-chip buffers are NumPy arrays that start as NaN; tensors are the parameter arrays; a TILED block
is an array of its elements. Every level rounds where the machine will: a contraction after each
32-deep step, everything else on store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.dialects.linalg import ops as linalg
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap

from tt_dialect.analysis.access import DEFAULT_LAYOUT, kept_dims, multiplies_and_adds
from tt_dialect.analysis.bounds import overhangs
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import compute, noc
from tt_dialect.ir.layout import BlockType, TileDims
from tt_dialect.run import numerics
from tt_dialect.run.arguments import matrices
from tt_dialect.run.codegen import SCALAR, Compiler, Handler, format_of, memref_type, nothing
from tt_dialect.run.elements import write_elements
from tt_dialect.run.loops import LOOPS
from tt_dialect.run.maps import MAP_HANDLERS
from tt_dialect.run.numerics import TILE, AnyArray, Fidelity, Format


class BlockCompiler(Compiler):
    """A compiler for array levels; `exact` computes in float64 and rounds nowhere."""

    def __init__(self, fidelity: Fidelity, exact: bool):
        super().__init__(HANDLERS)
        self.fidelity = fidelity
        self.exact = exact
        self.parts: dict[SSAValue, tuple[int, ...]] = {}
        """Shapes of the subviews that may reach beyond their tensor; their arrays end with it."""
        self.wide: bool | None = None
        """Whether DST is 32-bit in this kernel, once a map or a reduction has asked."""

    @property
    def dtype(self) -> str:
        """Name of the dtype values are held in."""
        return self.shared(np.float64 if self.exact else np.float32, "dtype")

    def rounded(self, expression: str, fmt: Format) -> str:
        """The expression rounded to a format."""
        if self.exact:
            return expression
        return f"{self.shared(numerics.round_to, 'round')}({expression}, {self.shared(fmt, fmt)})"

    def call(self, function: Callable[..., object], *arguments: str) -> str:
        """A call of a helper."""
        return f"{self.shared(function, function.__name__.strip('_'))}({', '.join(arguments)})"

    def function(self, op: func.FuncOp) -> Callable[..., Any]:
        """The Python function of a TILE, CORE or TILED function; its parameters are the op's."""
        names = [self.define(arg) for arg in op.body.block.args]
        self.block(op.body.block)
        return self.finish("kernel", names)


# -- helpers of the generated code -----------------------------------------------------------------


def view(
    array: AnyArray,
    offsets: Sequence[int],
    sizes: Sequence[int],
    strides: Sequence[int],
    dropped: Sequence[int],
    op: Operation,
    clip: bool = False,
) -> AnyArray:
    """A strided window with some unit axes dropped; leaving the array is an error.

    With `clip` the window may reach beyond the end of the array, and is what is inside of it; it
    may not start before it, and a single index must be inside.
    """
    index: list[int | slice] = []
    for axis, (offset, size, stride) in enumerate(zip(offsets, sizes, strides, strict=True)):
        last = offset + (size - 1) * stride
        cut = clip and offset >= 0 and size > 1
        if (offset < 0 or last >= array.shape[axis]) and not cut:
            raise error_at(
                op,
                f"region [{offset}, {last + 1}) leaves dimension {axis} "
                f"of extent {array.shape[axis]}",
            )
        index.append(offset if axis in dropped else slice(offset, last + 1, stride))
    return array[(*index, ...)]  # a view, also of a single element


def padded(part: AnyArray, shape: tuple[int, ...]) -> AnyArray:
    """A load of a region of which this part is inside the tensor: zero outside."""
    if part.shape == shape:
        return part
    whole = np.zeros(shape, part.dtype)
    whole[tuple(map(slice, part.shape))] = part
    return whole


def store_part(part: AnyArray, whole: AnyArray) -> None:
    """The store of such a region: what is outside is dropped."""
    part[...] = whole[tuple(map(slice, part.shape))]


def load_block(
    tensor: AnyArray,
    dims: TileDims,
    indices: Sequence[int],
    shape: tuple[int, int],
    op: noc.LoadBlockOp,
) -> AnyArray:
    """A block of a tensor, zero where it hangs over the tensor's end."""
    part = _window(tensor, dims, indices, shape, op)
    if part.shape == shape:
        return part.copy()
    block = np.zeros(shape, tensor.dtype)
    block[: part.shape[0], : part.shape[1]] = part
    return block


def store_block(
    tensor: AnyArray,
    dims: TileDims,
    indices: Sequence[int],
    block: AnyArray,
    op: noc.StoreBlockOp,
) -> None:
    """Stores a block, dropping what hangs over the tensor's end."""
    target = _window(tensor, dims, indices, block.shape, op)
    target[...] = block[: target.shape[0], : target.shape[1]]


def _window(
    tensor: AnyArray,
    dims: TileDims,
    indices: Sequence[int],
    shape: Sequence[int],
    op: noc.LoadBlockOp | noc.StoreBlockOp,
) -> AnyArray:
    """The part of a tensor that tiles cover, rows by columns: a view.

    Tiles behind the tensor's last one are an error unless the operation clips the axis.
    """
    *outer, r, c = indices
    stack = matrices(tensor, dims)
    places = zip((r, c), shape, stack.shape[-2:], (dims.row, dims.col), op.clips, strict=True)
    for tile, extent, size, dim, clip in places:
        available = -(-size // TILE) * TILE
        reach = {
            noc.Clip.INSIDE: available - extent,
            noc.Clip.EDGE: available - TILE,
            noc.Clip.OUTSIDE: tile * TILE,
        }[clip]
        if tile < 0 or tile * TILE > reach:
            place = "the missing axis" if dim is None else f"dimension {dim}"
            raise error_at(
                op,
                f"tiles [{tile}, {tile + extent // TILE}) leave {place} "
                f"of {available // TILE} tiles",
            )
    for i, dim in zip(outer, dims.outer, strict=True):
        if not 0 <= i < tensor.shape[dim]:
            raise error_at(op, f"index {i} leaves dimension {dim} of {tensor.shape[dim]}")
    row, column = r * TILE, c * TILE
    return stack[(*outer, slice(row, row + shape[0]), slice(column, column + shape[1]))]


def contract_exact(acc: AnyArray, a: AnyArray, b: AnyArray) -> None:
    """The contraction without roundings."""
    acc += a @ b


# -- memref and linalg -----------------------------------------------------------------------------


def _shape(value: SSAValue) -> tuple[int, ...]:
    kind = memref_type(value)
    assert kind is not None
    return kind.get_shape()


def _format(value: SSAValue) -> Format:
    kind = value.type if isinstance(value.type, BlockType) else memref_type(value)
    return format_of(value.type if kind is None else kind.element_type, value)


def _alloc(c: BlockCompiler, op: memref.AllocOp) -> None:
    if op.dynamic_sizes:
        raise error_at(op, "an on-chip buffer of dynamic shape cannot be executed")
    _format(op.memref)
    full = c.shared(np.full, "full")
    c.define(op.memref, f"{full}({_shape(op.memref)!r}, {c.shared(np.nan, 'nan')}, {c.dtype})")


def _index_list(c: Compiler, static: Sequence[int], dynamic: Sequence[SSAValue]) -> str:
    values = iter(dynamic)
    texts = [c.get(next(values)) if v == DYNAMIC_INDEX else str(v) for v in static]
    return "(" + "".join(t + ", " for t in texts) + ")"


def _may_overhang(op: memref.SubviewOp) -> bool:
    """Whether a region of a tensor is not known to end inside of it."""
    return any(overhangs(op, dim) for dim in range(len(_shape(op.source))))


def _subview(c: BlockCompiler, op: memref.SubviewOp) -> None:
    sizes = op.static_sizes.get_values()
    clip = _may_overhang(op)
    if clip:
        c.parts[op.result] = _shape(op.result)
    kept = kept_dims(sizes, _shape(op.result))
    dropped = [axis for axis in range(len(sizes)) if axis not in kept]
    c.define(
        op.result,
        c.call(
            view,
            c.get(op.source),
            _index_list(c, op.static_offsets.get_values(), op.offsets),
            _index_list(c, sizes, op.sizes),
            _index_list(c, op.static_strides.get_values(), op.strides),
            repr(tuple(dropped)),
            c.shared(op, "op"),
            *(("True",) if clip else ()),
        ),
    )


def _whole_regions(handler: Callable[[BlockCompiler, Any], None]) -> Handler:
    """Gives an operation whole regions: zero outside the tensor, where stores are dropped."""

    def write(c: BlockCompiler, op: linalg.FillOp | linalg.CopyOp | linalg.GenericOp) -> None:
        parts = {v: c.get(v) for v in (*op.inputs, *op.outputs) if v in c.parts}
        for value, part in parts.items():
            c.define(value, c.call(padded, part, repr(c.parts[value])))
        handler(c, op)
        for value, part in parts.items():
            if value in op.outputs:
                c.line(c.call(store_part, part, c.get(value)))
            c.alias(value, part)

    return write


def _fill(c: BlockCompiler, op: linalg.FillOp) -> None:
    (target,) = op.outputs
    value = f"{c.shared(np.asarray, 'asarray')}({c.get(op.inputs[0])}, {c.dtype})"
    c.line(f"{c.get(target)}[...] = {c.rounded(value, _format(target))}")


def _copy(c: BlockCompiler, op: linalg.CopyOp) -> None:
    source, target = op.inputs[0], op.outputs[0]
    value = c.get(source)
    if _format(source) != _format(target):
        value = c.rounded(value, _format(target))
    c.line(f"{c.get(target)}[...] = {value}")


def _generic(c: BlockCompiler, op: linalg.GenericOp) -> None:
    if is_product(op):
        _contraction(c, op)
    else:
        write_elements(c, op)


def _dims(op: Operation, affine_map: AffineMap) -> list[int]:
    """The dimensions a projected permutation selects."""
    dims = [e.position for e in affine_map.results if isinstance(e, AffineDimExpr)]
    if len(dims) != len(affine_map.results) or len(set(dims)) != len(dims):
        raise error_at(op, f"indexing map {affine_map} cannot be executed")
    return dims


def _contraction(c: BlockCompiler, op: linalg.GenericOp) -> None:
    """`acc[m, n] += a[m, k] * b[k, n]` in any order of the axes of each operand."""
    maps = [_dims(op, m.data) for m in op.indexing_maps]
    reduction = [
        i for i, kind in enumerate(op.iterator_types) if kind.data == IteratorType.REDUCTION
    ]
    k = reduction[0]
    (m,) = [d for d in maps[0] if d != k]
    (n,) = [d for d in maps[1] if d != k]

    def oriented(value: SSAValue, dims: list[int], wanted: list[int]) -> str:
        if dims == wanted:
            return c.get(value)
        if dims == wanted[::-1]:
            return f"{c.get(value)}.T"
        raise error_at(op, "the indexing maps of this contraction do not fit each other")

    a, b = op.inputs
    acc = op.outputs[0]
    texts = [
        oriented(acc, maps[2], [m, n]),
        oriented(a, maps[0], [m, k]),
        oriented(b, maps[1], [k, n]),
    ]
    if c.exact:
        c.line(c.call(contract_exact, *texts))
    else:
        formats = (_format(a), _format(b), _format(acc))
        config = (c.shared(formats, "formats"), c.shared(c.fidelity, "fidelity"))
        c.line(c.call(numerics.contract, *texts, *config))


def is_product(op: linalg.GenericOp) -> bool:
    """Whether this is `acc[m, n] += a[m, k] * b[k, n]`, axes of each operand in any order."""
    kinds = [kind.data for kind in op.iterator_types]
    if sorted(k.value for k in kinds) != ["parallel", "parallel", "reduction"]:
        return False
    if len(op.indexing_maps) != 3 or any(len(m.data.results) != 2 for m in op.indexing_maps):
        return False
    k = kinds.index(IteratorType.REDUCTION)
    a, b, c = (
        {e.position for e in m.data.results if isinstance(e, AffineDimExpr)}
        for m in op.indexing_maps
    )
    return a & b == {k} and c == (a | b) - {k} and len(c) == 2 and multiplies_and_adds(op)


# -- TILED -----------------------------------------------------------------------------------------


def _block_shape(value: SSAValue) -> tuple[int, int]:
    assert isinstance(value.type, BlockType)
    rows, cols = value.type.shape
    return rows * TILE, cols * TILE


def _place(c: BlockCompiler, tensor: SSAValue, indices: Sequence[SSAValue]) -> tuple[str, ...]:
    """A tensor, its tiled dimensions and the indices of a block, as arguments of a call."""
    layout = noc.parameter_layout(tensor) or DEFAULT_LAYOUT
    dims = layout.dims(len(_shape(tensor)))
    return c.get(tensor), c.shared(dims, "dims"), f"({c.many(indices)})"


def _load_block(c: BlockCompiler, op: noc.LoadBlockOp) -> None:
    place, shape = _place(c, op.tensor, op.indices), repr(_block_shape(op.block))
    c.define(op.block, c.call(load_block, *place, shape, c.shared(op, "op")))


def _store_block(c: BlockCompiler, op: noc.StoreBlockOp) -> None:
    place = _place(c, op.tensor, op.indices)
    c.line(c.call(store_block, *place, c.get(op.block), c.shared(op, "op")))


def _fill_block(c: BlockCompiler, op: compute.FillOp) -> None:
    value = np.float64(op.value.value.data)
    number = value if c.exact else numerics.round_to(np.asarray(value), _format(op.block))
    text = c.shared(number, "const")
    c.define(
        op.block, f"{c.shared(np.full, 'full')}({_block_shape(op.block)!r}, {text}, {c.dtype})"
    )


def _matmul(c: BlockCompiler, op: compute.MatmulOp) -> None:
    a = c.get(op.a) + (".T" if op.transpose_a is not None else "")
    b = c.get(op.b) + (".T" if op.transpose_b is not None else "")
    result = c.define(op.block, f"{c.get(op.acc)}.copy()")
    if c.exact:
        c.line(c.call(contract_exact, result, a, b))
    else:
        formats = (_format(op.a), _format(op.b), _format(op.block))
        config = (c.shared(formats, "formats"), c.shared(c.fidelity, "fidelity"))
        c.line(c.call(numerics.contract, result, a, b, *config))


def _copy_block(c: BlockCompiler, op: compute.CopyOp) -> None:
    value = c.get(op.source)
    if _format(op.source) == _format(op.block):
        c.alias(op.block, value)
    else:
        c.define(op.block, c.rounded(value, _format(op.block)))


def _transpose_block(c: BlockCompiler, op: compute.TransposeOp) -> None:
    value = f"{c.get(op.source)}.T"
    if _format(op.source) is Format.FP32 and not c.exact:  # through SrcA: TF32
        value = f"{c.shared(numerics.to_tf32, 'tf32')}({value})"
    c.define(op.block, value)


HANDLERS: dict[type[Operation], Handler] = {
    **SCALAR,
    **LOOPS,
    **MAP_HANDLERS,
    func.ReturnOp: nothing(),
    memref.AllocOp: _alloc,
    memref.AllocaOp: _alloc,
    memref.SubviewOp: _subview,
    linalg.FillOp: _whole_regions(_fill),
    linalg.CopyOp: _whole_regions(_copy),
    linalg.GenericOp: _whole_regions(_generic),
    noc.LoadBlockOp: _load_block,
    noc.StoreBlockOp: _store_block,
    compute.FillOp: _fill_block,
    compute.MatmulOp: _matmul,
    compute.CopyOp: _copy_block,
    compute.TransposeOp: _transpose_block,
}
