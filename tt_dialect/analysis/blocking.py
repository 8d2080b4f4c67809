"""How a function of operations on whole tensors is cut into blocks: its axes, and the grid's.

Dimensions of operations are one axis when a buffer the function writes connects them: one operation
writes the buffer along the one, another reads it along the other. Tensors that are only read
connect nothing, each operation takes its own part of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import memref
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.dialects.linalg.ops import CopyOp, FillOp, GenericOp
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap

from tt_dialect.analysis.access import (
    is_parameter,
    memref_type,
    multiplies_and_adds,
)
from tt_dialect.analysis.naming import name_of
from tt_dialect.diagnostics import error_at

SIZES = (128, 64, 32)
"""Block extents, the first that divides an axis is taken."""
STEP = 32
"""How much of its reduced axis a matrix product takes in a step."""

StructuredOp = FillOp | CopyOp | GenericOp


@dataclass(eq=False)
class Axis:
    """Dimensions that are cut alike."""

    extent: int
    block: int = 0
    """The extent of a block of it."""
    loop: Stage | None = None
    """The matrix product that steps through it."""

    @property
    def count(self) -> int:
        """The number of blocks."""
        return self.extent // self.block


@dataclass(eq=False)
class Stage:
    """An operation on whole buffers with the axes of its dimensions."""

    op: StructuredOp
    maps: list[AffineMap]
    reduced: set[int]
    axes: list[Axis] = field(default_factory=list[Axis])

    @property
    def operands(self) -> list[tuple[SSAValue, AffineMap]]:
        """Buffers read, and as the last one the buffer written, with their maps."""
        values = [*self.op.inputs, *self.op.outputs]
        return list(zip(values[len(values) - len(self.maps) :], self.maps, strict=True))

    @property
    def inputs(self) -> list[tuple[SSAValue, AffineMap]]:
        """Buffers read as inputs."""
        return self.operands[:-1]

    @property
    def output(self) -> SSAValue:
        """The buffer written."""
        return self.op.outputs[0]

    @property
    def is_product(self) -> bool:
        """Whether it is a matrix product, or several of them side by side."""
        op = self.op
        is_product = isinstance(op, GenericOp) and multiplies_and_adds(op)
        return is_product and len(self.reduced) == 1 and len(self.axes) > 2

    def axes_of(self, indexing: AffineMap) -> list[Axis | None]:
        """The axis of each dimension of an operand, None where it is indexed by zero."""
        return [
            self.axes[e.position] if isinstance(e, AffineDimExpr) else None
            for e in indexing.results
        ]


@dataclass
class Blocking:
    """Stages in order, the axes of the grid, and the tensors written."""

    stages: list[Stage]
    grid: list[Axis]
    outputs: list[SSAValue]
    written: set[SSAValue]
    """Buffers some stage writes, tensors or not."""


@dataclass(frozen=True)
class Wanted:
    """Block extents a user asks for: rows, columns, and steps of a product."""

    rows: int | None = None
    columns: int | None = None
    step: int | None = None


def stages_of(func: FuncOp) -> list[Stage]:
    """The operations of a function on whole buffers, in order."""
    found: list[Stage] = []
    for op in func.body.block.ops:
        match op:
            case GenericOp():
                maps = [m.data for m in op.indexing_maps]
                kinds = [i.data for i in op.iterator_types]
                reduced = {d for d, kind in enumerate(kinds) if kind == IteratorType.REDUCTION}
                _check_operation(op, maps, reduced)
                found.append(Stage(op, maps, reduced))
            case FillOp() | CopyOp():
                rank = len(memref_type(op.outputs[0]).get_shape())
                count = 1 if isinstance(op, FillOp) else 2
                found.append(Stage(op, [AffineMap.identity(rank)] * count, set()))
            case memref.AllocOp():
                pass
            case memref.SubviewOp():
                raise error_at(
                    op,
                    f"a part of '{_name(op.source)}' is used by itself, which is not cut into "
                    "blocks",
                    "expected operations on whole tensors, or a launch grid",
                )
            case _ if op.regions or op.name.startswith("memref."):
                raise error_at(
                    op,
                    f"'{op.name}' stands outside of a launch grid",
                    "a function without a launch grid is a sequence of operations on whole "
                    "tensors and buffers",
                )
            case _:
                pass
    return found


def _check_operation(op: GenericOp, maps: Sequence[AffineMap], reduced: set[int]) -> None:
    if len(op.outputs) != 1:
        raise error_at(op, "an operation with several outputs has no blocks", "expected one")
    for indexing in maps:
        dims = [e.position for e in indexing.results if isinstance(e, AffineDimExpr)]
        zeros = [e for e in indexing.results if isinstance(e, AffineConstantExpr) and e.value == 0]
        if len(dims) + len(zeros) != len(indexing.results) or len(set(dims)) != len(dims):
            raise error_at(
                op,
                f"an operand indexed by {indexing} cannot be cut into blocks",
                "expected each index to be a dimension of the operation, or zero",
            )
    kept = {e.position for e in maps[-1].results if isinstance(e, AffineDimExpr)}
    if kept | reduced != set(range(maps[0].num_dims)) or kept & reduced:
        raise error_at(op, "an operation writes elements several times without reducing them")


def blocking_of(func: FuncOp, wanted: Wanted) -> Blocking | None:
    """Axes, their blocks and the grid; None for a function without operations on tensors."""
    stages = stages_of(func)
    outputs: list[SSAValue] = [
        arg for arg in func.body.block.args if any(s.output is arg for s in stages)
    ]
    if not outputs:
        return None
    written = {stage.output for stage in stages}
    for stage in stages:
        for value, _ in stage.operands:
            if not is_parameter(value) and not isinstance(value.owner, memref.AllocOp):
                raise error_at(stage.op, "a part of a buffer is used outside of a launch grid")
            if value not in written and not is_parameter(value):
                raise error_at(stage.op, f"'{_name(value)}' is read and never written")
    _connect(stages, written)
    grid = _grid(stages, outputs)
    rank = len(memref_type(outputs[-1]).get_shape())
    sizes = {2: (wanted.rows, wanted.columns), 1: (wanted.rows,)}.get(min(rank, 2), ())
    last = _axes_of_output(stages, outputs[-1])
    requests = dict(zip(last[-2:], sizes, strict=False))
    for number, axis in enumerate(grid):
        is_batch = axis in last[: max(rank - 2, 0)]
        axis.block = 1 if is_batch else _size(stages[0].op, axis, requests.get(axis), number)
    for axis in _all_axes(stages):
        axis.block = axis.block or axis.extent
    for stage in stages:
        if stage.is_product:
            _step(stage, stages, written, wanted.step)
    return Blocking(stages, grid, outputs, written)


def _name(value: SSAValue) -> str:
    owner = value.owner
    return name_of(owner if isinstance(owner, Operation) else value, "a buffer")


def _all_axes(stages: Sequence[Stage]) -> list[Axis]:
    return list(dict.fromkeys(axis for stage in stages for axis in stage.axes))


def _axes_of_output(stages: Sequence[Stage], tensor: SSAValue) -> list[Axis]:
    stage = next(stage for stage in stages if stage.output is tensor)
    return [axis for axis in stage.axes_of(stage.maps[-1]) if axis is not None]


def _connect(stages: Sequence[Stage], written: set[SSAValue]) -> None:
    """Gives every dimension its axis."""
    parent: dict[tuple[object, int], tuple[object, int]] = {}

    def root(key: tuple[object, int]) -> tuple[object, int]:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    extents: dict[tuple[object, int], int] = {}
    for stage in stages:
        for value, indexing in stage.operands:
            for dim, expr in enumerate(indexing.results):
                if isinstance(expr, AffineDimExpr):
                    key = (stage, expr.position)
                    extents[key] = memref_type(value).get_shape()[dim]
                    if value in written:
                        parent[root(key)] = root((value, dim))
    axes: dict[tuple[object, int], Axis] = {}
    for stage in stages:
        for dim in range(stage.maps[0].num_dims):
            key = (stage, dim)
            stage.axes.append(axes.setdefault(root(key), Axis(extents[key])))
        if len(set(stage.axes)) != len(stage.axes):
            names = ", ".join(f"'{_name(v)}'" for v, _ in stage.operands if v in written)
            raise error_at(
                stage.op,
                f"{names} would be needed in two different blocks at once",
                "a buffer in between is written and read in the same rows and columns; "
                "give the kernel a launch grid",
            )


def _grid(stages: Sequence[Stage], outputs: Sequence[SSAValue]) -> list[Axis]:
    """Axes of the last tensor written that no operation reduces and every reduction has.

    So nothing is reduced twice, and no element of a tensor is written by two blocks.
    """
    shared = set(_all_axes(stages))
    for stage in stages:
        shared -= {stage.axes[dim] for dim in stage.reduced}
        if stage.reduced:
            shared &= set(stage.axes)
    for tensor in outputs:
        shared &= set(_axes_of_output(stages, tensor))
    return [axis for axis in _axes_of_output(stages, outputs[-1]) if axis in shared]


def _size(op: Operation, axis: Axis, wanted: int | None, number: int) -> int:
    """The extent of a block: what is asked for, or the largest of `SIZES` that divides the axis."""
    if wanted is not None:
        if wanted < 1 or axis.extent % wanted:
            option = "block-m" if number == 0 else "block-n"
            raise error_at(
                op,
                f"{option} of {wanted} does not divide an axis of {axis.extent}",
                f"accepted: divisors of {axis.extent}",
            )
        return wanted
    divisors = [size for size in SIZES if axis.extent % size == 0]
    return (
        divisors[0]
        if divisors
        else max(size for size in range(1, SIZES[0] + 1) if axis.extent % size == 0)
    )


def _step(
    stage: Stage, stages: Sequence[Stage], written: set[SSAValue], wanted: int | None
) -> None:
    """Lets a product step through its reduced axis, if what it reads can be made step by step."""
    (dim,) = stage.reduced
    axis = stage.axes[dim]
    others = [s for s in stages if axis in s.axes and s is not stage]
    if any(s.reduced or is_parameter(s.output) for s in others):
        return
    for other in others:  # read by this product only
        readers = {s for s in stages if any(v is other.output for v, _ in s.inputs)}
        if not readers <= {stage, *others}:
            return
    size = (
        wanted
        if wanted is not None
        else next((s for s in (STEP,) if axis.extent % s == 0), axis.extent)
    )
    if size < 1 or axis.extent % size:
        raise error_at(
            stage.op,
            f"block-k of {size} does not divide an axis of {axis.extent}",
            f"accepted: divisors of {axis.extent}",
        )
    if size < axis.extent:
        axis.block, axis.loop = size, stage
