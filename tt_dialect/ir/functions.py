"""The table of tile functions: what each computes, how it is spelled, what it costs.

One row per function. The IR names a function by its row (`tt.compute.apply "exp"`,
`tt.compute.sfpu_unary "exp"`); meaning, spelling, init and header are looked up here by every
engine and printer, so adding a function is adding a row.

Sources: v2 spells `tt_metal/hw/inc/api/compute/`, v1 `tt_metal/include/compute_kernel_api/` of
tenstorrent/tt-metal; `source` gives the header and the commit it was read at. The headers of v2 are
those of tt-mlir's `include/ttmlir/Target/TTKernel/TTKernelIncludesMap.h` @00ada570.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """How a function takes its operands; each family is one operation per level."""

    UNARY = "unary"
    """One tile in DST, replaced by the result."""
    SCALAR = "scalar"
    """A tile in DST and a float32 scalar, replaced by the result (immediate form)."""
    BINARY = "binary"
    """Two tiles in DST, result in a third (which may be one of them)."""
    TERNARY = "ternary"
    """Three tiles in DST, result in a fourth (which may be one of them)."""


@dataclass(frozen=True)
class Calls:
    """The spelling of a function in one API generation.

    `{a}`, `{b}`, `{c}`, `{out}` are DST tile indices; `{value}` is the scalar as float32 bits in
    a `uint32_t`, `{reciprocal}` the same of its float32 reciprocal; `{format}` is the `DataFormat`
    that DST holds, `{raw}` the one that moves its bits (`Float32` or `Float16_b`), `{fp32}` is
    `fp32_` where DST is 32-bit. `header` may be several headers, `init` and `call` several calls,
    separated by `; `; an empty `init` means that `call` programs the SFPU itself. No `call` means
    that this generation has no way to compute the function in DST.
    """

    header: str
    init: str
    call: str


@dataclass(frozen=True)
class Function:
    """A row: a function on tiles in DST, executed by the SFPU."""

    name: str
    family: Family
    meaning: str
    """NumPy expression over float64 arrays `x`, `y`, `z` (a scalar is the last of them); besides
    `np` it may call `erf`."""
    v2: Calls
    v1: Calls
    source: str
    """Header and commit, issue or PR number the spelling was read from."""
    cycles: int
    """Math cycles per 32x32 tile, Wormhole."""
    ulp: float = 1.0
    """Error bound against NumPy in units in the last place of the DST format, as we simulate it."""
    sample: tuple[float, float] = (-4.0, 4.0)
    """Interval that operands are drawn from in tests."""

    @property
    def arity(self) -> int:
        """Operands, a scalar included."""
        return {Family.UNARY: 1, Family.SCALAR: 2, Family.BINARY: 2, Family.TERNARY: 3}[self.family]

    def calls(self, api: str) -> Calls:
        """The spelling of a generation."""
        return self.v1 if api == "v1" else self.v2


def _instructions(count: int) -> int:
    """Cycles of an estimate: SFPU instructions per vector of 32 lanes, 32 vectors to a tile.

    Load and store are two of them; tt-metal #55760 measured 124 cycles for the identity.
    """
    return 32 * count


_API = "compute_kernel_api.h"
_EXP = "eltwise_unary/exp.h"
_SQRT = "eltwise_unary/sqrt.h"
_RSQRT = "eltwise_unary/rsqrt.h"
_RECIP = "eltwise_unary/recip.h"
_ERF = "eltwise_unary/erf_erfc.h"
_GELU = "eltwise_unary/gelu.h"
_RELU = "eltwise_unary/relu.h"
_COMP = "eltwise_unary/comp.h"
_NEGATIVE = "eltwise_unary/negative.h"
_TRIGONOMETRY = "eltwise_unary/trigonometry.h"
_ROUNDING = "eltwise_unary/rounding.h"
_TYPECAST = "eltwise_unary/typecast.h"
_SCALAR = "eltwise_unary/binop_with_scalar.h"
_BINARY = "eltwise_binary_sfpu.h"
_MAX_MIN = "binary_max_min.h"
_WHERE = "eltwise_unary/where.h"

_READ_AT = {
    _API: "00b0fa3f",
    _EXP: "16b81a9a",
    _SQRT: "06bd3735",
    _RSQRT: "13e8272e",
    _RECIP: "03a190dc",
    _ERF: "0279d9cf",
    _GELU: "01c8afed",
    _RELU: "03ebf17f",
    _COMP: "0792c8bd",
    _NEGATIVE: "040a27c1",
    _TRIGONOMETRY: "040a27c1",
    _ROUNDING: "00b0fa3f; v1 @b76659f6",
    _TYPECAST: "01ccd211",
    _SCALAR: "050f24fa",
    _BINARY: "1387d4d6; v1 @04755ee9",
    _MAX_MIN: "06bd3735",
    _WHERE: "050f24fa; v1 @1490dbe6",
}
"""Commit of tenstorrent/tt-metal at which each header was read."""


def _source(header: str, note: str = "") -> str:
    return f"{header} @{_READ_AT[header]}" + (f"; {note}" if note else "")


def _both(header: str, init: str, call: str) -> tuple[Calls, Calls]:
    """The same calls in v2 and v1, whose headers have other roots."""
    old = header if header == _API else f"compute_kernel_api/{header}"
    return Calls(f"api/compute/{header}", init, call), Calls(old, init, call)


def _unary(
    name: str,
    meaning: str,
    header: str,
    cycles: int,
    *,
    call: str = "",
    init: str = "",
    note: str = "",
    ulp: float = 1.0,
    sample: tuple[float, float] = (-4.0, 4.0),
) -> Function:
    """A unary row; `exp` is `exp_tile_init()`, `exp_tile({a})` unless given otherwise."""
    calls = _both(header, init or f"{name}_tile_init()", call or f"{name}_tile({{a}})")
    source = _source(header, note)
    return Function(name, Family.UNARY, meaning, *calls, source, cycles, ulp, sample)


def _test(name: str, operator: str, cycles: int = _instructions(6)) -> Function:
    """A comparison with zero that gives 1.0 or 0.0."""
    return _unary(name, f"np.where(x {operator} 0.0, 1.0, 0.0)", _COMP, cycles)


def _scalar(name: str, meaning: str, call: str = "", ulp: float = 1.0, note: str = "") -> Function:
    """Arithmetic with a scalar: one init for all."""
    calls = _both(
        _SCALAR, "binop_with_scalar_tile_init()", call or f"{name}_unary_tile({{a}}, {{value}})"
    )
    source = _source(_SCALAR, note)
    return Function(name, Family.SCALAR, meaning, *calls, source, _instructions(4), ulp)


def _scalar_own(name: str, meaning: str, header: str, cycles: int) -> Function:
    """`unary_max_tile({a}, {value})` with an init of its own."""
    init, call = f"unary_{name}_tile_init()", f"unary_{name}_tile({{a}}, {{value}})"
    calls = _both(header, init, call)
    return Function(name, Family.SCALAR, meaning, *calls, _source(header), cycles)


def _binary(
    name: str,
    meaning: str,
    cycles: int,
    *,
    callee: str = "",
    note: str = "",
    rounding: bool = False,
    sample: tuple[float, float] = (-4.0, 4.0),
) -> Function:
    """A binary row; `rounding` asks for round to nearest even where 16-bit DST would truncate."""
    callee = callee or f"{name}_binary"
    operands = "({a}, {b}, {out})"
    v2, v1 = _both(_BINARY, f"{callee}_tile_init()", f"{callee}_tile{operands}")
    if rounding:
        nearest = f"{callee}_tile<DstRoundingMode::NearestEven>{operands}"
        v2 = Calls(v2.header, v2.init, nearest)
    source = _source(_BINARY, note)
    return Function(name, Family.BINARY, meaning, v2, v1, source, cycles, sample=sample)


def _compare(name: str, operator: str) -> Function:
    """A comparison of two tiles; v1 has only eq, the others test the difference."""
    meaning = f"np.where(x {operator} y, 1.0, 0.0)"
    row = _binary(name, meaning, _instructions(9))
    if name == "eq":
        return row
    test = f"{name}z"
    v1 = Calls(
        "compute_kernel_api/eltwise_binary_sfpu.h; compute_kernel_api/eltwise_unary/comp.h",
        "",
        "sub_binary_tile_init(); sub_binary_tile({a}, {b}, {out}); "
        f"{test}_tile_init(); {test}_tile({{out}})",
    )
    source = _source(_BINARY, "v1 has no such call: the sign of the difference")
    return Function(name, Family.BINARY, meaning, row.v2, v1, source, row.cycles)


def _extremum(name: str) -> Function:
    """The larger or smaller of two tiles."""
    init, call = f"binary_{name}_tile_init()", f"binary_{name}_tile({{a}}, {{b}}, {{out}})"
    v2, v1 = _both(_MAX_MIN, init, call)
    meaning = f"np.{name}imum(x, y)"
    cycles = _instructions(5)
    return Function(name, Family.BINARY, meaning, v2, v1, _source(_MAX_MIN), cycles)


_TO_BF16 = "<(uint32_t)DataFormat::Float32, (uint32_t)DataFormat::Float16_b>"
_BF16_EXPONENT = "np.maximum(np.frexp(x)[1], -125)"
"""Exponent of the binade, not below that of the smallest normal number: 8 significant bits."""

_ROWS: tuple[Function, ...] = (
    # ---- unary ----
    _unary("exp", "np.exp(x)", _EXP, _instructions(20)),
    _unary("exp2", "np.exp2(x)", _API, _instructions(21)),
    _unary("log", "np.log(x)", _API, _instructions(26), sample=(0.1, 8.0)),
    _unary(
        "log2",
        "np.log2(x)",
        _API,
        _instructions(27),
        init="log_with_base_tile_init()",
        call="log_with_base_tile({a}, 0x3fb8aa3b)",
        note="the scale is 1 / ln 2 as float32 bits",
        sample=(0.1, 8.0),
    ),
    _unary(
        "log10",
        "np.log10(x)",
        _API,
        _instructions(27),
        init="log_with_base_tile_init()",
        call="log_with_base_tile({a}, 0x3ede5bd9)",
        note="the scale is 1 / ln 10 as float32 bits",
        sample=(0.1, 8.0),
    ),
    _unary("sqrt", "np.sqrt(x)", _SQRT, _instructions(16), sample=(0.0, 8.0)),
    _unary("rsqrt", "1.0 / np.sqrt(x)", _RSQRT, _instructions(16), sample=(0.1, 8.0)),
    _unary("recip", "1.0 / x", _RECIP, _instructions(12), sample=(0.25, 4.0)),
    _unary("tanh", "np.tanh(x)", _API, 472, note="cycles of bf16 on Blackhole, #52732"),
    _unary("sigmoid", "1.0 / (1.0 + np.exp(-x))", _API, _instructions(30)),
    _unary("silu", "x / (1.0 + np.exp(-x))", _API, _instructions(31)),
    _unary(
        "erf",
        "erf(x)",
        _ERF,
        _instructions(40),
        init="erf_tile_init<false>()",
        call="erf_tile<false>({a})",
        note="<false>: the accurate form",
    ),
    _unary(
        "gelu",
        "0.5 * x * (1.0 + erf(x / np.sqrt(2.0)))",
        _GELU,
        2849,
        init="gelu_tile_init<false>()",
        call="gelu_tile<false>({a})",
        note="<false>: the accurate form with erf, not the tanh approximation; cycles #52407",
    ),
    _unary("sin", "np.sin(x)", _TRIGONOMETRY, _instructions(24)),
    _unary("cos", "np.cos(x)", _TRIGONOMETRY, _instructions(24)),
    _unary("tan", "np.tan(x)", _TRIGONOMETRY, _instructions(36), sample=(-1.2, 1.2)),
    _unary("abs", "np.abs(x)", _API, _instructions(4)),
    _unary(
        "neg",
        "-x",
        _NEGATIVE,
        _instructions(4),
        init="negative_tile_init()",
        call="negative_tile({a})",
    ),
    _unary("sign", "np.sign(x) + 0.0", _API, _instructions(7)),
    _unary("square", "x * x", _API, _instructions(4)),
    _unary("relu", "np.maximum(x, 0.0) + 0.0", _RELU, _instructions(5)),
    *(
        _unary(name, f"np.{name}(x)", _ROUNDING, _instructions(9), init="rounding_op_tile_init()")
        for name in ("floor", "ceil", "trunc")
    ),
    _unary(
        "round_even",
        "np.rint(x)",
        _ROUNDING,
        _instructions(12),
        call="round_tile({a}, 0)",
        init="rounding_op_tile_init()",
        note="_calculate_round_ rounds half to even",
    ),
    _test("eqz", "=="),
    _test("nez", "!="),
    _test("gtz", ">"),
    _test("gez", ">="),
    _test("ltz", "<"),
    _test("lez", "<="),
    _unary(
        "logical_not",
        "np.where(x == 0.0, 1.0, 0.0)",
        _COMP,
        _instructions(6),
        init="eqz_tile_init()",
        call="eqz_tile({a})",
        note="the same as eqz; logical_not_tile has no Float16 form (logical_not.h @06da4c10)",
    ),
    _unary(
        "round_bf16",
        f"np.ldexp(np.rint(np.ldexp(x, 8 - {_BF16_EXPONENT})), {_BF16_EXPONENT} - 8)",
        _TYPECAST,
        _instructions(6),
        init=f"typecast_tile_init{_TO_BF16}()",
        call=f"typecast_tile{_TO_BF16}({{a}})",
        note="32-bit DST only; nearest even (ckernel_sfpu_typecast.h, #46231)",
    ),
    Function(
        "round_f16",
        Family.UNARY,
        "np.float64(np.float16(x))",
        Calls("", "", ""),
        Calls("", "", ""),
        _source(_TYPECAST, "typecast_tile has no Float16: round by packing to a Float16 buffer"),
        _instructions(6),
    ),
    # ---- a tile and a scalar ----
    _scalar("add", "x + y"),
    _scalar("sub", "x - y"),
    _scalar("mul", "x * y"),
    _scalar(
        "div",
        "x * np.float64(np.float32(1.0 / y))",
        "mul_unary_tile({a}, {reciprocal})",
        ulp=2.0,
        note="div_unary_tile multiplies too and leaves the inversion to its caller "
        "(ckernel_sfpu_binop_with_unary.h)",
    ),
    _scalar("rsub", "y - x"),
    _scalar_own("max", "np.maximum(x, y)", _API, _instructions(5)),
    _scalar_own("min", "np.minimum(x, y)", _API, _instructions(5)),
    *(
        _scalar_own(name, f"np.where(x {operator} y, 1.0, 0.0)", _COMP, _instructions(7))
        for name, operator in (
            ("eq", "=="),
            ("ne", "!="),
            ("lt", "<"),
            ("gt", ">"),
            ("le", "<="),
            ("ge", ">="),
        )
    ),
    # ---- two tiles ----
    _binary("add", "x + y", _instructions(5), rounding=True, note="v1 truncates in 16-bit DST"),
    _binary("sub", "x - y", _instructions(5), rounding=True, note="v1 truncates in 16-bit DST"),
    _binary("mul", "x * y", _instructions(6)),
    _binary("div", "x / y", _instructions(18), sample=(0.25, 4.0)),
    _binary("pow", "np.power(x, y)", _instructions(48), callee="power_binary", sample=(0.1, 3.0)),
    _extremum("max"),
    _extremum("min"),
    _compare("eq", "=="),
    _compare("ne", "!="),
    _compare("lt", "<"),
    _compare("gt", ">"),
    _compare("le", "<="),
    _compare("ge", ">="),
    # ---- three tiles ----
    Function(
        "where",
        Family.TERNARY,
        "np.where(x != 0.0, y, z)",
        Calls(
            f"api/compute/{_WHERE}", "where_tile_init()", "where_tile<{raw}>({a}, {b}, {c}, {out})"
        ),
        Calls(
            f"compute_kernel_api/{_WHERE}",
            "where_tile_init()",
            "where_{fp32}tile({a}, {b}, {c}, {out})",
        ),
        _source(_WHERE, "moves bits, so Float16_b serves every 16-bit DST"),
        _instructions(7),
    ),
)

FUNCTIONS: dict[tuple[str, Family], Function] = {(row.name, row.family): row for row in _ROWS}
"""Rows by name and family: `mul` is a binary and a scalar function."""


def function(name: str, family: Family) -> Function | None:
    """A row, None if the table has none."""
    return FUNCTIONS.get((name, family))
