"""The JSON graph reader: what it decodes, and how it reports files that are not graphs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tt_dialect.diagnostics import CompileError
from tt_dialect.importer import import_source
from tt_dialect.importer.graph import Node, parse_graph
from tt_dialect.importer.kernel import import_module
from tt_dialect.importer.schema import file_name, kernels_of

DATA = Path(__file__).resolve().parent.parent / "data" / "tir"


def graph(*nodes: dict[str, Any], root: int | None = None) -> str:
    return json.dumps({"root_index": len(nodes) - 1 if root is None else root, "nodes": nodes})


def test_scalars_containers_and_sharing():
    root = parse_graph(
        graph(
            {"type": "None"},
            {"type": "ffi.String", "data": "x"},
            {"type": "tirx.Var", "data": {"name": 1, "span": 0}},
            {"type": "ffi.Array", "data": [2, 2]},
            {"type": "ffi.Map", "data": [1, 2, 2, 1]},
            {"type": "float", "data": float("inf")},
            {"type": "ffi.BigInt", "data": "-123456789012345678901"},
            {"type": "ir.Thing", "data": {"items": 3, "map": 4, "inf": 5, "big": 6, "kind": 4}},
        ),
        "f.json",
    )
    first, second = root.nodes("items")
    assert first is second
    assert first.text("name") == "x"
    assert first.optional("span") is None
    assert root.mapping("map").by_name() == {"x": first}
    assert root.get("inf") == float("inf")
    assert root.integer("big") == -123456789012345678901
    assert root.integer("kind") == 4, "an inline field is a value, not an index"


@pytest.mark.parametrize(
    ("constant", "value"),
    [
        ({"type": "ir.IntImm", "data": {"dtype": "int32", "value": 1}}, 1),
        ({"type": "ir.IntImm", "data": {"ty": 0, "value": 1}}, 7),
        ({"type": "ir.FloatImm", "data": {"dtype": "float32", "value": 1.5}}, 1.5),
    ],
)
def test_value_is_inline_where_the_version_says_so(constant: dict[str, Any], value: float):
    root = parse_graph(graph({"type": "None"}, {"type": "int", "data": 7}, constant), "f.json")
    assert root.get("value") == value


def test_kinds_are_shared_by_versions():
    def kind(type_: str) -> str:
        return Node(type_, 0, "f", {}).kind

    assert kind("tirx.Add") == kind("prim.Add") == "Add"
    assert kind("tirx.BufferLoad") == kind("ir.TensorLoad")
    assert kind("tirx.SBlock") == kind("s_tir.SBlock")
    assert kind("tl.Layout") == "tl.Layout"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.json:1:1: error: malformed TIR JSON: the file ends too early (byte offset 0)"),
        ('{"nodes": [', "(byte offset 11)"),
        ('{"é": 1,\n x}', "f.json:2:2: error: malformed TIR JSON: "),
        ("[]", "has the keys 'root_index' and 'nodes'"),
        ('{"root_index": 0, "nodes": 3}', "'nodes' is not a list"),
        ('{"root_index": 0, "nodes": [4]}', "node 0: a node is an object with a 'type'"),
        (graph({"type": "None"}, root=1), "'root_index' 1 names no node (of 1)"),
        (graph({"type": "None"}), "the root, node 0, is not a PrimFunc or IRModule"),
        (graph({"type": "tirx.Var", "data": {}}), "the root is a tirx.Var, not a PrimFunc"),
        (
            graph({"type": "ffi.Array", "data": [1]}, {"type": "None"}),
            "node 0: reference to node 1, which does not come before it",
        ),
        (graph({"type": "tirx.Var", "data": {"name": 0}}), "node 0: reference to node 0"),
        (graph({"type": "ffi.Array", "data": ["x"]}), "node 0: 'x' is not a node index"),
        (graph({"type": "ffi.Map", "data": 1}), "the data of ffi.Map is not a list"),
        (graph({"type": "None"}, {"type": "ffi.Map", "data": [0]}), "a key without a value"),
        (graph({"type": "ffi.BigInt", "data": "x"}), "'x' is not an integer"),
        (graph({"type": "int", "data": "x"}), "node 0: 'x' is not of type int"),
        (
            graph({"type": "tirx.PrimFunc", "data": {}}),
            "node 0 (tirx.PrimFunc): missing field 'params'",
        ),
        ("[" * 100_000, "malformed TIR JSON: "),
    ],
)
def test_malformed(tmp_path: Path, text: str, message: str):
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(CompileError) as error:
        import_source(path)
    assert message in str(error.value)
    assert str(error.value).startswith("f.json:")
    assert str(tmp_path) not in str(error.value)


def test_not_text(tmp_path: Path):
    path = tmp_path / "f.json"
    path.write_bytes(b'{"\xff')
    with pytest.raises(CompileError, match=r"not UTF-8 text \(byte offset 2\)"):
        import_source(path)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_truncated_file(tmp_path: Path, gemm_json: str, kept: float):
    text = Path(gemm_json).read_text()
    path = tmp_path / "gemm.tir.json"
    path.write_text(text[: int(len(text.rstrip()) * kept)])
    with pytest.raises(CompileError, match="byte offset"):
        import_source(path)


def scramble(nodes: list[dict[str, Any]], random: Random) -> None:
    """Point one reference elsewhere, or replace one value."""
    index = random.randrange(1, len(nodes))
    data = nodes[index].get("data")
    other: list[Any] = [random.randrange(index), "x", None, -1, [0], {}]
    if isinstance(data, dict) and data:
        data[random.choice(sorted(data))] = random.choice(other[:4])
    elif isinstance(data, list) and data:
        data[random.randrange(len(data))] = other[0]
        data[random.randrange(len(data)) :] = data[random.randrange(len(data)) :]
    else:
        nodes[index]["data"] = random.choice(other)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("case", ["gemm_chain", "lets", "apache_0_27_gemm"])
def test_scrambled_graphs_are_programs_or_errors(case: str, seed: int):
    text = (DATA / f"{case}.tir.json").read_text()
    random = Random(seed)
    for _ in range(20):
        document = json.loads(text)
        scramble(document["nodes"], random)
        try:
            root = parse_graph(json.dumps(document), "f.json")
            import_module(kernels_of(root)).verify()
        except CompileError:
            continue


def corrupt_all(nodes: list[dict[str, Any]]) -> list[Callable[[], None]]:
    """Every way of dropping one field of one object."""
    edits: list[Callable[[], None]] = []
    for node in nodes:
        data = node.get("data")
        if isinstance(data, dict):
            edits += [lambda data=data, key=key: data.pop(key) for key in data]
    return edits


def test_a_dropped_field_is_harmless_or_a_located_error(tmp_path: Path, gemm_json: str):
    text = Path(gemm_json).read_text()
    path = tmp_path / "gemm.tir.json"
    count = len(corrupt_all(json.loads(text)["nodes"]))
    for number in range(0, count, 7):
        document = json.loads(text)
        corrupt_all(document["nodes"])[number]()
        path.write_text(json.dumps(document))
        try:
            import_source(path).verify()
        except CompileError as error:
            located = error.diagnostics[0].location is not None
        else:
            located = True
        assert located


def test_file_names_lose_their_directories():
    assert file_name("/home/me/gemm.py") == "gemm.py"
    assert file_name(r"C:\me\gemm.py") == "gemm.py"
    assert file_name("gemm.py") == "gemm.py"
    assert file_name("<stdin>") == "<stdin>"
