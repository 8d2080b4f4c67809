"""The JSON object graph of TVM's FFI, read without importing tvm.

`tvm.ir.save_json` and `tvm_ffi.serialization.to_json_graph_str` write one document:

    {"root_index": 350, "nodes": [{"type": "tirx.For", "data": {"extent": 211, ...}}, ...]}

Nodes are in post-order, so every reference points backwards and one forward pass decodes the file.
Objects are shared by identity: two references to one index are the same object, which is how
variables and buffers are told apart (their names are only names). Whether a field is a scalar or
an index follows from the field, not from its value: both are JSON integers.

TileLang's tvm, apache-tvm 0.25 and 0.27 write the same document with different type keys;
`Node.kind` is the name they share, and `schema.py` hides the other differences.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard, cast

from tt_dialect.diagnostics import CompileError, Location, error_at

INLINE_FIELDS = frozenset(
    (
        "kind",
        "iter_type",
        "line",
        "column",
        "end_line",
        "end_column",
        "data_alignment",
        "offset_factor",
        "buffer_type",
        "value_index",
    )
)
"""Fields whose JSON value is the value itself; all others are node indices (see `_is_inline`)."""

OPAQUE_PREFIXES = ("relax.", "tl.", "tirx.SwizzleLayout", "tirx.ComposeLayout")
"""Types whose payload is never needed and whose fields follow other rules: kept as a bare name."""

SHARED_NAMESPACES = frozenset(("ir", "tirx", "prim", "s_tir"))
"""Namespaces between which the tvm versions move one and the same type."""

RENAMED_KINDS = {
    "ir.TensorLoad": "BufferLoad",
    "ir.TensorRegion": "BufferRegion",
    "tirx.SizeVar": "Var",
}
"""Types that also changed their last name component between versions."""

Value: TypeAlias = "Node | GraphMap | list[Value] | str | int | float | bool | None"

LIST_TYPES = frozenset(("ffi.Array", "ffi.List"))
CONTAINER_TYPES = LIST_TYPES | {"ffi.Map", "ffi.Dict"}
SCALARS: dict[str, type | tuple[type, ...]] = {
    "None": type(None),
    "bool": (bool, int),
    "int": int,
    "float": (float, int),
    "ffi.String": str,
}
"""Types whose data is the value itself, with the JSON values they may have."""


@dataclass(frozen=True)
class GraphMap:
    """A TVM map: keys may be objects, so it is a list of pairs, with look-up by string."""

    entries: tuple[tuple[Value, Value], ...]

    def __len__(self) -> int:
        return len(self.entries)

    def by_name(self) -> dict[str, Value]:
        """The entries whose key is a string."""
        return {key: value for key, value in self.entries if isinstance(key, str)}


@dataclass(eq=False)
class Node:
    """One object of the graph; compared and hashed by identity."""

    type: str
    index: int
    origin: str
    fields: dict[str, Value] = field(repr=False)

    @staticmethod
    def integer_constant(value: int) -> Node:
        """An `IntImm` that stands in no file."""
        return Node("ir.IntImm", -1, "<made here>", {"dtype": "int32", "value": value})

    @property
    def kind(self) -> str:
        """The name all tvm versions share: `tirx.Add` and `prim.Add` are `Add`."""
        if self.type in RENAMED_KINDS:
            return RENAMED_KINDS[self.type]
        namespace, _, name = self.type.rpartition(".")
        return name if namespace in SHARED_NAMESPACES else self.type

    def malformed(self, message: str) -> CompileError:
        """An error that names this node: the file is not what tvm writes."""
        return malformed_graph(self.origin, f"node {self.index} ({self.type}): {message}")

    def get(self, name: str) -> Value:
        """A field that must be there, of any type."""
        try:
            return self.fields[name]
        except KeyError:
            raise self.malformed(f"missing field '{name}'") from None

    def optional(self, name: str) -> Node | None:
        """A field that is an object or absent (`None` or not in this version's schema)."""
        value = self.fields.get(name)
        if value is None or isinstance(value, Node):
            return value
        raise self.malformed(f"field '{name}' is not an object")

    def node(self, name: str) -> Node:
        """A field that must be an object."""
        value = self.get(name)
        if not isinstance(value, Node):
            raise self.malformed(f"field '{name}' is not an object")
        return value

    def items(self, name: str) -> list[Value]:
        """A field that must be an array."""
        value = self.get(name)
        if not isinstance(value, list):
            raise self.malformed(f"field '{name}' is not an array")
        return value

    def nodes(self, name: str) -> list[Node]:
        """A field that must be an array of objects."""
        items = self.items(name)
        if not all(isinstance(item, Node) for item in items):
            raise self.malformed(f"field '{name}' holds something that is not an object")
        return cast("list[Node]", items)

    def mapping(self, name: str) -> GraphMap:
        """A field that is a map; absent means empty."""
        value = self.fields.get(name)
        if value is None:
            return GraphMap(())
        if not isinstance(value, GraphMap):
            raise self.malformed(f"field '{name}' is not a map")
        return value

    def text(self, name: str) -> str:
        """A field that must be a string."""
        value = self.get(name)
        if not isinstance(value, str):
            raise self.malformed(f"field '{name}' is not a string")
        return value

    def integer(self, name: str) -> int:
        """A field that must be an integer."""
        value = self.get(name)
        if not isinstance(value, int):
            raise self.malformed(f"field '{name}' is not an integer")
        return int(value)


def parse_graph(text: str | bytes, name: str) -> Node:
    """Decode a JSON graph and return its root object; `name` is the file errors speak of."""
    document = _parse_json(text, name)
    if not isinstance(document, dict) or not document.keys() >= {"root_index", "nodes"}:
        raise malformed_graph(name, "a TIR graph has the keys 'root_index' and 'nodes'")
    content = cast("dict[str, Any]", document)
    root = content["root_index"]
    if not isinstance(content["nodes"], list):
        raise malformed_graph(name, "'nodes' is not a list")
    records = cast("list[Any]", content["nodes"])
    decoded: list[Value] = []
    for index, record in enumerate(records):
        decoded.append(_decode(record, index, decoded, name))
    if not _is_index(root) or not 0 <= root < len(decoded):
        raise malformed_graph(name, f"'root_index' {root!r} names no node (of {len(decoded)})")
    value = decoded[root]
    if not isinstance(value, Node):
        raise malformed_graph(name, f"the root, node {root}, is not a PrimFunc or IRModule")
    return value


def malformed_graph(name: str, message: str) -> CompileError:
    """An error about a file as a whole: without a source line to point at."""
    return error_at(
        Location(name, 1),
        f"malformed TIR JSON: {message}",
        "expected what tvm_ffi.serialization.to_json_graph_str or tvm.ir.save_json writes",
    )


def _parse_json(text: str | bytes, name: str) -> Any:
    """JSON text to Python values, or an error with line, column and byte offset."""
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise malformed_graph(name, f"not UTF-8 text (byte offset {error.start})") from None
    try:
        return json.loads(decoded)
    except json.JSONDecodeError as error:
        offset = len(decoded[: error.pos].encode("utf-8"))
        truncated = error.pos >= len(decoded.rstrip())
        reason = "the file ends too early" if truncated else error.msg
        raise error_at(
            Location(name, error.lineno, error.colno),
            f"malformed TIR JSON: {reason} (byte offset {offset})",
        ) from None
    except RecursionError:
        raise malformed_graph(name, "nested too deeply") from None


def _decode(record: Any, index: int, decoded: Sequence[Value], name: str) -> Value:
    """One record of the node list; `decoded` are the nodes before it."""

    def fail(message: str) -> CompileError:
        return malformed_graph(name, f"node {index}: {message}")

    def at(reference: Any) -> Value:
        if not _is_index(reference):
            raise fail(f"{reference!r} is not a node index")
        if not 0 <= reference < index:
            raise fail(f"reference to node {reference}, which does not come before it")
        return decoded[reference]

    kind, data = _type_and_data(record)
    if kind is None:
        raise fail("a node is an object with a 'type'")
    if kind in SCALARS:
        if not isinstance(data, SCALARS[kind]):
            raise fail(f"{data!r} is not of type {kind}")
        return data
    if kind == "ffi.BigInt":
        try:
            return int(data)
        except (TypeError, ValueError):
            raise fail(f"{data!r} is not an integer") from None
    if kind.startswith(OPAQUE_PREFIXES):
        return Node(kind, index, name, {})
    if kind in CONTAINER_TYPES:
        if not isinstance(data, list):
            raise fail(f"the data of {kind} is not a list")
        values = [at(reference) for reference in cast("list[Any]", data)]
        if kind in LIST_TYPES:
            return values
        if len(values) % 2:
            raise fail("a map has a key without a value")
        return GraphMap(tuple(zip(values[::2], values[1::2], strict=True)))
    if isinstance(data, dict):
        held = cast("dict[str, Any]", data)
        fields = {k: v if _is_inline(kind, held, k) else at(v) for k, v in held.items()}
        return Node(kind, index, name, fields)
    return Node(kind, index, name, {"name": data})


def _type_and_data(record: Any) -> tuple[str | None, Any]:
    """The two members of a node record; no type if it is not one."""
    if not isinstance(record, dict):
        return None, None
    members = cast("dict[str, Any]", record)
    kind = members.get("type")
    return (kind if isinstance(kind, str) else None), members.get("data")


def _is_inline(kind: str, data: dict[str, Any], name: str) -> bool:
    """Whether a field holds its value itself rather than the index of a node."""
    if name == "value":
        return kind == "ir.FloatImm" or (kind == "ir.IntImm" and "dtype" in data)
    return name in INLINE_FIELDS or (name == "dtype" and isinstance(data[name], str))


def _is_index(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
