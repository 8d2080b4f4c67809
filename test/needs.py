"""What some tests need of the machine. Where TT_DIALECT_CI is set a test that lacks it fails."""

from __future__ import annotations

import shutil

import pytest

needs_compiler = pytest.mark.skipif(
    shutil.which("g++") is None and shutil.which("clang++") is None,
    reason="no C++ compiler is installed",
)
