"""The function table: meanings against formulas written here, spelling, helpers, documentation."""

from __future__ import annotations

import importlib.util
import math
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from tt_dialect.diagnostics import CompileError
from tt_dialect.emit.helpers import HELPERS, helper_lines
from tt_dialect.emit.kernel import print_kernel, split_call
from tt_dialect.emit.spelling import CALLS, DERIVED
from tt_dialect.ir import get_dialect
from tt_dialect.ir.functions import FUNCTIONS, Family, Function, function
from tt_dialect.ir.program import ProgramOp
from tt_dialect.mlir_text import parse_module

ROOT = Path(__file__).parents[2]
STYLE = ROOT / "tt_dialect" / "emit" / ".clang-format"
BESIDE_PYTHON = Path(sys.executable).with_name("clang-format")
CLANG_FORMAT = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else shutil.which("clang-format")
CXX = shutil.which("g++") or shutil.which("clang++")

ROWS = [pytest.param(row, id=f"{row.family}-{row.name}") for row in FUNCTIONS.values()]
UNSPELLED = {("round_f16", Family.UNARY)}
"""tt-metal has no call; printing them is refused."""


# ---- meanings ----


def rounded(x: float, bits: int, smallest: int, largest: float) -> float:
    """x to a format of `bits` significant bits and least exponent `smallest`, ties to even."""
    if x == 0 or not math.isfinite(x):
        return x
    quantum = 2.0 ** (max(math.floor(math.log2(abs(x))), smallest) - bits + 1)
    result = round(x / quantum) * quantum
    return math.copysign(math.inf, x) if abs(result) > largest else result


def as_float32(x: float) -> float:
    return struct.unpack("f", struct.pack("f", x))[0]


UNARY: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "exp2": lambda x: 2.0**x,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "rsqrt": lambda x: x**-0.5,
    "recip": lambda x: 1 / x,
    "tanh": math.tanh,
    "sigmoid": lambda x: (1 + math.tanh(x / 2)) / 2,
    "silu": lambda x: x * (1 + math.tanh(x / 2)) / 2,
    "erf": math.erf,
    "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "abs": abs,
    "neg": lambda x: -x,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "square": lambda x: x * x,
    "relu": lambda x: max(x, 0.0),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "round_even": round,
    "eqz": lambda x: float(x == 0),
    "nez": lambda x: float(x != 0),
    "gtz": lambda x: float(x > 0),
    "gez": lambda x: float(x >= 0),
    "ltz": lambda x: float(x < 0),
    "lez": lambda x: float(x <= 0),
    "logical_not": lambda x: float(not x),
    "round_bf16": lambda x: rounded(x, 8, -126, math.inf),
    "round_f16": lambda x: rounded(x, 11, -14, 65504),
}
BINARY: dict[str, Callable[[float, float], float]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "rsub": lambda x, y: y - x,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "max": max,
    "min": min,
    "pow": lambda x, y: x**y,
    "eq": lambda x, y: float(x == y),
    "ne": lambda x, y: float(x != y),
    "lt": lambda x, y: float(x < y),
    "gt": lambda x, y: float(x > y),
    "le": lambda x, y: float(x <= y),
    "ge": lambda x, y: float(x >= y),
}


def reference(row: Function, *operands: float) -> float:
    if row.family is Family.UNARY:
        return UNARY[row.name](*operands)
    if row.family is Family.TERNARY:
        assert row.name == "where"
        return operands[1] if operands[0] else operands[2]
    if (row.name, row.family) == ("div", Family.SCALAR):
        return operands[0] * as_float32(1 / operands[1])
    return BINARY[row.name](*operands)


@pytest.mark.parametrize("row", ROWS)
def test_meaning_is_the_formula(row: Function) -> None:
    generator = np.random.default_rng(5)
    low, high = row.sample
    values = generator.uniform(low, high, (row.arity, 500)).astype(np.float32).astype(np.float64)
    if low < 0:
        values[0, :3] = 0.0, -1.0, 1.0
        values[-1, 1:3] = -1.0, 1.0
    if row.name == "where":
        values[0, ::2] = 0.0
    names: dict[str, object] = dict(zip("xyz", values, strict=False))
    names |= {"np": np, "erf": np.vectorize(math.erf)}
    if row.family is Family.SCALAR:
        names["y"] = values[1, 2]
        values[1] = values[1, 2]
    got = np.broadcast_to(np.asarray(eval(row.meaning, names), np.float64), 500)
    wanted = [reference(row, *operands) for operands in values.T.tolist()]
    np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-15)
    if low < 0 and row.arity < 3:
        assert np.unique(got).size > 1, "the sample cannot tell it from a constant"


@pytest.mark.parametrize("name", ["round_bf16", "round_f16"])
def test_rounding_has_ties_subnormals_and_overflow(name: str) -> None:
    row = function(name, Family.UNARY)
    assert row is not None
    x = np.array([1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-11, 3 * 2**-12 + 1, 2.0**-25, 3 * 2.0**-25])
    x = np.concatenate([x, -x, [65519.0, 65520.0, 1e-40, 3e-39, np.inf, -np.inf, 0.0]])
    with np.errstate(over="ignore"):
        got = np.asarray(eval(row.meaning, {"np": np, "x": x}), np.float64)
    np.testing.assert_array_equal(got, [UNARY[name](float(v)) for v in x])


def test_the_rows_the_front_end_relies_on_are_there() -> None:
    named = {name for name, family in FUNCTIONS if family is Family.UNARY}
    assert set(UNARY) == named
    assert {"add", "sub", "mul", "div", "rsub", "max", "min"} <= {
        name for name, family in FUNCTIONS if family is Family.SCALAR
    }
    assert {
        "add",
        "sub",
        "mul",
        "div",
        "max",
        "min",
        "pow",
        "eq",
        "ne",
        "lt",
        "gt",
        "le",
        "ge",
    } <= {name for name, family in FUNCTIONS if family is Family.BINARY}
    assert function("where", Family.TERNARY) is not None


# ---- spelling ----

OPERATIONS = {
    Family.UNARY: 'tt.compute.sfpu_unary "{name}" %b[%c0] : !dst',
    Family.SCALAR: 'tt.compute.sfpu_scalar "{name}" %b[%c0], %s : !dst',
    Family.BINARY: 'tt.compute.sfpu_binary "{name}" %a, %b into %c at %c0 : !dst, !dst, !dst',
    Family.TERNARY: (
        'tt.compute.sfpu_ternary "{name}" %a, %b, %c into %d at %c0 : !dst, !dst, !dst, !dst'
    ),
}
PROGRAM = """
!dst = !tt.compute.dst<1, {element}>
builtin.module {{
  tt.program "p" arch "wormhole" api "{api}" config <"HiFi4", dst32 {wide}, full_sync false>
      abi <address "X_addr" = 0, start "start_id" = 0, count "count" = 0>
      tensors [#tt.tensor<"X", in, [32, 32],
          buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>]
      partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1],
          tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {{
    %cb = tt.cb.alloc "X" id 0
        : !tt.cb.buffer<tile<32x32, {element}>, block 1x1, pages 1, row_major>
    tt.thread "{role}" on "{on}" noc 0 cores <<[0, 0], [1, 1]>> {{
      %c0 = arith.constant 0 : index
      {body}
    }}
  }}
}}
"""
GROUPS = "\n".join(
    f"%{name} = tt.compute.dst index {4 + i} : !dst" for i, name in enumerate("abcd")
)


def print_body(
    body: str, api: str = "v2", element: str = "f32", role: str = "compute", on: str = "compute"
) -> str:
    wide = str(element == "f32").lower()
    text = PROGRAM.format(api=api, element=element, wide=wide, body=body, role=role, on=on)
    module = parse_module(text, "p.mlir")
    module.verify()
    program = next(op for op in module.walk() if isinstance(op, ProgramOp))
    return print_kernel(program, program.threads[0])


def print_row(row: Function, api: str, element: str = "f32") -> str:
    init = f'tt.compute.sfpu_init "{row.family}" "{row.name}"'
    call = OPERATIONS[row.family].format(name=row.name)
    scalar = "%s = arith.constant 4.0 : f32"
    return print_body("\n".join([GROUPS, scalar, init, call]), api, element)


FIELDS = {"a": "4", "b": "5", "c": "6", "format": "DataFormat::Float32"} | {
    "value": "0x40800000 /* 4 */",
    "reciprocal": "0x3e800000 /* 0.25 */",
    "raw": "DataFormat::Float32",
    "fp32": "fp32_",
}
OUT = {Family.BINARY: "6", Family.TERNARY: "7"}


@pytest.mark.parametrize("api", ["v2", "v1"])
@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_printed(row: Function, api: str) -> None:
    if (row.name, row.family) in UNSPELLED:
        with pytest.raises(CompileError, match=f"{api} has no call for .* {row.name}"):
            print_row(row, api)
        return
    calls = row.calls(api)
    text = print_row(row, api)
    fields = FIELDS | {"out": OUT.get(row.family, "")}
    if row.family in (Family.UNARY, Family.SCALAR):
        fields["a"] = "5"
    wanted = [part.format(**fields) + ";" for part in f"{calls.init}; {calls.call}".split("; ")]
    lines = [line.strip() for line in text.splitlines() if "_tile" in line]
    assert lines == [part for part in wanted if part != ";"]
    for header in calls.header.split("; "):
        assert f'#include "{header}"' in text
        root = "api/compute/" if api == "v2" else "compute_kernel_api"
        assert header.startswith(root)


@pytest.mark.parametrize("element", ["bf16", "f16"])
def test_16_bit_formats_are_spelled(element: str) -> None:
    where = function("where", Family.TERNARY)
    assert where is not None
    assert "where_tile<DataFormat::Float16_b>(4, 5, 6, 7);" in print_row(where, "v2", element)
    assert "  where_tile(4, 5, 6, 7);" in print_row(where, "v1", element)
    copy = print_body(
        f"{GROUPS}\ntt.compute.copy_dst %a into %b at %c0 : !dst, !dst", "v2", element
    )
    name = {"bf16": "Float16_b", "f16": "Float16"}[element]
    assert f"copy_dest_values<DataFormat::{name}>(4, 5);" in copy


def test_every_template_can_be_filled() -> None:
    operations = {op.name: op for op in get_dialect().operations}
    for (name, _), spelling in CALLS.items():
        definition = operations[name].get_irdl_definition()
        members = {field for field, _ in definition.operands} | set(definition.accessor_names)
        for template in (*spelling.v2, *spelling.v1):
            for _, field, _, _ in Formatter().parse(template):
                assert field is None or field in DERIVED or field in members, (name, field)


def test_calls_are_split_at_the_last_parenthesis() -> None:
    assert split_call("f<(uint32_t)A, g(1)>(h(1, 2), 3)") == (
        "f<(uint32_t)A, g(1)>",
        ["h(1, 2)", "3"],
    )
    assert split_call("f()") == ("f", [])
    with pytest.raises(ValueError, match="not a call"):
        split_call("f) + 1")


def test_scalars_that_are_no_numbers() -> None:
    fill = print_body(
        f"{GROUPS}\n%s = arith.constant 0xFF800000 : f32\n"
        'tt.compute.sfpu_scalar "max" %b[%c0], %s : !dst'
    )
    assert "unary_max_tile(5, 0xff800000 /* -inf */);" in fill
    with pytest.raises(CompileError, match="division by the constant zero"):
        print_body(
            f"{GROUPS}\n%s = arith.constant 0.0 : f32\n"
            'tt.compute.sfpu_scalar "div" %b[%c0], %s : !dst'
        )


def test_a_number_of_either_sign_becomes_a_float() -> None:
    text = print_body(
        f"{GROUPS}\n%n = tt.noc.runtime_arg 1 : index\n%w = arith.index_cast %n : index to i32\n"
        "%s = arith.sitofp %w : i32 to f32\n%h = arith.constant 0.5 : f32\n"
        '%p = arith.mulf %s, %h : f32\ntt.compute.sfpu_scalar "div" %b[%c0], %p : !dst'
    )
    expected = "float_bits(1.0f / (static_cast<float>(static_cast<int32_t>(start_id)) * 0.5f))"
    assert f"mul_unary_tile( 5, {expected});" in " ".join(text.split())


# ---- helpers ----


def generate(kind: str, element: str) -> str:
    body = f"%p = tt.cb.write_ptr %cb : !tt.cb.buffer<tile<32x32, {element}>, block 1x1, pages 1, "
    body += f"row_major>\ntt.noc.generate_tile {kind} %p[%c0]"
    return print_body(body, element=element, role="reader", on="riscv_1")


def tile(element: str, value: Callable[[int, int], int]) -> np.ndarray:
    """The bytes of a tile of four 16x16 faces."""
    values = np.array([[value(r, c) for c in range(32)] for r in range(32)], np.float32)
    faces = values.reshape(2, 16, 2, 16).transpose(0, 2, 1, 3).ravel()
    if element == "f16":
        return faces.astype(np.float16).view(np.uint8)
    words = faces.view(np.uint32)
    exact = words if element == "f32" else (words >> 16).astype(np.uint16)
    return exact.view(np.uint8)


@pytest.mark.parametrize("element", ["bf16", "f16", "f32"])
def test_generated_tiles_hold_what_they_say(element: str, tmp_path: Path) -> None:
    """Compiles the printed helpers, with the 32-bit address of L1 made an offset into an array."""
    if CXX is None:
        pytest.skip("no C++ compiler is installed")
    steps = {"bf16": (-8, 1), "f16": (64, -1), "f32": (1024, 1)}[element]
    names = [
        f"write_reduce_scaler_{element}",
        f"write_iota_{element}",
        f"write_zero_{element}",
    ]
    helpers = "\n".join(helper_lines(names))
    assert helpers.count("reinterpret_cast<volatile tt_l1_ptr uint32_t*>(address)") == 3
    source = f"""#include <cstdint>
#include <cstdio>
static uint32_t l1[3328];
{helpers.replace("reinterpret_cast<volatile tt_l1_ptr uint32_t*>(address)", "&l1[address / 4]")}
int main() {{
    for (uint32_t& word : l1) {{
        word = 0x12345678;
    }}
    {names[0]}(0);
    {names[1]}(4096, {steps[0]}, {steps[1]});
    {names[2]}(8192);
    fwrite(l1, 1, sizeof l1, stdout);
}}
"""
    path = tmp_path / "helpers.cpp"
    path.write_text(source)
    program = tmp_path / "helpers"
    options = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined"]
    subprocess.run([CXX, *options, str(path), "-o", str(program)], check=True)
    done = subprocess.run([str(program)], check=True, capture_output=True)
    assert not done.stderr
    l1 = np.frombuffer(done.stdout, np.uint8)
    scaler = tile(element, lambda r, _: int(r % 16 == 0))
    iota = tile(element, lambda r, c: steps[0] * r + steps[1] * c)
    np.testing.assert_array_equal(l1[: scaler.size], scaler)
    np.testing.assert_array_equal(l1[4096 : 4096 + iota.size], iota)
    assert not l1[8192 : 8192 + iota.size].any()
    assert (l1[8192 + iota.size :].view(np.uint32) == 0x12345678).all()


def test_only_the_helpers_that_are_called_are_printed() -> None:
    text = generate('"reduce_scaler"', "f16")
    printed = re.findall(r"^static inline \w+ (\w+)\(", text, re.MULTILINE)
    assert printed == ["write_first_rows", "write_reduce_scaler_f16"]
    assert text.index("write_reduce_scaler_f16") < text.index("void kernel_main")
    assert "static inline" not in print_body("")


def test_an_iota_that_is_not_exact_is_refused() -> None:
    assert "write_iota_bf16(X_ptr, 0, 8);" in generate('"iota" rows 0 cols 8', "bf16")
    with pytest.raises(CompileError, match="values up to 279 is not exact in bf16"):
        generate('"iota" rows 0 cols 9', "bf16")
    assert "write_iota_f16(X_ptr, 32, 1);" in generate('"iota" rows 32 cols 1', "f16")
    with pytest.raises(CompileError, match="not exact in f16"):
        generate('"iota" rows 66 cols 1', "f16")


def test_helpers_are_laid_out_as_clang_format_would() -> None:
    if CLANG_FORMAT is None:
        pytest.skip("clang-format is not installed")
    text = "\n".join(helper_lines(HELPERS))
    command = [CLANG_FORMAT, f"--style=file:{STYLE}", "--assume-filename=helpers.cpp"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == text.strip()


def test_kernels_are_laid_out_as_clang_format_would() -> None:
    if CLANG_FORMAT is None:
        pytest.skip("clang-format is not installed")
    path = ROOT / "test" / "emit" / "eltwise.mlir"
    for api in ("v1", "v2"):
        module = parse_module(path.read_text().replace('api "v2"', f'api "{api}"'), path.name)
        program = next(op for op in module.walk() if isinstance(op, ProgramOp))
        for thread in program.threads:
            text = print_kernel(program, thread)
            command = [CLANG_FORMAT, f"--style=file:{STYLE}", "--assume-filename=kernel.cpp"]
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
            assert done.stdout == text


# ---- documentation ----


def test_the_page_is_up_to_date(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("gen_docs", root / "tools" / "gen_docs.py")
    assert spec is not None
    assert spec.loader is not None
    gen_docs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gen_docs)
    page = (root / "docs" / "functions.md").read_text(encoding="utf-8")
    assert page.splitlines() == gen_docs.functions_page().rstrip().splitlines()
    assert len(re.findall(r"^\| `", page, re.MULTILINE)) == len(FUNCTIONS)
