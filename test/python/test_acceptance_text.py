"""Properties of what we write: determinism, renaming, round trips through our and other tools."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from xdsl.dialects.builtin import ModuleOp

import tt_dialect
from tt_dialect.api import LEVELS
from tt_dialect.mlir_text import make_context, parse_module, print_module

Tool = Callable[..., "subprocess.CompletedProcess[str]"]

KERNELS = ("gemm_bf16", "gemm_transpose_a", "gemm_batch", "gemm_chain", "two_outputs", "cast_only")


def tir(root: Path, name: str) -> Path:
    return root / "test" / "data" / "tir" / f"{name}.tir.json"


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    return {
        file.relative_to(directory).as_posix(): file.read_bytes()
        for file in sorted(directory.rglob("*"))
        if file.is_file()
    }


# ------------------------------------------------------------------------- determinism


def test_processes_seeds_and_directories_do_not_matter(gemm_json: str, tmp_path: Path) -> None:
    trees: list[dict[str, bytes]] = []
    for seed, place in (("0", "here"), ("4711", "some/where/else")):
        directory = tmp_path / place
        directory.mkdir(parents=True)
        source = shutil.copy(gemm_json, directory / "gemm.tir.json")
        argument = source if seed == "0" else "gemm.tir.json"
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC{seed[0]}", "HOME": str(directory)}
        command = [sys.executable, "-m", "tt_dialect.cli.ttc", "compile", str(argument)]
        command += ["-o", "out", "--dump-ir", "ir"]
        subprocess.run(command, cwd=directory, env=env, check=True, capture_output=True)
        trees.append(tree(directory / "out") | tree(directory / "ir"))
    assert trees[0] == trees[1]
    for name, content in trees[0].items():
        assert str(tmp_path).encode() not in content, name
        assert b"/home" not in content, name


# ---------------------------------------------------------------------------- renaming


def rename(graph: Any, names: dict[str, str]) -> Any:
    """A saved graph with other names for the kernel, its buffers and its variables."""
    if isinstance(graph, dict):
        return {key: rename(value, names) for key, value in graph.items()}
    if isinstance(graph, list):
        return [rename(value, names) for value in graph]
    return names.get(graph, graph) if isinstance(graph, str) else graph


GEMM_NAMES = ("gemm", "A", "B", "C", "A_shared", "B_shared", "C_local", "bx", "by", "ko")

# Names of one length, so that lines wrap alike, and found nowhere else in the output. The sets sort
# differently and suggest other roles.
NAME_SETS = tuple(
    tuple(f"{stem}xq" for stem in stems.split())
    for stems in (
        "kern aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii",
        "writ outp resu inpu accu outb shar rowi coli loop",
        "read zzzz yyyy xxxx wwww vvvv uuuu tttt ssss rrrr",
    )
)


def canonical(sources: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Artifacts with the kernel's names, alone or inside longer ones, replaced by their number."""
    pattern = re.compile("|".join(names), re.IGNORECASE)
    number = {name: f"<{i}>" for i, name in enumerate(names)}

    def replace(text: str) -> str:
        return pattern.sub(lambda match: number[match.group().lower()], text)

    return {replace(path): replace(text) for path, text in sources.items()}


def test_names_decide_nothing(gemm_json: str, tmp_path: Path) -> None:
    graph = json.loads(Path(gemm_json).read_text())
    file = tmp_path / "gemm.tir.json"
    results: list[dict[str, str]] = []
    for names in NAME_SETS:
        file.write_text(json.dumps(rename(graph, dict(zip(GEMM_NAMES, names, strict=True)))))
        kernel = tt_dialect.compile(file)
        assert kernel.name == names[0]
        results.append(canonical(dict(kernel.sources), names))
    for other in results[1:]:
        assert other.keys() == results[0].keys()
        for path, text in other.items():
            assert text == results[0][path], path


# ------------------------------------------------------------------------- round trips


@pytest.fixture(scope="module", params=KERNELS)
def modules(request: pytest.FixtureRequest, root: Path) -> dict[str, ModuleOp]:
    return dict(tt_dialect.compile(tir(root, request.param)).modules)


@pytest.mark.parametrize("level", LEVELS)
def test_round_trips(modules: dict[str, ModuleOp], level: str) -> None:
    module = modules[level]
    for generic in (False, True):
        for locations in (False, True):
            text = print_module(module, generic=generic, locations=locations)
            again = parse_module(text)
            assert print_module(again, generic=generic, locations=locations) == text
            assert again.is_structurally_equivalent(module)


@pytest.mark.parametrize("level", LEVELS)
def test_round_trips_through_mlir_opt(
    modules: dict[str, ModuleOp], level: str, mlir_opt: Tool
) -> None:
    text = print_module(modules[level], generic=True)
    for form in ([], ["--mlir-print-op-generic"]):
        done = mlir_opt("--allow-unregistered-dialect", *form, stdin=text)
        assert done.returncode == 0, done.stderr
        again = parse_module(done.stdout)
        assert again.is_structurally_equivalent(modules[level])


def test_plain_mlir_opt_takes_a_stripped_tile_program(
    modules: dict[str, ModuleOp], mlir_opt: Tool
) -> None:
    from tt_dialect.passes import get_all_passes

    module = modules["tile"].clone()
    get_all_passes()["tt-strip"]()().apply(make_context(), module)
    for generic in (False, True):
        text = print_module(module, generic=generic)
        assert "tt." not in text
        done = mlir_opt(stdin=text)
        assert done.returncode == 0, done.stderr
