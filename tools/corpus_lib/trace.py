"""Saves kernels of a TileLang checkout as `.tir.json`; runs where TileLang is installed.

    python -m corpus_lib.trace CHECKOUT CASE OUT.tir.json

A file is imported as it is. Several of TileLang's examples go on to compile for a GPU and to run
when they are imported; without a GPU that raises an exception, by which time the kernel is defined.
It counts as an error only if it is not.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from corpus_lib.cases import Upstream
from corpus_lib.upstream import CASES, CORES


def load(path: Path, wanted: str) -> ModuleType:
    """A Python file as a module, as far as its import gets if that is past `wanted`."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit):
        if not hasattr(module, wanted):
            raise
    return module


def prim_func(checkout: Path, upstream: Upstream) -> Any:
    """The PrimFunc that a file makes of the given arguments."""
    driver: Any = importlib.import_module("tilelang.carver.arch.driver")
    driver.get_num_sms = lambda: CORES  # asks CUDA otherwise
    module = load(checkout / upstream.file, upstream.kernel)
    for name, value in upstream.globals.items():
        if not hasattr(module, name):
            raise AttributeError(f"{upstream.file} has no variable {name}")
        setattr(module, name, value)
    made = getattr(module, upstream.kernel)
    made = getattr(made, "jit_impl", made)  # what tilelang.autotune wraps
    return made.get_tir(**upstream.args)


def main() -> int:
    """Save one case; a failure is one line on stderr."""
    checkout, name, out = sys.argv[1:]
    upstream = next(case.upstream for case in CASES if case.name == name)
    assert upstream is not None
    try:
        save: Any = importlib.import_module("save_tir").save
        save(prim_func(Path(checkout), upstream), Path(out))
    except Exception as error:
        text = str(error).strip().partition("\n")[0]
        print(f"{upstream.file}: {type(error).__name__}: {text}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
