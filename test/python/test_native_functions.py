"""Tile operations of the host headers: every row of the function table, and what feeds DST.

Kernels are written here as the table spells the calls, run by the driver, and compared to the bit
with NumPy: the row's meaning in float64, rounded once to the format of DST.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import needs_compiler

from tt_dialect.ir.functions import FUNCTIONS, Calls, Family, Function
from tt_dialect.run.functions import compiled
from tt_dialect.run.native import NativeError, from_pages, run_job, to_pages
from tt_dialect.run.native_build import INCLUDE, STANDARD, Runtime, runtime
from tt_dialect.run.numerics import Fidelity, Format, quiet, round_to

pytestmark = needs_compiler

APIS = ("v1", "v2")
ROOTS = {"v1": "compute_kernel_api", "v2": "api/compute"}
ROWS = [row for row in FUNCTIONS.values() if row.v2.call]
SCALAR = 0.75
SCALAR_BITS = f"0x{np.float32(SCALAR).view(np.uint32):08x}"
RECIPROCAL_BITS = f"0x{np.float32(1 / SCALAR).view(np.uint32):08x}"


@pytest.fixture(scope="module")
def built() -> Runtime:
    return runtime()


def headers(calls: Calls) -> list[str]:
    return calls.header.split("; ")


def lines(text: str, fmt: Format) -> str:
    """Calls of the table on tiles 0, 1 and 2, into tile 3."""
    wide = fmt is Format.FP32
    fields = {
        "value": SCALAR_BITS,
        "reciprocal": RECIPROCAL_BITS,
        "format": f"DataFormat::{data_format(fmt)}",
        "raw": "DataFormat::Float32" if wide else "DataFormat::Float16_b",
        "fp32": "fp32_" if wide else "",
    }
    return text.format(a=0, b=1, c=2, out=3, **fields)


def data_format(fmt: Format) -> str:
    return {Format.FP32: "Float32", Format.FP16: "Float16", Format.BF16: "Float16_b"}[fmt]


# -- compilation -----------------------------------------------------------------------------------


def test_every_row_compiles_with_its_header_alone(built: Runtime, tmp_path: Path) -> None:
    """One file per set of headers, all in one run of the compiler, without a warning."""
    units: dict[tuple[str, ...], list[str]] = {}
    for api in APIS:
        for row in ROWS:
            calls = row.calls(api)
            body = f"{calls.init}; {calls.call};"
            number = len(units.setdefault((api, *headers(calls)), []))
            text = f"void function_{number}() {{ {lines(body, Format.FP32)} }}\n"
            units[(api, *headers(calls))].append(text)
    files: list[str] = []
    for number, ((_, *included), texts) in enumerate(units.items()):
        file = tmp_path / f"unit{number}.cpp"
        file.write_text("".join(f'#include "{h}"\n' for h in included) + "".join(texts))
        files.append(str(file))
    assert sum(map(len, units.values())) == len(APIS) * len(ROWS)
    options = [*STANDARD, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDE)]
    done = subprocess.run([built.compiler.path, *options, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# -- runs ------------------------------------------------------------------------------------------

READER = """
#include "api/dataflow/dataflow_api.h"
void kernel_main() {
    const uint32_t tiles = get_arg_val<uint32_t>(1);
    for (uint32_t cb = 0; cb < 3; ++cb) {
        cb_reserve_back(cb, tiles);
    }
    const uint32_t bytes = get_tile_size(0);
    const auto X = TensorAccessor(TensorAccessorArgs<0>(), get_arg_val<uint32_t>(0), bytes);
    for (uint32_t t = 0; t < tiles; ++t) {
        for (uint32_t cb = 0; cb < 3; ++cb) {
            noc_async_read_page(3 * t + cb, X, get_write_ptr(cb) + t * bytes);
        }
    }
    noc_async_read_barrier();
    for (uint32_t cb = 0; cb < 3; ++cb) {
        cb_push_back(cb, tiles);
    }
}
"""
WRITER = """
#include "api/dataflow/dataflow_api.h"
void kernel_main() {
    const uint32_t bytes = get_tile_size(16);
    const auto Y = TensorAccessor(TensorAccessorArgs<0>(), get_arg_val<uint32_t>(0), bytes);
    for (uint32_t t = 0; t < get_arg_val<uint32_t>(1); ++t) {
        cb_wait_front(16, 1);
        noc_async_write_page(t, Y, get_read_ptr(16));
        noc_async_write_barrier();
        cb_pop_front(16, 1);
    }
}
"""
BODY = """
inline void pack() {
    tile_regs_commit();
    tile_regs_wait();
    cb_reserve_back(16, 1);
    pack_tile(%d, 16);
    tile_regs_release();
    cb_push_back(16, 1);
}
void kernel_main() {
%s
}
"""


def execute(
    built: Runtime,
    directory: Path,
    compute: str,
    tiles: Sequence[np.ndarray],
    outputs: int,
    fmt: Format,
    *,
    wide: bool | None = None,
    fidelity: int = 4,
    direct: str = "0",
) -> np.ndarray:
    """Runs a compute kernel on tiles (x, y, z, x, y, z, ...) in c_0, c_1, c_2; gives c_16's.

    All buffers have one format; `[n, 32, 32]` float32.
    """
    with quiet():
        to_pages(np.concatenate(tiles), fmt).tofile(directory / "X")
    texts = {"reader": READER, "compute": compute, "writer": WRITER}
    for name, text in texts.items():
        (directory / f"{name}.cpp").write_text(text)
    count = len(tiles) // 3
    dst32 = int(fmt is Format.FP32 if wide is None else wide)
    core = "1 0 0 0 0"
    job = [
        "arch wormhole",
        f"buffer X {fmt} {len(tiles)} {directory / 'X'} -",
        f"buffer Y {fmt} {outputs} - {directory / 'Y'}",
        *(f"cb {number} {fmt} {count} {core}" for number in range(3)),
        f"cb 16 {fmt} 1 {core}",
        f"dm {directory / 'reader.cpp'} 1 0 {core} 1 0",
        f"compute {directory / 'compute.cpp'} {fidelity} {dst32} 0 {core} {direct}",
        f"dm {directory / 'writer.cpp'} 0 1 {core} 1 1",
        f"args 0 0 0 2 @0 {count}",
        f"args 2 0 0 2 @1 {outputs}",
        "run",
    ]
    run_job(built, directory, job, timeout=120)
    pages = np.fromfile(directory / "Y", f"u{fmt.bytes}")
    with quiet():
        return from_pages(pages, (outputs * 32, 32), fmt).reshape(outputs, 32, 32)


def numbers(fmt: Format, sample: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """A tile: the interval, and in the last rows whatever bits there are."""
    values = rng.uniform(*sample, (32, 32))
    values[0, :8] = 0.0
    bits = rng.integers(0, 256, (8, 32, fmt.bytes), np.uint8)
    if fmt is Format.BF16:
        wild = (bits.view(np.uint16)[..., 0].astype(np.uint32) << 16).view(np.float32)
    else:
        wild = bits.view(np.float32 if fmt is Format.FP32 else np.float16)[..., 0]
    with quiet():
        values[24:] = wild
        return round_to(values, fmt)


def expected(row: Function, fmt: Format, tiles: Sequence[np.ndarray]) -> np.ndarray:
    """The meaning in float64, rounded once."""
    with quiet():
        operands: list[Any] = [t.astype(np.float64) for t in tiles[: row.arity]]
        if row.family is Family.SCALAR:
            operands[1] = np.float64(SCALAR)
        return round_to(np.asarray(compiled(row)(*operands), np.float64), fmt)


@pytest.mark.parametrize("fmt", list(Format))
@pytest.mark.parametrize("api", APIS)
def test_functions_compute_their_meaning(
    built: Runtime, tmp_path: Path, api: str, fmt: Format
) -> None:
    rng = np.random.default_rng(7)
    rows = [r for r in ROWS if fmt is Format.FP32 or "32-bit DST only" not in r.source]
    included = sorted({h for row in rows for h in headers(row.calls(api))})
    root = ROOTS[api]
    included += [f"{root}/{h}.h" for h in ("common", "compute_kernel_hw_startup", "pack")]
    included.append(f"{root}/tile_move_copy.h")
    copy_init = "copy_init(0)" if api == "v2" else "copy_tile_init(0)"
    body = ["compute_kernel_hw_startup(0, 16);"]
    tiles: list[np.ndarray] = []
    body += [f"cb_wait_front({cb}, {len(rows)});" for cb in range(3)]
    body.append(f"{copy_init};")
    for number, row in enumerate(rows):
        calls = row.calls(api)
        in_place = row.family in (Family.UNARY, Family.SCALAR)
        tiles += [numbers(fmt, row.sample, rng) for _ in range(3)]
        body.append(f"// {row.name} {row.family}")
        body.append("tile_regs_acquire();")
        body += [f"copy_tile({cb}, {number}, {cb});" for cb in range(3)]
        body += [f"{lines(text, fmt)};" for text in (calls.init, calls.call) if text]
        body.append(f"pack({0 if in_place else 3});")
    body += [f"cb_pop_front({cb}, {len(rows)});" for cb in range(3)]
    text = "".join(f'#include "{h}"\n' for h in included)
    text += BODY.replace("pack()", "pack(uint32_t tile)").replace("%d", "tile") % "\n".join(body)
    direct = "3 0 1 2" if fmt is Format.FP32 else "0"
    got = execute(built, tmp_path, text, tiles, len(rows), fmt, direct=direct)
    for number, row in enumerate(rows):
        operands = tiles[3 * number : 3 * number + 3]
        want = expected(row, fmt, operands)
        if row.calls(api).header != row.v1.header or "; " not in row.v1.header:
            assert np.array_equal(got[number], want, equal_nan=True), f"{row.name} {row.family}"
        else:  # by the difference, which is NaN between equal infinities
            finite = np.isfinite(operands[0]) & np.isfinite(operands[1])
            assert np.array_equal(got[number][finite], want[finite]), f"{row.name} {row.family}"


# -- from circular buffers to DST ------------------------------------------------------------------

COMMON = """
#include "api/compute/common.h"
#include "api/compute/bcast.h"
#include "api/compute/compute_kernel_hw_startup.h"
#include "api/compute/copy_dest_values.h"
#include "api/compute/eltwise_binary.h"
#include "api/compute/pack.h"
#include "api/compute/reduce.h"
#include "api/compute/tile_move_copy.h"
"""
WAIT = "for (uint32_t cb = 0; cb < 3; ++cb) { cb_wait_front(cb, 1); }"
POP = "for (uint32_t cb = 0; cb < 3; ++cb) { cb_pop_front(cb, 1); }"
COMMON_V1 = COMMON.replace("api/compute", "compute_kernel_api")
WINDOWS = {
    "cols": (slice(None), slice(1)),
    "rows": (slice(1), slice(None)),
    "scalar": (slice(1), slice(1)),
}
BROADCASTS = {"cols": "COL", "rows": "ROW", "scalar": "SCALAR"}
SCALER = np.zeros((32, 32), np.float32)
SCALER[[0, 16]] = 1.0


def truncated(values: np.ndarray, bits: int) -> np.ndarray:
    """Cuts a significand to its leading one and `bits` more."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.trunc(np.ldexp(mantissa, bits + 1)), exponent - bits - 1)


def product(a: np.ndarray, b: np.ndarray, fmt: Format, fidelity: int) -> np.ndarray:
    """The phases, one by one (SrcASrcB.md): SrcA 5 significant bits at a time, SrcB 7."""
    full = a if fmt is Format.BF16 else truncated(a, 9)
    hi_a, hi_b = truncated(a, 4), truncated(b, 6)
    lo_a, lo_b = full - hi_a, b - hi_b
    phases = [hi_a * hi_b, lo_a * hi_b, hi_a * lo_b, lo_a * lo_b]
    count = {0: 1, 2: 2, 3: 3, 4: 4}[fidelity]
    return sum(phases[1:count], phases[0])


def binary_calls(api: str, op: str, how: str) -> tuple[str, str]:
    """Init and call of an elementwise operation of the FPU."""
    if how == "none":
        return f"{op}_init" if api == "v2" else f"{op}_tiles_init", f"{op}_tiles"
    call = f"{op}_tiles_bcast_{how}"
    if api == "v2":
        return f"{op}_bcast_{how}_init", call
    tiles = "_tiles" if how == "scalar" and op != "add" else ""
    return f"{op}{tiles}_bcast_{how}_init_short", call


@pytest.mark.parametrize("fmt", [Format.BF16, Format.FP16])
@pytest.mark.parametrize("api", APIS)
def test_fpu_arithmetic(built: Runtime, tmp_path: Path, api: str, fmt: Format) -> None:
    """Nine broadcasts and three without; mul twice, which adds up; into 32-bit DST as well."""
    rng = np.random.default_rng(3)
    tiles = [round_to(rng.uniform(-4, 4, (32, 32)), fmt) for _ in range(3)]
    a, b = (t.astype(np.float64) for t in tiles[:2])
    cases = [(op, how) for op in ("add", "sub", "mul") for how in ("none", *BROADCASTS)]
    body = ["compute_kernel_hw_startup(0, 1, 16);", WAIT]
    for op, how in cases:
        init, call = binary_calls(api, op, how)
        calls = f"{call}(0, 1, 0, 0, 2); " * (2 if op == "mul" else 1)
        body.append(f"tile_regs_acquire(); {init}(0, 1); {calls} pack();")
    text = (COMMON if api == "v2" else COMMON_V1) + BODY % (2, "\n".join([*body, POP]))
    for wide, fidelity in itertools.product((False, True), (0, 2, 3, 4)):
        got = execute(built, tmp_path, text, tiles, 12, fmt, wide=wide, fidelity=fidelity)
        dst = Format.FP32 if wide else fmt
        for number, (op, how) in enumerate(cases):
            right = b if how == "none" else np.broadcast_to(b[WINDOWS[how]], (32, 32))
            if op == "mul":
                value = product(a, right, fmt, fidelity)
                value = value + round_to(value, dst)
            else:
                value = a + right if op == "add" else a - right
            want = round_to(round_to(value, dst), fmt)
            assert np.array_equal(got[number], want), (op, how, wide, fidelity)


@pytest.mark.parametrize("fmt", list(Format))
@pytest.mark.parametrize("api", APIS)
def test_unary_broadcast_and_copies_in_dst(
    built: Runtime, tmp_path: Path, api: str, fmt: Format
) -> None:
    rng = np.random.default_rng(4)
    tiles = [round_to(rng.uniform(-4, 4, (32, 32)), fmt) for _ in range(3)]
    startup = "" if api == "v1" else "compute_kernel_hw_startup(0, 16);"
    body = [startup, WAIT]
    out = "" if api == "v2" else ", 16"
    copy = (
        f"copy_dest_values<DataFormat::{data_format(fmt)}>(0, 2)"
        if api == "v2"
        else "copy_dest_values(2, 0)"
    )
    for number, how in enumerate(BROADCASTS.values()):
        kind = f"<BroadcastType::{how}>"
        body.append(
            f"tile_regs_acquire(); unary_bcast_init{kind}({number}{out}); "
            f"unary_bcast{kind}({number}, 0, 0); unary_bcast_uninit{kind}({number}); "
            f"copy_dest_values_init(); {copy}; pack();"
        )
    body.append(POP)
    text = (COMMON if api == "v2" else COMMON_V1) + BODY % (2, "\n".join(body))
    got = execute(built, tmp_path, text, tiles, 3, fmt, direct="1 2")
    for number, how in enumerate(BROADCASTS):
        want = np.broadcast_to(tiles[number][WINDOWS[how]], (32, 32))
        if fmt is Format.FP32 and number != 2:  # through SrcB
            want = truncated(want, 10)
        assert np.array_equal(got[number], want), how


@pytest.mark.parametrize("fmt", list(Format))
@pytest.mark.parametrize("api", APIS)
def test_reductions(built: Runtime, tmp_path: Path, api: str, fmt: Format) -> None:
    """Over two tiles, all negative: a maximum that started at zero would stay there."""
    rng = np.random.default_rng(5)
    wide = fmt is Format.FP32
    a, b = (round_to(rng.uniform(-4, -1, (32, 32)), fmt) for _ in range(2))
    fp32 = ", true" if wide and api == "v1" else ""
    uninit = "reduce_uninit()" if api == "v2" else f"reduce_uninit{'<true>' if wide else ''}(0)"
    cases = list(itertools.product(("SUM", "MAX"), ("ROW", "COL")))
    body = ["compute_kernel_hw_startup(0, 2, 16);", WAIT]
    for pool, dim in cases:
        kind = f"<PoolType::{pool}, ReduceDim::REDUCE_{dim}{fp32}>"
        body.append(f"""
        tile_regs_acquire();
        reduce_init{kind}(0, 2, 16);
        reduce_tile{kind}(0, 2, 0, 0, 1);
        reduce_tile{kind}(1, 2, 0, 0, 1);
        pack();
        {uninit};""")
    text = (COMMON if api == "v2" else COMMON_V1) + BODY % (1, "\n".join([*body, POP]))
    got = execute(built, tmp_path, text, [a, b, SCALER], len(cases), fmt)
    parts = [truncated(t, 10) if wide else t.astype(np.float64) for t in (a, b)]
    for result, (pool, dim) in zip(got, cases, strict=True):
        axis = 1 if dim == "ROW" else 0
        if pool == "SUM":
            first = round_to(parts[0].sum(axis), fmt)
            vector = round_to(first + parts[1].sum(axis), fmt)
        else:
            vector = np.maximum(parts[0].max(axis), parts[1].max(axis))
        want = np.zeros((32, 32))
        want[(slice(None), 0) if dim == "ROW" else (0, slice(None))] = vector
        assert np.array_equal(result, want), (pool, dim)


def test_the_default_rounding_of_add_truncates(built: Runtime, tmp_path: Path) -> None:
    """Without NearestEven, 16-bit DST loses what SFPSTORE cuts off (eltwise_binary_sfpu.h)."""
    tiles = [np.full((32, 32), v, np.float32) for v in (1.0, 3 * 2.0**-9, 0.0)]
    body = f"""
        compute_kernel_hw_startup(0, 16);
        {WAIT}
        copy_init(0);
        add_binary_tile_init();
        tile_regs_acquire();
        copy_tile(0, 0, 0);
        copy_tile(1, 0, 1);
        add_binary_tile(0, 1, 2);
        pack();
        tile_regs_acquire();
        copy_tile(0, 0, 0);
        copy_tile(1, 0, 1);
        add_binary_tile<DstRoundingMode::NearestEven>(0, 1, 2);
        pack();
        {POP}"""
    text = COMMON + '#include "api/compute/eltwise_binary_sfpu.h"\n' + BODY % (2, body)
    got = execute(built, tmp_path, text, tiles, 2, Format.BF16)
    assert (got[0] == 1.0).all()
    assert (got[1] == 1.0 + 2.0**-7).all()


def test_fidelities_are_numbered_as_the_host_numbers_them() -> None:
    assert [f.value for f in Fidelity] == ["LoFi", "HiFi2", "HiFi3", "HiFi4"]


# -- v1 cannot broadcast into a section that holds something ---------------------------------------


def test_v1_broadcast_init_loses_dst(built: Runtime, tmp_path: Path) -> None:
    body = f"""
        compute_kernel_hw_startup(0, 16);
        {WAIT}
        tile_regs_acquire();
        copy_tile_init(0);
        copy_tile(0, 0, 0);
        unary_bcast_init<BroadcastType::COL>(1, 16);
        unary_bcast<BroadcastType::COL>(1, 0, 1);
        pack();
        {POP}"""
    tiles = [np.ones((32, 32), np.float32)] * 3
    with pytest.raises(NativeError, match=r"loses DST tile 0") as caught:
        execute(built, tmp_path, COMMON_V1 + BODY % (1, body), tiles, 1, Format.BF16)
    (finding,) = caught.value.findings
    lines_of_kernel = (tmp_path / "compute.cpp").read_text().splitlines()
    assert finding.rule == "dst-protocol"
    assert "unary_bcast_init" in lines_of_kernel[finding.line - 1]


def test_v1_programs_a_broadcast_in_a_section(built: Runtime, tmp_path: Path) -> None:
    """The parts of the full init that leave DST alone, for SrcB and for DST directly."""
    parts = "".join(
        f"""
        reconfig_data_format_srca({cb});
        reconfig_data_format_srcb({cb});
        UNPACK((llk_unpack_A_init<BroadcastType::ROW, false, EltwiseBinaryReuseDestType::NONE,
                                  {direct}>(false, false, {cb})));
        MATH((llk_math_eltwise_unary_datacopy_init<{move}, DST_ACCUM_MODE,
                                                   BroadcastType::ROW>({cb})));
        unary_bcast<BroadcastType::ROW>({cb}, 0, {cb});
        {undo}"""
        for cb, direct, move, undo in (
            (1, "false", "B2D", ""),
            (2, "true", "A2D", "unary_bcast_uninit<BroadcastType::ROW>(2);"),
        )
    )
    body = f"""
        compute_kernel_hw_startup(0, 16);
        {WAIT}
        tile_regs_acquire();
        copy_tile_init(0);
        copy_tile(0, 0, 0);
        {parts}
        add_binary_tile_init();
        add_binary_tile(0, 1, 1);
        add_binary_tile(1, 2, 0);
        copy_tile_init(0);
        pack();
        {POP}"""
    rng = np.random.default_rng(6)
    tiles = [rng.uniform(-4, 4, (32, 32)).astype(np.float32) for _ in range(3)]
    text = COMMON_V1 + '#include "compute_kernel_api/eltwise_binary_sfpu.h"\n' + BODY % (0, body)
    (got,) = execute(built, tmp_path, text, tiles, 1, Format.FP32, direct="2 0 2")
    half = tiles[0] + truncated(tiles[1][:1], 10)
    assert np.array_equal(got, half.astype(np.float32) + tiles[2][:1])
    text = text.replace("unary_bcast_uninit<BroadcastType::ROW>(2);", "")
    with pytest.raises(NativeError, match="uninit-missing"):
        execute(built, tmp_path, text, tiles, 1, Format.FP32, direct="2 0 2")


def test_a_core_writes_a_tile_itself(built: Runtime, tmp_path: Path) -> None:
    """Raw stores of a data movement kernel into a reserved window, and a float argument."""
    reader = """
        #include "api/dataflow/dataflow_api.h"
        void kernel_main() {
            const float value = get_arg_val<float>(0);
            cb_reserve_back(16, 1);
            volatile tt_l1_ptr uint32_t* words =
                reinterpret_cast<volatile tt_l1_ptr uint32_t*>(get_write_ptr(16));
            for (uint32_t i = 0; i < 1024; ++i) {
                words[i] = std::bit_cast<uint32_t>(value + static_cast<float>(i));
            }
            cb_push_back(16, 1);
        }"""
    (tmp_path / "reader.cpp").write_text(reader)
    (tmp_path / "writer.cpp").write_text(WRITER)
    cores = "1 0 0 1 0"
    job = [
        "arch wormhole",
        f"buffer Y f32 1 - {tmp_path / 'Y'}",
        f"cb 16 f32 1 {cores}",
        f"dm {tmp_path / 'reader.cpp'} 1 0 {cores} 0",
        f"dm {tmp_path / 'writer.cpp'} 0 1 {cores} 1 0",
        f"args 0 0 0 1 {np.float32(2.5).view(np.uint32)}",
        f"args 0 1 0 1 {np.float32(2.5).view(np.uint32)}",
        "args 1 0 0 2 @0 1",
        "args 1 1 0 2 @0 1",
        "run",
    ]
    run_job(built, tmp_path, job, timeout=60)
    assert np.array_equal(np.fromfile(tmp_path / "Y", np.float32), np.arange(1024) + 2.5)
