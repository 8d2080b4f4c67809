"""The dialect as a whole: registration, documentation, text, effects, and who can find it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, TypeAttribute
from xdsl.passes import ModulePass
from xdsl.traits import MemoryReadEffect, Pure
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination
from xdsl.transforms.loop_invariant_code_motion import LoopInvariantCodeMotionPass

from tt_dialect.importer import import_source
from tt_dialect.ir import get_dialect
from tt_dialect.mlir_text import make_context, parse_module, print_module
from tt_dialect.passes.pipeline import lower

ROOT = Path(__file__).resolve().parents[2]
_PAGES = ("layout", "cb", "noc", "compute", "eltwise", "program")
CORPUS = [ROOT / "test" / "ir" / f"{name}.mlir" for name in _PAGES]
DIALECT = get_dialect()
FIXTURES = ("cast_only", "gemm_blocks", "gemm_transpose_a", "two_outputs")


def corpus(path: Path) -> ModuleOp:
    return parse_module(path.read_bytes(), path.name)


def levels(fixture: str) -> Iterator[tuple[str, ModuleOp]]:
    """A fixture at TILE and at every level below; one module, changed in place."""
    module = import_source(ROOT / "test" / "data" / "tir" / f"{fixture}.tir.json")
    yield "tile", module
    yield from lower(make_context(), module)


# ---------------------------------------------------------------------------- registration


@pytest.mark.parametrize("op", [*DIALECT.operations], ids=lambda op: op.name)
def test_operation_is_registered_and_documented(op: type[Operation]) -> None:
    ctx = Context()
    ctx.register_dialect("tt", get_dialect)
    assert ctx.get_op(op.name) is op
    assert op.name.split(".")[0] == "tt"
    assert (op.__dict__.get("__doc__") or "").strip().endswith((".", "`", ")"))


@pytest.mark.parametrize("attr", [*DIALECT.attributes], ids=lambda attr: attr.name)
def test_attribute_is_registered_and_documented(attr: type[Attribute]) -> None:
    ctx = Context()
    ctx.register_dialect("tt", get_dialect)
    find = ctx.get_type if issubclass(attr, TypeAttribute) else ctx.get_attr
    assert find(attr.name) is attr
    assert (attr.__dict__.get("__doc__") or "").strip()


def test_names_are_unique_and_in_their_sub_dialect() -> None:
    # An operation and a type may share a name (`tt.noc.accessor`), two operations may not.
    for group in ([op.name for op in DIALECT.operations], [a.name for a in DIALECT.attributes]):
        assert len(set(group)) == len(group)
    parts_of = {"eltwise": "compute", "partition": "layout"}
    for entry in [*DIALECT.operations, *DIALECT.attributes]:
        module = entry.__module__.rsplit(".", 1)[1]
        module = parts_of.get(module, module)
        parts = entry.name.split(".")
        home = {"eltwise": "compute"}.get(module, module)
        assert parts[1] == home if len(parts) == 3 else module == "program", entry.name


def _attributes(attribute: Attribute) -> Iterator[Attribute]:
    yield attribute
    for field in getattr(attribute, "parameters", ()):
        yield from _attributes(field)
    data = getattr(attribute, "data", None)
    fields = data.values() if isinstance(data, dict) else data if isinstance(data, tuple) else ()
    for field in fields:
        if isinstance(field, Attribute):
            yield from _attributes(field)


def test_corpus_holds_every_operation_and_attribute() -> None:
    """`test/ir` has a round trip of everything that is registered."""
    operations: set[str] = set()
    attributes: set[str] = set()
    for path in CORPUS:
        for op in corpus(path).walk():
            operations.add(op.name)
            values = [*op.operands, *op.results]
            found = [*op.attributes.values(), *op.properties.values(), *(v.type for v in values)]
            attributes |= {inner.name for attr in found for inner in _attributes(attr)}
    assert {op.name for op in DIALECT.operations} <= operations
    assert {attr.name for attr in DIALECT.attributes} <= attributes


# ------------------------------------------------------------------------------------ text


def same(a: ModuleOp, b: ModuleOp) -> bool:
    return a.is_structurally_equivalent(b)


@pytest.mark.parametrize("generic", [False, True], ids=["pretty", "generic"])
@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_corpus_round_trips(path: Path, generic: bool) -> None:
    module = corpus(path)
    text = print_module(module, generic=generic)
    again = parse_module(text)
    again.verify()
    assert same(module, again)
    assert print_module(again, generic=generic) == text


@pytest.mark.parametrize("fixture", FIXTURES)
def test_levels_round_trip(fixture: str) -> None:
    for level, module in levels(fixture):
        for generic in (False, True):
            text = print_module(module, generic=generic)
            again = parse_module(text)
            again.verify()
            assert same(module, again), f"{level}, generic={generic}"


def test_levels_cross_over_to_upstream(mlir_opt: object, tmp_path: Path) -> None:
    assert callable(mlir_opt)
    for level, module in levels("gemm_blocks"):
        path = tmp_path / f"{level}.mlir"
        path.write_text(print_module(module, generic=True), encoding="utf-8")
        done = mlir_opt(path, "--allow-unregistered-dialect", "--mlir-print-op-generic")
        assert done.returncode == 0, f"{level}: {done.stderr}"
        back = parse_module(done.stdout)
        back.verify()
        ours = [op.name for op in module.walk()]
        assert [op.name for op in back.walk()] == ours, level


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_corpus_is_the_same_after_upstream(path: Path, mlir_opt: object, tmp_path: Path) -> None:
    assert callable(mlir_opt)
    module = corpus(path)
    file = tmp_path / path.name
    file.write_text(print_module(module, generic=True), encoding="utf-8")
    done = mlir_opt(file, "--allow-unregistered-dialect", "--mlir-print-op-generic")
    assert done.returncode == 0, done.stderr
    assert same(module, parse_module(done.stdout))


# --------------------------------------------------------------------------------- effects

CLEANUPS: list[type[ModulePass]] = [
    CanonicalizePass,
    CommonSubexpressionElimination,
    DeadCodeElimination,
    LoopInvariantCodeMotionPass,
]


def _stays(op: Operation) -> bool:
    """Whether no clean-up may touch an operation: it is neither pure nor only reads."""
    return op.name.startswith("tt.") and not (
        op.has_trait(Pure) or op.get_traits_of_type(MemoryReadEffect)
    )


def _twice_in_a_loop(module: ModuleOp) -> list[tuple[str, Operation | None]]:
    """Every operation of the functions twice, in a loop; gives what has to stay, and where."""
    for func in [op for op in module.ops if isinstance(op, FuncOp)]:
        block = func.body.block
        end = block.last_op
        assert end is not None
        for op in [op for op in block.ops if op is not end]:
            block.insert_op_after(op.clone(), op)
        body = Block(arg_types=[IndexType()])
        for op in [op for op in block.ops if op is not end]:
            op.detach()
            body.add_op(op)
        body.add_op(scf.YieldOp())
        bounds = [arith.ConstantOp.from_int_and_width(v, IndexType()) for v in (0, 4, 1)]
        block.insert_ops_before([*bounds, scf.ForOp(*bounds, [], Region(body))], end)
    module.verify()
    return [(op.name, op.parent_op()) for op in module.walk() if _stays(op)]


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_clean_ups_keep_what_synchronises(path: Path) -> None:
    module = corpus(path)
    before = _twice_in_a_loop(module)
    ctx = make_context()
    for _ in range(2):
        for cleanup in CLEANUPS:
            cleanup().apply(ctx, module)
            after = [(op.name, op.parent_op()) for op in module.walk() if _stays(op)]
            assert [name for name, _ in after] == [name for name, _ in before], cleanup.name
            assert all(a[1] is b[1] for a, b in zip(after, before, strict=True)), cleanup.name


def test_only_arithmetic_is_pure() -> None:
    """Whatever touches a buffer, the NoC, DST or a unit has an effect."""
    pure = {op.name for op in DIALECT.operations if op.has_trait(Pure)}
    assert pure == {
        "tt.compute.apply",
        "tt.compute.copy",
        "tt.compute.fill",
        "tt.compute.iota",
        "tt.compute.map",
        "tt.compute.matmul",
        "tt.compute.reduce",
        "tt.compute.splat",
        "tt.compute.transpose",
        "tt.compute.yield",
        "tt.noc.accessor",
        "tt.noc.core_coord",
        "tt.noc.runtime_arg",
    }


def test_a_load_is_not_moved_over_a_store() -> None:
    """Two loads of one block with a store between them are two values."""
    module = parse_module("""
    !block = !tt.layout.block<1x1, tile<32x32, bf16>>
    !tensor = memref<32x32xbf16>
    #cb = #tt.cb.request<0, "a", stages 2, by "default">
    func.func @f(%t: !tensor, %other: !tensor, %new: !block) {
      %c0 = arith.constant 0 : index
      %a = "tt.noc.load_block"(%t, %c0, %c0) <{cb = #cb}> : (!tensor, index, index) -> !block
      tt.noc.store_block %new, %t[%c0, %c0] : !block, !tensor
      %b = "tt.noc.load_block"(%t, %c0, %c0) <{cb = #cb}> : (!tensor, index, index) -> !block
      tt.noc.store_block %a, %other[%c0, %c0] : !block, !tensor
      tt.noc.store_block %b, %other[%c0, %c0] : !block, !tensor
      func.return
    }
    """)
    before = [op.name for op in module.walk()]
    for cleanup in CLEANUPS:
        cleanup().apply(make_context(), module)
    assert [op.name for op in module.walk()] == before


# ------------------------------------------------------------------------------ other tools


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def test_plain_xdsl_opt_finds_dialect_and_passes(tmp_path: Path) -> None:
    xdsl_opt = Path(sys.executable).parent / "xdsl-opt"
    done = run(xdsl_opt, ROOT / "test" / "ir" / "cb.mlir")
    assert done.returncode == 0, done.stderr
    assert same(parse_module(done.stdout), corpus(CORPUS[1]))
    tile = tmp_path / "tile.mlir"
    tile.write_text("func.func @f(%A: memref<64x64xbf16>) {\n  func.return\n}\n")
    passes = run(xdsl_opt, tile, "-p", "tt-infer-layout,tt-pad-tiles")
    assert passes.returncode == 0, passes.stderr
    assert "#tt.layout.buffer<dram" in passes.stdout


def test_reading_the_dialect_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from tt_dialect.cli.tt_opt import main\n"
        "main([sys.argv[1]])\n"
        "heavy = {'tvm', 'tvm_ffi', 'numpy', 'ml_dtypes', 'jsonschema_rs',\n"
        " 'xdsl.dialects.linalg'}\n"
        "ours = ('tt_dialect.run', 'tt_dialect.passes.', 'tt_dialect.importer')\n"
        "heavy |= {m for m in sys.modules if m.startswith(ours)}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = run(sys.executable, "-c", code, ROOT / "test" / "ir" / "program.mlir")
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"
