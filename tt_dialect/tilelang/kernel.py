"""The object `tilelang.compile` and the jit give for our target."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tt_dialect import api
from tt_dialect.diagnostics import CompileError
from tt_dialect.tilelang.adapter import Adapter
from tt_dialect.tilelang.target import NAME, Options, fail
from tt_dialect.tilelang.untyped import module

ENGINES = {"tt_native": "native", "tt_sim": "sim"}
"""Execution backend -> engine, in the order `execution_backend="auto"` tries them."""


def compile_function(function: Any, options: Options) -> api.CompiledKernel:
    """Compiles a PrimFunc; what is wrong with it is a `CompileError`."""
    fidelity = None if options.fidelity == "default" else options.fidelity
    return api.compile(
        function, arch=options.arch, metalium_api=options.metalium_api, fidelity=fidelity
    )


class TenstorrentKernel(module("tilelang.jit.kernel").JITKernel):
    """What `tilelang.compile` and the jit give for our target: a `JITKernel` with more to see."""

    compiled: api.CompiledKernel
    """The kernel at every level, see `tt_dialect.api`."""

    def _compile_and_create_adapter(self, tilelang_func: Any, out_idx: object) -> Adapter:
        options = Options.of_target(self.target)
        # As for other targets, an unknown key is an error. The known ones tune other backends.
        module("tvm").transform.PassContext(opt_level=3, config=self.pass_configs or {})
        self.compiled = compile_function(tilelang_func, options)
        emitted = self.artifact_dir if options.mode == "emit" else None
        lower = module("tilelang.engine.lower")
        params = lower.extrac_params(tilelang_func)
        engine = ENGINES[self.execution_backend]
        adapter = Adapter(self.compiled, params, out_idx, engine, emitted)
        self.artifact = lower.CompiledArtifact(
            None, None, params, adapter.get_kernel_source(), target=self.target
        )
        return adapter

    @property
    def plan(self) -> dict[str, Any]:
        """The content of tt.plan.json."""
        return self.compiled.plan

    @property
    def stats(self) -> Any:
        """Statistics of the last call, None before the first."""
        return self.compiled.stats

    @property
    def artifact_dir(self) -> str:
        """A directory with the artifacts, in TileLang's cache directory, named by content."""
        digest = hashlib.sha256()
        for path, text in sorted(self.compiled.sources.items()):
            digest.update(f"{path}\0{text}\0".encode())
        cache = Path(module("tilelang.env").env.TILELANG_CACHE_DIR)
        directory = cache / NAME / f"{self.compiled.name}-{digest.hexdigest()[:16]}"
        plan = directory / api.PLAN_FILE
        if not plan.exists():
            try:
                self.write(directory)
            except OSError:
                if not plan.exists():  # else another process was faster
                    raise
        return str(directory)

    def write(self, directory: str | os.PathLike[str]) -> list[str]:
        """Writes the artifacts, and what `ttc run` needs to run them; returns the paths."""
        return self.compiled.write(directory)

    def get_kernel_source(self, kernel_only: bool = True) -> str:
        """The kernels; with `kernel_only=False` the host program as well."""
        return self.adapter.get_kernel_source(kernel_only)

    def get_host_source(self) -> str:
        """The host program."""
        return self.adapter.get_host_source()

    @property
    def host_source(self) -> str:
        """The host program."""
        return self.adapter.get_host_source()

    def export_library(self, kernel_file: str) -> None:
        """There is no shared library."""
        raise fail(
            f"target '{NAME}' has no library to export", "write(directory) writes the artifacts"
        )


class KernelMaker:
    """Stands where TileLang has the kernel cache of an execution backend, and keeps nothing.

    Compiling takes less than a second, and so a kernel never comes from another target or option.
    """

    def cached(
        self,
        func: Any,
        out_idx: object = None,
        *args: object,
        backend_context: Any,
        verbose: bool = False,
        pass_configs: Mapping[Any, Any] | None = None,
        compile_flags: object = None,
    ) -> TenstorrentKernel:
        """A new kernel; an error shows nothing of the compiler, only its diagnostics."""
        try:
            return TenstorrentKernel(
                func,
                out_idx=out_idx,
                verbose=verbose,
                pass_configs=pass_configs,
                compile_flags=compile_flags,
                backend_context=backend_context,
            )
        except CompileError as error:
            raise error.with_traceback(None) from None
