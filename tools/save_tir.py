"""Save the TIR of TileLang kernels as `.tir.json`; run it where TileLang is installed.

    python tools/save_tir.py        # examples/*.py and the kernels under test/
    python tools/save_tir.py FILE.py OUT.tir.json [--kernel NAME] [K=V ...]
    python tools/save_tir.py --upstream CHECKOUT    # TileLang's examples, test/upstream_kernels.py

A saved file holds the kernel as `tvm_ffi` serialises it, with one change: source paths are cut to
the file's name, so that no machine's directories are in it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = {"gemm": "matmul"}
"""Examples to save, each with the name of its kernel."""


def load(path: Path) -> ModuleType:
    """Import a Python file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def prim_func(maker: Any, args: dict[str, object]) -> Any:
    """The PrimFunc of a jit object, of a function that returns one, or of itself."""
    if hasattr(maker, "get_tir"):
        return maker.get_tir(**args)
    return maker(**args) if callable(maker) else maker


def save(func: Any, target: Path) -> None:
    """Write one kernel, a node per line so that changes can be read."""
    from tvm_ffi.serialization import to_json_graph_str

    graph = json.loads(to_json_graph_str(func))
    for node in graph["nodes"]:
        if node["type"] == "ir.SourceName":
            node["data"] = Path(node["data"]).name
    lines = ",\n".join(json.dumps(node, separators=(",", ":")) for node in graph["nodes"])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f'{{"root_index":{graph["root_index"]},"nodes":[\n{lines}\n]}}\n')
    print(target)


def save_all() -> None:
    """Regenerate every saved kernel of the project."""
    for stem, name in EXAMPLES.items():
        source = ROOT / "examples" / f"{stem}.py"
        save(prim_func(getattr(load(source), name), {}), source.with_suffix(".tir.json"))
    data = ROOT / "test" / "data" / "tir"
    kernels = load(ROOT / "test" / "kernels.py")
    for case, make in (kernels.CASES | kernels.IMPORT_CASES).items():
        save(make(), data / f"{case}.tir.json")
    for case, make in load(ROOT / "test" / "tile_kernels.py").TILE_CASES.items():
        save(make(), data / "tile" / f"{case}.tir.json")
    for case, kernel in load(ROOT / "test" / "loop_kernels.py").LOOP_CASES.items():
        save(kernel, data / "loops" / f"{case}.tir.json")
    for name in ("rejected", "rejected_calls"):
        for case, make in load(ROOT / "test" / f"{name}.py").REJECTED.items():
            save(make(), data / "rejected" / f"{case}.tir.json")


def save_upstream(checkout: Path) -> None:
    """Save kernels of a checkout of tile-ai/tilelang."""
    from tilelang.carver.arch import driver

    table = load(ROOT / "test" / "upstream_kernels.py")
    driver.get_num_sms = lambda *_: table.CORES
    for package in table.UNUSED_PACKAGES:
        sys.meta_path.insert(0, Unused(package))
    for case, kernel in table.UPSTREAM.items():
        path = checkout / "examples" / kernel.file
        module = load_as_far_as_it_gets(path, kernel.name)
        vars(module).update(kernel.constants)
        maker = getattr(module, kernel.name)
        made = prim_func(getattr(maker, "jit_impl", maker), kernel.args)
        save(made, ROOT / "test" / "data" / "tir" / "upstream" / f"{case}.tir.json")


def load_as_far_as_it_gets(path: Path, name: str) -> ModuleType:
    """Import a file that may go on to use a GPU after it has defined `name`."""
    sys.path.insert(0, str(path.parent))
    try:
        return load(path)
    except Exception:
        module = sys.modules[path.stem]
        if not hasattr(module, name):
            raise
        return module
    finally:
        sys.path.pop(0)


class Unused(MetaPathFinder, Loader):
    """Imports a package that is not installed, and everything in it, as nothing."""

    def __init__(self, package: str):
        self.package = package

    def find_spec(self, fullname: str, _path: Any = None, _target: Any = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] == self.package:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = lambda _name: None  # type: ignore[method-assign]
        return module

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def parse_value(text: str) -> object:
    """A `K=V` value: a JSON number or boolean, else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def main() -> None:
    """Save one kernel, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, nargs="?")
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("args", nargs="*", metavar="K=V")
    parser.add_argument("--kernel", default="gemm")
    parser.add_argument("--upstream", type=Path, metavar="CHECKOUT")
    options = parser.parse_args()
    if options.upstream is not None:
        save_upstream(options.upstream)
        return
    if options.source is None:
        save_all()
        return
    args = {k: parse_value(v) for k, _, v in (pair.partition("=") for pair in options.args)}
    maker = getattr(load(options.source), options.kernel)
    save(prim_func(maker, args), options.target)


if __name__ == "__main__":
    main()
