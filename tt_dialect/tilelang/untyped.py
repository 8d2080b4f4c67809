"""TileLang, TVM: in the one version this package knows, and untyped.

Neither is installed where types are checked, so their modules are `Any`.
"""

from __future__ import annotations

import importlib
from typing import Any

TILELANG_VERSIONS = ("0.1.15",)
"""The versions of TileLang this package is written to."""


def _check_version() -> None:
    """Refuses to go on without TileLang in a version this package knows."""
    try:
        package: Any = importlib.import_module("tilelang")
    except ModuleNotFoundError as error:
        if error.name != "tilelang":
            raise
        raise ImportError(
            f"tt_dialect.tilelang needs TileLang, which is not installed; "
            f"install tilelang=={TILELANG_VERSIONS[-1]}"
        ) from None
    version = str(getattr(package, "__version__", "unknown"))
    if version.partition("+")[0] not in TILELANG_VERSIONS:
        raise ImportError(
            f"tt_dialect.tilelang knows TileLang {' and '.join(TILELANG_VERSIONS)}, not {version}; "
            f"install tilelang=={TILELANG_VERSIONS[-1]}, or save the kernel and compile it with ttc"
        )


def module(name: str) -> Any:
    """A module of TileLang or TVM."""
    return importlib.import_module(name)


_check_version()
