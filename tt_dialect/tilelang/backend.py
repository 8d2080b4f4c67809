"""What TileLang is told: a target, a backend, and who makes the kernels.

Two things are registered through TileLang's public API (`tilelang.backend`, described in its
README): how the target's name is read, and a backend module. TVM has no target kind of ours, so our
targets are of its kind `ext_dev`, which no TileLang backend uses, with the key `tenstorrent`. There
is no detector, so `target="auto"` never chooses it.

One thing goes beyond registration. TileLang builds the object it returns in a fixed chain of
adapters (`JITKernel._create_adapter_from_artifact` in `jit/kernel.py`), which it reaches through a
table from execution backend to kernel cache (`_dispatch_map` in `cache/__init__.py`). Our execution
backends get entries there that make a `TenstorrentKernel`. The table and the method that class
overrides, `JITKernel._compile_and_create_adapter`, are private to TileLang: hence the versions in
`untyped.TILELANG_VERSIONS`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tt_dialect.importer.devices import answer_queries
from tt_dialect.tilelang.adapter import has_native, kernel_text
from tt_dialect.tilelang.kernel import ENGINES, KernelMaker, compile_function
from tt_dialect.tilelang.target import KIND, NAME, Options, is_ours, normalize_target
from tt_dialect.tilelang.untyped import module


@dataclasses.dataclass(frozen=True)
class _Source:
    """As much of a TVM runtime module as `tilelang.lower` asks for."""

    text: str

    def inspect_source(self) -> str:
        return self.text


_SOURCE_ATTR = f"{NAME}.source"


def _lower(mod: Any, target: Any) -> Any:
    """The pipeline of `tilelang.lower`: each function becomes a launch that carries its kernels."""
    tirx, device = module("tvm.tirx"), module("tvm.ir").CallingConv.DEVICE_KERNEL_LAUNCH
    options = Options.of_target(target)
    functions: dict[Any, Any] = {}
    for name, function in mod.functions.items():
        text = kernel_text(compile_function(function, options))
        attributes = {"target": target, "calling_conv": device, _SOURCE_ATTR: text}
        functions[name] = function.with_body(tirx.Evaluate(0)).with_attrs(attributes)
    return module("tvm").IRModule(functions)


def _print(mod: Any, _target: Any) -> _Source:
    """The device code generator of `tilelang.lower`."""
    return _Source("\n".join(str(f.attrs[_SOURCE_ATTR]) for f in mod.functions.values()))


def register() -> None:
    """Adds the target, the backend and its execution backends to TileLang."""
    backend = module("tilelang.backend.module")
    execution = module("tilelang.backend.execution_backend").ExecutionBackendSpec
    codegen = module("tilelang.backend.device_codegen").DeviceCodegen
    pipeline = module("tilelang.backend.pass_pipeline").PassPipeline
    module("tilelang.backend.target").register_target_normalizer(
        NAME, normalize_target, override=True
    )
    backend.register_backend(
        backend.BackendModule(
            name=NAME,
            target_kinds=(KIND,),
            supports_target=is_ours,
            pipelines={KIND: pipeline(KIND, _lower)},
            device_codegens={KIND: codegen(KIND, build=_print, build_without_compile=_print)},
            execution_backends=(
                execution("tt_native", is_available=has_native),
                execution("tt_sim"),
            ),
        )
    )
    module("tilelang.carver.arch.driver")
    answer_queries()
    dispatch: dict[str, Any] = module("tilelang.cache")._dispatch_map
    dispatch.update(dict.fromkeys(ENGINES, KernelMaker()))
