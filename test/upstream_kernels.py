"""TileLang's own examples that are saved under `test/data/tir/upstream`, and at what sizes.

`tools/save_tir.py --upstream CHECKOUT` saves them from a checkout of tile-ai/tilelang, as they are:
every grid has two or more blocks along each axis that the kernel allows, every loop two steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Upstream:
    """A kernel: its file under `examples/`, its name there, and what makes it."""

    file: str
    name: str
    args: dict[str, object]
    constants: dict[str, object] = field(default_factory=dict[str, object])
    """Module constants that give the sizes, where they are no arguments."""


_SQUARE = {"M": 128, "N": 128, "K": 64, "block_M": 64, "block_N": 64, "block_K": 32}
_STAGES = {"threads": 128, "num_stages": 2}
_HEADS = {"batch": 2, "heads": 2, "dim": 64, "block_M": 64, "block_N": 64}
_MAMBA = {
    "batch": 2,
    "seqlen": 256,
    "chunk_size": 128,
    "ngroups": 2,
    "nheads": 2,
    "headdim": 64,
    "dstate": 128,
}
_GDN = {
    "B": 2,
    "S": 128,
    "H": 2,
    "DK": 64,
    "chunk_size": 64,
    "input_dtype": "bfloat16",
    "output_dtype": "bfloat16",
    "accum_dtype": "float32",
    "use_g": True,
}
_BHSD = ("flash_attention/example_mha_fwd_bhsd.py", "flashattn")
_BSHD = ("flash_attention/example_mha_fwd_bshd.py", "flashattn")
_GQA = ("flash_attention/example_gqa_fwd_bshd.py", "flashattn")
_BACKWARD = "flash_attention/example_mha_bwd_bshd.py"
_PERSISTENT = "gemm/example_gemm_persistent.py"
_BOTH = {"seq_q": 128, "seq_kv": 128}
_ONE = {"seq_len": 128}

UPSTREAM: dict[str, Upstream] = {
    "attention_sink_mha": Upstream(
        "attention_sink/example_mha_sink_fwd_bhsd.py",
        "flashattn",
        _HEADS | _BOTH | {"window_size": None, "num_stages": 1, "threads": 128},
    ),
    "elementwise_add": Upstream(
        "elementwise/example_elementwise_add.py",
        "elementwise_add",
        {
            "M": 64,
            "N": 128,
            "block_M": 32,
            "block_N": 32,
            "in_dtype": "float32",
            "out_dtype": "float32",
            "threads": 128,
        },
    ),
    "gdn_chunk_o": Upstream(
        "gdn/example_chunk_o.py",
        "tilelang_chunk_fwd_o",
        _GDN
        | {
            "DV": 64,
            "gate_dtype": "float32",
            "scale": 0.125,
            "block_S": 64,
            "block_DK": 32,
            "block_DV": 32,
            "threads": 128,
            "num_stages": 1,
        },
    ),
    "gdn_kkt": Upstream(
        "gdn/example_chunk_scaled_dot_kkt.py",
        "tilelang_chunk_scaled_dot_kkt_fwd",
        _GDN | {"DK": 128},
    ),
    "gemm": Upstream("gemm/example_gemm.py", "matmul", _SQUARE),
    "gemm_autotune": Upstream(
        "gemm/example_gemm_autotune.py",
        "matmul",
        _SQUARE | {"num_stages": 2, "thread_num": 128, "enable_rasteration": True},
    ),
    "gemm_non_persistent": Upstream(_PERSISTENT, "matmul_non_persistent", _SQUARE | _STAGES),
    "gemm_persistent": Upstream(_PERSISTENT, "matmul_persistent", _SQUARE | _STAGES | {"M": 192}),
    "gemm_persistent_loop": Upstream(
        _PERSISTENT,
        "matmul_persistent",
        _SQUARE | _STAGES | {"N": 512, "use_persistent_primitive": False},
    ),
    "gemv_alloc_reducer": Upstream(
        "gemv/example_gemv.py",
        "gemv_alloc_reducer",
        {"M": 128, "N": 128, "block_M": 64, "block_N": 64},
    ),
    "gqa_fwd_bshd": Upstream(*_GQA, _HEADS | _ONE | {"heads": 4, "groups": 2, "is_causal": False}),
    "gqa_fwd_bshd_causal": Upstream(
        *_GQA, _HEADS | _ONE | {"heads": 4, "groups": 2, "is_causal": True}
    ),
    "layernorm_fwd": Upstream(
        "norm/layernorm.py", "_layernorm_fwd", {"N": 64, "D": 96, "blk_m": 32}
    ),
    "mamba_chunk_scan": Upstream(
        "linear_attention/example_mamba_chunk_scan.py",
        "chunk_scan_fwd",
        _MAMBA | _STAGES | {"block_M": 64, "block_N": 64, "block_K": 64, "block_Dstate": 128},
    ),
    "mamba_chunk_state": Upstream(
        "linear_attention/example_mamba_chunk_state.py", "chunk_state_fwd", _MAMBA
    ),
    "mha_bwd_fwd": Upstream(_BACKWARD, "flashattn_fwd", _HEADS | _ONE | {"is_causal": True}),
    "mha_bwd_post": Upstream(
        _BACKWARD,
        "flashattn_bwd_postprocess",
        {"batch": 2, "heads": 2, "seq_len": 64, "dim": 64},
    ),
    "mha_bwd_pre": Upstream(
        _BACKWARD, "flashattn_bwd_preprocess", {"batch": 2, "heads": 2, "seq_len": 64, "dim": 64}
    ),
    "mha_fwd_bhsd": Upstream(*_BHSD, _HEADS | _BOTH | {"is_causal": False}),
    "mha_fwd_bhsd_causal": Upstream(*_BHSD, _HEADS | _BOTH | {"is_causal": True}),
    "mha_fwd_bshd": Upstream(*_BSHD, _HEADS | _ONE | {"is_causal": False}),
    "mha_fwd_bshd_causal": Upstream(*_BSHD, _HEADS | _ONE | {"is_causal": True}),
    "mla_decode": Upstream(
        "deepseek_mla/example_mla_decode.py",
        "flashattn",
        {
            "batch": 2,
            "heads": 64,
            "kv_head_num": 1,
            "seqlen_kv": 256,
            "dim": 128,
            "pe_dim": 64,
            "block_N": 64,
            "block_H": 32,
            "num_split": 1,
            "softmax_scale": 0.1,
        },
    ),
    "online_softmax": Upstream(
        "online_softmax/online_softmax.py",
        "softmax_kernel",
        {"BLOCK_M": 32, "BLOCK_N": 64},
        {"M": 64, "N": 128},
    ),
    "quickstart": Upstream("quickstart.py", "matmul", _SQUARE),
    "retention_fwd": Upstream(
        "linear_attention/example_retention_fwd.py",
        "chunk_retention_fwd_kernel",
        {"B": 2, "S": 128, "H": 2, "DK": 128, "DV": 128},
    ),
    "rms_norm": Upstream("norm/rms_norm.py", "rms_norm", {"M": 64, "N": 96, "blk_m": 32}),
    "rms_norm_row": Upstream("norm/rms_norm.py", "rms_norm", {"M": 4, "N": 64, "blk_m": 1}),
    "rms_norm_splitk": Upstream(
        "norm/rms_norm.py", "rms_norm_splitk", {"M": 64, "N": 96, "blk_m": 32, "blk_k": 32}
    ),
}
"""By the name of the saved file; `test/python/test_importer_upstream.py` has their references."""

CORES = 4
"""What `get_num_sms` gives while they are saved: so few that every core has several blocks."""

UNUSED_PACKAGES = ("einops", "fla", "mamba_ssm", "triton")
"""Packages the examples import for their references and benchmarks, not for their kernels."""
