"""The target: how users write it, and the TVM target that stands for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from tt_dialect import api
from tt_dialect.diagnostics import CompileError, Diagnostic
from tt_dialect.tilelang.untyped import module

NAME = "tenstorrent"
KIND = "ext_dev"
"""The TVM target kind that stands for ours, with `NAME` as a key."""

MODES = ("simulate", "emit")


def fail(message: str, *notes: str) -> CompileError:
    """An error without a place."""
    return CompileError(Diagnostic(message, None, notes))


@dataclasses.dataclass(frozen=True)
class Options:
    """What a target says: its attributes, as in `{"kind": "tenstorrent", "arch": "blackhole"}`."""

    arch: str = "wormhole"
    metalium_api: str = "v2"
    fidelity: str = "default"
    """LoFi, HiFi2, HiFi3 or HiFi4; the default is the most exact that is computed correctly."""
    mode: str = "simulate"
    """`simulate` makes kernels that run; `emit` only makes artifacts."""

    @staticmethod
    def of(given: Mapping[str, object]) -> Options:
        """The options with these values; an unknown name or value is a `CompileError`."""
        from tt_dialect.arch import ARCHS
        from tt_dialect.ir.program import FIDELITIES

        known: dict[str, Sequence[str]] = {
            "arch": tuple(ARCHS),
            "metalium_api": api.METALIUM_APIS,
            "fidelity": ("default", *FIDELITIES),
            "mode": MODES,
        }
        for name, value in given.items():
            if name not in known:
                raise fail(
                    f"target '{NAME}' has no attribute '{name}'", f"it has {', '.join(known)}"
                )
            if value not in known[name]:
                raise fail(
                    f"target '{NAME}': {name} is '{value}'",
                    f"expected one of {', '.join(known[name])}",
                )
        options = Options(**cast("dict[str, str]", dict(given)))
        if options.mode == "simulate" and not ARCHS[options.arch].simulated:
            raise fail(
                f"target '{NAME}': programs for {options.arch} are not executed",
                "with mode=emit their artifacts are written",
            )
        return options

    @staticmethod
    def of_target(target: Any) -> Options:
        """The options of a normalised target."""
        words = str(target.attrs.get("model", "")).split(",")
        return Options.of(dict(word.split("=", 1) for word in words if "=" in word))

    def to_target(self) -> Any:
        """The TVM target: every option is spelled, so that printing it tells targets apart."""
        model = ",".join(f"{name}={value}" for name, value in dataclasses.asdict(self).items())
        return module("tvm.target").Target({"kind": KIND, "keys": [NAME], "model": model})


def is_ours(target: Any) -> bool:
    """Whether a TVM target is one of `Options.to_target`."""
    return target.kind.name == KIND and NAME in target.keys


def normalize_target(target: Any) -> Any:
    """A TVM target for `"tenstorrent"`, `"tenstorrent -arch=blackhole"` or a dict of that kind.

    None for everything else, which TileLang passes on to the other backends.
    """
    if isinstance(target, str):
        name, *words = target.split() or [""]
        if name != NAME:
            return None
        given: dict[str, object] = {}
        for word in words:
            key, equals, value = word.lstrip("-").partition("=")
            if not word.startswith("-") or not equals:
                raise fail(
                    f"cannot read '{word}' in target '{target}'",
                    f"attributes are written '{NAME} -arch=blackhole -mode=emit'",
                )
            given[key.replace("-", "_")] = value
        return Options.of(given).to_target()
    if isinstance(target, dict):
        attributes = cast("dict[str, object]", target)
        if attributes.get("kind") != NAME:
            return None
        return Options.of({k: v for k, v in attributes.items() if k != "kind"}).to_target()
    return None
