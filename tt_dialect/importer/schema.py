"""The TIR objects the importer reads, one view for the schemas of three tvm versions.

Versions differ in where a dtype is kept (`dtype` or `ty`), in how a buffer is represented
(`tirx.Buffer` with a data variable, or a variable whose type is `tirx.BufferType`) and in whether
a function has a `buffer_map`. Everything downstream sees the classes below.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath

from tt_dialect.diagnostics import Location, error_at
from tt_dialect.importer.graph import Node, Value, malformed_graph


@dataclass(frozen=True)
class GraphKernel:
    """One PrimFunc of a graph, with the name it goes by."""

    name: str
    func: Node


@dataclass(frozen=True)
class BufferDecl:
    """A buffer as the program declares it."""

    node: Node
    """The object that stands for the buffer; its identity is the buffer's identity."""
    data: Node
    """What stands for the memory; two buffers that share it are views of each other."""
    name: str
    dtype: str
    scope: str
    shape: tuple[Node, ...]
    strides: tuple[Node, ...]
    elem_offset: Node | None
    has_custom_layout: bool


def location(node: Node | None) -> Location | None:
    """The source line a statement, buffer or function carries; only the file's name is kept."""
    span = node.optional("span") if node is not None else None
    if span is None or span.kind != "Span":
        return None
    source = span.node("source_name").get("name")
    return Location(file_name(str(source)), span.integer("line"), span.integer("column"))


def file_name(path: str) -> str:
    """The last component of a path of any system: no machine's directories enter the program."""
    return (PureWindowsPath(path) if "\\" in path else PurePath(path)).name or path


def dtype_of(expr: Node) -> str:
    """The dtype text of an expression: a field of it, or its type's."""
    declared = expr.fields.get("dtype")
    if isinstance(declared, str):
        return declared
    return _type_name(expr.fields.get("ty"))


def _type_name(value: Value) -> str:
    """The dtype text of a `PrimType` or of an inline string."""
    if isinstance(value, str):
        return value
    if isinstance(value, Node) and isinstance(value.fields.get("dtype"), str):
        return value.text("dtype")
    return "handle"


def is_buffer(node: Node) -> bool:
    """Whether an object stands for a buffer in any of the three schemas."""
    return node.kind == "Buffer" or (node.kind == "Var" and _buffer_type(node) is not None)


def _buffer_type(var: Node) -> Node | None:
    type_ = var.fields.get("ty")
    return type_ if isinstance(type_, Node) and type_.kind == "BufferType" else None


def buffer_decl(node: Node) -> BufferDecl:
    """The declaration of the buffer that `node` stands for."""
    if node.kind == "Buffer":
        data, fields = node.node("data"), node
        scope = data.node("type_annotation").text("storage_scope")
    else:
        type_ = _buffer_type(node)
        if type_ is None:
            raise node.malformed("is used as a buffer but is not one")
        data, fields = node, type_
        scope = fields.text("storage_scope")
    return BufferDecl(
        node=node,
        data=data,
        name=node.text("name"),
        dtype=_type_name(fields.get("dtype")),
        scope=scope or "global",
        shape=tuple(fields.nodes("shape")),
        strides=tuple(fields.nodes("strides")),
        elem_offset=fields.optional("elem_offset"),
        has_custom_layout=_has_custom_layout(fields),
    )


def _has_custom_layout(buffer: Node) -> bool:
    """apache-tvm's `layout`: absent or plain row-major is what a buffer without one means."""
    if buffer.fields.get("axis_separators"):
        return True
    layout = buffer.optional("layout")
    if layout is None:
        return False
    if layout.kind != "TileLayout":
        return True
    if layout.fields.get("replica") or layout.fields.get("offset"):
        return True
    return not _is_row_major(layout, buffer.nodes("shape"))


def _is_row_major(layout: Node, shape: list[Node]) -> bool:
    """Whether the shard iterators are the dense row-major ones of the shape, on axis `m`."""
    expected: list[tuple[int, int]] = []
    stride = 1
    for extent in reversed(shape):
        if extent.kind != "IntImm":
            return False
        expected.append((extent.integer("value"), stride))
        stride *= extent.integer("value")
    found: list[tuple[int, int]] = []
    for it in layout.nodes("shard"):
        axis = it.node("axis").get("name")
        extent, step = it.node("extent"), it.node("stride")
        if axis != "m" or extent.kind != "IntImm" or step.kind != "IntImm":
            return False
        found.append((extent.integer("value"), step.integer("value")))
    return found == expected[::-1]


def buffer_parameters(func: Node) -> list[tuple[Node, Node | None]]:
    """A function's parameters in ABI order, each with the buffer behind it, if there is one."""
    behind = {
        key: buffer
        for key, buffer in func.mapping("buffer_map").entries
        if isinstance(key, Node) and isinstance(buffer, Node)
    }
    return [
        (param, param if is_buffer(param) else behind.get(param)) for param in func.nodes("params")
    ]


def loaded_buffer(load: Node) -> Node:
    """The buffer a load or region names: the field is `buffer`, or `source` in 0.27."""
    return load.node("source" if "source" in load.fields else "buffer")


def call_name(expr: Node) -> str | None:
    """The operator a call names, in full (`tl.tileop.copy`), or None for other expressions."""
    if expr.kind != "Call":
        return None
    op = expr.node("op")
    name = op.fields.get("name")
    return name if isinstance(name, str) else op.type


def operands(call: Node, count: int) -> list[Node]:
    """The arguments of a call that must have at least `count`."""
    args = call.nodes("args")
    if len(args) < count:
        raise call.malformed(f"{call_name(call)} has {len(args)} operands, not {count}")
    return args


def annotations_of(owner: Node) -> dict[str, Value]:
    """The annotations of a loop, block or call (`attrs` where a version has no `annotations`)."""
    held = owner.fields.get("annotations")
    if held is None:
        attrs = owner.optional("attrs")
        return attrs.mapping("__dict__").by_name() if attrs is not None else {}
    return owner.mapping("annotations").by_name()


def plain(value: Value) -> Value:
    """An annotation's value without its dress: `IntImm`, `StringImm` and raw values alike."""
    if isinstance(value, Node) and value.kind in ("IntImm", "FloatImm", "StringImm"):
        return value.get("value")
    return value


def function_name(func: Node) -> str:
    """A function's `global_symbol`."""
    attrs = func.optional("attrs")
    held = attrs.mapping("__dict__").by_name() if attrs is not None else {}
    name = plain(held.get("global_symbol"))
    return name if isinstance(name, str) else "main"


def kernels_of(root: Node) -> list[GraphKernel]:
    """The PrimFuncs of a graph, in the order the module lists them."""
    if root.kind == "PrimFunc":
        return [GraphKernel(function_name(root), root)]
    if root.kind != "IRModule":
        raise malformed_graph(root.origin, f"the root is a {root.type}, not a PrimFunc or IRModule")
    kernels = [
        GraphKernel(key.text("name_hint"), value)
        for key, value in root.mapping("functions").entries
        if isinstance(key, Node) and isinstance(value, Node) and value.kind == "PrimFunc"
    ]
    if not kernels:
        raise error_at(Location(root.origin, 1), "the IRModule holds no PrimFunc")
    return kernels
