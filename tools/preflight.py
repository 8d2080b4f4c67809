#!/usr/bin/env python3
"""
Says what is missing for `make run`, `make test` or the TileLang environment, and how to get it.

    python3 tools/preflight.py run|test|tilelang

Runs on any Python 3, so that an old one can be told from a missing one. As root on a Debian it
installs what Debian packages provide; otherwise it prints the command.
"""

import os
import shutil
import subprocess
import sys

MLIR_HINT = "https://apt.llvm.org (package mlir-22-tools), or set MLIR_OPT to an mlir-opt 22"


def has_venv():
    """True when this Python can make virtual environments with pip in them."""
    code = "import venv, ensurepip"
    return subprocess.call([sys.executable, "-c", code], stderr=subprocess.DEVNULL) == 0


def has_mlir_opt():
    """True when the pinned mlir-opt is there."""
    return shutil.which(os.environ.get("MLIR_OPT", "mlir-opt-22")) is not None


def has_compiler():
    """True when printed C++ can be compiled."""
    return any(map(shutil.which, ("g++", "clang++", "c++")))


def apt_install(packages):
    """Installs Debian packages when we may; true on success."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print("preflight: apt-get install " + " ".join(packages), flush=True)
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = {"env": env, "stdout": subprocess.DEVNULL}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends"] + list(packages)
    if subprocess.call(install, **quiet) == 0:
        return True
    subprocess.call(["apt-get", "update", "-q"], **quiet)
    return subprocess.call(install, **quiet) == 0


def free_gigabytes(path):
    """Space left where `path` lies."""
    return shutil.disk_usage(path).free / 1e9


def problems(job):
    """What is missing for `job`: (what, how to get it)."""
    found = []
    if sys.version_info < (3, 11):
        found.append(
            (
                "Python >= 3.11 (this is %d.%d)" % sys.version_info[:2],
                "apt-get install python3 python3-venv (Debian 12 and later), "
                "or make PYTHON=/path/to/python3.11",
            )
        )
    elif not has_venv() and not (apt_install(["python3-venv"]) and has_venv()):
        found.append(("the venv module of " + sys.executable, "apt-get install python3-venv"))
    if job == "test" and not has_mlir_opt():
        if not (apt_install(["mlir-22-tools"]) and has_mlir_opt()):
            found.append(("mlir-opt-22", "apt-get install mlir-22-tools, or " + MLIR_HINT))
    if job == "test" and not has_compiler():
        if not (apt_install(["g++"]) and has_compiler()):
            found.append(("a C++ compiler", "apt-get install g++"))
    need = {"run": 1.0, "test": 0.2, "tilelang": 4.0}[job]
    if free_gigabytes(".") < need:
        found.append(("%.1f GB of disk space here" % need, "free some space"))
    return found


def main():
    """Prints the problems; exit code 1 when there are any."""
    job = sys.argv[1] if len(sys.argv) > 1 else "run"
    missing = problems(job)
    for what, how in missing:
        print("preflight: missing: %s" % what, file=sys.stderr)
        print("preflight:   get it: %s" % how, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
