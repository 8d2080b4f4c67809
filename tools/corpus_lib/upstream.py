"""TileLang's own examples: files, arguments small enough to simulate, references.

The files are used as they are. Sizes that divide into at least two blocks along each axis and two
steps of each loop are ours; the rest is the file's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from corpus_lib import references as ref
from corpus_lib.cases import FLOAT, HALF, TF32, Case, Reference, Upstream

_FLASH = "examples/flash_attention"


def _case(
    name: str,
    file: str,
    kernel: str,
    args: Mapping[str, object],
    reference: Reference,
    limit: float = HALF,
    globals: Mapping[str, object] | None = None,
    known: str | None = None,
) -> Case:
    upstream = Upstream(file, kernel, args, globals or {})
    return Case(f"tilelang/{name}", reference, limit, known=known, upstream=upstream)


def _mha(name: str, causal: bool) -> Case:
    """`example_mha_fwd_{bhsd,bshd}`, which name their sequence lengths differently."""
    is_bhsd = name == "bhsd"
    lengths = {"seq_q": 128, "seq_kv": 128} if is_bhsd else {"seq_len": 128}
    return _case(
        f"mha_fwd_{name}{'_causal' if causal else ''}",
        f"{_FLASH}/example_mha_fwd_{name}.py",
        "flashattn",
        {"batch": 2, "heads": 2, **lengths, "dim": 64, "is_causal": causal},
        partial(ref.attention if is_bhsd else ref.attention_bshd, causal=causal),
    )


def _gqa(causal: bool) -> Case:
    """`example_gqa_fwd_bshd`, two heads of the queries for each of the keys."""
    sizes = {"batch": 2, "heads": 4, "groups": 2, "seq_len": 128, "dim": 64}
    return _case(
        f"gqa_fwd_bshd{'_causal' if causal else ''}",
        f"{_FLASH}/example_gqa_fwd_bshd.py",
        "flashattn",
        {**sizes, "is_causal": causal},
        partial(ref.attention_bshd, causal=causal),
    )


_PRODUCT = {"M": 256, "N": 256, "K": 256, "block_M": 64, "block_N": 64, "block_K": 32}
_PIPELINED = {**_PRODUCT, "threads": 128, "num_stages": 3}

CASES: tuple[Case, ...] = (
    _case(
        "elementwise_add",
        "examples/elementwise/example_elementwise_add.py",
        "elementwise_add",
        {
            **{"M": 128, "N": 128, "block_M": 32, "block_N": 32, "threads": 128},
            **{"in_dtype": "float32", "out_dtype": "float32"},
        },
        ref.add,
        FLOAT,
    ),
    _case("quickstart", "examples/quickstart.py", "matmul", _PRODUCT, ref.relu_product),
    _case("gemm", "examples/gemm/example_gemm.py", "matmul", _PRODUCT, ref.product),
    _case(
        "gemm_non_persistent",
        "examples/gemm/example_gemm_persistent.py",
        "matmul_non_persistent",
        _PIPELINED,
        ref.product,
    ),
    _case(
        "gemm_persistent",
        "examples/gemm/example_gemm_persistent.py",
        "matmul_persistent",
        {**_PIPELINED, "M": 640, "N": 640, "K": 64},  # 100 blocks: two waves of the cores
        ref.product,
    ),
    _case(
        "gemm_persistent_loop",
        "examples/gemm/example_gemm_persistent.py",
        "matmul_persistent",
        # whole groups of 8: with others, the file's own waves leave blocks out
        {**_PIPELINED, "M": 512, "N": 1024, "K": 64, "use_persistent_primitive": False},
        ref.product,
    ),
    _case(
        "rms_norm",
        "examples/norm/rms_norm.py",
        "rms_norm",
        {"M": 128, "N": 256, "blk_m": 32},
        partial(ref.rms_norm, eps=1e-12),
        TF32,
    ),
    _case(
        "rms_norm_splitk",
        "examples/norm/rms_norm.py",
        "rms_norm_splitk",
        {"M": 128, "N": 256, "blk_m": 32, "blk_k": 64},
        partial(ref.rms_norm, eps=1e-12),
        TF32,
    ),
    _case(
        "layernorm_fwd",
        "examples/norm/layernorm.py",
        "_layernorm_fwd",
        {"N": 128, "D": 256, "blk_m": 32},
        ref.layer_norm_statistics,
    ),
    _case(
        "online_softmax",
        "examples/online_softmax/online_softmax.py",
        "softmax_kernel",
        {"BLOCK_M": 32, "BLOCK_N": 128},
        ref.softmax,
        globals={"M": 128, "N": 256},
    ),
    _mha("bhsd", causal=False),
    _mha("bhsd", causal=True),
    _mha("bshd", causal=False),
    _mha("bshd", causal=True),
    _gqa(causal=False),
    _gqa(causal=True),
    _case(
        "retention_fwd",
        "examples/linear_attention/example_retention_fwd.py",
        "chunk_retention_fwd_kernel",
        {"B": 2, "S": 128, "H": 2, "DK": 64, "DV": 128},
        ref.retention,
    ),
    _case(
        "gemv_alloc_reducer",
        "examples/gemv/example_gemv.py",
        "gemv_alloc_reducer",
        {"M": 128, "N": 128, "block_M": 64, "block_N": 64},
        ref.product,
    ),
)
"""In the order of the table."""

CORES = 64
"""What a file is told that asks a GPU for its number of multiprocessors: Wormhole's cores."""
