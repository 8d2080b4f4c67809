"""Builds what executes emitted C++ on this CPU, once per content: runtime, driver, host programs.

    cache/runtime-<digest>/libtt_native.so   the machine behind the headers of run/include
                           driver            runs the job `native.py` writes
    cache/kernels/<digest>.so                a kernel, built by the runtime when it is created
    cache/hosts/<digest>                     a host program

The cache is `$TT_DIALECT_CACHE`, or tt_dialect/native under `$XDG_CACHE_HOME` or ~/.cache. Whatever
is built is put in place by one rename, so that processes may share it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tt_dialect.diagnostics import CompileError, Diagnostic

INCLUDE = Path(__file__).parent / "include"
RUNTIME = Path(__file__).parent / "runtime"
STANDARD = ("-std=c++20",)
OLDEST = {"g++": 12, "clang++": 16}
"""Oldest compilers that are known to do."""

_VECTORISED = ("-O3", "-march=native")
_OPTIMISED = {
    "compute_matmul": _VECTORISED,
    "compute_fpu": (*_VECTORISED, "-ffp-contract=off"),
    "compute_sfpu": (*_VECTORISED, "-ffp-contract=off"),
}
_PLAIN = ("-O1",)
_UNITS = tuple(sorted(path.stem for path in RUNTIME.glob("*.cpp")))


def _fail(message: str, *notes: str) -> CompileError:
    return CompileError(Diagnostic(message, None, notes))


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler: its path and what it says of itself."""

    path: str
    version: str


@cache
def _version(path: str) -> str | None:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.splitlines()[0] if done.stdout else ""


def find_compiler() -> Compiler:
    """`$CXX`, g++ or clang++; a `CompileError` that names the package if there is none."""
    wanted = os.environ.get("CXX")
    names = (wanted,) if wanted else ("g++", "clang++")
    for name in names:
        path = shutil.which(name)
        version = _version(path) if path is not None else None
        if path is None or version is None:
            continue
        number = re.search(r"(\d+)\.\d+", version)
        kind = "clang++" if "clang" in version else "g++"
        if number is not None and int(number[1]) < OLDEST[kind]:
            raise _fail(
                f"the C++ compiler '{name}' is too old: {version}",
                f"the native engine needs g++ >= {OLDEST['g++']} or clang++ >= {OLDEST['clang++']}",
            )
        return Compiler(path, version)
    missing = f"no C++ compiler '{wanted}'" if wanted else "no C++ compiler"
    raise _fail(
        f"{missing}: the native engine compiles the emitted kernels",
        "install g++ 12 or newer (Debian, Ubuntu: apt-get install g++) or clang++ 16 or newer",
        "--engine sim runs without one",
    )


def cache_root() -> Path:
    """Where built files are kept."""
    given = os.environ.get("TT_DIALECT_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "tt_dialect" / "native"


def digest_of(parts: Iterable[str | bytes]) -> str:
    """A short name for some content."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()[:32]


@cache
def _headers_digest() -> str:
    files = sorted(p for p in INCLUDE.rglob("*") if p.suffix in (".h", ".hpp"))
    return digest_of(
        part for p in files for part in (p.relative_to(INCLUDE).as_posix(), p.read_bytes())
    )


@cache
def _cpu() -> str:
    """What `-march=native` depends on."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    kept = ("model name", "flags", "Features")
    return "\n".join(sorted({line for line in text.splitlines() if line.startswith(kept)}))


def _run_all(commands: Sequence[Sequence[str]]) -> None:
    """Runs compiler commands side by side; the first that fails is a `CompileError`."""
    running = [
        (command, subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        for command in commands
    ]
    failed: CompileError | None = None
    for command, process in running:
        _, errors = process.communicate()
        if process.returncode != 0 and failed is None:
            name = next((word for word in command if word.endswith(".cpp")), command[-1])
            failed = _fail(f"'{name}' does not compile", *errors.splitlines()[:20])
    if failed is not None:
        raise failed


@dataclass(frozen=True)
class Runtime:
    """The built runtime."""

    compiler: Compiler
    digest: str
    directory: Path

    @property
    def driver(self) -> Path:
        """The executable that runs jobs."""
        return self.directory / "driver"

    def environment(self) -> dict[str, str]:
        """What the processes it runs need."""
        return {
            **os.environ,
            "TT_NATIVE_CXX": self.compiler.path,
            "TT_DIALECT_CACHE": str(cache_root()),
        }


def runtime() -> Runtime:
    """Builds the runtime unless it is there already."""
    compiler = find_compiler()
    sources = sorted(p for p in RUNTIME.iterdir() if p.suffix in (".cpp", ".h"))
    digest = digest_of(
        [
            compiler.path,
            compiler.version,
            _headers_digest(),
            _cpu(),
            *(part for p in sources for part in (p.name, p.read_bytes())),
            repr((_OPTIMISED, _PLAIN, str(INCLUDE))),
        ]
    )
    built = Runtime(compiler, digest, cache_root() / f"runtime-{digest}")
    if not built.driver.exists():
        _build_runtime(built)
    return built


def _build_runtime(target: Runtime) -> None:
    root = target.directory.parent
    root.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=".runtime-", dir=root))
    cxx = target.compiler.path
    try:
        flags = [*STANDARD, "-fPIC", "-w", "-I", str(RUNTIME), "-I", str(INCLUDE)]
        flags += [
            f'-DTT_NATIVE_DIGEST=std::string("{target.digest}")',
            f'-DTT_NATIVE_CXX_DEFAULT="{cxx}"',
            f'-DTT_NATIVE_INCLUDE="{INCLUDE}"',
        ]
        _run_all(
            [
                [
                    cxx,
                    *flags,
                    *_OPTIMISED.get(unit, _PLAIN),
                    "-c",
                    "-o",
                    str(staged / f"{unit}.o"),
                    str(RUNTIME / f"{unit}.cpp"),
                ]
                for unit in _UNITS
            ]
        )
        library = [str(staged / f"{unit}.o") for unit in _UNITS if unit != "driver"]
        _run_all([[cxx, "-shared", "-o", str(staged / "libtt_native.so"), *library, "-ldl"]])
        _run_all([[cxx, "-o", str(staged / "driver"), str(staged / "driver.o"), *_linked(staged)]])
        for unit in _UNITS:
            (staged / f"{unit}.o").unlink()
        _put(staged, target.directory)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _linked(directory: Path) -> list[str]:
    return [f"-L{directory}", "-ltt_native", "-ldl", "-Wl,-rpath,$ORIGIN"]


def _put(staged: Path, target: Path) -> None:
    """Renames into place; another process may have been faster with the same content."""
    try:
        os.replace(staged, target)
    except OSError:
        if not target.exists():
            raise


def build_host(source: Path, *, options: Sequence[str] = ()) -> Path:
    """A host program (`main.cpp`) as an executable on the runtime.

    It looks for its kernels below the directory it runs in, as `main.cpp` has it without CMake.
    """
    built = runtime()
    flags = [*STANDARD, "-O2", "-I", str(INCLUDE), *options]
    name = digest_of([built.digest, source.read_bytes(), repr(flags)])
    target = cache_root() / "hosts" / name
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{name}.{os.getpid()}")
    link = [f"-L{built.directory}", "-ltt_native", "-ldl", f"-Wl,-rpath,{built.directory}"]
    _run_all([[built.compiler.path, *flags, "-o", str(staged), str(source), *link]])
    os.replace(staged, target)
    return target


def run_host(
    source: Path,
    arch: str,
    *,
    schedule: str = "block",
    options: Sequence[str] = (),
    metal_home: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Builds and runs a host program on a machine; its exit code is the program's verdict.

    `metal_home` is where programs of tt-metal look for their kernels (`$TT_METAL_HOME`).
    """
    executable = build_host(source, options=options)
    environment = runtime().environment() | {"ARCH_NAME": arch, "TT_NATIVE_SCHEDULE": schedule}
    if metal_home is not None:
        environment["TT_METAL_HOME"] = str(metal_home)
    return subprocess.run(
        [executable], capture_output=True, text=True, env=environment, cwd=source.parent
    )
