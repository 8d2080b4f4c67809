"""`CMakeLists.txt` of an emitted program: finds an installed TT-Metalium SDK.

After tt_metal/programming_examples/matmul/matmul_single_core/CMakeLists.txt @22daf230.
"""

from __future__ import annotations

from tt_dialect.emit.cpp import identifier
from tt_dialect.ir.program import ProgramOp


def print_cmake(program: ProgramOp) -> str:
    """The build file: one host executable; kernels are compiled by TT-Metalium when it runs."""
    name = identifier(program.sym_name.data)
    return f"""\
cmake_minimum_required(VERSION 3.22...3.30)
project({name} LANGUAGES CXX)

find_package(TT-Metalium REQUIRED)

add_executable({name} main.cpp)
target_compile_features({name} PRIVATE cxx_std_20)
target_compile_definitions({name} PRIVATE KERNEL_DIR="${{CMAKE_CURRENT_SOURCE_DIR}}/kernels")
target_link_libraries({name} PRIVATE TT::Metalium)
"""
