"""A PrimFunc to a `func.func` at TILE level: parameters, launch grid, body.

TileLang writes a kernel as nested `For(kind=4)` loops, one per grid axis with the first argument of
`T.Kernel` outermost, around one block (tilelang-tir.md 4.1). The grid becomes an `scf.parallel`.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, func, scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IndexType,
    MemRefType,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import Block, Region

from tt_dialect.importer import schema
from tt_dialect.importer.annotations import (
    attach_annotations,
    function_attributes,
    note_annotations,
)
from tt_dialect.importer.buffers import allocate, buffer_shape
from tt_dialect.importer.context import (
    Buffer,
    Index,
    KernelContext,
    LoopVar,
    Scalar,
    location_attr,
    name_value,
    single_block,
)
from tt_dialect.importer.expressions import index_of
from tt_dialect.importer.generic import DTYPES
from tt_dialect.importer.graph import Node, malformed_graph
from tt_dialect.importer.loops import is_plain, lower_plain
from tt_dialect.importer.scalars import INTEGERS
from tt_dialect.importer.statements import ATTRIBUTE_HINTS, bind, enter_block, lower

GRID_KIND = 4
GRID_TAGS = ("blockIdx.x", "blockIdx.y", "blockIdx.z")
GRID_NOTE = "accepted: one 'with T.Kernel(...)' of one to three dimensions as the whole body"


@dataclass(frozen=True)
class Grid:
    """The launch grid: its loops in the order of `T.Kernel`'s arguments, and what they run."""

    loops: tuple[Node, ...]
    body: Node


def import_kernel(prim_func: Node, name: str) -> func.FuncOp:
    """Translate one PrimFunc."""
    entry = Block()
    place = schema.location(prim_func)
    ctx = KernelContext(name, place, entry)
    arg_names = _declare_parameters(prim_func, ctx)
    hoisted: list[Node] = []
    body = prim_func.node("body")
    grid = None if is_plain(body) else _find_grid(body, ctx, hoisted)
    with ctx.inside(entry):
        if grid is None:
            lower_plain(body, ctx)
        else:
            _lower_grid(grid, hoisted, ctx)
        ctx.emit(func.ReturnOp())
    args = ArrayAttr(DictionaryAttr({"tt.name": StringAttr(text)}) for text in arg_names)
    result = func.FuncOp(name, (entry.arg_types, []), Region(entry), arg_attrs=args)
    result.location = location_attr(place) or result.location
    note_annotations(function_attributes(prim_func), ctx)
    attach_annotations(result, ctx)
    return result


def import_module(kernels: list[schema.GraphKernel]) -> ModuleOp:
    """One module of several kernels."""
    try:
        return ModuleOp([import_kernel(kernel.func, kernel.name) for kernel in kernels])
    except RecursionError:
        raise malformed_graph(kernels[0].func.origin, "nested too deeply") from None


def _declare_parameters(prim_func: Node, ctx: KernelContext) -> list[str]:
    """Every parameter a memref or a scalar, in ABI order."""
    names: list[str] = []
    for param, buffer in schema.buffer_parameters(prim_func):
        if buffer is None:
            names.append(_declare_scalar(param, len(names), ctx))
            continue
        if buffer in ctx.buffers:
            raise ctx.error(
                f"two parameters are one buffer, '{schema.buffer_decl(buffer).name}'",
                "accepted: a T.Tensor(...) of its own for each parameter",
            )
        with ctx.at(buffer):
            decl = schema.buffer_decl(buffer)
            shape = buffer_shape(decl, ctx)
        value = ctx.entry.insert_arg(MemRefType(DTYPES[decl.dtype], shape), len(names))
        names.append(ctx.unique_name(decl.name))
        name_value(value, names[-1])
        ctx.buffers[buffer] = Buffer(decl, names[-1], shape, value)
    return names


def _declare_scalar(param: Node, position: int, ctx: KernelContext) -> str:
    """A number as parameter; integers are used as `index` values of unknown bounds."""
    name, dtype = param.text("name"), schema.dtype_of(param)
    type_ = DTYPES.get(dtype) or INTEGERS.get(dtype)
    if type_ is None:
        raise ctx.error(
            f"parameter '{name}' is neither a tensor nor a number of a supported dtype",
            f"accepted: T.Tensor of constant shape, {', '.join((*DTYPES, *INTEGERS))}",
        )
    value = ctx.entry.insert_arg(type_, position)
    name_value(value, name)
    if dtype in DTYPES:
        ctx.bindings[param] = Scalar(value)
    else:
        with ctx.inside(ctx.entry):
            index = Index(ctx.emit(arith.IndexCastOp(value, IndexType())).result, None, None)
        ctx.bindings[param] = LoopVar(index, index, sequential=False)
    return name


def _find_grid(body: Node, ctx: KernelContext, hoisted: list[Node]) -> Grid:
    """Descend from a function's body to its grid; allocations met on the way are `hoisted`."""
    node = body
    while not _is_grid_loop(node):
        with ctx.at(node):
            match node.kind:
                case "SBlockRealize":
                    block = enter_block(node, ctx)
                    hoisted += block.nodes("alloc_buffers")
                    if not hoisted and block.text("name_hint") == "tilelang_root":
                        raise ctx.error("the kernel has no launch grid", GRID_NOTE)
                    node = block.node("body")
                case "AttrStmt" if node.text("attr_key") in ATTRIBUTE_HINTS:
                    node = node.node("body")
                case "SeqStmt":
                    node = _only_kernel(node, ctx)
                case "IfThenElse":
                    raise ctx.error("an 'if' around the launch grid is not supported", GRID_NOTE)
                case _:
                    raise ctx.error("the kernel has no launch grid", GRID_NOTE)
    loops: list[Node] = []
    while _is_grid_loop(node):
        loops.append(node)
        node = node.node("body")
    loops.sort(key=lambda loop: GRID_TAGS.index(_tag(loop)))
    return Grid(tuple(loops), node)


def _only_kernel(sequence: Node, ctx: KernelContext) -> Node:
    """The one statement of a sequence that is not a let."""
    others: list[Node] = []
    for child in sequence.nodes("seq"):
        if child.kind == "Bind":
            bind(child, ctx)
        else:
            others.append(child)
    grids = sum(_is_grid_loop(child) for child in others)
    if grids > 1:
        raise ctx.error(f"the function has {grids} kernels (T.Kernel)", GRID_NOTE)
    if len(others) != 1:
        raise ctx.error("the kernel has no launch grid around all of its statements", GRID_NOTE)
    return others[0]


def _is_grid_loop(node: Node) -> bool:
    return node.kind == "For" and node.get("kind") == GRID_KIND and _tag(node) in GRID_TAGS


def _tag(loop: Node) -> str:
    binding = loop.optional("thread_binding")
    return binding.text("thread_tag") if binding is not None else ""


def _lower_grid(grid: Grid, hoisted: list[Node], ctx: KernelContext) -> None:
    """The grid as an `scf.parallel` around the translated body."""
    first = grid.loops[0]
    with ctx.at(first):
        extents = [_grid_extent(loop, ctx) for loop in grid.loops]
        region, block = single_block((IndexType(),) * len(extents))
        for loop, extent, arg in zip(grid.loops, extents, block.args, strict=True):
            var = loop.node("loop_var")
            name_value(arg, var.text("name"))
            index = Index(arg, 0, extent - 1)
            ctx.bindings[var] = LoopVar(index, Index.constant(0), sequential=False)
        zeros = [ctx.ssa(0)] * len(extents)
        bounds = [ctx.ssa(extent) for extent in extents]
        ones = [ctx.ssa(1)] * len(extents)
        ctx.enter_kernel(block)
        with ctx.inside(block):
            for buffer in hoisted:
                allocate(buffer, ctx)
            lower(grid.body, ctx)
            ctx.emit(scf.ReduceOp())
        ctx.emit(scf.ParallelOp(zeros, bounds, ones, region))


def _grid_extent(loop: Node, ctx: KernelContext) -> int:
    start, extent = (index_of(loop.node(name), ctx).value for name in ("min", "extent"))
    if start == 0 and isinstance(extent, int) and extent > 0:
        return extent
    raise ctx.error("the launch grid is not constant and positive", "accepted: constant extents")
